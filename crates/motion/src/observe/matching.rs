//! Sparse flow: where were a candidate's own pixels a little earlier?
//!
//! A masked block match: only the candidate's pixels are compared, so the background around a thing of fifteen
//! pixels does not vote. The nearest earlier picture is searched widely, older ones around where the displacement so
//! far points to; not having moved is always measured too.

use std::collections::VecDeque;
use std::time::Duration;

use frame::Size;

use super::cv::signed;
use crate::Match;

/// Seconds back that are looked at.
const LAGS: [f32; 4] = [0.1, 0.2, 0.4, 0.8];
/// Earlier pictures closer together than this add nothing.
const SPACING: Duration = Duration::from_millis(60);
/// Earlier pictures kept: a second's worth and a spare.
const KEPT: usize = 17;
/// Pixels of a candidate that are compared.
const SAMPLE: usize = 96;
/// Fewer say nothing.
const FEWEST: usize = 6;
/// Share of the pixels that must have been in the picture.
const INSIDE: usize = 60;

/// What a place must fit better for each pixel that it is farther from the expected one, over the number of pixels
/// compared: ten pixels fit well somewhere by chance, a hundred do not.
const FARTHER: f32 = 6.0;

/// One pixel of a candidate: where, and how bright.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pixel {
    pub(super) x: i32,
    pub(super) y: i32,
    pub(super) level: u8,
}

/// Pictures of the last second, light taken out.
#[derive(Debug)]
pub(super) struct History {
    size: Size,
    pictures: VecDeque<(Duration, Vec<u8>)>,
}

impl History {
    pub(super) fn new(size: Size) -> Self {
        Self { size, pictures: VecDeque::with_capacity(KEPT + 1) }
    }

    /// The newest picture kept.
    pub(super) fn newest(&self) -> Option<(Duration, &[u8])> {
        self.pictures.back().map(|(at, levels)| (*at, levels.as_slice()))
    }

    /// Keeps a picture, after its candidates were looked for in the earlier ones.
    pub(super) fn push(&mut self, at: Duration, levels: &[u8]) {
        if self.pictures.back().is_some_and(|(last, _)| at.saturating_sub(*last) < SPACING) {
            return;
        }
        let mut room = if self.pictures.len() >= KEPT {
            self.pictures.pop_front().map(|(_, levels)| levels).unwrap_or_default()
        } else {
            Vec::new()
        };
        room.clear();
        room.extend_from_slice(levels);
        self.pictures.push_back((at, room));
    }

    /// Where these pixels were, a match a lag that there is a picture for.
    pub(super) fn matches(&self, at: Duration, pixels: &[Pixel], extent: f32) -> Vec<Match> {
        let mut found: Vec<Match> = Vec::with_capacity(LAGS.len());
        let Some(probe) = Probe::of(pixels) else { return found };
        for wanted in LAGS {
            let Some((lag, levels)) = self.nearest(at, wanted) else { continue };
            if found.last().is_some_and(|last| last.lag >= lag - 0.01) {
                continue;
            }
            let plane = Plane { size: self.size, levels };
            let (around, reach) = expectation(&found, lag, extent);
            if let Some((moved, score, still)) = plane.search(&probe, around, reach) {
                found.push(Match { lag, moved: (-moved.0, -moved.1), score, still });
            }
        }
        found
    }

    fn nearest(&self, at: Duration, seconds: f32) -> Option<(f32, &[u8])> {
        let ages =
            self.pictures.iter().map(|(time, levels)| (at.saturating_sub(*time).as_secs_f32(), levels));
        let (age, levels) = ages.min_by(|a, b| (a.0 - seconds).abs().total_cmp(&(b.0 - seconds).abs()))?;
        (age > 0.0 && age > seconds * 0.5 && age < seconds * 2.5).then_some((age, levels.as_slice()))
    }
}

/// At most [`SAMPLE`] of a candidate's pixels, evenly, and the box they fill.
#[derive(Debug)]
struct Probe {
    pixels: Vec<Pixel>,
    low: (i32, i32),
    high: (i32, i32),
}

impl Probe {
    fn of(pixels: &[Pixel]) -> Option<Self> {
        let every = pixels.len().div_ceil(SAMPLE).max(1);
        let pixels: Vec<Pixel> = pixels.iter().step_by(every).copied().collect();
        if pixels.len() < FEWEST {
            return None;
        }
        let fold = |pick: fn(i32, i32) -> i32, from: i32| {
            pixels.iter().fold((from, from), |at, pixel| (pick(at.0, pixel.x), pick(at.1, pixel.y)))
        };
        let (low, high) = (fold(i32::min, i32::MAX), fold(i32::max, i32::MIN));
        Some(Self { pixels, low, high })
    }

    /// How many there are.
    #[expect(clippy::cast_precision_loss, reason = "at most 96")]
    fn weight(&self) -> f32 {
        self.pixels.len() as f32
    }
}

/// Where the pixels should be, and what each pixel away from there costs.
#[derive(Debug)]
struct Expected {
    around: (i32, i32),
    dear: f32,
}

impl Expected {
    #[expect(clippy::cast_precision_loss, reason = "displacements within a picture")]
    fn penalty(&self, at: (i32, i32)) -> f32 {
        self.dear * ((at.0 - self.around.0) as f32).hypot((at.1 - self.around.1) as f32)
    }
}

