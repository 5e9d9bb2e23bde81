//! The threads of every camera: its ring, the source before it, the detector and the recorder behind it, each joined to the
//! others here and nowhere else.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use frame::{Clock, Ring, RingLimits};
use recorder::{Counts, Cues, Recorder};
use store::Store;
use web::Metrics;

use super::board::Publisher;
use super::camera::Camera;
use super::changes::{Ledger, Reach};
use super::edges::Edges;
use super::hold::Hold;
use super::orders::Orders;
use super::shutdown::whole_ms;
use super::stages::Stages;
use super::tape::Tape;
use super::vitals::Beat;
use super::watch::{Tallies, Watch};
use crate::config::{Config, Values};

/// Frames that are kept beyond the pre-roll, as far as `ring_size` goes: a recorder behind a disk that stalls for seconds, or
/// that waits to know whether an event is over, finds them there.
const SLACK: Duration = Duration::from_secs(20);

/// Starts capture, detection and recording of every camera.
pub(super) fn start(
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

/// Passes changes of the source on to whoever watches the camera, and tells when its first frame came.
pub(super) async fn follow(camera: Arc<Camera>, clock: Arc<dyn Clock>) {
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
