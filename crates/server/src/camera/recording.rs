//! Recording, as the server sees it.

use store::event::EventId;

use super::Problem;

/// What a person wants of a recorder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RecordAction {
    /// Record from now on, with the pre-roll.
    Start,
    /// No longer because of a [`RecordAction::Start`]; an event of its own goes on.
    Stop,
}

/// Why a recording was not started or stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RecordRefused {
    /// The configuration says that this camera is not recorded.
    Off,
    /// There is nothing to record: the source delivers no pictures at present.
    NoPictures,
    /// The recorder is behind and takes nothing in just now.
    Busy,
}

/// How a recorder is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum RecordingState {
    /// The configuration says that this camera is not recorded.
    #[default]
    Off,
    /// It waits for something to happen.
    Ready,
    /// An event is being recorded.
    Recording,
    /// Something happens, and it cannot be written.
    Failing,
}

impl RecordingState {
    /// As it goes over the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Ready => "ready",
            Self::Recording => "recording",
            Self::Failing => "failing",
        }
    }
}

/// A recorder at one moment; the numbers count since the start.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct RecordingView {
    /// How it is.
    pub state: RecordingState,
    /// What is being recorded.
    pub event: Option<EventId>,
    /// Why nothing can be.
    pub problem: Option<Problem>,
    /// Events by what became of them: `whole`, `partial`, `discarded`, `failed`.
    pub events: Vec<(&'static str, u64)>,
    /// Frames that were written.
    pub frames: u64,
    /// Frames that are missing from clips.
    pub missing: u64,
    /// Clips for which something was given up to keep up.
    pub degraded: u64,
    /// Bytes of finished clips.
    pub bytes: u64,
    /// Milliseconds that frames took to be encoded.
    pub encode_ms: u64,
}

/// How the place is where events are kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StorageCheck {
    /// `ok`, `degraded`, `missing`, `unused`.
    pub state: &'static str,
    /// What is wrong with it.
    pub problem: Option<Problem>,
}

impl Default for StorageCheck {
    /// Nothing is kept.
    fn default() -> Self {
        Self { state: "unused", problem: None }
    }
}
