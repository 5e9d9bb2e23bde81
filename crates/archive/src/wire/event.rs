//! One event over the wire.

use jiff::tz::Offset;
use serde::Serialize;
use store::event::{ClipCodec, Event, Origin, PictureName, State, Verdict};
use store::outbox::{ErrandState, ErrandView, Stage};
use utoipa::ToSchema;
use web::shape;

use super::schema;
use super::time::{rfc3339, seconds, share};

/// Something that was recorded, or is being recorded.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Event)]
pub(crate) struct EventWire {
    /// 26 letters and digits; a later event has a larger one.
    #[schema(example = "01KAGW3M6J9Z0T4V8Q2X5Y7B1C")]
    id: String,
    /// The camera's id.
    camera: String,
    #[schema(schema_with = schema::origin)]
    origin: &'static str,
    /// `partial`: a power cut or a fault ended it early, and what was written was saved; `pictures`: retention took
    /// the clip.
    #[schema(schema_with = schema::state)]
    state: &'static str,
    /// When its first frame was taken.
    #[schema(schema_with = shape::time)]
    start_time: String,
    /// When its last frame was taken; null while it is recorded.
    #[schema(schema_with = shape::time_or_null, required)]
    end_time: Option<String>,
    /// Seconds from the first frame to the last one.
    duration_s: f64,
    /// Seconds from the first frame to the first one with motion.
    lead_s: f64,
    /// Which part of a long event this is, from 1.
    part: u32,
    /// The first part's id, if this is a later one.
    #[schema(required)]
    part_of: Option<String>,
    #[schema(schema_with = schema::label)]
    label: String,
    /// How sure the label is.
    #[schema(schema_with = shape::share)]
    confidence: f64,
    /// What else it may have been, likeliest first.
    alternatives: Vec<AlternativeWire>,
    #[schema(schema_with = schema::label_by)]
    label_by: &'static str,
    /// Where it went, as seen in the picture.
    direction: String,
    /// Why it fired, in words.
    #[schema(required)]
    sentence: Option<String>,
    size: SizeWire,
    /// Frames in the clip.
    frames: u64,
    /// Frames between the first and the last that could not be had.
    missing: u64,
    /// Boxes of what moved, `[x, y, width, height]` in pixels, the largest first.
    regions: Vec<[u32; 4]>,
    /// Where the mover's centre went, `[x, y]` in shares of the picture, oldest first.
    trail: Vec<[f64; 2]>,
    /// Null once retention took it, and while there is none yet.
    #[schema(required)]
    clip: Option<ClipWire>,
    pictures: PicturesWire,
    /// How unlike anything before on this camera.
    #[schema(schema_with = shape::share)]
    novelty: f64,
    /// Kept whatever happens.
    favourite: bool,
    /// Somebody's words.
    note: String,
    /// Whether somebody has looked at it.
    seen: bool,
    /// Of all its files.
    bytes: u64,
    /// Whether the clock was known to be right when it was recorded.
    clock_was_set: bool,
    /// How it stands with each remote; left out in the stream of events, and where nothing is sent from.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    uploads: Option<Vec<UploadWire>>,
}

/// An event on its way to one remote.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = EventUpload)]
pub(crate) struct UploadWire {
    /// The remote's name.
    remote: String,
    /// `owed`: it waits for its turn; `sending`; `failed`: it was refused and waits for somebody to try it again; `done`.
    #[schema(schema_with = schema::errand_state)]
    state: &'static str,
    /// Which part is owed, pictures before clips; once it is done, the last one.
    #[schema(schema_with = schema::errand_stage)]
    stage: &'static str,
    /// Attempts at this part that came to nothing.
    attempts: u32,
    /// Of what the last one failed.
    #[schema(required)]
    why: Option<String>,
    /// When the last of it was there.
    #[schema(schema_with = shape::time_or_null, required)]
    done_at: Option<String>,
}

impl UploadWire {
    fn of(errand: &ErrandView) -> Self {
        Self {
            remote: errand.remote.clone(),
            state: errand_state(errand.state),
            stage: errand_stage(errand.stage),
            attempts: errand.attempts,
            why: errand.why.clone(),
            done_at: errand.done_at.map(|at| at.display_with_offset(Offset::UTC).to_string()),
        }
    }
}

/// The word for how an errand stands.
#[must_use]
pub fn errand_state(state: ErrandState) -> &'static str {
    match state {
        ErrandState::Owed => "owed",
        ErrandState::Sending => "sending",
        ErrandState::Failed => "failed",
        ErrandState::Done => "done",
    }
}

/// The word for the part of an event that is owed.
#[must_use]
pub fn errand_stage(stage: Stage) -> &'static str {
    match stage {
        Stage::Pictures => "pictures",
        Stage::Clip => "clip",
    }
}

/// Something that it may have been.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Alternative)]
pub(crate) struct AlternativeWire {
    #[schema(schema_with = schema::label)]
    label: String,
    #[schema(schema_with = shape::share)]
    confidence: f64,
}

