//! An older camera's event on its way into the store: once all of it is here, and not before, it is there.

use std::sync::Arc;

use http::StatusCode;
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use store::event::{Event, EventId};
use store::intake::{Arrival, Arrived, Finish};
use store::parcel::{self, ClipEntry, older_event_of};
use store::{Spool, Store, StoreError};
use web::Problem;

use crate::app::Hub;
use crate::device::Device;
use crate::ingest::room;
use crate::problem::{other_event, told, too_large, unreadable};

/// Bytes that go from one file to the other at once.
const PIECE: usize = 256 * 1024;
/// Thumbnails of an event that are kept.
pub(super) const MOST_THUMBNAILS: usize = 64;
/// Bytes of one.
pub(super) const MOST_THUMBNAIL: u64 = 4 << 20;
/// Bytes of all of an event's.
const MOST_TOGETHER: u64 = 6 << 20;
/// Bytes of what is said of an event.
pub(super) const MOST_METADATA: u64 = 512 << 10;

/// All that an older camera sent of an event.
pub(super) struct Sent {
    pub(super) said: Value,
    pub(super) clip: Spool,
    pub(super) clip_bytes: u64,
    pub(super) pictures: Pictures,
}

/// Thumbnails, put by on the disk until the event is whole. What of them is no JPEG is left out then.
#[derive(Debug, Default)]
pub(super) struct Pictures {
    spool: Option<Spool>,
    /// Their numbers, where they begin and how long they are.
    parts: Vec<(usize, u64, usize)>,
    bytes: u64,
}

impl Pictures {
    pub(super) fn has(&self, number: usize) -> bool {
        self.parts.iter().any(|(other, ..)| *other == number)
    }

    /// Takes one more.
    ///
    /// # Errors
    /// 413 if they are too large together; what the disk says.
    pub(super) fn put(&mut self, store: &Store, number: usize, bytes: &[u8]) -> Result<(), Problem> {
        let all = self.bytes + bytes.len() as u64;
        if all > MOST_TOGETHER {
            return Err(too_large("The thumbnails", all, MOST_TOGETHER));
        }
        if self.spool.is_none() {
            self.spool = Some(store.spool().map_err(told)?);
        }
        if let Some(spool) = &mut self.spool {
            spool.write_at(self.bytes, bytes).map_err(told)?;
        }
        self.parts.push((number, self.bytes, bytes.len()));
        self.bytes = all;
        Ok(())
    }

    /// All of them, by their numbers.
    fn load(mut self) -> Result<Vec<Vec<u8>>, StoreError> {
        self.parts.sort_unstable();
        let mut loaded = Vec::new();
        for (_, at, len) in self.parts {
            let mut bytes = vec![0; len];
            if let Some(spool) = &mut self.spool {
                spool.read_at(at, &mut bytes)?;
            }
            loaded.push(bytes);
        }
        Ok(loaded)
    }
}

/// What is kept of it.
#[derive(Debug, Clone)]
pub(super) struct Kept {
    /// The id that the camera has for it.
    pub(super) id: String,
    pub(super) bytes: u64,
    /// Where it lies, from the data directory on.
    pub(super) path: String,
}

/// What was said of the event, if it can be: before anything else of it is taken.
///
/// # Errors
/// 400 for what is no JSON, 422 for what cannot be.
pub(super) fn read(hub: &Hub, device: &Device, text: &[u8]) -> Result<Value, Problem> {
    if text.len() as u64 > MOST_METADATA {
        return Err(too_large("metadata", text.len() as u64, MOST_METADATA));
    }
    let said = serde_json::from_slice(text).map_err(|error| {
        Problem::bad_request("bad_json", format!("metadata is not JSON: {error}.")).with("field", "metadata")
    })?;
    event_of(hub, device, &said, EventId::from_parts(0, 0))?;
    Ok(said)
}

fn event_of(hub: &Hub, device: &Device, said: &Value, id: EventId) -> Result<Event, Problem> {
    let own = ["camera", "camera_id"].iter().find_map(|key| said.get(*key)?.as_str());
    let own = own.filter(|own| parcel::is_camera(own)).unwrap_or_default();
    older_event_of(said, &hub.settings.get().time_zone, id, &device.camera(own))
        .map_err(|why| unreadable(format!("{why}.")).with("field", "metadata"))
}

/// Keeps it. What was kept before is answered as it was then.
///
/// # Errors
/// 409 if another event has its id, 413, 422 or 507 if it cannot be kept.
pub(super) async fn keep(hub: &Hub, device: &Device, sent: Sent) -> Result<Kept, Problem> {
    let bytes = sent.clip_bytes.saturating_add(sent.pictures.bytes);
    let most = hub.settings.get().max_event;
    if bytes > most {
        return Err(too_large("The event", bytes, most));
    }
    let seen = device.seen(None);
    hub.ask(move |store| store.seen(&seen)).await?;
    room(hub, device, EventId::from_parts(0, 0), bytes).await?;
    let (worker, device) = (hub.clone(), device.clone());
    hub.work(move || put(&worker, &device, sent)).await?
}

