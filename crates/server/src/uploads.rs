//! What becomes of finished events that are owed to remotes: told, tried again, held up. Who sends them, and how, is told
//! by the trait [`Uploads`]; the shapes are in `wire::uploads`.

use std::time::Duration;

use axum::Json;
use axum::extract::{Path, RawQuery, Request, State};
use http::StatusCode;
use serde::Deserialize;
use store::StoreError;
use store::event::EventId;
use store::outbox::{Backlog, ErrandCursor, ErrandQuery, ErrandState, ErrandView, Stage};
use utoipa::ToSchema;
use web::Problem;

use crate::ChangeError;
use crate::app::App;
use crate::wire::uploads::{ErrandsWire, RetriedWire, TransferWire, UploadsWire};

pub(crate) mod older;

/// What sends events to the remotes, as the binary wires it. Everything here may ask the index or the disk.
pub trait Uploads: Send + Sync + 'static {
    /// How it stands.
    fn view(&self) -> UploadsView;

    /// Whether there is such an event.
    ///
    /// # Errors
    /// What the store says.
    fn knows(&self, event: EventId) -> Result<bool, StoreError>;

    /// A page of errands, the newest event first.
    ///
    /// # Errors
    /// What the store says.
    fn errands(&self, query: &ErrandQuery) -> Result<(Vec<ErrandView>, Option<ErrandCursor>), StoreError>;

    /// What waits or was refused is due now; → how many.
    ///
    /// # Errors
    /// What the store says.
    fn retry(&self, event: Option<EventId>, remote: Option<&str>) -> Result<u64, StoreError>;

    /// Takes settings over, all of them or none, and keeps them.
    ///
    /// # Errors
    /// A value that cannot be, one that the environment or a flag sets, or a disk that does not take it.
    fn change(&self, patch: &UploadPatch) -> Result<(), ChangeError>;
}

/// What is to be changed; the rest stays as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UploadPatch {
    /// Send nothing.
    pub paused: Option<bool>,
    /// Bytes a second; 0: as fast as it goes.
    pub rate: Option<u64>,
    /// `22:00-06:00`.
    pub window: Option<String>,
    /// Whether the window counts.
    pub window_active: Option<bool>,
    /// Whether the signal is looked at.
    pub wifi: Option<bool>,
    /// Bytes of all events together.
    pub max_size: Option<u64>,
}

/// How uploading stands.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct UploadsView {
    /// Nothing is sent, because somebody wanted it so.
    pub paused: bool,
    /// Bytes a second as set; `None`: no limit.
    pub rate: Option<u64>,
    /// Bytes a second that are allowed at present; `None`: as fast as it goes.
    pub rate_limit: Option<u64>,
    /// Hours of the day as set.
    pub window: Option<String>,
    /// Whether they count.
    pub window_active: bool,
    /// Whether they allow sending now; `None`: they do not count.
    pub in_window: Option<bool>,
    /// Whether the signal is looked at.
    pub wifi: bool,
    /// dBm, and `good`, `fair` or `poor`.
    pub signal: Option<(i32, &'static str)>,
    /// Whether clips stay here after every remote holds them.
    pub keep_clips: bool,
    /// Bytes of all events together, as retention is set.
    pub max_size: u64,
    /// In the order of the configuration.
    pub remotes: Vec<RemoteView>,
}

/// How one remote stands.
#[derive(Debug, Clone, PartialEq)]
pub struct RemoteView {
    /// Its name.
    pub name: String,
    /// `nightjar`, `legacy`, `s3`.
    pub kind: &'static str,
    /// Its address, nothing secret in it.
    pub url: String,
    /// `idle`, `sending`, `waiting`.
    pub state: &'static str,
    /// Why it waits: `paused`, `window`, `wifi`, `offline`, `denied`, `back-off`, `disk`.
    pub waiting: Option<&'static str>,
    /// Until it goes on, where that is known.
    pub resumes_in: Option<Duration>,
    /// Bytes a second of late.
    pub rate: f64,
    /// Until all that is owed is there.
    pub eta: Option<Duration>,
    /// Events under way.
    pub sending: Vec<EventId>,
    /// How far those are whose bytes go.
    pub under_way: Vec<UnderWay>,
    /// What is owed.
    pub backlog: Backlog,
    /// Since the program started.
    pub counts: RemoteCounts,
    /// What went wrong last, if nothing went well since.
    pub trouble: Option<String>,
}

/// How far one event is, of what goes to a remote now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnderWay {
    /// Its id.
    pub event: EventId,
    /// Its pictures or its clip.
    pub stage: Stage,
    /// Bytes that went out.
    pub sent: u64,
    /// Bytes of all of it; 0 where that is not known.
    pub bytes: u64,
}

