//! What judging comes to: regions, edges, and the reasons.

use std::time::Duration;

use frame::{Point, Rect};

/// What one field came to.
#[derive(Debug, Clone, PartialEq)]
pub struct Decision {
    /// Media time of the picture.
    pub at: Duration,
    /// Whether something moves that counts.
    pub motion: bool,
    /// What moves.
    pub regions: Vec<Region>,
    /// The ledger: everything that was looked at, with the value and the limit of every gate it met.
    pub candidates: Vec<CandidateReport>,
    /// An event began or ended with this picture. The two alternate, starting with a beginning.
    pub edge: Option<EventEdge>,
    /// What ended with this picture without ever having counted, though it lived long enough to be asked about.
    pub near_misses: Vec<NearMiss>,
}

/// Something that moves, in pixels of the source.
#[derive(Debug, Clone, PartialEq)]
pub struct Region {
    /// Number of its track: the same for the same thing as long as it is followed; never used again.
    pub track: u32,
    /// Where, inside the picture, never empty.
    pub rect: Rect,
    /// What it most likely is.
    pub label: Label,
    /// How likely that is, 0 to 1.
    pub confidence: f32,
    /// What else it may be, likeliest first; with `confidence` they sum to at most 1.
    pub alternatives: Vec<(Label, f32)>,
    /// Where it goes.
    pub direction: Direction,
    /// Where it was, as shares of the picture, oldest first, at most 64.
    pub trail: Vec<Point>,
}

/// What moves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Label {
    /// Someone on foot.
    Person,
    /// Something rigid that drives.
    Vehicle,
    /// An animal.
    Animal,
    /// Weather, plants, light.
    Environment,
    /// Not enough to say.
    Unknown,
}

impl Label {
    /// Its name on the wire.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Person => "person",
            Self::Vehicle => "vehicle",
            Self::Animal => "animal",
            Self::Environment => "environment",
            Self::Unknown => "unknown",
        }
    }
}

/// Where something goes, as seen in the picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Direction {
    /// To the left edge.
    Left,
    /// To the right edge.
    Right,
    /// To the upper edge.
    Up,
    /// To the lower edge.
    Down,
    /// It grows.
    Towards,
    /// It shrinks.
    Away,
    /// Nowhere.
    Still,
}

impl Direction {
    /// Its name on the wire.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Left => "left",
            Self::Right => "right",
            Self::Up => "up",
            Self::Down => "down",
            Self::Towards => "towards",
            Self::Away => "away",
            Self::Still => "still",
        }
    }
}

/// Which side of its limit a gate's value must be on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sense {
    /// Value ≥ limit passes.
    AtLeast,
    /// Value ≤ limit passes.
    AtMost,
}

/// One question asked of a candidate or its track, and the answer.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Gate {
    /// What was asked.
    pub name: &'static str,
    /// What was measured; finite.
    pub value: f32,
    /// What it was held against; finite.
    pub limit: f32,
    /// On which side it must be.
    pub sense: Sense,
    /// Whether it was.
    pub passed: bool,
}

/// Everything that was asked about one candidate of one picture.
#[derive(Debug, Clone, PartialEq)]
pub struct CandidateReport {
    /// Its track, if it was followed at all.
    pub track: Option<u32>,
    /// Where, in pixels of the source.
    pub rect: Rect,
    /// Whether its track counts as motion.
    pub counts: bool,
    /// The gates in the order they were asked; after the first gate of the candidate that fails no more are.
    pub gates: Vec<Gate>,
}

/// Something that was followed and never counted.
#[derive(Debug, Clone, PartialEq)]
pub struct NearMiss {
    /// Its track.
    pub track: u32,
    /// When it was first seen.
    pub from: Duration,
    /// When it was last seen.
    pub to: Duration,
    /// Where it was last, in pixels of the source.
    pub rect: Rect,
    /// The gate that held it back when it was closest.
    pub gate: Gate,
}

/// The beginning or the end of an event.
#[derive(Debug, Clone, PartialEq)]
pub enum EventEdge {
    /// Something began to move.
    Began {
        /// Media time of the picture it began with.
        at: Duration,
    },
    /// Nothing moved for the quiet gap, or detection was turned off.
    Ended(EventEnd),
}

/// An event as a whole.
#[derive(Debug, Clone, PartialEq)]
pub struct EventEnd {
    /// Media time of the first picture with motion.
    pub began: Duration,
    /// Media time of the last picture with motion.
    pub at: Duration,
    /// Shorter than [`Settings::min_duration`](crate::Settings::min_duration): not worth keeping.
    pub brief: bool,
    /// What it most likely was.
    pub label: Label,
    /// How likely that is, 0 to 1.
    pub confidence: f32,
    /// What else it may have been, likeliest first; with `confidence` they sum to at most 1.
    pub alternatives: Vec<(Label, f32)>,
    /// Where it went.
    pub direction: Direction,
    /// The moment worth showing.
    pub best: Best,
}

/// The moment of an event that shows most.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Best {
    /// Media time of the picture.
    pub at: Duration,
    /// Where to look, in pixels of the source.
    pub rect: Rect,
}
