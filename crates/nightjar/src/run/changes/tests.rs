use server::{TimestampPosition, ZoneKind};

use super::*;
use crate::config::{Inputs, load};

struct Bench {
    dir: tempfile::TempDir,
    ledger: Ledger,
    reach: Vec<Reach>,
}

const TWO: &str = "[[camera]]\nid = \"garden\"\n[[camera]]\nid = \"yard\"\n";

fn inputs(dir: &std::path::Path, environment: &[(&str, &str)]) -> Inputs {
    std::fs::write(dir.join("n.toml"), TWO).unwrap();
    Inputs {
        config: Some(dir.join("n.toml")),
        environment: environment.iter().map(|(k, v)| ((*k).into(), (*v).into())).collect(),
        flags: vec![(Section::Data, "path", "--data", dir.display().to_string())],
        ..Inputs::default()
    }
}

fn bench(environment: &[(&str, &str)]) -> Bench {
    let dir = tempfile::tempdir().unwrap();
    let loaded = load(inputs(dir.path(), environment)).unwrap();
    let reach = |camera| Reach::new(camera, Hold::idle(Orders::of(camera)));
    let reach: Vec<Reach> = loaded.config.cameras.iter().map(reach).collect();
    let ledger = Ledger::new(loaded.values, &loaded.config, reach.clone());
    Bench { dir, ledger, reach }
}

fn threshold(to: u32) -> ConfigPatch {
    ConfigPatch { motion_threshold: Some(to), ..ConfigPatch::default() }
}

#[test]
fn a_change_is_in_force_at_once_and_after_a_restart() {
    let bench = bench(&[]);
    let changes = bench.reach[1].board.changes();
    let applied = bench.ledger.change(1, &threshold(40)).unwrap();
    assert!(!applied.restart_required);
    assert!(changes.has_changed().unwrap());
    assert_eq!(bench.reach[1].rules.load().motion.threshold, 40);
    assert_eq!(bench.reach[0].rules.load().motion.threshold, 25);
    let again = load(inputs(bench.dir.path(), &[])).unwrap();
    assert_eq!(again.config.cameras[1].motion.threshold, 40);
    assert_eq!(again.config.cameras[0].motion.threshold, 25);
}

#[test]
fn changes_add_up_in_one_file() {
    let bench = bench(&[]);
    bench.ledger.change(0, &threshold(40)).unwrap();
    let patch = ConfigPatch {
        max_clients: Some(3),
        client_timeout: Some(90),
        motion_detection: Some(false),
        ..ConfigPatch::default()
    };
    bench.ledger.change(1, &patch).unwrap();
    let settings = bench.ledger.settings(0);
    assert_eq!((settings.max_clients, settings.client_timeout, settings.motion_threshold), (3, 90, 40));
    assert!(settings.motion_detection && !bench.ledger.settings(1).motion_detection);
    let again = load(inputs(bench.dir.path(), &[])).unwrap().config;
    assert_eq!((again.server.max_clients, again.server.client_timeout.as_secs()), (3, 90));
    assert!(!again.cameras[1].motion.enabled);
}

#[test]
fn what_the_environment_sets_cannot_be_changed_and_says_so() {
    let bench = bench(&[("NIGHTJAR_CAMERA__0__MOTION__THRESHOLD", "30")]);
    let patch = ConfigPatch { motion_min_area: Some(700), ..threshold(40) };
    let refused = bench.ledger.change(0, &patch).unwrap_err();
    let ChangeError::Shadowed { field, by } = &refused else { panic!("{refused}") };
    assert_eq!(*field, "motion.threshold");
    assert!(by.contains("NIGHTJAR_CAMERA__0__MOTION__THRESHOLD"), "{by}");
    // All of it or nothing.
    assert_eq!(bench.ledger.settings(0).motion_min_area, 500);
    assert!(!bench.dir.path().join("settings.toml").exists());
    // The same value again is no change, and the other camera is not touched.
    bench.ledger.change(0, &threshold(30)).unwrap();
    bench.ledger.change(1, &threshold(40)).unwrap();
}

