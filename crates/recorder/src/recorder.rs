//! The thread `record:<camera>`: takes cues and frames as they come, asks the plan, and writes.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender};
use std::time::Duration;

use arc_swap::ArcSwap;
use frame::{Clock, Frame, Reader, Ring};
use store::Store;
use store::event::{EventId, State};

use crate::counts::Counts;
use crate::cue::{Cue, Rest, Sight};
use crate::encode::{Make, make};
use crate::novelty::Memory;
use crate::pace::Pace;
use crate::pictures::Darkroom;
use crate::plan::{Plan, Rules, Seen, Take};
use crate::writing::Writing;
use crate::{Settings, Trouble};

mod cues;
mod frames;
mod part;
#[cfg(test)]
mod tests;
mod trouble;

/// A wait for a frame or a cue comes back after so long.
const PATIENCE: Duration = Duration::from_millis(100);
/// While nothing is recorded the thread comes round so often.
const IDLE: Duration = Duration::from_secs(1);

/// What a recorder needs.
pub struct Setup {
    /// The camera's id.
    pub camera: String,
    /// Its frames.
    pub ring: Ring,
    /// Where events go.
    pub store: Store,
    /// How they are recorded; a change holds at once.
    pub settings: Arc<ArcSwap<Settings>>,
    /// What happens.
    pub cues: Receiver<Cue>,
    /// The clock that frames are stamped with.
    pub clock: Arc<dyn Clock>,
    /// Whether the camera delivers nothing and is not expected to at once.
    pub is_lost: Box<dyn Fn() -> bool + Send>,
    /// Whether the process is about to end, and only moments are left; a file that has been played to its end is no such
    /// haste.
    pub is_ending: Box<dyn Fn() -> bool + Send>,
    /// Called each time the thread comes round.
    pub beat: Box<dyn Fn() + Send>,
    /// What it counts.
    pub counts: Arc<Counts>,
}

impl std::fmt::Debug for Setup {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Setup").field("camera", &self.camera).finish_non_exhaustive()
    }
}

/// One camera's recorder.
pub struct Recorder {
    with: Setup,
    make: Make,
    plan: Plan,
    room: Darkroom,
    memory: Memory,
    pace: Pace,
    reader: Option<Reader>,
    /// Frames of before the event, out of the ring already.
    before: VecDeque<Arc<Frame>>,
    /// Shown to the plan, and held back.
    held: Option<Arc<Frame>>,
    writing: Option<Writing>,
    /// The first part of the open event.
    part_of: Option<EventId>,
    rest: Option<Rest>,
    early: VecDeque<Sight>,
    later: VecDeque<Cue>,
    waiting: Vec<SyncSender<Option<EventId>>>,
    /// When what failed is tried again.
    retry: Option<Duration>,
    damaged: u32,
    copies: bool,
    /// The encoder in a child process failed within this event.
    software: bool,
    over: Option<Duration>,
    /// When the ring was first found closed at the end of the process.
    closed: Option<Duration>,
}

impl std::fmt::Debug for Recorder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Recorder").field("with", &self.with).field("plan", &self.plan).finish_non_exhaustive()
    }
}

impl Recorder {
    /// Ready to run.
    ///
    /// # Errors
    /// When the JPEG library has no memory.
    pub fn new(with: Setup) -> Result<Self, Trouble> {
        Self::with_encoders(with, Box::new(make))
    }

    pub(crate) fn with_encoders(with: Setup, make: Make) -> Result<Self, Trouble> {
        let plan = Plan::new(rules(&with.settings.load()));
        Ok(Self {
            with,
            make,
            plan,
            room: Darkroom::new()?,
            memory: Memory::default(),
            pace: Pace::default(),
            reader: None,
            before: VecDeque::new(),
            held: None,
            writing: None,
            part_of: None,
            rest: None,
            early: VecDeque::new(),
            later: VecDeque::new(),
            waiting: Vec::new(),
            retry: None,
            damaged: 0,
            copies: false,
            software: false,
            over: None,
            closed: None,
        })
    }

    /// Records until the ring is closed and what was open is finished.
    pub fn run(mut self) {
        self.memory.recall(&self.with.store, &self.with.camera);
        loop {
            (self.with.beat)();
            self.plan.set(rules(&self.with.settings.load()));
            while let Ok(cue) = self.with.cues.try_recv() {
                self.hear(cue);
            }
            let goes_on = if self.plan.is_open() { self.step() } else { self.rest() };
            if !goes_on {
                break;
            }
        }
        self.with.counts.opened(None);
    }

    /// Nothing is open: waits for something to happen. `false` at the end.
    fn rest(&mut self) -> bool {
        let is_over = self.over.is_some() || self.with.ring.is_closed();
        match self.with.cues.recv_timeout(if is_over { PATIENCE } else { IDLE }) {
            Ok(cue) => self.hear(cue),
            Err(RecvTimeoutError::Disconnected) => return false,
            Err(RecvTimeoutError::Timeout) if is_over => return false,
            Err(RecvTimeoutError::Timeout) => {}
        }
        // Whoever came after the end waits for nothing.
        self.over.is_none() || self.plan.is_open()
    }

    /// An event is open: the next frame, or what there is to wait for. `false` at the end.
    fn step(&mut self) -> bool {
        if let Some(at) = self.retry {
            return self.wait_to_retry(at);
        }
        if !self.with.settings.load().enabled {
            self.close(State::Whole);
            return true;
        }
        let Some(frame) = self.next_frame() else { return true };
        let seen = Seen { seq: frame.seq(), mono: frame.stamp().mono, size: frame.size() };
        match self.plan.look(seen) {
            Take::Hold => {
                self.held = Some(frame);
                self.wait_for_cue();
            }
            Take::Append => self.append(&frame, seen),
            Take::Cut => {
                self.held = Some(frame);
                self.finish_part(State::Whole);
                self.plan.cut();
                // What has come to rest belongs to the part that it was in.
                self.rest = None;
            }
            Take::Finish(end) => {
                self.end(end, State::Whole);
                self.plan.finished();
                self.go_on();
            }
        }
        true
    }
}

fn rules(settings: &Settings) -> Rules {
    Rules {
        pre_roll: settings.pre_roll,
        post_roll: settings.post_roll,
        max_duration: settings.max_duration,
        event_gap: settings.event_gap,
    }
}
