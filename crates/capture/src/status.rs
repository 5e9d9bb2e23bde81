//! How a source is doing: published by its thread, read by anybody without a lock.

use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use frame::Stamp;
use tokio::sync::watch;

use crate::{Negotiated, Problem};

/// How a source is doing right now.
#[derive(Debug, Clone)]
pub struct SourceStatus {
    /// Opening, live, lost…
    pub state: State,
    /// Since when it is in that state; an outage counts from its first loss, however often it was tried since.
    pub since: Stamp,
    /// What was wrong last, while the source is lost and while it is opened again; gone with the first good picture.
    pub problem: Option<Problem>,
    /// What the source really gives; stays as it was while the source is lost.
    pub negotiated: Option<Negotiated>,
    /// Frames a second over the last two seconds; 0 unless live.
    pub measured_fps: f32,
    /// Since the camera was started.
    pub counters: Counters,
    /// When it is tried again, by the monotonic clock; only while lost.
    pub next_try: Option<Duration>,
    /// The first frame since the camera was started.
    pub first_frame: Option<Stamp>,
    /// The newest frame.
    pub last_frame: Option<Stamp>,
}

/// The state of a source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// Being opened, or open and without a picture yet.
    Opening,
    /// Gives pictures.
    Live,
    /// Gives none; will be opened again.
    Lost {
        /// Why, and what to do.
        problem: Problem,
    },
    /// A file that was played once, to its end.
    Ended,
    /// Told to stop.
    Stopped,
}

impl State {
    /// The word for it in APIs.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Opening => "opening",
            Self::Live => "live",
            Self::Lost { .. } => "lost",
            Self::Ended => "ended",
            Self::Stopped => "stopped",
        }
    }
}

/// What was counted since the camera was started.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counters {
    /// Frames that went into the ring.
    pub frames: u64,
    /// Bytes of their pictures.
    pub bytes: u64,
    /// JPEGs that were cut off, dropped.
    pub dropped_truncated: u64,
    /// JPEGs that cannot be passed on (too large, wrong kind, damaged), dropped.
    pub refused: u64,
    /// Pictures that could not be turned or masked as asked, dropped.
    pub unshaped: u64,
    /// Pictures that were turned by decoding and encoding them, since their sides hold no whole blocks.
    pub recoded: u64,
    /// Frames that the source itself skipped because this machine was too slow for it.
    pub skipped: u64,
    /// Times that the source was lost.
    pub lost: u64,
    /// Times that it was lost because it went silent.
    pub stalls: u64,
    /// Times that it was opened, or tried to be.
    pub opened: u64,
}

/// The thread's side of the status.
#[derive(Debug)]
pub(crate) struct Board {
    status: Arc<ArcSwap<SourceStatus>>,
    tick: watch::Sender<u64>,
    current: SourceStatus,
}

/// Everybody else's side.
#[derive(Debug)]
pub(crate) struct View {
    pub(crate) status: Arc<ArcSwap<SourceStatus>>,
    pub(crate) tick: watch::Receiver<u64>,
}

impl Board {
    pub(crate) fn new(now: Stamp) -> (Self, View) {
        let current = SourceStatus {
            state: State::Opening,
            since: now,
            problem: None,
            negotiated: None,
            measured_fps: 0.0,
            counters: Counters::default(),
            next_try: None,
            first_frame: None,
            last_frame: None,
        };
        let status = Arc::new(ArcSwap::from_pointee(current.clone()));
        let (tick, receiver) = watch::channel(0);
        (Self { status: status.clone(), tick, current }, View { status, tick: receiver })
    }

    /// Changes the status and publishes it; those who wait are woken only if they are to be.
    pub(crate) fn change(&mut self, wake: bool, change: impl FnOnce(&mut SourceStatus)) {
        change(&mut self.current);
        self.status.store(Arc::new(self.current.clone()));
        if wake {
            self.tick.send_modify(|tick| *tick += 1);
        }
    }

    /// The state right now.
    pub(crate) fn state(&self) -> &State {
        &self.current.state
    }

    /// Goes to another state and wakes everybody.
    pub(crate) fn enter(&mut self, state: State, now: Stamp, next_try: Option<Duration>) {
        self.change(true, |status| {
            let still_out = status.problem.is_some() && matches!(state, State::Lost { .. } | State::Opening);
            if status.state != state && !still_out {
                status.since = now;
            }
            if state != State::Live {
                status.measured_fps = 0.0;
            }
            status.problem = match &state {
                State::Lost { problem } => Some(problem.clone()),
                State::Opening => status.problem.take(),
                State::Live | State::Ended | State::Stopped => None,
            };
            status.state = state;
            status.next_try = next_try;
        });
    }
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use super::*;

    #[test]
    fn an_outage_counts_from_its_first_loss() {
        let at = |s| Stamp { mono: Duration::from_secs(s), wall: SystemTime::UNIX_EPOCH };
        let lost = || State::Lost { problem: Problem::new("refused", "It refuses.", "Switch it on.") };
        let (mut board, view) = Board::new(at(0));
        let since = |view: &View| view.status.load().since.mono.as_secs();
        board.enter(lost(), at(5), None);
        board.enter(State::Opening, at(6), None);
        board.enter(lost(), at(9), None);
        assert_eq!(since(&view), 5);
        board.enter(State::Live, at(20), None);
        board.enter(lost(), at(30), None);
        assert_eq!(since(&view), 30, "the next outage is another one");
    }
}
