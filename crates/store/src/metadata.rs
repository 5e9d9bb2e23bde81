//! `metadata.json` beside each clip: the event for people, for other programs, and for an index built anew.
//!
//! The keys of the older system keep their names and their meaning; ours lie beside them. Everything of
//! [`Event`] is in it, so that nothing is lost with the index.

use std::time::Duration;

use frame::{Point, Rect, Size};
use jiff::Timestamp;
use jiff::tz::Offset;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::event::{
    Analysis, Characteristics, Clip, ClipCodec, Event, EventId, Origin, Pictures, State, Temporal, Verdict,
};
use crate::layout::CLIP;

#[cfg(test)]
mod tests;

/// A file of 16 regions, 64 points and 512 numbers is below 20 kB; more than this is none of ours.
pub(crate) const MAX_BYTES: u64 = 1024 * 1024;

/// The shape of the file.
#[derive(Debug, Serialize, Deserialize)]
struct Shape {
    // The older system's keys.
    id: String,
    start_time: String,
    end_time: String,
    duration: f64,
    regions: Vec<[u32; 4]>,
    frame_count: u64,
    resolution: Resolution,
    has_thumbnails: bool,
    processed: bool,
    motion_analysis: MotionAnalysis,
    // Ours.
    format: u32,
    camera: String,
    origin: String,
    state: String,
    utc_offset_s: i32,
    duration_ns: u64,
    lead_ns: u64,
    boot: Option<String>,
    mono_ns: u64,
    clock_was_set: bool,
    part: u32,
    part_of: Option<String>,
    direction: String,
    label_by: String,
    sentence: Option<String>,
    missing: u64,
    trail: Vec<[f32; 2]>,
    clip: Option<ClipShape>,
    pictures: PicturesShape,
    novelty: f32,
    favourite: bool,
    note: String,
    seen: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    source_sha256: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    source_id: Option<String>,
    // What the system it comes from said, as it said it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    legacy: Option<Value>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Resolution {
    width: u32,
    height: u32,
}