/// Pixels.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PictureSize)]
struct SizeWire {
    width: u32,
    height: u32,
}

/// The clip's file.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Clip)]
struct ClipWire {
    bytes: u64,
    /// Hexadecimal, of the whole file; the same as its `ETag`.
    sha256: String,
    /// `h264` plays in every browser; of `mjpeg` the frames can be had one by one.
    #[schema(schema_with = schema::codec)]
    codec: &'static str,
    /// Frames or H.264 were given up because the encoder could not keep up.
    degraded: bool,
    /// Its path.
    url: String,
}

/// Paths of its pictures, null for what there is none of.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = EventPictures)]
struct PicturesWire {
    /// The frame that shows most.
    #[schema(required)]
    poster: Option<String>,
    /// The mover alone.
    #[schema(required)]
    thumb: Option<String>,
    /// The mover pasted along its path.
    #[schema(required)]
    trail: Option<String>,
    /// Frames spread over the event.
    thumbnails: Vec<String>,
}

impl EventWire {
    /// An event that is over.
    pub(crate) fn of(event: &Event) -> Self {
        let state = match event.state {
            State::Whole => "whole",
            State::Partial => "partial",
            State::Pictures => "pictures",
        };
        Self::with(event, state, true)
    }

    /// With what is owed of it, among others, to the remotes; `None` where nothing is sent from.
    pub(crate) fn with_uploads(mut self, errands: Option<&[ErrandView]>) -> Self {
        self.uploads = errands.map(|errands| {
            errands.iter().filter(|errand| errand.event.to_string() == self.id).map(UploadWire::of).collect()
        });
        self
    }

    /// One that goes on.
    pub(crate) fn recording(event: &Event) -> Self {
        Self::with(event, "recording", false)
    }

    fn with(event: &Event, state: &'static str, is_over: bool) -> Self {
        let verdict = &event.verdict;
        Self {
            id: event.id.to_string(),
            camera: event.camera.clone(),
            origin: origin(event.origin),
            state,
            start_time: rfc3339(event.started, event.utc_offset),
            end_time: is_over.then(|| rfc3339(event.ended(), event.utc_offset)),
            duration_s: seconds(event.duration),
            lead_s: seconds(event.lead),
            part: event.part,
            part_of: event.part_of.map(|id| id.to_string()),
            label: verdict.label.clone(),
            confidence: share(verdict.confidence),
            alternatives: AlternativeWire::all(verdict),
            label_by: if verdict.by_person { "person" } else { "detector" },
            direction: verdict.direction.clone(),
            sentence: event.sentence.clone(),
            size: SizeWire { width: event.size.width, height: event.size.height },
            frames: event.frames,
            missing: event.missing,
            regions: event.regions.iter().map(|r| [r.x, r.y, r.w, r.h]).collect(),
            trail: event.trail.iter().map(|point| [share(point.x), share(point.y)]).collect(),
            clip: ClipWire::of(event),
            pictures: PicturesWire::of(event),
            novelty: share(event.novelty),
            favourite: event.favourite,
            note: event.note.clone(),
            seen: event.seen,
            bytes: bytes(event),
            clock_was_set: event.clock_was_set,
            uploads: None,
        }
    }
}

/// Bytes of all its files.
pub(crate) fn bytes(event: &Event) -> u64 {
    event.pictures.bytes + event.clip.as_ref().map_or(0, |clip| clip.bytes)
}

/// The word for how an event came to be.
fn origin(origin: Origin) -> &'static str {
    match origin {
        Origin::Motion => "motion",
        Origin::Manual => "manual",
        Origin::Import => "import",
    }
}

impl AlternativeWire {
    pub(crate) fn all(verdict: &Verdict) -> Vec<Self> {
        let all = verdict.alternatives.iter();
        all.map(|(label, confidence)| Self { label: label.clone(), confidence: share(*confidence) }).collect()
    }
}

impl ClipWire {
    fn of(event: &Event) -> Option<Self> {
        let clip = event.clip.as_ref()?;
        Some(Self {
            bytes: clip.bytes,
            sha256: super::hex(&clip.sha256),
            codec: match clip.codec {
                ClipCodec::H264 => "h264",
                ClipCodec::Mjpeg => "mjpeg",
            },
            degraded: clip.degraded,
            url: format!("/api/v1/events/{}/clip.mp4", event.id),
        })
    }
}

impl PicturesWire {
    fn of(event: &Event) -> Self {
        let url = |name: PictureName| format!("/api/v1/events/{}/pictures/{}", event.id, name.file_name());
        let there = event.pictures;
        Self {
            poster: there.poster.then(|| url(PictureName::Poster)),
            thumb: there.thumb.then(|| url(PictureName::Thumb)),
            trail: there.trail.then(|| url(PictureName::Trail)),
            thumbnails: (0..there.thumbnails).map(|n| url(PictureName::Thumbnail(n))).collect(),
        }
    }
}
