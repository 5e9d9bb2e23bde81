use frame::{Rect, Size};

use super::*;

fn record(json: &str) -> Record {
    Record::read(json.as_bytes()).unwrap()
}

#[test]
fn what_the_older_system_said_is_understood() {
    let record = record(
        r#"{"id": "motion-20261120-101010-a1b2c3", "start_time": "2026-11-20T10:10:10", "duration": 12.5,
            "regions": [[[10, 20, 30, 40]], {"x": 0, "y": 0, "width": 100, "height": 50}], "frame_count": 180,
            "resolution": {"width": 640, "height": 480}, "weather": "rain",
            "motion_analysis": {
              "classification": {"label": "dog", "confidence": 0.75,
                "alternatives": [{"label": "person", "confidence": 0.2}, ["car", 0.05]]},
              "motion_characteristics": {"mean_magnitude": 2.5, "dominant_direction": 180.0},
              "temporal_features": {"direction_changes": 3}, "signature_hash": "abc"}}"#,
    );
    assert_eq!(record.id.as_deref(), Some("motion-20261120-101010-a1b2c3"));
    assert_eq!((record.duration(), record.frames()), (Duration::from_millis(12_500), 180));
    assert_eq!(record.size(), Some(Size::new(640, 480)));
    let half = record.regions(Size::new(320, 240));
    assert_eq!(half, [Rect::new(0, 0, 50, 25), Rect::new(5, 10, 15, 20)]);
    let verdict = record.verdict();
    assert_eq!(
        (verdict.label.as_str(), verdict.confidence, verdict.direction.as_str()),
        ("animal", 0.75, "left")
    );
    assert_eq!(verdict.alternatives, [("person".into(), 0.2), ("vehicle".into(), 0.05)]);
    let analysis = record.analysis().unwrap();
    assert_eq!((analysis.characteristics.mean_magnitude, analysis.temporal.direction_changes), (2.5, 3));
    assert_eq!(record.whole()["weather"], "rain");
}

#[test]
fn what_makes_no_sense_takes_nothing_else_with_it() {
    let odd = record(
        r#"{"id": 7, "start_time": "soon", "duration": "long", "regions": "none", "resolution": [0, -1],
            "motion_analysis": {"classification": 3, "motion_characteristics": []}}"#,
    );
    assert_eq!(odd.id.as_deref(), Some("7"));
    assert!(odd.started().is_none() && odd.size().is_none() && odd.regions(Size::new(9, 9)).is_empty());
    assert_eq!((odd.duration(), odd.verdict().label.as_str()), (Duration::ZERO, "unknown"));
    assert!(Record::read(b"[1]").is_err() && Record::read(b"{").is_err());
    assert_eq!(label_of("Hedgehog"), ("animal", Some("Hedgehog".to_owned())));
    assert_eq!(label_of("person"), ("person", None));
}
