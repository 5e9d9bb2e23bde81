//! The route table: path, scope, what is taken of a body, handler, and what stands at the handler about it.

use axum::Router;
use web::{Front, Need, Routes, Row, Scope};

use crate::app::{Hub, Setup};
use crate::ingest::{MOST_MANIFEST, MOST_PART};
use crate::janitor::Chores;
use crate::{devices, health, ingest, legacy, openapi};

const VIEW: Need = Need::Key(Scope::View);
const CONTROL: Need = Need::Key(Scope::Control);
const UPLOAD: Need = Need::Key(Scope::Upload);
const METRICS: Need = Need::Key(Scope::Metrics);

/// Everything that is served, behind its checks; and what is to be done beside, for [`crate::Janitor`].
pub fn router(setup: Setup) -> (Router, Chores) {
    let hub = Hub::new(&setup);
    (route(hub.clone(), setup.front), Chores(hub))
}

pub(crate) fn route(hub: Hub, front: Front) -> Router {
    table().into_router(hub, front)
}

/// Every route with what it asks for.
#[must_use]
pub fn rows() -> Vec<Row> {
    table().rows().to_vec()
}

/// Each row ends in the description that `#[utoipa::path]` makes of its handler.
#[rustfmt::skip]
pub(crate) fn table() -> Routes<Hub> {
    let routes = openapi::shapes(Routes::new(VIEW, archive::page::hub_fallback));
    legacy::routes(archive::link_routes(archive::routes(routes)))
        .put("/api/v1/ingest/device", UPLOAD, devices::beat, devices::__path_beat)
        .get("/api/v1/ingest/{event}", UPLOAD, ingest::standing, ingest::__path_standing)
        .put("/api/v1/ingest/{event}", UPLOAD, ingest::announce, ingest::__path_announce).streamed(MOST_MANIFEST)
        .delete("/api/v1/ingest/{event}", UPLOAD, ingest::give_up, ingest::__path_give_up)
        .put("/api/v1/ingest/{event}/files/{name}", UPLOAD, ingest::file, ingest::__path_file).streamed(store::parcel::MOST_FILE)
        .patch("/api/v1/ingest/{event}/clip", UPLOAD, ingest::part, ingest::__path_part).streamed(MOST_PART)
        .post("/api/v1/ingest/{event}/finish", UPLOAD, ingest::finish, ingest::__path_finish)
        .get("/api/v1/devices", VIEW, devices::list, devices::__path_list)
        .get("/api/v1/devices/{device}", VIEW, devices::one, devices::__path_one)
        .delete("/api/v1/devices/{device}", CONTROL, devices::forget, devices::__path_forget)
        .get("/api/v1/hub", VIEW, devices::about, devices::__path_about)
        .get("/api/v1/openapi.json", VIEW, openapi::openapi, openapi::__path_openapi)
        .get("/healthz", Need::Open, health::healthz, health::__path_healthz)
        .get("/readyz", VIEW, health::readyz, health::__path_readyz)
        .get("/metrics", METRICS, health::metrics, health::__path_metrics)
}
