//! A page of events over the wire, and what may be asked of the list.

use serde::Serialize;
use store::outbox::ErrandView;
use store::query::Page;
use utoipa::{IntoParams, ToSchema};

use super::event::EventWire;
use super::schema;

/// Some of the events that were asked for.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Events)]
pub(crate) struct EventsWire {
    /// In the order that was asked for.
    events: Vec<EventWire>,
    /// The `cursor` of the next page; null after the last one.
    #[schema(required)]
    next: Option<String>,
}

impl EventsWire {
    pub(crate) fn of(page: &Page, errands: Option<&[ErrandView]>) -> Self {
        let events = page.events.iter().map(|event| EventWire::of(event).with_uploads(errands)).collect();
        Self { events, next: page.next.as_ref().map(ToString::to_string) }
    }
}

/// How many are gone.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Deleted)]
pub(crate) struct DeletedWire {
    /// Without those that were named twice.
    pub(crate) deleted: usize,
}

/// Which events are wanted; read in `events`.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "a description only")]
pub(crate) struct ListAsked {
    /// Of this camera.
    camera: Option<String>,
    /// That started then or later.
    #[param(schema_with = web::shape::time)]
    from: Option<String>,
    /// That started before.
    #[param(schema_with = web::shape::time)]
    to: Option<String>,
    /// With this label.
    #[param(schema_with = schema::label)]
    label: Option<String>,
    /// Favourites, or all others.
    favourite: Option<bool>,
    /// That somebody has looked at, or nobody.
    seen: Option<bool>,
    /// That came to be so.
    #[param(schema_with = schema::origin)]
    origin: Option<String>,
    /// At least so many seconds long.
    #[param(minimum = 0, maximum = 86400)]
    min_length_s: Option<f64>,
    /// With all of these words in note, label, camera or sentence; at most 200 characters.
    #[param(max_length = 200)]
    q: Option<String>,
    /// `newest` unless said.
    #[param(schema_with = schema::order)]
    order: Option<String>,
    /// 1 to 200; 50 unless said.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
    /// `next` of the page before; everything else must be as it was then.
    cursor: Option<String>,
}