#[derive(Debug, Serialize, Deserialize)]
struct MotionAnalysis {
    classification: Classification,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    motion_characteristics: Option<CharacteristicsShape>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    temporal_features: Option<TemporalShape>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    histogram: Vec<f32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    signature_hash: Option<String>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Classification {
    label: String,
    confidence: f32,
    alternatives: Vec<Alternative>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Alternative {
    label: String,
    confidence: f32,
}

#[derive(Debug, Serialize, Deserialize)]
struct CharacteristicsShape {
    mean_magnitude: f32,
    std_magnitude: f32,
    mean_angle: f32,
    angular_dispersion: f32,
    max_magnitude: f32,
    flow_complexity: f32,
    dominant_direction: f32,
}

#[derive(Debug, Serialize, Deserialize)]
struct TemporalShape {
    magnitude_trend: f32,
    magnitude_variability: f32,
    acceleration_mean: f32,
    acceleration_std: f32,
    direction_changes: u32,
    direction_stability: f32,
}

#[derive(Debug, Serialize, Deserialize)]
struct ClipShape {
    file: String,
    bytes: u64,
    sha256: String,
    codec: String,
    degraded: bool,
}

#[derive(Debug, Serialize, Deserialize)]
struct PicturesShape {
    poster: bool,
    thumb: bool,
    trail: bool,
    thumbnails: u32,
    bytes: u64,
}

/// The file's bytes.
#[cfg(test)]
pub(crate) fn write(event: &Event) -> Vec<u8> {
    write_with(event, None)
}

/// The file's bytes in place of what is there: what the system it comes from said is no part of the event, and stays.
pub(crate) fn write_over(event: &Event, there: &[u8]) -> Vec<u8> {
    #[derive(Deserialize)]
    struct Kept {
        #[serde(default)]
        legacy: Option<Value>,
    }
    let kept = serde_json::from_slice::<Kept>(there).ok().and_then(|kept| kept.legacy);
    write_with(event, kept.as_ref())
}

/// The file's bytes, with what the system that it comes from said.
pub(crate) fn write_with(event: &Event, legacy: Option<&Value>) -> Vec<u8> {
    let shape = Shape {
        id: event.id.to_string(),
        start_time: with_offset(event.started, event.utc_offset),
        end_time: with_offset(event.ended(), event.utc_offset),
        duration: event.duration.as_secs_f64(),
        regions: event.regions.iter().map(|rect| [rect.x, rect.y, rect.w, rect.h]).collect(),
        frame_count: event.frames,
        resolution: Resolution { width: event.size.width, height: event.size.height },
        has_thumbnails: event.pictures.thumbnails > 0,
        processed: true,
        motion_analysis: analysis(event),
        format: 1,
        camera: event.camera.clone(),
        origin: origin_word(event.origin).to_owned(),
        state: state_word(event.state).to_owned(),
        utc_offset_s: event.utc_offset,
        duration_ns: nanos(event.duration),
        lead_ns: nanos(event.lead),
        boot: event.boot.clone(),
        mono_ns: nanos(event.mono),
        clock_was_set: event.clock_was_set,
        part: event.part,
        part_of: event.part_of.map(|id| id.to_string()),
        direction: event.verdict.direction.clone(),
        label_by: if event.verdict.by_person { "person" } else { "detector" }.to_owned(),
        sentence: event.sentence.clone(),
        missing: event.missing,
        trail: event.trail.iter().map(|point| [finite(point.x), finite(point.y)]).collect(),
        clip: event.clip.as_ref().map(clip_shape),
        pictures: PicturesShape {
            poster: event.pictures.poster,
            thumb: event.pictures.thumb,
            trail: event.pictures.trail,
            thumbnails: event.pictures.thumbnails,
            bytes: event.pictures.bytes,
        },
        novelty: finite(event.novelty),
        favourite: event.favourite,
        note: event.note.clone(),
        seen: event.seen,
        source_sha256: event.source_sha256.map(|hash| hex(&hash)),
        source_id: event.source_id.clone(),
        legacy: legacy.cloned(),
    };
    // A struct of strings and numbers always has a text.
    let mut bytes = serde_json::to_vec_pretty(&shape).unwrap_or_default();
    bytes.push(b'\n');
    bytes
}

/// The event in the file's bytes.
///
/// # Errors
/// What is wrong with them, for people.
pub(crate) fn read(bytes: &[u8]) -> Result<Event, String> {
    event_of(serde_json::from_slice(bytes).map_err(|error| error.to_string())?)
}

/// The event in what the file says.
///
/// # Errors
/// What is wrong with it, for people.
pub(crate) fn read_value(value: &Value) -> Result<Event, String> {
    event_of(Shape::deserialize(value).map_err(|error| error.to_string())?)
}

fn event_of(shape: Shape) -> Result<Event, String> {
    if shape.format != 1 {
        return Err(format!("format {} is not known", shape.format));
    }
    let by_person = match shape.label_by.as_str() {
        "person" => true,
        "detector" => false,
        other => return Err(format!("label_by {other:?} is not known")),
    };
    let (verdict, analysis) = verdict_of(shape.motion_analysis, shape.direction, by_person);
    Ok(Event {
        id: id_of(&shape.id)?,
        camera: shape.camera,
        origin: origin_of(&shape.origin)?,
        state: state_of(&shape.state)?,
        started: shape.start_time.parse().map_err(|error: jiff::Error| error.to_string())?,
        utc_offset: shape.utc_offset_s,
        duration: Duration::from_nanos(shape.duration_ns),
        lead: Duration::from_nanos(shape.lead_ns),
        boot: shape.boot,
        mono: Duration::from_nanos(shape.mono_ns),
        clock_was_set: shape.clock_was_set,
        part: shape.part,
        part_of: shape.part_of.as_deref().map(id_of).transpose()?,
        verdict,
        sentence: shape.sentence,
        size: Size { width: shape.resolution.width, height: shape.resolution.height },
        frames: shape.frame_count,
        missing: shape.missing,
        regions: shape.regions.iter().map(|&[x, y, w, h]| Rect { x, y, w, h }).collect(),
        trail: shape.trail.iter().map(|&[x, y]| Point { x, y }).collect(),
        clip: shape.clip.map(clip_of).transpose()?,
        pictures: Pictures {
            poster: shape.pictures.poster,
            thumb: shape.pictures.thumb,
            trail: shape.pictures.trail,
            thumbnails: shape.pictures.thumbnails,
            bytes: shape.pictures.bytes,
        },
        analysis,
        novelty: shape.novelty,
        favourite: shape.favourite,
        note: shape.note,
        seen: shape.seen,
        source_sha256: shape.source_sha256.as_deref().map(unhex).transpose()?,
        source_id: shape.source_id,
    })
}

fn analysis(event: &Event) -> MotionAnalysis {
    let verdict = &event.verdict;
    let classification = Classification {
        label: verdict.label.clone(),
        confidence: finite(verdict.confidence),
        alternatives: verdict
            .alternatives
            .iter()
            .map(|(label, confidence)| Alternative { label: label.clone(), confidence: finite(*confidence) })
            .collect(),
    };
    let analysis = event.analysis.as_ref();
    MotionAnalysis {
        classification,
        motion_characteristics: analysis.map(|a| CharacteristicsShape {
            mean_magnitude: finite(a.characteristics.mean_magnitude),
            std_magnitude: finite(a.characteristics.std_magnitude),
            mean_angle: finite(a.characteristics.mean_angle),
            angular_dispersion: finite(a.characteristics.angular_dispersion),
            max_magnitude: finite(a.characteristics.max_magnitude),
            flow_complexity: finite(a.characteristics.flow_complexity),
            dominant_direction: finite(a.characteristics.dominant_direction),
        }),
        temporal_features: analysis.map(|a| TemporalShape {
            magnitude_trend: finite(a.temporal.magnitude_trend),
            magnitude_variability: finite(a.temporal.magnitude_variability),
            acceleration_mean: finite(a.temporal.acceleration_mean),
            acceleration_std: finite(a.temporal.acceleration_std),
            direction_changes: a.temporal.direction_changes,
            direction_stability: finite(a.temporal.direction_stability),
        }),
        histogram: analysis.map(|a| a.histogram.iter().map(|&x| finite(x)).collect()).unwrap_or_default(),
        signature_hash: analysis.map(|a| a.signature_hash.clone()),
    }
}

fn verdict_of(shape: MotionAnalysis, direction: String, by_person: bool) -> (Verdict, Option<Analysis>) {
    let MotionAnalysis {
        classification,
        motion_characteristics,
        temporal_features,
        histogram,
        signature_hash,
    } = shape;
    let verdict = Verdict {
        label: classification.label,
        confidence: classification.confidence,
        alternatives: classification.alternatives.into_iter().map(|a| (a.label, a.confidence)).collect(),
        direction,
        by_person,
    };
    let analysis = signature_hash.map(|signature_hash| Analysis {
        characteristics: motion_characteristics.map_or_else(Characteristics::default, |c| Characteristics {
            mean_magnitude: c.mean_magnitude,
            std_magnitude: c.std_magnitude,
            mean_angle: c.mean_angle,
            angular_dispersion: c.angular_dispersion,
            max_magnitude: c.max_magnitude,
            flow_complexity: c.flow_complexity,
            dominant_direction: c.dominant_direction,
        }),
        temporal: temporal_features.map_or_else(Temporal::default, |t| Temporal {
            magnitude_trend: t.magnitude_trend,
            magnitude_variability: t.magnitude_variability,
            acceleration_mean: t.acceleration_mean,
            acceleration_std: t.acceleration_std,
            direction_changes: t.direction_changes,
            direction_stability: t.direction_stability,
        }),
        histogram,
        signature_hash,
    });
    (verdict, analysis)
}

fn clip_shape(clip: &Clip) -> ClipShape {
    let codec = match clip.codec {
        ClipCodec::H264 => "h264",
        ClipCodec::Mjpeg => "mjpeg",
    };
    ClipShape {
        file: CLIP.to_owned(),
        bytes: clip.bytes,
        sha256: hex(&clip.sha256),
        codec: codec.to_owned(),
        degraded: clip.degraded,
    }
}

fn clip_of(shape: ClipShape) -> Result<Clip, String> {
    let codec = match shape.codec.as_str() {
        "h264" => ClipCodec::H264,
        "mjpeg" => ClipCodec::Mjpeg,
        other => return Err(format!("codec {other:?} is not known")),
    };
    Ok(Clip { bytes: shape.bytes, sha256: unhex(&shape.sha256)?, codec, degraded: shape.degraded })
}

pub(crate) fn origin_word(origin: Origin) -> &'static str {
    match origin {
        Origin::Motion => "motion",
        Origin::Manual => "manual",
        Origin::Import => "import",
    }
}

pub(crate) fn origin_of(word: &str) -> Result<Origin, String> {
    match word {
        "motion" => Ok(Origin::Motion),
        "manual" => Ok(Origin::Manual),
        "import" => Ok(Origin::Import),
        other => Err(format!("origin {other:?} is not known")),
    }
}

fn state_word(state: State) -> &'static str {
    match state {
        State::Whole => "whole",
        State::Partial => "partial",
        State::Pictures => "pictures",
    }
}

