//! The last hour of a camera.

use std::time::SystemTime;

use serde::Serialize;
use utoipa::ToSchema;

use crate::wire::camera::rounded;
use crate::wire::{schema, time};
use crate::{Activity, Visit};

/// What came by in the last hour.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Activity)]
pub(crate) struct ActivityWire {
    /// The hour before this.
    #[schema(schema_with = schema::time)]
    now: String,
    /// Seconds that a bin spans.
    bin_s: f64,
    /// Oldest first, without gaps.
    bins: Vec<BinWire>,
    /// Newest first, at most 50.
    visits: Vec<VisitWire>,
    /// All of the hour, beyond the 50 as well, the one that goes on included.
    visits_total: u32,
    /// The one of `visits` that goes on.
    #[schema(required)]
    visit_open: Option<u64>,
    /// What was held back, in all bins together.
    near_misses: u32,
}

/// Some seconds of the hour.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Bin)]
struct BinWire {
    #[schema(schema_with = schema::time)]
    start: String,
    /// Seconds in it during which something moved.
    motion_s: f64,
    /// What was held back in it.
    near_misses: u32,
}

/// Something came by.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Visit)]
struct VisitWire {
    /// Within this camera and this run of the program.
    id: u64,
    #[schema(schema_with = schema::time)]
    start: String,
    /// Null while it goes on.
    #[schema(schema_with = schema::time_or_null, required)]
    end: Option<String>,
    #[schema(schema_with = schema::label)]
    label: &'static str,
    /// How sure the label is.
    #[schema(schema_with = schema::share)]
    confidence: f64,
    #[schema(schema_with = schema::direction)]
    direction: &'static str,
    /// Seconds from the first movement to the last so far.
    duration_s: f64,
    /// Path of its picture.
    #[schema(required, example = "/api/v1/cameras/garden/visits/7/picture.jpg")]
    picture: Option<String>,
    /// Why it fired, in a sentence; see `Why`.
    #[schema(required)]
    why: Option<String>,
}

impl ActivityWire {
    pub(crate) fn of(camera: &str, activity: &Activity, now: SystemTime) -> Self {
        let bins = activity.bins.iter().map(|bin| BinWire {
            start: time::rfc3339(bin.start),
            motion_s: rounded(bin.motion.as_secs_f32()),
            near_misses: bin.near_misses,
        });
        Self {
            now: time::rfc3339(now),
            bin_s: activity.bin.as_secs_f64(),
            bins: bins.collect(),
            visits: activity.visits.iter().map(|visit| VisitWire::of(camera, visit)).collect(),
            visits_total: activity.visits_total,
            visit_open: activity.visits.iter().find(|visit| visit.end.is_none()).map(|visit| visit.id),
            near_misses: activity.near_misses,
        }
    }
}

impl VisitWire {
    fn of(camera: &str, visit: &Visit) -> Self {
        let picture = || format!("/api/v1/cameras/{camera}/visits/{}/picture.jpg", visit.id);
        Self {
            id: visit.id,
            start: time::rfc3339(visit.start),
            end: visit.end.map(time::rfc3339),
            label: visit.label,
            confidence: rounded(visit.confidence),
            direction: visit.direction,
            duration_s: rounded(visit.duration.as_secs_f32()),
            picture: visit.has_picture.then(picture),
            why: visit.why.clone(),
        }
    }
}
