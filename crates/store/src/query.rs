//! What may be asked of the store, and what it answers: plain values.
//!
//! What does not belong here: how the index finds it (`index`), and how it goes over the wire (`archive`).

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use jiff::civil::Date;

use crate::event::{Event, EventId, Origin, State};

mod cursor;

pub use cursor::{Cursor, NotACursor};

/// Most events a page may hold.
pub const MOST_A_PAGE: u32 = 200;

/// Most characters of a text that is searched for.
pub const MOST_TEXT: usize = 200;

/// Most characters of a note.
pub const MOST_NOTE: usize = 4_000;

/// Most bins of a timeline: a week of 5 minutes.
pub const MOST_BINS: u32 = 2_016;

/// Most of a timeline, days.
pub const MOST_SPAN_DAYS: u32 = 31;

/// Most days of an activity.
pub const MOST_DAYS: u32 = 366;

/// What an event may be called, the least worth keeping first.
pub const LABELS: [&str; 5] = ["environment", "unknown", "vehicle", "person", "animal"];

/// Which events are wanted; what is `None` is not asked about.
#[derive(Debug, Clone, PartialEq)]
pub struct Query {
    /// Of this camera.
    pub camera: Option<String>,
    /// That started then or later.
    pub from: Option<Timestamp>,
    /// That started before.
    pub to: Option<Timestamp>,
    /// With this label.
    pub label: Option<String>,
    /// Favourites, or all others.
    pub favourite: Option<bool>,
    /// That somebody has looked at, or nobody.
    pub seen: Option<bool>,
    /// That came to be so.
    pub origin: Option<Origin>,
    /// At least so long.
    pub min_length: Option<Duration>,
    /// With all of these words in note, label, camera or sentence, at most [`MOST_TEXT`] characters.
    pub text: Option<String>,
    /// In this order.
    pub order: Order,
    /// At most so many, 1 to [`MOST_A_PAGE`].
    pub limit: u32,
    /// Behind the page that gave this.
    pub cursor: Option<Cursor>,
}

impl Default for Query {
    /// The newest 50 of all.
    fn default() -> Self {
        Self {
            camera: None,
            from: None,
            to: None,
            label: None,
            favourite: None,
            seen: None,
            origin: None,
            min_length: None,
            text: None,
            order: Order::Newest,
            limit: 50,
            cursor: None,
        }
    }
}

/// Which end of the list comes first. Events that started in the same millisecond follow each other as they were
/// stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Order {
    /// The latest first.
    #[default]
    Newest,
    /// The earliest first.
    Oldest,
}

/// Some of the events that were asked for.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Page {
    /// In the order asked for, each without its `analysis`, which only asking for one event gives.
    pub events: Vec<Event>,
    /// Where the list goes on; `None` after its end. A page may hold fewer events than asked for, even none, and
    /// go on: so much is looked at for one page and no more.
    pub next: Option<Cursor>,
    /// Rows left out because they make no sense; each is in the log.
    pub skipped: u32,
}

/// A person's words about an event; what is `None` stays as it is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Change {
    /// One of [`LABELS`]; from then on it is a person's.
    pub label: Option<String>,
    /// Never deleted by retention.
    pub favourite: Option<bool>,
    /// At most [`MOST_NOTE`] characters.
    pub note: Option<String>,
    /// Whether somebody has looked at it.
    pub seen: Option<bool>,
}

/// A stretch of time, cut into bins of equal length.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Span {
    /// Start of the first bin.
    pub from: Timestamp,
    /// End of the last bin.
    pub to: Timestamp,
    /// Length of a bin, at least a second.
    pub bin: Duration,
    /// Of this camera only.
    pub camera: Option<String>,
}

/// When something happened before which camera.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Timeline {
    /// By id; cameras without an event are not in it.
    pub cameras: Vec<CameraBins>,
}

/// One camera's part of a [`Timeline`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CameraBins {
    /// The camera's id.
    pub camera: String,
    /// Events that started within the span.
    pub visits: u64,
    /// Those that are not empty, by time.
    pub bins: Vec<Bin>,
}

/// One bin of a [`Timeline`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bin {
    /// From 0.
    pub index: u32,
    /// For how long something moved in it; more than the bin's length if events overlapped.
    pub motion: Duration,
    /// Events that started in it.
    pub visits: u32,
}

/// How much happened by day and by hour, in the local time of each event.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Activity {
    /// Every day that was asked for, the earliest first.
    pub days: Vec<DayActivity>,
    /// Events of all these days by the hour they started in.
    pub hours: [u64; 24],
    /// Events of all these days.
    pub total: u64,
    /// Events of all times that nobody has looked at.
    pub unseen: u64,
}

/// One day of an [`Activity`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DayActivity {
    /// Which.
    pub date: Date,
    /// Events that started on it.
    pub visits: u64,
    /// The same by label, those that are not 0.
    pub by_label: BTreeMap<String, u64>,
    /// What they take on disk, bytes.
    pub bytes: u64,
}

/// How much there is of everything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Totals {
    /// Events.
    pub events: u64,
    /// Of them, favourites.
    pub favourites: u64,
    /// Of them, those that nobody has looked at.
    pub unseen: u64,
    /// Bytes of all clips.
    pub clip_bytes: u64,
    /// Bytes of all pictures.
    pub picture_bytes: u64,
    /// Bytes of the favourites' clips and pictures, within the two above.
    pub favourite_bytes: u64,
    /// The number of the latest change.
    pub change: u64,
}

/// An event that retention may take something from.
#[derive(Debug, Clone, PartialEq)]
pub struct Evictable {
    /// Which.
    pub id: EventId,
    /// The camera's id.
    pub camera: String,
    /// When it started, by the wall clock.
    pub started: Timestamp,
    /// Whether that clock was known to be right.
    pub clock_was_set: bool,
    /// What it was.
    pub label: String,
    /// A person said so.
    pub by_person: bool,
    /// 0 to 1.
    pub novelty: f32,
    /// Of the clip.
    pub duration: Duration,
    /// A remote has it.
    pub uploaded: bool,
    /// What is left of it.
    pub state: State,
    /// Of the clip; 0 if there is none.
    pub clip_bytes: u64,
    /// Of the pictures.
    pub picture_bytes: u64,
}

/// What was changed, told in order.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Changes {
    /// The oldest first.
    pub changes: Vec<Changed>,
    /// Some that were asked for are no longer known, so what the asker has may be wrong.
    pub gap: bool,
    /// The number of the latest change there is, in `changes` or beyond.
    pub newest: u64,
}

/// One change.
#[derive(Debug, Clone, PartialEq)]
pub struct Changed {
    /// Its number; later ones are larger.
    pub change: u64,
    /// What happened.
    pub kind: ChangeKind,
    /// To which event.
    pub id: EventId,
    /// The event as it is now; `None` if it was deleted, then or later.
    pub event: Option<Event>,
}

/// What happened to an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ChangeKind {
    /// It was finished.
    Ended,
    /// Something of it changed.
    Updated,
    /// It was deleted.
    Deleted,
}
