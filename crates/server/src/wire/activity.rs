//! The last hour of a camera.

use std::time::SystemTime;

use serde::Serialize;

use crate::wire::camera::rounded;
use crate::wire::time;
use crate::{Activity, Visit};

#[derive(Debug, Serialize)]
pub(crate) struct ActivityWire {
    now: String,
    bin_s: f64,
    bins: Vec<BinWire>,
    visits: Vec<VisitWire>,
    near_misses: u32,
}

#[derive(Debug, Serialize)]
struct BinWire {
    start: String,
    motion_s: f64,
    near_misses: u32,
}

#[derive(Debug, Serialize)]
struct VisitWire {
    id: u64,
    start: String,
    end: Option<String>,
    label: &'static str,
    confidence: f64,
    direction: &'static str,
    duration_s: f64,
    picture: Option<String>,
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
        }
    }
}
