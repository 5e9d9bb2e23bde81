//! What a camera's detection came to, published for whoever looks: the newest decision, the history, the hour.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use arc_swap::ArcSwap;
use bytes::Bytes;
use frame::{Frame, Stamp};
use motion::{Decision, EventEnd, Region};
use server::{Activity, HistoryEntry, MotionView, Why};
use tokio::sync::watch;

use super::activity::Log;

mod why;

pub(crate) use why::Reasons;

/// Entries of the history that scripts poll.
const HISTORY: usize = 50;
/// An entry stands for so long, so that the history spans minutes of movement and not the last five seconds of it.
const ENTRY: Duration = Duration::from_secs(1);

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
    /// When the newest entry began, by the monotonic clock.
    begun: Option<Duration>,
    published: Arc<[HistoryEntry]>,
    reasons: Reasons,
    version: u64,
}

impl Publisher {
    /// Publishes on `board`.
    pub(crate) fn new(board: Arc<Board>) -> Self {
        Self {
            board,
            history: VecDeque::new(),
            begun: None,
            published: Arc::from(Vec::new()),
            reasons: Reasons::default(),
            version: 0,
        }
    }

    /// A decision on a frame; what is told of the reasons.
    pub(crate) fn decided(&mut self, frame: &Frame, decision: &Decision) -> Option<Arc<Why>> {
        let stamp = frame.stamp();
        if decision.motion {
            self.remember(stamp, decision);
        }
        let why = self.reasons.decided(stamp, frame.size(), decision);
        {
            let mut log = self.board.log();
            log.decided(stamp, decision.motion, decision.near_misses.len());
            if let Some(main) = main_region(decision) {
                log.looks_like(stamp, main);
            }
            if let Some(why) = why.as_ref().filter(|why| why.fired) {
                log.explain(&why.sentence);
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
            why: why.clone(),
        }));
        self.board.wake();
        why
    }

    /// A visit begins.
    pub(crate) fn began(&mut self, at: Stamp, picture: Option<Bytes>) {
        let id = self.board.log().began(at, picture);
        tracing::info!(visit = id, "a visit begins");
        self.version += 1;
    }

    /// The open visit has ended; why it fired, in words.
    pub(crate) fn ended(&mut self, end: &EventEnd, at: SystemTime, picture: Option<Bytes>) -> Option<String> {
        let seconds = tenths(end.at.saturating_sub(end.began));
        tracing::info!(label = end.label.name(), seconds, brief = end.brief, "a visit ends");
        let why = self.reasons.sentence_as(end.label);
        self.board.log().ended(end, at, picture, why.clone());
        self.version += 1;
        why
    }

    /// One entry a second at the most: within it the last regions and the surest classification stand.
    fn remember(&mut self, now: Stamp, decision: &Decision) {
        let Some(main) = main_region(decision) else { return };
        let regions = decision.regions.iter().map(|region| region.rect).collect();
        let is_new = self.begun.is_none_or(|begun| now.mono < begun || now.mono >= begun + ENTRY);
        match self.history.back_mut().filter(|_| !is_new) {
            Some(last) => {
                last.regions = regions;
                if main.confidence > last.confidence {
                    last.label = main.label.name();
                    last.confidence = main.confidence;
                    last.alternatives = named(main);
                }
            }
            None => {
                self.begun = Some(now.mono);
                if self.history.len() == HISTORY {
                    self.history.pop_front();
                }
                self.history.push_back(HistoryEntry {
                    at: now.wall,
                    regions,
                    label: main.label.name(),
                    confidence: main.confidence,
                    alternatives: named(main),
                });
            }
        }
        self.published = self.history.iter().cloned().collect();
    }
}

/// Seconds to a tenth, as a log is read.
fn tenths(span: Duration) -> f64 {
    (span.as_secs_f64() * 10.0).round() / 10.0
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

#[cfg(test)]
mod tests {
    use super::*;
    use frame::Rect;
    use motion::{Direction, Label};

    fn moving(x: u32, label: Label, confidence: f32) -> Decision {
        let region = Region {
            track: 1,
            rect: Rect::new(x, 0, 10, 10),
            label,
            confidence,
            alternatives: Vec::new(),
            direction: Direction::Left,
            trail: Vec::new(),
        };
        Decision {
            at: Duration::ZERO,
            motion: true,
            regions: vec![region],
            candidates: Vec::new(),
            edge: None,
            near_misses: Vec::new(),
        }
    }

    fn at(ms: u64) -> Stamp {
        let mono = Duration::from_millis(ms);
        Stamp { mono, wall: SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000) + mono }
    }

    #[test]
    fn the_history_has_an_entry_a_second_with_the_last_regions_and_the_surest_label() {
        let mut publisher = Publisher::new(Arc::new(Board::new()));
        publisher.remember(at(0), &moving(1, Label::Unknown, 0.2));
        publisher.remember(at(400), &moving(2, Label::Animal, 0.8));
        publisher.remember(at(900), &moving(3, Label::Person, 0.4));
        publisher.remember(at(1_000), &moving(4, Label::Person, 0.4));
        let told: Vec<_> =
            publisher.published.iter().map(|it| (it.at, it.regions[0].x, it.label, it.confidence)).collect();
        assert_eq!(told, [(at(0).wall, 3, "animal", 0.8), (at(1_000).wall, 4, "person", 0.4)]);
    }

    #[test]
    fn a_minute_of_movement_leaves_the_newest_fifty_seconds_of_it() {
        let mut publisher = Publisher::new(Arc::new(Board::new()));
        for ms in (0..60_000).step_by(100) {
            publisher.remember(at(ms), &moving(1, Label::Animal, 0.5));
        }
        let told = &publisher.published;
        assert_eq!((told.len(), told[0].at, told[49].at), (50, at(10_000).wall, at(59_000).wall));
    }

    #[test]
    fn seconds_are_written_as_they_are_read() {
        assert_eq!(tenths(Duration::from_micros(4_800_012)).to_string(), "4.8");
    }
}
