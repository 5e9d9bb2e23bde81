//! Why something fired, or what held it back: the gates it met, with their values.

use std::time::SystemTime;

/// The newest thing that fired, or the newest near miss if nothing fired for a while.
#[derive(Debug, Clone, PartialEq)]
pub struct Why {
    /// When it began to count, or when it was lost sight of.
    pub at: SystemTime,
    /// As in [`crate::Region::track`].
    pub track: u32,
    /// As in [`crate::Region::label`]; `unknown` for what was held back.
    pub label: &'static str,
    /// It counts as movement; else it was held back.
    pub fired: bool,
    /// In the order they were asked.
    pub gates: Vec<GateView>,
    /// The same in a sentence or two, for people.
    pub sentence: String,
}

/// One question that was asked of it, and the answer.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct GateView {
    /// What was asked; the wire's description names each with its unit.
    pub name: &'static str,
    /// What was measured; finite.
    pub value: f32,
    /// What it was held against; finite.
    pub limit: f32,
    /// The value must be at least the limit; else at most.
    pub at_least: bool,
    /// Whether it was.
    pub passed: bool,
}
