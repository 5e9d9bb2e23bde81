//! How long to wait before something is tried again: capped, exponential, with full jitter, so that many cameras do not
//! come back to one hub at the same moment.

use std::time::Duration;

use rand::Rng;

/// No wait is shorter.
pub(crate) const SHORTEST: Duration = Duration::from_secs(1);
/// No wait is longer.
pub(crate) const LONGEST: Duration = Duration::from_secs(15 * 60);

/// The wait after so many failures in a row, anything from a second to a cap that doubles each time, at most 15 min.
pub(crate) fn wait(failures: u32, rng: &mut impl Rng) -> Duration {
    let cap = SHORTEST.saturating_mul(1 << failures.clamp(1, 16)).min(LONGEST);
    SHORTEST + (cap - SHORTEST).mul_f64(rng.random::<f64>())
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng as _;
    use rand::rngs::SmallRng;

    #[test]
    fn waits_are_spread_from_a_second_to_a_cap_that_doubles_up_to_15_min() {
        let mut rng = SmallRng::seed_from_u64(3);
        for (failures, cap) in
            [(0, 2), (1, 2), (2, 4), (3, 8), (9, 512), (10, 900), (11, 900), (u32::MAX, 900)]
        {
            let waits: Vec<_> = (0..2000).map(|_| wait(failures, &mut rng).as_secs_f64()).collect();
            let least = waits.iter().copied().fold(f64::INFINITY, f64::min);
            let most = waits.iter().copied().fold(0.0, f64::max);
            let cap = f64::from(cap);
            assert!(least >= 1.0 && least < 1.0 + (cap - 1.0) * 0.02, "{failures}: {least}");
            assert!(most <= cap && most > 1.0 + (cap - 1.0) * 0.98, "{failures}: {most}");
        }
    }
}
