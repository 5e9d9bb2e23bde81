use super::*;
use jiff::{SignedDuration, Timestamp};
use std::time::SystemTime;

fn still(name: &str, ms: i64, is_coarse: bool) -> Still {
    let start: Timestamp = "2026-11-20T06:00:00Z".parse().unwrap();
    let when = When { at: start + SignedDuration::from_millis(ms), utc_offset: 0, by: By::Exif };
    let file = Entry { path: name.into(), len: 1, changed: SystemTime::UNIX_EPOCH };
    Still { file, when, is_coarse }
}

#[test]
fn pictures_that_were_taken_in_one_go_are_one_event() {
    let stills = vec![
        still("c", 60_000, true),
        still("b", 1_000, true),
        still("a", 0, true),
        still("d", 70_000, true),
        still("e", 80_001, true),
    ];
    let names: Vec<Vec<String>> = bursts(stills)
        .iter()
        .map(|burst| burst.iter().map(|it| it.file.path.display().to_string()).collect())
        .collect();
    assert_eq!(names, [vec!["a", "b"], vec!["c", "d"], vec!["e"]]);
}

#[test]
fn a_time_lapse_is_cut_into_pieces() {
    let stills: Vec<Still> = (0..100).map(|n| still(&format!("{n:03}"), n * 5_000, true)).collect();
    let lengths: Vec<usize> = bursts(stills).iter().map(Vec::len).collect();
    assert_eq!(lengths, [61, 39]);
}

#[test]
fn pictures_of_one_second_are_spread_over_it() {
    let burst = [still("a", 0, true), still("b", 0, true), still("c", 1_000, true), still("d", 3_250, false)];
    assert_eq!(times(&burst), [0, 500, 1_000, 3_250].map(Duration::from_millis));
    assert!(times(&[]).is_empty());
}

#[test]
fn a_picture_without_a_word_of_its_time_has_that_of_its_name_or_file() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("IMG_20261120_060000.jpg");
    std::fs::write(&path, "no picture").unwrap();
    let entry = |path: &Path| Entry { path: path.into(), len: 10, changed: SystemTime::UNIX_EPOCH };
    assert_eq!(Still::of(entry(&path)).when.by, By::Name);
    assert_eq!(Still::of(entry(&dir.path().join("IMG_1.jpg"))).when.by, By::Change);
}
