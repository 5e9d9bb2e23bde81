use std::time::Duration;

use frame::Point;
use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::wire::settings::{SettingsWire, ZoneWire};
use crate::{TimestampPosition, Zone, ZoneKind};

/// More viewers than a change over HTTP may ask for.
fn there() -> CameraConfig {
    CameraConfig { max_clients: 500, ..crate::testing::settings() }
}

fn posted(body: &Value) -> Result<ConfigPatch, Problem> {
    parse_config(body, &there())
}

#[test]
fn every_value_within_its_range_reaches_the_patch() {
    let body = json!({
        "width": 3840, "height": 1, "frame_rate": 120, "rotation": 270, "max_clients": 100, "client_timeout": 600,
        "show_timestamp": true, "timestamp_position": "bottom-left", "motion_detection": false,
        "motion_threshold": 5, "motion_min_area": 10_000, "highlight_motion": false,
    });
    let expected = ConfigPatch {
        width: Some(3840),
        height: Some(1),
        frame_rate: Some(120),
        rotation: Some(270),
        max_clients: Some(100),
        client_timeout: Some(600),
        show_timestamp: Some(true),
        timestamp_position: Some(TimestampPosition::BottomLeft),
        motion_detection: Some(false),
        motion_threshold: Some(5),
        motion_min_area: Some(10_000),
        highlight_motion: Some(false),
        ..ConfigPatch::default()
    };
    assert_eq!(posted(&body).unwrap(), expected);
    assert_eq!(posted(&json!({})).unwrap(), ConfigPatch::default());
}

#[test]
fn every_value_beyond_its_range_is_refused_by_the_name_of_its_field() {
    for (key, values) in [
        ("width", vec![json!(0), json!(3841), json!(-1), json!(1.5), json!("640"), json!(null), json!(1e30)]),
        ("height", vec![json!(0), json!(2161)]),
        ("frame_rate", vec![json!(0), json!(121)]),
        ("rotation", vec![json!(45), json!(360), json!("90")]),
        ("max_clients", vec![json!(0), json!(101)]),
        ("client_timeout", vec![json!(0), json!(601)]),
        ("motion_threshold", vec![json!(4), json!(101)]),
        ("motion_min_area", vec![json!(99), json!(10_001)]),
        ("timestamp_position", vec![json!("middle"), json!(1)]),
        ("show_timestamp", vec![json!(1), json!("true")]),
    ] {
        for value in values {
            let problem = posted(&json!({ key: value })).unwrap_err();
            assert_eq!(problem.status(), 422, "{key} {value}");
            assert_eq!(problem, problem.clone().with("field", key), "{key} {value}");
        }
    }
}

#[test]
fn an_unknown_key_is_answered_with_the_nearest_one() {
    let problem = posted(&json!({ "motion_treshold": 25 })).unwrap_err();
    assert_eq!(problem.code(), "unknown_key");
    assert_eq!(problem, problem.clone().with("nearest", "motion_threshold"));
    let problem = posted(&json!({ "zzz": 25 })).unwrap_err();
    assert_ne!(problem, problem.clone().with("nearest", "width"));
    assert!(posted(&json!([1])).is_err());
}

#[test]
fn more_viewers_than_a_change_allows_may_be_handed_back_but_not_asked_for() {
    assert_eq!(posted(&json!({ "max_clients": 500 })).unwrap().max_clients, Some(500));
    assert_eq!(posted(&json!({ "max_clients": 499 })).unwrap_err().status(), 422);
}

#[test]
fn a_patch_by_id_takes_every_setting() {
    let body = json!({
        "name": "Feeder", "width": 640, "height": 480, "frame_rate": 10, "rotation": 90, "show_timestamp": true,
        "timestamp_position": "top-right", "highlight_motion": true,
        "motion": { "enabled": true, "threshold": 30, "min_area": 400, "analysis_fps": 5, "min_frames": 3,
                    "event_gap_s": 2.5 },
        "zones": [{ "name": "path", "kind": "mask", "points": [[0.1, 0.1], [0.9, 0.1], [0.9, 0.9]],
                    "sensitivity": 2 }],
    });
    let corner = |x, y| Point { x, y };
    let expected = ConfigPatch {
        name: Some("Feeder".into()),
        width: Some(640),
        height: Some(480),
        frame_rate: Some(10),
        rotation: Some(90),
        show_timestamp: Some(true),
        timestamp_position: Some(TimestampPosition::TopRight),
        highlight_motion: Some(true),
        motion_detection: Some(true),
        motion_threshold: Some(30),
        motion_min_area: Some(400),
        analysis_fps: Some(5),
        min_frames: Some(3),
        event_gap: Some(Duration::from_millis(2500)),
        zones: Some(vec![Zone {
            name: "path".into(),
            kind: ZoneKind::Mask,
            points: vec![corner(0.1, 0.1), corner(0.9, 0.1), corner(0.9, 0.9)],
            // Nothing is seen there, so nothing is more sensitive.
            sensitivity: 1.0,
        }]),
        ..ConfigPatch::default()
    };
    assert_eq!(parse_patch(&body).unwrap(), expected);
}

