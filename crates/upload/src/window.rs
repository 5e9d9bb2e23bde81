//! The hours of the day that sending is allowed in.
//!
//! They are hours of the clock on the wall: on the days on which clocks are changed a window is an hour longer or
//! shorter, and an hour that does not exist begins when the clock goes past it.

use std::time::Duration;

use jiff::Timestamp;
use jiff::civil::Date;

use crate::settings::Window;

/// Whether it is open, and for how long it stays so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Opening {
    pub(crate) is_open: bool,
    /// Until that changes; `None`: never.
    pub(crate) changes_in: Option<Duration>,
}

impl Window {
    /// How it stands at that moment.
    pub(crate) fn at(&self, now: Timestamp) -> Opening {
        if self.from == self.to {
            return Opening { is_open: true, changes_in: None };
        }
        let today = now.to_zoned(self.zone.clone()).date();
        // The latest change that has been, and the next one; an open window began yesterday at the earliest.
        let days = [today.yesterday().ok(), Some(today), today.tomorrow().ok()];
        let changes =
            days.into_iter().flatten().flat_map(|day| [self.edge(day, true), self.edge(day, false)]);
        let mut changes: Vec<_> = changes.flatten().collect();
        changes.sort_unstable();
        let is_open = changes.iter().rev().find(|(at, _)| *at <= now).is_some_and(|(_, opens)| *opens);
        // Where clocks go back, a window may close and open at once.
        let next = changes.iter().find(|(at, opens)| *at > now && *opens != is_open);
        let changes_in = next.map(|(at, _)| Duration::try_from(at.duration_since(now)).unwrap_or_default());
        Opening { is_open, changes_in: changes_in.or(Some(Duration::from_secs(60 * 60))) }
    }

    /// When it opens or closes on that day. Of an hour that comes twice the first counts.
    fn edge(&self, day: Date, opens: bool) -> Option<(Timestamp, bool)> {
        let time = if opens { self.from } else { self.to };
        let at = self.zone.to_ambiguous_zoned(day.to_datetime(time)).compatible().ok()?;
        Some((at.timestamp(), opens))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::time;
    use jiff::tz::TimeZone;

    fn window(from: (i8, i8), to: (i8, i8)) -> Window {
        let zone = TimeZone::get("Europe/Amsterdam").unwrap();
        Window { from: time(from.0, from.1, 0, 0), to: time(to.0, to.1, 0, 0), zone }
    }

    fn at(window: &Window, local: &str) -> (bool, u64) {
        let local: jiff::civil::DateTime = local.parse().unwrap();
        let now = local.to_zoned(window.zone.clone()).unwrap().timestamp();
        let opening = window.at(now);
        (opening.is_open, opening.changes_in.unwrap().as_secs() / 60)
    }

    #[test]
    fn a_window_within_a_day_opens_and_closes() {
        let window = window((9, 0), (17, 30));
        assert_eq!(at(&window, "2026-11-20T08:59"), (false, 1));
        assert_eq!(at(&window, "2026-11-20T09:00"), (true, 510));
        assert_eq!(at(&window, "2026-11-20T17:29"), (true, 1));
        assert_eq!(at(&window, "2026-11-20T17:30"), (false, 930));
    }

    #[test]
    fn a_window_over_midnight_belongs_to_both_days() {
        let window = window((22, 0), (6, 0));
        assert_eq!(at(&window, "2026-11-20T21:59"), (false, 1));
        assert_eq!(at(&window, "2026-11-20T23:00"), (true, 420));
        assert_eq!(at(&window, "2026-11-21T00:00"), (true, 360));
        assert_eq!(at(&window, "2026-11-21T05:59"), (true, 1));
        assert_eq!(at(&window, "2026-11-21T06:00"), (false, 960));
    }

    #[test]
    fn on_the_days_on_which_clocks_change_the_hours_on_the_wall_count() {
        let window = window((22, 0), (6, 0));
        // 2026-03-29: 02:00 becomes 03:00; the night is an hour shorter.
        assert_eq!(at(&window, "2026-03-28T22:00"), (true, 420));
        // 2026-10-25: 03:00 becomes 02:00; the night is an hour longer.
        assert_eq!(at(&window, "2026-10-24T22:00"), (true, 540));
    }

    #[test]
    fn an_hour_that_does_not_exist_begins_when_the_clock_goes_past_it() {
        let window = window((2, 30), (4, 0));
        assert_eq!(at(&window, "2026-03-29T01:59"), (false, 31));
        // 03:30 is what 02:30 would have been.
        assert_eq!(at(&window, "2026-03-29T03:29"), (false, 1));
        assert_eq!(at(&window, "2026-03-29T03:30"), (true, 30));
    }

    #[test]
    fn an_hour_that_comes_twice_opens_a_window_once() {
        let window = window((2, 30), (4, 0));
        let first = "2026-10-25T00:30:00Z".parse().unwrap();
        let second = "2026-10-25T01:29:00Z".parse().unwrap();
        assert_eq!(
            window.at(first),
            Opening { is_open: true, changes_in: Some(Duration::from_secs(150 * 60)) }
        );
        assert!(window.at(second).is_open, "02:29 of the second time lies after 02:30 of the first");
    }

    #[test]
    fn the_same_hour_twice_is_all_day() {
        let opening = window((6, 0), (6, 0)).at("2026-11-20T12:00:00Z".parse().unwrap());
        assert_eq!(opening, Opening { is_open: true, changes_in: None });
    }
}
