//! Tracks that count → regions in pixels of the source.

use frame::{Point, Rect, Size};

use super::follow::Tracks;
use super::proof::Context;
use super::track::{Sighting, Track};
use super::{Region, classify};
use crate::Extent;

/// Seconds that a region outlives its last sighting.
const HOLD: f64 = 0.22;
/// Pixels that it must have come within about a second to be still moving.
const STILL: f32 = 1.6;
const WITHIN: f64 = 0.95;
/// Votes of the flow, none of which came along: it only flickers.
const FLICKERS: usize = 6;
/// Pixels between boxes that belong to one thing, more for a larger one, and how much their velocities may differ.
const GAP: f32 = 2.0;
const GAP_OF_LENGTH: f32 = 0.2;
const ALIKE: f32 = 0.4;
/// Points of a trail.
const TRAIL: usize = 64;
/// Side in pixels at 640×480 of the margin with which an area is measured.
const MARGIN: f32 = 8.0;

/// From the analysed picture to the source.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scale {
    source: Size,
    analysed: (f32, f32),
}

impl Scale {
    #[expect(clippy::cast_precision_loss, reason = "pixels of a picture")]
    pub(super) fn new(source: Size, analysed: Size) -> Self {
        Self { source, analysed: (analysed.width.max(1) as f32, analysed.height.max(1) as f32) }
    }

    /// Width and height of the analysed picture.
    pub(super) fn analysed(self) -> (f32, f32) {
        self.analysed
    }

    /// A box in pixels of the source, inside the picture and never empty.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "clamped to the picture"
    )]
    pub(super) fn rect(self, extent: Extent) -> Rect {
        let span = |from: f32, length: f32, analysed: f32, source: u32| {
            let scale = source as f32 / analysed;
            let low = ((from * scale).round().max(0.0) as u32).min(source - 1);
            let high = (((from + length) * scale).round().max(0.0) as u32).clamp(low + 1, source);
            (low, high - low)
        };
        let (x, w) = span(extent.x, extent.w, self.analysed.0, self.source.width);
        let (y, h) = span(extent.y, extent.h, self.analysed.1, self.source.height);
        Rect::new(x, y, w, h)
    }

    /// Two corners as shares of the picture.
    pub(super) fn shares(self, extent: Extent) -> (Point, Point) {
        (self.share(extent.x, extent.y), self.share(extent.x + extent.w, extent.y + extent.h))
    }

    fn share(self, x: f32, y: f32) -> Point {
        Point { x: (x / self.analysed.0).clamp(0.0, 1.0), y: (y / self.analysed.1).clamp(0.0, 1.0) }
    }

    /// A setting in pixels at 640×480, in pixels of the analysed picture.
    #[expect(clippy::cast_precision_loss, reason = "a setting of a few thousand")]
    pub(super) fn min_area(self, pixels: u32) -> f32 {
        pixels as f32 * self.analysed.0 * self.analysed.1 / (640.0 * 480.0)
    }

    /// The area of a box as a person would mark it.
    pub(super) fn widened_area(self, extent: Extent) -> f32 {
        let margin = 2.0 * MARGIN * self.analysed.0 / 640.0;
        (extent.w + margin) * (extent.h + margin)
    }
}

/// What counts and still moves.
pub(super) fn regions(tracks: &Tracks, context: &Context<'_>) -> Vec<Region> {
    let mut moving: Vec<&Track> = tracks.all.iter().filter(|track| moves(track, context)).collect();
    moving.sort_by_key(|track| track.id);
    let mut merged: Vec<(&Track, Extent)> = Vec::with_capacity(moving.len());
    for track in moving {
        match merged.iter_mut().find(|(other, known)| belong_together(other, *known, track)) {
            Some((_, known)) => *known = union(*known, track.extent),
            None => merged.push((track, track.extent)),
        }
    }
    absorb_parts(&mut merged, tracks, context);
    merged.into_iter().map(|(track, extent)| region(track, extent, context)).collect()
}

/// Patches of a thing whose middle looks like the background are tracks of their own; those that move with it are it.
fn absorb_parts(merged: &mut [(&Track, Extent)], tracks: &Tracks, context: &Context<'_>) {
    let parts = tracks.all.iter().filter(|track| !track.counts && track.missed == 0);
    for part in parts.filter(|track| track.seen >= context.now) {
        if let Some((_, known)) =
            merged.iter_mut().find(|(whole, known)| belong_together(whole, *known, part))
        {
            *known = union(*known, part.extent);
        }
    }
}

fn moves(track: &Track, context: &Context<'_>) -> bool {
    if !track.counts || context.now - track.seen > HOLD && track.missed > 1 {
        return false;
    }
    if context.weather.least_area() > 0.0 && track.area < 0.8 * context.weather.least_area() {
        return false;
    }
    let (moved, _) = track.displacement(WITHIN);
    let young = context.now - track.born < WITHIN;
    let flickers =
        track.votes.len() >= FLICKERS && !track.votes.iter().rev().take(FLICKERS).any(|v| v.came_along);
    (young || moved.0.hypot(moved.1) >= STILL) && !flickers && !track.stands()
}

/// Whether a track is close to a thing and moves as it does.
fn belong_together(whole: &Track, extent: Extent, part: &Track) -> bool {
    let other = part.extent;
    let gap = GAP + GAP_OF_LENGTH * extent.w.max(extent.h);
    let near = extent.x - gap < other.x + other.w
        && other.x < extent.x + extent.w + gap
        && extent.y - gap < other.y + other.h
        && other.y < extent.y + extent.h + gap;
    let (a, b) = (whole.pace(), part.pace());
    near && (a.0 - b.0).hypot(a.1 - b.1) < ALIKE * a.0.hypot(a.1).max(b.0.hypot(b.1)) + 6.0
}

fn union(a: Extent, b: Extent) -> Extent {
    let (x, y) = (a.x.min(b.x), a.y.min(b.y));
    Extent { x, y, w: (a.x + a.w).max(b.x + b.w) - x, h: (a.y + a.h).max(b.y + b.h) - y }
}

fn region(track: &Track, extent: Extent, context: &Context<'_>) -> Region {
    let (moved, passed) = track.displacement(1.5);
    let speed = moved.0.hypot(moved.1) / passed.max(0.1);
    let (label, confidence, alternatives) = track.traits.verdict(speed, track.busy_at_birth);
    Region {
        track: track.id,
        rect: context.scale.rect(extent),
        label,
        confidence,
        alternatives,
        direction: classify::direction(moved, track.length(), track.traits.growth()),
        trail: trail(track, context.scale),
    }
}

/// Oldest first, thinned to what is kept of it.
fn trail(track: &Track, scale: Scale) -> Vec<Point> {
    let step = track.past.len().div_ceil(TRAIL).max(1);
    let newest_first = track.past.iter().rev().step_by(step);
    let mut trail: Vec<Point> = newest_first.map(|&Sighting { x, y, .. }| scale.share(x, y)).collect();
    trail.reverse();
    trail
}
