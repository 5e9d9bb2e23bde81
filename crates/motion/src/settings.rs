//! What a person may turn.

use std::time::Duration;

use frame::Polygon;

/// How one camera's motion is judged.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// Off: no regions, an open event ends.
    pub enabled: bool,
    /// 5 to 100, values outside are clamped; lower is more sensitive.
    pub threshold: u8,
    /// Pixels at 640×480, in proportion to the picture elsewhere: the smallest box that counts, widened by
    /// 8 pixels (at 640×480) on each side, the margin with which a person would mark it.
    pub min_area: u32,
    /// Sightings before anything counts, at least 1.
    pub min_frames: u32,
    /// An event ends after this long without motion.
    pub event_gap: Duration,
    /// Shorter events are marked [`brief`](crate::EventEnd::brief).
    pub min_duration: Duration,
    /// Parts of the picture with rules of their own; none: the whole picture.
    pub zones: Vec<Zone>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            enabled: true,
            threshold: 25,
            min_area: 500,
            min_frames: 2,
            event_gap: Duration::from_secs(3),
            min_duration: Duration::from_secs(1),
            zones: Vec::new(),
        }
    }
}

/// A part of the picture with a rule of its own.
#[derive(Debug, Clone, PartialEq)]
pub struct Zone {
    /// The name people gave it.
    pub name: String,
    /// What holds inside.
    pub kind: ZoneKind,
    /// Where.
    pub polygon: Polygon,
    /// Divides the threshold inside an include zone: 2 is twice as sensitive. Values outside 0.1 to 10 are clamped.
    pub sensitivity: f32,
}

/// What holds inside a zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ZoneKind {
    /// With any zone of this kind, only what lies in one counts.
    Include,
    /// What lies here does not count.
    Exclude,
    /// Blacked out in the picture; does not count either.
    Mask,
}
