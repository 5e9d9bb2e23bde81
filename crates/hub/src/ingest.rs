//! `/api/v1/ingest/…`: events as our own cameras send them. First what belongs to one, then its small files, then its
//! clip in parts; each step may be sent again, and what is already there is answered as it was the first time.

use axum::Json;
use axum::extract::{Path, Request, State};
use http::{HeaderMap, StatusCode};
use sha2::{Digest as _, Sha256};
use store::event::EventId;
use store::parcel::{self, Manifest, Standing};
use web::Problem;

use crate::app::Hub;
use crate::body;
use crate::device::Device;
use crate::digest;
use crate::pending::{Parcel, total};
use crate::problem::{other_event, over_quota, too_large, unreadable, wrong_digest};
use crate::turns::Turn;
use crate::wire::{ManifestWire, StandingWire};

mod clip;
mod file;

pub(crate) use clip::{__path_finish, __path_part, MOST_PART, Writers, finish, part};
pub(crate) use file::{__path_file, file};

/// Most bytes of what is said of an event.
pub(crate) const MOST_MANIFEST: u64 = 1 << 20;
/// Most bytes of an event's small files together.
const MOST_FILES: u64 = 32 << 20;
/// JSON takes more room once it is read.
const READ: usize = 4;
/// Who has not gone on for so long makes room for others.
const IDLE: std::time::Duration = std::time::Duration::from_secs(10);

/// The id in a path.
pub(crate) fn event_id(text: &str) -> Result<EventId, Problem> {
    text.parse().map_err(|no: store::event::NotAnId| Problem::invalid("event", format!("{no}.")))
}

/// Says what belongs to an event. Answers what is wanted of it.
///
/// Sent again for an event that is known, nothing is changed.
#[utoipa::path(put, path = "/api/v1/ingest/{event}", tag = "ingest",
    params(
        ("event" = String, Path, description = "The event's id."),
        ("Content-Digest" = Option<String>, Header, description = "`sha-256=:BASE64:` of the body (RFC 9530), against damage on its way."),
    ),
    request_body = ManifestWire,
    responses(
        (status = 200, body = StandingWire),
        (status = 409, description = "Another event has this id: one with another clip, or of another device."),
        (status = 413, description = "The event is larger than is taken here."),
        (status = 415, description = "The body is not sent as JSON."),
        (status = 422, description = "What is said of the event cannot be; `detail` says what was found and what is allowed."),
        (status = 507, description = "The device's quota or the disk is full."),
    ))]
pub(crate) async fn announce(
    State(hub): State<Hub>,
    device: Device,
    Path(id): Path<String>,
    request: Request,
) -> Result<Json<Standing>, Problem> {
    let id = event_id(&id)?;
    is_json(request.headers())?;
    let Announced { memory, read, manifest } = read(&hub, &device, request).await?;
    let bytes = total(&manifest);
    let most = hub.settings.get().max_event;
    if bytes > most {
        return Err(too_large("The event", bytes, most));
    }
    let (event, manifest) = hub.work(move || checked(id, manifest)).await??;
    if let Some(known) = known(&hub, &device, id, &manifest).await? {
        return Ok(Json(known));
    }
    let event = store::event::Event { camera: device.camera(&event.camera), ..event };
    if let Some(parcel) = hub.pending.get(id) {
        if parcel.device != device.id {
            return Err(other_event());
        }
        if parcel.sha256 == manifest.sha256() {
            return Ok(Json(parcel.standing(&*parcel.inside().await)));
        }
    }
    room(&hub, &device, id, bytes).await?;
    let files = manifest.files.iter().map(|file| file.bytes).sum::<u64>();
    drop(memory);
    let memory = held(&hub, usize::try_from(files).unwrap_or(usize::MAX).saturating_add(READ * read)).await?;
    let parcel = std::sync::Arc::new(Parcel::new(&device.id, manifest, event, memory));
    hub.pending.put(parcel.clone());
    file::step(&hub, &parcel, parcel.inside().await).await.map(Json)
}

