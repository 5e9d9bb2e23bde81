//! The rows that show events, for any server's table.

use axum::extract::FromRef;
use web::{Need, Routes, Scope};

use crate::app::Archive;
use crate::wire::{event, legacy as older, list, overview as figures, track};
use crate::{events, legacy, links, media, overview, stream};

const VIEW: Need = Need::Key(Scope::View);
const CONTROL: Need = Need::Key(Scope::Control);

/// Adds the rows below `/api/v1` that show events to a table whose state holds an [`Archive`].
#[rustfmt::skip]
#[must_use]
pub fn routes<S>(routes: Routes<S>) -> Routes<S>
where
    S: Clone + Send + Sync + 'static,
    Archive: FromRef<S>,
{
    shapes(routes)
        .get("/api/v1/events", VIEW, events::list, events::__path_list)
        .post("/api/v1/events/delete", CONTROL, events::delete_many, events::__path_delete_many)
        .get("/api/v1/events/stream", VIEW, stream::stream, stream::__path_stream)
        .get("/api/v1/events/activity", VIEW, overview::activity, overview::__path_activity)
        .get("/api/v1/events/{event}", VIEW, events::one, events::__path_one)
        .patch("/api/v1/events/{event}", CONTROL, events::patch, events::__path_patch)
        .delete("/api/v1/events/{event}", CONTROL, events::delete, events::__path_delete)
        .get_linkable("/api/v1/events/{event}/clip.mp4", VIEW, media::clip, media::__path_clip)
        .get_linkable("/api/v1/events/{event}/pictures/{picture}", VIEW, media::picture, media::__path_picture)
        .get_linkable("/api/v1/events/{event}/frames/{frame}", VIEW, media::frame, media::__path_frame)
        .get("/api/v1/events/{event}/track", VIEW, events::track, events::__path_track)
        .get("/api/v1/timeline", VIEW, overview::timeline, overview::__path_timeline)
        .get("/api/v1/storage", VIEW, overview::storage, overview::__path_storage)
        .post("/api/v1/storage/cleanup", CONTROL, overview::cleanup, overview::__path_cleanup)
}

/// Adds the row that makes links to pictures of any row that may be opened by one.
#[must_use]
pub fn link_routes<S: Clone + Send + Sync + 'static>(routes: Routes<S>) -> Routes<S> {
    routes.shape::<links::LinkRequest>().shape::<links::LinkWire>().post(
        "/api/v1/links",
        VIEW,
        links::post,
        links::__path_post,
    )
}

/// Adds the older paths, as a camera has them; a hub's have other shapes.
#[rustfmt::skip]
#[must_use]
pub fn older_routes<S>(routes: Routes<S>) -> Routes<S>
where
    S: Clone + Send + Sync + 'static,
    Archive: FromRef<S>,
{
    routes
        .shape::<older::StorageStatusWire>()
        .shape::<older::StorageEventsWire>()
        .shape::<older::StorageCleanupWire>()
        .get("/storage/status", VIEW, legacy::status, legacy::__path_status)
        .get("/storage/events", VIEW, legacy::events, legacy::__path_events)
        .get_linkable("/storage/events/{event}/thumbnail", VIEW, legacy::thumbnail, legacy::__path_thumbnail)
        .post("/storage/cleanup", CONTROL, legacy::cleanup, legacy::__path_cleanup)
}

fn shapes<S: Clone + Send + Sync + 'static>(routes: Routes<S>) -> Routes<S> {
    routes
        .shape::<event::EventWire>()
        .shape::<list::EventsWire>()
        .shape::<list::DeletedWire>()
        .shape::<events::EventChange>()
        .shape::<events::DeleteRequest>()
        .shape::<track::TrackWire>()
        .shape::<figures::TimelineWire>()
        .shape::<figures::ActivityWire>()
        .shape::<figures::StorageWire>()
        .shape::<figures::CleanupWire>()
        .shape::<web::shape::Binary>()
}
