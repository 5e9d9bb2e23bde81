//! What goes wrong while something is recorded, and how it goes on: too slow, damaged, a disk that takes nothing.

use std::time::Duration;

use store::StoreError;
use store::event::State;

use super::{PATIENCE, Recorder};
use crate::Trouble;
use crate::counts::Fault;
use crate::pace::Level;

/// What could not be written is tried again after so long.
const AGAIN: Duration = Duration::from_secs(1);
/// Pictures in a row that cannot be encoded, after which they are copied.
const DAMAGED: u32 = 15;

impl Recorder {
    /// Something is given up to keep up; told once a step.
    pub(super) fn give_way(&mut self, before: Level) {
        if let Some(writing) = &mut self.writing {
            writing.degraded = true;
        }
        if before != self.pace.level() {
            let what = if self.pace.level() == Level::Half {
                "every second frame is left out"
            } else {
                "pictures are copied"
            };
            tracing::warn!(what, "the encoder cannot keep up with the camera");
        }
    }

    /// One picture that does not decode is left out; many in a row are copied as they are.
    pub(super) fn is_damaged(&mut self, error: &codec::CodecError) {
        self.damaged += 1;
        if self.damaged == 1 {
            tracing::warn!(%error, "failed to encode a picture; it is left out");
        }
        if self.damaged >= DAMAGED && !self.copies {
            self.copies = true;
            self.plan.ask_cut();
        }
        // Nothing was written yet: the part has no first frame, and begins anew with the next one.
        if self.plan.part().is_none()
            && let Some(writing) = self.writing.take()
        {
            writing.discard();
            self.with.counts.opened(None);
        }
    }

    /// The encoder in a child process failed in mid-clip: what it was given and did not give back is missing, and the event
    /// goes on in a next part, encoded here.
    pub(super) fn has_no_child(&mut self, error: &str) {
        tracing::warn!(
            error,
            "the encoder in a child process failed; this process encodes the rest of the event"
        );
        self.software = true;
        if let Some(writing) = &mut self.writing {
            writing.degraded = true;
        }
        self.finish_part(State::Whole);
        self.plan.cut();
    }

    /// The open part cannot be written: what is there of it is kept, and the event is tried again soon.
    pub(super) fn fail(&mut self, error: &Trouble) {
        let now = self.with.clock.monotonic();
        self.retry = Some(now + AGAIN);
        if self.with.counts.fault().is_none() {
            tracing::error!(%error, "nothing can be recorded just now; it is tried again each second");
        }
        self.with.counts.faulty(Some(fault(error)));
        let part = self.plan.part().copied();
        let saved = part.is_some() && self.writing.is_some();
        if saved {
            self.finish_part(State::Partial);
            self.with.counts.faulty(Some(fault(error)));
        } else if let Some(writing) = self.writing.take() {
            writing.discard();
        }
        self.plan.fail(saved);
        self.with.counts.opened(None);
        for waiting in self.waiting.drain(..) {
            waiting.try_send(None).unwrap_or_default();
        }
    }

    /// Between two tries of what could not be written. `false` at the end.
    pub(super) fn wait_to_retry(&mut self, at: Duration) -> bool {
        let now = self.with.clock.monotonic();
        if now < at {
            if let Ok(cue) = self.with.cues.recv_timeout((at - now).min(PATIENCE)) {
                self.hear(cue);
            }
            if self.over.is_some() || self.with.ring.is_closed() {
                self.with.counts.failed();
                self.retry = None;
                self.close(State::Partial);
            }
            return true;
        }
        self.retry = None;
        if let Some(begin) = self.plan.retry() {
            self.begin(begin);
        }
        true
    }
}

pub(super) fn fault(error: &Trouble) -> Fault {
    let (what, mend) = match error {
        Trouble::Store(StoreError::Full) => {
            ("The disk is full.", "Make room, or lower [retention] max_size or raise min_free.")
        }
        Trouble::Store(StoreError::ReadOnly) => {
            ("The disk lets nothing be written.", "Look at it with dmesg; a worn out card becomes read-only.")
        }
        Trouble::Store(StoreError::Missing(_)) => {
            ("The disk that holds the events is not there.", "Mount it; recording goes on by itself.")
        }
        _ => ("An event could not be written.", "The log says why; it is tried again each second."),
    };
    Fault { what: what.to_owned(), mend: mend.to_owned() }
}
