//! What moves in a picture, and why it counts.
//!
//! - **Reads** gray pictures with their media time, and the settings it is handed.
//! - **Writes** nothing but its answers: a [`MotionField`] a picture, a [`Decision`] a field.
//! - **Never** reads a clock, spawns a thread, logs, does I/O or lets an OpenCV matrix out of [`Observer`].
//!
//! Two steps. [`Observer`] **measures**: it costs the pixels and knows no threshold that a person may turn.
//! [`Judge`] **decides**: a pure function of the fields and the settings, so a stored sequence of fields can be
//! judged again under other settings and comes out the same each time. [`score`] says how well it did against
//! scenes whose truth is known.

mod field;
mod judge;
mod observe;
pub mod score;
mod settings;
mod signature;

pub use field::{Candidate, Cell, Extent, GlobalTerms, Grid, Match, MotionField};
pub use judge::{
    Best, CandidateReport, Decision, Direction, EventEdge, EventEnd, Gate, Judge, Label, NearMiss, Region,
    Sense,
};
pub use observe::{MotionError, Observer};
pub use settings::{Settings, Zone, ZoneKind};
pub use signature::{Signature, Signing};

/// Width in pixels at which pictures are looked at; decoding more than this is waste.
pub const ANALYSIS_WIDTH: u32 = 320;
