//! What the recorder is told by those who decide: the detector, and people.
//!
//! The way there is bounded. An edge waits for room, since none may be lost; a sighting between two edges does not: the
//! next one says the same.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::Duration;

use frame::Frame;
use motion::{Decision, EventEnd, MotionField};
use store::GateRecord;
use store::event::EventId;

/// Cues that wait at the most.
const ROOM: usize = 64;

/// Something happened.
#[derive(Debug)]
pub enum Cue {
    /// Something moves in this frame.
    Moves(Box<Sight>),
    /// It is over.
    Rests(Rest),
    /// Somebody starts a recording; whoever waits is told which event it becomes part of.
    Start {
        /// When, by the monotonic clock of the frames.
        at: Duration,
        /// Told once: `None` if nothing is recorded.
        answer: SyncSender<Option<EventId>>,
    },
    /// Somebody stops it.
    Stop {
        /// When, by the monotonic clock of the frames.
        at: Duration,
        /// Told once: the event that this was part of, if there was one.
        answer: SyncSender<Option<EventId>>,
    },
    /// The detector has ended: there will be no more edges.
    Over,
}

/// A frame in which something moves.
#[derive(Debug, Clone)]
pub struct Sight {
    /// The frame that was judged.
    pub frame: Arc<Frame>,
    /// What was measured in it.
    pub field: MotionField,
    /// What was decided.
    pub decision: Decision,
    /// Why it fired, as far as that can be said.
    pub reason: Option<Arc<Reason>>,
}

/// Why something fired.
#[derive(Debug, Clone, PartialEq)]
pub struct Reason {
    /// In words.
    pub sentence: String,
    /// What each gate said.
    pub gates: Vec<GateRecord>,
}

/// The end of a movement.
#[derive(Debug, Clone)]
pub struct Rest {
    /// When the last frame with movement was taken, by the monotonic clock.
    pub last: Duration,
    /// What it was.
    pub end: EventEnd,
    /// Why it fired, in the words for what it was.
    pub sentence: Option<String>,
}

/// Tells one recorder; clone it freely.
#[derive(Debug, Clone)]
pub struct Cues {
    way: SyncSender<Cue>,
}

impl Cues {
    /// A way of telling, and its end for [`crate::Recorder`].
    #[must_use]
    pub fn new() -> (Self, Receiver<Cue>) {
        let (way, end) = sync_channel(ROOM);
        (Self { way }, end)
    }

    /// An edge, or what a person wants. Waits for room; `false` if nobody listens any more.
    pub fn tell(&self, cue: Cue) -> bool {
        self.way.send(cue).is_ok()
    }

    /// What a person wants, unless there is no room just now.
    pub fn try_tell(&self, cue: Cue) -> bool {
        self.way.try_send(cue).is_ok()
    }

    /// A sighting between two edges; left out if there is no room.
    pub fn sighted(&self, sight: Sight) {
        // A full way is no loss, and a closed one is told by the next edge.
        self.way.try_send(Cue::Moves(Box::new(sight))).unwrap_or_default();
    }
}
