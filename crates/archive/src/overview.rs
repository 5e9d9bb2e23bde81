//! Many events in a few figures: the timeline, the activity, the disk.

use std::time::Duration;

use axum::Json;
use axum::extract::{RawQuery, State};
use jiff::{SignedDuration, Timestamp};
use store::query::Span;
use web::Problem;

use crate::app::Archive;
use crate::asked::{Asked, invalid};
use crate::wire::overview::{ActivityWire, CleanupWire, StorageWire, TimelineWire};
use crate::wire::time;

/// Seconds of a bin, unless said.
const BIN_S: u64 = 300;
/// Seconds of the longest stretch: 31 days.
const LONGEST_S: u64 = 31 * 86_400;
/// Bins of one camera: a week of the usual ones.
const BINS: u64 = 2016;
/// Seconds before now, where nothing is said: a day.
const USUAL: SignedDuration = SignedDuration::from_hours(24);
/// Days of activity, unless said.
const DAYS: u32 = 14;

/// When something moved before which camera: seconds of motion and visits in bins of equal length; empty ones are left
/// out.
#[utoipa::path(get, path = "/api/v1/timeline", tag = "events",
    params(
        ("from" = Option<String>, Query, description = "RFC 3339; a day before `to` unless said."),
        ("to" = Option<String>, Query, description = "RFC 3339; now unless said. At most 31 days after `from`."),
        ("bin_s" = Option<u64>, Query, description = "Seconds of a bin, 1 to 86400; 300 unless said. At most 2016 of them."),
        ("camera" = Option<String>, Query, description = "Of this camera alone."),
    ),
    responses(
        (status = 200, body = TimelineWire),
        (status = 400, description = "A parameter is not known or given twice; `field` names it."),
        (status = 422, description = "A value is out of its range; `field` names it."),
    ))]
pub(crate) async fn timeline(
    State(archive): State<Archive>,
    RawQuery(query): RawQuery,
) -> Result<Json<TimelineWire>, Problem> {
    let span = span(query.as_deref(), archive.now())?;
    let timeline = archive
        .ask(move |store| {
            let timeline = store.timeline(&span)?;
            Ok(TimelineWire::of(&span, &timeline))
        })
        .await?;
    Ok(Json(timeline))
}

fn span(query: Option<&str>, now: Timestamp) -> Result<Span, Problem> {
    let asked = Asked::read(query, &["from", "to", "bin_s", "camera"])?;
    let to = asked.time("to")?.unwrap_or(now);
    let from = asked.time("from")?;
    let from = from.unwrap_or_else(|| to.checked_sub(USUAL).unwrap_or(Timestamp::MIN));
    let length = u64::try_from(to.duration_since(from).as_millis()).unwrap_or(0).div_ceil(1000);
    if length == 0 || length > LONGEST_S {
        let allowed = "a time after from, by 31 days at the most";
        return Err(invalid("to", &time::local(to), allowed));
    }
    let bin = asked.whole("bin_s", 1..=86_400)?.unwrap_or(BIN_S);
    if length.div_ceil(bin) > BINS {
        let least = length.div_ceil(BINS);
        return Err(invalid("bin_s", &bin.to_string(), &format!("at least {least} for so long a time")));
    }
    Ok(Span { from, to, bin: Duration::from_secs(bin), camera: asked.camera()? })
}

/// How much happened by day and by hour, in the local time of each visit.
#[utoipa::path(get, path = "/api/v1/events/activity", tag = "events",
    params(("days" = Option<u32>, Query, description = "The last so many days with today, 1 to 366; 14 unless said.")),
    responses(
        (status = 200, body = ActivityWire),
        (status = 400, description = "A parameter is not known or given twice; `field` names it."),
        (status = 422, description = "A value is out of its range; `field` names it."),
    ))]
pub(crate) async fn activity(
    State(archive): State<Archive>,
    RawQuery(query): RawQuery,
) -> Result<Json<ActivityWire>, Problem> {
    let days = Asked::read(query.as_deref(), &["days"])?.whole("days", 1..=366)?.unwrap_or(DAYS);
    let activity = archive.ask(move |store| store.activity(days)).await?;
    Ok(Json(ActivityWire::of(&activity)))
}

/// How much is kept, how long it will go on, and what is wrong with the disk if something is.
#[utoipa::path(get, path = "/api/v1/storage", tag = "storage", responses((status = 200, body = StorageWire)))]
pub(crate) async fn storage(State(archive): State<Archive>) -> Result<Json<StorageWire>, Problem> {
    let view = archive.ask(|store| Ok(store.storage())).await?;
    Ok(Json(StorageWire::of(&view)))
}

/// Retention, now instead of within the minute: what is too old goes, and what is too much, the least valuable first.
#[utoipa::path(post, path = "/api/v1/storage/cleanup", tag = "storage",
    responses(
        (status = 200, body = CleanupWire),
        (status = 507, description = "The disk is read-only."),
    ))]
pub(crate) async fn cleanup(State(archive): State<Archive>) -> Result<Json<CleanupWire>, Problem> {
    let report = archive.ask(|store| store.retain()).await?;
    Ok(Json(CleanupWire::of(&report)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> Timestamp {
        "2026-11-20T10:00:00Z".parse().unwrap()
    }

    #[test]
    fn a_span_is_a_day_unless_said_and_no_longer_than_it_may_be() {
        let day = span(None, now()).unwrap();
        assert_eq!((day.to, day.from), (now(), "2026-11-19T10:00:00Z".parse().unwrap()));
        assert_eq!(day.bin, Duration::from_secs(300));
        let week = span(Some("from=2026-11-13T10:00:00Z&to=2026-11-20T10:00:00Z"), now()).unwrap();
        assert_eq!(week.to.duration_since(week.from).as_hours(), 7 * 24);
        for (query, field) in [
            ("from=2026-11-20T10:00:00Z", "to"),
            ("from=2026-11-21T10:00:00Z", "to"),
            ("from=2026-10-01T00:00:00Z", "to"),
            ("from=2026-11-12T00:00:00Z", "bin_s"),
            ("bin_s=0", "bin_s"),
            ("bin_s=1", "bin_s"),
            ("bin_s=86401", "bin_s"),
            ("camera=*", "camera"),
        ] {
            let problem = span(Some(query), now()).unwrap_err();
            assert_eq!(problem.status(), 422, "{query}");
            assert_eq!(problem, problem.clone().with("field", field), "{query}");
        }
    }
}