/// Where to look, backwards in time, and how far around it.
fn expectation(found: &[Match], lag: f32, extent: f32) -> ((i32, i32), i32) {
    #[expect(clippy::cast_possible_truncation, reason = "bounded by the clamp")]
    let whole = |v: f32| v.round().clamp(-200.0, 200.0) as i32;
    match found.last() {
        None => ((0, 0), whole((5.0 + 0.5 * extent).min(26.0))),
        Some(last) => {
            let (dx, dy) = (-last.moved.0 * lag / last.lag, -last.moved.1 * lag / last.lag);
            ((whole(dx), whole(dy)), whole((4.0 + 0.2 * dx.hypot(dy)).min(14.0)))
        }
    }
}

struct Plane<'a> {
    size: Size,
    levels: &'a [u8],
}

/// A displacement, how badly it fits, and the same with the penalty for being far from what was expected.
#[derive(Debug, Clone, Copy)]
struct Fit {
    at: (i32, i32),
    score: f32,
    cost: f32,
}

impl Plane<'_> {
    /// The best displacement (sub-pixel), its score and the score of standing still.
    fn search(&self, probe: &Probe, around: (i32, i32), reach: i32) -> Option<((f32, f32), f32, f32)> {
        let still = self.score(probe, (0, 0), f32::MAX)?;
        let step = if reach > 8 { 2 } else { 1 };
        let expected = Expected { around, dear: FARTHER / probe.weight() };
        let mut best = Fit { at: (0, 0), score: still, cost: still + expected.penalty((0, 0)) };
        self.improve(probe, &mut best, (around, reach, step), &expected);
        if step > 1 {
            let centre = best.at;
            self.improve(probe, &mut best, (centre, 1, 1), &expected);
        }
        Some((self.refined(probe, best), best.score, still))
    }

    fn improve(
        &self,
        probe: &Probe,
        best: &mut Fit,
        (centre, reach, step): ((i32, i32), i32, usize),
        expected: &Expected,
    ) {
        for dy in (-reach..=reach).step_by(step) {
            for dx in (-reach..=reach).step_by(step) {
                let at = (centre.0 + dx, centre.1 + dy);
                let penalty = expected.penalty(at);
                let enough = best.cost - penalty;
                if let Some(score) = self.score(probe, at, enough).filter(|score| *score < enough) {
                    *best = Fit { at, score, cost: score + penalty };
                }
            }
        }
    }

    /// The vertex of the parabola through the neighbours.
    #[expect(clippy::cast_precision_loss, reason = "displacements are a few pixels")]
    fn refined(&self, probe: &Probe, Fit { at: (x, y), score, .. }: Fit) -> (f32, f32) {
        let at = |x, y| self.score(probe, (x, y), f32::MAX);
        let vertex = |before: Option<f32>, after: Option<f32>| match (before, after) {
            (Some(l), Some(r)) if l + r - 2.0 * score > 1e-3 => {
                (0.5 * (l - r) / (l - 2.0 * score + r)).clamp(-0.5, 0.5)
            }
            _ => 0.0,
        };
        let dx = vertex(at(x - 1, y), at(x + 1, y));
        let dy = vertex(at(x, y - 1), at(x, y + 1));
        (x as f32 + dx, y as f32 + dy)
    }

    /// Mean squared difference with the pixels displaced; `None` when too few of them were in the picture, and
    /// when it is clear half-way that it is more than `enough`.
    #[expect(clippy::cast_precision_loss, reason = "at most 96 × 255²")]
    fn score(&self, probe: &Probe, by: (i32, i32), enough: f32) -> Option<f32> {
        let (width, height) = (signed(self.size.width), signed(self.size.height));
        let low = (probe.low.0 + by.0, probe.low.1 + by.1);
        let high = (probe.high.0 + by.0, probe.high.1 + by.1);
        if low.0 < 0 || low.1 < 0 || high.0 >= width || high.1 >= height {
            return self.score_partly(probe, by);
        }
        let n = probe.pixels.len() as f32;
        let offset = by.1 * width + by.0;
        let mut sum = 0u32;
        for few in probe.pixels.chunks(24) {
            for pixel in few {
                sum += self.apart(pixel, pixel.y * width + pixel.x + offset);
            }
            if sum as f32 > enough * n {
                return None;
            }
        }
        Some(sum as f32 / n)
    }

    /// The same where some of the pixels were outside.
    #[expect(clippy::cast_precision_loss, reason = "at most 96 × 255²")]
    fn score_partly(&self, probe: &Probe, by: (i32, i32)) -> Option<f32> {
        let (width, height) = (signed(self.size.width), signed(self.size.height));
        let (mut sum, mut inside) = (0u32, 0usize);
        for pixel in &probe.pixels {
            let (x, y) = (pixel.x + by.0, pixel.y + by.1);
            if (0..width).contains(&x) && (0..height).contains(&y) {
                sum += self.apart(pixel, y * width + x);
                inside += 1;
            }
        }
        (inside >= FEWEST && inside * 100 >= probe.pixels.len() * INSIDE).then(|| sum as f32 / inside as f32)
    }

    fn apart(&self, pixel: &Pixel, index: i32) -> u32 {
        #[expect(clippy::cast_sign_loss, reason = "inside the picture")]
        let there = self.levels[index as usize];
        let apart = u32::from(pixel.level.abs_diff(there));
        apart * apart
    }
}
