//! What it is, by rules: shape, pace, and whether it keeps its shape.

use std::collections::VecDeque;

use super::{Direction, Label};
use crate::Candidate;

/// Sightings whose shapes are kept: three seconds at fifteen a second.
const SHAPES: usize = 48;
/// Fewer whole sightings than this, and those cut off by the picture's edge are asked too.
const FEW: usize = 3;
/// Doubt about what was only seen cut off.
const CUT_OFF: f32 = 0.35;
/// A sighting of less than this share of the usual area is half hidden.
const HIDDEN: f32 = 0.65;
/// Below this much confidence there is no label.
const LEAST: f32 = 0.4;

/// A label, its confidence, and the others.
pub(super) type Verdict = (Label, f32, Vec<(Label, f32)>);

#[derive(Debug, Clone, Copy)]
struct Shape {
    at: f64,
    width: f32,
    height: f32,
    area: f32,
    /// Whether none of it may lie beyond the picture's edge.
    whole: bool,
}

/// What is known about a track's look.
#[derive(Debug, Clone, Default)]
pub(super) struct Traits {
    shapes: VecDeque<Shape>,
}

impl Traits {
    /// Another sighting, `whole` unless the picture's edge may cut it off.
    pub(super) fn take(&mut self, candidate: &Candidate, at: f64, whole: bool) {
        let (width, height) = (candidate.extent.w.max(1.0), candidate.extent.h.max(1.0));
        let shape = Shape { at, width, height, area: candidate.area.max(1.0), whole };
        // What was seen whole is not forgotten for what leaves.
        let known = self.shapes.iter().filter(|shape| shape.whole).count();
        if whole || known < SHAPES / 2 {
            self.shapes.push_back(shape);
        }
        if self.shapes.len() > SHAPES {
            self.shapes.pop_front();
        }
    }

    /// The sightings that show its shape: whole if there are a few such, and not half hidden.
    fn telling(&self) -> Vec<Shape> {
        let known = self.shapes.iter().filter(|shape| shape.whole).count();
        let mut shapes: Vec<Shape> =
            self.shapes.iter().filter(|shape| shape.whole || known < FEW).copied().collect();
        if let Some(usual) = upper(shapes.iter().map(|shape| shape.area)) {
            shapes.retain(|shape| shape.area >= HIDDEN * usual);
        }
        shapes
    }

    /// Change of size in natural log a second.
    pub(super) fn growth(&self) -> f32 {
        let (Some(first), Some(last)) = (self.shapes.front(), self.shapes.back()) else { return 0.0 };
        let passed = super::track::seconds(last.at - first.at);
        if passed < 0.5 {
            0.0
        } else {
            (last.height * last.width / (first.height * first.width)).ln() / passed / 2.0
        }
    }

    /// What moves so, `speed` pixels a second with `busy` surroundings.
    pub(super) fn verdict(&self, speed: f32, busy: f32) -> Verdict {
        let Some(look) = self.look(speed) else { return (Label::Unknown, 0.0, Vec::new()) };
        let scores = [
            (Label::Person, person(&look)),
            (Label::Vehicle, vehicle(&look)),
            (Label::Animal, animal(&look)),
            (Label::Environment, bump(busy, 0.25, 0.5, 1.1, 1.2)),
        ];
        // A share for not knowing, which shrinks as sightings come in.
        let doubt = 0.15 + 0.6 / look.sightings + if look.whole { 0.0 } else { CUT_OFF };
        let sum: f32 = doubt + scores.iter().map(|(_, s)| s).sum::<f32>();
        let mut shares: Vec<(Label, f32)> = scores
            .into_iter()
            .map(|(label, score)| (label, score / sum))
            .filter(|(_, share)| *share > 0.02)
            .collect();
        shares.sort_by(|a, b| b.1.total_cmp(&a.1));
        match shares.first().copied() {
            Some((label, share)) if share >= LEAST => bounded(label, share, shares.split_off(1)),
            _ => bounded(Label::Unknown, doubt / sum, shares),
        }
    }

