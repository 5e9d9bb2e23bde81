//! Whether the recorder keeps up, and what it gives up if it does not: the steps that the crate's documentation names.

use std::time::Duration;

use frame::Backlog;

/// What is given up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(crate) enum Level {
    /// Nothing.
    #[default]
    Full,
    /// Every second frame.
    Half,
    /// H.264.
    Copy,
}

/// A ring of fewer frames than this says nothing yet.
const FEW: u64 = 15;

/// One event's.
#[derive(Debug, Default)]
pub(crate) struct Pace {
    level: Level,
    /// How long a frame takes, and how far frames are apart, seconds; both smoothed over some sixteen.
    takes: f64,
    apart: f64,
    last: Option<Duration>,
}

fn smooth(mean: &mut f64, value: f64) {
    *mean = if *mean == 0.0 { value } else { *mean + (value - *mean) / 16.0 };
}

impl Pace {
    /// So long a frame took.
    pub(crate) fn took(&mut self, time: Duration) {
        smooth(&mut self.takes, time.as_secs_f64());
    }

    /// What is given up now.
    pub(crate) fn level(&self) -> Level {
        self.level
    }

    /// Looks at what is unread, before the frame taken at `mono`. It never goes back up within an event.
    pub(crate) fn look(&mut self, backlog: Option<Backlog>, mono: Duration) -> Level {
        if let Some(last) = self.last {
            smooth(&mut self.apart, mono.saturating_sub(last).as_secs_f64());
        }
        self.last = Some(mono);
        let Some(Backlog { unread, held }) = backlog.filter(|it| it.held >= FEW) else { return self.level };
        // At half the rate twice the time is fine.
        let room = if self.level == Level::Half { 2.0 * self.apart } else { self.apart };
        let falls_behind = self.takes > room;
        if self.level < Level::Copy && falls_behind && 3 * unread > 2 * held {
            self.level = Level::Copy;
        } else if self.level == Level::Full && falls_behind && 3 * unread > held {
            self.level = Level::Half;
        }
        self.level
    }
}
