//! The reason in a sentence: the plain word first, the figure second. Pure: the same facts give the same words.

use std::time::Duration;

use frame::{Rect, Size};
use motion::{Gate, Label};

/// How far something came, as one would say it: along the side of the picture it covered more of.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Moved {
    /// Share of the picture's width or height, 0 to 1.
    share: f32,
    way: Way,
    took: Duration,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    Left,
    Right,
    Up,
    Down,
}

impl Moved {
    /// From the middle of one box to that of another.
    #[expect(clippy::cast_precision_loss, reason = "pixels of a picture")]
    pub(super) fn between(from: Rect, to: Rect, size: Size, took: Duration) -> Self {
        let middle = |start: u32, length: u32| start as f32 + length as f32 / 2.0;
        let share = |from: f32, to: f32, of: u32| (to - from) / (of.max(1) as f32);
        let x = share(middle(from.x, from.w), middle(to.x, to.w), size.width);
        let y = share(middle(from.y, from.h), middle(to.y, to.h), size.height);
        let way = match (x.abs() >= y.abs(), x < 0.0, y < 0.0) {
            (true, true, _) => Way::Left,
            (true, false, _) => Way::Right,
            (false, _, true) => Way::Up,
            (false, _, false) => Way::Down,
        };
        Self { share: x.abs().max(y.abs()), way, took }
    }

    /// "14 % of the picture's width to the right in 0.9 s".
    fn words(self) -> String {
        let (side, way) = match self.way {
            Way::Left => ("width", "to the left"),
            Way::Right => ("width", "to the right"),
            Way::Up => ("height", "up"),
            Way::Down => ("height", "down"),
        };
        let seconds = self.took.as_secs_f32();
        let took = if seconds < 0.1 { "at once".to_owned() } else { format!("in {seconds:.1} s") };
        format!("{} of the picture's {side} {way} {took}", percent(self.share))
    }
}

/// Why something counts as movement.
pub(super) fn fired(label: Label, moved: Moved, gates: &[Gate]) -> String {
    let who = match label {
        Label::Person => "A person",
        Label::Vehicle => "A vehicle",
        Label::Animal => "An animal",
        Label::Environment | Label::Unknown => "Something",
    };
    let moved = moved.words();
    let passed = |name: &str| gates.iter().any(|gate| gate.name == name && gate.passed);
    if passed("entered") {
        format!("{who} came in over the edge of the picture with a sharp outline, which light does not have.")
    } else if passed("sharp") {
        format!("{who} with a sharp outline moved {moved}, and nothing that sways is that quick.")
    } else if passed("flow steady") {
        format!("{who} moved {moved} in one direction, and leaves do not do that.")
    } else if passed("travel") {
        let large = if who == "Something" { " large" } else { "" };
        format!("{who}{large} moved {moved}, straight on and farther than anything that sways.")
    } else {
        format!("{who} moved {moved}.")
    }
}

/// What held something back, and by how much it fell short.
pub(super) fn held(gate: &Gate) -> String {
    let (value, limit) = (gate.value, gate.limit);
    match gate.name {
        "zone" => format!(
            "Not counted: only {} of it lay where movement counts, and {} is asked for.",
            percent(value),
            percent(limit)
        ),
        "settled" => {
            format!("Not counted: the picture was new, and its background is known only after {limit:.1} s.")
        }
        "coverage" => format!(
            "Not counted: {} of the picture changed at once. More than {} is a lamp or a push, not a visitor.",
            percent(value),
            percent(limit)
        ),
        "contrast" => format!(
            "Not counted: it stood out from what is behind it by {}, and {} is asked for.",
            percent(value.exp_m1()),
            percent(limit.exp_m1())
        ),
        "texture" => format!(
            "Not counted: the ground showed through, {} alike. More than {} is light or shadow.",
            percent(value),
            percent(limit)
        ),
        "rim" => format!(
            "Not counted: its edge was soft as a shadow's, {} of what a sharp one has.",
            short_of(value, limit)
        ),
        "sightings" => format!(
            "Not counted: it was seen in {}, and {} are asked for.",
            times(value, "picture"),
            limit.round()
        ),
        "seen" => format!(
            "Not counted: it was seen in {} of the pictures, and {} is asked for.",
            percent(value),
            percent(limit)
        ),
        "area" => format!("Not counted: it was too small, {} of the least size.", short_of(value, limit)),
        "weather" => format!(
            "Not counted: it was no larger than what falls or flies here, {} of the size asked for meanwhile.",
            short_of(value, limit)
        ),
        "darting" => format!(
            "Not counted: it covered {value:.1} of its own lengths a second, as drops and insects do; {limit:.1} is \
             the most."
        ),
        "travel" => format!(
            "Not counted: it moved {} of the way that is asked for here, and leaves move that far.",
            short_of(value, limit)
        ),
        name => of_the_flow(name, value, limit),
    }
}

/// What the pixels' own movement says.
fn of_the_flow(name: &str, value: f32, limit: f32) -> String {
    match name {
        "flow" => format!(
            "Not counted: it changed in its place. Its pixels came along {} of the time, and {} is asked for.",
            percent(value),
            percent(limit)
        ),
        "flow votes" => format!(
            "Not counted: its pixels came along {}, and {} is asked for.",
            times(value, "time"),
            times(limit, "time")
        ),
        "flow misfit" => format!(
            "Not counted: it changed its look on the way as drops do, by {}; {} is the most while it rains.",
            percent(value),
            percent(limit)
        ),
        "flow steady" => format!(
            "Not counted: it went to and fro as leaves do. It kept its direction {}, and {} is asked for.",
            percent(value),
            percent(limit)
        ),
        "flow along" => {
            format!("Not counted: its pixels went another way than it did ({value:.2}, at least {limit:.2}).")
        }
        "flow pace least" => format!(
            "Not counted: its pixels ran through it as water does. It went at {} of their pace, and {} is the least.",
            percent(value),
            percent(limit)
        ),
        "flow pace most" => format!(
            "Not counted: it jumped. It went {value:.1} times as fast as its pixels, and {limit:.1} is the most."
        ),
        name => format!("Not counted: {name} was {value:.2}, and the limit is {limit:.2}."),
    }
}

/// A share as whole per cent; never a round 0 for what is there.
fn percent(share: f32) -> String {
    let percent = (share * 100.0).clamp(-1e6, 1e6).round();
    if percent < 1.0 && share > 0.0 { "less than 1 %".to_owned() } else { format!("{percent} %") }
}

/// How much of its limit a value reaches; never all of it.
fn short_of(value: f32, limit: f32) -> String {
    percent((value / limit.max(1e-6)).clamp(0.0, 0.99))
}

fn times(n: f32, what: &str) -> String {
    let n = n.round();
    if (n - 1.0).abs() < 0.5 { format!("1 {what}") } else { format!("{n} {what}s") }
}
