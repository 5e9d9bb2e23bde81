//! Why something fired, as it goes over the wire.

use serde::Serialize;
use utoipa::ToSchema;

use crate::wire::{schema, time};
use crate::{GateView, Why};

/// The newest thing that fired, or the newest near miss if nothing fired for a while: every gate it met, and the same
/// in a sentence.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[schema(as = Why)]
pub(crate) struct WhyWire {
    /// When it began to count, or when it was lost sight of.
    #[schema(schema_with = schema::time)]
    time: String,
    /// The number of its track, as in a region.
    track: u32,
    #[schema(schema_with = schema::label)]
    label: &'static str,
    /// True: it counts as movement. False: it was held back.
    fired: bool,
    /// In the order they were asked. For something that was held back the first that did not pass held it.
    gates: Vec<GateWire>,
    /// For people, in English.
    #[schema(
        example = "An animal moved 14 % of the picture's width to the right in 0.9 s in one direction, and leaves do not do that."
    )]
    sentence: String,
}

/// One question that was asked of it.
///
/// | name | asks | unit of value and limit |
/// |---|---|---|
/// | `zone` | how much of it lies where movement counts | share of its box, 0 to 1 |
/// | `settled` | since when the background is known | seconds |
/// | `coverage` | how much of the picture changed at once | share of the picture, 0 to 1 |
/// | `contrast` | how much it differs from what is behind it | natural logarithm of the ratio of brightness; 0.1 is about 10 % |
/// | `texture` | whether it has the texture of the ground, as light has | correlation, -1 to 1 |
/// | `rim` | how sharp its edge is | share of its contrast that one pixel of the analysed picture takes |
/// | `sightings` | in how many pictures it was seen | pictures |
/// | `seen` | in how many of the pictures since its first | share, 0 to 1 |
/// | `area` | how large it is, with the margin of a box that a person would draw | square pixels of the analysed picture |
/// | `weather` | whether it is larger than what falls (only in rain, snow, insects) | square pixels of the analysed picture |
/// | `sharp` | whether something fast stands out at once | as `rim` |
/// | `entered` | how far it came in over the picture's edge | pixels of the analysed picture |
/// | `darting` | whether it is faster than a drop or an insect | its own lengths a second |
/// | `travel` | how far it has come | pixels of the analysed picture |
/// | `flow` | how often its pixels came along when that was asked | share, 0 to 1 |
/// | `flow votes` | how often they came along | times |
/// | `flow misfit` | how badly they fit where they came from (only in rain) | share of how badly they fit where they are |
/// | `flow steady` | whether its pixels keep one direction | mean velocity over mean speed, 0 to 1 |
/// | `flow along` | whether they move the way it does | cosine of the angle, -1 to 1 |
/// | `flow pace least`, `flow pace most` | whether they move as fast as it does | its speed over theirs |
///
/// The analysed picture is at most 320 pixels wide.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[schema(as = Gate)]
pub(crate) struct GateWire {
    /// What was asked; new ones may be added.
    #[schema(example = "travel")]
    name: &'static str,
    /// What was measured.
    value: f64,
    /// What it was held against.
    limit: f64,
    /// True: the value must be at least the limit. False: at most.
    at_least: bool,
    /// Whether it was.
    passed: bool,
}

impl WhyWire {
    pub(crate) fn of(why: &Why) -> Self {
        Self {
            time: time::rfc3339(why.at),
            track: why.track,
            label: why.label,
            fired: why.fired,
            gates: why.gates.iter().map(GateWire::of).collect(),
            sentence: why.sentence.clone(),
        }
    }
}

impl GateWire {
    fn of(gate: &GateView) -> Self {
        Self {
            name: gate.name,
            value: to_three(gate.value),
            limit: to_three(gate.limit),
            at_least: gate.at_least,
            passed: gate.passed,
        }
    }
}

/// Three digits: what tells a value from its limit.
fn to_three(value: f32) -> f64 {
    let rounded = (f64::from(value) * 1e3).round() / 1e3;
    if rounded.is_finite() { rounded } else { 0.0 }
}