/// What happened since the program started.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RemoteCounts {
    /// Bytes that went out.
    pub bytes: u64,
    /// Attempts, by how they ended: `sent`, `again`, `refused`, `unreachable`, `given_back`.
    pub attempts: Vec<(&'static str, u64)>,
}

/// Asks off the tokio workers.
pub(crate) async fn ask<T: Send + 'static>(
    app: &App,
    question: impl FnOnce(&dyn Uploads) -> T + Send + 'static,
) -> Result<T, Problem> {
    let uploads = app.uploads.clone();
    tokio::task::spawn_blocking(move || question(&*uploads)).await.map_err(|_| Problem::internal())
}

/// What is owed to whom, how fast it goes, and why it waits.
#[utoipa::path(get, path = "/api/v1/uploads", tag = "uploads", responses((status = 200, body = UploadsWire)))]
pub(crate) async fn view(State(app): State<App>) -> Result<Json<UploadsWire>, Problem> {
    ask(&app, |uploads| Json(UploadsWire::of(&uploads.view()))).await
}

/// Most errands of a page.
const MOST: u32 = store::outbox::MOST_ERRANDS;

/// Errands, one of each event to each remote, a page at a time, the newest event first.
#[utoipa::path(get, path = "/api/v1/uploads/errands", tag = "uploads",
    params(
        ("remote" = Option<String>, Query, description = "To this remote."),
        ("state" = Option<String>, Query, description = "`owed`, `sending`, `failed` or `done`."),
        ("limit" = Option<u32>, Query, description = "1 to 200; 50 unless said."),
        ("cursor" = Option<String>, Query, description = "`next` of the page before."),
    ),
    responses(
        (status = 200, body = ErrandsWire),
        (status = 404, description = "There is no such remote."),
        (status = 400, description = "A parameter is not known, given twice, or the cursor is of another list; `field` names it."),
        (status = 422, description = "A value is out of its range; `field` names it."),
    ))]
pub(crate) async fn errands(
    State(app): State<App>,
    RawQuery(query): RawQuery,
) -> Result<Json<ErrandsWire>, Problem> {
    let query = read(query.as_deref().unwrap_or_default())?;
    if let Some(remote) = &query.remote {
        known(&app, remote.clone()).await?;
    }
    let (errands, next) = ask(&app, move |uploads| uploads.errands(&query)).await?.map_err(told)?;
    Ok(Json(ErrandsWire::of(&errands, next)))
}

fn read(query: &str) -> Result<ErrandQuery, Problem> {
    let mut asked = ErrandQuery::default();
    let mut seen: Vec<String> = Vec::new();
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        if seen.iter().any(|other| *other == name) {
            let detail = format!("{name} is given twice.");
            return Err(Problem::bad_request("twice", detail).with("field", name.into_owned()));
        }
        match &*name {
            "remote" => asked.remote = Some(value.into_owned()).filter(|it| !it.is_empty()),
            "state" if value.is_empty() => {}
            "state" => asked.state = Some(state(&value)?),
            "limit" => {
                let limit = value.parse().ok().filter(|limit| (1..=MOST).contains(limit));
                let refused =
                    || Problem::invalid("limit", format!("limit must be a whole number from 1 to {MOST}."));
                asked.limit = limit.ok_or_else(refused)?;
            }
            "cursor" => {
                let bad = |_| {
                    let detail = "cursor is none that this list has given: take it from next.";
                    Problem::bad_request("bad_cursor", detail).with("field", "cursor")
                };
                asked.cursor = Some(value.parse().map_err(bad)?);
            }
            other => {
                let found: String = other.chars().take(80).collect();
                let detail = format!("{found} is not known here; allowed are remote, state, limit, cursor.");
                return Err(Problem::bad_request("unknown_parameter", detail).with("field", found));
            }
        }
        seen.push(name.into_owned());
    }
    Ok(asked)
}

fn state(word: &str) -> Result<ErrandState, Problem> {
    let all = [ErrandState::Owed, ErrandState::Sending, ErrandState::Failed, ErrandState::Done];
    let found = all.into_iter().find(|state| archive::errand_state(*state) == word);
    found.ok_or_else(|| Problem::invalid("state", "state must be one of owed, sending, failed, done."))
}

/// What is to be tried again; without anything, all of it.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = UploadRetry)]
pub(crate) struct Retry {
    /// Only of this event, and before all others.
    #[schema(nullable = false)]
    event: Option<String>,
    /// Only to this remote.
    #[schema(nullable = false)]
    remote: Option<String>,
}

