//! A camera's recorder, as the server sees it and as a person steers it.

use std::sync::Arc;
use std::sync::mpsc::sync_channel;
use std::time::Duration;

use arc_swap::ArcSwap;
use recorder::{Counts, Cue, Cues, Settings};
use server::{RecordAction, RecordRefused, RecordingState, RecordingView, StorageCheck};
use store::StoreState;
use store::event::EventId;

use super::vitals::Beat;

/// A recorder that has nothing to say within this is taken to have no event.
const ANSWER: Duration = Duration::from_secs(2);

/// One camera's.
#[derive(Debug)]
pub(crate) struct Tape {
    /// The way to it.
    pub(crate) cues: Cues,
    /// What it goes by.
    pub(crate) settings: Arc<ArcSwap<Settings>>,
    /// What it counts.
    pub(crate) counts: Arc<Counts>,
    /// Its thread's.
    pub(crate) beat: Arc<Beat>,
}

impl Tape {
    /// Tells it, and waits for what event comes of it.
    pub(crate) fn record(
        &self,
        action: RecordAction,
        at: Duration,
        delivers: bool,
    ) -> Result<Option<EventId>, RecordRefused> {
        if !self.settings.load().enabled {
            return Err(RecordRefused::Off);
        }
        if action == RecordAction::Start && !delivers {
            return Err(RecordRefused::NoPictures);
        }
        let (answer, told) = sync_channel(1);
        let cue = match action {
            RecordAction::Start => Cue::Start { at, answer },
            RecordAction::Stop => Cue::Stop { at, answer },
        };
        if !self.cues.try_tell(cue) {
            return Err(RecordRefused::Busy);
        }
        Ok(told.recv_timeout(ANSWER).ok().flatten())
    }

    /// How it is.
    pub(crate) fn view(&self) -> RecordingView {
        let tally = self.counts.tally();
        let event = self.counts.open();
        let fault = self.counts.fault();
        let state = match (&fault, event) {
            (Some(_), _) => RecordingState::Failing,
            (None, Some(_)) => RecordingState::Recording,
            (None, None) if self.settings.load().enabled => RecordingState::Ready,
            (None, None) => RecordingState::Off,
        };
        RecordingView {
            state,
            event,
            problem: fault.map(|it| server::Problem { code: "not_recorded", what: it.what, mend: it.mend }),
            events: vec![
                ("whole", tally.whole),
                ("partial", tally.partial),
                ("discarded", tally.discarded),
                ("failed", tally.failed),
            ],
            frames: tally.frames,
            missing: tally.missing,
            degraded: tally.degraded,
            bytes: tally.bytes,
            encode_ms: tally.encode_us / 1000,
        }
    }
}

/// The store's state in the server's words.
pub(crate) fn check(state: &StoreState) -> StorageCheck {
    let told = |code, problem: &store::Problem| {
        Some(server::Problem { code, what: problem.what.clone(), mend: problem.mend.clone() })
    };
    match state {
        StoreState::Ok => StorageCheck { state: "ok", problem: None },
        StoreState::Degraded(problem) => {
            StorageCheck { state: "degraded", problem: told("storage_degraded", problem) }
        }
        StoreState::Missing(problem) => {
            StorageCheck { state: "missing", problem: told("storage_missing", problem) }
        }
    }
}
