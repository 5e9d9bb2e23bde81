//! `nightjar serve`: everything that was made is put together here, and taken apart again.
//!
//! A token means "please stop" and reaches only the heads (sources, the accept loop, viewers); a closed ring means
//! "nothing more is coming" and ends what is downstream. A stage that dies takes the process down; only a source
//! tries again by itself.

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use frame::{Clock, Ring, RingLimits, SystemClock};
use recorder::{Counts, Cues, Recorder};
use server::Setup;
use tokio_util::task::TaskTracker;
use web::{Access, Front, Hosts, KeyCheck as _, Life, Limits, Metrics};

use crate::config::{Config, Inputs, Loaded, Values};

mod activity;
mod board;
mod camera;
mod changes;
mod data;
mod door;
mod edges;
mod hold;
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
mod vitals;
mod watch;

use board::Publisher;
pub(crate) use board::{Reasons, main_region};
use camera::{Camera, Cameras};
use changes::{Ledger, Reach};
pub(crate) use data::{DataDir, make as make_data_dir, open as open_data_dir};
pub(crate) use door::{Unguarded, url};
use edges::Edges;
pub(crate) use edges::reason_of;
use hold::Hold;
use keep::Keeper;
pub(crate) use keep::open as open_store;
use manager::Manager;
use orders::Orders;
use reload::Reloading;
use shutdown::{Phase, phase, whole_ms};
pub(crate) use signals::Signals;
use stages::{StageEnd, Stages};
use store::Store;
use tape::Tape;
use vitals::Beat;
use watch::{Tallies, Watch};

/// Frames that are kept beyond the pre-roll, as far as `ring_size` goes: a recorder behind a disk that stalls for seconds, or
/// that waits to know whether an event is over, finds them there.
const SLACK: Duration = Duration::from_secs(20);

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
    _data: data::DataDir,
}

