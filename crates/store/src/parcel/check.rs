//! What an event, its files and a camera's word of itself may be, when another machine says it.

use std::fmt::Display;
use std::ops::RangeInclusive;
use std::time::Duration;

use jiff::Timestamp;

use super::{Beat, MOST_FILE, sniff};
use crate::event::{Analysis, Clip, Event, PictureName, Verdict};
use crate::layout::TRACK;
use crate::query::{LABELS, MOST_NOTE};

/// 1970 to 2240, seconds.
const TIMES: RangeInclusive<i64> = 0..=8_520_336_000;
/// Seconds that a zone may be ahead of UTC.
const OFFSETS: RangeInclusive<i32> = -18 * 3600..=18 * 3600;
/// The longest event.
const LONGEST: Duration = Duration::from_secs(7 * 24 * 3600);
/// A machine that runs for longer than this.
const LONGEST_UP: Duration = Duration::from_secs(100 * 366 * 24 * 3600);
/// Bytes of the largest clip, 1 TiB.
const MOST_CLIP: u64 = 1 << 40;
/// A day at a thousand a second.
const MOST_FRAMES: u64 = 100_000_000;
const MOST_REGIONS: usize = 16;
const MOST_TRAIL: usize = 64;
const MOST_CELLS: usize = 512;
/// Pixels of a side.
const SIDES: RangeInclusive<u32> = 1..=65_535;
const DIRECTIONS: [&str; 7] = ["left", "right", "up", "down", "towards", "away", "still"];

fn within<T: PartialOrd + Display>(what: &str, found: T, allowed: &RangeInclusive<T>) -> Result<(), String> {
    if allowed.contains(&found) {
        return Ok(());
    }
    Err(format!("{what} is {found}; {} to {} is allowed", allowed.start(), allowed.end()))
}

fn at_most(what: &str, found: usize, most: usize) -> Result<(), String> {
    if found <= most { Ok(()) } else { Err(format!("there are {found} {what}; at most {most} are allowed")) }
}

/// A few characters of what was found, safe to print.
fn shown(text: &str) -> String {
    let mut short: String = text.chars().take(40).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    format!("{short:?}")
}

fn text(what: &str, text: &str, most: usize) -> Result<(), String> {
    let count = text.chars().count();
    if count > most {
        return Err(format!("{what} has {count} characters; at most {most} are allowed"));
    }
    if text.chars().any(char::is_control) {
        return Err(format!("{what} is {}; control characters are not allowed", shown(text)));
    }
    Ok(())
}

fn share(what: &str, found: f32) -> Result<(), String> {
    within(what, found, &(0.0..=1.0))
}

fn finite(what: &str, found: f32) -> Result<(), String> {
    if found.is_finite() { Ok(()) } else { Err(format!("{what} is no finite number")) }
}

/// Whether the text may be a camera's id: 1 to 64 of `[a-z0-9-]`.
#[must_use]
pub fn is_camera(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && text.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-'))
}

/// Whether the text may be a device's, which is the id of a key: 1 to 64 of `[A-Za-z0-9_-]`.
#[must_use]
pub fn is_device(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'))
}

/// A name for people as a camera's id: what is not allowed in one becomes `-`, at most 30 characters.
#[must_use]
pub fn slug(name: &str) -> String {
    let mut slug = String::new();
    for letter in name.chars().flat_map(char::to_lowercase) {
        match letter {
            'a'..='z' | '0'..='9' => slug.push(letter),
            _ if !slug.is_empty() && !slug.ends_with('-') => slug.push('-'),
            _ => {}
        }
        if slug.len() >= 30 {
            break;
        }
    }
    let slug = slug.trim_end_matches('-');
    if slug.is_empty() { "camera".to_owned() } else { slug.to_owned() }
}

fn name(what: &str, found: &str) -> Result<(), String> {
    if is_camera(found) {
        return Ok(());
    }
    Err(format!("{what} is {}; 1 to 64 of a-z, 0-9 and - are allowed", shown(found)))
}

fn time(what: &str, at: Timestamp) -> Result<(), String> {
    if TIMES.contains(&at.as_second()) {
        return Ok(());
    }
    Err(format!("{what} is {at}; a time from 1970 to 2240 is allowed"))
}

