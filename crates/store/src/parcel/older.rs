//! `metadata.json` of the older system: read as far as it can be understood, and kept as it is.

use std::time::Duration;

use frame::{Rect, Size};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::{Map, Value};

use super::check::{check, is_camera};
use crate::event::{Analysis, Characteristics, Event, EventId, Origin, Pictures, State, Temporal, Verdict};

/// Boxes of an event that are taken over.
const MOST_REGIONS: usize = 16;
/// Characters of an id or a hash.
const MOST_ID: usize = 200;

/// What it said of an event.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Older {
    /// Its own id.
    pub id: Option<String>,
    all: Map<String, Value>,
}

/// The event that an older camera tells of, with the id and the camera's name that it gets here; without a clip.
/// Times without an offset are read in `zone`; its own id becomes the event's `source_id`.
///
/// # Errors
/// What is wrong with it, for people: what was found, and what is allowed.
pub fn older_event_of(said: &Value, zone: &TimeZone, id: EventId, camera: &str) -> Result<Event, String> {
    let Value::Object(all) = said else { return Err("metadata is no JSON object".to_owned()) };
    let older = Older::of(all.clone());
    let source_id = older
        .id
        .clone()
        .ok_or_else(|| format!("metadata has no id; a text of 1 to {MOST_ID} characters is needed"))?;
    let (started, utc_offset) = older.started(zone).ok_or_else(|| {
        "metadata has no start_time that can be read; a time as 2026-11-20T10:00:00 or 2026-11-20T10:00:00+01:00 is \
         needed"
            .to_owned()
    })?;
    let size = older.size().unwrap_or(Size::new(1, 1));
    let event = Event {
        id,
        camera: camera.to_owned(),
        origin: Origin::Motion,
        state: State::Pictures,
        started,
        utc_offset,
        duration: older.duration(zone),
        lead: Duration::ZERO,
        boot: None,
        mono: Duration::ZERO,
        clock_was_set: true,
        part: 1,
        part_of: None,
        verdict: older.verdict(),
        sentence: None,
        size,
        frames: older.frames().min(100_000_000),
        missing: 0,
        regions: older.regions(size),
        trail: Vec::new(),
        clip: None,
        pictures: Pictures::default(),
        analysis: older.analysis(),
        novelty: 0.0,
        favourite: false,
        note: String::new(),
        seen: false,
        source_sha256: None,
        source_id: Some(source_id),
    };
    check(&event)?;
    Ok(event)
}

impl Older {
    /// # Errors
    /// When it is no JSON object.
    pub fn read(bytes: &[u8]) -> Result<Self, serde_json::Error> {
        Ok(Self::of(serde_json::from_slice(bytes)?))
    }

    /// What such an object says.
    #[must_use]
    pub fn of(all: Map<String, Value>) -> Self {
        let id = text(all.get("id")).filter(|id| is_word(id));
        Self { id, all }
    }

    /// For messages.
    #[must_use]
    pub fn name(&self) -> &str {
        self.id.as_deref().unwrap_or("an event without a name")
    }

    /// As it stands in the file.
    #[must_use]
    pub fn whole(&self) -> Value {
        Value::Object(self.all.clone())
    }

    /// When it began, and by how many seconds local time was ahead of UTC.
    #[must_use]
    pub fn started(&self, zone: &TimeZone) -> Option<(Timestamp, i32)> {
        moment(&text(self.all.get("start_time"))?, zone)
    }

    /// How long it was.
    #[must_use]
    pub fn duration(&self, zone: &TimeZone) -> Duration {
        let told = self.all.get("duration").and_then(Value::as_f64);
        let between = || {
            let (end, _) = moment(&text(self.all.get("end_time"))?, zone)?;
            Some(end.duration_since(self.started(zone)?.0).as_secs_f64())
        };
        let seconds = told.or_else(between).unwrap_or(0.0);
        Duration::try_from_secs_f64(seconds.clamp(0.0, 86_400.0)).unwrap_or_default()
    }

    /// How many frames it had.
    #[must_use]
    pub fn frames(&self) -> u64 {
        self.all.get("frame_count").and_then(Value::as_u64).unwrap_or(0)
    }

    /// Pixels of its frames.
    #[must_use]
    pub fn size(&self) -> Option<Size> {
        let resolution = self.all.get("resolution")?;
        let side = |name: &str, n: usize| {
            let side = resolution.get(name).or_else(|| resolution.get(n))?.as_u64()?;
            u32::try_from(side).ok().filter(|side| (1..=65_535).contains(side))
        };
        Some(Size::new(side("width", 0)?, side("height", 1)?))
    }

    /// The camera, if it names one as ours are named.
    #[must_use]
    pub fn camera(&self) -> Option<String> {
        let named = ["camera", "camera_id"].iter().find_map(|key| text(self.all.get(*key)))?;
        is_camera(&named).then_some(named)
    }

