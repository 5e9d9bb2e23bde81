//! Many events in a few figures, over the wire.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Serialize;
use store::query::{Activity, Span, Timeline};
use store::{Forecast, Limit, RetentionReport, StorageView, StoreState};
use utoipa::ToSchema;

use super::{schema, time};

/// When something moved before which camera.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Timeline)]
pub(crate) struct TimelineWire {
    /// Start of the first bin.
    #[schema(schema_with = web::shape::time)]
    from: String,
    /// End of the last bin.
    #[schema(schema_with = web::shape::time)]
    to: String,
    /// Seconds of a bin.
    bin_s: u64,
    /// By id; those without a visit are left out.
    cameras: Vec<CameraBinsWire>,
}

/// One camera's part of it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CameraBins)]
struct CameraBinsWire {
    id: String,
    /// Visits that began within the time.
    visits: u64,
    /// `[index, seconds of motion, visits that began]`, in order; empty ones are left out.
    #[schema(value_type = Vec<Vec<f64>>)]
    bins: Vec<(u32, f64, u32)>,
}

impl TimelineWire {
    pub(crate) fn of(span: &Span, timeline: &Timeline) -> Self {
        let cameras = timeline.cameras.iter().map(|camera| CameraBinsWire {
            id: camera.camera.clone(),
            visits: camera.visits,
            bins: camera.bins.iter().map(|bin| (bin.index, time::seconds(bin.motion), bin.visits)).collect(),
        });
        Self {
            from: time::local(span.from),
            to: time::local(span.to),
            bin_s: span.bin.as_secs(),
            cameras: cameras.collect(),
        }
    }
}

/// How much happened by day and by hour.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = EventActivity)]
pub(crate) struct ActivityWire {
    /// Every day that was asked for, the earliest first.
    days: Vec<DayWire>,
    /// Visits of all these days by the hour they began in, 24 of them.
    hours: Vec<u64>,
    /// Visits of all these days.
    total: u64,
    /// Visits of all times that nobody has looked at.
    unseen: u64,
}

/// One day.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = DayActivity)]
struct DayWire {
    #[schema(example = "2026-11-20")]
    date: String,
    visits: u64,
    /// Visits by label; labels without one are left out.
    by_label: BTreeMap<String, u64>,
}

impl ActivityWire {
    pub(crate) fn of(activity: &Activity) -> Self {
        let days = activity.days.iter().map(|day| DayWire {
            date: day.date.to_string(),
            visits: day.visits,
            by_label: day.by_label.clone(),
        });
        Self {
            days: days.collect(),
            hours: activity.hours.to_vec(),
            total: activity.total,
            unseen: activity.unseen,
        }
    }
}

/// How much is kept and how long it will go on.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Storage)]
pub(crate) struct StorageWire {
    /// `degraded`: not all that happens can be written; `missing`: the disk is not there, and nothing is recorded.
    #[schema(schema_with = schema::store_state)]
    state: &'static str,
    /// What is wrong; null if nothing is.
    #[schema(required)]
    problem: Option<StorageProblemWire>,
    /// Finished ones.
    events: u64,
    /// Those that are kept whatever happens.
    favourites: u64,
    /// What could not be repaired and was put aside.
    quarantined: u64,
    bytes: BytesWire,
    disk: DiskWire,
    retention: RetentionWire,
    /// Null as long as too little is known, or if nothing fills up.
    #[schema(required)]
    forecast: Option<ForecastWire>,
    /// Those that nobody has looked at.
    unseen: u64,
}

/// What is wrong with the disk.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = StorageProblem)]
struct StorageProblemWire {
    /// What is wrong.
    what: String,
    /// The one thing to do.
    mend: String,
}

/// What takes how much room.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = StorageBytes)]
struct BytesWire {
    clips: u64,
    pictures: u64,
    index: u64,
}

/// The disk itself, bytes.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = StorageDisk)]
struct DiskWire {
    total: u64,
    free: u64,
}

/// The limits; null where there is none.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Retention)]
struct RetentionWire {
    /// Seconds.
    #[schema(required)]
    max_age_s: Option<u64>,
    /// Bytes of all events.
    #[schema(required)]
    max_size: Option<u64>,
    /// Bytes that stay free on the disk.
    #[schema(required)]
    min_free: Option<u64>,
}