fn span(what: &str, found: Duration, most: Duration) -> Result<(), String> {
    if found <= most {
        return Ok(());
    }
    Err(format!("{what} is {} s; at most {} s are allowed", found.as_secs(), most.as_secs()))
}

/// Whether all of an event is as one of ours may be.
///
/// # Errors
/// What is wrong with it, for people: what was found, and what is allowed.
pub fn check(event: &Event) -> Result<(), String> {
    let made = i64::try_from(event.id.ms() / 1000).unwrap_or(i64::MAX);
    if !TIMES.contains(&made) {
        return Err(format!("id is {}; one that was made from 1970 to 2240 is allowed", event.id));
    }
    name("camera", &event.camera)?;
    time("start_time", event.started)?;
    within("utc_offset_s", event.utc_offset, &OFFSETS)?;
    span("duration", event.duration, LONGEST)?;
    span("lead", event.lead, event.duration)?;
    span("the time since boot", event.mono, LONGEST_UP)?;
    time("end_time", event.ended())?;
    if let Some(boot) = &event.boot {
        text("boot", boot, 64)?;
    }
    within("part", event.part, &(1..=1_000_000))?;
    check_verdict(&event.verdict)?;
    if let Some(sentence) = &event.sentence {
        text("sentence", sentence, 1_000)?;
    }
    within("width", event.size.width, &SIDES)?;
    within("height", event.size.height, &SIDES)?;
    within("frame_count", event.frames, &(0..=MOST_FRAMES))?;
    within("missing", event.missing, &(0..=MOST_FRAMES))?;
    check_places(event)?;
    if let Some(clip) = &event.clip {
        check_clip(clip)?;
    }
    at_most("thumbnails", event.pictures.thumbnails as usize, 64)?;
    if let Some(analysis) = &event.analysis {
        check_analysis(analysis)?;
    }
    share("novelty", event.novelty)?;
    // A person may write what they like, several lines too.
    let characters = event.note.chars().count();
    if characters > MOST_NOTE {
        return Err(format!("note has {characters} characters; at most {MOST_NOTE} are allowed"));
    }
    match &event.source_id {
        Some(id) if id.is_empty() => Err("source_id is empty; 1 to 200 characters are allowed".to_owned()),
        Some(id) => text("source_id", id, 200),
        None => Ok(()),
    }
}

fn check_verdict(verdict: &Verdict) -> Result<(), String> {
    let label = |what: &str, label: &str| {
        if LABELS.contains(&label) {
            return Ok(());
        }
        Err(format!("{what} is {}; {} are allowed", shown(label), LABELS.join(", ")))
    };
    label("label", &verdict.label)?;
    share("confidence", verdict.confidence)?;
    at_most("alternatives", verdict.alternatives.len(), 16)?;
    for (other, confidence) in &verdict.alternatives {
        label("an alternative", other)?;
        share("the confidence of an alternative", *confidence)?;
    }
    if DIRECTIONS.contains(&verdict.direction.as_str()) {
        return Ok(());
    }
    Err(format!("direction is {}; {} are allowed", shown(&verdict.direction), DIRECTIONS.join(", ")))
}

fn check_places(event: &Event) -> Result<(), String> {
    at_most("regions", event.regions.len(), MOST_REGIONS)?;
    for rect in &event.regions {
        for side in [rect.x, rect.y, rect.w, rect.h] {
            within("a number of a region", side, &(0..=65_535))?;
        }
    }
    at_most("points of the trail", event.trail.len(), MOST_TRAIL)?;
    for point in &event.trail {
        within("a number of the trail", point.x, &(-16.0..=16.0))?;
        within("a number of the trail", point.y, &(-16.0..=16.0))?;
    }
    Ok(())
}

fn check_clip(clip: &Clip) -> Result<(), String> {
    within("the clip's number of bytes", clip.bytes, &(1..=MOST_CLIP))
}

