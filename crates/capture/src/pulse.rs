//! How fast pictures come, and how long to wait for the next one before the source counts as silent.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// Arrivals that are looked at: two seconds of them, at most so many.
const MOST: usize = 256;
const WINDOW: Duration = Duration::from_secs(2);
/// Intervals whose mean stands for the source's own rate when it does not say one.
const RECENT: usize = 9;

/// The rhythm of one open source.
#[derive(Debug)]
pub(crate) struct Pulse {
    nominal: Option<Duration>,
    floor: Duration,
    unmeasured: Duration,
    arrivals: VecDeque<Instant>,
}

impl Pulse {
    /// `floor`: the shortest silence that counts; `unmeasured`: the patience while the rate is not known.
    pub(crate) fn new(frame_rate: Option<f32>, floor: Duration, unmeasured: Duration) -> Self {
        let nominal = frame_rate.filter(|rate| *rate > 0.001).map(|rate| Duration::from_secs_f32(1.0 / rate));
        Self { nominal, floor, unmeasured, arrivals: VecDeque::with_capacity(MOST) }
    }

    pub(crate) fn beat(&mut self, now: Instant) {
        let old = |arrivals: &VecDeque<Instant>| {
            arrivals.len() > RECENT
                && arrivals.front().is_some_and(|first| now.duration_since(*first) > WINDOW)
        };
        while old(&self.arrivals) || self.arrivals.len() >= MOST {
            self.arrivals.pop_front();
        }
        self.arrivals.push_back(now);
    }

    /// Frames a second over the window.
    pub(crate) fn rate(&self) -> f32 {
        match (self.arrivals.front(), self.arrivals.back()) {
            (Some(first), Some(last)) if last > first => {
                (self.arrivals.len() - 1) as f32 / last.duration_since(*first).as_secs_f32()
            }
            _ => 0.0,
        }
    }

    /// How long without a picture is a stall: three intervals, the floor at the least.
    pub(crate) fn patience(&self) -> Duration {
        match self.measured().max(self.nominal) {
            Some(interval) => (interval * 3).max(self.floor),
            None => self.unmeasured,
        }
    }

    /// Mean of the last intervals.
    fn measured(&self) -> Option<Duration> {
        let last = self.arrivals.back()?;
        let taken = self.arrivals.len().min(RECENT + 1);
        let first = self.arrivals.get(self.arrivals.len() - taken)?;
        let count = u32::try_from(taken - 1).unwrap_or(1);
        (count > 0).then(|| last.duration_since(*first) / count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FLOOR: Duration = Duration::from_secs(2);
    const UNMEASURED: Duration = Duration::from_secs(5);

    fn beaten(rate: Option<f32>, interval_ms: u64, count: u32) -> Pulse {
        let mut pulse = Pulse::new(rate, FLOOR, UNMEASURED);
        let start = Instant::now();
        for i in 0..count {
            pulse.beat(start + Duration::from_millis(interval_ms) * i);
        }
        pulse
    }

    #[test]
    fn patience_is_three_intervals_and_two_seconds_at_the_least() {
        assert_eq!(beaten(None, 66, 100).patience(), FLOOR);
        assert_eq!(beaten(None, 1000, 5).patience(), Duration::from_secs(3));
        assert_eq!(beaten(Some(0.5), 0, 0).patience(), Duration::from_secs(6));
        assert_eq!(beaten(Some(30.0), 1000, 5).patience(), Duration::from_secs(3));
        assert_eq!(beaten(None, 66, 1).patience(), UNMEASURED);
    }

    #[test]
    fn the_rate_is_that_of_the_last_two_seconds() {
        assert!((beaten(None, 50, 500).rate() - 20.0).abs() < 0.1);
        assert!((beaten(None, 1000, 500).rate() - 1.0).abs() < 0.01);
        assert!(beaten(None, 50, 1).rate().abs() < f32::EPSILON);
    }
}
