//! What older cameras and their scripts ask about what is kept. A key that may only send sees what it has sent itself.

use std::sync::Arc;

use archive::Archive;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use axum::{Extension, Json};
use http::{HeaderMap, Method};
use jiff::civil::Date;
use serde::Deserialize;
use store::event::{Event, EventId, PictureName};
use web::shape::Binary;
use web::{Admission, Problem, Scope};

use super::wire::{DeletedWire, EventWire, ListWire, StatsWire};
use crate::app::Hub;
use crate::device::Device;
use crate::problem::unreadable;

/// Events of a list where nobody says how many.
const USUAL: u32 = 100;
/// Events of a list.
const MOST: u32 = 1_000;
/// The longest id that is looked for.
const MOST_ID: usize = 800;

/// How much is kept.
#[utoipa::path(get, path = "/storage/stats", tag = "older cameras", responses((status = 200, body = StatsWire)))]
pub(crate) async fn stats(
    State(hub): State<Hub>,
    Extension(admission): Extension<Admission>,
    device: Device,
) -> Result<Json<StatsWire>, Problem> {
    let sees_all = admission.may(Scope::View);
    let (total_events, total_size_bytes) = hub
        .ask(move |store| {
            if sees_all {
                let view = store.storage();
                return Ok((view.events, view.clip_bytes + view.picture_bytes));
            }
            Ok(store.device(&device.id)?.map_or((0, 0), |known| (known.events, known.bytes)))
        })
        .await?;
    let total_size_mb = (total_size_bytes as f64 / 1_048_576.0 * 100.0).round() / 100.0;
    Ok(Json(StatsWire { total_events, total_size_bytes, total_size_mb }))
}

/// What a list is asked for; what else stands there, against caches, is let pass.
#[derive(Debug, Deserialize)]
pub(crate) struct ListAsked {
    date: Option<String>,
    limit: Option<String>,
    offset: Option<String>,
}

/// Some of the events, the newest first.
#[utoipa::path(get, path = "/storage/events", tag = "older cameras",
    params(
        ("date" = Option<String>, Query, description = "`YYYY-MM-DD`: those of that day, by the offset of their own `start_time`."),
        ("limit" = Option<u32>, Query, description = "1 to 1000; 100 if left out."),
        ("offset" = Option<u32>, Query, description = "So many are left out first."),
    ),
    responses(
        (status = 200, body = ListWire),
        (status = 422, description = "A value is out of its range; `field` names it."),
    ))]
pub(crate) async fn list(
    State(hub): State<Hub>,
    Extension(admission): Extension<Admission>,
    device: Device,
    asked: Result<Query<ListAsked>, axum::extract::rejection::QueryRejection>,
) -> Result<Json<ListWire>, Problem> {
    let Query(asked) = asked.map_err(|_| {
        Problem::bad_request(
            "bad_query",
            "The query cannot be read: date, limit and offset are each taken once.",
        )
    })?;
    let day = asked.date.as_deref().filter(|date| !date.is_empty()).map(day).transpose()?;
    let limit = number("limit", asked.limit.as_deref(), 1, MOST)?.unwrap_or(USUAL);
    let offset = number("offset", asked.offset.as_deref(), 0, u32::MAX)?.unwrap_or(0);
    let of = (!admission.may(Scope::View)).then_some(device.id);
    let (events, total) = hub.ask(move |store| store.older_list(of.as_deref(), day, limit, offset)).await?;
    let events = events.iter().map(|event| EventWire::of(event, None)).collect();
    Ok(Json(ListWire { events, total, limit, offset }))
}

fn day(text: &str) -> Result<Date, Problem> {
    let is_plain = text.len() == 10 && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
    text.parse().ok().filter(|_| is_plain).ok_or_else(|| {
        let found: String = text.chars().filter(|c| !c.is_control()).take(40).collect();
        unreadable(format!("date is {found}; a day such as 2026-11-20 is allowed.")).with("field", "date")
    })
}

fn number(name: &'static str, text: Option<&str>, least: u32, most: u32) -> Result<Option<u32>, Problem> {
    let Some(text) = text.filter(|text| !text.is_empty()) else { return Ok(None) };
    let is_plain = text.bytes().all(|byte| byte.is_ascii_digit());
    let read = text.parse().ok().filter(|number| is_plain && (least..=most).contains(number));
    read.map(Some).ok_or_else(|| {
        let found: String = text.chars().filter(|c| !c.is_control()).take(40).collect();
        unreadable(format!("{name} is {found}; {least} to {most} is allowed.")).with("field", name)
    })
}

/// One event.
#[utoipa::path(get, path = "/storage/events/{event}", tag = "older cameras",
    params(("event" = String, Path, description = "The id that the camera has for it, or the hub's own.")),
    responses(
        (status = 200, body = EventWire),
        (status = 404, description = "There is no event of that id, or it is not all here yet."),
    ))]
pub(crate) async fn one(
    State(hub): State<Hub>,
    Extension(admission): Extension<Admission>,
    device: Device,
    Path(id): Path<String>,
) -> Result<Json<EventWire>, Problem> {
    let event = found(&hub, &admission, &device, &id).await?;
    let own = event.id;
    let stand = hub.ask(move |store| store.standing(own)).await?;
    let receipt = stand.and_then(|stand| stand.standing.receipt);
    Ok(Json(EventWire::of(&event, receipt.map(|receipt| receipt.path))))
}

