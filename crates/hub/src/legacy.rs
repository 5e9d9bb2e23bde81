//! The paths that cameras of the older system speak to, with the answers that they read: every success is 200, a key that is
//! missing or not known is 403, times end in `+00:00`, ids are those that the camera gave.
//!
//! What does not belong here: what our own cameras speak (`ingest`), and where what came in lies (`store`).

use web::{Need, Routes, Scope};

use crate::app::Hub;

mod chunked;
mod form;
mod keep;
mod sessions;
mod show;
mod single;
mod wire;

pub(crate) use sessions::Sessions;

const CONTROL: Need = Need::Key(Scope::Control);
const UPLOAD: Need = Need::Key(Scope::Upload);
const VIEW: Need = Need::Key(Scope::View);
/// Bytes of a form; the handler holds it to what is configured.
const MOST_FORM: u64 = 1 << 40;

/// Adds the older paths.
#[rustfmt::skip]
#[must_use]
pub(crate) fn routes(routes: Routes<Hub>) -> Routes<Hub> {
    shapes(routes)
        .post("/storage", UPLOAD, single::store, single::__path_store).streamed(MOST_FORM).forbids()
        .post("/storage/chunked/init", UPLOAD, chunked::init, chunked::__path_init).streamed(chunked::MOST_JSON).forbids()
        .post("/storage/chunked/upload", UPLOAD, chunked::upload, chunked::__path_upload).streamed(chunked::MOST_JSON).forbids()
        .post("/storage/chunked/finalize", UPLOAD, chunked::finalize, chunked::__path_finalize).forbids()
        .post("/storage/chunked/cancel", UPLOAD, chunked::cancel, chunked::__path_cancel).forbids()
        .get("/storage/stats", VIEW, show::stats, show::__path_stats).or(Scope::Upload).forbids()
        .get("/storage/events", VIEW, show::list, show::__path_list).or(Scope::Upload).forbids()
        .get("/storage/events/{event}", VIEW, show::one, show::__path_one).or(Scope::Upload).forbids()
        .delete("/storage/events/{event}", CONTROL, show::delete, show::__path_delete).forbids()
        .get("/storage/events/{event}/video", VIEW, show::video, show::__path_video).or(Scope::Upload).forbids()
        .get("/storage/events/{event}/thumbnails/{file}", VIEW, show::thumbnail, show::__path_thumbnail).or(Scope::Upload).forbids()
}

fn shapes(routes: Routes<Hub>) -> Routes<Hub> {
    routes
        .shape::<wire::UploadForm>()
        .shape::<wire::InitAsked>()
        .shape::<wire::BegunWire>()
        .shape::<wire::ChunkAsked>()
        .shape::<wire::ChunkWire>()
        .shape::<wire::UploadAsked>()
        .shape::<wire::DoneWire>()
        .shape::<wire::StoredWire>()
        .shape::<wire::FinishedWire>()
        .shape::<wire::DeletedWire>()
        .shape::<wire::StatsWire>()
        .shape::<wire::ListWire>()
        .shape::<wire::EventWire>()
}
