//! Rain, snow and insects, as the number and size of small candidates: what they ask of everything small.

use crate::Candidate;

/// Area in analysed pixels below which a candidate may be a drop.
const SMALL: f32 = 40.0;
/// Below this it may still be a flake near the lens, or two; half of one.
const FLAKE: f32 = 120.0;
/// Seconds over which number, usual size and large size follow.
const NUMBER: f32 = 1.1;
const SIZE: f32 = 2.2;
const LARGE: f32 = 1.6;
/// Where it falls thickly, flakes merge into larger ones that take turns: how much more area is asked for, and from
/// how many small candidates to how many that comes in.
const THICK: f32 = 1.2;
const THICK_FROM: f32 = 8.0;
const THICK_TO: f32 = 24.0;

/// How much falls or flies about.
#[derive(Debug, Clone)]
pub(super) struct Weather {
    number: f32,
    size: f32,
    large: f32,
    seen: f32,
}

impl Weather {
    pub(super) fn new() -> Self {
        Self { number: 0.0, size: 8.0, large: 20.0, seen: 0.0 }
    }

    /// Takes in the candidates of a picture, `seconds` after the one before.
    pub(super) fn follow<'a>(&mut self, candidates: impl Iterator<Item = &'a Candidate>, seconds: f32) {
        let mut areas: Vec<f32> = candidates.map(|candidate| candidate.area).collect();
        // What is known after a moment is the mean of it.
        self.seen += 1.0;
        let toward = |span: f32| (1.0 - (-seconds / span).exp()).max(1.0 / self.seen);
        let small: Vec<f32> = areas.iter().copied().filter(|area| *area < SMALL).collect();
        let flakes: f32 =
            areas.iter().map(|area| if *area < SMALL { 1.0 } else { half_if(*area < FLAKE) }).sum();
        self.number += toward(NUMBER) * (flakes - self.number);
        #[expect(clippy::cast_precision_loss, reason = "at most 60")]
        let count = small.len() as f32;
        if count > 0.0 {
            self.size += toward(SIZE) * (small.iter().sum::<f32>() / count - self.size);
        }
        if areas.len() >= 3 {
            let at = areas.len() * 4 / 5;
            let large = *areas.select_nth_unstable_by(at, f32::total_cmp).1;
            self.large += toward(LARGE) * (large - self.large);
        }
    }

    /// Small candidates in a picture of late.
    pub(super) fn number(&self) -> f32 {
        self.number
    }

    /// Whether it rains or snows.
    pub(super) fn falls(&self) -> bool {
        self.number > 5.0
    }

    /// Area below which nothing counts while it rains; 0 when it does not.
    pub(super) fn least_area(&self) -> f32 {
        let thick = ((self.number - THICK_FROM) / (THICK_TO - THICK_FROM)).clamp(0.0, 1.0);
        if self.falls() { (5.0 * self.size).max(2.5 * self.large) * (1.0 + THICK * thick) } else { 0.0 }
    }

    /// Factor on the distance that something of `area` must travel.
    pub(super) fn travel(&self, area: f32) -> f32 {
        if area < 3.0 * self.large { 1.0 + ((self.number - 2.0) * 0.25).clamp(0.0, 5.0) } else { 1.0 }
    }
}

fn half_if(so: bool) -> f32 {
    if so { 0.5 } else { 0.0 }
}
