//! Changes of settings over HTTP: read, checked against their ranges, handed to the camera.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, Request, State};
use serde_json::{Map, Value};
use web::Problem;

use crate::app::App;
use crate::live::Channel;
use crate::wire::camera::{CameraChangedWire, CameraWire};
use crate::wire::legacy::{ConfigChangedWire, ConfigWire};
use crate::wire::requests::{CameraChange, ConfigChange};
use crate::{Applied, CameraConfig, ChangeError, ConfigPatch};

mod check;
#[cfg(test)]
mod tests;
mod zones;

use check::{Field, Kind, take};

/// `camera_config`, as scripts post it.
const CONFIG: &[Field] = &[
    ("width", Kind::Range(1, 3840), "width"),
    ("height", Kind::Range(1, 2160), "height"),
    ("frame_rate", Kind::Range(1, 120), "frame_rate"),
    ("rotation", Kind::OneOf(&[0, 90, 180, 270]), "rotation"),
    ("max_clients", Kind::Range(1, 100), "max_clients"),
    ("client_timeout", Kind::Range(1, 600), "client_timeout"),
    ("show_timestamp", Kind::Switch, "show_timestamp"),
    ("timestamp_position", Kind::Position, "timestamp_position"),
    ("motion_detection", Kind::Switch, "motion_detection"),
    ("motion_threshold", Kind::Range(5, 100), "motion_threshold"),
    ("motion_min_area", Kind::Range(100, 10_000), "motion_min_area"),
    ("highlight_motion", Kind::Switch, "highlight_motion"),
];

/// A camera by its id, beside its motion and its zones.
const CAMERA: &[Field] = &[
    ("name", Kind::Text(80), "name"),
    ("width", Kind::Range(1, 3840), "width"),
    ("height", Kind::Range(1, 2160), "height"),
    ("frame_rate", Kind::Range(1, 120), "frame_rate"),
    ("rotation", Kind::OneOf(&[0, 90, 180, 270]), "rotation"),
    ("show_timestamp", Kind::Switch, "show_timestamp"),
    ("timestamp_position", Kind::Position, "timestamp_position"),
    ("highlight_motion", Kind::Switch, "highlight_motion"),
];

const MOTION: &[Field] = &[
    ("enabled", Kind::Switch, "motion_detection"),
    ("threshold", Kind::Range(5, 100), "motion_threshold"),
    ("min_area", Kind::Range(100, 10_000), "motion_min_area"),
    ("analysis_fps", Kind::Range(1, 60), "analysis_fps"),
    ("min_frames", Kind::Range(1, 60), "min_frames"),
    ("event_gap_s", Kind::Seconds(0.5, 300.0), "event_gap"),
];

/// Changes settings of the first camera.
#[utoipa::path(post, path = "/config", tag = "first camera", request_body = ConfigChange,
    responses(
        (status = 200, body = ConfigChangedWire),
        (status = 409, description = "The environment or a flag sets one of them and would win; `field` and `by` name both."),
        (status = 415, description = "The body is not JSON by its `Content-Type`."),
        (status = 422, description = "A value is not allowed, or a key not known; `field` names it. Nothing was changed."),
        (status = 507, description = "The change could not be kept, so it was not made."),
    ))]
pub(crate) async fn post(
    State(app): State<App>,
    request: Request,
) -> Result<Json<ConfigChangedWire>, Problem> {
    let channel = app.first()?;
    let patch = parse_config(&web::json::<Value>(request).await?, &channel.camera.settings())?;
    let applied = change(&channel, patch).await.map_err(|error| problem_of(&error, flat))?;
    let message = if applied.restart_required {
        "Kept. Part of it takes effect after a restart or a SIGHUP."
    } else {
        "Applied and kept."
    };
    Ok(Json(ConfigChangedWire {
        message,
        restart_required: applied.restart_required,
        camera_config: ConfigWire::of(&channel.camera.settings()),
    }))
}

