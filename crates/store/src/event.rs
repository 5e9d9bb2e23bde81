//! An event as it is kept: plain values, the same whether it was recorded, imported or rebuilt from its files.
//!
//! What does not belong here: how a row or a metadata file looks (`index`, `metadata`), and how it goes over the
//! wire (`archive`).

use std::time::Duration;

use frame::{Point, Rect, Size};
use jiff::Timestamp;

mod id;

pub use id::{EventId, NotAnId};

/// One event, whole.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// Never used twice; later ids are larger.
    pub id: EventId,
    /// The camera's id, `[a-z0-9-]`.
    pub camera: String,
    /// How it came to be.
    pub origin: Origin,
    /// How much of it there is.
    pub state: State,
    /// When the first frame of the clip was taken, by the wall clock: a label.
    pub started: Timestamp,
    /// Seconds that local time was ahead of UTC then.
    pub utc_offset: i32,
    /// From the first frame to the last one, by the monotonic clock.
    pub duration: Duration,
    /// From the first frame to the first one with motion; the pre-roll.
    pub lead: Duration,
    /// The boot that `mono` counts within; `None` for footage of elsewhere.
    pub boot: Option<String>,
    /// Since boot, when the first frame was taken; to stamp it anew once the clock is set.
    pub mono: Duration,
    /// Whether the wall clock was known to be right.
    pub clock_was_set: bool,
    /// Which part of a long event this is, from 1.
    pub part: u32,
    /// The first part, if this is a later one.
    pub part_of: Option<EventId>,
    /// What it was.
    pub verdict: Verdict,
    /// Why it fired, in a sentence.
    pub sentence: Option<String>,
    /// Pixels of its frames.
    pub size: Size,
    /// Frames in the clip.
    pub frames: u64,
    /// Frames between the first and the last that are not in the clip.
    pub missing: u64,
    /// Boxes of what moved, in pixels of the frames: the largest of each track, largest first, at most 16.
    pub regions: Vec<Rect>,
    /// Where the main mover's centre went, shares of the picture, oldest first, at most 64.
    pub trail: Vec<Point>,
    /// The clip, unless only pictures are left.
    pub clip: Option<Clip>,
    /// The pictures beside it.
    pub pictures: Pictures,
    /// Numbers that describe the movement.
    pub analysis: Option<Analysis>,
    /// How unlike anything before on this camera, 0 to 1.
    pub novelty: f32,
    /// Never deleted by retention.
    pub favourite: bool,
    /// Somebody's words.
    pub note: String,
    /// Whether somebody has looked at it.
    pub seen: bool,
    /// SHA-256 of the file it was imported from, to know it again.
    pub source_sha256: Option<[u8; 32]>,
    /// The id it had in the system it was imported from.
    pub source_id: Option<String>,
}

impl Event {
    /// When the last frame was taken: never before the first.
    #[must_use]
    pub fn ended(&self) -> Timestamp {
        self.started
            .checked_add(jiff::SignedDuration::try_from(self.duration).unwrap_or_default())
            .unwrap_or(self.started)
    }
}

/// How an event came to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Origin {
    /// Something moved.
    Motion,
    /// Somebody asked for it.
    Manual,
    /// From recorded footage.
    Import,
}

/// How much of an event there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum State {
    /// Everything.
    Whole,
    /// It was cut short by a crash, a power cut or a fault, and what had been written was saved.
    Partial,
    /// Retention took the clip; the pictures are left.
    Pictures,
}

/// What it was, and who says so.
#[derive(Debug, Clone, PartialEq)]
pub struct Verdict {
    /// `person`, `vehicle`, `animal`, `environment`, `unknown`.
    pub label: String,
    /// How likely, 0 to 1; 1 once a person has said it.
    pub confidence: f32,
    /// What else it may have been, likeliest first.
    pub alternatives: Vec<(String, f32)>,
    /// `left`, `right`, `up`, `down`, `towards`, `away`, `still`.
    pub direction: String,
    /// The label is a person's and not the detector's.
    pub by_person: bool,
}

/// What the file of a clip holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ClipCodec {
    /// Plays in every browser.
    H264,
    /// The camera's own JPEGs.
    Mjpeg,
}

/// The file of a clip.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Clip {
    /// Bytes.
    pub bytes: u64,
    /// Of the whole file.
    pub sha256: [u8; 32],
    /// What is in it.
    pub codec: ClipCodec,
    /// Something was given up because the encoder could not keep up: half the frames' rate, or H.264 itself.
    pub degraded: bool,
}

/// Which pictures lie beside the clip.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Pictures {
    /// The frame that shows most, whole.
    pub poster: bool,
    /// The mover alone, small.
    pub thumb: bool,
    /// The mover pasted along its path.
    pub trail: bool,
    /// Frames spread over the event, `thumb_0` and on.
    pub thumbnails: u32,
    /// Bytes of all of them together.
    pub bytes: u64,
}

/// One of an event's pictures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum PictureName {
    /// The frame that shows most, whole.
    Poster,
    /// The mover alone, small.
    Thumb,
    /// The mover pasted along its path.
    Trail,
    /// The frame of that number among those spread over the event.
    Thumbnail(u32),
}

impl PictureName {
    /// Its file within the event's folder.
    #[must_use]
    pub fn file_name(self) -> String {
        match self {
            Self::Poster => "poster.jpg".to_owned(),
            Self::Thumb => "thumb.jpg".to_owned(),
            Self::Trail => "trail.jpg".to_owned(),
            Self::Thumbnail(n) => format!("thumb_{n}.jpg"),
        }
    }
}

/// Numbers that describe the movement; what similar events are found by.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Analysis {
    /// Flow, pixels a second at the analysed size; angles in degrees, 0 to the right, counted to the lower edge.
    pub characteristics: Characteristics,
    /// How it changed over the event.
    pub temporal: Temporal,
    /// 8 × 8 cells × 8 directions of flow, row after row, summing to 1; empty if nothing flowed.
    pub histogram: Vec<f32>,
    /// Hexadecimal SHA-256 over all of the above, cut to 16 characters.
    pub signature_hash: String,
}

/// Statistics of the flow where something moved.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
#[expect(missing_docs, reason = "the names of `motion_characteristics` in metadata.json")]
pub struct Characteristics {
    pub mean_magnitude: f32,
    pub std_magnitude: f32,
    pub mean_angle: f32,
    pub angular_dispersion: f32,
    pub max_magnitude: f32,
    pub flow_complexity: f32,
    pub dominant_direction: f32,
}

/// How the flow changed over the event.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
#[expect(missing_docs, reason = "the names of `temporal_features` in metadata.json")]
pub struct Temporal {
    pub magnitude_trend: f32,
    pub magnitude_variability: f32,
    pub acceleration_mean: f32,
    pub acceleration_std: f32,
    pub direction_changes: u32,
    pub direction_stability: f32,
}

/// What moved at one moment of the clip; the file `track.json` holds them, oldest first.
#[derive(Debug, Clone, PartialEq)]
pub struct Moment {
    /// Since the first frame of the clip.
    pub at: Duration,
    /// Track, box in pixels of the frames, label.
    pub boxes: Vec<(u32, Rect, String)>,
    /// How much moved, 0 to 1 of the picture: what the strip below the player draws.
    pub motion: f32,
}
