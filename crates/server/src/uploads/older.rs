//! `POST /storage/config`: what older scripts change of uploading, key by key.

use axum::Json;
use axum::extract::{Request, State};
use serde_json::{Map, Value};
use web::Problem;

use super::{UploadPatch, ask};
use crate::app::App;
use crate::wire::requests::StorageConfigChange;
use crate::wire::uploads::StorageConfigWire;

/// Changes how and when events are sent, and how much is kept.
#[utoipa::path(post, path = "/storage/config", tag = "first camera", request_body = StorageConfigChange,
    responses(
        (status = 200, body = StorageConfigWire),
        (status = 409, description = "The environment or a flag sets one of them and would win; `field` and `by` name both."),
        (status = 415, description = "The body is not JSON by its `Content-Type`."),
        (status = 422, description = "A value is not allowed, or a key not known; `field` names it. Nothing was changed."),
        (status = 507, description = "The change could not be kept, so it was not made."),
    ))]
pub(crate) async fn post(
    State(app): State<App>,
    request: Request,
) -> Result<Json<StorageConfigWire>, Problem> {
    let body = web::json::<Value>(request).await?;
    let Some(body) = body.as_object() else {
        let detail = "The body must be a JSON object with some of the keys of the storage configuration.";
        return Err(Problem::new(http::StatusCode::UNPROCESSABLE_ENTITY, "invalid_body", detail));
    };
    let patch = parse(body)?;
    if patch.window_active == Some(true) && patch.window.is_none() {
        let has_window = ask(&app, |uploads| uploads.view().window.is_some()).await?;
        if !has_window {
            let detail = "schedule_window is needed beside it: there is none yet.";
            return Err(Problem::invalid("schedule_active", detail));
        }
    }
    let changed = ask(&app, move |uploads| uploads.change(&patch).map(|()| uploads.view())).await?;
    let view = changed.map_err(|error| crate::config::problem_of(&error, older_name))?;
    Ok(Json(StorageConfigWire::of(&view)))
}

/// What it is called here.
fn older_name(field: &str) -> &str {
    match field {
        "rate" => "throttle_kbps",
        "window" => "schedule_window",
        "window_active" => "schedule_active",
        "wifi" => "wifi_monitoring",
        "max_size" => "max_size_mb",
        other => other,
    }
}

/// Kilobit a second at the most.
const MOST_KBPS: u64 = 1_000_000;
const MIB: u64 = 1 << 20;

fn parse(body: &Map<String, Value>) -> Result<UploadPatch, Problem> {
    let mut patch = UploadPatch::default();
    for (key, value) in body {
        match key.as_str() {
            "throttle_kbps" => {
                let kbps = value.as_u64().filter(|kbps| *kbps <= MOST_KBPS);
                let kbps = kbps.ok_or_else(|| {
                    Problem::invalid(
                        key,
                        format!("{key} must be a whole number from 0 (no limit) to {MOST_KBPS}."),
                    )
                })?;
                patch.rate = Some(kbps * 125);
            }
            "schedule_active" => patch.window_active = Some(flag(key, value)?),
            "wifi_monitoring" => patch.wifi = Some(flag(key, value)?),
            "schedule_window" => {
                let window = value.as_str().filter(|window| window.len() <= 16);
                let window = window.ok_or_else(|| {
                    Problem::invalid(key, format!("{key} must be two times of a day, like 22:00-06:00."))
                })?;
                patch.window = Some(window.to_owned());
            }
            "max_size_mb" => {
                let most = value.as_u64().filter(|mib| (16..=1 << 30).contains(mib));
                let most = most.ok_or_else(|| {
                    Problem::invalid(
                        key,
                        format!("{key} must be a whole number of MiB from 16 to {}.", 1 << 30),
                    )
                })?;
                patch.max_size = Some(most * MIB);
            }
            "remote_storage_url" | "remote_api_key" => {
                let detail = format!(
                    "{key} cannot be changed over HTTP: where events go, and with which key, comes from the configuration \
                     file alone, as [[remote]]."
                );
                return Err(Problem::invalid(key, detail));
            }
            other => {
                let found: String = other.chars().take(80).collect();
                let detail = format!(
                    "{found} is not known here; allowed are throttle_kbps, schedule_active, schedule_window, \
                     wifi_monitoring, max_size_mb."
                );
                return Err(Problem::invalid(&found, detail));
            }
        }
    }
    Ok(patch)
}

fn flag(key: &str, value: &Value) -> Result<bool, Problem> {
    value.as_bool().ok_or_else(|| Problem::invalid(key, format!("{key} must be true or false.")))
}