#[test]
fn a_value_that_cannot_be_is_refused_with_its_field() {
    let bench = bench(&[]);
    let refused = |patch: ConfigPatch| match bench.ledger.change(0, &patch) {
        Err(ChangeError::Invalid { field, .. }) => field,
        other => panic!("{other:?}"),
    };
    assert_eq!(refused(threshold(4)), "motion.threshold");
    assert_eq!(refused(ConfigPatch { rotation: Some(45), ..ConfigPatch::default() }), "rotation");
    let flat =
        ConfigPatch { zones: Some(vec![zone("a", &[(0.1, 0.1), (0.5, 0.5), (0.9, 0.9)])]), ..threshold(40) };
    assert_eq!(refused(flat), "zones[0].points");
    assert_eq!(bench.ledger.settings(0).motion_threshold, 25, "all of it or nothing");
}

fn size(width: u32, height: u32) -> ConfigPatch {
    ConfigPatch { width: Some(width), height: Some(height), ..ConfigPatch::default() }
}

#[test]
fn what_opens_the_source_again_needs_no_restart_and_is_kept() {
    let bench = bench(&[]);
    let patch = ConfigPatch { rotation: Some(90), ..size(640, 360) };
    assert!(!bench.ledger.change(0, &patch).unwrap().restart_required);
    assert!(!bench.reach[0].hold.is_pending());
    let again = load(inputs(bench.dir.path(), &[])).unwrap().config;
    assert_eq!(again.cameras[0].size, frame::Size::new(640, 360));
}

#[test]
fn what_a_child_process_was_told_waits_and_says_so_as_long_as_it_does() {
    let child = [("NIGHTJAR_CAMERA__0__SOURCE", "file"), ("NIGHTJAR_CAMERA__0__PATH", "/none.mp4")];
    let bench = bench(&child);
    let mask = Zone { kind: ZoneKind::Mask, ..zone("m", &[(0.1, 0.1), (0.9, 0.1), (0.9, 0.9)]) };
    let masked = ConfigPatch { zones: Some(vec![mask]), ..ConfigPatch::default() };
    assert!(!bench.ledger.change(0, &masked).unwrap().restart_required, "a mask holds at once");
    assert!(!bench.reach[0].hold.is_pending());
    for field in [
        ConfigPatch { width: Some(640), ..ConfigPatch::default() },
        ConfigPatch { height: Some(360), ..ConfigPatch::default() },
        ConfigPatch { frame_rate: Some(7), ..ConfigPatch::default() },
        ConfigPatch { rotation: Some(180), ..ConfigPatch::default() },
    ] {
        assert!(bench.ledger.change(0, &field).unwrap().restart_required, "{field:?}");
        assert!(
            bench.ledger.change(0, &field).unwrap().restart_required,
            "it is not in force yet: {field:?}"
        );
    }
    assert!(!bench.ledger.change(0, &threshold(40)).unwrap().restart_required, "this is in force");
    assert!(bench.reach[0].hold.is_pending());
    assert_eq!(bench.ledger.waits(), ["camera garden"]);
    let again = inputs(bench.dir.path(), &child);
    bench.ledger.reload(|| load(again)).unwrap();
    assert!(!bench.reach[0].hold.is_pending(), "the owner of the machine asked");
    assert!(!bench.ledger.change(0, &size(640, 360)).unwrap().restart_required);
}

fn zone(name: &str, corners: &[(f32, f32)]) -> Zone {
    let points = corners.iter().map(|(x, y)| frame::Point { x: *x, y: *y }).collect();
    Zone { name: name.into(), kind: ZoneKind::Include, points, sensitivity: 1.3 }
}

fn zoned(zones: &[Zone]) -> ConfigPatch {
    ConfigPatch { zones: Some(zones.to_vec()), ..ConfigPatch::default() }
}

