//! The paths that scripts already poll: they speak of the first camera.

use axum::Json;
use axum::extract::{RawQuery, State};
use axum::response::Response;
use http::HeaderMap;
use web::Problem;

use crate::app::App;
use crate::mjpeg::Came;
use crate::wire::legacy::{MotionStatusWire, StatusWire};
use crate::{mjpeg, page, query, snapshot};

/// `GET /`: the page, or what older MJPEG viewers ask for with `?action=`.
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
        None => page::file("index.html", &headers),
    }
}

/// `GET /status`
pub(crate) async fn status(State(app): State<App>) -> Result<Json<StatusWire>, Problem> {
    Ok(Json(StatusWire::of(&*app.first()?, app.version, app.uptime().as_secs())))
}

/// `GET /motion_status`
pub(crate) async fn motion_status(State(app): State<App>) -> Result<Json<MotionStatusWire>, Problem> {
    Ok(Json(MotionStatusWire::of(&*app.first()?, false)))
}