impl House {
    /// Whatever can fail comes first and starts nothing.
    fn build(loaded: Loaded, clock: Arc<dyn Clock>) -> anyhow::Result<Self> {
        let Loaded { config, values, .. } = loaded;
        let data = data::open(&config.data)?;
        let keys = crate::keys::open(&config.data, clock.clone())?;
        door::guard(config.server.bind, keys.any(), &config.data, &values)?;
        let listener = door::listen(config.server.bind)?;
        let metrics = Metrics::default();
        let store = keep::open(&config.data, config.retention, clock.clone())?;
        let keeper = Keeper::start(store.clone(), clock.clone()).context("failed to start retention")?;
        let mut stages = Stages::new(2 * config.cameras.len());
        let (cameras, ledger) = cameras(&config, values, &clock, &metrics, &store, &mut stages)?;
        let limits = Limits::default();
        let life = Life::default();
        let is_network = !config.server.bind.ip().to_canonical().is_loopback();
        let router = server::router(Setup {
            cameras: Arc::new(Cameras { all: cameras.clone(), ledger: ledger.clone(), store: store.clone() }),
            clock: clock.clone(),
            version: env!("CARGO_PKG_VERSION"),
            data_dir: Some(config.data.clone()),
            archive: archive::Archive::new(archive::Setup {
                store: Some(store),
                life: life.clone(),
                wall: {
                    let clock = clock.clone();
                    Arc::new(move || clock.wall())
                },
            }),
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
            helpers.spawn(follow(camera.clone(), clock.clone()));
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
        let whole = end(&life, &cameras, &ledger, stages, keeper, serving).await;
        Ok(if failed || !whole { ExitCode::FAILURE } else { ExitCode::SUCCESS })
    }
}

/// The end in its phases; `false` if something had to be abandoned that should not be.
async fn end(
    life: &Life,
    cameras: &[Arc<Camera>],
    ledger: &Arc<Ledger>,
    stages: Stages,
    keeper: Keeper,
    serving: impl Future<Output = Result<std::io::Result<web::Ended>, tokio::task::JoinError>>,
) -> bool {
    let begun = tokio::time::Instant::now();
    life.token.cancel();
    let stopping = TaskTracker::new();
    for camera in cameras {
        let camera = camera.clone();
        stopping.spawn_blocking(move || camera.hold.stop());
    }
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

/// Passes changes of the source on to whoever watches the camera, and tells when its first frame came.
async fn follow(camera: Arc<Camera>, clock: Arc<dyn Clock>) {
    let Some(mut source) = camera.hold.changes() else { return };
    let mut frames = camera.ring.announcements();
    let mut waits = true;
    loop {
        tokio::select! {
            changed = source.changed() => {
                if changed.is_err() {
                    return;
                }
                camera.board.wake();
            }
            changed = frames.changed(), if waits => {
                waits = false;
                if changed.is_ok() {
                    let ms = whole_ms(clock.monotonic());
                    tracing::info!(camera = camera.id, ms, "first frame");
                }
            }
        }
    }
}

/// Starts capture and detection of every camera.
fn cameras(
    config: &Config,
    values: Values,
    clock: &Arc<dyn Clock>,
    metrics: &Metrics,
    store: &Store,
    stages: &mut Stages,
) -> anyhow::Result<(Vec<Arc<Camera>>, Arc<Ledger>)> {
    let mut rings = Vec::new();
    let mut reach = Vec::new();
    for camera in &config.cameras {
        let (writer, ring) =
            Ring::new(RingLimits { bytes: camera.ring_size, span: camera.recording.pre_roll + SLACK });
        let hold = Hold::start(&camera.id, Orders::of(camera), writer, clock.clone());
        reach.push(Reach::new(camera, hold.context("failed to start a camera")?));
        rings.push(ring);
    }
    let ledger = Arc::new(Ledger::new(values, config, reach.clone()));
    let mut cameras = Vec::new();
    for (index, ((camera, ring), reach)) in config.cameras.iter().zip(rings).zip(reach).enumerate() {
        let publisher = Publisher::new(reach.board.clone());
        let tallies = Tallies::new(metrics, &camera.id);
        let beat = Arc::new(Beat::new(clock.clone()));
        let (tape, edges) = tape(camera, index, &ring, &reach, clock, store, stages)?;
        let watch =
            Watch::new(ring.reader(), reach.rules.clone(), publisher, Some(edges), tallies, beat.clone())?;
        let span = tracing::info_span!("detect", camera = camera.id);
        stages
            .start(format!("detect:{}", camera.id), index, move || span.in_scope(|| watch.run()))
            .context("failed to start detection")?;
        cameras.push(Arc::new(Camera {
            index,
            id: camera.id.clone(),
            ring,
            board: reach.board,
            ledger: ledger.clone(),
            clock: clock.clone(),
            hold: reach.hold,
            beat,
            tape,
        }));
    }
    Ok((cameras, ledger))
}

/// Starts a camera's recorder: itself, and the detect thread's way to it.
fn tape(
    camera: &crate::config::Camera,
    index: usize,
    ring: &Ring,
    reach: &Reach,
    clock: &Arc<dyn Clock>,
    store: &Store,
    stages: &mut Stages,
) -> anyhow::Result<(Tape, Edges)> {
    let (cues, way) = Cues::new();
    let tape = Tape {
        cues: cues.clone(),
        settings: reach.recording.clone(),
        counts: Arc::new(Counts::default()),
        beat: Arc::new(Beat::of_disk(clock.clone())),
    };
    let (hold, held, beat) = (reach.hold.clone(), reach.hold.clone(), tape.beat.clone());
    let recorder = Recorder::new(recorder::Setup {
        camera: camera.id.clone(),
        ring: ring.clone(),
        store: store.clone(),
        settings: tape.settings.clone(),
        cues: way,
        clock: clock.clone(),
        is_lost: Box::new(move || {
            use capture::State::{Lost, Opening};
            hold.status().is_some_and(|it| matches!(it.state, Lost { .. } | Opening))
        }),
        is_ending: Box::new(move || held.status().is_none()),
        beat: Box::new(move || beat.strike()),
        counts: tape.counts.clone(),
    })?;
    let span = tracing::info_span!("record", camera = camera.id);
    let beat = tape.beat.clone();
    let body = move || {
        span.in_scope(|| recorder.run());
        beat.over();
    };
    stages.start(format!("record:{}", camera.id), index, body).context("failed to start a recorder")?;
    Ok((tape, Edges::new(cues)))
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