/// Changes settings of a camera: all that are named, or none.
#[utoipa::path(patch, path = "/api/v1/cameras/{id}", tag = "cameras", request_body = CameraChange,
    params(("id" = String, Path, description = "The camera's id.")),
    responses(
        (status = 200, body = CameraChangedWire),
        (status = 404, description = "There is no camera of that id."),
        (status = 409, description = "The environment or a flag sets one of them and would win; `field` and `by` name both."),
        (status = 415, description = "The body is not JSON by its `Content-Type`."),
        (status = 422, description = "A value is not allowed, or a key not known; `field` names it. Nothing was changed."),
        (status = 507, description = "The change could not be kept, so it was not made."),
    ))]
pub(crate) async fn patch(
    State(app): State<App>,
    Path(id): Path<String>,
    request: Request,
) -> Result<Json<CameraChangedWire>, Problem> {
    let channel = app.channel(&id)?;
    let patch = parse_patch(&web::json::<Value>(request).await?)?;
    let applied = change(&channel, patch).await.map_err(|error| problem_of(&error, by_id))?;
    Ok(Json(CameraChangedWire {
        camera: CameraWire::of(&channel),
        restart_required: applied.restart_required,
    }))
}

/// Hands the patch over off the tokio workers, since it is written to the disk.
async fn change(channel: &Arc<Channel>, patch: ConfigPatch) -> Result<Applied, ChangeError> {
    let channel = channel.clone();
    let changed = tokio::task::spawn_blocking(move || channel.camera.change(&patch)).await;
    changed.unwrap_or_else(|error| Err(ChangeError::NotKept(error.to_string())))
}

/// The name of a field by id.
fn by_id(field: &str) -> &str {
    field
}

/// The name of the same field in `camera_config`.
fn flat(field: &str) -> &str {
    match field {
        "motion.enabled" => "motion_detection",
        "motion.threshold" => "motion_threshold",
        "motion.min_area" => "motion_min_area",
        other => other,
    }
}

pub(crate) fn problem_of(error: &ChangeError, named: fn(&str) -> &str) -> Problem {
    match error {
        ChangeError::Invalid { field, detail } => Problem::invalid(named(field), detail.as_str()),
        ChangeError::Shadowed { field, by } => {
            let field = named(field);
            let detail =
                format!("{field} is set by {by}, which wins over a change here; take it away there first.");
            Problem::new(http::StatusCode::CONFLICT, "shadowed", detail)
                .with("field", field)
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

/// What is asked for already is taken as it is: the file allows more viewers than a change does, and a script that hands
/// back what it read must not be refused.
fn parse_config(body: &Value, there: &CameraConfig) -> Result<ConfigPatch, Problem> {
    let mut patch = ConfigPatch::default();
    for (key, value) in object(body, "", "camera_config")? {
        if key == "max_clients" && value.as_u64() == Some(there.max_clients.into()) {
            patch.max_clients = Some(there.max_clients);
        } else {
            take(CONFIG, &[], "", (key, value), &mut patch)?;
        }
    }
    Ok(patch)
}

fn parse_patch(body: &Value) -> Result<ConfigPatch, Problem> {
    let mut patch = ConfigPatch::default();
    for (key, value) in object(body, "", "the camera")? {
        match key.as_str() {
            "motion" => {
                for (key, value) in object(value, "motion", "motion")? {
                    take(MOTION, &[], "motion.", (key, value), &mut patch)?;
                }
            }
            "zones" => patch.zones = Some(zones::parse(value)?),
            _ => take(CAMERA, &["motion", "zones"], "", (key, value), &mut patch)?,
        }
    }
    Ok(patch)
}

fn object<'a>(value: &'a Value, field: &str, what: &str) -> Result<&'a Map<String, Value>, Problem> {
    value.as_object().ok_or_else(|| {
        let place = if field.is_empty() { "The body" } else { field };
        let detail = format!("{place} must be a JSON object with some of the keys of {what}.");
        let problem = Problem::new(http::StatusCode::UNPROCESSABLE_ENTITY, "invalid_body", detail);
        if field.is_empty() { problem } else { problem.with("field", field) }
    })
}
