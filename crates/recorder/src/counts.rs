//! What a recorder counts, and how it is: read from the side, from any thread.

use std::sync::atomic::{AtomicU64, Ordering};

use arc_swap::ArcSwapOption;
use store::event::EventId;

/// One recorder's. Every number only ever grows.
#[derive(Debug, Default)]
pub struct Counts {
    whole: AtomicU64,
    partial: AtomicU64,
    discarded: AtomicU64,
    failed: AtomicU64,
    frames: AtomicU64,
    missing: AtomicU64,
    degraded: AtomicU64,
    bytes: AtomicU64,
    encode_us: AtomicU64,
    open: ArcSwapOption<EventId>,
    fault: ArcSwapOption<Fault>,
}

/// Why nothing is recorded just now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// What happened, a whole sentence.
    pub what: String,
    /// The one thing to do about it, a whole sentence.
    pub mend: String,
}

/// The numbers at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tally {
    /// Events that were kept as they were meant.
    pub whole: u64,
    /// Events of which only a part could be kept.
    pub partial: u64,
    /// What was too short to be an event.
    pub discarded: u64,
    /// Events that were given up because they could not be written.
    pub failed: u64,
    /// Frames that were written.
    pub frames: u64,
    /// Frames that are missing from clips: they were overwritten, or left out to keep up.
    pub missing: u64,
    /// Clips for which something was given up to keep up.
    pub degraded: u64,
    /// Bytes of finished clips.
    pub bytes: u64,
    /// Time that frames took to be encoded.
    pub encode_us: u64,
}

fn add(counter: &AtomicU64, by: u64) {
    counter.fetch_add(by, Ordering::Relaxed);
}

impl Counts {
    /// As it stands.
    #[must_use]
    pub fn tally(&self) -> Tally {
        let get = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Tally {
            whole: get(&self.whole),
            partial: get(&self.partial),
            discarded: get(&self.discarded),
            failed: get(&self.failed),
            frames: get(&self.frames),
            missing: get(&self.missing),
            degraded: get(&self.degraded),
            bytes: get(&self.bytes),
            encode_us: get(&self.encode_us),
        }
    }

    /// The event that is being recorded.
    #[must_use]
    pub fn open(&self) -> Option<EventId> {
        self.open.load().as_deref().copied()
    }

    /// Why nothing is recorded, while that is so.
    #[must_use]
    pub fn fault(&self) -> Option<Fault> {
        self.fault.load().as_deref().cloned()
    }

    pub(crate) fn opened(&self, id: Option<EventId>) {
        self.open.store(id.map(Into::into));
    }

    pub(crate) fn faulty(&self, fault: Option<Fault>) {
        self.fault.store(fault.map(Into::into));
    }

    pub(crate) fn kept(&self, is_whole: bool, bytes: u64, degraded: bool) {
        add(if is_whole { &self.whole } else { &self.partial }, 1);
        add(&self.bytes, bytes);
        add(&self.degraded, degraded.into());
    }

    pub(crate) fn discarded(&self) {
        add(&self.discarded, 1);
    }

    pub(crate) fn failed(&self) {
        add(&self.failed, 1);
    }

    pub(crate) fn encoded(&self, took: std::time::Duration) {
        add(&self.frames, 1);
        add(&self.encode_us, u64::try_from(took.as_micros()).unwrap_or(u64::MAX));
    }

    pub(crate) fn missed(&self, frames: u64) {
        add(&self.missing, frames);
    }
}
