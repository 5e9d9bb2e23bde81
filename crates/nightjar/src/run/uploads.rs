//! The way of finished events to the remotes: the uploader with its settings, and how it stands for those who ask.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use frame::Clock;
use server::{ChangeError, RemoteCounts, UploadPatch};
use store::event::EventId;
use store::outbox::{ErrandCursor, ErrandQuery, ErrandState, ErrandView};
use store::parcel::{Beat, BeatBacklog, BeatCamera, BeatHealth};
use store::{Store, StoreError, StoreState};
use upload::{Kind, Patience, RemoteSettings, SetupError, Signal, Uploader};

use super::camera::Camera;
use super::changes::{Ledger, Outside};
use super::keep;
use crate::config::Retention;

/// Ids of events that are told at the older path.
const TOLD: u32 = 200;

/// What sends events, as long as it lives.
pub(crate) struct Uploading {
    store: Store,
    clock: Arc<dyn Clock>,
    ledger: Arc<Ledger>,
    cameras: Vec<Arc<Camera>>,
    running: Mutex<Running>,
}

/// What runs, and where it sends to.
struct Running {
    uploader: Option<Uploader>,
    remotes: Vec<RemoteSettings>,
}

impl Uploading {
    /// Begins.
    ///
    /// # Errors
    /// When a remote's settings cannot be, or the system gives no thread.
    pub(crate) fn start(
        store: Store,
        clock: Arc<dyn Clock>,
        ledger: Arc<Ledger>,
        cameras: Vec<Arc<Camera>>,
        settings: upload::Settings,
        remotes: &[RemoteSettings],
    ) -> Result<Arc<Self>, SetupError> {
        let running = Running { uploader: None, remotes: Vec::new() };
        let this = Arc::new(Self { store, clock, ledger, cameras, running: Mutex::new(running) });
        this.begin(&mut this.lock(), settings, remotes)?;
        this.ledger.set_outside(Box::new(Handle(this.clone())));
        Ok(this)
    }

    /// What is sent to the old remotes is given back before it is sent to the new ones.
    fn begin(
        &self,
        running: &mut Running,
        settings: upload::Settings,
        remotes: &[RemoteSettings],
    ) -> Result<(), SetupError> {
        let connected = connect(remotes, &self.clock)?;
        if let Some(uploader) = running.uploader.take() {
            uploader.stop();
        }
        let (clock, cameras) = (self.clock.clone(), self.cameras.clone());
        let store = self.store.clone();
        running.uploader = Some(Uploader::start(upload::Setup {
            ledger: Arc::new(self.store.clone()),
            clock: self.clock.clone(),
            settings,
            remotes: connected,
            vitals: Arc::new(move || vitals(&*clock, &cameras, &store)),
        })?);
        running.remotes = remotes.to_vec();
        Ok(())
    }

    /// Ends within a second; what is under way is given back.
    pub(crate) fn stop(&self) {
        let uploader = self.lock().uploader.take();
        if let Some(uploader) = uploader {
            uploader.stop();
        }
    }

    fn lock(&self) -> MutexGuard<'_, Running> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// As far as the older paths tell it. Asks the index.
    pub(crate) fn transfers(&self) -> archive::Transfers {
        let view = server::Uploads::view(self);
        let limit = view.rate_limit.or(view.rate);
        let query = |state| ErrandQuery { state: Some(state), limit: TOLD, ..ErrandQuery::default() };
        let owed = if view.remotes.is_empty() {
            Vec::new()
        } else {
            self.store.errands(&query(ErrandState::Owed)).map(|(errands, _)| errands).unwrap_or_default()
        };
        let mut events: Vec<String> = owed.iter().map(|errand| errand.event.to_string()).collect();
        events.dedup();
        archive::Transfers {
            pending: view.remotes.iter().map(|it| it.backlog.pictures + it.backlog.clips).sum(),
            active: view.remotes.iter().map(|it| it.sending.len() as u64).sum(),
            throttle_kbps: view.rate.unwrap_or_default() / 125,
            is_scheduled: view.window_active && view.window.is_some(),
            window: view.window,
            wifi: view.signal.map(|(dbm, _)| (dbm, limit.unwrap_or_default() / 125)),
            events,
        }
    }
}

/// A remote's settings, and the way to it.
type Connected = (RemoteSettings, Arc<dyn upload::Remote>);

/// Every remote that is configured; nothing is asked of any yet.
///
/// # Errors
/// What is wrong with the settings of one.
fn connect(remotes: &[RemoteSettings], clock: &Arc<dyn Clock>) -> Result<Vec<Connected>, SetupError> {
    let one = |settings: &RemoteSettings| {
        let remote = upload::connect(settings, Patience::default(), clock.clone());
        let named = |error: SetupError| SetupError(format!("remote {}: {error}", settings.name));
        Ok((settings.clone(), remote.map_err(named)?))
    };
    remotes.iter().map(one).collect()
}

