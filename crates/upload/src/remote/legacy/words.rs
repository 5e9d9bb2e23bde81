//! An event in the words of the older system.
//!
//! The keys that its servers read, each of them always there, and times that its parser takes: with six digits of a
//! second and an offset in numbers. What does not belong here: requests ([`super`]).

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::{Value, json};
use store::event::{Characteristics, Event, Temporal};

/// The event as `metadata`, with the camera's name as the one key beside the older ones.
pub(super) fn metadata(event: &Event) -> Value {
    let verdict = &event.verdict;
    let alternatives: Vec<_> = verdict
        .alternatives
        .iter()
        .map(|(label, confidence)| json!({"label": label, "confidence": finite(*confidence)}))
        .collect();
    let analysis = event.analysis.clone().unwrap_or_default();
    json!({
        "id": event.id.to_string(),
        "start_time": time(event.started),
        "end_time": time(event.ended()),
        "duration": event.duration.as_secs_f64(),
        "regions": event.regions.iter().map(|r| [r.x, r.y, r.w, r.h]).collect::<Vec<_>>(),
        "frame_count": event.frames,
        "resolution": {"width": event.size.width, "height": event.size.height},
        "has_thumbnails": event.pictures.thumbnails > 0,
        "processed": true,
        "motion_analysis": {
            "classification": {
                "label": verdict.label,
                "confidence": finite(verdict.confidence),
                "alternatives": alternatives,
            },
            "motion_characteristics": characteristics(&analysis.characteristics),
            "temporal_features": temporal(&analysis.temporal),
            "signature_hash": analysis.signature_hash,
        },
        "camera": event.camera,
    })
}

/// Metadata of an event that never was, to begin an upload with that is cancelled at once.
pub(super) fn probe() -> Value {
    let time = time(Timestamp::UNIX_EPOCH);
    json!({
        "id": "nightjar-probe",
        "start_time": time,
        "end_time": time,
        "duration": 1.0,
        "regions": [],
        "frame_count": 1,
        "resolution": {"width": 2, "height": 2},
        "has_thumbnails": false,
        "processed": true,
        "motion_analysis": {
            "classification": {"label": "unknown", "confidence": 0.0, "alternatives": []},
            "motion_characteristics": characteristics(&Characteristics::default()),
            "temporal_features": temporal(&Temporal::default()),
            "signature_hash": "",
        },
    })
}

/// `2026-11-20T09:10:10.000000+00:00`: its parser knows no `Z`, and no other number of digits.
fn time(instant: Timestamp) -> String {
    instant.to_zoned(TimeZone::UTC).strftime("%Y-%m-%dT%H:%M:%S.%6f+00:00").to_string()
}

fn characteristics(c: &Characteristics) -> Value {
    json!({
        "mean_magnitude": finite(c.mean_magnitude),
        "std_magnitude": finite(c.std_magnitude),
        "mean_angle": finite(c.mean_angle),
        "angular_dispersion": finite(c.angular_dispersion),
        "max_magnitude": finite(c.max_magnitude),
        "flow_complexity": finite(c.flow_complexity),
        "dominant_direction": finite(c.dominant_direction),
    })
}

fn temporal(t: &Temporal) -> Value {
    json!({
        "magnitude_trend": finite(t.magnitude_trend),
        "magnitude_variability": finite(t.magnitude_variability),
        "acceleration_mean": finite(t.acceleration_mean),
        "acceleration_std": finite(t.acceleration_std),
        "direction_changes": t.direction_changes,
        "direction_stability": finite(t.direction_stability),
    })
}

/// JSON has no other numbers.
fn finite(number: f32) -> f32 {
    if number.is_finite() { number } else { 0.0 }
}
