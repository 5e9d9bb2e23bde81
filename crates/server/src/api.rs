//! `/api/v1/cameras…`

use axum::Json;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::response::Response;
use http::{HeaderValue, StatusCode, header};
use serde_json::{Value, json};
use web::Problem;

use crate::app::App;
use crate::wire::activity::ActivityWire;
use crate::wire::camera::CameraWire;
use crate::wire::legacy::MotionStatusWire;

/// `GET /api/v1/cameras`
pub(crate) async fn cameras(State(app): State<App>) -> Json<Value> {
    let cameras = app.channels().iter().map(|channel| CameraWire::of(channel)).collect::<Vec<_>>();
    Json(json!({ "cameras": cameras }))
}

/// `GET /api/v1/cameras/{id}`
pub(crate) async fn camera(
    State(app): State<App>,
    Path(id): Path<String>,
) -> Result<Json<CameraWire>, Problem> {
    Ok(Json(CameraWire::of(&*app.channel(&id)?)))
}

/// `GET /api/v1/cameras/{id}/motion`
pub(crate) async fn motion(
    State(app): State<App>,
    Path(id): Path<String>,
) -> Result<Json<MotionStatusWire>, Problem> {
    Ok(Json(MotionStatusWire::of(&*app.channel(&id)?, true)))
}

/// `POST /api/v1/cameras/{id}/retry`
pub(crate) async fn retry(State(app): State<App>, Path(id): Path<String>) -> Result<StatusCode, Problem> {
    app.channel(&id)?.camera.retry_now();
    Ok(StatusCode::NO_CONTENT)
}

/// `GET /api/v1/cameras/{id}/activity`
pub(crate) async fn activity(
    State(app): State<App>,
    Path(id): Path<String>,
) -> Result<Json<ActivityWire>, Problem> {
    let channel = app.channel(&id)?;
    let activity = channel.camera.activity();
    Ok(Json(ActivityWire::of(channel.camera.id(), &activity, app.clock.wall())))
}

/// `GET /api/v1/cameras/{id}/visits/{visit}/picture.jpg`
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
