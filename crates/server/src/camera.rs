//! What the server needs to know of a camera: the traits that the binary implements, and the plain values in them.
//!
//! Times are the capture clock's; pixels are the source's. What does not belong here: how any of it looks as JSON,
//! that is `wire`.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use frame::{FrameSeq, Point, Rect, Ring, Size, Stamp};
use store::event::EventId;
use tokio::sync::watch;

mod config;
mod recording;
mod why;

pub use config::{Applied, CameraConfig, ChangeError, ConfigPatch, TimestampPosition, Zone, ZoneKind};
pub use recording::{RecordAction, RecordRefused, RecordingState, RecordingView, StorageCheck};
pub use why::{GateView, Why};

/// The cameras of this process. The set does not change while it runs.
pub trait Cameras: Send + Sync + 'static {
    /// In the order of the configuration; the first one answers at the paths without an id. Never empty.
    fn all(&self) -> Vec<Arc<dyn Camera>>;
    /// The camera of that id.
    fn get(&self, id: &str) -> Option<Arc<dyn Camera>>;
    /// Keys of the configuration file whose new values wait for a restart, like `server.bind`.
    fn restart_pending(&self) -> Vec<String> {
        Vec::new()
    }
    /// How the place is where events are kept.
    fn storage(&self) -> StorageCheck {
        StorageCheck::default()
    }
}

/// One camera, looked at from the side. Every method answers at once and from memory, but for [`Camera::change`]
/// and [`Camera::visit_picture`], which may touch the disk, and [`Camera::record`], which waits for somebody who does:
/// these are called off the tokio workers.
pub trait Camera: Send + Sync + 'static {
    /// Stable, `[a-z0-9-]`.
    fn id(&self) -> &str;
    /// For people; the id unless configured otherwise.
    fn name(&self) -> String {
        self.id().to_owned()
    }
    /// The recent frames.
    fn ring(&self) -> &Ring;
    /// The source's state right now.
    fn source(&self) -> SourceView;
    /// The newest decision and what moved before it.
    fn motion(&self) -> Arc<MotionView>;
    /// Ticks on every new decision, change of the source's state and change of settings.
    fn changes(&self) -> watch::Receiver<u64>;
    /// The settings as they were asked for.
    fn settings(&self) -> CameraConfig;
    /// Applies what the patch names, all of it or nothing, and keeps it across restarts. May touch the disk.
    ///
    /// # Errors
    /// [`ChangeError`] says what a client can do about it.
    fn change(&self, patch: &ConfigPatch) -> Result<Applied, ChangeError>;
    /// What cannot be changed over HTTP, since the environment or a flag sets it: the field as `PATCH` names it, and
    /// what sets it ("the environment variable …").
    fn locked(&self) -> Vec<(&'static str, String)> {
        Vec::new()
    }
    /// Whether some settings wait for a restart or a `SIGHUP` to be in force.
    fn restart_pending(&self) -> bool {
        false
    }
    /// A lost source tries again now instead of at the end of its back-off.
    fn retry_now(&self);
    /// Starts or stops a recording by hand; the event that it becomes, or was, part of. Waits up to two seconds for the
    /// recorder to have one.
    ///
    /// # Errors
    /// [`RecordRefused`] if nothing was told to the recorder.
    fn record(&self, _action: RecordAction) -> Result<Option<EventId>, RecordRefused> {
        Err(RecordRefused::Off)
    }
    /// How its recorder is.
    fn recording(&self) -> RecordingView {
        RecordingView::default()
    }
    /// The last hour.
    fn activity(&self) -> Activity;
    /// A JPEG of the visit, if there is one. May touch the disk.
    fn visit_picture(&self, id: u64) -> Option<Bytes>;
}

/// Where a source stands in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SourceState {
    /// Being opened.
    Opening,
    /// Delivers frames.
    Live,
    /// Does not deliver; tries again by itself.
    Lost,
    /// A file that was to be played once has been.
    Ended,
    /// Told to stop.
    Stopped,
}

impl SourceState {
    /// Every one.
    pub const ALL: [Self; 5] = [Self::Opening, Self::Live, Self::Lost, Self::Ended, Self::Stopped];

    /// As it goes over the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Opening => "opening",
            Self::Live => "live",
            Self::Lost => "lost",
            Self::Ended => "ended",
            Self::Stopped => "stopped",
        }
    }
}

/// What is wrong with a source, in words for people. Holds no secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Stable, for programs: `refused`, `timeout`, `unauthorized` …
    pub code: &'static str,
    /// What happened, a whole sentence.
    pub what: String,
    /// One thing to do about it, a whole sentence.
    pub mend: String,
}

