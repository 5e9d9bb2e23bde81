//! The paths below `/storage` that scripts poll on a camera. What they add to the query against caches is let pass.

use axum::Json;
use axum::extract::{Path, State};
use axum::response::Response;
use http::HeaderMap;
use store::event::PictureName;
use store::query::Query;
use web::Problem;
use web::shape::Binary;

use crate::app::Archive;
use crate::asked::event_id;
use crate::media;
use crate::wire::legacy::{StorageCleanupWire, StorageEventsWire, StorageStatusWire};

/// Events that are told at once, the newest; `/api/v1/events` has them all.
const EVENTS: u32 = 200;

/// How much is kept, and what waits to be uploaded.
#[utoipa::path(get, path = "/storage/status", tag = "first camera", responses((status = 200, body = StorageStatusWire)))]
pub(crate) async fn status(State(archive): State<Archive>) -> Result<Json<StorageStatusWire>, Problem> {
    let transfers = archive.transfers();
    let (view, transfers) = archive.ask(|store| Ok((store.storage(), transfers()))).await?;
    Ok(Json(StorageStatusWire::of(&view, transfers)))
}

/// The newest 200 events, the newest first.
#[utoipa::path(get, path = "/storage/events", tag = "first camera", responses((status = 200, body = StorageEventsWire)))]
pub(crate) async fn events(State(archive): State<Archive>) -> Result<Json<StorageEventsWire>, Problem> {
    let page = archive.ask(|store| store.list(&Query { limit: EVENTS, ..Query::default() })).await?;
    Ok(Json(StorageEventsWire::of(&page.events)))
}

/// What moved in an event, as a small picture.
#[utoipa::path(get, path = "/storage/events/{event}/thumbnail", tag = "first camera",
    params(("event" = String, Path, description = "The event's id.")),
    responses(
        (status = 200, description = "The picture.", body = Binary, content_type = "image/jpeg"),
        (status = 304, description = "It is what `If-None-Match` names."),
        (status = 404, description = "There is no event of that id, or no picture of it."),
    ))]
pub(crate) async fn thumbnail(
    State(archive): State<Archive>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let id = event_id(&id)?;
    match media::send_picture(&archive, id, PictureName::Thumb, &headers).await {
        // Of an event without a mover, such as one by hand, the first frame.
        Err(problem) if problem.status() == http::StatusCode::NOT_FOUND => {
            media::send_picture(&archive, id, PictureName::Thumbnail(0), &headers).await
        }
        answer => answer,
    }
}

/// Retention, now instead of within the minute.
#[utoipa::path(post, path = "/storage/cleanup", tag = "first camera",
    responses(
        (status = 200, body = StorageCleanupWire),
        (status = 507, description = "The disk is read-only."),
    ))]
pub(crate) async fn cleanup(State(archive): State<Archive>) -> Result<Json<StorageCleanupWire>, Problem> {
    let report = archive.ask(|store| store.retain()).await?;
    Ok(Json(StorageCleanupWire::of(&report)))
}
