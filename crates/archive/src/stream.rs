//! `GET /api/v1/events/stream`: what happens to events, told as it happens (server-sent events).
//!
//! Each notice of the store is put into words once and handed to all who listen, through a channel that holds so many
//! and no more. Who comes back is told what it missed from the index; what can no longer be told, to somebody who was
//! away or read too slowly, is `reset`: ask for the list again.

use std::collections::{BTreeSet, VecDeque};
use std::convert::Infallible;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::body::Body;
use axum::extract::{Extension, State};
use axum::response::Response;
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, header};
use store::event::EventId;
use store::query::{ChangeKind, Changes};
use store::{Notice, NoticeKind};
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, broadcast};
use tokio::time::{Instant, Interval, MissedTickBehavior, interval_at};
use tokio_util::sync::CancellationToken;
use web::{Admission, Guard, Problem};

use crate::app::Archive;
use crate::wire::event::EventWire;

#[cfg(test)]
mod tests;

/// Notices that wait for a slow client, about 2 KiB each and the same ones for all.
const BEHIND: usize = 256;
/// Two threads' notices may come in another order than their numbers, so somebody who comes back is told so many again.
const AGAIN: u64 = 4;
/// Behind every change there will be; what a signed column holds.
const LATEST: u64 = i64::MAX as u64;
/// Changes that somebody who was away is told; who missed more asks for the list.
const MISSED: u32 = 500;
/// Who listens at the same time.
const LISTENERS: usize = 64;
/// So that a client, and what stands between, sees that the other end is there.
const PING: Duration = Duration::from_secs(15);
/// Milliseconds after which a client that lost the connection comes back.
const RETRY: &str = "retry: 2000\n";

/// Where notices come in and go out to all who listen.
#[derive(Debug)]
pub(crate) struct Bell {
    sender: broadcast::Sender<Told>,
    places: Arc<Semaphore>,
    /// Events that have started and not ended, one a camera or so.
    open: Arc<Mutex<BTreeSet<EventId>>>,
}

impl Default for Bell {
    fn default() -> Self {
        let (sender, places) = (broadcast::Sender::new(BEHIND), Arc::new(Semaphore::new(LISTENERS)));
        Self { sender, places, open: Arc::default() }
    }
}

/// A notice in words.
#[derive(Debug, Clone)]
struct Told {
    /// The number up to which somebody who knows everything knows it, too; `None` of what the index does not know.
    change: Option<u64>,
    words: Bytes,
}

impl Bell {
    /// What the store calls. While nobody listens a notice costs next to nothing.
    pub(crate) fn listener(&self) -> store::Listener {
        let (sender, open) = (self.sender.clone(), self.open.clone());
        Box::new(move |notice| {
            let is_open = note(&mut open.lock().unwrap_or_else(PoisonError::into_inner), notice);
            if sender.receiver_count() > 0
                && let Some(told) = Told::of(notice, is_open)
            {
                // Fails only if the last one has just gone.
                sender.send(told).ok();
            }
        })
    }
}

/// Whether the event of this notice is being recorded.
fn note(open: &mut BTreeSet<EventId>, notice: &Notice) -> bool {
    match notice.kind {
        NoticeKind::Started => open.insert(notice.id),
        NoticeKind::Ended | NoticeKind::Deleted => open.remove(&notice.id),
        NoticeKind::Updated => false,
    };
    open.contains(&notice.id)
}

impl Told {
    fn of(notice: &Notice, is_open: bool) -> Option<Self> {
        let change = notice.change;
        let words = match (notice.kind, &notice.event) {
            (NoticeKind::Deleted, _) => gone(change, &notice.id.to_string()),
            (_, None) => return None,
            (NoticeKind::Started, Some(event)) => told("start", change, &EventWire::recording(event)),
            (NoticeKind::Updated, Some(event)) if is_open => {
                told("update", change, &EventWire::recording(event))
            }
            (NoticeKind::Updated, Some(event)) => told("update", change, &EventWire::of(event)),
            (NoticeKind::Ended, Some(event)) => told("end", change, &EventWire::of(event)),
        };
        Some(Self { change: (!is_open).then_some(change), words })
    }
}

/// One event of the stream. JSON has no line breaks of its own, so its text is one line.
fn told(kind: &str, change: u64, event: &EventWire) -> Bytes {
    let data = serde_json::to_string(event).unwrap_or_default();
    format!("event: {kind}\nid: {change}\ndata: {data}\n\n").into()
}

fn gone(change: u64, id: &str) -> Bytes {
    format!("event: delete\nid: {change}\ndata: {{\"id\":\"{id}\"}}\n\n").into()
}

fn reset(newest: u64) -> Bytes {
    format!("event: reset\nid: {newest}\ndata: {{}}\n\n").into()
}

