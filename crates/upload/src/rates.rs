//! How fast things go: what the page shows and what a remote picks the size of its parts by.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// A rate is an average over about so long.
const SPAN: Duration = Duration::from_secs(10);

/// Counts bytes as they go out; the rate is an average that forgets.
#[derive(Debug)]
pub(crate) struct Meter {
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    total: u64,
    /// Bytes within the span, the old ones counting less and less.
    recent: f64,
    since: Instant,
    at: Instant,
}

impl Meter {
    /// Counts from now on; must be made within a runtime, whose time it follows.
    pub(crate) fn new() -> Self {
        let now = Instant::now();
        Self { state: Mutex::new(State { total: 0, recent: 0.0, since: now, at: now }) }
    }

    /// So many bytes went out.
    pub(crate) fn count(&self, bytes: u64) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.fade();
        state.total += bytes;
        #[expect(clippy::cast_precision_loss, reason = "a piece far below 2^53")]
        {
            state.recent += bytes as f64;
        }
    }

    /// Bytes a second of late.
    pub(crate) fn rate(&self) -> f64 {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.fade();
        // A meter that is younger than the span has seen only so much of it.
        let age = state.at.saturating_duration_since(state.since).as_secs_f64();
        let seen = SPAN.as_secs_f64() * (1.0 - (-age / SPAN.as_secs_f64()).exp());
        state.recent / seen.max(1.0)
    }

    /// Bytes since the beginning.
    pub(crate) fn total(&self) -> u64 {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).total
    }
}

impl State {
    fn fade(&mut self) {
        let now = Instant::now();
        let passed = now.saturating_duration_since(self.at).as_secs_f64();
        self.recent *= (-passed / SPAN.as_secs_f64()).exp();
        self.at = now;
    }
}