/// Tries again now what was refused and what waits for its time.
#[utoipa::path(post, path = "/api/v1/uploads/retry", tag = "uploads", request_body = Retry,
    responses(
        (status = 200, body = RetriedWire),
        (status = 404, description = "There is no such event, or no such remote."),
        (status = 415, description = "The body is not JSON by its `Content-Type`."),
        (status = 422, description = "The body is not what it should be."),
    ))]
pub(crate) async fn retry(State(app): State<App>, request: Request) -> Result<Json<RetriedWire>, Problem> {
    let Retry { event, remote } = web::json(request).await?;
    let event = event.map(|id| event_id(&id)).transpose()?;
    if let Some(remote) = &remote {
        known(&app, remote.clone()).await?;
    }
    let asked = ask(&app, move |uploads| match event {
        Some(event) if !uploads.knows(event)? => Ok(None),
        _ => uploads.retry(event, remote.as_deref()).map(Some),
    });
    let due = asked.await?.map_err(told)?.ok_or_else(no_event)?;
    Ok(Json(RetriedWire { due }))
}

/// Sends nothing until it is resumed; kept across restarts.
#[utoipa::path(post, path = "/api/v1/uploads/pause", tag = "uploads", responses(
    (status = 200, body = UploadsWire),
    (status = 409, description = "The environment or a flag says otherwise and would win; `by` names it."),
    (status = 507, description = "It could not be kept, so it was not done."),
))]
pub(crate) async fn pause(State(app): State<App>) -> Result<Json<UploadsWire>, Problem> {
    set_paused(&app, true).await
}

/// Goes on after a pause.
#[utoipa::path(post, path = "/api/v1/uploads/resume", tag = "uploads", responses(
    (status = 200, body = UploadsWire),
    (status = 409, description = "The environment or a flag says otherwise and would win; `by` names it."),
    (status = 507, description = "It could not be kept, so it was not done."),
))]
pub(crate) async fn resume(State(app): State<App>) -> Result<Json<UploadsWire>, Problem> {
    set_paused(&app, false).await
}

async fn set_paused(app: &App, paused: bool) -> Result<Json<UploadsWire>, Problem> {
    let patch = UploadPatch { paused: Some(paused), ..UploadPatch::default() };
    let changed = ask(app, move |uploads| uploads.change(&patch).map(|()| uploads.view())).await?;
    let view = changed.map_err(|error| crate::config::problem_of(&error, |field| field))?;
    Ok(Json(UploadsWire::of(&view)))
}

/// Sends one event before all others.
#[utoipa::path(post, path = "/storage/transfer/{event}", tag = "first camera",
    params(("event" = String, Path, description = "The event's id.")),
    responses(
        (status = 200, body = TransferWire),
        (status = 404, description = "There is no event of that id."),
    ))]
pub(crate) async fn transfer(
    State(app): State<App>,
    Path(id): Path<String>,
) -> Result<Json<TransferWire>, Problem> {
    let id = event_id(&id)?;
    let asked = ask(&app, move |uploads| {
        if !uploads.knows(id)? {
            return Ok(None);
        }
        let has_remotes = !uploads.view().remotes.is_empty();
        uploads.retry(Some(id), None).map(|due| Some((has_remotes, due)))
    });
    let (has_remotes, due) = asked.await?.map_err(told)?.ok_or_else(no_event)?;
    let message = match (has_remotes, due) {
        (false, _) => "Nothing was sent: no remote is configured.",
        (true, 0) => "There is nothing more to send of it.",
        (true, _) => "It is sent before all others.",
    };
    Ok(Json(TransferWire { success: has_remotes, message }))
}

fn event_id(id: &str) -> Result<EventId, Problem> {
    id.parse().map_err(|_| no_event())
}

fn no_event() -> Problem {
    Problem::not_found("There is no event of that id.")
}

/// Whether there is such a remote.
async fn known(app: &App, remote: String) -> Result<(), Problem> {
    let names =
        ask(app, |uploads| uploads.view().remotes.into_iter().map(|remote| remote.name).collect::<Vec<_>>());
    let names = names.await?;
    if names.contains(&remote) {
        return Ok(());
    }
    let detail = match names.join(", ").as_str() {
        "" => "There is no such remote: none is configured.".to_owned(),
        all => format!("There is no such remote; there is {all}."),
    };
    Err(Problem::not_found(detail))
}

fn told(error: StoreError) -> Problem {
    match error {
        StoreError::Invalid(why) => Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid", why),
        error => {
            tracing::warn!(%error, "failed to ask what is owed");
            let detail = "What is owed cannot be read at the moment; /readyz says how the disk is.";
            Problem::unavailable("disk", detail, 5)
        }
    }
}