fn put(hub: &Hub, device: &Device, mut sent: Sent) -> Result<Kept, Problem> {
    let store = &hub.store;
    sent.clip
        .is_clip(sent.clip_bytes)
        .map_err(told)?
        .map_err(|why| unreadable(format!("video is no MP4 clip: it {why}.")).with("field", "video"))?;
    let event = event_of(hub, device, &sent.said, store.new_id())?;
    let source_id = event.source_id.clone().unwrap_or_default();
    let sha256 = hash(&mut sent).map_err(told)?;
    let thumbnails = sent.pictures.load().map_err(told)?;
    let arrival = Arrival {
        manifest_sha256: identity(&event, &sha256),
        event,
        files: pictures(&thumbnails, &source_id),
        device: device.id.clone(),
        owes_clip: true,
        said: Some(sent.said),
    };
    let id = arrival.event.id;
    let event = match store.receive(arrival).map_err(told)? {
        Arrived::New(event) | Arrived::Known(event) => event,
        Arrived::Other => return Err(other_event()),
        // Somebody has deleted it here: it is not brought back, and the camera has done what it should.
        Arrived::Taken => {
            let id = store.arrival_of(&device.id, &source_id).map_err(told)?.unwrap_or(id);
            return kept(store, id, source_id, sent.clip_bytes);
        }
    };
    let entry = ClipEntry { bytes: sent.clip_bytes, sha256: parcel::hex(&sha256) };
    finish(store, &event, &mut sent.clip, &entry)?;
    kept(store, event.id, source_id, sent.clip_bytes)
}

/// The clip, unless it is there already.
fn finish(store: &Store, event: &Arc<Event>, spool: &mut Spool, entry: &ClipEntry) -> Result<(), Problem> {
    let mut clip = match store.incoming(event.id) {
        Ok(clip) => clip,
        // None is owed.
        Err(StoreError::NoSuchEvents(_)) => return Ok(()),
        Err(error) => return Err(told(error)),
    };
    let written = (|| {
        clip.cut(0)?;
        let (mut at, mut piece) = (0, vec![0; PIECE]);
        while at < entry.bytes {
            let len = usize::try_from(entry.bytes - at).unwrap_or(PIECE).min(PIECE);
            spool.read_at(at, &mut piece[..len])?;
            clip.write(&piece[..len])?;
            at += len as u64;
        }
        clip.finish(entry)
    })();
    match written {
        Ok(Finish::Stored(..)) => Ok(()),
        Ok(Finish::Wrong) => Err(Problem::internal()),
        Err(error) => {
            // Nothing of it is to be seen until all of it is there. Where this fails, sending it again completes it.
            if let Err(error) = store.abandon(event.id) {
                tracing::warn!(%error, "an event that could not be kept is still there without its clip");
            }
            Err(told(error))
        }
    }
}

fn kept(store: &Store, id: EventId, source_id: String, bytes: u64) -> Result<Kept, Problem> {
    let stand = store.standing(id).map_err(told)?.ok_or_else(Problem::internal)?;
    let receipt = stand.standing.receipt.ok_or_else(|| told(StoreError::Busy))?;
    Ok(Kept { id: source_id, bytes, path: receipt.path })
}

fn hash(sent: &mut Sent) -> Result<[u8; 32], StoreError> {
    let (mut hash, mut at, mut piece) = (Sha256::new(), 0, vec![0; PIECE]);
    while at < sent.clip_bytes {
        let len = usize::try_from(sent.clip_bytes - at).unwrap_or(PIECE).min(PIECE);
        sent.clip.read_at(at, &mut piece[..len])?;
        hash.update(&piece[..len]);
        at += len as u64;
    }
    Ok(hash.finalize().into())
}

/// What tells one event from another with the same id: the footage, and when it was. Words about it may change.
fn identity(event: &Event, clip: &[u8; 32]) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(clip);
    hash.update(event.started.as_nanosecond().to_be_bytes());
    hash.update(event.duration.as_nanos().to_be_bytes());
    hash.update(event.frames.to_be_bytes());
    hash.finalize().into()
}

/// Names are given here; the first one is the poster as well, since the older system has none.
fn pictures(thumbnails: &[Vec<u8>], of: &str) -> Vec<(String, Vec<u8>)> {
    let is_good = |bytes: &&Vec<u8>| parcel::check_file("poster.jpg", bytes).is_ok();
    let good: Vec<_> = thumbnails.iter().filter(is_good).take(MOST_THUMBNAILS).collect();
    if good.len() < thumbnails.len() {
        let left_out = thumbnails.len() - good.len();
        tracing::warn!(event = of, left_out, "thumbnails that are no JPEGs were left out");
    }
    let poster = good.first().map(|bytes| ("poster.jpg".to_owned(), (*bytes).clone()));
    let numbered = good.iter().enumerate().map(|(n, bytes)| (format!("thumb_{n}.jpg"), (*bytes).clone()));
    poster.into_iter().chain(numbered).collect()
}

/// 404 for an upload that is not under way.
pub(super) fn no_upload(id: &str) -> Problem {
    let id: String = id.chars().filter(|c| !c.is_control()).take(40).collect();
    let detail =
        format!("There is no upload {id} of this device; it may have expired. Begin again with init.");
    Problem::new(StatusCode::NOT_FOUND, "no_upload", detail)
}
