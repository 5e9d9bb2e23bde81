use super::*;
use jiff::civil::date;

#[test]
fn a_date_in_a_name_is_found_as_people_and_cameras_write_it() {
    let wanted = date(2026, 11, 20).at(10, 15, 30, 0);
    for name in [
        "20261120_101530.mp4",
        "2026-11-20 10.15.30.jpg",
        "IMG_20261120_101530_1.jpg",
        "garden-2026-11-20T10-15-30.avi",
        "VID20261120101530.mov",
        "motion-20261120-101530-a1b2c3",
    ] {
        assert_eq!(in_name(name), Some(wanted), "{name}");
    }
    for name in ["IMG_0001.JPG", "20261320_101530.mp4", "120261120_101530", "vtest.avi", "1234567890", ""] {
        assert_eq!(in_name(name), None, "{name}");
    }
}

#[test]
fn the_container_is_believed_before_the_name_and_the_name_before_the_file() {
    let changed = SystemTime::UNIX_EPOCH + Duration::from_secs(1_763_000_000);
    let length = Duration::from_secs(60);
    let created = of_clip(Path::new("a.mp4"), Some("2026-11-20T10:00:00.000000Z"), length, changed);
    assert_eq!((created.at.to_string(), created.by), ("2026-11-20T10:00:00Z".into(), By::Container));
    let named = of_clip(Path::new("20261120_101530.mp4"), None, length, changed);
    assert_eq!(named.by, By::Name);
    let unset = of_clip(Path::new("20261120_101530.mp4"), Some("1970-01-01T00:00:00Z"), length, changed);
    assert_eq!(unset.by, By::Name, "a clock that was never set");
    let bare = of_clip(Path::new("vtest.avi"), None, length, changed);
    assert_eq!((bare.at.as_second(), bare.by), (1_763_000_000 - 60, By::Change));
}

#[test]
fn local_time_in_a_container_is_known_by_the_name() {
    let when = container("2026-11-20T10:15:30Z", in_name("20261120_101530.mp4")).unwrap();
    assert_eq!(Some(when.at), local(date(2026, 11, 20).at(10, 15, 30, 0), By::Name).map(|it| it.at));
}