    fn look(&self, speed: f32) -> Option<Look> {
        let shapes = self.telling();
        if shapes.len() < 2 {
            return None;
        }
        #[expect(clippy::cast_precision_loss, reason = "at most 48")]
        let n = shapes.len() as f32;
        let mean = |value: fn(&Shape) -> f32| shapes.iter().map(value).sum::<f32>() / n;
        let log_area = mean(|s| s.area.ln());
        let log_aspect = mean(|s| (s.width / s.height).ln());
        let wobble = shapes.iter().map(|s| ((s.width / s.height).ln() - log_aspect).powi(2)).sum::<f32>() / n;
        let area_wobble = shapes.iter().map(|s| (s.area.ln() - log_area).powi(2)).sum::<f32>() / n;
        let length = mean(|s| s.width.max(s.height));
        Some(Look {
            sightings: n,
            whole: shapes.iter().any(|shape| shape.whole),
            aspect: log_aspect.exp(),
            wobble: wobble.sqrt() + 0.5 * area_wobble.sqrt(),
            length,
            pace: speed / length,
            // Where the ground is as bright as it is, it has holes; so the fuller sightings tell.
            fill: upper(shapes.iter().map(|s| s.area / (s.width * s.height)))?,
        })
    }
}

/// Width to height, unsteadiness of the shape, length in pixels, lengths a second, filled share of the box.
#[derive(Debug, Clone, Copy)]
struct Look {
    sightings: f32,
    whole: bool,
    aspect: f32,
    wobble: f32,
    length: f32,
    pace: f32,
    fill: f32,
}

// Upright only if all of it is in the picture: what the edge cuts off is narrow because of that.
fn person(look: &Look) -> f32 {
    if !look.whole {
        return 0.0;
    }
    bump(look.aspect, 0.12, 0.2, 0.7, 1.02) * bump(look.pace, -1.0, -0.5, 2.5, 4.5)
}

// A body of metal fills its box by three quarters and keeps its shape, one on legs by two thirds, at night by 0.73; and
// where both pass, the longer one is the car.
fn vehicle(look: &Look) -> f32 {
    bump(look.aspect, 1.0, 1.5, 4.0, 6.0)
        * bump(look.length, 0.0, 60.0, 400.0, 500.0)
        * bump(look.wobble, -1.0, -0.5, 0.3, 0.8)
        * bump(look.fill, 0.66, 0.75, 1.0, 1.1)
}

fn animal(look: &Look) -> f32 {
    bump(look.aspect, 0.75, 1.15, 3.5, 5.0)
        * bump(look.length, -1.0, 0.0, 45.0, 100.0)
        * bump(look.fill, 0.0, 0.1, 0.71, 0.81)
}

/// The value that a fifth exceed.
fn upper(values: impl Iterator<Item = f32>) -> Option<f32> {
    let mut values: Vec<f32> = values.collect();
    let at = (values.len() * 4 / 5).checked_sub(1)?;
    Some(*values.select_nth_unstable_by(at, f32::total_cmp).1)
}

/// 0 outside `from`..`to`, 1 between `low` and `high`, straight in between.
fn bump(value: f32, from: f32, low: f32, high: f32, to: f32) -> f32 {
    ((value - from) / (low - from)).min((to - value) / (to - high)).clamp(0.0, 1.0)
}

/// The same with the sum of all shares held to 1.
pub(super) fn bounded(label: Label, confidence: f32, mut others: Vec<(Label, f32)>) -> Verdict {
    let confidence = confidence.clamp(0.0, 1.0);
    let sum: f32 = others.iter().map(|(_, share)| share).sum();
    // A hair less than what is left, so that rounding cannot carry the sum past 1.
    let room = (1.0 - confidence) * 0.999;
    if sum > room {
        for (_, share) in &mut others {
            *share *= room / sum;
        }
    }
    (label, confidence, others)
}

/// Where it goes: `moved` over the last second and a half in pixels, beside how it grows.
pub(super) fn direction(moved: (f32, f32), length: f32, growth: f32) -> Direction {
    let far = moved.0.hypot(moved.1);
    if growth.abs() > 0.25 && far < 0.8 * length {
        return if growth > 0.0 { Direction::Towards } else { Direction::Away };
    }
    if far < 1.5 {
        return Direction::Still;
    }
    if moved.0.abs() >= moved.1.abs() {
        if moved.0 > 0.0 { Direction::Right } else { Direction::Left }
    } else if moved.1 > 0.0 {
        Direction::Down
    } else {
        Direction::Up
    }
}