/// How this machine is, for a hub: what is wrong with one camera begins with its id, so that the hub can tell it from what
/// is wrong with all of it.
fn vitals(clock: &dyn Clock, cameras: &[Arc<Camera>], store: &Store) -> Beat {
    let mut problems = Vec::new();
    let mut told = Vec::new();
    for camera in cameras {
        let source = server::Camera::source(&**camera);
        if let Some(problem) = &source.problem {
            problems.push(format!("{}: {}", camera.id, problem.what));
        }
        told.push(BeatCamera {
            id: camera.id.clone(),
            name: server::Camera::name(&**camera),
            state: source.state.as_str().to_owned(),
        });
    }
    let storage = store.storage();
    if let StoreState::Degraded(problem) | StoreState::Missing(problem) = &storage.state {
        problems.push(problem.what.clone());
    }
    Beat {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        now: String::new(),
        backlog: BeatBacklog::default(),
        cameras: told,
        live_url: None,
        health: BeatHealth {
            problems,
            disk_free: Some(storage.disk.free),
            uptime_s: clock.monotonic().as_secs(),
        },
    }
}

impl server::Uploads for Uploading {
    fn view(&self) -> server::UploadsView {
        let set = self.ledger.upload_set();
        let running = self.lock();
        let view = running.uploader.as_ref().map(Uploader::view);
        let remotes = running.remotes.clone();
        drop(running);
        let mut told = server::UploadsView {
            rate: set.rate,
            window: set.window,
            window_active: set.window_active,
            wifi: set.wifi,
            keep_clips: set.keep_clips,
            max_size: set.max_size,
            ..server::UploadsView::default()
        };
        if let Some(view) = view {
            told.paused = view.paused;
            told.rate_limit = view.rate_limit;
            told.in_window = view.in_window;
            told.signal = view.signal.map(|(dbm, signal)| (dbm, quality(signal)));
            let urls = remotes.iter().map(url);
            told.remotes = view.remotes.into_iter().zip(urls).map(|(it, url)| remote(it, url)).collect();
        }
        told
    }

    fn knows(&self, event: EventId) -> Result<bool, StoreError> {
        Ok(self.store.get(event)?.is_some())
    }

    fn errands(&self, query: &ErrandQuery) -> Result<(Vec<ErrandView>, Option<ErrandCursor>), StoreError> {
        self.store.errands(query)
    }

    fn retry(&self, event: Option<EventId>, remote: Option<&str>) -> Result<u64, StoreError> {
        let due = self.store.retry(event, remote)?;
        if let Some(uploader) = &self.lock().uploader {
            uploader.nudge();
        }
        Ok(due)
    }

    fn change(&self, patch: &UploadPatch) -> Result<(), ChangeError> {
        self.ledger.change_uploads(patch)
    }
}

fn quality(signal: Signal) -> &'static str {
    match signal {
        Signal::Good => "good",
        Signal::Fair => "fair",
        Signal::Poor => "poor",
    }
}

/// Where a remote is: no key is in it.
fn url(remote: &RemoteSettings) -> String {
    match &remote.kind {
        Kind::Nightjar { url, .. } | Kind::Legacy { url, .. } => url.clone(),
        Kind::S3 { endpoint, bucket, .. } => format!("{endpoint}/{bucket}"),
    }
}

fn remote(view: upload::RemoteView, url: String) -> server::RemoteView {
    let counts = view.counts;
    server::RemoteView {
        name: view.name,
        kind: view.kind,
        url,
        state: view.state.word(),
        waiting: view.waiting.map(upload::Waiting::word),
        resumes_in: view.resumes_in,
        rate: view.rate,
        eta: view.eta,
        sending: view.sending,
        under_way: view.under_way.into_iter().map(under_way).collect(),
        backlog: view.backlog,
        counts: RemoteCounts {
            bytes: counts.bytes,
            attempts: vec![
                ("sent", counts.sent),
                ("again", counts.again),
                ("refused", counts.refused),
                ("unreachable", counts.unreachable),
                ("given_back", counts.given_back),
                ("panicked", counts.panics),
            ],
        },
        trouble: view.trouble,
    }
}

fn under_way(of: upload::UnderWay) -> server::UnderWay {
    let upload::UnderWay { event, stage, sent, bytes } = of;
    server::UnderWay { event, stage, sent, bytes }
}

/// What the ledger holds of it.
struct Handle(Arc<Uploading>);

impl Outside for Handle {
    fn settings(&self, upload: upload::Settings, retention: Retention) {
        self.0.store.set_retention(keep::limits(retention));
        if let Some(uploader) = &self.0.lock().uploader {
            uploader.set(upload);
        }
    }

    fn remotes(&self, remotes: &[RemoteSettings], settings: upload::Settings) {
        let mut running = self.0.lock();
        if running.uploader.is_none() || running.remotes == remotes {
            return;
        }
        match self.0.begin(&mut running, settings, remotes) {
            Ok(()) => tracing::info!(remotes = remotes.len(), "the remotes are others from now on"),
            Err(error) => tracing::error!(%error, "the remotes were not taken over; the old ones stay"),
        }
    }
}
