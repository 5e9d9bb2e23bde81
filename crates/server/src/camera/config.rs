//! The settings of a camera that can be changed over HTTP: `camera_config`, and a patch of it.

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

/// The settings in force.
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
}

/// What is to change; every value has been checked against its range.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ConfigPatch {
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
}

/// A change was taken over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Applied {
    /// Part of it takes effect only when the source is opened again, by a restart.
    pub restart_required: bool,
}

/// A change was not taken over; nothing of it.
#[derive(Debug, thiserror::Error)]
pub enum ChangeError {
    /// A value that this camera cannot take: 422.
    #[error("{detail}")]
    Invalid {
        /// The key in `camera_config`.
        field: &'static str,
        /// What was found and what is allowed, a whole sentence.
        detail: String,
    },
    /// The environment or a flag sets this and would win: 409.
    #[error("{field} is set by {by}, which wins over a change here; take it away there first")]
    Shadowed {
        /// The key in `camera_config`.
        field: &'static str,
        /// The environment variable or flag.
        by: String,
    },
    /// The change could not be kept: 507. The text is logged, not sent.
    #[error("failed to keep the change: {0}")]
    NotKept(String),
}
