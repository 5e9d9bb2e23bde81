//! What a camera's detection came to, published for whoever looks: the newest decision, the history, the hour.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use arc_swap::ArcSwap;
use bytes::Bytes;
use frame::{Frame, Stamp};
use motion::{Decision, EventEnd, Region};
use server::{Activity, HistoryEntry, MotionView};
use tokio::sync::watch;

use super::activity::Log;

/// Entries of the history that scripts poll.
const HISTORY: usize = 50;

/// Written by the detect thread, read by anybody.
#[derive(Debug)]
pub(crate) struct Board {
    view: ArcSwap<MotionView>,
    log: Mutex<Log>,
    tick: watch::Sender<u64>,
}

impl Board {
    /// Nothing has been seen yet.
    pub(crate) fn new() -> Self {
        Self {
            view: ArcSwap::from_pointee(MotionView::empty()),
            log: Mutex::default(),
            tick: watch::Sender::new(0),
        }
    }

    /// The newest decision.
    pub(crate) fn view(&self) -> Arc<MotionView> {
        self.view.load_full()
    }

    /// The hour before `now`.
    pub(crate) fn hour(&self, now: Stamp) -> Activity {
        self.log().hour(now)
    }

    /// A visit's picture.
    pub(crate) fn picture(&self, id: u64) -> Option<Bytes> {
        self.log().picture(id)
    }

    /// Ticks with every decision and with [`Self::wake`].
    pub(crate) fn changes(&self) -> watch::Receiver<u64> {
        self.tick.subscribe()
    }

    /// Wakes whoever waits for changes.
    pub(crate) fn wake(&self) {
        self.tick.send_modify(|tick| *tick += 1);
    }

    fn log(&self) -> MutexGuard<'_, Log> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The detect thread's side: keeps the history and publishes.
#[derive(Debug)]
pub(crate) struct Publisher {
    board: Arc<Board>,
    history: VecDeque<HistoryEntry>,
    published: Arc<[HistoryEntry]>,
    version: u64,
}

impl Publisher {
    /// Publishes on `board`.
    pub(crate) fn new(board: Arc<Board>) -> Self {
        Self { board, history: VecDeque::new(), published: Arc::from(Vec::new()), version: 0 }
    }

    /// A decision on a frame.
    pub(crate) fn decided(&mut self, frame: &Frame, decision: &Decision) {
        let stamp = frame.stamp();
        if decision.motion {
            self.remember(stamp.wall, decision);
        }
        {
            let mut log = self.board.log();
            log.decided(stamp, decision.motion, decision.near_misses.len());
            if let Some(main) = main_region(decision) {
                log.looks_like(main.label.name(), main.confidence, main.direction.name());
            }
        }
        self.board.view.store(Arc::new(MotionView {
            seq: frame.seq(),
            at: stamp.wall,
            size: frame.size(),
            detected: decision.motion,
            regions: decision.regions.iter().map(region).collect(),
            history: self.published.clone(),
            activity_version: self.version,
        }));
        self.board.wake();
    }

    /// A visit begins.
    pub(crate) fn began(&mut self, at: Stamp, picture: Option<Bytes>) {
        let id = self.board.log().began(at, picture);
        tracing::info!(visit = id, "a visit begins");
        self.version += 1;
    }

    /// The open visit has ended.
    pub(crate) fn ended(&mut self, end: &EventEnd, at: SystemTime, picture: Option<Bytes>) {
        let seconds = end.at.saturating_sub(end.began).as_secs_f32();
        tracing::info!(label = end.label.name(), seconds, brief = end.brief, "a visit ends");
        self.board.log().ended(end, at, picture);
        self.version += 1;
    }

    fn remember(&mut self, at: SystemTime, decision: &Decision) {
        let Some(main) = main_region(decision) else { return };
        if self.history.len() == HISTORY {
            self.history.pop_front();
        }
        self.history.push_back(HistoryEntry {
            at,
            regions: decision.regions.iter().map(|region| region.rect).collect(),
            label: main.label.name(),
            confidence: main.confidence,
            alternatives: named(main),
        });
        self.published = self.history.iter().cloned().collect();
    }
}

/// The largest mover stands for the picture.
pub(crate) fn main_region(decision: &Decision) -> Option<&Region> {
    decision.regions.iter().max_by_key(|region| region.rect.area())
}

fn region(it: &Region) -> server::Region {
    server::Region {
        track: it.track,
        rect: it.rect,
        label: it.label.name(),
        confidence: it.confidence,
        alternatives: named(it),
        direction: it.direction.name(),
        trail: it.trail.clone(),
    }
}

fn named(it: &Region) -> Vec<(&'static str, f32)> {
    it.alternatives.iter().map(|(label, share)| (label.name(), *share)).collect()
}
