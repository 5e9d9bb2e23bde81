//! `/storage/chunked/…`: an event in chunks.

use axum::Json;
use axum::extract::{Request, State as Shared};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::StatusCode;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use serde::de::DeserializeOwned;
use sha2::{Digest as _, Sha256};
use store::Store;
use web::Problem;

use super::keep::{self, MOST_METADATA, MOST_THUMBNAIL, MOST_THUMBNAILS, Pictures, Sent, keep, no_upload};
use super::sessions::{Open, Plan, Session, State};
use super::wire::{
    BegunWire, ChunkAsked, ChunkWire, DoneWire, FinishedWire, InitAsked, Metadata, UploadAsked,
};
use crate::app::Hub;
use crate::body;
use crate::device::Device;
use crate::digest;
use crate::ingest::room;
use crate::problem::{told, too_large, unreadable, wrong_digest};

/// Bytes of a request: a chunk of 16 MiB in Base64 and what is around it.
pub(super) const MOST_JSON: u64 = 24 << 20;

/// Begins an upload.
#[utoipa::path(post, path = "/storage/chunked/init", tag = "older cameras", request_body = InitAsked,
    responses(
        (status = 200, body = BegunWire),
        (status = 413, description = "The event is larger than is taken here."),
        (status = 415, description = "The body is not sent as JSON."),
        (status = 422, description = "What was sent cannot be; `field` names what is at fault."),
        (status = 507, description = "The device's quota or the disk is full."),
    ))]
pub(crate) async fn init(
    Shared(hub): Shared<Hub>,
    device: Device,
    request: Request,
) -> Result<Json<BegunWire>, Problem> {
    let _turn = hub.turns.of(&device.id).await?;
    let _memory = hub.turns.memory(memory_of(&request)).await?;
    let asked: InitAsked = json(&hub, request).await?;
    let plan = Plan::new(asked.file_size, asked.chunk_size, asked.total_chunks)?;
    let most = hub.settings.get().max_event;
    if plan.file_size > most {
        return Err(too_large("The clip", plan.file_size, most).with("field", "file_size"));
    }
    hub.legacy.expire(hub.settings.get().incomplete_for);
    let bytes = plan.file_size.saturating_add(hub.legacy.bytes_of(&device.id));
    room(&hub, &device, store::event::EventId::from_parts(0, 0), bytes).await?;
    let (worker, owner) = (hub.clone(), device.clone());
    let open = hub.work(move || opened(&worker, &owner, asked, &plan)).await??;
    let id = hub.store.new_id().to_string();
    hub.legacy.begin(Session::new(id.clone(), &device.id, plan, open))?;
    Ok(Json(BegunWire { upload_id: id }))
}

fn opened(hub: &Hub, device: &Device, asked: InitAsked, plan: &Plan) -> Result<Open, Problem> {
    let text = match asked.metadata {
        Metadata::Text(text) => text.into_bytes(),
        Metadata::Object(object) => serde_json::to_vec(&object).map_err(|_| Problem::internal())?,
    };
    let said = keep::read(hub, device, &text)?;
    let thumbnails = asked.thumbnails.unwrap_or_default();
    if thumbnails.len() > MOST_THUMBNAILS {
        let detail =
            format!("There are {} thumbnails; at most {MOST_THUMBNAILS} are taken.", thumbnails.len());
        return Err(unreadable(detail).with("field", "thumbnails"));
    }
    let pictures = pictures(&hub.store, &thumbnails)?;
    let clip = hub.store.spool().map_err(told)?;
    Ok(Open::new(said, clip, pictures, plan))
}

/// Puts the thumbnails by, on the disk.
fn pictures(store: &Store, thumbnails: &[String]) -> Result<Pictures, Problem> {
    let mut pictures = Pictures::default();
    for (n, text) in thumbnails.iter().enumerate() {
        let bytes = decoded(text, "thumbnails")?;
        if bytes.len() as u64 > MOST_THUMBNAIL {
            return Err(
                too_large("A thumbnail", bytes.len() as u64, MOST_THUMBNAIL).with("field", "thumbnails")
            );
        }
        pictures.put(store, n, &bytes)?;
    }
    Ok(pictures)
}

