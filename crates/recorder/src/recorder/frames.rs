//! Where the frames of an event come from: those of before it, the one that was held back, then the ring.

use std::sync::Arc;
use std::time::Duration;

use frame::{Frame, FrameSeq, ReadError};
use store::event::State;

use super::{PATIENCE, Recorder};
use crate::plan::Begin;

/// At the end so much is spent on frames that wait; what is left of them is not in the event.
const DRAIN: Duration = Duration::from_millis(600);

impl Recorder {
    /// The frames of the event come next.
    pub(super) fn begin(&mut self, begin: Begin) {
        let frames = self.with.ring.since(begin.since, begin.after);
        let next = frames.last().map_or_else(|| self.with.ring.stats().newest, |last| last.seq()) + 1;
        self.before = frames.into();
        self.held = None;
        self.reader = Some(self.with.ring.reader_from(next));
    }

    /// The next frame that may be shown, or nothing just now.
    pub(super) fn next_frame(&mut self) -> Option<Arc<Frame>> {
        let floor = self.with.ring.floor();
        self.take_back(floor);
        if (self.with.is_ending)() && self.with.ring.is_closed() {
            let now = self.with.clock.monotonic();
            if now.saturating_sub(*self.closed.get_or_insert(now)) > DRAIN {
                tracing::warn!("the end came before all frames of an event were written");
                self.last_words();
                return None;
            }
        }
        while let Some(frame) = self.held.take().or_else(|| self.before.pop_front()) {
            if frame.seq() >= floor {
                return Some(frame);
            }
        }
        match self.reader.as_mut()?.next(PATIENCE) {
            Ok(frame) if frame.seq() >= floor => Some(frame),
            Ok(_) => None,
            Err(ReadError::Lagged(lagged)) => {
                tracing::warn!(
                    frames = lagged.missed,
                    "frames were overwritten before they could be recorded"
                );
                None
            }
            Err(ReadError::TimedOut) => {
                if (self.with.is_lost)() {
                    tracing::info!("the camera is lost in the middle of an event");
                    self.close(State::Partial);
                }
                None
            }
            Err(ReadError::Closed) => {
                self.last_words();
                None
            }
        }
    }

    /// What nobody is to see any more is no part of an event either.
    pub(super) fn take_back(&mut self, floor: FrameSeq) {
        if self.plan.part().is_some_and(|part| part.first.seq < floor)
            && let Some(writing) = self.writing.take()
        {
            tracing::info!(event = %writing.id(), "a mask was set: what was recorded before it is thrown away");
            writing.discard();
            self.plan.take_back();
            self.early.clear();
        }
    }

    /// Frames a second, as the ring has them.
    pub(super) fn rate(&self) -> f32 {
        let frames = self.with.ring.last(Duration::from_secs(3));
        let (Some(first), Some(last)) = (frames.first(), frames.last()) else { return 15.0 };
        let span = last.stamp().mono.saturating_sub(first.stamp().mono).as_secs_f32();
        #[expect(clippy::cast_precision_loss, reason = "some hundred frames")]
        let gaps = (frames.len() - 1) as f32;
        if span > 0.0 && gaps > 0.0 { (gaps / span).clamp(1.0, 60.0) } else { 15.0 }
    }
}
