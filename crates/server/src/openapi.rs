//! The description of the API: OpenAPI 3.1, made from the route table and what stands at each handler; see
//! [`web::Routes`].

use std::sync::OnceLock;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::header;
use utoipa::openapi::{Info, OpenApi};
use web::Routes;

use crate::app::App;
use crate::wire::{activity, camera, health, legacy, live, requests};

#[cfg(test)]
mod tests;

const ABOUT: &str = "A camera server: what its cameras see, what moves before them and why it counts. Times are RFC \
    3339 with offset, names of what is measured end in their unit, errors are RFC 9457 problem documents. On the \
    loopback address nothing is asked for until there is a key; `x-scope` says which scope a key needs. Keys may be \
    added to every answer: a client lets pass what it does not know.";

/// What is served.
pub(crate) fn document(version: &str) -> OpenApi {
    let mut info = Info::new("Nightjar", version);
    info.description = Some(ABOUT.to_owned());
    crate::routes::table().document(info)
}

/// Every shape that the handlers speak of.
pub(crate) fn shapes(routes: Routes<App>) -> Routes<App> {
    routes
        .shape::<camera::CamerasWire>()
        .shape::<camera::CameraChangedWire>()
        .shape::<activity::ActivityWire>()
        .shape::<legacy::StatusWire>()
        .shape::<legacy::MotionStatusWire>()
        .shape::<legacy::CameraMotionWire>()
        .shape::<legacy::ConfigChangedWire>()
        .shape::<health::HealthWire>()
        .shape::<health::ReadyWire>()
        .shape::<requests::ConfigChange>()
        .shape::<requests::CameraChange>()
        .shape::<crate::recording::RecordingRequest>()
        .shape::<crate::recording::RecordingAnswerWire>()
        .shape::<live::Told>()
        .shape::<live::Asked>()
        .shape::<crate::wire::uploads::UploadsWire>()
        .shape::<crate::wire::uploads::ErrandsWire>()
        .shape::<crate::wire::uploads::RetriedWire>()
        .shape::<crate::wire::uploads::TransferWire>()
        .shape::<crate::wire::uploads::StorageConfigWire>()
        .shape::<crate::uploads::Retry>()
        .shape::<requests::StorageConfigChange>()
        .shape::<web::shape::Binary>()
        // What is not ready, and what is.
        .problem_member::<health::ChecksWire>("checks")
}

/// The description of this API.
#[utoipa::path(get, path = "/api/v1/openapi.json", tag = "system", responses(
    (status = 200, description = "This document.", body = Object, content_type = "application/json"),
))]
pub(crate) async fn openapi(State(app): State<App>) -> Response {
    static DOCUMENT: OnceLock<Bytes> = OnceLock::new();
    let document = DOCUMENT.get_or_init(|| {
        let document = document(app.version);
        serde_json::to_vec(&document).unwrap_or_default().into()
    });
    ([(header::CONTENT_TYPE, "application/json")], document.clone()).into_response()
}

/// The item of a path in a document, by method.
#[cfg(test)]
fn operations(item: &utoipa::openapi::PathItem) -> Vec<(&'static str, &utoipa::openapi::path::Operation)> {
    let all = [("GET", &item.get), ("POST", &item.post), ("PATCH", &item.patch), ("DELETE", &item.delete)];
    all.into_iter().filter_map(|(name, operation)| Some((name, operation.as_ref()?))).collect()
}
