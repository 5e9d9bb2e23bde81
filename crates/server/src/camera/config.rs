//! The settings of a camera that can be changed over HTTP: `camera_config`, and a patch of it.

use std::borrow::Cow;
use std::time::Duration;

use frame::Point;

/// Where the time stamp is written on the picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TimestampPosition {
    /// Upper left.
    TopLeft,
    /// Upper right.
    TopRight,
    /// Lower left.
    BottomLeft,
    /// Lower right.
    BottomRight,
}

impl TimestampPosition {
    /// Every one, in the order of the documentation.
    pub const ALL: [Self; 4] = [Self::TopLeft, Self::TopRight, Self::BottomLeft, Self::BottomRight];

    /// As in files and over the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::TopLeft => "top-left",
            Self::TopRight => "top-right",
            Self::BottomLeft => "bottom-left",
            Self::BottomRight => "bottom-right",
        }
    }

    /// The one of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|position| position.as_str() == name)
    }
}

/// What a zone is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ZoneKind {
    /// Only here counts.
    Include,
    /// Not here.
    Exclude,
    /// Black: nobody sees what is there.
    Mask,
}

impl ZoneKind {
    /// Every one, in the order of the documentation.
    pub const ALL: [Self; 3] = [Self::Include, Self::Exclude, Self::Mask];

    /// As in files and over the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Include => "include",
            Self::Exclude => "exclude",
            Self::Mask => "mask",
        }
    }

    /// The one of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }
}

/// An area drawn on the picture.
#[derive(Debug, Clone, PartialEq)]
pub struct Zone {
    /// For people; once per camera.
    pub name: String,
    /// What it is for.
    pub kind: ZoneKind,
    /// Its corners in order, shares of the picture as it is shown: 3 to 64.
    pub points: Vec<Point>,
    /// Above 1 more sensitive, below less: 0.1 to 10. Counts only where [`ZoneKind::Include`] does.
    pub sensitivity: f32,
}

/// The settings as they were asked for; [`crate::Camera::restart_pending`] says whether all of them are in force.
#[derive(Debug, Clone, PartialEq)]
pub struct CameraConfig {
    /// Pixels asked for, 1 to 3840.
    pub width: u32,
    /// Pixels asked for, 1 to 2160.
    pub height: u32,
    /// Frames a second asked for, 1 to 120.
    pub frame_rate: u32,
    /// Degrees clockwise: 0, 90, 180, 270.
    pub rotation: u32,
    /// Viewers at the same time: 1 to 100 over HTTP, up to 10,000 in the file.
    pub max_clients: u32,
    /// Seconds after which a viewer without progress is closed, 1 to 600.
    pub client_timeout: u32,
    /// Write the time on the picture.
    pub show_timestamp: bool,
    /// Where.
    pub timestamp_position: TimestampPosition,
    /// Watch for motion.
    pub motion_detection: bool,
    /// 5 to 100; lower is more sensitive.
    pub motion_threshold: u32,
    /// Pixels at 640×480, 100 to 10,000.
    pub motion_min_area: u32,
    /// Draw boxes around what moves.
    pub highlight_motion: bool,
    /// Frames a second that are looked at, at the most.
    pub analysis_fps: u32,
    /// Frames in a row that must show a mover before it counts.
    pub min_frames: u32,
    /// A visit ends after so long without movement.
    pub event_gap: Duration,
    /// Areas of the picture as it is seen, also while a turn waits for a restart; none: the whole picture counts.
    pub zones: Vec<Zone>,
}

/// What is to change; every value has been checked against its range.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ConfigPatch {
    /// Name for people.
    pub name: Option<String>,
    /// See [`CameraConfig::width`].
    pub width: Option<u32>,
    /// See [`CameraConfig::height`].
    pub height: Option<u32>,
    /// See [`CameraConfig::frame_rate`].
    pub frame_rate: Option<u32>,
    /// See [`CameraConfig::rotation`].
    pub rotation: Option<u32>,
    /// See [`CameraConfig::max_clients`].
    pub max_clients: Option<u32>,
    /// See [`CameraConfig::client_timeout`].
    pub client_timeout: Option<u32>,
    /// See [`CameraConfig::show_timestamp`].
    pub show_timestamp: Option<bool>,
    /// See [`CameraConfig::timestamp_position`].
    pub timestamp_position: Option<TimestampPosition>,
    /// See [`CameraConfig::motion_detection`].
    pub motion_detection: Option<bool>,
    /// See [`CameraConfig::motion_threshold`].
    pub motion_threshold: Option<u32>,
    /// See [`CameraConfig::motion_min_area`].
    pub motion_min_area: Option<u32>,
    /// See [`CameraConfig::highlight_motion`].
    pub highlight_motion: Option<bool>,
    /// See [`CameraConfig::analysis_fps`].
    pub analysis_fps: Option<u32>,
    /// See [`CameraConfig::min_frames`].
    pub min_frames: Option<u32>,
    /// See [`CameraConfig::event_gap`].
    pub event_gap: Option<Duration>,
    /// All zones; what was there before goes. They lie on the picture as it is seen once the change has been made.
    pub zones: Option<Vec<Zone>>,
}

/// A change was taken over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Applied {
    /// Part of what was named is not in force yet: the source runs a child process, which HTTP never restarts.
    pub restart_required: bool,
}

/// A change was not taken over; nothing of it.
#[derive(Debug, thiserror::Error)]
pub enum ChangeError {
    /// A value that this camera cannot take: 422.
    #[error("{detail}")]
    Invalid {
        /// The key as `PATCH` names it: `motion.threshold`, `zones[1].points`.
        field: Cow<'static, str>,
        /// What was found and what is allowed, a whole sentence.
        detail: String,
    },
    /// The environment or a flag sets this and would win: 409.
    #[error("{field} is set by {by}, which wins over a change here; take it away there first")]
    Shadowed {
        /// The key as `PATCH` names it.
        field: &'static str,
        /// The environment variable or flag.
        by: String,
    },
    /// The change could not be kept: 507. The text is logged, not sent.
    #[error("failed to keep the change: {0}")]
    NotKept(String),
}