struct Announced {
    memory: Turn,
    /// Bytes of it as they came.
    read: usize,
    manifest: Manifest,
}

async fn read(hub: &Hub, device: &Device, request: Request) -> Result<Announced, Problem> {
    let _turn = hub.turns.of(&device.id).await?;
    let memory = held(hub, READ * usize::try_from(MOST_MANIFEST).unwrap_or(usize::MAX)).await?;
    let said = digest::said(request.headers())?;
    let bytes = body::whole(request.into_body(), "What is said of the event", MOST_MANIFEST).await?;
    is_said(said, Sha256::digest(&bytes).into(), "What is said of the event")?;
    let read = bytes.len();
    let manifest = hub.work(move || serde_json::from_slice(&bytes)).await?;
    let manifest = manifest.map_err(|error| match error.classify() {
        serde_json::error::Category::Data => unreadable(format!("The body is JSON, but {error}.")),
        _ => Problem::bad_request("bad_json", format!("The body is not JSON: {error}.")),
    })?;
    Ok(Announced { memory, read, manifest })
}

/// Memory; where there is none, those who have begun and not gone on make room.
async fn held(hub: &Hub, bytes: usize) -> Result<Turn, Problem> {
    if let Some(turn) = hub.turns.memory_now(bytes) {
        return Ok(turn);
    }
    hub.pending.expire(IDLE);
    hub.turns.memory(bytes).await
}

fn is_json(headers: &HeaderMap) -> Result<(), Problem> {
    let kind =
        headers.get(http::header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    if kind.eq_ignore_ascii_case("application/json") {
        return Ok(());
    }
    let detail = "The body must be JSON, sent with Content-Type: application/json.";
    Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", detail))
}

/// The event that is spoken of, if all that is said can be.
fn checked(id: EventId, manifest: Manifest) -> Result<(store::event::Event, Manifest), Problem> {
    let event =
        parcel::event_of(&manifest.metadata).map_err(|why| unreadable(format!("metadata: {why}.")))?;
    if event.id != id {
        let detail = format!("metadata is of the event {}, and the path of {id}.", event.id);
        return Err(unreadable(detail));
    }
    let mut names = std::collections::BTreeSet::new();
    for file in &manifest.files {
        parcel::sha256_of(&file.sha256).map_err(|why| unreadable(format!("{}: {why}.", file.name)))?;
        if file.bytes == 0 || file.bytes > parcel::MOST_FILE {
            let most = parcel::MOST_FILE;
            return Err(unreadable(format!("A file has {} bytes; 1 to {most} are allowed.", file.bytes)));
        }
        parcel::is_small_file(&file.name).map_err(|why| unreadable(format!("{why}.")))?;
        if !names.insert(file.name.as_str()) {
            return Err(unreadable(format!("{} is there twice.", file.name)));
        }
    }
    let bytes = manifest.files.iter().map(|file| file.bytes).sum::<u64>();
    if bytes > MOST_FILES {
        return Err(too_large("What belongs to the event beside its clip", bytes, MOST_FILES));
    }
    if let Some(clip) = &manifest.clip {
        parcel::sha256_of(&clip.sha256).map_err(|why| unreadable(format!("clip: {why}.")))?;
        let said = event.clip.as_ref().map(|clip| (clip.bytes, parcel::hex(&clip.sha256)));
        if said != Some((clip.bytes, clip.sha256.clone())) {
            return Err(unreadable("clip is another one than metadata speaks of."));
        }
    }
    Ok((event, manifest))
}

/// How far an event has come that the store knows.
async fn known(
    hub: &Hub,
    device: &Device,
    id: EventId,
    manifest: &Manifest,
) -> Result<Option<Standing>, Problem> {
    let seen = device.seen(None);
    let stand = hub.ask(move |store| {
        store.seen(&seen)?;
        store.standing(id)
    });
    let Some(stand) = stand.await? else { return Ok(None) };
    if stand.device != device.id {
        return Err(other_event());
    }
    let announced = manifest.clip.as_ref().map(|clip| clip.sha256.clone());
    let kept = stand.clip.as_ref().map(|clip| parcel::hex(&clip.sha256));
    // Words may have changed since, a label for one; the footage may not.
    if announced.is_some() && announced != kept && !stand.is_gone {
        return Err(other_event());
    }
    hub.writers.settle(id).await?;
    standing_of(hub, device, id).await.map(Some)
}

/// Whether the device may keep so much more here.
pub(crate) async fn room(hub: &Hub, device: &Device, id: EventId, bytes: u64) -> Result<(), Problem> {
    let Some(quota) = device.quota else { return Ok(()) };
    let key = device.id.clone();
    let known = hub.ask(move |store| store.device(&key)).await?;
    let kept = known.map_or(0, |known| known.bytes.saturating_add(known.owed_bytes));
    let under_way = hub.pending.bytes_of(&device.id, id);
    if kept.saturating_add(under_way).saturating_add(bytes) > quota {
        return Err(over_quota(quota));
    }
    Ok(())
}

/// How far an event has come. A part that is on its way is ended by it, and taken back.
#[utoipa::path(get, path = "/api/v1/ingest/{event}", tag = "ingest",
    params(("event" = String, Path, description = "The event's id.")),
    responses(
        (status = 200, body = StandingWire),
        (status = 409, description = "The event is another device's."),
        (status = 422, description = "This is no event's id."),
    ))]