#[test]
fn what_a_patch_by_id_cannot_take_is_named_by_its_field() {
    let triangle = json!([[0, 0], [1, 0], [1, 1]]);
    for (body, field) in [
        (json!({ "widht": 1 }), "widht"),
        (json!({ "max_clients": 3 }), "max_clients"),
        (json!({ "name": "" }), "name"),
        (json!({ "name": "two\nlines" }), "name"),
        (json!({ "motion": 1 }), "motion"),
        (json!({ "motion": { "x": 1 } }), "motion.x"),
        (json!({ "motion": { "threshold": 101 } }), "motion.threshold"),
        (json!({ "motion": { "event_gap_s": 0.4 } }), "motion.event_gap_s"),
        (json!({ "motion": { "event_gap_s": "3s" } }), "motion.event_gap_s"),
        (json!({ "zones": {} }), "zones"),
        (json!({ "zones": vec![json!({ "points": triangle }); 33] }), "zones"),
        (json!({ "zones": [3] }), "zones[0]"),
        (json!({ "zones": [{ "points": triangle, "colour": 1 }] }), "zones[0].colour"),
        (json!({ "zones": [{ "points": triangle, "name": 1 }] }), "zones[0].name"),
        (json!({ "zones": [{ "points": triangle, "kind": "black" }] }), "zones[0].kind"),
        (json!({ "zones": [{ "points": triangle, "sensitivity": 11 }] }), "zones[0].sensitivity"),
        (json!({ "zones": [{ "name": "a" }] }), "zones[0].points"),
        (json!({ "zones": [{ "points": [[0, 0], [1, 0]] }] }), "zones[0].points"),
        (json!({ "zones": [{ "points": vec![json!([0.5, 0.5]); 65] }] }), "zones[0].points"),
        (json!({ "zones": [{ "points": [[0, 0], [0.5, 0.5], [1, 1]] }] }), "zones[0].points"),
        (json!({ "zones": [{ "points": [[0, 0], [1, 1], [1, 0], [0, 1]] }] }), "zones[0].points"),
        (
            json!({ "zones": [{ "points": triangle }, { "points": [[0, 0], [1, 0], [1, 1.5]] }] }),
            "zones[1].points[2]",
        ),
        (json!({ "zones": [{ "points": [[0, 0], [1, "0"], [1, 1]] }] }), "zones[0].points[1]"),
        (json!({ "zones": [{ "points": [[0, 0], [1, 0, 0], [1, 1]] }] }), "zones[0].points[1]"),
        (
            json!({ "zones": [{ "name": "a", "points": triangle }, { "name": "a", "points": triangle }] }),
            "zones[1].name",
        ),
    ] {
        let problem = parse_patch(&body).unwrap_err();
        assert_eq!(problem.status(), 422, "{body}");
        assert_eq!(problem, problem.clone().with("field", field), "{body}");
    }
}

#[test]
fn a_change_that_is_refused_further_in_has_the_name_that_the_client_knows() {
    let error = ChangeError::Shadowed { field: "motion.threshold", by: "the flag --x".into() };
    let problem = problem_of(&error, flat);
    assert_eq!(problem.status(), 409);
    assert_eq!(problem, problem.clone().with("field", "motion_threshold").with("by", "the flag --x"));
    let problem = problem_of(&error, by_id);
    assert_eq!(problem, problem.clone().with("field", "motion.threshold"));
}

fn zone() -> impl Strategy<Value = Zone> {
    let radii = proptest::collection::vec(0.05f32..0.5, 3..=16);
    let kinds = proptest::sample::select(ZoneKind::ALL.to_vec());
    (radii, kinds, 0.1f32..10.0).prop_map(|(radii, kind, sensitivity)| {
        let count = radii.len() as f32;
        let corner = |(at, radius): (usize, f32)| {
            let (y, x) = (std::f32::consts::TAU * at as f32 / count).sin_cos();
            Point { x: (0.5 + radius * x).clamp(0.0, 1.0), y: (0.5 + radius * y).clamp(0.0, 1.0) }
        };
        let sensitivity = if kind == ZoneKind::Include { sensitivity } else { 1.0 };
        Zone {
            name: "z".into(),
            kind,
            points: radii.into_iter().enumerate().map(corner).collect(),
            sensitivity,
        }
    })
}

proptest! {
    #[test]
    fn what_is_told_of_a_camera_can_be_handed_back_and_says_the_same(
        zone in zone(),
        gap in 500u64..300_000,
        rotation in proptest::sample::select(vec![0u32, 90, 180, 270]),
    ) {
        let settings = CameraConfig {
            rotation,
            event_gap: Duration::from_millis(gap),
            zones: vec![zone],
            ..there()
        };
        let mut body = serde_json::to_value(SettingsWire::of(&settings)).unwrap();
        let keys = body.as_object_mut().unwrap();
        let motion: Map<String, Value> = ["analysis_fps", "min_frames", "event_gap_s"]
            .map(|key| (key.to_owned(), keys.remove(key).unwrap()))
            .into_iter()
            .collect();
        body["motion"] = motion.into();
        body["zones"] = serde_json::to_value(settings.zones.iter().map(ZoneWire::of).collect::<Vec<_>>()).unwrap();
        let body = serde_json::from_str(&body.to_string()).unwrap();
        let patch = parse_patch(&body).unwrap();
        prop_assert_eq!(patch.event_gap, Some(settings.event_gap));
        prop_assert_eq!(patch.rotation, Some(rotation));
        prop_assert_eq!(patch.zones, Some(settings.zones));
    }

    #[test]
    fn no_zone_whatsoever_makes_it_panic(text in "\\PC{0,80}") {
        if let Ok(value) = serde_json::from_str::<Value>(&text) {
            let _refused_or_not = zones::parse(&value).is_err();
        }
    }
}
