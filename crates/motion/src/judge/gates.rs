//! Limits that follow from the settings, and the record of what was held against them.

use super::{Gate, Sense};
use crate::Settings;

/// The threshold at which the limits are what the constants say.
const NEUTRAL: f32 = 25.0;

/// How strict to be: 0.2 for the most sensitive threshold, 1 for the default, 4 for the least.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Strictness(f32);

impl Strictness {
    /// Of a threshold, in a zone of that sensitivity.
    pub(super) fn of(settings: &Settings, sensitivity: f32) -> Self {
        let sensitivity = if sensitivity.is_finite() { sensitivity.clamp(0.1, 10.0) } else { 1.0 };
        Self((f32::from(settings.threshold.clamp(5, 100)) / NEUTRAL / sensitivity).clamp(0.2, 4.0))
    }

    /// Least mean difference (log) of a candidate; at the default the background's own floor.
    pub(super) fn contrast(self) -> f32 {
        0.075 * self.0.powf(0.75)
    }

    /// Sightings before a track counts without further proof.
    pub(super) fn sightings(self) -> f32 {
        (4.0 * self.0.powf(0.35)).round()
    }

    /// Factor on the distance that must be travelled.
    pub(super) fn travel(self) -> f32 {
        self.0.sqrt()
    }

    /// Factor on the least area: the insensitive half of the scale asks for large things, the other for no less
    /// than was set.
    pub(super) fn area(self) -> f32 {
        self.0.max(1.0).powf(1.5)
    }

    /// Factor on what the weather asks for.
    pub(super) fn weather(self) -> f32 {
        self.0.powf(0.3)
    }
}

/// The gates that were asked, in order.
#[derive(Debug, Clone, Default)]
pub(super) struct Gates(pub(super) Vec<Gate>);

impl Gates {
    /// Asks whether `value` ≥ `limit`.
    pub(super) fn at_least(&mut self, name: &'static str, value: f32, limit: f32) -> bool {
        self.ask(name, value, limit, Sense::AtLeast)
    }

    /// Asks whether `value` ≤ `limit`.
    pub(super) fn at_most(&mut self, name: &'static str, value: f32, limit: f32) -> bool {
        self.ask(name, value, limit, Sense::AtMost)
    }

    fn ask(&mut self, name: &'static str, value: f32, limit: f32, sense: Sense) -> bool {
        let (value, limit) = (finite(value), finite(limit));
        let passed = match sense {
            Sense::AtLeast => value >= limit,
            Sense::AtMost => value <= limit,
        };
        self.0.push(Gate { name, value, limit, sense, passed });
        passed
    }

    /// Whether nothing failed.
    pub(super) fn all_passed(&self) -> bool {
        self.0.iter().all(|gate| gate.passed)
    }

    /// How many passed, and the first that did not.
    pub(super) fn held_by(&self) -> Option<(usize, Gate)> {
        let passed = self.0.iter().filter(|gate| gate.passed).count();
        self.0.iter().find(|gate| !gate.passed).map(|gate| (passed, *gate))
    }
}

/// Numbers that came from nowhere are no evidence.
pub(super) fn finite(value: f32) -> f32 {
    if value.is_finite() { value.clamp(-1e9, 1e9) } else { 0.0 }
}