#[test]
fn zones_are_kept_as_a_whole_reach_detection_and_stand_above_those_of_the_file() {
    let bench = bench(&[]);
    let file = bench.dir.path().join("n.toml");
    let first = "[[camera]]\nid = \"garden\"\n[[camera.zone]]\nname = \"old\"\npoints = [[0, 0], [1, 0], [1, 1]]\nsensitivity = 4.0\n";
    let wanted = [
        zone("a", &[(0.1, 0.2), (0.7, 0.2), (0.7, 0.333)]),
        zone("b", &[(0.0, 0.0), (1.0, 0.0), (1.0, 1.0)]),
    ];
    bench.ledger.change(0, &zoned(&wanted)).unwrap();
    assert_eq!(bench.ledger.settings(0).zones, wanted);
    assert_eq!(bench.reach[0].rules.load().motion.zones.len(), 2);
    assert!(bench.reach[1].rules.load().motion.zones.is_empty());
    let read = || {
        let mut inputs = inputs(bench.dir.path(), &[]);
        std::fs::write(&file, first).unwrap();
        inputs.config = Some(file.clone());
        load(inputs).unwrap()
    };
    assert_eq!(fields::settings(&read().values, 0).zones, wanted);
    bench.ledger.change(0, &zoned(&wanted[..1])).unwrap();
    assert_eq!(fields::settings(&read().values, 0).zones, wanted[..1]);
    bench.ledger.change(0, &zoned(&[])).unwrap();
    assert!(fields::settings(&read().values, 0).zones.is_empty(), "none is a setting too");
}

#[test]
fn zones_turn_with_the_picture_so_that_a_mask_goes_on_hiding_what_it_hid() {
    let bench = bench(&[]);
    let mask =
        Zone { kind: ZoneKind::Mask, sensitivity: 1.0, ..zone("m", &[(0.1, 0.2), (0.5, 0.2), (0.5, 0.9)]) };
    bench.ledger.change(0, &zoned(std::slice::from_ref(&mask))).unwrap();
    let turn =
        |to| bench.ledger.change(0, &ConfigPatch { rotation: Some(to), ..ConfigPatch::default() }).unwrap();
    let corner = |at: usize| bench.ledger.settings(0).zones[0].points[at];
    turn(90);
    // What was near the left edge and high is near the upper edge and to the right.
    assert_eq!((corner(0).x, corner(0).y), (0.8, 0.1));
    turn(180);
    assert_eq!((corner(0).x, corner(0).y), (0.9, 0.8));
    turn(90);
    turn(0);
    assert_eq!(bench.ledger.settings(0).zones, std::slice::from_ref(&mask));
    // Whoever sends both knows where they belong.
    let both = ConfigPatch { rotation: Some(270), ..zoned(std::slice::from_ref(&mask)) };
    bench.ledger.change(0, &both).unwrap();
    assert_eq!(bench.ledger.settings(0).zones, [mask]);
}