/// When the first limit will be reached.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Forecast)]
struct ForecastWire {
    /// Seconds from now; 0 if it is reached already.
    full_in_s: u64,
    /// `size`: the room that events may take; `free`: what stays free on the disk; `age`: events become too old first.
    #[schema(schema_with = schema::limit)]
    limit: &'static str,
    /// The same for people.
    sentence: String,
}

impl StorageWire {
    pub(crate) fn of(view: &StorageView) -> Self {
        let (state, problem) = match &view.state {
            StoreState::Ok => ("ok", None),
            StoreState::Degraded(problem) => ("degraded", Some(problem)),
            StoreState::Missing(problem) => ("missing", Some(problem)),
        };
        let retention = &view.retention;
        Self {
            state,
            problem: problem
                .map(|problem| StorageProblemWire { what: problem.what.clone(), mend: problem.mend.clone() }),
            events: view.events,
            favourites: view.favourites,
            quarantined: view.quarantined,
            bytes: BytesWire {
                clips: view.clip_bytes,
                pictures: view.picture_bytes,
                index: view.index_bytes,
            },
            disk: DiskWire { total: view.disk.total, free: view.disk.free },
            retention: RetentionWire {
                max_age_s: retention.max_age.map(|age| age.as_secs()),
                max_size: retention.max_size,
                min_free: retention.min_free,
            },
            forecast: view.forecast.map(ForecastWire::of),
            unseen: view.unseen,
        }
    }
}

impl ForecastWire {
    fn of(forecast: Forecast) -> Self {
        let limit = match forecast.limit {
            Limit::Size => "size",
            Limit::Free => "free",
            Limit::Age => "age",
        };
        Self { full_in_s: forecast.full_in.as_secs(), limit, sentence: sentence(forecast) }
    }
}

fn sentence(forecast: Forecast) -> String {
    let span = span_in_words(forecast.full_in);
    match forecast.limit {
        Limit::Size if forecast.full_in.is_zero() => {
            "Events fill the room that they may take; the least valuable make way for new ones.".to_owned()
        }
        Limit::Free if forecast.full_in.is_zero() => {
            "The disk is as full as it may be; the least valuable events make way for new ones.".to_owned()
        }
        Limit::Age if forecast.full_in.is_zero() => {
            "The oldest events make way as they reach their age.".to_owned()
        }
        Limit::Size => format!("At this rate events fill the room that they may take in {span}."),
        Limit::Free => format!("At this rate the disk is full in {span}."),
        Limit::Age => format!("There is room enough; the oldest events make way in {span}, by their age."),
    }
}

/// `9 days`, `5 hours`, `40 minutes`.
fn span_in_words(span: Duration) -> String {
    let minutes = span.as_secs() / 60;
    let (count, word) = match minutes {
        0..=119 => (minutes, "minute"),
        120..=2879 => (minutes / 60, "hour"),
        _ => (minutes / 1440, "day"),
    };
    format!("{count} {word}{}", if count == 1 { "" } else { "s" })
}

/// What retention did.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Cleanup)]
pub(crate) struct CleanupWire {
    /// Events whose clips went, and whose pictures stay.
    pub(crate) degraded: u64,
    /// Events that are gone.
    pub(crate) deleted: u64,
    pub(crate) freed_bytes: u64,
}

impl CleanupWire {
    pub(crate) fn of(report: &RetentionReport) -> Self {
        Self { degraded: report.degraded, deleted: report.deleted, freed_bytes: report.freed }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_forecast_is_told_in_words() {
        let told =
            |hours: u64, limit| sentence(Forecast { full_in: Duration::from_secs(hours * 3600), limit });
        assert_eq!(told(9 * 24 + 5, Limit::Free), "At this rate the disk is full in 9 days.");
        assert_eq!(
            told(47, Limit::Size),
            "At this rate events fill the room that they may take in 47 hours."
        );
        assert_eq!(told(1, Limit::Free), "At this rate the disk is full in 60 minutes.");
        assert!(told(0, Limit::Size).contains("make way"));
    }
}
