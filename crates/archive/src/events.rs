//! `/api/v1/events…`: find, look, say something about, delete.

use axum::Json;
use axum::extract::{Path, RawQuery, Request, State};
use http::StatusCode;
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};
use store::event::{EventId, Origin};
use store::outbox::ErrandView;
use store::query::{Change, LABELS, MOST_TEXT, Order, Query};
use store::{Store, StoreError};
use utoipa::ToSchema;
use web::Problem;

use crate::app::Archive;
use crate::asked::{Asked, event_id, invalid, no_event};
use crate::wire::event::EventWire;
use crate::wire::list::{DeletedWire, EventsWire, ListAsked};
use crate::wire::{LABEL_WORDS, track::TrackWire};

#[cfg(test)]
mod tests;

/// Most characters of a note.
const NOTE: usize = 2_000;
/// Most events that are deleted at once.
const AT_ONCE: usize = 500;
/// A day: no clip is as long.
const LONGEST_S: f64 = 86_400.0;

const LIST: [&str; 12] = [
    "camera",
    "from",
    "to",
    "label",
    "favourite",
    "seen",
    "origin",
    "min_length_s",
    "q",
    "order",
    "limit",
    "cursor",
];

/// Finished events, a page at a time.
///
/// A page may hold fewer than `limit`, even none, and go on: `next` alone says whether there is more.
#[utoipa::path(get, path = "/api/v1/events", tag = "events", params(ListAsked),
    responses(
        (status = 200, body = EventsWire),
        (status = 400, description = "A parameter is not known, given twice, or the cursor is of another list; `field` names it."),
        (status = 422, description = "A value is out of its range; `field` names it."),
    ))]
pub(crate) async fn list(
    State(archive): State<Archive>,
    RawQuery(query): RawQuery,
) -> Result<Json<EventsWire>, Problem> {
    let query = read(query.as_deref())?;
    let sends = archive.sends();
    let asked = archive.ask(move |store| {
        let page = store.list(&query)?;
        let ids: Vec<EventId> = page.events.iter().map(|event| event.id).collect();
        let errands = owed(store, sends, &ids)?;
        Ok((page, errands))
    });
    let (page, errands) = asked.await?;
    Ok(Json(EventsWire::of(&page, errands.as_deref())))
}

/// What of these events is owed to the remotes; `None` where nothing is sent from, and nothing is asked then.
fn owed(store: &Store, sends: bool, ids: &[EventId]) -> Result<Option<Vec<ErrandView>>, StoreError> {
    match (sends, ids) {
        (false, _) => Ok(None),
        (true, []) => Ok(Some(Vec::new())),
        (true, ids) => store.errands_of(ids).map(Some),
    }
}

fn read(query: Option<&str>) -> Result<Query, Problem> {
    let asked = Asked::read(query, &LIST)?;
    let bad_cursor = || {
        let detail =
            "cursor is none that this list has given: take it from next, and ask with the same parameters.";
        Problem::bad_request("bad_cursor", detail).with("field", "cursor")
    };
    let cursor = asked.text("cursor").map(|cursor| cursor.parse().map_err(|_| bad_cursor())).transpose()?;
    let order = asked.word("order", &["newest", "oldest"])?;
    let query = Query {
        camera: asked.camera()?,
        from: asked.time("from")?,
        to: asked.time("to")?,
        label: asked.word("label", &LABEL_WORDS)?.map(str::to_owned),
        favourite: asked.flag("favourite")?,
        seen: asked.flag("seen")?,
        origin: origin(&asked)?,
        min_length: asked.seconds("min_length_s", LONGEST_S)?,
        text: text(&asked)?,
        order: if order == Some("oldest") { Order::Oldest } else { Order::Newest },
        limit: asked.whole("limit", 1..=200)?.unwrap_or(50),
        cursor,
    };
    Ok(query)
}

fn origin(asked: &Asked<'_>) -> Result<Option<Origin>, Problem> {
    asked.value("origin", "motion, manual, import", |word| match word {
        "motion" => Some(Origin::Motion),
        "manual" => Some(Origin::Manual),
        "import" => Some(Origin::Import),
        _ => None,
    })
}

fn text(asked: &Asked<'_>) -> Result<Option<String>, Problem> {
    let allowed = format!("words of at most {MOST_TEXT} characters together");
    asked.value("q", &allowed, |text| (text.chars().count() <= MOST_TEXT).then(|| text.to_owned()))
}

/// One event, one that is being recorded as well.
#[utoipa::path(get, path = "/api/v1/events/{event}", tag = "events",
    params(("event" = String, Path, description = "The event's id.")),
    responses((status = 200, body = EventWire), (status = 404, description = "There is no event of that id.")))]
pub(crate) async fn one(
    State(archive): State<Archive>,
    Path(id): Path<String>,
) -> Result<Json<EventWire>, Problem> {
    let id = event_id(&id)?;
    let sends = archive.sends();
    let found = archive
        .ask(move |store| match store.recording(id) {
            Some(event) => Ok(Some(EventWire::recording(&event).with_uploads(sends.then_some(&[])))),
            None => match store.get(id)? {
                Some(event) => {
                    Ok(Some(EventWire::of(&event).with_uploads(owed(store, sends, &[id])?.as_deref())))
                }
                None => Ok(None),
            },
        })
        .await?;
    found.map(Json).ok_or_else(|| no_event(&id.to_string()))
}

