//! The description of the API: OpenAPI 3.1, made from the route table and what stands at each handler; see
//! [`web::Routes`].

use std::sync::OnceLock;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::header;
use utoipa::openapi::{Info, OpenApi};
use web::Routes;

use crate::app::Hub;
use crate::{health, wire};

const ABOUT: &str = "A hub: it takes events from cameras, keeps them and shows them. Times are RFC 3339 with offset, \
    names of what is measured end in their unit, errors are RFC 9457 problem documents. Everything but /healthz asks for \
    a key; `x-scope` says which scope it needs. Keys may be added to every answer: a client lets pass what it does not \
    know.";

/// What is served.
pub(crate) fn document(version: &str) -> OpenApi {
    let mut info = Info::new("Nightjar hub", version);
    info.description = Some(ABOUT.to_owned());
    crate::routes::table().document(info)
}

/// Every shape that the handlers speak of.
pub(crate) fn shapes(routes: Routes<Hub>) -> Routes<Hub> {
    routes
        .shape::<wire::ManifestWire>()
        .shape::<wire::StandingWire>()
        .shape::<wire::BeatWire>()
        .shape::<wire::BeatAnswerWire>()
        .shape::<wire::DevicesWire>()
        .shape::<wire::HubWire>()
        .shape::<health::HealthWire>()
        .shape::<health::ReadyWire>()
        .shape::<Offset>()
        .shape::<StandingState>()
        .shape::<web::shape::Binary>()
        // What is not ready, and what is.
        .problem_member::<health::ChecksWire>("checks")
        .problem_member::<Offset>("offset")
        .problem_member::<StandingState>("state")
}

/// Bytes of a clip that are there, where that is what is wrong.
#[derive(Debug, utoipa::ToSchema)]
#[schema(as = Offset)]
#[expect(dead_code, reason = "a description")]
pub(crate) struct Offset(u64);

/// How far an event has come, where that is what is wrong.
#[derive(Debug, utoipa::ToSchema)]
#[schema(as = StandingState)]
#[expect(dead_code, reason = "a description")]
pub(crate) struct StandingState(String);

/// The description of this API.
#[utoipa::path(get, path = "/api/v1/openapi.json", tag = "system", responses(
    (status = 200, description = "This document.", body = Object, content_type = "application/json"),
))]
pub(crate) async fn openapi(State(hub): State<Hub>) -> Response {
    static DOCUMENT: OnceLock<Bytes> = OnceLock::new();
    let document = DOCUMENT.get_or_init(|| {
        let document = document(hub.version);
        serde_json::to_vec(&document).unwrap_or_default().into()
    });
    ([(header::CONTENT_TYPE, "application/json")], document.clone()).into_response()
}
