//! Time comes in through [`Clock`], so that tests can turn it.
//!
//! Logic uses monotonic time; wall time is a label for people. A Pi has no battery-backed clock, so the wall
//! time may jump by years while the program runs; nothing here may compare two wall times.

use std::fmt::Debug;
use std::sync::Mutex;
use std::time::{Duration, Instant, SystemTime};

/// Where the program gets its time from.
pub trait Clock: Send + Sync + Debug + 'static {
    /// Time since the clock was made; never goes back, never jumps.
    fn monotonic(&self) -> Duration;
    /// The wall clock: a label, may jump either way.
    fn wall(&self) -> SystemTime;
    /// Both at once.
    fn stamp(&self) -> Stamp {
        Stamp { mono: self.monotonic(), wall: self.wall() }
    }
}

/// When something happened, on both clocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stamp {
    /// Time since the process's clock was made.
    pub mono: Duration,
    /// The label for people.
    pub wall: SystemTime,
}

/// The operating system's clocks.
#[derive(Debug)]
pub struct SystemClock {
    origin: Instant,
}

impl SystemClock {
    /// A clock whose monotonic time starts at zero now.
    #[must_use]
    pub fn new() -> Self {
        Self { origin: Instant::now() }
    }
}

impl Default for SystemClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for SystemClock {
    fn monotonic(&self) -> Duration {
        self.origin.elapsed()
    }

    #[expect(clippy::disallowed_methods, reason = "this is the one place that reads the wall clock")]
    fn wall(&self) -> SystemTime {
        SystemTime::now()
    }
}

/// A clock that stands still until it is told to go on; for tests.
#[derive(Debug)]
pub struct SimClock {
    now: Mutex<Stamp>,
}

impl SimClock {
    /// Stands at monotonic zero and the given wall time.
    #[must_use]
    pub fn at(wall: SystemTime) -> Self {
        Self { now: Mutex::new(Stamp { mono: Duration::ZERO, wall }) }
    }

    /// Both clocks go on by `step`.
    pub fn advance(&self, step: Duration) {
        let mut now = self.now.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        now.mono += step;
        now.wall += step;
    }

    /// Only the wall clock is set, as a time server or a person does.
    pub fn set_wall(&self, wall: SystemTime) {
        self.now.lock().unwrap_or_else(std::sync::PoisonError::into_inner).wall = wall;
    }
}

impl Clock for SimClock {
    fn monotonic(&self) -> Duration {
        self.stamp().mono
    }

    fn wall(&self) -> SystemTime {
        self.stamp().wall
    }

    fn stamp(&self) -> Stamp {
        *self.now.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}
