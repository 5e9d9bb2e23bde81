//! How uploading stands, for people and for metrics: plain values.

use std::time::Duration;

use store::event::EventId;

use crate::ledger::{Backlog, Stage};
use crate::wifi::Signal;

/// How uploading stands.
#[derive(Debug, Clone, PartialEq)]
pub struct UploadsView {
    /// Nothing is sent, because somebody wanted it so.
    pub paused: bool,
    /// Bytes a second that are allowed at present over all remotes; `None`: as fast as it goes.
    pub rate_limit: Option<u64>,
    /// Whether the hours of the day allow sending; `None`: they do not matter.
    pub in_window: Option<bool>,
    /// Level of the Wi-Fi signal in dBm, and what it means, where it is looked at and there is one.
    pub signal: Option<(i32, Signal)>,
    /// Each remote, in the order of the configuration.
    pub remotes: Vec<RemoteView>,
}

/// How one remote stands.
#[derive(Debug, Clone, PartialEq)]
pub struct RemoteView {
    /// Its name.
    pub name: String,
    /// `nightjar`, `legacy`, `s3`.
    pub kind: &'static str,
    /// What it is doing.
    pub state: RemoteState,
    /// Why it waits, while it does.
    pub waiting: Option<Waiting>,
    /// Until it goes on, where that is known.
    pub resumes_in: Option<Duration>,
    /// Bytes a second of late.
    pub rate: f64,
    /// Until all that is owed is there, at the rate of late; `None`: nothing is owed, or nobody knows.
    pub eta: Option<Duration>,
    /// Events under way.
    pub sending: Vec<EventId>,
    /// How far those are whose bytes go.
    pub under_way: Vec<UnderWay>,
    /// What is owed.
    pub backlog: Backlog,
    /// Since the program started.
    pub counts: Counts,
    /// What went wrong last, if nothing went well since.
    pub trouble: Option<String>,
}

/// How far one event is, of what goes to a remote now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnderWay {
    /// Its id.
    pub event: EventId,
    /// Its pictures or its clip.
    pub stage: Stage,
    /// Bytes of it that went out; in the middle of a clip those that the remote has already are among them.
    pub sent: u64,
    /// Bytes of all of it; 0 where that is not known.
    pub bytes: u64,
}

/// What happened to a remote's errands since the program started.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Bytes that went out, those of attempts that failed among them.
    pub bytes: u64,
    /// Attempts begun.
    pub attempts: u64,
    /// Attempts that brought their part there.
    pub sent: u64,
    /// Attempts that are to be repeated.
    pub again: u64,
    /// Attempts that were refused for good.
    pub refused: u64,
    /// Attempts that found no way to the remote.
    pub unreachable: u64,
    /// Attempts that were broken off from here.
    pub given_back: u64,
    /// Attempts in which the program itself was at fault.
    pub panics: u64,
}

/// What a remote is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RemoteState {
    /// Nothing is owed, or all that is owed waits for its own time.
    Idle,
    /// Something is under way.
    Sending,
    /// Something is owed and held back.
    Waiting,
}

impl RemoteState {
    /// As one word.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Idle => "idle",
            Self::Sending => "sending",
            Self::Waiting => "waiting",
        }
    }
}

/// Why a remote is held back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Waiting {
    /// Somebody wanted it so.
    Paused,
    /// The hours of the day.
    Window,
    /// The Wi-Fi signal is poor.
    Wifi,
    /// There is no way to it.
    Offline,
    /// It does not take our key.
    Denied,
    /// It failed several times in a row, or asked for a pause.
    BackOff,
    /// What is owed cannot be read: the disk is missing or faulty.
    Disk,
}

impl Waiting {
    /// As one word.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Paused => "paused",
            Self::Window => "window",
            Self::Wifi => "wifi",
            Self::Offline => "offline",
            Self::Denied => "denied",
            Self::BackOff => "back-off",
            Self::Disk => "disk",
        }
    }
}
