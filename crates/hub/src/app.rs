//! What every handler shares.

use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant, SystemTime};

use archive::{Archive, Wall};
use axum::extract::FromRef;
use jiff::tz::TimeZone;
use store::keys::Keys;
use store::{Store, StoreError};
use tokio::sync::Semaphore;
use web::{Life, Metrics, Problem};

use crate::ingest::Writers;
use crate::legacy::Sessions;
use crate::pending::Pending;
use crate::problem::told;
use crate::turns::Turns;

/// Questions to the store at the same time; more wait.
const AT_ONCE: usize = 16;

/// What a person has set.
#[derive(Debug, Clone)]
pub struct Settings {
    /// What the hub is called.
    pub name: String,
    /// Most bytes of one event, its clip and its pictures together.
    pub max_event: u64,
    /// What was begun and not gone on with for so long is thrown away.
    pub incomplete_for: Duration,
    /// Times without an offset, as older cameras send them, are read in it.
    pub time_zone: TimeZone,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            name: "hub".to_owned(),
            max_event: 2 << 30,
            incomplete_for: Duration::from_secs(24 * 60 * 60),
            time_zone: TimeZone::UTC,
        }
    }
}

/// The settings in force; a handle, by which they are changed while the hub runs.
#[derive(Debug, Clone)]
pub struct Live(Arc<RwLock<Arc<Settings>>>);

impl Live {
    /// With these.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        Self(Arc::new(RwLock::new(Arc::new(settings))))
    }

    /// From now on these.
    pub fn set(&self, settings: Settings) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(settings);
    }

    /// As they are now.
    #[must_use]
    pub fn get(&self) -> Arc<Settings> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// What a hub is made of; see [`crate::router`].
pub struct Setup {
    /// Where events are kept.
    pub store: Store,
    /// Whose keys they are that cameras send, and what each may have here.
    pub keys: Arc<Keys>,
    /// What shows the events that are kept.
    pub archive: Archive,
    /// What a person has set.
    pub settings: Live,
    /// The data directory; `/readyz` says whether it can be written.
    pub data_dir: PathBuf,
    /// The program's version.
    pub version: &'static str,
    /// The wall clock.
    pub wall: Wall,
    /// The same that is given to [`web::serve`].
    pub life: Life,
    /// Who may come in, under which names, with which bounds, and where it is counted.
    pub front: web::Front,
}

impl std::fmt::Debug for Setup {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Setup").field("settings", &self.settings).finish_non_exhaustive()
    }
}

/// The state behind the handlers; a handle.
#[derive(Clone)]
pub(crate) struct Hub(Arc<Inner>);

/// What all handles of a hub share.
#[doc(hidden)]
pub(crate) struct Inner {
    pub(crate) store: Store,
    pub(crate) keys: Arc<Keys>,
    pub(crate) archive: Archive,
    pub(crate) settings: Live,
    pub(crate) data_dir: PathBuf,
    pub(crate) version: &'static str,
    pub(crate) life: Life,
    pub(crate) metrics: Metrics,
    /// Whose turn it is to write.
    pub(crate) turns: Turns,
    /// Events whose pictures are not all there yet.
    pub(crate) pending: Pending,
    /// Clips that are being written.
    pub(crate) writers: Writers,
    /// Uploads in chunks, of older cameras.
    pub(crate) legacy: Sessions,
    wall: Wall,
    started: Instant,
    places: Arc<Semaphore>,
}

impl std::ops::Deref for Hub {
    type Target = Inner;
    fn deref(&self) -> &Inner {
        &self.0
    }
}

impl std::fmt::Debug for Hub {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Hub").field("settings", &self.settings).finish_non_exhaustive()
    }
}

impl FromRef<Hub> for Archive {
    fn from_ref(hub: &Hub) -> Self {
        hub.archive.clone()
    }
}

impl Hub {
    pub(crate) fn new(setup: &Setup) -> Self {
        Self(Arc::new(Inner {
            store: setup.store.clone(),
            keys: setup.keys.clone(),
            archive: setup.archive.clone(),
            settings: setup.settings.clone(),
            data_dir: setup.data_dir.clone(),
            version: setup.version,
            life: setup.life.clone(),
            metrics: setup.front.metrics.clone(),
            turns: Turns::default(),
            pending: Pending::default(),
            writers: Writers::default(),
            legacy: Sessions::default(),
            wall: setup.wall.clone(),
            started: Instant::now(),
            places: Arc::new(Semaphore::new(AT_ONCE)),
        }))
    }

    pub(crate) fn now(&self) -> SystemTime {
        (self.wall)()
    }

    pub(crate) fn uptime(&self) -> Duration {
        self.started.elapsed()
    }

    /// What the store says, off the tokio workers.
    ///
    /// # Errors
    /// What [`told`] makes of the store's.
    pub(crate) async fn ask<T: Send + 'static>(
        &self,
        question: impl FnOnce(&Store) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, Problem> {
        let store = self.store.clone();
        self.work(move || question(&store)).await?.map_err(told)
    }

    /// Work that reads or writes files, or takes the processor for long, off the tokio workers.
    ///
    /// # Errors
    /// 500 if it panicked.
    pub(crate) async fn work<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Problem> {
        let Ok(place) = self.places.clone().acquire_owned().await else { return Err(Problem::internal()) };
        // The place is given back when it is done, even if nobody waits for it any more.
        let done = tokio::task::spawn_blocking(move || {
            let _place = place;
            work()
        });
        done.await.map_err(|_| {
            tracing::error!("a question to the store panicked");
            Problem::internal()
        })
    }
}
