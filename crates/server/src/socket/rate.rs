//! How often a client may say something: a page that opens or is resized says much at once, and little after.

use tokio::time::Instant;

/// Messages a second, on average.
const STEADY: f64 = 20.0;
/// Messages at once: sixteen cameras watched, changed and left a few times over.
const AT_ONCE: f64 = 100.0;

/// A bucket of messages that fills while nothing is said.
#[derive(Debug)]
pub(super) struct Rate {
    left: f64,
    at: Instant,
}

impl Rate {
    pub(super) fn new(now: Instant) -> Self {
        Self { left: AT_ONCE, at: now }
    }

    /// One more message: whether it is taken.
    pub(super) fn allows(&mut self, now: Instant) -> bool {
        let passed = now.saturating_duration_since(self.at).as_secs_f64();
        self.at = now;
        self.left = (self.left + passed * STEADY).min(AT_ONCE);
        if self.left < 1.0 {
            return false;
        }
        self.left -= 1.0;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn a_burst_is_taken_and_more_than_the_steady_rate_is_not() {
        let start = Instant::now();
        let mut rate = Rate::new(start);
        assert_eq!((0..200).filter(|_| rate.allows(start)).count(), 100);
        let mut taken = 0;
        for ms in 1..=10_000 {
            taken += usize::from(rate.allows(start + Duration::from_millis(ms)));
        }
        assert!((195..=200).contains(&taken), "{taken} in ten seconds");
    }
}
