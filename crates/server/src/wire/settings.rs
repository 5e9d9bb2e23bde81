//! A camera's settings as a client reads them; what it sends back in the same shape changes nothing.

use serde::Serialize;
use utoipa::ToSchema;

use crate::wire::schema;
use crate::{CameraConfig, Zone};

/// What is asked of a camera, beside what its `motion` says already.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[schema(as = Settings)]
pub(crate) struct SettingsWire {
    /// Pixels.
    width: u32,
    /// Pixels.
    height: u32,
    /// Frames a second.
    frame_rate: u32,
    /// Degrees clockwise.
    #[schema(schema_with = schema::rotation)]
    rotation: u32,
    /// Whether the time is written on the picture.
    show_timestamp: bool,
    #[schema(schema_with = schema::position)]
    timestamp_position: &'static str,
    /// Whether boxes are drawn around what moves.
    highlight_motion: bool,
    /// Frames a second that are looked at, at the most.
    analysis_fps: u32,
    /// Frames in a row that must show a mover before it counts.
    min_frames: u32,
    /// Seconds without movement that end a visit.
    event_gap_s: f64,
}

/// An area of the picture.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[schema(as = Zone)]
pub(crate) struct ZoneWire {
    /// For people; once per camera.
    name: String,
    /// `include`: only here counts. `exclude`: not here. `mask`: black, nobody sees what is there.
    #[schema(schema_with = schema::zone_kind)]
    kind: &'static str,
    /// Its corners in order: x, y as shares of the picture as it is shown.
    #[schema(min_items = 3, max_items = 64)]
    points: Vec<[f32; 2]>,
    /// 0.1 to 10; above 1 more sensitive. Counts only where `kind` is `include`.
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
