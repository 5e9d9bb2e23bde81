//! When the frames of a live stream were taken: by the camera's own time stamps, as long as they go as fast as the
//! clock does; and which of them are wanted.

use std::time::{Duration, Instant};

/// A camera's time stamps may be so far from their arrival. Beyond, the camera has set its clock.
const SLACK: Duration = Duration::from_secs(2);

/// One opening of a stream.
#[derive(Debug)]
pub(super) struct Schedule {
    began: Instant,
    /// Added to the camera's own time, in nanoseconds; once the first frame came.
    offset: Option<i128>,
    newest: Duration,
    interval: Duration,
    /// The next frame that is wanted.
    due: Duration,
}

impl Schedule {
    /// At most `frame_rate` frames a second.
    pub(super) fn new(frame_rate: f32, now: Instant) -> Self {
        let interval = Duration::from_secs_f32(1.0 / frame_rate.clamp(0.01, 1000.0));
        Self { began: now, offset: None, newest: Duration::ZERO, interval, due: Duration::ZERO }
    }

    /// The frame's time, counted from the opening and never before an earlier one's; `None` if it is one too many.
    pub(super) fn place(&mut self, own: Duration, now: Instant) -> Option<Duration> {
        let arrived = nanos(now.saturating_duration_since(self.began));
        let offset = *self.offset.get_or_insert(arrived - nanos(own));
        let mut placed = nanos(own) + offset;
        if (placed - arrived).abs() > nanos(SLACK) {
            self.offset = Some(arrived - nanos(own));
            placed = arrived;
        }
        let placed = Duration::from_nanos(u64::try_from(placed.max(0)).unwrap_or(u64::MAX)).max(self.newest);
        self.newest = placed;
        // A quarter early is on time: cameras' clocks tremble.
        if placed + self.interval / 4 < self.due {
            return None;
        }
        self.due = (self.due + self.interval).max(placed);
        Some(placed)
    }
}

fn nanos(time: Duration) -> i128 {
    i128::try_from(time.as_nanos()).unwrap_or(i128::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    #[test]
    fn frames_keep_the_cameras_own_distances_however_they_arrive() {
        let start = Instant::now();
        let mut schedule = Schedule::new(100.0, start);
        let arrivals = [500, 640, 650, 780];
        let placed: Vec<Duration> =
            (0..4).map(|i| schedule.place(i * 66 * MS, start + arrivals[i as usize] * MS).unwrap()).collect();
        assert_eq!(placed, [500 * MS, 566 * MS, 632 * MS, 698 * MS]);
    }

    #[test]
    fn a_camera_that_sets_its_clock_goes_on_by_ours_and_never_backwards() {
        let start = Instant::now();
        let mut schedule = Schedule::new(100.0, start);
        schedule.place(10_000 * MS, start).unwrap();
        let hour = Duration::from_secs(3600);
        assert_eq!(schedule.place(hour, start + 100 * MS), Some(100 * MS));
        assert_eq!(schedule.place(hour + 50 * MS, start + 160 * MS), Some(150 * MS));
        assert_eq!(schedule.place(Duration::ZERO, start + 200 * MS), Some(200 * MS));
        assert_eq!(schedule.place(Duration::ZERO, start + 190 * MS), Some(200 * MS), "not before the last");
    }

    #[test]
    fn what_comes_beyond_the_wanted_rate_is_left_out() {
        for (sent, wanted, kept) in [(25, 25.0, 250), (30, 15.0, 150), (25, 10.0, 100), (10, 15.0, 100)] {
            let start = Instant::now();
            let mut schedule = Schedule::new(wanted, start);
            let frames = (0..sent * 10).map(|i| Duration::from_secs(1) * i / sent);
            let count = frames.filter(|time| schedule.place(*time, start + *time).is_some()).count();
            assert!(count.abs_diff(kept) <= 2, "{sent} at {wanted}: {count}");
        }
    }
}
