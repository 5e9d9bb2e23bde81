//! `track.json`: what moved when, and what each gate said. The strip and the boxes of the player are drawn from it.

use std::time::Duration;

use frame::Rect;
use serde::{Deserialize, Serialize};

use crate::event::Moment;

/// Five minutes at fifteen a second with sixteen boxes each are 3 MB.
pub(crate) const MAX_BYTES: u64 = 16 * 1024 * 1024;

/// What moved over an event, oldest first.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Track {
    /// Oldest first.
    pub moments: Vec<Moment>,
    /// What each gate said when the event began.
    pub gates: Vec<GateRecord>,
}

/// What one gate of the detector said of what moved.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GateRecord {
    /// The gate's name.
    pub name: String,
    /// What was measured.
    pub value: f64,
    /// What was asked for.
    pub limit: f64,
    /// Whether the value had to be at least the limit, or at most.
    pub at_least: bool,
    /// Whether it was.
    pub passed: bool,
}

#[derive(Debug, Serialize, Deserialize)]
struct Shape {
    format: u32,
    moments: Vec<MomentShape>,
    gates: Vec<GateRecord>,
}

/// Short keys: there are thousands of them.
#[derive(Debug, Serialize, Deserialize)]
struct MomentShape {
    /// Milliseconds since the first frame.
    at: u64,
    motion: f32,
    boxes: Vec<(u32, [u32; 4], String)>,
}

/// The file's bytes.
pub(crate) fn write(track: &Track) -> Vec<u8> {
    let finite = |x: f64| if x.is_finite() { x } else { 0.0 };
    let shape = Shape {
        format: 1,
        moments: track.moments.iter().map(moment_shape).collect(),
        gates: track
            .gates
            .iter()
            .map(|gate| GateRecord { value: finite(gate.value), limit: finite(gate.limit), ..gate.clone() })
            .collect(),
    };
    serde_json::to_vec(&shape).unwrap_or_default()
}

/// The track in the file's bytes; times to the millisecond.
///
/// # Errors
/// What is wrong with them, for people.
pub(crate) fn read(bytes: &[u8]) -> Result<Track, String> {
    let shape: Shape = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
    let moments = shape.moments.into_iter().map(|moment| Moment {
        at: Duration::from_millis(moment.at),
        motion: moment.motion,
        boxes: moment
            .boxes
            .into_iter()
            .map(|(track, [x, y, w, h], label)| (track, Rect { x, y, w, h }, label))
            .collect(),
    });
    Ok(Track { moments: moments.collect(), gates: shape.gates })
}

fn moment_shape(moment: &Moment) -> MomentShape {
    MomentShape {
        at: u64::try_from(moment.at.as_millis()).unwrap_or(u64::MAX),
        motion: if moment.motion.is_finite() { moment.motion } else { 0.0 },
        boxes: moment
            .boxes
            .iter()
            .map(|(track, rect, label)| (*track, [rect.x, rect.y, rect.w, rect.h], label.clone()))
            .collect(),
    }
}
