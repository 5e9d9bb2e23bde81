//! An event's clip, in parts that are appended one after the other; each is there whole or not at all.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Json;
use axum::extract::{Path, Request, State};
use http::{HeaderMap, StatusCode};
use sha2::{Digest as _, Sha256};
use store::StoreError;
use store::event::{Clip, EventId};
use store::intake::{Finish, Incoming};
use store::parcel::{self, ClipEntry, Standing};
use tokio::sync::{Mutex as Turn, OwnedMutexGuard};
use tokio_util::sync::CancellationToken;
use web::Problem;

use super::{event_id, is_said, standing_of};
use crate::app::Hub;
use crate::body::Pieces;
use crate::device::Device;
use crate::digest;
use crate::problem::{told, wrong_digest};
use crate::wire::StandingWire;

/// Most bytes of a part.
pub(crate) const MOST_PART: u64 = 8 << 20;
/// How long the one who comes again waits for what it began before, and what was cut off, to be over.
const HANDOVER: Duration = Duration::from_secs(10);

/// Who writes which clip. Who comes again takes it over: the line that it was on before is most likely dead.
#[derive(Debug, Default)]
pub(crate) struct Writers(Mutex<HashMap<EventId, Writer>>);

/// The turn to write a clip, and what ends whoever has it.
type Writer = (Arc<Turn<()>>, CancellationToken);

/// The clip is one's own until this is dropped, or cancelled by the next.
#[derive(Debug)]
pub(crate) struct Mine {
    ended: CancellationToken,
    _turn: OwnedMutexGuard<()>,
}

impl Writers {
    /// Ends whoever writes it and takes its place.
    ///
    /// # Errors
    /// 503 if that takes too long.
    pub(crate) async fn take(&self, id: EventId) -> Result<Mine, Problem> {
        let ended = CancellationToken::new();
        let turn = {
            let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            all.retain(|_, (turn, _)| Arc::strong_count(turn) > 1);
            let (turn, before) = all.entry(id).or_default();
            std::mem::replace(before, ended.clone()).cancel();
            turn.clone()
        };
        let turn = tokio::time::timeout(HANDOVER, turn.lock_owned()).await;
        turn.map(|turn| Mine { ended, _turn: turn }).map_err(|_| told(StoreError::Busy))
    }
}

impl Mine {
    /// The next piece of the body, unless somebody else takes over.
    async fn next(&self, pieces: &mut Pieces, piece: Vec<u8>) -> Result<Vec<u8>, Problem> {
        tokio::select! {
            piece = pieces.next(piece) => piece,
            () = self.ended.cancelled() => Err(told(StoreError::Busy)),
        }
    }
}

impl Writers {
    /// Ends whoever writes it: who asks how far it has come has given up what it sent, and is to be told what stays.
    ///
    /// # Errors
    /// 503 if that takes too long.
    pub(crate) async fn settle(&self, id: EventId) -> Result<(), Problem> {
        let is_written = {
            let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            all.get(&id).is_some_and(|(turn, _)| Arc::strong_count(turn) > 1)
        };
        if is_written { self.take(id).await.map(drop) } else { Ok(()) }
    }
}

/// Appends a part to the clip.
///
/// It is there whole once this is answered, or not at all.
#[utoipa::path(patch, path = "/api/v1/ingest/{event}/clip", tag = "ingest",
    params(
        ("event" = String, Path, description = "The event's id."),
        ("Upload-Offset" = u64, Header, description = "Bytes that come before this part: as many as are there."),
        ("Content-Digest" = String, Header, description = "`sha-256=:BASE64:` of the part (RFC 9530)."),
    ),
    request_body(content = web::shape::Binary, content_type = "application/octet-stream"),
    responses(
        (status = 200, body = StandingWire),
        (status = 404, description = "No clip of that event is waited for."),
        (status = 409, description = "As many bytes as `offset` are there (`code` is `offset`), or the event is another device's."),
        (status = 422, description = "The part is not what its digest says (`code` is `digest`), or more than was announced."),
        (status = 507, description = "The disk is full or read-only."),
    ))]
pub(crate) async fn part(
    State(hub): State<Hub>,
    device: Device,
    Path(id): Path<String>,
    request: Request,
) -> Result<Json<Standing>, Problem> {
    let id = event_id(&id)?;
    let (offset, digest) = (offset(request.headers())?, digest::said(request.headers())?);
    let digest = digest.ok_or_else(|| {
        Problem::bad_request(
            "bad_digest",
            "The header Content-Digest is missing: sha-256=:BASE64: of the part.",
        )
    })?;
    standing_of(&hub, &device, id).await?;
    let turn = hub.turns.of(&device.id).await?;
    let (memory, size) = hub.turns.pieces().await?;
    let mine = hub.writers.take(id).await?;
    expect(&standing_of(&hub, &device, id).await?, offset)?;
    let (worker, pieces) = (hub.clone(), Pieces::new(request.into_body(), size));
    // On its own, so that a part which is cut off is taken back even though nobody waits for the answer any more.
    let task = hub.life.tracker.spawn(async move {
        let _held = (turn, memory);
        append(&worker, mine, Part { id, offset, digest }, pieces).await
    });
    task.await.map_err(|_| Problem::internal())??;
    standing_of(&hub, &device, id).await.map(Json)
}

struct Part {
    id: EventId,
    offset: u64,
    digest: [u8; 32],
}

fn offset(headers: &HeaderMap) -> Result<u64, Problem> {
    let said = headers.get("upload-offset").and_then(|said| said.to_str().ok());
    let is_plain = |said: &&str| said.len() <= 19 && said.bytes().all(|byte| byte.is_ascii_digit());
    said.filter(is_plain).and_then(|said| said.parse().ok()).ok_or_else(|| {
        let detail =
            "The header Upload-Offset is missing or no number: the bytes that come before this part.";
        Problem::bad_request("bad_offset", detail)
    })
}

