//! `/api/v1/cameras…`

use axum::Json;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::response::Response;
use http::{HeaderValue, StatusCode, header};
use web::Problem;
use web::shape::Binary;

use crate::app::App;
use crate::wire::activity::ActivityWire;
use crate::wire::camera::{CameraWire, CamerasWire};
use crate::wire::legacy::CameraMotionWire;

/// All cameras.
#[utoipa::path(get, path = "/api/v1/cameras", tag = "cameras", responses((status = 200, body = CamerasWire)))]
pub(crate) async fn cameras(State(app): State<App>) -> Json<CamerasWire> {
    Json(CamerasWire { cameras: app.channels().iter().map(|channel| CameraWire::of(channel)).collect() })
}

/// One camera.
#[utoipa::path(get, path = "/api/v1/cameras/{id}", tag = "cameras",
    params(("id" = String, Path, description = "The camera's id.")),
    responses((status = 200, body = CameraWire), (status = 404, description = "There is no camera of that id.")))]
pub(crate) async fn camera(
    State(app): State<App>,
    Path(id): Path<String>,
) -> Result<Json<CameraWire>, Problem> {
    Ok(Json(CameraWire::of(&*app.channel(&id)?)))
}

/// What moves before a camera, what moved, and why it counts.
#[utoipa::path(get, path = "/api/v1/cameras/{id}/motion", tag = "cameras",
    params(("id" = String, Path, description = "The camera's id.")),
    responses((status = 200, body = CameraMotionWire), (status = 404, description = "There is no camera of that id.")))]
pub(crate) async fn motion(
    State(app): State<App>,
    Path(id): Path<String>,
) -> Result<Json<CameraMotionWire>, Problem> {
    Ok(Json(CameraMotionWire::of(&*app.channel(&id)?)))
}

/// A lost camera tries again now instead of at the end of its pause.
#[utoipa::path(post, path = "/api/v1/cameras/{id}/retry", tag = "cameras",
    params(("id" = String, Path, description = "The camera's id.")),
    responses((status = 204, description = "It does."), (status = 404, description = "There is no camera of that id.")))]
pub(crate) async fn retry(State(app): State<App>, Path(id): Path<String>) -> Result<StatusCode, Problem> {
    app.channel(&id)?.camera.retry_now();
    Ok(StatusCode::NO_CONTENT)
}

/// The last hour of a camera.
#[utoipa::path(get, path = "/api/v1/cameras/{id}/activity", tag = "cameras",
    params(("id" = String, Path, description = "The camera's id.")),
    responses((status = 200, body = ActivityWire), (status = 404, description = "There is no camera of that id.")))]
pub(crate) async fn activity(
    State(app): State<App>,
    Path(id): Path<String>,
) -> Result<Json<ActivityWire>, Problem> {
    let channel = app.channel(&id)?;
    let activity = channel.camera.activity();
    Ok(Json(ActivityWire::of(channel.camera.id(), &activity, app.clock.wall())))
}

/// A visit's picture.
#[utoipa::path(get, path = "/api/v1/cameras/{id}/visits/{visit}/picture.jpg", tag = "cameras",
    params(
        ("id" = String, Path, description = "The camera's id."),
        ("visit" = u64, Path, description = "The visit's id."),
    ),
    responses(
        (status = 200, description = "The picture.", body = Binary, content_type = "image/jpeg"),
        (status = 404, description = "There is no camera of that id, or no picture of that visit."),
    ))]
pub(crate) async fn visit_picture(
    State(app): State<App>,
    Path((id, visit)): Path<(String, String)>,
) -> Result<Response, Problem> {
    let channel = app.channel(&id)?;
    let visit = visit.parse::<u64>().map_err(|_| no_picture())?;
    let picture = tokio::task::spawn_blocking(move || channel.camera.visit_picture(visit)).await;
    let jpeg = picture.ok().flatten().ok_or_else(no_picture)?;
    let mut response = Response::new(Body::from(jpeg));
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("image/jpeg"));
    // A visit's best picture may be replaced while it goes on, and its number is used again after a restart.
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    Ok(response)
}

fn no_picture() -> Problem {
    Problem::not_found("There is no picture of that visit.")
}