/// Takes a chunk. One that came before is fine; in whatever order they come.
#[utoipa::path(post, path = "/storage/chunked/upload", tag = "older cameras", request_body = ChunkAsked,
    responses(
        (status = 200, body = ChunkWire),
        (status = 404, description = "There is no such upload of this device, or no more."),
        (status = 409, description = "This chunk came before, with other bytes."),
        (status = 415, description = "The body is not sent as JSON."),
        (status = 422, description = "No such chunk, not as long as it has to be, or no Base64; `field` names what is at fault."),
        (status = 507, description = "The disk is full or read-only."),
    ))]
pub(crate) async fn upload(
    Shared(hub): Shared<Hub>,
    device: Device,
    request: Request,
) -> Result<Json<ChunkWire>, Problem> {
    let _turn = hub.turns.of(&device.id).await?;
    let _memory = hub.turns.memory(memory_of(&request)).await?;
    let ChunkAsked { upload_id, chunk_index, chunk_data } = json(&hub, request).await?;
    let session = hub.legacy.get(&upload_id, &device.id).ok_or_else(|| no_upload(&upload_id))?;
    let (at, len) = session.plan.chunk(chunk_index)?;
    let bytes = hub.work(move || decoded(&chunk_data, "chunk_data")).await??;
    if bytes.len() as u64 != len {
        let detail = format!("chunk_data has {} bytes; chunk {chunk_index} has {len}.", bytes.len());
        return Err(unreadable(detail).with("field", "chunk_data"));
    }
    // Not waited for where work is done: who ends the upload waits for a place there himself.
    let mut state = session.state.clone().lock_owned().await;
    let _disk = hub.turns.disk().await?;
    let is_same = hub.work(move || match &mut *state {
        State::Open(open) => open.put(chunk_index, at, &bytes).map_err(told),
        // One more time, of an upload that is whole: its answer was lost.
        State::Done(_) => Ok(true),
        State::Over => Err(no_upload(&session.id)),
    });
    if is_same.await?? {
        return Ok(Json(ChunkWire { success: true, chunk_index }));
    }
    let detail = format!("Chunk {chunk_index} came before, with other bytes; begin again with init.");
    Err(Problem::new(StatusCode::CONFLICT, "other_chunk", detail).with("field", "chunk_data"))
}

/// Ends an upload: the event is kept. Asked again, the same is answered.
#[utoipa::path(post, path = "/storage/chunked/finalize", tag = "older cameras", request_body = UploadAsked,
    responses(
        (status = 200, body = FinishedWire),
        (status = 404, description = "There is no such upload of this device, or no more."),
        (status = 409, description = "Another event of this device has its id."),
        (status = 413, description = "The event is larger than is taken here."),
        (status = 415, description = "The body is not sent as JSON."),
        (status = 422, description = "Chunks are still to come, or it is no clip."),
        (status = 507, description = "The device's quota or the disk is full."),
    ))]
pub(crate) async fn finalize(
    Shared(hub): Shared<Hub>,
    device: Device,
    request: Request,
) -> Result<Json<FinishedWire>, Problem> {
    let _turn = hub.turns.of(&device.id).await?;
    let UploadAsked { upload_id } = json(&hub, request).await?;
    let session = hub.legacy.get(&upload_id, &device.id).ok_or_else(|| no_upload(&upload_id))?;
    let mut state = session.state.lock().await;
    match &*state {
        State::Done(kept) => return Ok(Json(FinishedWire::of(kept.clone()))),
        State::Over => return Err(no_upload(&upload_id)),
        State::Open(open) => {
            let missing = open.missing();
            if !missing.is_empty() {
                let list = missing.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
                let detail = format!("Chunks are still to come: {list}, and maybe more.");
                let problem = Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "chunks_missing", detail);
                return Err(problem.with("field", "upload_id"));
            }
        }
    }
    // What cannot be kept now cannot be kept later either, but for a disk or a quota that is full: the camera begins again.
    let State::Open(open) = std::mem::replace(&mut *state, State::Over) else {
        return Err(Problem::internal());
    };
    let clip_bytes = session.plan.file_size;
    let Open { said, clip, pictures, .. } = *open;
    match keep(&hub, &device, Sent { said, clip, clip_bytes, pictures }).await {
        Ok(kept) => {
            *state = State::Done(kept.clone());
            Ok(Json(FinishedWire::of(kept)))
        }
        Err(problem) => {
            hub.legacy.remove(&upload_id);
            Err(problem)
        }
    }
}

