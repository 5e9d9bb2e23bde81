//! How late retention believes it to be.
//!
//! A wall clock that jumps forward makes every event look old. So retention has a line of its own: it goes on with
//! the monotonic clock, follows the wall clock over small differences and over the time the machine was off for
//! less than a day, and anything further ahead it believes only after the wall clock has stood there, without
//! another jump, for a day of running. The time that counts is the earlier of the line and the wall clock.
//!
//! Pure: the file it is kept in and the clocks are others' concern.

use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

#[cfg(test)]
mod tests;

/// A clock is off by less than this without anybody having set it; milliseconds.
const DRIFT: i64 = 10 * 60 * 1000;
/// A machine that was off for no longer than this is believed at once; milliseconds.
const OFF: i64 = 26 * 3600 * 1000;
/// How long a jump must stand to be believed; milliseconds.
const STANDS: i64 = 24 * 3600 * 1000;
/// What is kept of the line may be so far behind it; milliseconds.
const BEHIND: i64 = 6 * 3600 * 1000;

/// The line. Times are milliseconds since 1970.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Line {
    /// The time that is believed.
    believed_ms: i64,
    /// A jump ahead that is not believed yet.
    jump: Option<Jump>,
    /// On this run's monotonic clock, when that was so; not in the file.
    #[serde(skip)]
    at: Option<Duration>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Jump {
    /// How far ahead of the line it was first seen.
    ahead_ms: i64,
    /// How long the wall clock has stood there, while running.
    stood_ms: i64,
}

impl Line {
    /// A line that begins where the wall clock stands: nothing is stored yet that it could make look old.
    pub(crate) fn from(wall: Timestamp, mono: Duration) -> Self {
        Self { believed_ms: wall.as_millisecond(), jump: None, at: Some(mono) }
    }

    /// A line that begins at the newest time known from before, since its file is lost.
    pub(crate) fn since(newest: Timestamp) -> Self {
        Self { believed_ms: newest.as_millisecond(), jump: None, at: None }
    }

    /// What the clocks say now → how late it is for retention.
    pub(crate) fn observe(&mut self, wall: Timestamp, mono: Duration) -> Timestamp {
        let wall_ms = wall.as_millisecond();
        let is_start = self.at.is_none();
        let elapsed = self.at.map_or(Duration::ZERO, |at| mono.saturating_sub(at)).as_millis();
        let elapsed = i64::try_from(elapsed).unwrap_or(i64::MAX);
        self.at = Some(mono);
        self.believed_ms = self.believed_ms.saturating_add(elapsed);
        let ahead = wall_ms.saturating_sub(self.believed_ms);
        let allowed = if is_start && self.jump.is_none() { OFF } else { DRIFT };
        if ahead <= allowed {
            self.jump = None;
            self.believed_ms = self.believed_ms.max(wall_ms);
        } else {
            self.wait_out(ahead, elapsed, wall_ms);
        }
        Timestamp::from_millisecond(self.believed_ms.min(wall_ms)).unwrap_or(wall)
    }

    fn wait_out(&mut self, ahead: i64, elapsed: i64, wall_ms: i64) {
        // Where it stood at first is kept, so that many small steps are a jump, too.
        let jump = match self.jump.take() {
            Some(jump) if ahead.abs_diff(jump.ahead_ms) <= DRIFT.unsigned_abs() => {
                Jump { stood_ms: jump.stood_ms.saturating_add(elapsed), ..jump }
            }
            _ => Jump { ahead_ms: ahead, stood_ms: 0 },
        };
        if jump.stood_ms >= STANDS {
            self.believed_ms = wall_ms;
        } else {
            self.jump = Some(jump);
        }
    }

    /// Whether what is kept in the file is so far behind that it should be written again.
    pub(crate) fn is_behind(&self, kept: &Self) -> bool {
        self.believed_ms.saturating_sub(kept.believed_ms) >= BEHIND
            || self.jump.is_some() != kept.jump.is_some()
    }
}
