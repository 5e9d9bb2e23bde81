//! A camera as `/api/v1` and the WebSocket tell it.

use std::collections::BTreeMap;

use frame::Size;
use serde::Serialize;
use utoipa::ToSchema;

use crate::live::Channel;
use crate::wire::settings::{SettingsWire, ZoneWire};
use crate::wire::why::WhyWire;
use crate::wire::{schema, time};
use crate::{MotionView, Region, SourceView};

/// All cameras, in the order of the configuration.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Cameras)]
pub(crate) struct CamerasWire {
    pub(crate) cameras: Vec<CameraWire>,
}

/// A change of a camera's settings was taken over.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CameraChanged)]
pub(crate) struct CameraChangedWire {
    /// After the change.
    pub(crate) camera: CameraWire,
    /// Part of it takes effect only after a restart or a `SIGHUP`.
    pub(crate) restart_required: bool,
}

/// A camera: what its source does, what moves before it, and how it is set.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[schema(as = Camera)]
pub(crate) struct CameraWire {
    /// Stable, `[a-z0-9-]`; stands in paths.
    #[schema(example = "garden")]
    pub(crate) id: String,
    /// For people.
    pub(crate) name: String,
    pub(crate) source: SourceWire,
    pub(crate) motion: MotionWire,
    /// Why something fired last, or what was held back since.
    #[schema(required)]
    why: Option<WhyWire>,
    /// Connections that take its pictures right now.
    pub(crate) viewers: usize,
    /// Degrees clockwise, as it is set.
    #[schema(schema_with = schema::rotation)]
    rotation: u32,
    /// Areas drawn on the picture; none: the whole picture counts.
    zones: Vec<ZoneWire>,
    settings: SettingsWire,
    /// What a change over HTTP would be answered 409 for, as `PATCH` names it, and what sets it.
    #[schema(example = json!({ "motion.threshold": "the environment variable NIGHTJAR_CAMERA__0__MOTION__THRESHOLD" }))]
    locked: BTreeMap<&'static str, String>,
    /// Some settings wait for a restart or a `SIGHUP` to be in force.
    restart_pending: bool,
}

/// Where the pictures come from. The values are what the device says, never what was asked for.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[schema(as = Source)]
pub(crate) struct SourceWire {
    /// `demo`, `v4l2`, `http`, `rtsp`, `file`, `command`.
    kind: &'static str,
    #[schema(schema_with = schema::state)]
    state: &'static str,
    /// When that state began.
    #[schema(schema_with = schema::time)]
    since: String,
    /// Why it gives no pictures.
    #[schema(required)]
    problem: Option<ProblemWire>,
    /// Milliseconds until it tries again by itself.
    #[schema(required)]
    next_try_in_ms: Option<u64>,
    /// Pixels; null before it is known.
    #[schema(required)]
    width: Option<u32>,
    /// Pixels; null before it is known.
    #[schema(required)]
    height: Option<u32>,
    /// `mjpeg`, `yuyv` …; null before it is known.
    #[schema(required)]
    format: Option<&'static str>,
    /// Frames a second as negotiated; null where the source has no such notion.
    #[schema(required)]
    frame_rate: Option<f64>,
    /// Frames a second as measured.
    fps: f64,
    /// Delivered since the start.
    frames: u64,
    /// Dropped since the start: damaged, not to be masked, or lost by the source itself.
    dropped: u64,
}

/// What is wrong with a source, in words for people.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[schema(as = SourceProblem)]
pub(crate) struct ProblemWire {
    /// For programs: `refused`, `timeout`, `unauthorized` …
    code: &'static str,
    /// What happened.
    what: String,
    /// One thing to do about it.
    mend: String,
}

/// What moves, and from when on something counts.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[schema(as = Motion)]
pub(crate) struct MotionWire {
    /// Whether it is watched for.
    enabled: bool,
    /// Whether something moves.
    detected: bool,
    /// 5 to 100; lower is more sensitive.
    threshold: u32,
    /// 105 less the threshold: higher is more sensitive.
    sensitivity: u32,
    /// Pixels at 640×480.
    min_area: u32,
    regions: Vec<RegionWire>,
}

/// One thing that moves. Boxes and trails are shares of the picture, since each viewer shows it at a size of its own.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[schema(as = Region)]
pub(crate) struct RegionWire {
    /// The same number as long as it is the same thing.
    track: u32,
    /// x, y, width, height as shares of the picture.
    #[serde(rename = "box")]
    rect: [f64; 4],
    #[schema(schema_with = schema::label)]
    label: &'static str,
    /// How sure the label is.
    #[schema(schema_with = schema::share)]
    confidence: f64,
    #[schema(schema_with = schema::direction)]
    direction: &'static str,
    /// Where its middle has been: x, y as shares of the picture, oldest first.
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
            why: motion.why.as_deref().map(WhyWire::of),
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
    /// Whether nothing changed but figures that change all the time, and motion and its reason, which have messages of
    /// their own.
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
        Self { source, motion, why: None, viewers: 0, ..self.clone() }
    }
}

impl ProblemWire {
    pub(crate) fn of(problem: crate::Problem) -> Self {
        Self { code: problem.code, what: problem.what, mend: problem.mend }
    }
}

impl SourceWire {
    pub(crate) fn of(view: SourceView) -> Self {
        Self {
            kind: view.kind,
            state: view.state.as_str(),
            since: time::rfc3339(view.since.wall),
            problem: view.problem.map(ProblemWire::of),
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
