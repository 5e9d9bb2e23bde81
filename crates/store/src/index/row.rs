//! An event as a row, and back.
//!
//! A row that makes no sense is never a panic and never an event: [`Damaged`] says which and why.

use std::time::Duration;

use frame::{Point, Rect, Size};
use jiff::Timestamp;
use rusqlite::{Row, types::ValueRef};

use crate::error::StoreError;
use crate::event::{Analysis, Clip, ClipCodec, Event, EventId, Origin, Pictures, State, Verdict};
use crate::query::LABELS;

mod details;

pub(super) use details::{details, read_details};

/// A row that makes no sense.
#[derive(Debug, thiserror::Error)]
#[error("the row of event {id}: {what}")]
pub(super) struct Damaged {
    pub(super) id: String,
    pub(super) what: String,
}

impl From<Damaged> for StoreError {
    fn from(damaged: Damaged) -> Self {
        Self::Corrupt(damaged.to_string())
    }
}

pub(super) fn origin_word(origin: Origin) -> &'static str {
    match origin {
        Origin::Motion => "motion",
        Origin::Manual => "manual",
        Origin::Import => "import",
    }
}

pub(super) fn state_word(state: State) -> &'static str {
    match state {
        State::Whole => "whole",
        State::Partial => "partial",
        State::Pictures => "pictures",
    }
}

pub(super) fn state(word: &str) -> Result<State, String> {
    match word {
        "whole" => Ok(State::Whole),
        "partial" => Ok(State::Partial),
        "pictures" => Ok(State::Pictures),
        _ => Err(format!("{word:?} is no state")),
    }
}

fn origin(word: &str) -> Result<Origin, String> {
    match word {
        "motion" => Ok(Origin::Motion),
        "manual" => Ok(Origin::Manual),
        "import" => Ok(Origin::Import),
        _ => Err(format!("{word:?} is no origin")),
    }
}

pub(super) fn codec_word(codec: ClipCodec) -> &'static str {
    match codec {
        ClipCodec::H264 => "h264",
        ClipCodec::Mjpeg => "mjpeg",
    }
}

fn codec(word: &str) -> Result<ClipCodec, String> {
    match word {
        "h264" => Ok(ClipCodec::H264),
        "mjpeg" => Ok(ClipCodec::Mjpeg),
        _ => Err(format!("{word:?} is no codec")),
    }
}

/// As far as a row holds it, 292 years.
pub(super) fn nanos(duration: Duration) -> i64 {
    i64::try_from(duration.as_nanos()).unwrap_or(i64::MAX)
}

