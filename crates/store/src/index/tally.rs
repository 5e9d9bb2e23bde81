//! What is counted by time: the bins of a timeline, the days and hours of an activity.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::ToSpan;
use jiff::civil::Date;
use rusqlite::{Connection, params};

use super::row::Fields;
use super::sql;
use crate::error::StoreError;
use crate::query::{Activity, Bin, CameraBins, DayActivity, MOST_BINS, MOST_SPAN_DAYS, Span, Timeline};

const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// The bins of a span, in milliseconds.
pub(super) struct Bins {
    from: i64,
    to: i64,
    bin: i64,
    count: u32,
}

/// One bin while it is being filled.
#[derive(Clone, Copy, Default)]
struct Tally {
    motion_ns: u64,
    visits: u32,
}

impl Bins {
    pub(super) fn new(span: &Span) -> Result<Self, StoreError> {
        let invalid = |what: &str| Err(StoreError::Invalid(what.to_owned()));
        let (from, to) = (span.from.as_millisecond(), span.to.as_millisecond());
        let bin = i64::try_from(span.bin.as_millis()).unwrap_or(i64::MAX);
        if from >= to || to - from > i64::from(MOST_SPAN_DAYS) * DAY_MS {
            return invalid("a timeline spans up to 31 days, and ends after it begins");
        }
        if bin < 1000 {
            return invalid("a bin of a timeline is at least a second long");
        }
        let count = u32::try_from((to - from - 1) / bin + 1).unwrap_or(u32::MAX);
        if count > MOST_BINS {
            return invalid("a timeline has at most 2016 bins");
        }
        Ok(Self { from, to, bin, count })
    }

    /// Events reach into the span from up to `longest` before it.
    pub(super) fn fill(
        &self,
        connection: &Connection,
        span: &Span,
        longest: Duration,
    ) -> Result<Timeline, StoreError> {
        let before = i64::try_from(longest.as_millis()).unwrap_or(i64::MAX).min(DAY_MS) + 1;
        let place = |ms: i64| ms.saturating_mul(1 << 20);
        let (low, high) = (place(self.from.saturating_sub(before)), place(self.to));
        let mut statement = connection.prepare_cached(if span.camera.is_some() {
            sql::TIMELINE_OF
        } else {
            sql::TIMELINE
        })?;
        let mut rows = match &span.camera {
            Some(camera) => statement.query(params![low, high, camera])?,
            None => statement.query(params![low, high])?,
        };
        let mut cameras: BTreeMap<String, Vec<Tally>> = BTreeMap::new();
        while let Some(row) = rows.next()? {
            let camera = row.get_ref(0)?.as_str().unwrap_or_default();
            let mut fields = Fields::new(row);
            fields.skip_to(1);
            let (place, duration, lead) = (fields.int()?, fields.duration()?, fields.duration()?);
            // A name is copied once a camera, not once an event.
            if !cameras.contains_key(camera) {
                cameras.insert(camera.to_owned(), vec![Tally::default(); self.count as usize]);
            }
            if let Some(tallies) = cameras.get_mut(camera) {
                self.add(tallies, place >> 20, duration, lead);
            }
        }
        let cameras = cameras.into_iter().map(|(camera, tallies)| camera_bins(camera, &tallies));
        Ok(Timeline { cameras: cameras.filter(|camera| !camera.bins.is_empty()).collect() })
    }

    fn add(&self, tallies: &mut [Tally], started: i64, duration: Duration, lead: Duration) {
        let index = |ms: i64| usize::try_from((ms - self.from) / self.bin).unwrap_or(usize::MAX);
        if let Some(tally) = tallies.get_mut(index(started)).filter(|_| started >= self.from) {
            tally.visits += 1;
        }
        let ms = |duration: Duration| i64::try_from(duration.as_millis()).unwrap_or(DAY_MS);
        let mut at = started.saturating_add(ms(lead)).max(self.from);
        let end = started.saturating_add(ms(duration)).min(self.to);
        while at < end {
            let index = index(at);
            let edge =
                self.from + self.bin * (i64::try_from(index).unwrap_or(i64::MAX - 1).saturating_add(1));
            let until = end.min(edge);
            if let Some(tally) = tallies.get_mut(index) {
                tally.motion_ns += (until - at).unsigned_abs() * 1_000_000;
            }
            at = until;
        }
    }
}

fn camera_bins(camera: String, tallies: &[Tally]) -> CameraBins {
    let bins = (0..).zip(tallies).filter(|(_, tally)| tally.motion_ns > 0 || tally.visits > 0);
    let bins = bins.map(|(index, tally)| Bin {
        index,
        motion: Duration::from_nanos(tally.motion_ns),
        visits: tally.visits,
    });
    let visits = tallies.iter().map(|tally| u64::from(tally.visits)).sum();
    CameraBins { camera, visits, bins: bins.collect() }
}

/// The `days` days up to and with `last`; nothing of what is unseen.
pub(super) fn activity(connection: &Connection, last: Date, days: u32) -> Result<Activity, StoreError> {
    let invalid = |error: jiff::Error| StoreError::Invalid(error.to_string());
    let first = last.checked_sub((i64::from(days) - 1).days()).map_err(invalid)?;
    let epoch = Date::constant(1970, 1, 1);
    let number = |date: Date| date.since(epoch).map(|span| i64::from(span.get_days())).map_err(invalid);
    let (low, high) = (number(first)?, number(last)?);
    let dates = first.series(1.day()).take(days as usize);
    let empty = |date| DayActivity { date, visits: 0, by_label: BTreeMap::new(), bytes: 0 };
    let mut activity = Activity { days: dates.map(empty).collect(), ..Activity::default() };
    let mut statement = connection.prepare_cached(sql::ACTIVITY)?;
    let mut rows = statement.query([low, high])?;
    while let Some(row) = rows.next()? {
        let mut fields = Fields::new(row);
        let (number, label): (i64, String) = (fields.int()?, fields.text()?);
        let (visits, bytes): (u64, u64) = (fields.number()?, fields.number()?);
        for hour in &mut activity.hours {
            *hour += fields.number::<u64>()?;
        }
        activity.total += visits;
        let day = usize::try_from(number - low).ok().and_then(|index| activity.days.get_mut(index));
        if let Some(day) = day {
            day.visits += visits;
            day.bytes += bytes;
            *day.by_label.entry(label).or_default() += visits;
        }
    }
    Ok(activity)
}
