//! `POST /api/v1/cameras/{id}/recording`: by hand.

use axum::Json;
use axum::extract::{Path, Request, State};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use web::Problem;

use crate::app::App;
use crate::{RecordAction, RecordRefused};

/// What is wanted.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RecordingRequest {
    pub(crate) action: ActionWire,
}

/// Start or stop.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = RecordingAction)]
pub(crate) enum ActionWire {
    Start,
    Stop,
}

/// It was told to the recorder.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RecordingAnswer)]
pub(crate) struct RecordingAnswerWire {
    /// The event that it becomes part of, or was part of; null if there is none: nothing can be written, or nobody had
    /// started what is to be stopped.
    #[schema(required)]
    pub(crate) event: Option<String>,
}

/// Starts a recording, with what was before, or stops it. What moves meanwhile is part of the same event, which ends when both
/// are over.
#[utoipa::path(post, path = "/api/v1/cameras/{id}/recording", tag = "cameras", request_body = RecordingRequest,
    params(("id" = String, Path, description = "The camera's id.")),
    responses(
        (status = 202, body = RecordingAnswerWire),
        (status = 404, description = "There is no camera of that id."),
        (status = 409, description = "This camera is not recorded ([camera.recording] enabled = false), or delivers no pictures."),
        (status = 422, description = "action is neither start nor stop."),
        (status = 503, description = "The recorder is behind; try again."),
    ))]
pub(crate) async fn post(
    State(app): State<App>,
    Path(id): Path<String>,
    request: Request,
) -> Result<(StatusCode, Json<RecordingAnswerWire>), Problem> {
    let channel = app.channel(&id)?;
    let action = match web::json::<RecordingRequest>(request).await?.action {
        ActionWire::Start => RecordAction::Start,
        ActionWire::Stop => RecordAction::Stop,
    };
    // The recorder answers once the event has an id, for which it writes to the disk.
    let told = tokio::task::spawn_blocking(move || channel.camera.record(action)).await;
    match told.map_err(|_| Problem::internal())? {
        Ok(event) => {
            Ok((StatusCode::ACCEPTED, Json(RecordingAnswerWire { event: event.map(|id| id.to_string()) })))
        }
        Err(RecordRefused::Off) => Err(Problem::new(
            StatusCode::CONFLICT,
            "not_recorded",
            "This camera is not recorded: [camera.recording] enabled is false.",
        )),
        Err(RecordRefused::NoPictures) => Err(Problem::new(
            StatusCode::CONFLICT,
            "no_pictures",
            "There is nothing to record: the camera delivers no pictures at present. Its state says why.",
        )),
        Err(RecordRefused::Busy) => {
            Err(Problem::unavailable("recorder_busy", "The recorder is behind; try again.", 2))
        }
    }
}
