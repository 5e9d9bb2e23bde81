//! `POST /storage`: an event in one form.

use axum::Json;
use axum::extract::{Request, State};
use http::header::CONTENT_LENGTH;
use store::Spool;
use web::Problem;

use super::form::{Form, Part};
use super::keep::{self, MOST_METADATA, MOST_THUMBNAIL, MOST_THUMBNAILS, Pictures, Sent, keep};
use super::wire::{StoredWire, UploadForm};
use crate::app::Hub;
use crate::body::PIECE;
use crate::device::Device;
use crate::problem::{told, too_large, unreadable};

/// Bytes of a form beside what it carries.
const MOST_AROUND: u64 = 1 << 20;

/// Keeps an event.
///
/// Sent again it is answered as before and nothing changes.
#[utoipa::path(post, path = "/storage", tag = "older cameras",
    request_body(content = UploadForm, content_type = "multipart/form-data"),
    responses(
        (status = 200, body = StoredWire),
        (status = 409, description = "Another event of this device has its id."),
        (status = 413, description = "The event is larger than is taken here."),
        (status = 415, description = "The body is no form."),
        (status = 422, description = "What was sent cannot be: `detail` says what was found and what is allowed."),
        (status = 507, description = "The device's quota or the disk is full."),
    ))]
pub(crate) async fn store(
    State(hub): State<Hub>,
    device: Device,
    request: Request,
) -> Result<Json<StoredWire>, Problem> {
    let declared = request.headers().get(CONTENT_LENGTH).and_then(|bytes| bytes.to_str().ok()?.parse().ok());
    let most = hub.settings.get().max_event.saturating_add(MOST_METADATA + MOST_AROUND);
    if let Some(bytes) = declared.filter(|bytes: &u64| *bytes > most) {
        return Err(too_large("The form", bytes, most));
    }
    let mut form = Form::of(request)?;
    let _turn = hub.turns.of(&device.id).await?;
    let _memory = hub.turns.memory(4 * PIECE).await?;
    let mut parts = Parts::default();
    while let Some(part) = form.next().await? {
        parts.take(&hub, &device, part).await?;
    }
    form.end().await?;
    let Parts { video, said, pictures } = parts;
    let (clip, clip_bytes) = video.ok_or_else(|| missing("video"))?;
    let said = said.ok_or_else(|| missing("metadata"))?;
    if clip_bytes == 0 {
        return Err(unreadable("video is empty.").with("field", "video"));
    }
    let kept = keep(&hub, &device, Sent { said, clip, clip_bytes, pictures }).await?;
    Ok(Json(StoredWire::of(kept)))
}

fn missing(field: &str) -> Problem {
    unreadable(format!("The form has no part {field}.")).with("field", field)
}

fn twice(field: &str) -> Problem {
    unreadable(format!("The form has two parts {field}.")).with("field", field)
}

/// What came of the form.
#[derive(Default)]
struct Parts {
    video: Option<(Spool, u64)>,
    said: Option<serde_json::Value>,
    pictures: Pictures,
}

impl Parts {
    async fn take(&mut self, hub: &Hub, device: &Device, mut part: Part) -> Result<(), Problem> {
        match part.name.as_str() {
            "video" if self.video.is_some() => Err(twice("video")),
            "metadata" if self.said.is_some() => Err(twice("metadata")),
            "video" => {
                self.video = Some(video(hub, part).await?);
                Ok(())
            }
            "metadata" => {
                let text = part.whole(MOST_METADATA).await?;
                let (worker, device) = (hub.clone(), device.clone());
                self.said = Some(hub.work(move || keep::read(&worker, &device, &text)).await??);
                Ok(())
            }
            name => match name.strip_prefix("thumbnail_").map(str::parse::<usize>) {
                Some(Ok(n)) if n < MOST_THUMBNAILS => self.thumbnail(hub, n, part).await,
                Some(_) => {
                    let detail = format!(
                        "thumbnail_ is followed by a number; 0 to {} are taken.",
                        MOST_THUMBNAILS - 1
                    );
                    Err(unreadable(detail).with("field", "thumbnail_0"))
                }
                // What is not known is no reason not to take the rest.
                None => part.skip(MOST_AROUND).await,
            },
        }
    }

    async fn thumbnail(&mut self, hub: &Hub, n: usize, mut part: Part) -> Result<(), Problem> {
        if self.pictures.has(n) {
            return Err(twice(&format!("thumbnail_{n}")));
        }
        let bytes = part.whole(MOST_THUMBNAIL).await?;
        let (store, mut pictures) = (hub.store.clone(), std::mem::take(&mut self.pictures));
        self.pictures = hub.work(move || pictures.put(&store, n, &bytes).map(|()| pictures)).await??;
        Ok(())
    }
}

/// The clip, as it comes, to a place on the disk.
async fn video(hub: &Hub, mut part: Part) -> Result<(Spool, u64), Problem> {
    let mut spool = hub.ask(store::Store::spool).await?;
    let (mut at, mut piece) = (0, Vec::with_capacity(PIECE));
    loop {
        let bytes = part.bytes(hub.settings.get().max_event).await?;
        let is_end = bytes.is_none();
        piece.extend_from_slice(&bytes.unwrap_or_default());
        if piece.len() >= PIECE || (is_end && !piece.is_empty()) {
            let len = piece.len() as u64;
            let _disk = hub.turns.disk().await?;
            let written = hub.work(move || {
                let written = spool.write_at(at, &piece);
                (spool, piece, written)
            });
            let result;
            (spool, piece, result) = written.await?;
            result.map_err(told)?;
            piece.clear();
            at += len;
        }
        if is_end {
            return Ok((spool, at));
        }
    }
}