pub(super) fn count(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// SQLite keeps no number that is none.
pub(super) fn finite(number: f32) -> f64 {
    if number.is_finite() { f64::from(number) } else { 0.0 }
}

pub(super) fn alternatives(alternatives: &[(String, f32)]) -> String {
    let finite =
        |(label, share): &(String, f32)| (label.clone(), if share.is_finite() { *share } else { 0.0 });
    serde_json::to_string(&alternatives.iter().map(finite).collect::<Vec<_>>())
        .unwrap_or_else(|_| "[]".to_owned())
}

pub(super) fn regions(regions: &[Rect]) -> Vec<u8> {
    regions.iter().flat_map(|r| [r.x, r.y, r.w, r.h]).flat_map(u32::to_le_bytes).collect()
}

pub(super) fn trail(points: &[Point]) -> Vec<u8> {
    points.iter().flat_map(|p| [p.x, p.y]).flat_map(f32::to_le_bytes).collect()
}

/// The event in a row of `columns!()`, with its place. Its `analysis` is not among them.
pub(super) fn event(row: &Row<'_>) -> Result<(i64, Event), StoreError> {
    let mut fields = Fields::new(row);
    let pos = fields.int()?;
    let id = fields.id()?;
    fields.name = id.to_string();
    // In the order of the columns, in which they are read.
    let event = Event {
        id,
        camera: fields.text()?,
        origin: fields.word(origin)?,
        state: fields.state()?,
        started: fields.time()?,
        utc_offset: fields.number()?,
        duration: fields.duration()?,
        lead: fields.duration()?,
        boot: fields.maybe_text()?,
        mono: fields.duration()?,
        clock_was_set: fields.flag()?,
        part: fields.number()?,
        part_of: fields.maybe_id()?,
        verdict: Verdict {
            label: fields.label()?,
            confidence: fields.share()?,
            alternatives: fields.alternatives()?,
            direction: fields.text()?,
            by_person: fields.flag()?,
        },
        sentence: fields.maybe_text()?,
        size: Size::new(fields.number()?, fields.number()?),
        frames: fields.number()?,
        missing: fields.number()?,
        regions: fields.regions()?,
        trail: fields.trail()?,
        clip: fields.clip()?,
        pictures: Pictures {
            poster: fields.flag()?,
            thumb: fields.flag()?,
            trail: fields.flag()?,
            thumbnails: fields.number()?,
            bytes: fields.number()?,
        },
        novelty: fields.share()?,
        favourite: fields.flag()?,
        note: fields.text()?,
        seen: fields.flag()?,
        source_sha256: fields.maybe_hash()?,
        source_id: fields.maybe_text()?,
        analysis: None,
    };
    Ok((pos, event))
}

/// As [`event`]; a row that makes no sense is in the log and `None`.
pub(super) fn sound(row: &Row<'_>) -> Result<Option<(i64, Event)>, StoreError> {
    match event(row) {
        Ok(found) => Ok(Some(found)),
        Err(StoreError::Corrupt(what)) => {
            tracing::warn!(%what, "a row makes no sense and is left out");
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

/// The columns of a row, one after the other.
pub(super) struct Fields<'row, 'stmt> {
    row: &'row Row<'stmt>,
    next: usize,
    /// The event's id as far as it is known, for the words of an error.
    name: String,
}

impl<'row, 'stmt> Fields<'row, 'stmt> {
    pub(super) fn new(row: &'row Row<'stmt>) -> Self {
        Self { row, next: 0, name: "?".to_owned() }
    }

    fn damaged(&self, what: impl Into<String>) -> StoreError {
        Damaged { id: self.name.clone(), what: what.into() }.into()
    }

    /// The column's name too, which stands in the text of the statement.
    fn value(&mut self) -> Result<(ValueRef<'row>, &'row str), StoreError> {
        let column = self.next;
        self.next += 1;
        let name = self.row.as_ref().column_name(column).unwrap_or("?");
        Ok((self.row.get_ref(column)?, name))
    }

    pub(super) fn int(&mut self) -> Result<i64, StoreError> {
        match self.value()? {
            (ValueRef::Integer(int), _) => Ok(int),
            (other, name) => Err(self.damaged(format!("{name} is {}", other.data_type()))),
        }
    }

    pub(super) fn number<T: TryFrom<i64>>(&mut self) -> Result<T, StoreError> {
        let int = self.int()?;
        T::try_from(int).map_err(|_| self.damaged(format!("{int} is out of range")))
    }

    pub(super) fn flag(&mut self) -> Result<bool, StoreError> {
        Ok(self.int()? != 0)
    }

    pub(super) fn duration(&mut self) -> Result<Duration, StoreError> {
        Ok(Duration::from_nanos(self.number()?))
    }

    pub(super) fn time(&mut self) -> Result<Timestamp, StoreError> {
        let ns = self.int()?;
        Timestamp::from_nanosecond(ns.into()).map_err(|error| self.damaged(error.to_string()))
    }

    pub(super) fn maybe_text(&mut self) -> Result<Option<String>, StoreError> {
        match self.value()? {
            (ValueRef::Null, _) => Ok(None),
            (ValueRef::Text(text), name) => match std::str::from_utf8(text) {
                Ok(text) => Ok(Some(text.to_owned())),
                Err(_) => Err(self.damaged(format!("{name} is no text"))),
            },
            (other, name) => Err(self.damaged(format!("{name} is {}", other.data_type()))),
        }
    }

    pub(super) fn text(&mut self) -> Result<String, StoreError> {
        self.maybe_text()?.ok_or_else(|| self.damaged("a text is missing"))
    }

    fn word<T>(&mut self, read: fn(&str) -> Result<T, String>) -> Result<T, StoreError> {
        let word = self.text()?;
        read(&word).map_err(|what| self.damaged(what))
    }

    pub(super) fn state(&mut self) -> Result<State, StoreError> {
        self.word(state)
    }

    pub(super) fn label(&mut self) -> Result<String, StoreError> {
        let label = self.text()?;
        if LABELS.contains(&label.as_str()) {
            Ok(label)
        } else {
            Err(self.damaged(format!("{label:?} is no label")))
        }
    }

    pub(super) fn id(&mut self) -> Result<EventId, StoreError> {
        self.maybe_id()?.ok_or_else(|| self.damaged("it has no id"))
    }

    pub(super) fn maybe_id(&mut self) -> Result<Option<EventId>, StoreError> {
        let Some(text) = self.maybe_text()? else { return Ok(None) };
        text.parse().map(Some).map_err(|_| self.damaged(format!("{text:?} is no id")))
    }

    #[expect(clippy::cast_possible_truncation, reason = "it was an f32 before it was stored")]
    pub(super) fn share(&mut self) -> Result<f32, StoreError> {
        match self.value()? {
            (ValueRef::Real(share), _) => Ok(share as f32),
            (other, name) => Err(self.damaged(format!("{name} is {}", other.data_type()))),
        }
    }

    pub(super) fn maybe_blob(&mut self) -> Result<Option<&'row [u8]>, StoreError> {
        match self.value()? {
            (ValueRef::Null, _) => Ok(None),
            (ValueRef::Blob(bytes), _) => Ok(Some(bytes)),
            (other, name) => Err(self.damaged(format!("{name} is {}", other.data_type()))),
        }
    }

    /// A time in milliseconds since 1970.
    pub(super) fn moment(&mut self) -> Result<Timestamp, StoreError> {
        let ms = self.int()?;
        Timestamp::from_millisecond(ms).map_err(|error| self.damaged(error.to_string()))
    }

    pub(super) fn maybe_number<T: TryFrom<i64>>(&mut self) -> Result<Option<T>, StoreError> {
        if matches!(self.row.get_ref(self.next)?, ValueRef::Null) {
            self.next += 1;
            return Ok(None);
        }
        self.number().map(Some)
    }

    pub(super) fn hash(&mut self) -> Result<[u8; 32], StoreError> {
        self.maybe_hash()?.ok_or_else(|| self.damaged("a SHA-256 is missing"))
    }

    fn maybe_hash(&mut self) -> Result<Option<[u8; 32]>, StoreError> {
        let Some(bytes) = self.maybe_blob()? else { return Ok(None) };
        bytes.try_into().map(Some).map_err(|_| self.damaged("a SHA-256 is not 32 bytes long"))
    }

    fn alternatives(&mut self) -> Result<Vec<(String, f32)>, StoreError> {
        let text = self.text()?;
        serde_json::from_str(&text).map_err(|error| self.damaged(format!("alternatives: {error}")))
    }

    /// The blob in groups of `N` × 4 bytes.
    fn groups<const N: usize>(&mut self) -> Result<Vec<[[u8; 4]; N]>, StoreError> {
        let bytes = self.maybe_blob()?.unwrap_or_default();
        let (words, rest) = bytes.as_chunks::<4>();
        let (groups, over) = words.as_chunks::<N>();
        let is_whole = rest.is_empty() && over.is_empty();
        if is_whole { Ok(groups.to_vec()) } else { Err(self.damaged("a list ends in the middle")) }
    }

    fn regions(&mut self) -> Result<Vec<Rect>, StoreError> {
        let groups = self.groups::<4>()?;
        Ok(groups
            .iter()
            .map(|g| g.map(u32::from_le_bytes))
            .map(|[x, y, w, h]| Rect::new(x, y, w, h))
            .collect())
    }

    fn trail(&mut self) -> Result<Vec<Point>, StoreError> {
        let groups = self.groups::<2>()?;
        Ok(groups.iter().map(|g| g.map(f32::from_le_bytes)).map(|[x, y]| Point { x, y }).collect())
    }

    pub(super) fn clip(&mut self) -> Result<Option<Clip>, StoreError> {
        let has_clip = !matches!(self.row.get_ref(self.next)?, ValueRef::Null);
        if !has_clip {
            self.next += 4;
            return Ok(None);
        }
        let bytes = self.number()?;
        let sha256 = self.maybe_hash()?.ok_or_else(|| self.damaged("its clip has no SHA-256"))?;
        let codec = self.word(codec)?;
        Ok(Some(Clip { bytes, sha256, codec, degraded: self.flag()? }))
    }

    /// The three columns of `details`.
    pub(super) fn analysis(&mut self) -> Result<Option<Analysis>, StoreError> {
        let Some(numbers) = self.maybe_blob()? else {
            self.next += 2;
            return Ok(None);
        };
        let histogram = self.maybe_blob()?.unwrap_or_default();
        let signature = self.text()?;
        read_details(numbers, histogram, signature).map(Some).map_err(|what| self.damaged(what))
    }

    /// Goes on at that column.
    pub(super) fn skip_to(&mut self, column: usize) {
        self.next = column;
    }
}

/// How many columns `columns!()` has.
pub(super) const COLUMNS: usize = 41;
