//! What may be sent, described. It is read key by key in `config`, so that a message can say which one is at fault.
#![expect(dead_code, reason = "descriptions only")]

use utoipa::{IntoParams, ToSchema};

use crate::wire::schema;
use crate::wire::settings::ZoneWire;

/// In what form a picture is wanted; read in `query`.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct PictureAsked {
    /// Pixels, 1 to 8192; rounded up, never beyond the camera's own. `w` for short.
    width: Option<u32>,
    /// 1 to 100; 80 if another width is asked for without it.
    quality: Option<u8>,
    /// 1: the camera's own picture, without the time and boxes that the settings put on it.
    raw: Option<u8>,
}

/// How often one is wanted.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct RateAsked {
    /// Pictures a second at the most, 0.1 to 120.
    fps: Option<f32>,
}

/// Any subset of `camera_config`; the rest stays as it is.
#[derive(Debug, ToSchema)]
pub(crate) struct ConfigChange {
    #[schema(minimum = 1, maximum = 3840)]
    width: Option<u32>,
    #[schema(minimum = 1, maximum = 2160)]
    height: Option<u32>,
    #[schema(minimum = 1, maximum = 120)]
    frame_rate: Option<u32>,
    #[schema(schema_with = schema::rotation)]
    rotation: Option<u32>,
    #[schema(minimum = 1, maximum = 100)]
    max_clients: Option<u32>,
    #[schema(minimum = 1, maximum = 600)]
    client_timeout: Option<u32>,
    show_timestamp: Option<bool>,
    #[schema(schema_with = schema::position)]
    timestamp_position: Option<String>,
    motion_detection: Option<bool>,
    #[schema(minimum = 5, maximum = 100)]
    motion_threshold: Option<u32>,
    #[schema(minimum = 100, maximum = 10000)]
    motion_min_area: Option<u32>,
    highlight_motion: Option<bool>,
}

/// Any subset; the rest stays as it is.
#[derive(Debug, ToSchema)]
pub(crate) struct CameraChange {
    /// For people.
    name: Option<String>,
    #[schema(minimum = 1, maximum = 3840)]
    width: Option<u32>,
    #[schema(minimum = 1, maximum = 2160)]
    height: Option<u32>,
    #[schema(minimum = 1, maximum = 120)]
    frame_rate: Option<u32>,
    #[schema(schema_with = schema::rotation)]
    rotation: Option<u32>,
    show_timestamp: Option<bool>,
    #[schema(schema_with = schema::position)]
    timestamp_position: Option<String>,
    highlight_motion: Option<bool>,
    motion: Option<MotionChange>,
    /// The whole list; what was there before goes. They lie on the picture as it is seen once the answer is there, so
    /// for a turn that waits for a restart on the picture of before; they are turned with it then.
    zones: Option<Vec<ZoneWire>>,
}

/// Any subset; the rest stays as it is.
#[derive(Debug, ToSchema)]
pub(crate) struct MotionChange {
    enabled: Option<bool>,
    /// Lower is more sensitive.
    #[schema(minimum = 5, maximum = 100)]
    threshold: Option<u32>,
    /// Pixels at 640×480.
    #[schema(minimum = 100, maximum = 10000)]
    min_area: Option<u32>,
    /// Frames a second that are looked at, at the most.
    analysis_fps: Option<u32>,
    /// Frames in a row that must show a mover before it counts.
    min_frames: Option<u32>,
    /// Seconds without movement that end a visit.
    event_gap_s: Option<f64>,
}

/// Any of these; the rest stays as it is.
#[derive(Debug, ToSchema)]
pub(crate) struct StorageConfigChange {
    /// Kilobit a second at the most; 0: no limit.
    #[schema(minimum = 0, maximum = 1_000_000)]
    throttle_kbps: Option<u64>,
    /// Whether `schedule_window` counts.
    schedule_active: Option<bool>,
    /// Hours of the day that sending is allowed in.
    #[schema(example = "22:00-06:00")]
    schedule_window: Option<String>,
    /// Send slower while the wireless link is weak.
    wifi_monitoring: Option<bool>,
    /// MiB of all events.
    #[schema(minimum = 16, maximum = 1_073_741_824)]
    max_size_mb: Option<u64>,
}
