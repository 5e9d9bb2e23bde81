//! What moved over an event, over the wire.

use serde::Serialize;
use store::event::{Event, Moment};
use store::{GateRecord, Track};
use utoipa::ToSchema;

use super::time::{seconds, share};

/// What moved when, and what each gate said.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = EventTrack)]
pub(crate) struct TrackWire {
    /// Seconds from the first frame to the first one with motion.
    lead_s: f64,
    /// Oldest first.
    moments: Vec<MomentWire>,
    /// What each gate said when it began.
    gates: Vec<GateRecordWire>,
}

/// One moment of the clip.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Moment)]
struct MomentWire {
    /// Seconds since the first frame.
    at_s: f64,
    /// How much of the picture moved.
    #[schema(schema_with = web::shape::share)]
    motion: f64,
    boxes: Vec<BoxWire>,
}

/// Something that moved at that moment.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MomentBox)]
struct BoxWire {
    /// The same number is the same mover.
    track: u32,
    /// `[x, y, width, height]` in pixels.
    rect: [u32; 4],
    label: String,
}

/// What one gate said.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = GateRecord)]
struct GateRecordWire {
    name: String,
    value: f64,
    limit: f64,
    /// Whether the value had to be at least the limit; else at most.
    at_least: bool,
    passed: bool,
}

impl TrackWire {
    pub(crate) fn of(event: &Event, track: &Track) -> Self {
        Self {
            lead_s: seconds(event.lead),
            moments: track.moments.iter().map(MomentWire::of).collect(),
            gates: track.gates.iter().map(GateRecordWire::of).collect(),
        }
    }
}

impl MomentWire {
    fn of(moment: &Moment) -> Self {
        let boxes = moment.boxes.iter().map(|(track, rect, label)| BoxWire {
            track: *track,
            rect: [rect.x, rect.y, rect.w, rect.h],
            label: label.clone(),
        });
        Self { at_s: seconds(moment.at), motion: share(moment.motion), boxes: boxes.collect() }
    }
}

impl GateRecordWire {
    fn of(gate: &GateRecord) -> Self {
        let (name, at_least, passed) = (gate.name.clone(), gate.at_least, gate.passed);
        Self { name, value: gate.value, limit: gate.limit, at_least, passed }
    }
}
