//! Media time over many openings of one source.

use std::time::Duration;

use frame::Stamp;

/// Puts the sessions of one camera on one line of media time that only goes forward.
#[derive(Debug, Default)]
pub(super) struct Timeline {
    /// Media time and monotonic time of the newest frame of all.
    newest: Option<(Duration, Duration)>,
    /// What is added to the source's own time stamps in this session, once it is known.
    shift: Option<Duration>,
}

impl Timeline {
    pub(super) fn session_begins(&mut self) {
        self.shift = None;
    }

    /// The frame's media time. A source without time stamps gets those of its arrival; one that was opened again
    /// goes on after the time that it was away.
    pub(super) fn place(&mut self, media_time: Option<Duration>, stamp: Stamp) -> Duration {
        let elapsed = match self.newest {
            None => Duration::ZERO,
            Some((media, mono)) => media + stamp.mono.saturating_sub(mono),
        };
        let placed = match media_time {
            None => elapsed,
            Some(own) => own + *self.shift.get_or_insert(elapsed.saturating_sub(own)),
        };
        self.newest = Some((placed, stamp.mono));
        placed
    }
}
