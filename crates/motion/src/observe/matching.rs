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
        let sample = thinned(pixels);
        if sample.len() < FEWEST {
            return found;
        }
        for wanted in LAGS {
            let Some((lag, levels)) = self.nearest(at, wanted) else { continue };
            if found.last().is_some_and(|last| last.lag >= lag - 0.01) {
                continue;
            }
            let plane = Plane { size: self.size, levels };
            let (around, reach) = expectation(&found, lag, extent);
            if let Some((moved, score, still)) = plane.search(&sample, around, reach) {
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

/// At most [`SAMPLE`] of them, evenly.
fn thinned(pixels: &[Pixel]) -> Vec<Pixel> {
    pixels.iter().step_by(pixels.len().div_ceil(SAMPLE).max(1)).copied().collect()
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

impl Plane<'_> {
    /// The best displacement (sub-pixel), its score and the score of standing still.
    fn search(&self, pixels: &[Pixel], around: (i32, i32), reach: i32) -> Option<((f32, f32), f32, f32)> {
        let still = self.score(pixels, (0, 0))?;
        let step = if reach > 8 { 2 } else { 1 };
        let mut best = ((0, 0), still);
        let consider = |at: (i32, i32), best: &mut ((i32, i32), f32)| {
            if let Some(score) = self.score(pixels, at).filter(|score| *score < best.1) {
                *best = (at, score);
            }
        };
        for dy in (-reach..=reach).step_by(step) {
            for dx in (-reach..=reach).step_by(step) {
                consider((around.0 + dx, around.1 + dy), &mut best);
            }
        }
        if step > 1 {
            let centre = best.0;
            for (dx, dy) in (-1..=1).flat_map(|y| (-1..=1).map(move |x| (x, y))) {
                consider((centre.0 + dx, centre.1 + dy), &mut best);
            }
        }
        Some((self.refined(pixels, best), best.1, still))
    }

    /// The vertex of the parabola through the neighbours.
    #[expect(clippy::cast_precision_loss, reason = "displacements are a few pixels")]
    fn refined(&self, pixels: &[Pixel], ((x, y), score): ((i32, i32), f32)) -> (f32, f32) {
        let vertex = |before: Option<f32>, after: Option<f32>| match (before, after) {
            (Some(l), Some(r)) if l + r - 2.0 * score > 1e-3 => {
                (0.5 * (l - r) / (l - 2.0 * score + r)).clamp(-0.5, 0.5)
            }
            _ => 0.0,
        };
        let dx = vertex(self.score(pixels, (x - 1, y)), self.score(pixels, (x + 1, y)));
        let dy = vertex(self.score(pixels, (x, y - 1)), self.score(pixels, (x, y + 1)));
        (x as f32 + dx, y as f32 + dy)
    }

    /// Mean squared difference with the pixels displaced; `None` when too few of them were in the picture.
    #[expect(clippy::cast_precision_loss, reason = "at most 96 × 255²")]
    fn score(&self, pixels: &[Pixel], by: (i32, i32)) -> Option<f32> {
        let (width, height) = (signed(self.size.width), signed(self.size.height));
        let (mut sum, mut inside) = (0u32, 0usize);
        for pixel in pixels {
            let (x, y) = (pixel.x + by.0, pixel.y + by.1);
            if x < 0 || y < 0 || x >= width || y >= height {
                continue;
            }
            #[expect(clippy::cast_sign_loss, reason = "inside the picture")]
            let there = self.levels[(y * width + x) as usize];
            let apart = u32::from(pixel.level.abs_diff(there));
            sum += apart * apart;
            inside += 1;
        }
        (inside >= FEWEST && inside * 100 >= pixels.len() * INSIDE).then(|| sum as f32 / inside as f32)
    }
}
