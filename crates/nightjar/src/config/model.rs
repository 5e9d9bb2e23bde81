//! The configuration as the program uses it: typed, whole, valid.

use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use frame::{Point, Polygon, Size};

mod build;

/// Everything.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Config {
    /// `[server]`
    pub(crate) server: Server,
    /// `[data] path`
    pub(crate) data: PathBuf,
    /// `[retention]`
    pub(crate) retention: Retention,
    /// `[log]`
    pub(crate) log: Log,
    /// `[upload]`
    pub(crate) upload: upload::Settings,
    /// `[[remote]]`
    pub(crate) remotes: Vec<upload::RemoteSettings>,
    /// `[hub]`
    pub(crate) hub: Hub,
    /// Never empty.
    pub(crate) cameras: Vec<Camera>,
}

/// `[server]`
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Server {
    /// Where to listen.
    pub(crate) bind: SocketAddr,
    /// Viewers at once.
    pub(crate) max_clients: u32,
    /// A viewer without progress is closed after it.
    pub(crate) client_timeout: Duration,
    /// Names this server may be called by besides the obvious ones.
    pub(crate) hosts: Vec<String>,
}

/// `[retention]`
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Retention {
    /// Events that are older go.
    pub(crate) max_age: Duration,
    /// Bytes of all events together.
    pub(crate) max_size: u64,
    /// Bytes that are left free on the disk.
    pub(crate) min_free: u64,
}

/// `[hub]`
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Hub {
    /// Where to listen.
    pub(crate) bind: SocketAddr,
    /// The data directory.
    pub(crate) path: PathBuf,
    /// Names it may be called by besides the obvious ones.
    pub(crate) hosts: Vec<String>,
    /// Bytes of one event at the most.
    pub(crate) max_event: u64,
    /// An upload that nobody has gone on with for so long goes.
    pub(crate) incomplete_for: Duration,
    /// What the times of older cameras are of.
    pub(crate) zone: jiff::tz::TimeZone,
    /// How much is kept.
    pub(crate) retention: Retention,
}

/// `[log]`
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Log {
    /// `error` to `trace`.
    pub(crate) level: String,
    /// A JSON object a line instead of text.
    pub(crate) json: bool,
}

/// `[[camera]]`
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Camera {
    /// Stable name.
    pub(crate) id: String,
    /// Name for people.
    pub(crate) name: String,
    /// Where its pictures come from.
    pub(crate) source: Source,
    /// Pixels asked for.
    pub(crate) size: Size,
    /// Frames a second asked for.
    pub(crate) frame_rate: u32,
    /// How its pictures are turned and masked before anybody sees them.
    pub(crate) shaping: capture::Shaping,
    /// Bytes of recent frames.
    pub(crate) ring_size: usize,
    /// Frames a second that are looked at.
    pub(crate) analysis_fps: u32,
    /// What counts as movement, zones included.
    pub(crate) motion: motion::Settings,
    /// What becomes of it.
    pub(crate) recording: recorder::Settings,
}

/// Where pictures come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Source {
    /// A rendered scene.
    Demo { scene: String, seed: u64 },
    /// A camera on the network.
    Http { url: String, login: Option<(String, Secret)> },
    /// A camera on the network that speaks RTSP.
    Rtsp { url: String, udp: bool, login: Option<(String, Secret)> },
    /// A program's output.
    Command { run: Vec<String>, restart: capture::Restart },
    /// A local camera.
    V4l2 { device: PathBuf, format: Option<String>, controls: Vec<(String, i64)> },
    /// A video file.
    File { path: PathBuf, fast: bool, looped: bool },
}

/// A text that no `Debug` shows.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Secret(String);

impl Secret {
    /// For whoever must send it.
    pub(crate) fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

fn polygon(corners: &[(f64, f64)]) -> Option<Polygon> {
    #[expect(clippy::cast_possible_truncation, reason = "shares of a picture need no more than f32")]
    let corner = |(x, y): &(f64, f64)| Point { x: *x as f32, y: *y as f32 };
    Polygon::new(corners.iter().map(corner).collect())
}