fn state_of(word: &str) -> Result<State, String> {
    match word {
        "whole" => Ok(State::Whole),
        "partial" => Ok(State::Partial),
        "pictures" => Ok(State::Pictures),
        other => Err(format!("state {other:?} is not known")),
    }
}

fn id_of(text: &str) -> Result<EventId, String> {
    text.parse().map_err(|error: crate::event::NotAnId| error.to_string())
}

/// RFC 3339 with the offset as numbers, never `Z`: what older readers of these files take.
fn with_offset(at: Timestamp, utc_offset: i32) -> String {
    // The text has no seconds of an offset, and the time must not move by them.
    let offset = Offset::from_seconds(utc_offset / 60 * 60).unwrap_or(Offset::UTC);
    at.display_with_offset(offset).to_string()
}

pub(crate) fn nanos(span: Duration) -> u64 {
    u64::try_from(span.as_nanos()).unwrap_or(u64::MAX)
}

/// JSON has no word for what is not a number.
fn finite(x: f32) -> f32 {
    if x.is_finite() { x } else { 0.0 }
}

/// Lower-case hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        for half in [byte >> 4, byte & 15] {
            text.push(char::from_digit(u32::from(half), 16).unwrap_or('0'));
        }
        text
    })
}

pub(crate) fn unhex(text: &str) -> Result<[u8; 32], String> {
    let bytes: Option<Vec<u8>> = (0..text.len())
        .step_by(2)
        .map(|i| text.get(i..i + 2).and_then(|pair| u8::from_str_radix(pair, 16).ok()))
        .collect();
    bytes.and_then(|bytes| bytes.try_into().ok()).ok_or_else(|| "a SHA-256 must have 64 digits".to_owned())
}