pub(crate) async fn standing(
    State(hub): State<Hub>,
    device: Device,
    Path(id): Path<String>,
) -> Result<Json<Standing>, Problem> {
    let id = event_id(&id)?;
    standing_of(&hub, &device, id).await?;
    hub.writers.settle(id).await?;
    standing_of(&hub, &device, id).await.map(Json)
}

async fn standing_of(hub: &Hub, device: &Device, id: EventId) -> Result<Standing, Problem> {
    if let Some(parcel) = hub.pending.get(id) {
        if parcel.device != device.id {
            return Err(other_event());
        }
        let inside = parcel.inside().await;
        if !inside.is_over {
            return Ok(parcel.standing(&inside));
        }
    }
    match hub.ask(move |store| store.standing(id)).await? {
        Some(stand) if stand.device != device.id => Err(other_event()),
        Some(stand) => Ok(stand.standing),
        None => Ok(Standing {
            event: id.to_string(),
            state: parcel::UNKNOWN.to_owned(),
            wants: Vec::new(),
            offset: 0,
            receipt: None,
        }),
    }
}

/// Gives up an event that is not whole: what is there of it goes, and it may be sent again.
#[utoipa::path(delete, path = "/api/v1/ingest/{event}", tag = "ingest",
    params(("event" = String, Path, description = "The event's id.")),
    responses(
        (status = 204, description = "Nothing incomplete is left of it."),
        (status = 409, description = "The event is another device's, or it is whole: that is deleted as any other event."),
        (status = 422, description = "This is no event's id."),
        (status = 507, description = "The disk is read-only."),
    ))]
pub(crate) async fn give_up(
    State(hub): State<Hub>,
    device: Device,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    let id = event_id(&id)?;
    let standing = standing_of(&hub, &device, id).await?;
    if standing.state == parcel::STORED {
        let detail = "The event is whole; whoever may change events may delete it as any other.";
        return Err(Problem::new(StatusCode::CONFLICT, "stored", detail));
    }
    if let Some(parcel) = hub.pending.get(id) {
        parcel.inside().await.is_over = true;
        hub.pending.remove(&parcel);
    }
    if standing.state == parcel::CLIP {
        let _mine = hub.writers.take(id).await?;
        hub.ask(move |store| store.abandon(id)).await?;
    }
    Ok(StatusCode::NO_CONTENT)
}

/// The bytes are those that the request says they are.
fn is_said(said: Option<[u8; 32]>, found: [u8; 32], what: &str) -> Result<(), Problem> {
    match said {
        Some(said) if said != found => Err(wrong_digest(format!(
            "{what} is not what its Content-Digest says: it was damaged on its way."
        ))),
        _ => Ok(()),
    }
}