/// What happens to events, as it happens: `start`, `update`, `end` and `delete` with the event as `data` (of a deleted
/// one its `id` alone), `reset` when the list is to be asked for again.
///
/// It begins with those that are being recorded. `id` is a number of the store's; who sends the last one that it saw as
/// `Last-Event-ID`, as browsers do, is told what it missed.
#[utoipa::path(get, path = "/api/v1/events/stream", tag = "events",
    params(("Last-Event-ID" = Option<u64>, Header, description = "The last `id` that was seen.")),
    responses(
        (status = 200, description = "Server-sent events, with a comment every 15 s, until either side closes.",
         body = String, content_type = "text/event-stream"),
        (status = 503, description = "So many listen already, or nothing is kept here."),
    ))]
pub(crate) async fn stream(
    State(archive): State<Archive>,
    admission: Option<Extension<Admission>>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let Ok(place) = archive.bell().places.clone().try_acquire_owned() else {
        let detail = format!("{LISTENERS} listen already. Come again in a while.");
        return Err(Problem::unavailable("too_many_listeners", detail, 10));
    };
    // From here on nothing is missed; what is told twice is left out below.
    let receiver = archive.bell().sender.subscribe();
    let last = last_seen(&headers);
    let (recording, changes) = archive
        .ask(move |store| {
            let after = last.map_or(LATEST, |last| last.saturating_sub(AGAIN));
            Ok((store.recordings(), store.changes_after(after, MISSED)?))
        })
        .await?;
    let mut waiting = missed(last, &changes);
    waiting.extend(recording.iter().map(|event| told("start", changes.newest, &EventWire::recording(event))));
    let mut ping = interval_at(Instant::now() + PING, PING);
    ping.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let token = archive.life().token.clone();
    let guard = admission.map(|Extension(admission)| admission.guard());
    // Who came for the first time may have asked for the list a moment before.
    let known = if last.is_some() { changes.newest } else { 0 };
    let listener = Listener { waiting, receiver, known, guard, token, ping, _place: place };
    let words = futures_util::stream::unfold(listener, |mut listener| async move {
        let words = listener.next().await?;
        Some((Ok::<_, Infallible>(words), listener))
    });
    let mut response = Response::new(Body::from_stream(words));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    // Else nginx collects before it passes on.
    headers.insert("x-accel-buffering", HeaderValue::from_static("no"));
    Ok(response)
}

/// What is no number is as good as not there.
fn last_seen(headers: &HeaderMap) -> Option<u64> {
    headers.get("last-event-id")?.to_str().ok()?.trim().parse().ok()
}

/// What somebody is told who saw everything up to `last`; at first so much that a client has an id to come back with.
fn missed(last: Option<u64>, changes: &Changes) -> VecDeque<Bytes> {
    let newest = changes.newest;
    let mut waiting =
        VecDeque::from([format!("{RETRY}id: {}\n\n", last.unwrap_or(newest).min(newest)).into()]);
    let Some(last) = last else { return waiting };
    let told_all = changes.changes.last().map_or(last, |changed| changed.change) >= newest;
    // A number that was never given comes from another index.
    if changes.gap || last > newest || !told_all {
        waiting.push_back(reset(newest));
        return waiting;
    }
    waiting.extend(changes.changes.iter().map(|changed| match (changed.kind, &changed.event) {
        (ChangeKind::Ended, Some(event)) => told("end", changed.change, &EventWire::of(event)),
        (ChangeKind::Updated, Some(event)) => told("update", changed.change, &EventWire::of(event)),
        (ChangeKind::Deleted, _) | (_, None) => gone(changed.change, &changed.id.to_string()),
    }));
    waiting
}

/// One who listens.
struct Listener {
    /// Told before anything new.
    waiting: VecDeque<Bytes>,
    receiver: broadcast::Receiver<Told>,
    /// The number up to which it had been told everything before it began to listen.
    known: u64,
    guard: Option<Guard>,
    token: CancellationToken,
    ping: Interval,
    _place: OwnedSemaphorePermit,
}

impl Listener {
    async fn next(&mut self) -> Option<Bytes> {
        if let Some(words) = self.waiting.pop_front() {
            return Some(words);
        }
        loop {
            tokio::select! {
                biased;
                () = self.token.cancelled() => return None,
                () = lapsed(self.guard.as_mut()) => return None,
                told = self.receiver.recv() => match told {
                    Ok(told) if told.change.is_some_and(|change| change <= self.known) => {}
                    Ok(told) => {
                        self.ping.reset();
                        return Some(told.words);
                    }
                    Err(RecvError::Lagged(_)) => return Some(reset(self.known)),
                    Err(RecvError::Closed) => return None,
                },
                _ = self.ping.tick() => return Some(Bytes::from_static(b":\n\n")),
            }
        }
    }
}

/// Comes back when the key no longer opens this; never if there is nothing to watch over. May be dropped.
async fn lapsed(guard: Option<&mut Guard>) {
    match guard {
        Some(guard) => guard.lapsed().await,
        None => std::future::pending().await,
    }
}
