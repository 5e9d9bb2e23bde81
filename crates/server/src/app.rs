//! What every handler shares.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use archive::Archive;
use axum::extract::FromRef;
use dashmap::DashMap;
use frame::Clock;
use web::{Life, Metrics, Problem};

use crate::live::{Channel, Crowd};
use crate::socket::{Patience, Sockets};
use crate::uploads::Uploads;
use crate::{Camera, Cameras};

/// What a server is made of; see [`crate::router`].
pub struct Setup {
    /// The cameras.
    pub cameras: Arc<dyn Cameras>,
    /// The clock that frames are stamped with.
    pub clock: Arc<dyn Clock>,
    /// The program's version.
    pub version: &'static str,
    /// Where state is kept; `/readyz` says whether it can be written. `None`: nothing is kept.
    pub data_dir: Option<PathBuf>,
    /// What shows the events that are kept.
    pub archive: Archive,
    /// What sends them elsewhere.
    pub uploads: Arc<dyn Uploads>,
    /// The same that is given to [`web::serve`].
    pub life: Life,
    /// Who may come in, under which names, with which bounds, and where it is counted.
    pub front: web::Front,
}

impl std::fmt::Debug for Setup {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Setup")
            .field("version", &self.version)
            .field("front", &self.front)
            .finish_non_exhaustive()
    }
}

/// The state behind the handlers; a handle.
#[derive(Clone)]
pub(crate) struct App(Arc<Inner>);

pub(crate) struct Inner {
    pub(crate) cameras: Arc<dyn Cameras>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) version: &'static str,
    pub(crate) data_dir: Option<PathBuf>,
    archive: Archive,
    pub(crate) uploads: Arc<dyn Uploads>,
    pub(crate) life: Life,
    pub(crate) metrics: Metrics,
    pub(crate) patience: Patience,
    pub(crate) sockets: Sockets,
    started: Duration,
    /// Viewers of all cameras together.
    crowd: Arc<Crowd>,
    channels: DashMap<String, Arc<Channel>>,
}

impl std::ops::Deref for App {
    type Target = Inner;
    fn deref(&self) -> &Inner {
        &self.0
    }
}

impl FromRef<App> for Archive {
    fn from_ref(app: &App) -> Self {
        app.archive.clone()
    }
}

impl App {
    pub(crate) fn new(setup: &Setup) -> Self {
        Self::with(setup, Patience::default())
    }

    pub(crate) fn with(setup: &Setup, patience: Patience) -> Self {
        Self(Arc::new(Inner {
            cameras: setup.cameras.clone(),
            clock: setup.clock.clone(),
            version: setup.version,
            data_dir: setup.data_dir.clone(),
            archive: setup.archive.clone(),
            uploads: setup.uploads.clone(),
            life: setup.life.clone(),
            metrics: setup.front.metrics.clone(),
            patience,
            sockets: Sockets::default(),
            started: setup.clock.monotonic(),
            crowd: Arc::default(),
            channels: DashMap::new(),
        }))
    }

    /// Since the server was set up.
    pub(crate) fn uptime(&self) -> Duration {
        self.clock.monotonic().saturating_sub(self.started)
    }

    /// The camera that the paths without an id speak of.
    pub(crate) fn first(&self) -> Result<Arc<Channel>, Problem> {
        let first = self.cameras.all().into_iter().next();
        first.map(|camera| self.channel_of(camera)).ok_or_else(|| Problem::not_found("There is no camera."))
    }

    /// The camera of that id.
    pub(crate) fn channel(&self, id: &str) -> Result<Arc<Channel>, Problem> {
        let camera = self.cameras.get(id);
        camera.map(|camera| self.channel_of(camera)).ok_or_else(|| no_camera(self))
    }

    /// The camera at that place in the configuration.
    pub(crate) fn nth(&self, index: usize) -> Result<Arc<Channel>, Problem> {
        let camera = self.cameras.all().into_iter().nth(index);
        camera.map(|camera| self.channel_of(camera)).ok_or_else(|| no_camera(self))
    }

    /// All of them, in order.
    pub(crate) fn channels(&self) -> Vec<Arc<Channel>> {
        self.cameras.all().into_iter().map(|camera| self.channel_of(camera)).collect()
    }

    fn channel_of(&self, camera: Arc<dyn Camera>) -> Arc<Channel> {
        if let Some(channel) = self.channels.get(camera.id()) {
            return channel.clone();
        }
        let id = camera.id().to_owned();
        let (clock, life, crowd) = (self.clock.clone(), self.life.clone(), self.crowd.clone());
        let make = || Arc::new(Channel::new(camera, clock, life, &self.metrics, crowd));
        self.channels.entry(id).or_insert_with(make).clone()
    }
}

fn no_camera(app: &App) -> Problem {
    let all = app.cameras.all();
    let ids = all.iter().map(|camera| camera.id()).collect::<Vec<_>>().join(", ");
    Problem::not_found(format!("There is no camera of that id; there is {ids}."))
}
