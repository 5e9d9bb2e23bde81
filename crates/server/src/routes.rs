//! The route table.

use axum::Router;
use web::{Front, Need, Row, Scope, Table};

use crate::app::{App, Setup};
use crate::{api, config, health, legacy, mjpeg, page, snapshot, socket};

const VIEW: Need = Need::Key(Scope::View);
const CONTROL: Need = Need::Key(Scope::Control);

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

fn table() -> Table<App> {
    Table::new(VIEW, page::fallback)
        .get("/", VIEW, legacy::root)
        .get("/stream", VIEW, mjpeg::first)
        .get("/snapshot.jpg", VIEW, snapshot::first)
        .get("/snapshot", VIEW, snapshot::first)
        .get("/status", VIEW, legacy::status)
        .get("/motion_status", VIEW, legacy::motion_status)
        .post("/config", CONTROL, config::post)
        .get("/api/v1/cameras", VIEW, api::cameras)
        .get("/api/v1/cameras/{id}", VIEW, api::camera)
        .patch("/api/v1/cameras/{id}", CONTROL, config::patch)
        .get("/api/v1/cameras/{id}/stream", VIEW, mjpeg::by_id)
        .get("/api/v1/cameras/{id}/snapshot.jpg", VIEW, snapshot::by_id)
        .get("/api/v1/cameras/{id}/motion", VIEW, api::motion)
        .post("/api/v1/cameras/{id}/retry", CONTROL, api::retry)
        .get("/api/v1/cameras/{id}/activity", VIEW, api::activity)
        .get("/api/v1/cameras/{id}/visits/{visit}/picture.jpg", VIEW, api::visit_picture)
        .get("/api/v1/live", VIEW, socket::live)
        .get("/healthz", Need::Open, health::healthz)
        .get("/readyz", VIEW, health::readyz)
        .get("/metrics", Need::Key(Scope::Metrics), health::metrics)
}
