//! The route table: path, scope, handler, and what stands at the handler about it.

use axum::Router;
use web::{Front, Need, Routes, Row, Scope};

use crate::app::{App, Setup};
use crate::uploads::older;
use crate::{api, config, health, legacy, mjpeg, openapi, recording, snapshot, socket, uploads};

const VIEW: Need = Need::Key(Scope::View);
const CONTROL: Need = Need::Key(Scope::Control);
const METRICS: Need = Need::Key(Scope::Metrics);

/// Everything that is served, behind its checks. The cameras must answer at once from now on.
pub fn router(setup: Setup) -> Router {
    let app = App::new(&setup);
    route(app, setup.front)
}

pub(crate) fn route(app: App, front: Front) -> Router {
    table().into_router(app, front)
}

/// Every route with what it asks for.
#[must_use]
pub fn rows() -> Vec<Row> {
    table().rows().to_vec()
}

/// Each row ends in the description that `#[utoipa::path]` makes of its handler.
#[rustfmt::skip]
pub(crate) fn table() -> Routes<App> {
    let routes = openapi::shapes(Routes::new(VIEW, archive::page::fallback));
    archive::link_routes(archive::older_routes(archive::routes(routes)))
        .get("/", VIEW, legacy::root, legacy::__path_root)
        .get_linkable("/stream", VIEW, mjpeg::first, mjpeg::__path_first)
        .get_linkable("/snapshot.jpg", VIEW, snapshot::first, snapshot::__path_first)
        .get_linkable("/snapshot", VIEW, snapshot::first, snapshot::__path_first)
        .get("/status", VIEW, legacy::status, legacy::__path_status)
        .get("/motion_status", VIEW, legacy::motion_status, legacy::__path_motion_status)
        .post("/config", CONTROL, config::post, config::__path_post)
        .get("/api/v1/cameras", VIEW, api::cameras, api::__path_cameras)
        .get("/api/v1/cameras/{id}", VIEW, api::camera, api::__path_camera)
        .patch("/api/v1/cameras/{id}", CONTROL, config::patch, config::__path_patch)
        .get_linkable("/api/v1/cameras/{id}/stream", VIEW, mjpeg::by_id, mjpeg::__path_by_id)
        .get_linkable("/api/v1/cameras/{id}/snapshot.jpg", VIEW, snapshot::by_id, snapshot::__path_by_id)
        .get("/api/v1/cameras/{id}/motion", VIEW, api::motion, api::__path_motion)
        .post("/api/v1/cameras/{id}/retry", CONTROL, api::retry, api::__path_retry)
        .post("/api/v1/cameras/{id}/recording", CONTROL, recording::post, recording::__path_post)
        .get("/api/v1/cameras/{id}/activity", VIEW, api::activity, api::__path_activity)
        .get_linkable("/api/v1/cameras/{id}/visits/{visit}/picture.jpg", VIEW, api::visit_picture, api::__path_visit_picture)
        .get("/api/v1/live", VIEW, socket::live, socket::__path_live)
        .get("/api/v1/openapi.json", VIEW, openapi::openapi, openapi::__path_openapi)
        .get("/api/v1/uploads", VIEW, uploads::view, uploads::__path_view)
        .get("/api/v1/uploads/errands", VIEW, uploads::errands, uploads::__path_errands)
        .post("/api/v1/uploads/retry", CONTROL, uploads::retry, uploads::__path_retry)
        .post("/api/v1/uploads/pause", CONTROL, uploads::pause, uploads::__path_pause)
        .post("/api/v1/uploads/resume", CONTROL, uploads::resume, uploads::__path_resume)
        .post("/storage/config", CONTROL, older::post, older::__path_post)
        .post("/storage/transfer/{event}", CONTROL, uploads::transfer, uploads::__path_transfer)
        .get("/healthz", Need::Open, health::healthz, health::__path_healthz)
        .get("/readyz", VIEW, health::readyz, health::__path_readyz)
        .get("/metrics", METRICS, health::metrics, health::__path_metrics)
}
