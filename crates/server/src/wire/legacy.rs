//! The shapes that scripts already poll; names and nesting must never change.

use serde::Serialize;
use utoipa::ToSchema;

use crate::live::Channel;
use crate::wire::camera::{RegionWire, SourceWire, regions, rounded};
use crate::wire::why::WhyWire;
use crate::wire::{schema, time};
use crate::{CameraConfig, HistoryEntry, SourceState};

/// How the first camera and the server do.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Status)]
pub(crate) struct StatusWire {
    /// Viewers of all cameras together.
    active_connections: usize,
    /// Whether the camera delivers.
    camera_initialized: bool,
    motion_detected: bool,
    camera_config: ConfigWire,
    /// The id of the camera that this speaks of.
    camera: String,
    source: SourceWire,
    /// Frames a second as measured.
    fps: f64,
    /// The program's.
    #[schema(example = "0.2.0")]
    version: &'static str,
    /// Seconds since the start.
    uptime_s: u64,
}

/// The settings as scripts know them.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CameraConfig)]
pub(crate) struct ConfigWire {
    /// Pixels.
    width: u32,
    /// Pixels.
    height: u32,
    /// Frames a second.
    frame_rate: u32,
    /// Degrees clockwise.
    #[schema(schema_with = schema::rotation)]
    rotation: u32,
    /// Viewers at the same time.
    max_clients: u32,
    /// Seconds without progress after which a viewer is closed.
    client_timeout: u32,
    show_timestamp: bool,
    #[schema(schema_with = schema::position)]
    timestamp_position: &'static str,
    motion_detection: bool,
    /// 5 to 100; lower is more sensitive.
    motion_threshold: u32,
    /// Pixels at 640×480.
    motion_min_area: u32,
    highlight_motion: bool,
}

/// What moves and what moved.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MotionStatus)]
pub(crate) struct MotionStatusWire {
    motion_detected: bool,
    /// Newest last, bounded.
    motion_history: Vec<HistoryWire>,
    /// Viewers of all cameras together.
    active_connections: usize,
    /// Whether motion is watched for.
    optical_flow_enabled: bool,
}

/// What moves and what moved before one camera, and why.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CameraMotion)]
pub(crate) struct CameraMotionWire {
    motion_detected: bool,
    /// Newest last, bounded.
    motion_history: Vec<HistoryWire>,
    /// Viewers of all cameras together.
    active_connections: usize,
    /// Whether motion is watched for.
    optical_flow_enabled: bool,
    /// What moves right now.
    regions: Vec<RegionWire>,
    /// Why something fired last, or what was held back since.
    #[schema(required)]
    why: Option<WhyWire>,
}

/// A second of movement.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = HistoryEntry)]
struct HistoryWire {
    /// Local time, `YYYY-MM-DD HH:MM:SS`.
    #[schema(example = "2026-11-20 10:11:12", pattern = r"^\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}$")]
    timestamp: String,
    #[schema(schema_with = schema::time)]
    time: String,
    /// x, y, width, height in pixels of the source.
    regions: Vec<[u32; 4]>,
    classification: ClassificationWire,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Classification)]
struct ClassificationWire {
    #[schema(schema_with = schema::label)]
    label: &'static str,
    #[schema(schema_with = schema::share)]
    confidence: f64,
    /// Likeliest first.
    alternatives: Vec<AlternativeWire>,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Alternative)]
struct AlternativeWire {
    #[schema(schema_with = schema::label)]
    label: &'static str,
    #[schema(schema_with = schema::share)]
    confidence: f64,
}

/// A change of settings was taken over.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ConfigChanged)]
pub(crate) struct ConfigChangedWire {
    /// For people.
    pub(crate) message: &'static str,
    /// Part of it takes effect only after a restart.
    pub(crate) restart_required: bool,
    /// All settings after the change.
    pub(crate) camera_config: ConfigWire,
}

impl StatusWire {
    pub(crate) fn of(channel: &Channel, version: &'static str, uptime_s: u64) -> Self {
        let source = channel.camera.source();
        Self {
            active_connections: channel.crowd(),
            camera_initialized: source.state == SourceState::Live,
            motion_detected: channel.camera.motion().detected,
            camera_config: ConfigWire::of(&channel.camera.settings()),
            camera: channel.camera.id().to_owned(),
            fps: rounded(source.fps),
            source: SourceWire::of(source),
            version,
            uptime_s,
        }
    }
}

impl ConfigWire {
    pub(crate) fn of(config: &CameraConfig) -> Self {
        Self {
            width: config.width,
            height: config.height,
            frame_rate: config.frame_rate,
            rotation: config.rotation,
            max_clients: config.max_clients,
            client_timeout: config.client_timeout,
            show_timestamp: config.show_timestamp,
            timestamp_position: config.timestamp_position.as_str(),
            motion_detection: config.motion_detection,
            motion_threshold: config.motion_threshold,
            motion_min_area: config.motion_min_area,
            highlight_motion: config.highlight_motion,
        }
    }
}

impl MotionStatusWire {
    pub(crate) fn of(channel: &Channel) -> Self {
        let motion = channel.camera.motion();
        Self {
            motion_detected: motion.detected,
            motion_history: motion.history.iter().map(HistoryWire::of).collect(),
            active_connections: channel.crowd(),
            optical_flow_enabled: channel.camera.settings().motion_detection,
        }
    }
}

impl CameraMotionWire {
    pub(crate) fn of(channel: &Channel) -> Self {
        let motion = channel.camera.motion();
        Self {
            motion_detected: motion.detected,
            motion_history: motion.history.iter().map(HistoryWire::of).collect(),
            active_connections: channel.crowd(),
            optical_flow_enabled: channel.camera.settings().motion_detection,
            regions: regions(&motion),
            why: motion.why.as_deref().map(WhyWire::of),
        }
    }
}

impl HistoryWire {
    fn of(entry: &HistoryEntry) -> Self {
        let alternative = |&(label, confidence): &(&'static str, f32)| AlternativeWire {
            label,
            confidence: rounded(confidence),
        };
        Self {
            timestamp: time::plain(entry.at),
            time: time::rfc3339(entry.at),
            regions: entry.regions.iter().map(|rect| [rect.x, rect.y, rect.w, rect.h]).collect(),
            classification: ClassificationWire {
                label: entry.label,
                confidence: rounded(entry.confidence),
                alternatives: entry.alternatives.iter().map(alternative).collect(),
            },
        }
    }
}
