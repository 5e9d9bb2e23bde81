//! A running camera as the server sees it: its ring, its source, its board, its settings.

use std::sync::Arc;

use bytes::Bytes;
use capture::State;
use frame::{Clock, Ring};
use server::{
    Activity, Applied, CameraConfig, ChangeError, ConfigPatch, MotionView, RecordAction, RecordRefused,
    RecordingView, SourceState, SourceView, StorageCheck,
};
use store::Store;
use store::event::EventId;
use tokio::sync::watch;

use super::board::Board;
use super::changes::Ledger;
use super::hold::Hold;
use super::tape::{Tape, check};
use super::vitals::Beat;

/// One camera.
#[derive(Debug)]
pub(crate) struct Camera {
    /// Its place in the configuration.
    pub(crate) index: usize,
    /// Stable name.
    pub(crate) id: String,
    /// Recent frames.
    pub(crate) ring: Ring,
    /// What moves.
    pub(crate) board: Arc<Board>,
    /// All settings, of all cameras.
    pub(crate) ledger: Arc<Ledger>,
    /// The clock that frames are stamped with.
    pub(crate) clock: Arc<dyn Clock>,
    /// The capture thread.
    pub(crate) hold: Arc<Hold>,
    /// The detect thread's.
    pub(crate) beat: Arc<Beat>,
    /// Its recorder.
    pub(crate) tape: Tape,
}

impl server::Camera for Camera {
    fn id(&self) -> &str {
        &self.id
    }

    fn name(&self) -> String {
        self.ledger.name(self.index)
    }

    fn ring(&self) -> &Ring {
        &self.ring
    }

    fn source(&self) -> SourceView {
        let kind = self.hold.kind();
        let Some(status) = self.hold.status() else { return stopped(kind, self.clock.as_ref()) };
        let state = match &status.state {
            State::Opening => SourceState::Opening,
            State::Live => SourceState::Live,
            State::Lost { .. } => SourceState::Lost,
            State::Ended => SourceState::Ended,
            State::Stopped => SourceState::Stopped,
        };
        let now = self.clock.monotonic();
        SourceView {
            kind,
            state,
            since: status.since,
            problem: status.problem.as_ref().map(told),
            next_try_in: status.next_try.map(|at| at.saturating_sub(now)),
            size: status.negotiated.map(|it| it.size),
            format: status.negotiated.map(|it| it.format),
            frame_rate: status.negotiated.and_then(|it| it.frame_rate),
            fps: status.measured_fps,
            frames: status.counters.frames,
            dropped: not_delivered(&status.counters),
        }
    }

    fn motion(&self) -> Arc<MotionView> {
        self.board.view()
    }

    fn changes(&self) -> watch::Receiver<u64> {
        self.board.changes()
    }

    fn settings(&self) -> CameraConfig {
        self.ledger.settings(self.index)
    }

    fn change(&self, patch: &ConfigPatch) -> Result<Applied, ChangeError> {
        self.ledger.change(self.index, patch)
    }

    fn locked(&self) -> Vec<(&'static str, String)> {
        self.ledger.locked(self.index)
    }

    fn restart_pending(&self) -> bool {
        self.hold.is_pending()
    }

    fn retry_now(&self) {
        self.hold.retry_now();
    }

    fn record(&self, action: RecordAction) -> Result<Option<EventId>, RecordRefused> {
        let delivers = matches!(self.source().state, SourceState::Live);
        self.tape.record(action, self.clock.monotonic(), delivers)
    }

    fn recording(&self) -> RecordingView {
        self.tape.view()
    }

    fn activity(&self) -> Activity {
        self.board.hour(self.clock.stamp())
    }

    fn visit_picture(&self, id: u64) -> Option<Bytes> {
        self.board.picture(id)
    }
}

fn stopped(kind: &'static str, clock: &dyn Clock) -> SourceView {
    SourceView {
        kind,
        state: SourceState::Stopped,
        since: clock.stamp(),
        problem: None,
        next_try_in: None,
        size: None,
        format: None,
        frame_rate: None,
        fps: 0.0,
        frames: 0,
        dropped: 0,
    }
}

/// Whatever the camera took and nobody gets: damaged, not to be turned or masked, or lost before it was here.
fn not_delivered(counted: &capture::Counters) -> u64 {
    counted.dropped_truncated + counted.refused + counted.unshaped + counted.skipped
}

fn told(problem: &capture::Problem) -> server::Problem {
    server::Problem { code: problem.code, what: problem.what.clone(), mend: problem.mend.clone() }
}

/// All of them.
#[derive(Debug)]
pub(crate) struct Cameras {
    /// In the order of the configuration.
    pub(crate) all: Vec<Arc<Camera>>,
    /// All settings.
    pub(crate) ledger: Arc<Ledger>,
    /// Where events are kept.
    pub(crate) store: Store,
}

impl server::Cameras for Cameras {
    fn all(&self) -> Vec<Arc<dyn server::Camera>> {
        self.all.iter().map(|camera| camera.clone() as Arc<dyn server::Camera>).collect()
    }

    fn get(&self, id: &str) -> Option<Arc<dyn server::Camera>> {
        let camera = self.all.iter().find(|camera| camera.id == id)?;
        Some(camera.clone())
    }

    fn restart_pending(&self) -> Vec<String> {
        self.ledger.waits()
    }

    fn storage(&self) -> StorageCheck {
        check(&self.store.state())
    }
}