/// A clip is waited for, and from there on.
fn expect(standing: &Standing, offset: u64) -> Result<(), Problem> {
    if standing.state != parcel::CLIP {
        let detail = match standing.state.as_str() {
            parcel::FILES => "The event's small files are wanted first.",
            parcel::STORED => "The event is whole already.",
            _ => "Nothing is known of this event; say first what belongs to it.",
        };
        return Err(Problem::not_found(detail).with("state", standing.state.clone()));
    }
    if standing.offset == offset { Ok(()) } else { Err(wrong_offset(standing.offset)) }
}

fn wrong_offset(offset: u64) -> Problem {
    let detail = format!("{offset} bytes of the clip are there: go on from there.");
    Problem::new(StatusCode::CONFLICT, "offset", detail).with("offset", offset)
}

/// What is at work on a clip; goes to the threads that may block and comes back.
struct Work {
    clip: Incoming,
    /// Of the part; `None` for the first, which is all that the clip's own hash has seen: hashing is a third of the work.
    hash: Option<Sha256>,
}

async fn append(hub: &Hub, mine: Mine, part: Part, pieces: Pieces) -> Result<(), Problem> {
    let Part { id, offset, digest } = part;
    let clip = hub.ask(move |store| store.incoming(id)).await?;
    if clip.offset() != offset {
        return Err(wrong_offset(clip.offset()));
    }
    let hash = (offset > 0).then(Sha256::new);
    let (mut work, written) = write(hub, &mine, Work { clip, hash }, pieces).await?;
    let is_right = written.and_then(|()| {
        let found = match work.hash.take() {
            Some(hash) => hash.finalize().into(),
            None => work.clip.sha256().map_err(told)?,
        };
        is_said(Some(digest), found, "The part")
    });
    if let Err(problem) = is_right {
        hub.work(move || work.clip.cut(offset)).await?.map_err(told)?;
        return Err(problem);
    }
    Ok(())
}

/// Hashes and writes one piece while the next one comes.
async fn write(
    hub: &Hub,
    mine: &Mine,
    mut work: Work,
    mut pieces: Pieces,
) -> Result<(Work, Result<(), Problem>), Problem> {
    let mut coming = mine.next(&mut pieces, Vec::new()).await;
    let mut spare = Vec::new();
    loop {
        let piece = match coming {
            Ok(piece) if piece.is_empty() => return Ok((work, Ok(()))),
            Ok(piece) => piece,
            Err(problem) => return Ok((work, Err(problem))),
        };
        let (written, next) =
            tokio::join!(put(hub, work, piece), mine.next(&mut pieces, std::mem::take(&mut spare)));
        let written = written?;
        (work, spare, coming) = (written.0, written.1, next);
        if let Err(error) = written.2 {
            return Ok((work, Err(told(error))));
        }
    }
}

async fn put(
    hub: &Hub,
    mut work: Work,
    piece: Vec<u8>,
) -> Result<(Work, Vec<u8>, Result<(), StoreError>), Problem> {
    let turn = hub.turns.disk().await?;
    let done = tokio::task::spawn_blocking(move || {
        let _turn = turn;
        if let Some(hash) = &mut work.hash {
            hash.update(&piece);
        }
        let written = work.clip.write(&piece);
        (work, piece, written)
    });
    done.await.map_err(|_| Problem::internal())
}

/// Ends the clip: it is held against what was announced, and the event is whole.
///
/// Sent again for an event that is whole, it is answered with the same receipt.
#[utoipa::path(post, path = "/api/v1/ingest/{event}/finish", tag = "ingest",
    params(("event" = String, Path, description = "The event's id.")),
    responses(
        (status = 200, body = StandingWire),
        (status = 404, description = "No clip of that event is waited for."),
        (status = 409, description = "Only as many bytes as `offset` are there (`code` is `offset`), or the event is another device's."),
        (status = 422, description = "The whole is not what was announced (`code` is `digest`), or no clip: it is wanted again from the start."),
        (status = 507, description = "The disk is full or read-only."),
    ))]
pub(crate) async fn finish(
    State(hub): State<Hub>,
    device: Device,
    Path(id): Path<String>,
) -> Result<Json<Standing>, Problem> {
    let id = event_id(&id)?;
    let standing = standing_of(&hub, &device, id).await?;
    if standing.state == parcel::STORED {
        return Ok(Json(standing));
    }
    let turn = hub.turns.of(&device.id).await?;
    let mine = hub.writers.take(id).await?;
    let standing = standing_of(&hub, &device, id).await?;
    if standing.state == parcel::STORED {
        return Ok(Json(standing));
    }
    expect(&standing, standing.offset)?;
    let announced = hub.ask(move |store| store.standing(id)).await?.and_then(|stand| stand.clip);
    let announced =
        announced.map(|Clip { bytes, sha256, .. }| ClipEntry { bytes, sha256: parcel::hex(&sha256) });
    let Some(clip) = announced else { return Err(told(StoreError::NoSuchEvents(vec![id]))) };
    if standing.offset != clip.bytes {
        return Err(wrong_offset(standing.offset));
    }
    let task = hub.clone();
    let ended = hub.life.tracker.spawn(async move {
        let _held = (turn, mine);
        task.ask(move |store| store.incoming(id)?.finish(&clip)).await
    });
    match ended.await.map_err(|_| Problem::internal())?? {
        Finish::Stored(..) => standing_of(&hub, &device, id).await.map(Json),
        Finish::Wrong => Err(wrong_digest(
            "The whole clip is not the one that was announced; it is wanted again from the start.",
        )),
    }
}
