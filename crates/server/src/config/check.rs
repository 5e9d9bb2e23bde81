//! One value of a patch: of the right type, within its range, or refused by the name of its field.

use std::time::Duration;

use serde_json::Value;
use web::Problem;

use crate::{ConfigPatch, TimestampPosition};

/// What a setting may be.
#[derive(Debug, Clone, Copy)]
pub(super) enum Kind {
    Range(u32, u32),
    OneOf(&'static [u32]),
    Switch,
    Position,
    /// Letters at the most.
    Text(usize),
    /// From and to.
    Seconds(f64, f64),
}

/// A key as a client writes it, what it may hold, and its name in [`set`].
pub(super) type Field = (&'static str, Kind, &'static str);

/// A value that has been checked.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Checked {
    Number(u32),
    Switch(bool),
    Position(TimestampPosition),
    Text(String),
    Span(Duration),
}

/// Checks the value of `key` and puts it into the patch. `prefix` is what stands before the key in the field's name.
pub(super) fn take(
    known: &[Field],
    more: &[&'static str],
    prefix: &str,
    (key, value): (&str, &Value),
    patch: &mut ConfigPatch,
) -> Result<(), Problem> {
    let Some((name, kind, target)) = known.iter().find(|(name, ..)| *name == key) else {
        let names = known.iter().map(|(name, ..)| *name).chain(more.iter().copied()).collect::<Vec<_>>();
        return Err(unknown(prefix, key, &names));
    };
    let checked =
        kind.read(value).ok_or_else(|| refuse(&format!("{prefix}{name}"), value, &kind.allowed()))?;
    set(patch, target, checked);
    Ok(())
}

impl Kind {
    pub(super) fn read(self, value: &Value) -> Option<Checked> {
        let number = || value.as_u64().and_then(|number| u32::try_from(number).ok());
        match self {
            Self::Range(least, most) => number().filter(|n| (least..=most).contains(n)).map(Checked::Number),
            Self::OneOf(allowed) => number().filter(|n| allowed.contains(n)).map(Checked::Number),
            Self::Switch => value.as_bool().map(Checked::Switch),
            Self::Position => value.as_str().and_then(TimestampPosition::named).map(Checked::Position),
            Self::Text(most) => {
                value.as_str().filter(|text| is_plain(text, most)).map(|text| Checked::Text(text.to_owned()))
            }
            Self::Seconds(least, most) => {
                let seconds = value.as_f64().filter(|it| (least..=most).contains(it))?;
                let ms = (seconds * 1000.0).round() / 1000.0;
                Duration::try_from_secs_f64(ms).ok().map(Checked::Span)
            }
        }
    }

    pub(super) fn allowed(self) -> String {
        match self {
            Self::Range(least, most) => format!("a whole number from {least} to {most}"),
            Self::OneOf(allowed) => {
                format!("one of {}", allowed.iter().map(u32::to_string).collect::<Vec<_>>().join(", "))
            }
            Self::Switch => "true or false".to_owned(),
            Self::Position => {
                format!("one of {}", TimestampPosition::ALL.map(TimestampPosition::as_str).join(", "))
            }
            Self::Text(most) => format!("a text of 1 to {most} characters on one line"),
            Self::Seconds(least, most) => format!("a number of seconds from {least} to {most}"),
        }
    }
}

fn is_plain(text: &str, most: usize) -> bool {
    !text.trim().is_empty() && text.chars().count() <= most && !text.chars().any(char::is_control)
}

/// A value that its field does not take.
pub(super) fn refuse(field: &str, value: &Value, allowed: &str) -> Problem {
    let found = value.to_string().chars().take(60).collect::<String>();
    Problem::invalid(field, format!("{field} is {found}; allowed is {allowed}."))
        .with("found", found)
        .with("allowed", allowed)
}

/// A key that is not there to be changed.
pub(super) fn unknown(prefix: &str, key: &str, known: &[&str]) -> Problem {
    let key = key.chars().take(60).collect::<String>();
    let nearest =
        known.iter().min_by_key(|name| strsim::levenshtein(name, &key)).copied().unwrap_or_default();
    let is_near = strsim::levenshtein(nearest, &key) <= 1 + nearest.len() / 3;
    let hint =
        if is_near { format!("did you mean {nearest}?") } else { format!("known are {}.", known.join(", ")) };
    let field = format!("{prefix}{key}");
    let problem = Problem::new(
        http::StatusCode::UNPROCESSABLE_ENTITY,
        "unknown_key",
        format!("{field} is not a key that can be changed here; {hint}"),
    );
    let problem = problem.with("field", field).with("allowed", known.to_vec());
    if is_near { problem.with("nearest", nearest) } else { problem }
}

fn set(patch: &mut ConfigPatch, name: &str, value: Checked) {
    match (name, value) {
        ("name", Checked::Text(text)) => patch.name = Some(text),
        ("width", Checked::Number(n)) => patch.width = Some(n),
        ("height", Checked::Number(n)) => patch.height = Some(n),
        ("frame_rate", Checked::Number(n)) => patch.frame_rate = Some(n),
        ("rotation", Checked::Number(n)) => patch.rotation = Some(n),
        ("max_clients", Checked::Number(n)) => patch.max_clients = Some(n),
        ("client_timeout", Checked::Number(n)) => patch.client_timeout = Some(n),
        ("motion_threshold", Checked::Number(n)) => patch.motion_threshold = Some(n),
        ("motion_min_area", Checked::Number(n)) => patch.motion_min_area = Some(n),
        ("analysis_fps", Checked::Number(n)) => patch.analysis_fps = Some(n),
        ("min_frames", Checked::Number(n)) => patch.min_frames = Some(n),
        ("event_gap", Checked::Span(span)) => patch.event_gap = Some(span),
        ("show_timestamp", Checked::Switch(on)) => patch.show_timestamp = Some(on),
        ("motion_detection", Checked::Switch(on)) => patch.motion_detection = Some(on),
        ("highlight_motion", Checked::Switch(on)) => patch.highlight_motion = Some(on),
        ("timestamp_position", Checked::Position(position)) => patch.timestamp_position = Some(position),
        _ => debug_assert!(false, "{name} has no place in the patch"),
    }
}