fn check_analysis(analysis: &Analysis) -> Result<(), String> {
    at_most("numbers in the histogram", analysis.histogram.len(), MOST_CELLS)?;
    for cell in &analysis.histogram {
        finite("a number of the histogram", *cell)?;
    }
    let (flow, time) = (&analysis.characteristics, &analysis.temporal);
    let numbers = [
        flow.mean_magnitude,
        flow.std_magnitude,
        flow.mean_angle,
        flow.angular_dispersion,
        flow.max_magnitude,
        flow.flow_complexity,
        flow.dominant_direction,
        time.magnitude_trend,
        time.magnitude_variability,
        time.acceleration_mean,
        time.acceleration_std,
        time.direction_stability,
    ];
    for number in numbers {
        finite("a number of motion_characteristics or temporal_features", number)?;
    }
    text("signature_hash", &analysis.signature_hash, 128)
}

/// Whether a small file has a name that one may have, and is what its name says.
///
/// # Errors
/// What is wrong with it, for people.
pub fn check_file(name: &str, bytes: &[u8]) -> Result<(), String> {
    is_small_file(name)?;
    if bytes.len() as u64 > MOST_FILE {
        return Err(format!("{name} has {} bytes; at most {MOST_FILE} are allowed", bytes.len()));
    }
    let looked = if name == TRACK { sniff::moments(bytes) } else { sniff::jpeg(bytes) };
    looked.map_err(|why| format!("{name} {why}"))
}

/// Whether the name is one that a small file of an event may have.
///
/// # Errors
/// Which ones may.
pub fn is_small_file(name: &str) -> Result<(), String> {
    let is_picture = |it: PictureName| it.file_name() == name;
    let single = [PictureName::Poster, PictureName::Thumb, PictureName::Trail];
    let is_one = name == TRACK
        || single.into_iter().any(is_picture)
        || (0..64).map(PictureName::Thumbnail).any(is_picture);
    if is_one {
        return Ok(());
    }
    Err(format!(
        "there is a file {}; poster.jpg, thumb.jpg, trail.jpg, thumb_0.jpg to thumb_63.jpg and track.json are allowed",
        shown(name)
    ))
}

/// Whether what a camera says of itself is as it may be.
///
/// # Errors
/// What is wrong with it, for people.
pub fn check_beat(beat: &Beat) -> Result<(), String> {
    text("version", &beat.version, 64)?;
    moment("now", &beat.now)?;
    if let Some(oldest) = &beat.backlog.oldest {
        moment("backlog.oldest", oldest)?;
    }
    let most = u64::from(u32::MAX);
    within("backlog.events", beat.backlog.events, &(0..=most))?;
    within("backlog.bytes", beat.backlog.bytes, &(0..=1 << 60))?;
    at_most("cameras", beat.cameras.len(), 64)?;
    for camera in &beat.cameras {
        name("a camera's id", &camera.id)?;
        text("a camera's name", &camera.name, 64)?;
        name("a camera's state", &camera.state)?;
    }
    if let Some(url) = &beat.live_url {
        text("live_url", url, 512)?;
        let rest = url.strip_prefix("http://").or_else(|| url.strip_prefix("https://"));
        let is_url = rest.is_some_and(|rest| {
            !rest.is_empty() && !rest.starts_with('/') && rest.bytes().all(|byte| byte.is_ascii_graphic())
        });
        if !is_url || url.contains(['"', '<', '>', '\\', '`']) {
            return Err(format!(
                "live_url is {}; one that begins with http:// or https:// is allowed",
                shown(url)
            ));
        }
    }
    at_most("problems", beat.health.problems.len(), 32)?;
    for problem in &beat.health.problems {
        text("a problem", problem, 512)?;
    }
    within("health.disk_free", beat.health.disk_free.unwrap_or(0), &(0..=1 << 60))?;
    within("health.uptime_s", beat.health.uptime_s, &(0..=LONGEST_UP.as_secs()))
}

/// The time that a text says.
pub(crate) fn moment(what: &str, text: &str) -> Result<Timestamp, String> {
    let at: Timestamp = (text.len() <= 64).then(|| text.parse().ok()).flatten().ok_or_else(|| {
        format!("{what} is {}; a time as 2026-11-20T10:00:00+01:00 is allowed", shown(text))
    })?;
    time(what, at)?;
    Ok(at)
}