/// Gives an upload up: nothing is left of it.
#[utoipa::path(post, path = "/storage/chunked/cancel", tag = "older cameras", request_body = UploadAsked,
    responses(
        (status = 200, body = DoneWire),
        (status = 404, description = "There is no such upload of this device, or no more."),
        (status = 409, description = "It is whole already: the event is kept."),
        (status = 415, description = "The body is not sent as JSON."),
        (status = 422, description = "The body is JSON of another shape."),
    ))]
pub(crate) async fn cancel(
    Shared(hub): Shared<Hub>,
    device: Device,
    request: Request,
) -> Result<Json<DoneWire>, Problem> {
    let UploadAsked { upload_id } = json(&hub, request).await?;
    let session = hub.legacy.get(&upload_id, &device.id).ok_or_else(|| no_upload(&upload_id))?;
    let mut state = session.state.lock().await;
    match *state {
        State::Open(_) => {
            *state = State::Over;
            hub.legacy.remove(&upload_id);
            Ok(Json(DoneWire { success: true }))
        }
        State::Over => Err(no_upload(&upload_id)),
        State::Done(_) => {
            let detail = "This upload is whole: the event is kept.";
            Err(Problem::new(StatusCode::CONFLICT, "stored", detail))
        }
    }
}

/// What reading a request's JSON may take: its text, and once more what it says.
fn memory_of(request: &Request) -> usize {
    let declared = request.headers().get(CONTENT_LENGTH).and_then(|bytes| bytes.to_str().ok()?.parse().ok());
    usize::try_from(2 * declared.unwrap_or(MOST_JSON).min(MOST_JSON)).unwrap_or(usize::MAX)
}

async fn json<T: DeserializeOwned + Send + 'static>(hub: &Hub, request: Request) -> Result<T, Problem> {
    let kind = request.headers().get(CONTENT_TYPE).map(|kind| kind.to_str().unwrap_or_default());
    let is_json = kind.is_none_or(|kind| {
        let kind = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        kind == "application/json" || kind.ends_with("+json")
    });
    if !is_json {
        let detail = "The body must be JSON, sent with Content-Type: application/json.";
        return Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", detail));
    }
    let said = digest::said(request.headers())?;
    let bytes = body::whole(request.into_body(), "The body", MOST_JSON).await?;
    hub.work(move || {
        if said.is_some_and(|said| said != <[u8; 32]>::from(Sha256::digest(&bytes))) {
            return Err(wrong_digest(
                "The body is not what its Content-Digest says: it was damaged on its way.",
            ));
        }
        serde_json::from_slice(&bytes).map_err(|error| match error.classify() {
            serde_json::error::Category::Data => {
                unreadable(format!("The body is JSON, but {}.", shown(&error.to_string())))
            }
            _ => Problem::bad_request(
                "bad_json",
                format!("The body is not JSON: {}.", shown(&error.to_string())),
            ),
        })
    })
    .await?
}

fn decoded(text: &str, field: &str) -> Result<Vec<u8>, Problem> {
    STANDARD.decode(text).map_err(|error| {
        let detail = format!("{field} is no Base64 ({} characters): {error}.", text.len());
        unreadable(detail).with("field", field)
    })
}

/// Words about what came in, which may repeat some of it.
fn shown(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(160).collect()
}

/// Bytes of what may be said of an event, in a request.
const _: () = assert!(MOST_METADATA < MOST_JSON);