#[test]
fn where_a_turn_waits_for_a_restart_zones_lie_right_before_it_and_after_it() {
    let child = [("NIGHTJAR_CAMERA__0__SOURCE", "file"), ("NIGHTJAR_CAMERA__0__PATH", "/none.mp4")];
    let bench = bench(&child);
    let corners = [(0.1, 0.2), (0.5, 0.2), (0.5, 0.9)];
    let mask = Zone { kind: ZoneKind::Mask, sensitivity: 1.0, ..zone("m", &corners) };
    let (wanted, kept) =
        (zoned(std::slice::from_ref(&mask)), || load(inputs(bench.dir.path(), &child)).unwrap());
    bench.ledger.change(0, &wanted).unwrap();
    let masks = bench.reach[0].hold.shaping().masks;
    let turn = ConfigPatch { rotation: Some(90), ..ConfigPatch::default() };
    assert!(bench.ledger.change(0, &turn).unwrap().restart_required);
    let is_as_before = || {
        let shaping = bench.reach[0].hold.shaping();
        assert_eq!((shaping.masks, shaping.rotation), (masks.clone(), frame::Rotation::None));
        assert_eq!(bench.ledger.settings(0).zones, std::slice::from_ref(&mask));
        assert_eq!(bench.ledger.settings(0).rotation, 90, "what is asked for");
        let after = fields::settings(&kept().values, 0);
        assert_eq!(after.zones, [fields::turned(mask.clone(), 90)]);
        assert_eq!(after.rotation, 90);
    };
    is_as_before();
    // Drawn on what is seen, alone or with the turn that waits, as often as one likes.
    bench.ledger.change(0, &wanted).unwrap();
    is_as_before();
    bench.ledger.change(0, &zoned(&[])).unwrap();
    for _ in 0..2 {
        let both = ConfigPatch { rotation: Some(90), ..wanted.clone() };
        bench.ledger.change(0, &both).unwrap();
        is_as_before();
    }
    bench.ledger.change(0, &as_patch(&bench.ledger.settings(0))).unwrap();
    bench.ledger.change(1, &threshold(40)).unwrap();
    is_as_before();
    bench.ledger.reload(|| Ok(kept())).unwrap();
    assert_eq!(bench.ledger.settings(0).zones, [fields::turned(mask, 90)], "turned now, and so are they");
    assert_eq!(bench.reach[0].hold.shaping().rotation, frame::Rotation::Quarter);
}

#[test]
fn zones_that_the_environment_sets_cannot_be_changed() {
    let bench = bench(&[("NIGHTJAR_CAMERA__0__ZONE__0__POINTS", "[[0, 0], [1, 0], [1, 1]]")]);
    let there = bench.ledger.settings(0).zones;
    bench.ledger.change(0, &zoned(&there)).unwrap();
    let refused = bench.ledger.change(0, &zoned(&[])).unwrap_err();
    assert!(
        matches!(&refused, ChangeError::Shadowed { field: "zones", by } if by.contains("ZONE__0")),
        "{refused}"
    );
    assert!(bench.ledger.locked(0).iter().any(|(field, _)| *field == "zones"));
    assert!(bench.ledger.locked(1).is_empty());
}

#[test]
fn read_again_the_cameras_are_found_by_their_ids_wherever_they_stand() {
    let bench = bench(&[]);
    let read = |text: &str| {
        let inputs = inputs(bench.dir.path(), &[]);
        std::fs::write(bench.dir.path().join("n.toml"), text).unwrap();
        bench.ledger.reload(|| load(inputs))
    };
    let told = read("[[camera]]\nid = \"barn\"\n[[camera]]\nid = \"yard\"\nname = \"Yard\"\n[camera.motion]\nthreshold = 60\n").unwrap();
    assert_eq!(told.pending, ["camera garden (removed)", "camera barn (added)"]);
    assert_eq!(bench.ledger.name(1), "Yard");
    assert_eq!(
        (bench.ledger.settings(0).motion_threshold, bench.ledger.settings(1).motion_threshold),
        (25, 60)
    );
    assert_eq!(bench.reach[1].rules.load().motion.threshold, 60);
    assert_eq!(told.changed, ["camera[1].name", "camera[1].motion.threshold"]);
    let told = read("[[camera]]\nid = \"yard\"\n[[camera]]\nid = \"garden\"\n").unwrap();
    assert_eq!(told.pending, ["the order of the cameras"]);
    assert_eq!(bench.ledger.name(1), "yard");
    let told = read(TWO).unwrap();
    assert!(told.pending.is_empty() && bench.ledger.waits().is_empty(), "{told:?}");
}

#[test]
fn read_again_with_a_fault_everything_stays() {
    let bench = bench(&[]);
    bench.ledger.change(0, &threshold(40)).unwrap();
    let inputs = inputs(bench.dir.path(), &[]);
    std::fs::write(bench.dir.path().join("n.toml"), "[[camera]]\nid = \"garden\"\nname = \"X\"\nwidht = 3\n")
        .unwrap();
    let told = bench.ledger.reload(|| load(inputs)).unwrap_err();
    assert!(told.lines().any(|line| line.contains("n.toml:4:1") && line.contains("width")), "{told}");
    assert_eq!((bench.ledger.name(0).as_str(), bench.ledger.settings(0).motion_threshold), ("garden", 40));
}