/// Its clip, whole or one range of it.
#[utoipa::path(get, path = "/storage/events/{event}/video", tag = "older cameras",
    params(
        ("event" = String, Path, description = "The id that the camera has for it, or the hub's own."),
        ("Range" = Option<String>, Header, description = "One range of bytes; several are answered with the whole."),
    ),
    responses(
        (status = 200, description = "All of it; `ETag` is its SHA-256.", body = Binary, content_type = "video/mp4"),
        (status = 206, description = "The bytes that `Content-Range` says.", body = Binary, content_type = "video/mp4"),
        (status = 304, description = "It is what `If-None-Match` names."),
        (status = 404, description = "There is no event of that id, or no clip of it."),
        (status = 416, description = "The clip is shorter; `Content-Range` says how long it is."),
    ))]
pub(crate) async fn video(
    State(hub): State<Hub>,
    State(archive): State<Archive>,
    Extension(admission): Extension<Admission>,
    device: Device,
    Path(id): Path<String>,
    method: Method,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let event = found(&hub, &admission, &device, &id).await?;
    archive::send_clip(&archive, event.id, None, &method, &headers).await
}

/// One of its thumbnails.
#[utoipa::path(get, path = "/storage/events/{event}/thumbnails/{file}", tag = "older cameras",
    params(
        ("event" = String, Path, description = "The id that the camera has for it, or the hub's own."),
        ("file" = String, Path, description = "`thumb_0.jpg` and on."),
    ),
    responses(
        (status = 200, description = "The picture.", body = Binary, content_type = "image/jpeg"),
        (status = 304, description = "It is what `If-None-Match` names."),
        (status = 404, description = "There is no event of that id, or no such picture of it."),
    ))]
pub(crate) async fn thumbnail(
    State(hub): State<Hub>,
    State(archive): State<Archive>,
    Extension(admission): Extension<Admission>,
    device: Device,
    Path((id, file)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let event = found(&hub, &admission, &device, &id).await?;
    let number = file.strip_prefix("thumb_").and_then(|rest| rest.strip_suffix(".jpg"));
    let number = number.and_then(|number| number.parse().ok().filter(|n: &u32| n.to_string() == number));
    let number = number.filter(|n| *n < event.pictures.thumbnails).ok_or_else(|| {
        let count = event.pictures.thumbnails;
        Problem::not_found(format!(
            "There is no such thumbnail: this event has {count}, from thumb_0.jpg on."
        ))
    })?;
    archive::send_picture(&archive, event.id, PictureName::Thumbnail(number), &headers).await
}

/// Deletes an event. It does not come back when its camera sends it again.
#[utoipa::path(delete, path = "/storage/events/{event}", tag = "older cameras",
    params(("event" = String, Path, description = "The id that the camera has for it, or the hub's own.")),
    responses(
        (status = 200, body = DeletedWire),
        (status = 404, description = "There is no event of that id."),
        (status = 507, description = "The disk is read-only."),
    ))]
pub(crate) async fn delete(
    State(hub): State<Hub>,
    Extension(admission): Extension<Admission>,
    device: Device,
    Path(id): Path<String>,
) -> Result<Json<DeletedWire>, Problem> {
    let event = found(&hub, &admission, &device, &id).await?;
    let own = event.id;
    hub.ask(move |store| store.delete(&[own])).await?;
    Ok(Json(DeletedWire {
        success: true,
        event_id: event.source_id.clone().unwrap_or_else(|| own.to_string()),
    }))
}

/// The event that is asked for, if all of it is here and the key may see it: by the id that the device has for it, by any
/// camera's, by the hub's own.
async fn found(hub: &Hub, admission: &Admission, device: &Device, id: &str) -> Result<Arc<Event>, Problem> {
    let sees_all = admission.may(Scope::View) || admission.may(Scope::Control);
    let (text, key) = (id.to_owned(), device.id.clone());
    let event = hub.ask(move |store| {
        if text.len() > MOST_ID {
            return Ok(None);
        }
        let mut own = store.arrival_of(&key, &text)?;
        if own.is_none()
            && let Ok(id) = text.parse::<EventId>()
        {
            let is_seen = sees_all || store.standing(id)?.is_some_and(|stand| stand.device == key);
            own = is_seen.then_some(id);
            if own.is_some_and(|id| store.get(id).is_ok_and(|event| event.is_none())) {
                own = None;
            }
        }
        if own.is_none() && sees_all {
            own = store.find_source_id(&text)?;
        }
        let Some(id) = own else { return Ok(None) };
        // What is still coming is not there for older programs, which would take it for whole.
        let is_open = store.standing(id)?.is_some_and(|stand| stand.standing.receipt.is_none());
        if is_open { Ok(None) } else { store.get(id) }
    });
    event.await?.ok_or_else(|| {
        let id: String = id.chars().filter(|c| !c.is_control()).take(60).collect();
        Problem::not_found(format!(
            "There is no event {id} here; it may not be whole yet, or have been deleted."
        ))
    })
}