    /// The hash of its movement.
    #[must_use]
    pub fn hash(&self) -> Option<String> {
        let hash = self.analysed("signature_hash").or_else(|| self.all.get("signature_hash"));
        text(hash).filter(|hash| is_word(hash) && hash.chars().count() <= 128)
    }

    fn analysed(&self, key: &str) -> Option<&Value> {
        self.all.get("motion_analysis")?.get(key)
    }

    /// Boxes, of frames that are `size` now.
    pub fn regions(&self, size: Size) -> Vec<Rect> {
        let mut regions = Vec::new();
        boxes(self.all.get("regions").unwrap_or(&Value::Null), &mut regions, 0);
        let was = self.size().unwrap_or(size);
        let scale = |at: u32, now: u32, was: u32| {
            u32::try_from(u64::from(at) * u64::from(now) / u64::from(was.max(1))).unwrap_or(u32::MAX)
        };
        let mut regions: Vec<Rect> = regions
            .into_iter()
            .map(|it: Rect| {
                let (x, w) = (scale(it.x, size.width, was.width), scale(it.w, size.width, was.width));
                Rect::new(x, scale(it.y, size.height, was.height), w, scale(it.h, size.height, was.height))
            })
            .filter(|it| it.w > 0 && it.h > 0 && it.x < size.width && it.y < size.height)
            .map(|it| Rect::new(it.x, it.y, it.w.min(size.width - it.x), it.h.min(size.height - it.y)))
            .collect();
        regions.sort_by_key(|rect| std::cmp::Reverse(rect.area()));
        regions.dedup();
        regions.truncate(MOST_REGIONS);
        regions
    }

    /// What it took it for.
    pub fn verdict(&self) -> Verdict {
        let classification = self.analysed("classification").or_else(|| self.all.get("classification"));
        let word = classification.and_then(|it| text(it.get("label")).or_else(|| text(Some(it))));
        let (label, _) = word.as_deref().map_or(("unknown", None), label_of);
        let confidence = classification.and_then(|it| it.get("confidence")).map_or(0.0, share);
        let mut alternatives: Vec<(String, f32)> = Vec::new();
        for it in classification.and_then(|it| it.get("alternatives")?.as_array()).into_iter().flatten() {
            let word = text(it.get("label")).or_else(|| text(it.get(0))).or_else(|| text(Some(it)));
            let likely = it.get("confidence").or_else(|| it.get(1)).map_or(0.0, share);
            let (other, _) = word.as_deref().map_or(("unknown", None), label_of);
            if other != label && !alternatives.iter().any(|(known, _)| known == other) {
                alternatives.push((other.to_owned(), likely));
            }
        }
        Verdict {
            label: label.to_owned(),
            confidence,
            alternatives,
            direction: self.direction(),
            by_person: false,
        }
    }

    fn direction(&self) -> String {
        let told = self.analysed("motion_characteristics").and_then(|it| it.get("dominant_direction"));
        let words = ["left", "right", "up", "down", "towards", "away", "still"];
        let word = match told {
            Some(Value::String(word)) => word.to_ascii_lowercase(),
            Some(Value::Number(angle)) => {
                let angle = angle.as_f64().unwrap_or(0.0).rem_euclid(360.0);
                let word = ["right", "down", "left", "up"].into_iter().zip([45.0, 135.0, 225.0, 315.0]);
                word.into_iter()
                    .find(|(_, below)| angle < *below)
                    .map_or("right", |(word, _)| word)
                    .to_owned()
            }
            _ => String::new(),
        };
        if words.contains(&word.as_str()) { word } else { "still".to_owned() }
    }

    /// The numbers of its movement.
    pub fn analysis(&self) -> Option<Analysis> {
        let (flow, time) = (self.analysed("motion_characteristics"), self.analysed("temporal_features"));
        if flow.is_none() && time.is_none() && self.hash().is_none() {
            return None;
        }
        let number = |of: Option<&Value>, key: &str| of.and_then(|it| it.get(key)).map_or(0.0, finite);
        let turns = time.and_then(|it| it.get("direction_changes")).and_then(Value::as_u64).unwrap_or(0);
        Some(Analysis {
            characteristics: Characteristics {
                mean_magnitude: number(flow, "mean_magnitude"),
                std_magnitude: number(flow, "std_magnitude"),
                mean_angle: number(flow, "mean_angle"),
                angular_dispersion: number(flow, "angular_dispersion"),
                max_magnitude: number(flow, "max_magnitude"),
                flow_complexity: number(flow, "flow_complexity"),
                dominant_direction: number(flow, "dominant_direction"),
            },
            temporal: Temporal {
                magnitude_trend: number(time, "magnitude_trend"),
                magnitude_variability: number(time, "magnitude_variability"),
                acceleration_mean: number(time, "acceleration_mean"),
                acceleration_std: number(time, "acceleration_std"),
                direction_changes: u32::try_from(turns).unwrap_or(u32::MAX),
                direction_stability: number(time, "direction_stability"),
            },
            histogram: Vec::new(),
            signature_hash: self.hash().unwrap_or_default(),
        })
    }
}

