//! A camera's settings as a client reads them; what it sends back in the same shape changes nothing.

use serde::Serialize;

use crate::{CameraConfig, Zone};

/// What is asked of a camera, beside what [`super::camera::MotionWire`] says already.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct SettingsWire {
    width: u32,
    height: u32,
    frame_rate: u32,
    rotation: u32,
    show_timestamp: bool,
    timestamp_position: &'static str,
    highlight_motion: bool,
    analysis_fps: u32,
    min_frames: u32,
    event_gap_s: f64,
}

/// An area of the picture; points are shares of it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct ZoneWire {
    name: String,
    kind: &'static str,
    /// As `f32`, which prints the digits that were sent.
    points: Vec<[f32; 2]>,
    sensitivity: f32,
}

impl SettingsWire {
    pub(crate) fn of(config: &CameraConfig) -> Self {
        Self {
            width: config.width,
            height: config.height,
            frame_rate: config.frame_rate,
            rotation: config.rotation,
            show_timestamp: config.show_timestamp,
            timestamp_position: config.timestamp_position.as_str(),
            highlight_motion: config.highlight_motion,
            analysis_fps: config.analysis_fps,
            min_frames: config.min_frames,
            event_gap_s: config.event_gap.as_secs_f64(),
        }
    }
}

impl ZoneWire {
    pub(crate) fn of(zone: &Zone) -> Self {
        Self {
            name: zone.name.clone(),
            kind: zone.kind.as_str(),
            points: zone.points.iter().map(|point| [point.x, point.y]).collect(),
            sensitivity: zone.sensitivity,
        }
    }
}