#[test]
fn what_others_put_into_the_file_stays() {
    let bench = bench(&[]);
    let file = bench.dir.path().join("settings.toml");
    std::fs::write(&file, "# mine\n[camera.barn.motion]\nthreshold = 50\n").unwrap();
    bench.ledger.change(0, &threshold(40)).unwrap();
    let text = std::fs::read_to_string(&file).unwrap();
    assert!(text.contains("# mine") && text.contains("barn") && text.contains("threshold = 40"), "{text}");
}

#[test]
fn the_word_on_what_the_file_is_stays_at_its_head() {
    let bench = bench(&[]);
    bench.ledger.change(0, &threshold(40)).unwrap();
    bench.ledger.change(0, &size(640, 360)).unwrap();
    let text = std::fs::read_to_string(bench.dir.path().join("settings.toml")).unwrap();
    assert!(text.starts_with("# Changed over HTTP") && text.matches("# Changed").count() == 1, "{text}");
}

#[test]
fn a_file_that_cannot_be_understood_is_not_written_over() {
    let bench = bench(&[]);
    let file = bench.dir.path().join("settings.toml");
    std::fs::write(&file, "camera = 3\n").unwrap();
    assert!(matches!(bench.ledger.change(0, &threshold(40)), Err(ChangeError::NotKept(_))));
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "camera = 3\n");
    assert_eq!(bench.ledger.settings(0).motion_threshold, 25);
    assert_eq!(bench.reach[0].rules.load().motion.threshold, 25);
}

/// All of it, as a client that has read it hands it back.
fn as_patch(it: &CameraConfig) -> ConfigPatch {
    ConfigPatch {
        width: Some(it.width),
        height: Some(it.height),
        frame_rate: Some(it.frame_rate),
        rotation: Some(it.rotation),
        max_clients: Some(it.max_clients),
        client_timeout: Some(it.client_timeout),
        show_timestamp: Some(it.show_timestamp),
        timestamp_position: Some(it.timestamp_position),
        motion_detection: Some(it.motion_detection),
        motion_threshold: Some(it.motion_threshold),
        motion_min_area: Some(it.motion_min_area),
        highlight_motion: Some(it.highlight_motion),
        analysis_fps: Some(it.analysis_fps),
        min_frames: Some(it.min_frames),
        event_gap: Some(it.event_gap),
        zones: Some(it.zones.clone()),
        name: Some("garden".into()),
    }
}

#[test]
fn what_is_in_force_can_be_handed_back_whole_and_changes_nothing() {
    let bench = bench(&[
        ("NIGHTJAR_SERVER__CLIENT_TIMEOUT", "1500ms"),
        ("NIGHTJAR_CAMERA__0__TIMESTAMP_POSITION", "bottom-left"),
    ]);
    let applied = bench.ledger.change(0, &as_patch(&bench.ledger.settings(0))).unwrap();
    assert!(!applied.restart_required);
    assert!(!bench.dir.path().join("settings.toml").exists());
}

#[test]
fn the_place_of_the_time_is_kept_and_needs_no_restart() {
    let bench = bench(&[]);
    let wanted = TimestampPosition::BottomRight;
    let patch = ConfigPatch { timestamp_position: Some(wanted), ..ConfigPatch::default() };
    assert!(!bench.ledger.change(0, &patch).unwrap().restart_required);
    assert_eq!(bench.ledger.settings(0).timestamp_position, wanted);
    let again = load(inputs(bench.dir.path(), &[])).unwrap().values;
    assert_eq!(again.camera_text(0, "timestamp_position").as_deref(), Some("bottom-right"));
}
