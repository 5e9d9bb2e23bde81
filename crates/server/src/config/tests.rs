use super::*;

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
    assert_eq!(parse_config(&body).unwrap(), expected);
    assert_eq!(parse_config(&json!({})).unwrap(), ConfigPatch::default());
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
            let problem = parse_config(&json!({ key: value })).unwrap_err();
            assert_eq!(problem.status(), 422, "{key} {value}");
            assert_eq!(problem, problem.clone().with("field", key), "{key} {value}");
        }
    }
}

#[test]
fn an_unknown_key_is_answered_with_the_nearest_one() {
    let problem = parse_config(&json!({ "motion_treshold": 25 })).unwrap_err();
    assert_eq!(problem.code(), "unknown_key");
    assert_eq!(problem, problem.clone().with("nearest", "motion_threshold"));
    let problem = parse_config(&json!({ "zzz": 25 })).unwrap_err();
    assert_ne!(problem, problem.clone().with("nearest", "width"));
    assert!(parse_config(&json!([1])).is_err());
}

#[test]
fn a_patch_by_id_knows_motion_alone() {
    let patch =
        parse_patch(&json!({ "motion": { "enabled": true, "threshold": 30, "min_area": 400 } })).unwrap();
    let expected = ConfigPatch {
        motion_detection: Some(true),
        motion_threshold: Some(30),
        motion_min_area: Some(400),
        ..ConfigPatch::default()
    };
    assert_eq!(patch, expected);
    for bad in [
        json!({ "width": 1 }),
        json!({ "motion": 1 }),
        json!({ "motion": { "x": 1 } }),
        json!({ "motion": { "threshold": 101 } }),
    ] {
        assert_eq!(parse_patch(&bad).unwrap_err().status(), 422, "{bad}");
    }
}
