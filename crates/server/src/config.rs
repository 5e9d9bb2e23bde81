//! Changes of settings over HTTP: read, checked against their ranges, handed to the camera.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, Request, State};
use serde_json::{Map, Value, json};
use web::Problem;

use crate::app::App;
use crate::live::Channel;
use crate::wire::camera::CameraWire;
use crate::wire::legacy::ConfigWire;
use crate::{Applied, ChangeError, ConfigPatch, TimestampPosition};

#[cfg(test)]
mod tests;

/// What a setting may be.
#[derive(Debug, Clone, Copy)]
enum Kind {
    Range(u32, u32),
    OneOf(&'static [u32]),
    Switch,
    Position,
}

const CONFIG: &[(&str, Kind)] = &[
    ("width", Kind::Range(1, 3840)),
    ("height", Kind::Range(1, 2160)),
    ("frame_rate", Kind::Range(1, 120)),
    ("rotation", Kind::OneOf(&[0, 90, 180, 270])),
    ("max_clients", Kind::Range(1, 100)),
    ("client_timeout", Kind::Range(1, 600)),
    ("show_timestamp", Kind::Switch),
    ("timestamp_position", Kind::Position),
    ("motion_detection", Kind::Switch),
    ("motion_threshold", Kind::Range(5, 100)),
    ("motion_min_area", Kind::Range(100, 10_000)),
    ("highlight_motion", Kind::Switch),
];

const MOTION: &[(&str, Kind)] =
    &[("enabled", Kind::Switch), ("threshold", Kind::Range(5, 100)), ("min_area", Kind::Range(100, 10_000))];

/// `POST /config`
pub(crate) async fn post(State(app): State<App>, request: Request) -> Result<Json<Value>, Problem> {
    let patch = parse_config(&web::json::<Value>(request).await?)?;
    let channel = app.first()?;
    let applied = change(&channel, patch).await?;
    let message = if applied.restart_required {
        "Kept. Part of it takes effect after a restart."
    } else {
        "Applied and kept."
    };
    Ok(Json(json!({
        "message": message,
        "restart_required": applied.restart_required,
        "camera_config": ConfigWire::of(&channel.camera.settings()),
    })))
}

/// `PATCH /api/v1/cameras/{id}`
pub(crate) async fn patch(
    State(app): State<App>,
    Path(id): Path<String>,
    request: Request,
) -> Result<Json<Value>, Problem> {
    let channel = app.channel(&id)?;
    let patch = parse_patch(&web::json::<Value>(request).await?)?;
    let applied = change(&channel, patch).await?;
    Ok(Json(json!({
        "camera": CameraWire::of(&channel),
        "restart_required": applied.restart_required,
    })))
}

/// Hands the patch over off the tokio workers, since it is written to the disk.
async fn change(channel: &Arc<Channel>, patch: ConfigPatch) -> Result<Applied, Problem> {
    let channel = channel.clone();
    let changed = tokio::task::spawn_blocking(move || channel.camera.change(&patch)).await;
    match changed {
        Ok(Ok(applied)) => Ok(applied),
        Ok(Err(error)) => Err(problem_of(&error)),
        Err(error) => {
            tracing::error!(%error, "failed to change settings");
            Err(Problem::internal())
        }
    }
}

fn problem_of(error: &ChangeError) -> Problem {
    match error {
        ChangeError::Invalid { field, detail } => Problem::invalid(field, detail.as_str()),
        ChangeError::Shadowed { field, by } => {
            Problem::new(http::StatusCode::CONFLICT, "shadowed", format!("{error}."))
                .with("field", *field)
                .with("by", by.as_str())
        }
        ChangeError::NotKept(_) => {
            tracing::error!(%error, "failed to change settings");
            let detail =
                "The change could not be kept on the disk, so it was not made. /readyz says how the disk is.";
            Problem::new(http::StatusCode::INSUFFICIENT_STORAGE, "not_kept", detail)
        }
    }
}

fn parse_config(body: &Value) -> Result<ConfigPatch, Problem> {
    let mut patch = ConfigPatch::default();
    for (key, value) in object(body, "camera_config")? {
        set(&mut patch, key, check(CONFIG, "", key, value)?);
    }
    Ok(patch)
}

fn parse_patch(body: &Value) -> Result<ConfigPatch, Problem> {
    let mut patch = ConfigPatch::default();
    for (key, value) in object(body, "the camera")? {
        if key != "motion" {
            return Err(unknown(key, &["motion"]));
        }
        for (key, value) in object(value, "motion")? {
            let name = match key.as_str() {
                "enabled" => "motion_detection",
                "threshold" => "motion_threshold",
                _ => "motion_min_area",
            };
            set(&mut patch, name, check(MOTION, "motion.", key, value)?);
        }
    }
    Ok(patch)
}

fn object<'a>(value: &'a Value, what: &str) -> Result<&'a Map<String, Value>, Problem> {
    value.as_object().ok_or_else(|| {
        let detail = format!("The body must be a JSON object with some of the keys of {what}.");
        Problem::new(http::StatusCode::UNPROCESSABLE_ENTITY, "invalid_body", detail)
    })
}

