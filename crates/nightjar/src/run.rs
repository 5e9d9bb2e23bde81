//! `nightjar serve`: everything that was made is put together here, and taken apart again.
//!
//! A token means "please stop" and reaches only the heads (sources, the accept loop, viewers); a closed ring means
//! "nothing more is coming" and ends what is downstream. A stage that dies takes the process down; only a source
//! tries again by itself.

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use frame::{Clock, SystemClock};
use server::Setup;
use tokio_util::task::TaskTracker;
use web::{Access, Front, Hosts, KeyCheck as _, Life, Limits, Metrics};

use crate::config::{Inputs, Loaded};

mod activity;
mod board;
mod camera;
mod cameras;
mod changes;
mod data;
mod door;
mod edges;
mod hold;
mod hub;
mod keep;
mod local;
mod logs;
mod manager;
mod orders;
mod panics;
mod reload;
mod shutdown;
mod signals;
mod stages;
mod tape;
mod tend;
mod uploads;
mod vitals;
mod watch;

pub(crate) use board::{Reasons, main_region};
use camera::{Camera, Cameras};
use changes::Ledger;
pub(crate) use data::{DataDir, make as make_data_dir, open as open_data_dir, publish};
pub(crate) use door::{Unguarded, url};
pub(crate) use edges::reason_of;
pub(crate) use hub::run as hub;
use keep::Keeper;
pub(crate) use keep::open as open_store;
use manager::Manager;
use reload::Reloading;
use shutdown::{Phase, phase, whole_ms};
pub(crate) use signals::Signals;
use stages::{StageEnd, Stages};
use uploads::Uploading;

/// Serves until it is told to stop.
///
/// # Errors
/// When it cannot start, with what to do about it.
pub(crate) fn serve(loaded: Loaded, mut inputs: Inputs) -> anyhow::Result<ExitCode> {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
    logs::start(&loaded.config.log);
    panics::watch();
    for warning in &loaded.warnings {
        tracing::warn!("{warning}");
    }
    let loaded = local::or_demo(loaded, &mut inputs);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .thread_name("tokio")
        .worker_threads(2)
        .enable_all()
        .build()
        .context("failed to start the runtime")?;
    let code = runtime.block_on(async {
        // Before anything is started, so that a signal that comes early is not lost.
        let signals = Signals::new().context("failed to take the signals")?;
        let manager = Arc::new(Manager::of(&inputs.environment));
        let house = House::build(loaded, clock)?;
        house.live(signals, manager, inputs).await
    });
    runtime.shutdown_timeout(Phase::LetGo.bound());
    code
}

/// Everything that runs.
struct House {
    cameras: Vec<Arc<Camera>>,
    ledger: Arc<Ledger>,
    stages: Stages,
    life: Life,
    router: axum::Router,
    listener: std::net::TcpListener,
    limits: Limits,
    metrics: Metrics,
    clock: Arc<dyn Clock>,
    keeper: Keeper,
    uploading: Arc<Uploading>,
    _data: data::DataDir,
}

impl House {
    /// Whatever can fail comes first and starts nothing.
    fn build(loaded: Loaded, clock: Arc<dyn Clock>) -> anyhow::Result<Self> {
        let Loaded { config, values, .. } = loaded;
        let data = data::open(&config.data)?;
        let keys = crate::keys::open(&config.data, clock.clone())?;
        door::guard(config.server.bind, keys.any(), &config.data, &values)?;
        let listener = door::listen(config.server.bind, door::SERVER)?;
        let metrics = Metrics::default();
        let store = keep::open(&config.data, config.retention, clock.clone())?;
        let keeper = Keeper::start(store.clone(), clock.clone()).context("failed to start retention")?;
        let mut stages = Stages::new(2 * config.cameras.len());
        let (cameras, ledger) = cameras::start(&config, values, &clock, &metrics, &store, &mut stages)?;
        let uploading = Uploading::start(
            store.clone(),
            clock.clone(),
            ledger.clone(),
            cameras.clone(),
            config.upload.clone(),
            &config.remotes,
        )?;
        let limits = Limits::default();
        let life = Life::default();
        let is_network = !config.server.bind.ip().to_canonical().is_loopback();
        let router = server::router(Setup {
            cameras: Arc::new(Cameras { all: cameras.clone(), ledger: ledger.clone(), store: store.clone() }),
            clock: clock.clone(),
            version: env!("CARGO_PKG_VERSION"),
            data_dir: Some(config.data.clone()),
            archive: archive(store, &life, &clock, &uploading),
            uploads: uploading.clone(),
            life: life.clone(),
            front: Front {
                hosts: Hosts::new(door::names(&config.server.hosts)),
                access: Access::new(is_network, Arc::new(keys)),
                limits,
                metrics: metrics.clone(),
            },
        });
        Ok(Self {
            cameras,
            ledger,
            stages,
            life,
            router,
            listener,
            limits,
            metrics,
            clock,
            keeper,
            uploading,
            _data: data,
        })
    }

