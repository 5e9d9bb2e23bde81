//! How long to wait before a lost source is tried again: capped, exponential, with full jitter, so that many cameras
//! behind one switch do not all come back at once.

use std::time::Duration;

use rand::Rng;
use rand::rngs::SmallRng;

/// The longest wait before the next try of a camera with this problem. One that is away, busy or at a loss may be well the
/// next moment, and is to be seen within two seconds; for one that answers wrongly somebody has to put something right
/// first, and it is tried ever less often.
pub(crate) fn most_after(code: &str) -> Duration {
    match code {
        "refused" | "unreachable" | "timeout" | "no_such_host" | "busy" | "server_error" | "not_found"
        | "ended" | "broken" | "empty" | "stalled" | "died" => Duration::from_secs(1),
        _ => Duration::MAX,
    }
}

/// Waits that grow from `first` to `most`.
#[derive(Debug)]
pub(crate) struct Backoff {
    first: Duration,
    most: Duration,
    attempt: u32,
    rng: SmallRng,
}

impl Backoff {
    pub(crate) fn new(first: Duration, most: Duration, rng: SmallRng) -> Self {
        Self { first, most, attempt: 0, rng }
    }

    /// The next wait: anything up to the current cap or `most`, a tenth of the first one at the least.
    pub(crate) fn next(&mut self, most: Duration) -> Duration {
        let cap = self.first.saturating_mul(1 << self.attempt.min(16)).min(self.most).min(most);
        self.attempt = self.attempt.saturating_add(1);
        cap.mul_f64(self.rng.random::<f64>()).max(self.first / 10)
    }

    /// The source was steady: the next loss starts from the beginning.
    pub(crate) fn reset(&mut self) {
        self.attempt = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;

    #[test]
    fn waits_grow_to_the_cap_and_are_spread_below_it() {
        let second = Duration::from_secs(1);
        let mut largest = [Duration::ZERO; 8];
        let mut smallest = [Duration::MAX; 8];
        for seed in 0..400 {
            let mut backoff = Backoff::new(second, 30 * second, SmallRng::seed_from_u64(seed));
            for i in 0..8 {
                let wait = backoff.next(Duration::MAX);
                largest[i] = largest[i].max(wait);
                smallest[i] = smallest[i].min(wait);
            }
        }
        for (i, cap) in [1, 2, 4, 8, 16, 30, 30, 30].into_iter().enumerate() {
            assert!(largest[i] <= cap * second && largest[i] > cap * second * 9 / 10, "{i}: {largest:?}");
            assert!(smallest[i] >= second / 10 && smallest[i] < cap * second / 5, "{i}: {smallest:?}");
        }
    }

    #[test]
    fn a_steady_source_starts_from_the_beginning() {
        let second = Duration::from_secs(1);
        let mut backoff = Backoff::new(second, 30 * second, SmallRng::seed_from_u64(7));
        for _ in 0..10 {
            backoff.next(Duration::MAX);
        }
        assert!(backoff.next(second / 2) <= second / 2);
        backoff.reset();
        assert!(backoff.next(Duration::MAX) <= second);
    }
}
