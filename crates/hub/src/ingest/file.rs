//! The small files of an event, each whole in one request; with the last of them the event is kept and seen.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, Request, State};
use sha2::{Digest as _, Sha256};
use store::intake::Arrived;
use store::parcel::{self, FileEntry, Standing};
use tokio::sync::MutexGuard;
use web::Problem;

use super::{event_id, is_said, standing_of};
use crate::app::Hub;
use crate::body;
use crate::device::Device;
use crate::digest;
use crate::pending::{Inside, Parcel};
use crate::problem::{other_event, told, unreadable, wrong_digest};
use crate::wire::StandingWire;

/// Takes a small file that is wanted. With the last one the event is kept, and seen by everybody.
///
/// Sent again, and for an event that is kept already, nothing is changed.
#[utoipa::path(put, path = "/api/v1/ingest/{event}/files/{name}", tag = "ingest",
    params(
        ("event" = String, Path, description = "The event's id."),
        ("name" = String, Path, description = "One of those that were announced."),
        ("Content-Digest" = Option<String>, Header, description = "`sha-256=:BASE64:` of the body (RFC 9530)."),
    ),
    request_body(content = web::shape::Binary, content_type = "application/octet-stream"),
    responses(
        (status = 200, body = StandingWire),
        (status = 404, description = "No file of that name was announced."),
        (status = 409, description = "The event is another device's."),
        (status = 413, description = "The file is larger than was announced."),
        (status = 422, description = "It is not the file that was announced (`code` is `digest`), or not what its name says."),
        (status = 507, description = "The disk is full or read-only."),
    ))]
pub(crate) async fn file(
    State(hub): State<Hub>,
    device: Device,
    Path((id, name)): Path<(String, String)>,
    request: Request,
) -> Result<Json<Standing>, Problem> {
    let id = event_id(&id)?;
    let said = digest::said(request.headers())?;
    let Some(parcel) = hub.pending.get(id) else { return standing_of(&hub, &device, id).await.map(Json) };
    if parcel.device != device.id {
        return Err(other_event());
    }
    let entry = parcel.manifest.files.iter().find(|file| file.name == name).cloned();
    let entry =
        entry.ok_or_else(|| Problem::not_found("No file of that name was announced for this event."))?;
    // Touched, so that it does not make room for others now.
    drop(parcel.inside().await);
    let bytes = {
        let _turn = hub.turns.of(&device.id).await?;
        body::whole(request.into_body(), "The file", entry.bytes).await?
    };
    let bytes = hub.work(move || checked(said, &entry, bytes)).await??;
    let mut inside = parcel.inside().await;
    if inside.is_over {
        drop(inside);
        return standing_of(&hub, &device, id).await.map(Json);
    }
    inside.put(&name, bytes);
    step(&hub, &parcel, inside).await.map(Json)
}

fn checked(said: Option<[u8; 32]>, entry: &FileEntry, bytes: Vec<u8>) -> Result<Vec<u8>, Problem> {
    let found: [u8; 32] = Sha256::digest(&bytes).into();
    is_said(said, found, "The file")?;
    if bytes.len() as u64 != entry.bytes || parcel::hex(&found) != entry.sha256 {
        return Err(wrong_digest("The file is not the one that was announced."));
    }
    parcel::check_file(&entry.name, &bytes).map_err(|why| unreadable(format!("{why}.")))?;
    Ok(bytes)
}

/// Keeps the event if all that is wanted is there. → How far it has come.
pub(super) async fn step(
    hub: &Hub,
    parcel: &Arc<Parcel>,
    mut inside: MutexGuard<'_, Inside>,
) -> Result<Standing, Problem> {
    if !parcel.is_whole(&inside) {
        return Ok(parcel.standing(&inside));
    }
    let (id, arrival) = (parcel.event.id, parcel.arrival(&mut inside));
    // If it cannot be kept, what is here of it goes as well, and sending it again begins anew.
    hub.pending.remove(parcel);
    let kept = hub.ask(move |store| Ok((store.receive(arrival)?, store.standing(id)?))).await?;
    match kept {
        (Arrived::Other, _) => Err(other_event()),
        (_, Some(stand)) => Ok(stand.standing),
        (_, None) => Err(told(store::StoreError::Busy)),
    }
}
