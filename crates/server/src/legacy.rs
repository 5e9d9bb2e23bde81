//! The paths that scripts already poll: they speak of the first camera.

use axum::Json;
use axum::extract::{RawQuery, State};
use axum::response::Response;
use http::HeaderMap;
use web::Problem;
use web::shape::Binary;

use crate::app::App;
use crate::mjpeg::Came;
use crate::wire::legacy::{MotionStatusWire, StatusWire};
use crate::wire::requests::{PictureAsked, RateAsked};
use crate::{mjpeg, query, snapshot};

/// The page, or what older MJPEG viewers ask for with `?action=`.
#[utoipa::path(get, path = "/", tag = "first camera",
    params(
        ("action" = Option<String>, Query, description = "`stream` or `snapshot`; `stream_1` is the second camera's."),
        PictureAsked, RateAsked,
    ),
    responses(
        (status = 200, description = "The page, a picture, or pictures one after another.", content(
            (String = "text/html"),
            (Binary = "image/jpeg"),
            (Binary = "multipart/x-mixed-replace; boundary=frame"),
        )),
        (status = 304, description = "The page is what `If-None-Match` names."),
        (status = 404, description = "There is no camera at that place."),
        (status = 422, description = "A value of the query is out of its range; `field` names it."),
        (status = 503, description = "The camera gives no picture right now."),
    ))]
pub(crate) async fn root(
    State(app): State<App>,
    came: Came,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let action = query::action(query.as_deref());
    match action.as_ref().map(|(what, camera)| (what.as_str(), *camera)) {
        Some(("stream", camera)) => mjpeg::stream(&app.nth(camera)?, came, query.as_deref()),
        Some(("snapshot", camera)) => snapshot::snapshot(&app.nth(camera)?, query.as_deref()).await,
        Some(_) => {
            let detail = "action is not known here; stream and snapshot are.";
            Err(Problem::bad_request("unknown_action", detail).with("field", "action"))
        }
        None => archive::page::index(&headers, came.admission.as_ref()),
    }
}

/// How the first camera and the server do.
#[utoipa::path(get, path = "/status", tag = "first camera", responses((status = 200, body = StatusWire)))]
pub(crate) async fn status(State(app): State<App>) -> Result<Json<StatusWire>, Problem> {
    Ok(Json(StatusWire::of(&*app.first()?, app.version, app.uptime().as_secs())))
}

/// What moves before the first camera and what moved.
#[utoipa::path(get, path = "/motion_status", tag = "first camera", responses((status = 200, body = MotionStatusWire)))]
pub(crate) async fn motion_status(State(app): State<App>) -> Result<Json<MotionStatusWire>, Problem> {
    Ok(Json(MotionStatusWire::of(&*app.first()?)))
}
