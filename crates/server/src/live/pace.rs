//! Fewer pictures a second than the source gives, as evenly as its pictures allow.

use std::time::Duration;

/// Lets a picture pass when the next one is due.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pace {
    interval: Duration,
    due: Option<Duration>,
}

impl Pace {
    /// `None`: every picture.
    pub(crate) fn new(fps: Option<f32>) -> Self {
        Self { interval: interval(fps), due: None }
    }

    /// Changes the rate; the next picture passes when it is due at the new one.
    pub(crate) fn set(&mut self, fps: Option<f32>) {
        self.interval = interval(fps);
    }

    /// Whether a picture taken at `at` passes.
    pub(crate) fn passes(&mut self, at: Duration) -> bool {
        if self.interval.is_zero() {
            return true;
        }
        // A source's pictures jitter around their due time; a quarter of the interval early is in time.
        let due = self.due.unwrap_or(at);
        if at + self.interval / 4 < due {
            // A clock that went back far: a new source began.
            if due - at > self.interval * 2 {
                self.due = Some(at + self.interval);
                return true;
            }
            return false;
        }
        // Counted on from when it was due, so that the average is right, but never more than one behind.
        self.due = Some((due + self.interval).max(at));
        true
    }
}

fn interval(fps: Option<f32>) -> Duration {
    fps.filter(|fps| *fps > 0.0).map_or(Duration::ZERO, |fps| Duration::from_secs_f32(1.0 / fps))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn passed(source_fps: u32, fps: f32) -> usize {
        let mut pace = Pace::new(Some(fps));
        (0..source_fps * 10).filter(|&i| pace.passes(Duration::from_secs(1) * i / source_fps)).count()
    }

    #[test]
    fn ten_seconds_hold_ten_times_the_rate_asked_for() {
        for (source, fps) in [(30, 15.0), (30, 10.0), (15, 10.0), (25, 7.0), (30, 1.0), (60, 24.0), (30, 0.5)]
        {
            let (got, asked) = (passed(source, fps), f64::from(fps) * 10.0);
            #[expect(clippy::cast_precision_loss, reason = "a few hundred")]
            let off = (got as f64 - asked).abs();
            assert!(off <= 1.0, "{source} → {fps}: {got}");
        }
    }

    #[test]
    fn a_rate_above_the_sources_passes_everything() {
        assert_eq!(passed(15, 30.0), 150);
        let mut every = Pace::new(None);
        assert!((0..100).all(|_| every.passes(Duration::ZERO)));
    }

    #[test]
    fn a_pause_is_not_made_up_for_by_a_burst() {
        let mut pace = Pace::new(Some(1.0));
        assert!(pace.passes(Duration::ZERO));
        assert!(pace.passes(Duration::from_secs(60)));
        assert!(!pace.passes(Duration::from_millis(60_300)) || !pace.passes(Duration::from_millis(60_600)));
    }
}
