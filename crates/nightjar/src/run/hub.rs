//! `nightjar hub`: the storage server, from its configuration to its end.
//!
//! Whatever can fail comes first and starts nothing. A token ends the accept loop and what is being received; then the
//! threads that look after what is kept are ended, and what they still have to write is written.

use std::process::ExitCode;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::Context as _;
use frame::{Clock, SystemClock};
use hub::Janitor;
use store::fs::BeneathFs;
use store::{Opening, Store};
use tokio::time::{MissedTickBehavior, interval, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use web::{Access, Front, Hosts, KeyCheck as _, Life, Limits, Metrics, Room};

use super::keep::{self, Keeper};
use super::manager::Manager;
use super::shutdown::{Phase, phase, whole_ms};
use super::signals::{Signals, Which};
use super::{data, door, logs, panics};
use crate::config::{self, Inputs, Loaded};

mod reload;

use reload::Reloading;

/// How often it is looked whether what is kept answers, unless the watchdog wants it oftener.
const ROUND: Duration = Duration::from_secs(5);
/// What is received is hashed and written on other threads.
const THREADS: usize = 2;

/// Receives, keeps and shows until it is told to stop.
///
/// # Errors
/// When it cannot start, with what to do about it.
pub(crate) fn run(loaded: Loaded, inputs: Inputs) -> anyhow::Result<ExitCode> {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
    logs::start(&loaded.config.log);
    panics::watch();
    for warning in &loaded.warnings {
        tracing::warn!("{warning}");
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .thread_name("tokio")
        .worker_threads(THREADS)
        .enable_all()
        .build()
        .context("failed to start the runtime")?;
    let code = runtime.block_on(async {
        // Before anything is started, so that a signal that comes early is not lost.
        let signals = Signals::new().context("failed to take the signals")?;
        let manager = Arc::new(Manager::of(&inputs.environment));
        House::build(loaded, clock, inputs)?.live(signals, manager).await
    });
    runtime.shutdown_timeout(Phase::LetGo.bound());
    code
}

/// Everything that runs.
struct House {
    store: Store,
    keeper: Keeper,
    janitor: Janitor,
    router: axum::Router,
    listener: std::net::TcpListener,
    limits: Limits,
    metrics: Metrics,
    life: Life,
    reloading: Reloading,
    _data: data::DataDir,
}

impl House {
    fn build(loaded: Loaded, clock: Arc<dyn Clock>, inputs: Inputs) -> anyhow::Result<Self> {
        let Loaded { config, values, .. } = loaded;
        let config = config.hub;
        let data = data::open(&config.path)?;
        let keys = crate::keys::open(&config.path, clock.clone())?;
        door::guard_hub(config.bind, keys.any(), &config.path, &values)?;
        let listener = door::listen(config.bind, door::HUB)?;
        let store = open(&config, clock.clone())?;
        let keeper = Keeper::start(store.clone(), clock.clone()).context("failed to start retention")?;
        let (limits, metrics, life) = (Limits::of_hub(), Metrics::default(), Life::default());
        let wall: archive::Wall = Arc::new(move || clock.wall());
        let live = hub::Live::new(settings(&config));
        let (router, chores) = hub::router(hub::Setup {
            store: store.clone(),
            keys: keys.keys(),
            archive: archive::Archive::new(archive::Setup {
                store: Some(store.clone()),
                life: life.clone(),
                wall: wall.clone(),
            }),
            settings: live.clone(),
            data_dir: config.path.clone(),
            version: env!("CARGO_PKG_VERSION"),
            wall,
            life: life.clone(),
            front: Front {
                hosts: Hosts::new(door::names(&config.hosts)).of_section("hub"),
                // On this machine as well: whoever may look at a hub sees every camera.
                access: Access::new(true, Arc::new(keys)),
                limits,
                metrics: metrics.clone(),
            },
        });
        let janitor = Janitor::start(chores).context("failed to start clearing up")?;
        let reloading = Reloading { store: store.clone(), live, inputs, started: config, values };
        Ok(Self { store, keeper, janitor, router, listener, limits, metrics, life, reloading, _data: data })
    }

    /// From the line that says where it listens to the end.
    async fn live(self, mut signals: Signals, manager: Arc<Manager>) -> anyhow::Result<ExitCode> {
        let Self { store, keeper, janitor, router, listener, limits, metrics, life, reloading, _data } = self;
        let address = listener.local_addr().context("failed to learn the own address")?;
        let helpers = TaskTracker::new();
        let serving = {
            let life = life.clone();
            helpers.spawn(async move {
                web::serve(listener, router, limits, Room::default(), &metrics, &life).await
            })
        };
        for line in door::hub_lines(address) {
            if let Err(error) = crate::say::line(&line) {
                tracing::warn!(%error, "failed to write to standard output: {line}");
            }
        }
        manager.ready();
        helpers.spawn(tend(manager.clone(), store.clone(), life.token.clone()));
        let mut serving = std::pin::pin!(serving);
        tokio::select! {
            which = until_the_end(&mut signals, &manager, reloading) => {
                tracing::info!(signal = which.name(), "stopping");
            }
            ended = serving.as_mut() => {
                tracing::error!(?ended, "serving ended by itself: stopping everything");
                return Ok(ExitCode::FAILURE);
            }
        }
        manager.stopping();
        helpers.spawn(signals.insist());
        let begun = tokio::time::Instant::now();
        life.token.cancel();
        let intake = phase(Phase::StopIntake, serving).await;
        if let Some(Ok(Ok(ended))) = &intake
            && ended.abandoned > 0
        {
            tracing::warn!(connections = ended.abandoned, "left behind");
        }
        let persist = move || {
            janitor.stop();
            keeper.stop();
        };
        let whole = phase(Phase::Persist, tokio::task::spawn_blocking(persist)).await.is_some();
        tracing::info!(ms = whole_ms(begun.elapsed()), "stopped");
        Ok(if whole { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}

/// Opens what is kept: what lies there is reached from its root alone, whatever was put there.
fn open(config: &config::Hub, clock: Arc<dyn Clock>) -> anyhow::Result<Store> {
    let failed = || format!("failed to open the events in {}", config.path.display());
    let begun = clock.monotonic();
    let opening = Opening {
        root: config.path.clone(),
        fs: Arc::new(BeneathFs::open(&config.path).with_context(failed)?),
        clock: clock.clone(),
        retention: keep::limits(config.retention),
    };
    let store = Store::open(opening).with_context(failed)?;
    let ms = whole_ms(clock.monotonic().saturating_sub(begun));
    tracing::info!(ms, recovered = ?store.recovered(), "the events are open");
    Ok(store)
}

/// What the hub goes by, of what was configured.
fn settings(config: &config::Hub) -> hub::Settings {
    hub::Settings {
        name: rustix::system::uname().nodename().to_string_lossy().into_owned(),
        max_event: config.max_event,
        incomplete_for: config.incomplete_for,
        time_zone: config.zone.clone(),
    }
}

/// Waits for the signal that asks for the end; another one has the configuration read again.
async fn until_the_end(signals: &mut Signals, manager: &Manager, reloading: Reloading) -> Which {
    let reloading = Arc::new(Mutex::new(reloading));
    loop {
        match signals.any().await {
            Which::Hangup => {
                manager.reloading();
                let reloading = reloading.clone();
                let run = move || reloading.lock().unwrap_or_else(PoisonError::into_inner).run();
                if let Err(error) = tokio::task::spawn_blocking(run).await {
                    tracing::error!(%error, "reading the configuration again came to no end");
                }
                manager.ready();
            }
            which => return which,
        }
    }
}

/// Feeds the service manager's watchdog while the index answers.
async fn tend(manager: Arc<Manager>, store: Store, stop: CancellationToken) {
    // A third: one round may come late without harm.
    let limit = manager.watchdog();
    let round = limit.map_or(ROUND, |limit| (limit / 3).clamp(Duration::from_millis(10), ROUND));
    let mut rounds = interval(round);
    rounds.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let (mut told, mut hangs) = (String::new(), false);
    while stop.run_until_cancelled(rounds.tick()).await.is_some() {
        let store = store.clone();
        let looked = tokio::task::spawn_blocking(move || store.devices().map_or(0, |devices| devices.len()));
        let found = timeout(limit.unwrap_or(6 * ROUND), looked).await;
        if found.is_err() != hangs {
            hangs = found.is_err();
            tracing::error!(hangs, "the disk does not answer; meanwhile the watchdog is not fed");
        }
        let Ok(Ok(devices)) = found else { continue };
        manager.alive();
        let line = format!("{devices} devices known");
        if line != told {
            manager.status(&line);
            told = line;
        }
    }
}