/// A value that has been checked.
#[derive(Debug, Clone, Copy)]
enum Checked {
    Number(u32),
    Switch(bool),
    Position(TimestampPosition),
}

fn check(known: &[(&'static str, Kind)], prefix: &str, key: &str, value: &Value) -> Result<Checked, Problem> {
    let Some((name, kind)) = known.iter().find(|(name, _)| *name == key) else {
        return Err(unknown(key, &known.iter().map(|(name, _)| *name).collect::<Vec<_>>()));
    };
    let number = || value.as_u64().and_then(|number| u32::try_from(number).ok());
    let checked = match kind {
        Kind::Range(least, most) => number().filter(|n| (least..=most).contains(&n)).map(Checked::Number),
        Kind::OneOf(allowed) => number().filter(|n| allowed.contains(n)).map(Checked::Number),
        Kind::Switch => value.as_bool().map(Checked::Switch),
        Kind::Position => value.as_str().and_then(TimestampPosition::named).map(Checked::Position),
    };
    checked.ok_or_else(|| refuse(&format!("{prefix}{name}"), value, *kind))
}

fn refuse(field: &str, value: &Value, kind: Kind) -> Problem {
    let text = match kind {
        Kind::Range(least, most) => format!("a whole number from {least} to {most}"),
        Kind::OneOf(allowed) => {
            format!("one of {}", allowed.iter().map(u32::to_string).collect::<Vec<_>>().join(", "))
        }
        Kind::Switch => "true or false".to_owned(),
        Kind::Position => {
            format!("one of {}", TimestampPosition::ALL.map(TimestampPosition::as_str).join(", "))
        }
    };
    let found = value.to_string().chars().take(60).collect::<String>();
    Problem::invalid(field, format!("{field} is {found}; allowed is {text}."))
        .with("found", found)
        .with("allowed", text)
}

fn unknown(key: &str, known: &[&str]) -> Problem {
    let key = key.chars().take(60).collect::<String>();
    let nearest =
        known.iter().min_by_key(|name| strsim::levenshtein(name, &key)).copied().unwrap_or_default();
    let is_near = strsim::levenshtein(nearest, &key) <= 1 + nearest.len() / 3;
    let hint =
        if is_near { format!("did you mean {nearest}?") } else { format!("known are {}.", known.join(", ")) };
    let problem = Problem::new(
        http::StatusCode::UNPROCESSABLE_ENTITY,
        "unknown_key",
        format!("{key} is not a key that can be changed here; {hint}"),
    );
    let problem = problem.with("field", key).with("allowed", known.to_vec());
    if is_near { problem.with("nearest", nearest) } else { problem }
}

fn set(patch: &mut ConfigPatch, name: &str, value: Checked) {
    match (name, value) {
        ("width", Checked::Number(n)) => patch.width = Some(n),
        ("height", Checked::Number(n)) => patch.height = Some(n),
        ("frame_rate", Checked::Number(n)) => patch.frame_rate = Some(n),
        ("rotation", Checked::Number(n)) => patch.rotation = Some(n),
        ("max_clients", Checked::Number(n)) => patch.max_clients = Some(n),
        ("client_timeout", Checked::Number(n)) => patch.client_timeout = Some(n),
        ("motion_threshold", Checked::Number(n)) => patch.motion_threshold = Some(n),
        ("motion_min_area", Checked::Number(n)) => patch.motion_min_area = Some(n),
        ("show_timestamp", Checked::Switch(on)) => patch.show_timestamp = Some(on),
        ("motion_detection", Checked::Switch(on)) => patch.motion_detection = Some(on),
        ("highlight_motion", Checked::Switch(on)) => patch.highlight_motion = Some(on),
        ("timestamp_position", Checked::Position(position)) => patch.timestamp_position = Some(position),
        _ => debug_assert!(false, "{name} has no place in the patch"),
    }
}