    /// From the line that says where it listens to the end.
    async fn live(
        self,
        mut signals: Signals,
        manager: Arc<Manager>,
        inputs: Inputs,
    ) -> anyhow::Result<ExitCode> {
        let Self {
            cameras,
            ledger,
            mut stages,
            life,
            router,
            listener,
            limits,
            metrics,
            clock,
            keeper,
            uploading,
            _data,
        } = self;
        let address = listener.local_addr().context("failed to learn the own address")?;
        let helpers = TaskTracker::new();
        let serving = {
            let (life, room) = (life.clone(), ledger.room());
            helpers.spawn(async move { web::serve(listener, router, limits, room, &metrics, &life).await })
        };
        // Nobody may be there to read it; that is no reason not to watch.
        for line in door::lines(address) {
            if let Err(error) = crate::say::line(&line) {
                tracing::warn!(%error, "failed to write to standard output: {line}");
            }
        }
        for camera in &cameras {
            helpers.spawn(cameras::follow(camera.clone(), clock.clone()));
        }
        // The listener is bound, so whoever comes from now on is answered.
        manager.ready();
        helpers.spawn(tend::tend(manager.clone(), cameras.clone(), clock, life.token.clone()));
        let reloading = Arc::new(Reloading { ledger: ledger.clone(), inputs, manager: manager.clone() });
        let mut serving = std::pin::pin!(serving);
        let failed = tokio::select! {
            which = reloading.until_the_end(&mut signals) => {
                tracing::info!(signal = which.name(), "stopping");
                false
            }
            end = unexpected(&mut stages, &cameras) => {
                let (stage, why) = death(&end, cameras.get(end.camera).map(|it| it.id.as_str()));
                tracing::error!(stage, why, "a stage died: stopping everything");
                true
            }
            ended = serving.as_mut() => {
                tracing::error!(?ended, "serving ended by itself: stopping everything");
                return Ok(ExitCode::FAILURE);
            }
        };
        manager.stopping();
        helpers.spawn(signals.insist());
        let whole = end(&life, &cameras, &ledger, (stages, keeper, uploading), serving).await;
        Ok(if failed || !whole { ExitCode::FAILURE } else { ExitCode::SUCCESS })
    }
}

/// What shows the events, with what is on its way.
fn archive(
    store: store::Store,
    life: &Life,
    clock: &Arc<dyn Clock>,
    uploading: &Arc<Uploading>,
) -> archive::Archive {
    let (clock, uploading) = (clock.clone(), uploading.clone());
    let setup =
        archive::Setup { store: Some(store), life: life.clone(), wall: Arc::new(move || clock.wall()) };
    archive::Archive::with_transfers(setup, Arc::new(move || uploading.transfers()))
}

/// The end in its phases; `false` if something had to be abandoned that should not be.
async fn end(
    life: &Life,
    cameras: &[Arc<Camera>],
    ledger: &Arc<Ledger>,
    (stages, keeper, uploading): (Stages, Keeper, Arc<Uploading>),
    serving: impl Future<Output = Result<std::io::Result<web::Ended>, tokio::task::JoinError>>,
) -> bool {
    let begun = tokio::time::Instant::now();
    life.token.cancel();
    let stopping = TaskTracker::new();
    for camera in cameras {
        let camera = camera.clone();
        stopping.spawn_blocking(move || camera.hold.stop());
    }
    // What is under way is given back, and goes on with the next start.
    stopping.spawn_blocking(move || uploading.stop());
    stopping.close();
    let intake = phase(Phase::StopIntake, async { tokio::join!(stopping.wait(), serving).1 }).await;
    if let Some(Ok(Ok(ended))) = &intake
        && ended.abandoned > 0
    {
        tracing::warn!(connections = ended.abandoned, "left behind");
    }
    let still = phase(Phase::Drain, stages.join(Phase::Drain.bound() - Duration::from_millis(100))).await;
    let still = still.unwrap_or_default();
    if !still.is_empty() {
        tracing::error!(threads = still.join(","), "still at work, left behind");
    }
    let ledger = ledger.clone();
    let persist = move || {
        ledger.settle();
        keeper.stop();
    };
    phase(Phase::Persist, async move { tokio::task::spawn_blocking(persist).await }).await;
    tracing::info!(ms = whole_ms(begun.elapsed()), "stopped");
    still.is_empty()
}

/// The first stage that ends although nobody asked it to.
async fn unexpected(stages: &mut Stages, cameras: &[Arc<Camera>]) -> StageEnd {
    loop {
        match stages.next_end().await {
            Some(end) if !end.panicked && cameras.get(end.camera).is_some_and(|it| it.hold.may_end()) => {}
            Some(end) => return end,
            None => std::future::pending::<()>().await,
        }
    }
}

/// Which stage died first, and why. A detect thread that ends in order has lost its ring, so capture is gone.
fn death(end: &StageEnd, camera: Option<&str>) -> (String, String) {
    let stage = match camera {
        Some(id) if !end.panicked => format!("capture:{id}"),
        _ => end.name.clone(),
    };
    let why = panics::of(&stage).unwrap_or_else(|| "it ended without a word".to_owned());
    (stage, why)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_died_first_is_named_with_the_reason() {
        let end = |panicked| StageEnd { name: "detect:bad".into(), camera: 0, panicked };
        panics::remember("capture:bad", "boom (camera.rs:7)".into());
        let told = death(&end(false), Some("bad"));
        assert_eq!(told, ("capture:bad".to_owned(), "boom (camera.rs:7)".to_owned()));
        assert_eq!(death(&end(true), Some("bad")).0, "detect:bad");
        assert!(death(&end(false), Some("calm")).1.contains("without a word"));
    }
}
