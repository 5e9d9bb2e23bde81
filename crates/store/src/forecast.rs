//! When the first limit will be reached, from how fast what is kept has grown. Pure.

use std::time::Duration;

/// What is filled up first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Limit {
    /// Events reach their greatest age before the room is used up.
    Age,
    /// The room that events may take.
    Size,
    /// What must stay free on the disk.
    Free,
}

/// When retention will have to make room, or is making it already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Forecast {
    /// From now; zero if the limit is reached already.
    pub full_in: Duration,
    /// Which limit.
    pub limit: Limit,
}

/// What a forecast is made from; bytes and spans.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Facts {
    /// Bytes that were added over `over`.
    pub(crate) grown: u64,
    /// How long that took.
    pub(crate) over: Duration,
    /// Bytes of all events.
    pub(crate) used: u64,
    /// Bytes that all events may take.
    pub(crate) max_size: Option<u64>,
    /// Bytes free on the disk.
    pub(crate) free: u64,
    /// Bytes that must stay free.
    pub(crate) min_free: Option<u64>,
    /// How old the oldest event is.
    pub(crate) oldest: Duration,
    /// How old an event may become.
    pub(crate) max_age: Option<Duration>,
}

/// Less than this says too little about how it will go on.
const SHORTEST: Duration = Duration::from_secs(6 * 3600);

/// `None` as long as too little is known, or if nothing grows.
pub(crate) fn forecast(facts: &Facts) -> Option<Forecast> {
    if facts.over < SHORTEST || facts.grown == 0 {
        return None;
    }
    let until = |room: u64| {
        let seconds = u128::from(room) * facts.over.as_millis() / u128::from(facts.grown) / 1000;
        Duration::from_secs(u64::try_from(seconds).unwrap_or(u64::MAX))
    };
    let by_size = facts.max_size.map(|most| (until(most.saturating_sub(facts.used)), Limit::Size));
    let least = facts.min_free.unwrap_or(0);
    let by_free = Some((until(facts.free.saturating_sub(least)), Limit::Free));
    let by_age = facts.max_age.map(|most| (most.saturating_sub(facts.oldest), Limit::Age));
    let first = [by_size, by_free].into_iter().flatten().min_by_key(|(full_in, _)| *full_in)?;
    // Once the oldest go by age as fast as new ones come, the room is never used up.
    let first = match by_age {
        Some(age) if age.0 < first.0 => age,
        _ => first,
    };
    Some(Forecast { full_in: first.0, limit: first.1 })
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: Duration = Duration::from_secs(86_400);
    const GB: u64 = 1_000_000_000;

    fn facts() -> Facts {
        Facts {
            grown: 7 * GB,
            over: DAY * 7,
            used: GB,
            max_size: Some(10 * GB),
            free: 100 * GB,
            min_free: Some(GB),
            oldest: DAY * 7,
            max_age: None,
        }
    }

    #[test]
    fn a_gigabyte_a_day_fills_nine_free_gigabytes_in_nine_days() {
        assert_eq!(forecast(&facts()), Some(Forecast { full_in: DAY * 9, limit: Limit::Size }));
    }

    #[test]
    fn the_limit_that_comes_first_is_named() {
        let free = Facts { free: 3 * GB, ..facts() };
        assert_eq!(forecast(&free), Some(Forecast { full_in: DAY * 2, limit: Limit::Free }));
        let age = Facts { max_age: Some(DAY * 10), ..facts() };
        assert_eq!(forecast(&age), Some(Forecast { full_in: DAY * 3, limit: Limit::Age }));
        let full = Facts { used: 11 * GB, ..facts() };
        assert_eq!(forecast(&full), Some(Forecast { full_in: Duration::ZERO, limit: Limit::Size }));
    }

    #[test]
    fn nothing_is_foretold_from_too_little() {
        assert_eq!(forecast(&Facts { grown: 0, ..facts() }), None);
        assert_eq!(forecast(&Facts { over: Duration::from_secs(3600), ..facts() }), None);
    }

    #[test]
    fn no_size_overflows() {
        let most = Facts { used: 0, max_size: Some(u64::MAX), grown: 1, free: u64::MAX, ..facts() };
        assert!(forecast(&most).is_some());
    }
}
