//! How much an event is worth keeping, as one number: retention takes the smallest first.

use std::time::Duration;

use crate::event::Event;
use crate::query::LABELS;

/// Steps of novelty and of length within a label.
const STEPS: i64 = 10;

/// Label first, and a person's label above the detector's, then novelty, then length. Age decides between equals,
/// so novelty and length count in ten steps each.
pub(super) fn worth(event: &Event) -> i64 {
    let label = LABELS.iter().position(|label| *label == event.verdict.label);
    let label = label.and_then(|rank| i64::try_from(rank).ok()).unwrap_or(0);
    let said = i64::from(event.verdict.by_person);
    ((said * 8 + label) * STEPS + novelty(event.novelty)) * STEPS + length(event.duration)
}

#[expect(clippy::cast_possible_truncation, reason = "it lies within 0 and 9")]
fn novelty(novelty: f32) -> i64 {
    (novelty.clamp(0.0, 0.99) * 10.0) as i64
}

/// Doubling from a second on: 0 below 1 s, 9 from 256 s.
fn length(duration: Duration) -> i64 {
    let seconds = duration.as_secs();
    i64::from(seconds.checked_ilog2().map_or(0, |log| log + 1)).min(STEPS - 1)
}