/// `[x, y, w, h]`, or objects with these, in lists of any depth that makes sense.
fn boxes(value: &Value, found: &mut Vec<Rect>, depth: usize) {
    let whole = |value: Option<&Value>| {
        let number = value?.as_f64().filter(|number| (0.0..65_536.0).contains(number))?;
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a side of a picture, checked"
        )]
        Some(number as u32)
    };
    let rect = |x, y, w, h| Some(Rect::new(whole(x)?, whole(y)?, whole(w)?, whole(h)?));
    match value {
        Value::Array(list) if list.len() == 4 && list.iter().all(Value::is_number) => {
            found.extend(rect(list.first(), list.get(1), list.get(2), list.get(3)));
        }
        Value::Array(list) if depth < 4 => list.iter().for_each(|it| boxes(it, found, depth + 1)),
        Value::Object(map) => {
            let side = |long: &str, short: &str| map.get(short).or_else(|| map.get(long));
            found.extend(rect(map.get("x"), map.get("y"), side("width", "w"), side("height", "h")));
        }
        _ => {}
    }
}

/// Our label for a word of the older system's; the word itself, where it says more than the label.
pub fn label_of(word: &str) -> (&'static str, Option<String>) {
    let lower = word.trim().to_lowercase();
    let label = match lower.as_str() {
        "person" | "human" | "people" | "pedestrian" | "man" | "woman" | "child" => "person",
        "vehicle" | "car" | "truck" | "bus" | "bicycle" | "bike" | "motorcycle" | "van" => "vehicle",
        "animal" | "wildlife" | "pet" | "dog" | "cat" | "bird" | "fox" | "deer" | "hedgehog" | "squirrel"
        | "badger" | "boar" | "hare" | "rabbit" | "mouse" | "rat" | "marten" | "raccoon" | "horse"
        | "cow" | "sheep" | "owl" | "bear" | "wolf" | "insect" => "animal",
        "environment" | "environmental" | "weather" | "wind" | "rain" | "snow" | "leaves" | "vegetation"
        | "tree" | "shadow" | "light" | "lighting" | "cloud" | "clouds" | "noise" | "water" => "environment",
        _ => "unknown",
    };
    (label, (label != lower && !lower.is_empty()).then(|| word.trim().to_owned()))
}

/// A text, or a number as one.
pub fn text(value: Option<&Value>) -> Option<String> {
    match value? {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// 0 to 1; what is more was meant in percent.
fn share(value: &Value) -> f32 {
    let share = finite(value);
    (if share > 1.0 { share / 100.0 } else { share }).clamp(0.0, 1.0)
}

#[expect(clippy::cast_possible_truncation, reason = "numbers of a movement")]
fn finite(value: &Value) -> f32 {
    let number = value.as_f64().unwrap_or(0.0) as f32;
    if number.is_finite() { number } else { 0.0 }
}

/// 1 to 200 characters, none of them to steer a terminal by.
fn is_word(text: &str) -> bool {
    !text.is_empty() && text.chars().count() <= MOST_ID && !text.chars().any(char::is_control)
}

/// What a stored time says: RFC 3339 with its offset, or a local time of the zone without one.
fn moment(text: &str, zone: &TimeZone) -> Option<(Timestamp, i32)> {
    let text = text.trim();
    if let Ok(at) = text.parse::<Timestamp>() {
        return Some((at, offset_in(text).unwrap_or_else(|| zone.to_offset(at).seconds())));
    }
    let civil: jiff::civil::DateTime = text.replacen(' ', "T", 1).parse().ok()?;
    let zoned = zone.to_ambiguous_zoned(civil).compatible().ok()?;
    Some((zoned.timestamp(), zoned.offset().seconds()))
}

/// The seconds of `+01:00` at the end of a time; a `Z` says nothing of local time.
#[must_use]
pub fn offset_in(text: &str) -> Option<i32> {
    let at = text.rfind(['+', '-']).filter(|at| *at > 10)?;
    let (sign, rest) = text.split_at(at + 1);
    let sign = if sign.ends_with('-') { -1 } else { 1 };
    let digits: String = rest.chars().filter(char::is_ascii_digit).collect();
    let hours: i32 = digits.get(..2)?.parse().ok()?;
    let minutes: i32 = digits.get(2..4).unwrap_or("0").parse().ok()?;
    let seconds = sign * (hours * 3600 + minutes * 60);
    (seconds.abs() <= 18 * 3600).then_some(seconds)
}
