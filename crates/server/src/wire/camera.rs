//! A camera as `/api/v1` and the WebSocket tell it.

use std::collections::BTreeMap;

use frame::Size;
use serde::Serialize;

use crate::live::Channel;
use crate::wire::settings::{SettingsWire, ZoneWire};
use crate::wire::time;
use crate::{MotionView, Region, SourceView};

#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct CameraWire {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) source: SourceWire,
    pub(crate) motion: MotionWire,
    pub(crate) viewers: usize,
    rotation: u32,
    zones: Vec<ZoneWire>,
    settings: SettingsWire,
    /// What a change over HTTP would be answered 409 for, and what sets it.
    locked: BTreeMap<&'static str, String>,
    restart_pending: bool,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct SourceWire {
    kind: &'static str,
    state: &'static str,
    since: String,
    problem: Option<ProblemWire>,
    next_try_in_ms: Option<u64>,
    width: Option<u32>,
    height: Option<u32>,
    format: Option<&'static str>,
    frame_rate: Option<f64>,
    fps: f64,
    frames: u64,
    dropped: u64,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
struct ProblemWire {
    code: &'static str,
    what: String,
    mend: String,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct MotionWire {
    enabled: bool,
    detected: bool,
    threshold: u32,
    sensitivity: u32,
    min_area: u32,
    regions: Vec<RegionWire>,
}

/// Boxes and trails in shares of the picture, since each viewer shows it at a size of its own.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct RegionWire {
    track: u32,
    #[serde(rename = "box")]
    rect: [f64; 4],
    label: &'static str,
    confidence: f64,
    direction: &'static str,
    trail: Vec<[f64; 2]>,
}

impl CameraWire {
    pub(crate) fn of(channel: &Channel) -> Self {
        let camera = &channel.camera;
        let settings = camera.settings();
        let motion = camera.motion();
        Self {
            id: camera.id().to_owned(),
            name: camera.name(),
            source: SourceWire::of(camera.source()),
            motion: MotionWire {
                enabled: settings.motion_detection,
                detected: motion.detected,
                threshold: settings.motion_threshold,
                sensitivity: 105u32.saturating_sub(settings.motion_threshold),
                min_area: settings.motion_min_area,
                regions: regions(&motion),
            },
            viewers: channel.viewers(),
            rotation: settings.rotation,
            zones: settings.zones.iter().map(ZoneWire::of).collect(),
            settings: SettingsWire::of(&settings),
            locked: camera.locked().into_iter().collect(),
            restart_pending: camera.restart_pending(),
        }
    }
}

impl CameraWire {
    /// Whether nothing changed but figures that change all the time, and motion, which has messages of its own.
    pub(crate) fn says_the_same(&self, other: &Self) -> bool {
        self.lasting() == other.lasting()
    }

    /// Whether a figure changed that is worth telling once a second.
    pub(crate) fn has_other_figures(&self, other: &Self) -> bool {
        let figures = |camera: &Self| (camera.source.fps, camera.viewers, camera.source.next_try_in_ms);
        figures(self) != figures(other)
    }

    fn lasting(&self) -> Self {
        let source =
            SourceWire { fps: 0.0, frames: 0, dropped: 0, next_try_in_ms: None, ..self.source.clone() };
        let motion = MotionWire { detected: false, regions: Vec::new(), ..self.motion.clone() };
        Self { source, motion, viewers: 0, ..self.clone() }
    }
}

impl SourceWire {
    pub(crate) fn of(view: SourceView) -> Self {
        Self {
            kind: view.kind,
            state: view.state.as_str(),
            since: time::rfc3339(view.since.wall),
            problem: view.problem.map(|p| ProblemWire { code: p.code, what: p.what, mend: p.mend }),
            next_try_in_ms: view.next_try_in.map(|left| u64::try_from(left.as_millis()).unwrap_or(u64::MAX)),
            width: view.size.map(|size| size.width),
            height: view.size.map(|size| size.height),
            format: view.format,
            frame_rate: view.frame_rate.map(rounded),
            fps: rounded(view.fps),
            frames: view.frames,
            dropped: view.dropped,
        }
    }
}

/// Everything that moves right now.
pub(crate) fn regions(motion: &MotionView) -> Vec<RegionWire> {
    motion.regions.iter().map(|region| RegionWire::of(region, motion.size)).collect()
}

impl RegionWire {
    fn of(region: &Region, size: Size) -> Self {
        let share = |pixels: u32, of: u32| to_four(f64::from(pixels) / f64::from(of.max(1)));
        let rect = region.rect;
        Self {
            track: region.track,
            rect: [
                share(rect.x, size.width),
                share(rect.y, size.height),
                share(rect.w, size.width),
                share(rect.h, size.height),
            ],
            label: region.label,
            confidence: rounded(region.confidence),
            direction: region.direction,
            trail: region
                .trail
                .iter()
                .map(|point| [to_four(point.x.into()), to_four(point.y.into())])
                .collect(),
        }
    }
}

/// Two digits: what a person reads. Not a number counts as none.
pub(crate) fn rounded(value: f32) -> f64 {
    let rounded = (f64::from(value) * 100.0).round() / 100.0;
    if rounded.is_finite() { rounded } else { 0.0 }
}

/// Four digits of a share: less than a pixel of any picture that is shown.
fn to_four(share: f64) -> f64 {
    (share * 1e4).round() / 1e4
}