/// What a person says; what is left out stays as it is.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct EventChange {
    /// From then on the label is a person's.
    #[schema(schema_with = crate::wire::schema::label)]
    #[serde(default, deserialize_with = "said")]
    label: Option<String>,
    /// Kept whatever happens.
    #[serde(default, deserialize_with = "said")]
    #[schema(nullable = false)]
    favourite: Option<bool>,
    /// At most 2000 characters.
    #[serde(default, deserialize_with = "said")]
    #[schema(max_length = 2000, nullable = false)]
    note: Option<String>,
    /// Whether somebody has looked at it.
    #[serde(default, deserialize_with = "said")]
    #[schema(nullable = false)]
    seen: Option<bool>,
}

/// What is left out stays as it is; what is null is a mistake, and not left out.
fn said<'de, D: Deserializer<'de>, T: Deserialize<'de>>(value: D) -> Result<Option<T>, D::Error> {
    T::deserialize(value).map(Some)
}

/// Says something of an event.
#[utoipa::path(patch, path = "/api/v1/events/{event}", tag = "events",
    params(("event" = String, Path, description = "The event's id.")), request_body = EventChange,
    responses(
        (status = 200, body = EventWire),
        (status = 404, description = "There is no event of that id, or it is still being recorded."),
        (status = 415, description = "The body is not sent as JSON."),
        (status = 422, description = "A value is not allowed; `field` names it."),
        (status = 507, description = "The disk is full or read-only."),
    ))]
pub(crate) async fn patch(
    State(archive): State<Archive>,
    Path(id): Path<String>,
    request: Request,
) -> Result<Json<EventWire>, Problem> {
    let id = event_id(&id)?;
    // An object and nothing else: where everything may be left out, an empty list would do as well.
    let said = Value::Object(web::json::<Map<String, Value>>(request).await?);
    let change = serde_json::from_value::<EventChange>(said).map_err(|error| {
        let detail = format!("The body is JSON, but {error}.");
        Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid_body", detail)
    })?;
    let change = checked(change)?;
    let sends = archive.sends();
    let asked = archive.ask(move |store| match store.change(id, &change)? {
        Some(event) => Ok(Some(EventWire::of(&event).with_uploads(owed(store, sends, &[id])?.as_deref()))),
        None => Ok(None),
    });
    asked.await?.map(Json).ok_or_else(|| no_event(&id.to_string()))
}

fn checked(change: EventChange) -> Result<Change, Problem> {
    let EventChange { label, favourite, note, seen } = change;
    if let Some(label) = label.as_deref().filter(|label| !LABELS.contains(label)) {
        return Err(invalid("label", label, &LABEL_WORDS.join(", ")));
    }
    if let Some(note) = &note {
        let length = note.chars().count();
        let is_text = note.chars().all(|c| !c.is_control() || matches!(c, '\n' | '\t' | '\r'));
        if length > NOTE || !is_text {
            let found =
                if is_text { format!("{length} characters long") } else { "not plain text".to_owned() };
            return Err(invalid("note", &found, &format!("text of at most {NOTE} characters")));
        }
    }
    Ok(Change { label, favourite, note, seen })
}

/// Deletes an event with its files.
#[utoipa::path(delete, path = "/api/v1/events/{event}", tag = "events",
    params(("event" = String, Path, description = "The event's id.")),
    responses(
        (status = 204, description = "It is gone."),
        (status = 404, description = "There is no event of that id, or it is still being recorded."),
        (status = 507, description = "The disk is read-only."),
    ))]
pub(crate) async fn delete(
    State(archive): State<Archive>,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    let id = event_id(&id)?;
    archive.ask(move |store| store.delete(&[id])).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Which events are to be deleted.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DeleteRequest {
    /// At most 500.
    #[schema(max_items = 500)]
    ids: Vec<String>,
}

/// Deletes all of these events, or, if one of them is not there, none.
#[utoipa::path(post, path = "/api/v1/events/delete", tag = "events", request_body = DeleteRequest,
    responses(
        (status = 200, body = DeletedWire),
        (status = 404, description = "`ids` are not there; none was deleted."),
        (status = 415, description = "The body is not sent as JSON."),
        (status = 422, description = "These are too many."),
        (status = 507, description = "The disk is read-only."),
    ))]
pub(crate) async fn delete_many(
    State(archive): State<Archive>,
    request: Request,
) -> Result<Json<DeletedWire>, Problem> {
    let asked = web::json::<DeleteRequest>(request).await?.ids;
    if asked.len() > AT_ONCE {
        return Err(invalid("ids", &format!("{} long", asked.len()), &format!("at most {AT_ONCE} of them")));
    }
    let mut ids = asked.iter().map(|id| event_id(id)).collect::<Result<Vec<EventId>, _>>()?;
    ids.sort_unstable();
    ids.dedup();
    let deleted = ids.len();
    if deleted > 0 {
        archive.ask(move |store| store.delete(&ids)).await?;
    }
    Ok(Json(DeletedWire { deleted }))
}

/// What moved over an event: boxes and the amount of motion, moment by moment, and what each gate said.
#[utoipa::path(get, path = "/api/v1/events/{event}/track", tag = "events",
    params(("event" = String, Path, description = "The event's id.")),
    responses(
        (status = 200, body = TrackWire),
        (status = 404, description = "There is no event of that id, or nothing is known of what moved in it."),
    ))]
pub(crate) async fn track(
    State(archive): State<Archive>,
    Path(id): Path<String>,
) -> Result<Json<TrackWire>, Problem> {
    let id = event_id(&id)?;
    let found = archive
        .ask(move |store| {
            let Some(event) = store.get(id)? else { return Ok(None) };
            Ok(Some(store.track(id)?.map(|track| TrackWire::of(&event, &track))))
        })
        .await?;
    let track = found.ok_or_else(|| no_event(&id.to_string()))?;
    track.map(Json).ok_or_else(|| Problem::not_found("Nothing is known of what moved in this event."))
}
