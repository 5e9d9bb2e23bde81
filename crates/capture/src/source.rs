//! What a camera is configured to be, and the two traits that every kind of source fills.

use std::path::PathBuf;
use std::time::Duration;

use bytes::Bytes;
use frame::{I420, Size};

use crate::halt::{Halt, Waited};
use crate::{Problem, Shaping};

/// A camera as the configuration names it.
#[derive(Debug, Clone)]
pub struct CameraSource {
    /// The camera's id; its thread is called `capture:<id>`.
    pub id: String,
    /// Where its pictures come from.
    pub kind: SourceKind,
    /// What is asked for; what the source really gives is in [`Negotiated`].
    pub want: Want,
    /// How its pictures are turned and masked.
    pub shaping: Shaping,
}

/// Size and rate to ask the source for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Want {
    /// Pixels.
    pub size: Size,
    /// Frames a second; also how often a JPEG is polled at the most.
    pub frame_rate: f32,
}

/// Where a camera's pictures come from.
#[derive(Clone)]
pub enum SourceKind {
    /// A rendered scene.
    Demo {
        /// One of `scene::Scene::names`.
        scene: String,
        /// The same seed gives the same pictures.
        seed: u64,
    },
    /// An MJPEG stream, or a JPEG that is polled; the answer's type tells which.
    Http {
        /// `http://` or `https://`; may carry user and password.
        url: String,
        /// For basic or digest credentials, before those in the URL.
        user: Option<String>,
        /// Goes with `user`.
        password: Option<String>,
    },
    /// A video file, through an `ffmpeg` child.
    File {
        /// The file.
        path: PathBuf,
        /// How fast.
        pace: Pace,
        /// Starts again at its end; otherwise the source ends there.
        looped: bool,
    },
    /// A camera on the network, through an `ffmpeg` child.
    Rtsp {
        /// `rtsp://` or `rtsps://`; may carry user and password.
        url: String,
        /// How the pictures travel.
        transport: Transport,
        /// Goes before the one in the URL.
        user: Option<String>,
        /// Goes with `user`.
        password: Option<String>,
    },
    /// Any program that writes JPEG after JPEG to its standard output.
    Command {
        /// The program and its arguments; never a shell's line.
        run: Vec<String>,
        /// What happens when it ends.
        restart: Restart,
    },
    /// A local camera through Video4Linux.
    V4l2 {
        /// `/dev/videoN`, or better a link in `/dev/v4l/by-id`.
        device: PathBuf,
        /// One of [`crate::format_words`]; what suits best otherwise.
        format: Option<String>,
        /// Names as `v4l2-ctl` shows them, and their values, in the order in which they are set.
        controls: Vec<(String, i64)>,
    },
}

impl SourceKind {
    /// The configuration's word for it.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Demo { .. } => "demo",
            Self::Http { .. } => "http",
            Self::File { .. } => "file",
            Self::V4l2 { .. } => "v4l2",
            Self::Rtsp { .. } => "rtsp",
            Self::Command { .. } => "command",
        }
    }
}

/// Written by hand: an address may carry a password, and this may reach a log.
impl std::fmt::Debug for SourceKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Demo { scene, seed } => {
                f.debug_struct("Demo").field("scene", scene).field("seed", seed).finish()
            }
            Self::Http { .. } => f.debug_struct("Http").finish_non_exhaustive(),
            Self::Rtsp { transport, .. } => {
                f.debug_struct("Rtsp").field("transport", transport).finish_non_exhaustive()
            }
            // Arguments may hold a password as well.
            Self::Command { run, restart } => f
                .debug_struct("Command")
                .field("program", &run.first())
                .field("restart", restart)
                .finish_non_exhaustive(),
            Self::File { path, pace, looped } => f
                .debug_struct("File")
                .field("path", path)
                .field("pace", pace)
                .field("looped", looped)
                .finish(),
            Self::V4l2 { device, format, controls } => f
                .debug_struct("V4l2")
                .field("device", device)
                .field("format", format)
                .field("controls", controls)
                .finish(),
        }
    }
}

/// How fast a file is played.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pace {
    /// By its own time stamps.
    RealTime,
    /// As fast as it can be decoded.
    Fast,
}

/// How an RTSP camera's pictures travel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transport {
    /// Over the connection that they were asked for on; nothing is lost.
    Tcp,
    /// As single packets, which may be lost; for cameras that cannot do better.
    Udp,
}

/// What happens when a program ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Restart {
    /// It is started again, after a back-off.
    Always,
    /// It is started again if it failed; an end with exit code 0 is the end of the camera.
    OnFailure,
    /// That is the end of the camera.
    Never,
}

/// What the source really gives.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Negotiated {
    /// Pixels of the newest picture as it is seen: once it is turned.
    pub size: Size,
    /// Frames a second, if the source says.
    pub frame_rate: Option<f32>,
    /// A word for people: "JPEG", "I420", …
    pub format: &'static str,
}

/// A kind of source, ready to be opened as often as needed. Keeps what is worth keeping between two openings.
pub(crate) trait Opener: Send {
    /// Opens the source. Takes a bounded time, and returns at once when told to stop.
    fn open(&mut self) -> Result<Box<dyn Source>, Problem>;
    /// Something else is asked for; whether what is open has to be opened again for it. A source that runs a child
    /// process keeps to what it was made with.
    fn ask(&mut self, _want: Want) -> bool {
        false
    }
    /// Waits before the next try: for a stop, a nudge or a sign that it is worth one, `time` at the most. `code` is that
    /// of the problem that it was lost by.
    fn rest(&mut self, halt: &Halt, time: Duration, _code: &str) -> Waited {
        halt.wait(time)
    }
    /// The longest wait before the next try that this kind of source wants after such a problem; see
    /// [`most_after`](crate::backoff::most_after).
    fn most_backoff(&self, _code: &str) -> Duration {
        Duration::MAX
    }
}

/// An open source; dropping it lets go of everything it holds.
pub(crate) trait Source {
    /// What was agreed on, as far as it is known before the first picture; the size of the pictures counts in the end.
    fn negotiated(&self) -> Negotiated;
    /// The next picture. `patience` bounds the time without a sign of life from the source; the time that the source
    /// itself lets pass on purpose (a file played in real time) does not count. Returns at once when told to stop.
    fn next(&mut self, patience: Duration) -> Result<Next, Problem>;
    /// Something that the owner should know although pictures come; each is told once.
    fn warning(&mut self) -> Option<String> {
        None
    }
}

/// What a source answers.
#[derive(Debug)]
pub(crate) enum Next {
    /// A picture; the source's own time stamp if it has one, counted from its first picture; how many before it were
    /// skipped because this machine is too slow.
    Picture { payload: Payload, media_time: Option<Duration>, skipped: u64 },
    /// Nothing came within the time given.
    Silent,
    /// Played to its end.
    Ended,
    /// Told to stop.
    Stopped,
}

/// A picture as it came, before it is looked at.
#[derive(Debug)]
pub(crate) enum Payload {
    /// Meant to be a JPEG.
    Jpeg(Bytes),
    /// Planes.
    Raw(I420),
    /// Something that was over the limits and thrown away before it was whole.
    Refused(codec::ScanError),
}
