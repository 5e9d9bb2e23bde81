//! The shapes that scripts already poll; names and nesting must never change.

use serde::Serialize;

use crate::live::Channel;
use crate::wire::camera::{RegionWire, SourceWire, regions, rounded};
use crate::wire::time;
use crate::{CameraConfig, HistoryEntry, SourceState};

#[derive(Debug, Serialize)]
pub(crate) struct StatusWire {
    active_connections: usize,
    camera_initialized: bool,
    motion_detected: bool,
    camera_config: ConfigWire,
    camera: String,
    source: SourceWire,
    fps: f64,
    version: &'static str,
    uptime_s: u64,
}

#[derive(Debug, Serialize)]
pub(crate) struct ConfigWire {
    width: u32,
    height: u32,
    frame_rate: u32,
    rotation: u32,
    max_clients: u32,
    client_timeout: u32,
    show_timestamp: bool,
    timestamp_position: &'static str,
    motion_detection: bool,
    motion_threshold: u32,
    motion_min_area: u32,
    highlight_motion: bool,
}

#[derive(Debug, Serialize)]
pub(crate) struct MotionStatusWire {
    motion_detected: bool,
    motion_history: Vec<HistoryWire>,
    active_connections: usize,
    optical_flow_enabled: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    regions: Option<Vec<RegionWire>>,
}

#[derive(Debug, Serialize)]
struct HistoryWire {
    timestamp: String,
    time: String,
    regions: Vec<[u32; 4]>,
    classification: ClassificationWire,
}

#[derive(Debug, Serialize)]
struct ClassificationWire {
    label: &'static str,
    confidence: f64,
    alternatives: Vec<AlternativeWire>,
}

#[derive(Debug, Serialize)]
struct AlternativeWire {
    label: &'static str,
    confidence: f64,
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
    /// As scripts poll it; `with_regions` adds what moves right now, for the path by id.
    pub(crate) fn of(channel: &Channel, with_regions: bool) -> Self {
        let motion = channel.camera.motion();
        Self {
            motion_detected: motion.detected,
            motion_history: motion.history.iter().map(HistoryWire::of).collect(),
            active_connections: channel.crowd(),
            optical_flow_enabled: channel.camera.settings().motion_detection,
            regions: with_regions.then(|| regions(&motion)),
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
