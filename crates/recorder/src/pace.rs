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

/// A ring of fewer frames says nothing yet, and neither do fewer frames that were written.
const FEW: u64 = 15;

/// One event's.
#[derive(Debug, Default)]
pub(crate) struct Pace {
    level: Level,
    /// How long a frame takes, and how far frames are apart, seconds; both smoothed over some sixteen.
    takes: f64,
    apart: f64,
    last: Option<Duration>,
    written: u64,
}

fn smooth(mean: &mut f64, value: f64) {
    *mean = if *mean == 0.0 { value } else { *mean + (value - *mean) / 16.0 };
}

impl Pace {
    /// So long a frame took.
    pub(crate) fn took(&mut self, time: Duration) {
        smooth(&mut self.takes, time.as_secs_f64());
        self.written += 1;
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
        let Some(Backlog { unread, held }) = backlog.filter(|it| it.held >= FEW && self.written >= FEW)
        else {
            return self.level;
        };
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

#[cfg(test)]
mod tests {
    use super::*;

    /// After so many frames, 100 ms apart, that took so long each: what is given up.
    fn after(frames: u32, takes: u64, unread: impl Fn(u32) -> u64) -> Level {
        let mut pace = Pace::default();
        for n in 0..frames {
            pace.look(Some(Backlog { unread: unread(n), held: 300 }), Duration::from_millis(100) * n);
            pace.took(Duration::from_millis(takes));
        }
        pace.level()
    }

    #[test]
    fn a_backlog_that_shrinks_is_no_reason() {
        assert_eq!(after(200, 20, |_| 290), Level::Full, "a pre-roll, or a disk that stalled once");
        assert_eq!(after(200, 150, |_| 90), Level::Full, "less than a third");
    }

    #[test]
    fn first_every_second_frame_then_copies() {
        assert_eq!(after(10, 150, |_| 290), Level::Full, "nothing is known yet");
        assert_eq!(after(200, 150, |_| 120), Level::Half);
        assert_eq!(
            after(200, 150, |n| if n < 100 { 120 } else { 290 }),
            Level::Half,
            "half the frames are in time"
        );
        assert_eq!(after(200, 250, |n| if n < 100 { 120 } else { 250 }), Level::Copy);
    }
}