/// A source's state. The values are what the device says, never what was asked for.
#[derive(Debug, Clone, PartialEq)]
pub struct SourceView {
    /// `demo`, `http`, `file` …
    pub kind: &'static str,
    /// Where it stands.
    pub state: SourceState,
    /// Since when.
    pub since: Stamp,
    /// Why it is lost.
    pub problem: Option<Problem>,
    /// Until it tries again.
    pub next_try_in: Option<Duration>,
    /// Pixels as they are seen, turned if the camera is; once negotiated.
    pub size: Option<Size>,
    /// `mjpeg`, `yuyv` …, once negotiated.
    pub format: Option<&'static str>,
    /// Frames a second as negotiated, if the source has such a notion.
    pub frame_rate: Option<f32>,
    /// Frames a second as measured.
    pub fps: f32,
    /// Frames delivered since the process started.
    pub frames: u64,
    /// Frames that were dropped: they came in damaged, could not be masked, or the source itself lost them.
    pub dropped: u64,
}

/// One thing that moves.
#[derive(Debug, Clone, PartialEq)]
pub struct Region {
    /// The same number as long as it is the same thing.
    pub track: u32,
    /// Pixels of the source.
    pub rect: Rect,
    /// `person`, `vehicle`, `animal`, `environment`, `unknown`.
    pub label: &'static str,
    /// How sure, 0 to 1.
    pub confidence: f32,
    /// What else it may be, likeliest first.
    pub alternatives: Vec<(&'static str, f32)>,
    /// `left`, `right`, `up`, `down`, `towards`, `away`, `still`.
    pub direction: &'static str,
    /// Where its centre has been, shares of the picture, oldest first.
    pub trail: Vec<Point>,
}

/// One entry of the motion history that scripts poll.
#[derive(Debug, Clone, PartialEq)]
pub struct HistoryEntry {
    /// When it was seen.
    pub at: SystemTime,
    /// Pixels of the source.
    pub regions: Vec<Rect>,
    /// As in [`Region::label`].
    pub label: &'static str,
    /// How sure, 0 to 1.
    pub confidence: f32,
    /// What else it may be, likeliest first.
    pub alternatives: Vec<(&'static str, f32)>,
}

/// The newest decision.
#[derive(Debug, Clone, PartialEq)]
pub struct MotionView {
    /// The frame that was judged, 0 before the first.
    pub seq: FrameSeq,
    /// When that frame was taken.
    pub at: SystemTime,
    /// The picture that the regions' boxes are measured in.
    pub size: Size,
    /// Whether something moves.
    pub detected: bool,
    /// What moves.
    pub regions: Vec<Region>,
    /// What moved before, oldest first, bounded.
    pub history: Arc<[HistoryEntry]>,
    /// Goes up with every visit that begins or ends, so that a page knows when to ask for the activity again.
    pub activity_version: u64,
    /// Why something fired last, or what was held back since.
    pub why: Option<Arc<Why>>,
}

impl MotionView {
    /// Before the first decision: nothing moves.
    #[must_use]
    pub fn empty() -> Self {
        Self {
            seq: 0,
            at: SystemTime::UNIX_EPOCH,
            size: Size::new(1, 1),
            detected: false,
            regions: Vec::new(),
            history: Arc::from(Vec::new()),
            activity_version: 0,
            why: None,
        }
    }
}

/// The last hour of one camera.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Activity {
    /// Length of one bin.
    pub bin: Duration,
    /// Oldest first, without gaps.
    pub bins: Vec<Bin>,
    /// Newest first, at most 50; the one that goes on has no end.
    pub visits: Vec<Visit>,
    /// All of the hour, beyond the 50 as well, the one that goes on included.
    pub visits_total: u32,
    /// What was held back, in all bins together.
    pub near_misses: u32,
}

/// Some seconds of activity.
#[derive(Debug, Clone, PartialEq)]
pub struct Bin {
    /// Its beginning.
    pub start: SystemTime,
    /// How long something moved in it.
    pub motion: Duration,
    /// What was held back in it.
    pub near_misses: u32,
}

/// Something came by.
#[derive(Debug, Clone, PartialEq)]
pub struct Visit {
    /// Within this camera and this run of the process.
    pub id: u64,
    /// When it began.
    pub start: SystemTime,
    /// When it ended; `None` while it goes on.
    pub end: Option<SystemTime>,
    /// How long, by the monotonic clock.
    pub duration: Duration,
    /// As in [`Region::label`].
    pub label: &'static str,
    /// How sure, 0 to 1.
    pub confidence: f32,
    /// As in [`Region::direction`].
    pub direction: &'static str,
    /// Whether [`Camera::visit_picture`] has one.
    pub has_picture: bool,
    /// Why it fired, in a sentence.
    pub why: Option<String>,
}
