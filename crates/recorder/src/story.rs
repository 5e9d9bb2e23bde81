//! What happened over one part of an event: boxes, trail, label, numbers. Bounded, whatever the length.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use frame::{Point, Rect, Size};
use motion::{Direction, EventEnd, Label, Signature, Signing};
use store::event::{Moment, Verdict};

use crate::cue::{Reason, Sight};

/// Sightings that are kept: five minutes at sixty a second, and an hour at five.
const MOMENTS: usize = 18_000;
/// Tracks that are followed at once.
const TRACKS: usize = 64;
/// Boxes that an event tells.
const REGIONS: usize = 16;
/// Points that an event's trail has.
const TRAIL: usize = 64;

/// One part's.
#[derive(Debug, Default)]
pub(crate) struct Story {
    moments: Vec<(Duration, Moment)>,
    tracks: HashMap<u32, Track>,
    scores: Vec<(Label, f32)>,
    weight: f32,
    directions: Vec<(Direction, u32)>,
    signing: Signing,
    reason: Option<Arc<Reason>>,
    /// The frame before, so that none is counted twice.
    last: Option<Duration>,
}

/// What one mover did.
#[derive(Debug)]
struct Track {
    largest: Rect,
    /// Sum of the areas it was seen with.
    weight: f64,
    trail: Vec<Point>,
    /// Every so many sightings become a point.
    stride: u32,
    seen: u32,
}

impl Story {
    /// The next sighting.
    pub(crate) fn add(&mut self, sight: &Sight) {
        let at = sight.frame.stamp().mono;
        if self.last.is_some_and(|last| at <= last) {
            return;
        }
        self.last = Some(at);
        let size = sight.frame.size();
        self.signing.add(&sight.field, &sight.decision, size);
        if sight.reason.is_some() {
            self.reason.clone_from(&sight.reason);
        }
        let mut boxes = Vec::new();
        let mut moving = 0_u64;
        for region in &sight.decision.regions {
            boxes.push((region.track, region.rect, region.label.name().to_owned()));
            moving += region.rect.area();
            let root = root(region.rect.area());
            self.weight += root;
            self.score(region.label, region.confidence * root);
            for &(label, share) in &region.alternatives {
                self.score(label, share * root);
            }
            self.follow(region.track, region.rect, size);
        }
        if let Some(main) = motion_main(sight) {
            match self.directions.iter_mut().find(|(direction, _)| *direction == main.direction) {
                Some((_, n)) => *n += 1,
                None => self.directions.push((main.direction, 1)),
            }
        }
        if self.moments.len() < MOMENTS {
            let motion = share(moving, size);
            self.moments.push((at, Moment { at: Duration::ZERO, boxes, motion }));
        }
    }

    fn score(&mut self, label: Label, by: f32) {
        match self.scores.iter_mut().find(|(known, _)| *known == label) {
            Some((_, score)) => *score += by,
            None => self.scores.push((label, by)),
        }
    }

    fn follow(&mut self, track: u32, rect: Rect, size: Size) {
        if self.tracks.len() >= TRACKS && !self.tracks.contains_key(&track) {
            return;
        }
        let track = self.tracks.entry(track).or_insert_with(|| Track {
            largest: rect,
            weight: 0.0,
            trail: Vec::new(),
            stride: 1,
            seen: 0,
        });
        if rect.area() > track.largest.area() {
            track.largest = rect;
        }
        track.weight += f64::from(root(rect.area()));
        if track.seen.is_multiple_of(track.stride) {
            track.trail.push(middle(rect, size));
            if track.trail.len() > 2 * TRAIL {
                let mut odd = false;
                track.trail.retain(|_| {
                    odd = !odd;
                    odd
                });
                track.stride *= 2;
            }
        }
        track.seen += 1;
    }

    /// The number of the track that this is about.
    pub(crate) fn main_track(&self) -> Option<u32> {
        let main = self.tracks.iter().max_by(|a, b| a.1.weight.total_cmp(&b.1.weight).then(b.0.cmp(a.0)))?;
        Some(*main.0)
    }

    /// What moved when, since the part's first frame.
    pub(crate) fn moments(&self, first: Duration, last: Duration) -> Vec<Moment> {
        let within = self.moments.iter().filter(|(at, _)| (first..=last).contains(at));
        within.map(|(at, moment)| Moment { at: *at - first, ..moment.clone() }).collect()
    }

    /// The largest box of each track, largest first.
    pub(crate) fn regions(&self) -> Vec<Rect> {
        let mut regions: Vec<Rect> = self.tracks.values().map(|track| track.largest).collect();
        regions.sort_by_key(|rect| (std::cmp::Reverse(rect.area()), rect.x, rect.y));
        regions.truncate(REGIONS);
        regions
    }

    /// Where the main mover went.
    pub(crate) fn trail(&self) -> Vec<Point> {
        let Some(main) = self.main_track().and_then(|track| self.tracks.get(&track)) else {
            return Vec::new();
        };
        let len = main.trail.len();
        if len <= TRAIL {
            return main.trail.clone();
        }
        (0..TRAIL).filter_map(|n| main.trail.get(n * (len - 1) / (TRAIL - 1)).copied()).collect()
    }

    /// The numbers of the movement.
    pub(crate) fn signature(&self) -> Signature {
        self.signing.signature()
    }

    /// Why it fired, as told last.
    pub(crate) fn reason(&self) -> Option<&Arc<Reason>> {
        self.reason.as_ref()
    }

    /// What it was: as the detector says at the end, or as far as it has come.
    pub(crate) fn verdict(&self, end: Option<&EventEnd>) -> Verdict {
        if let Some(end) = end {
            return Verdict {
                label: end.label.name().to_owned(),
                confidence: end.confidence,
                alternatives: named(&end.alternatives),
                direction: end.direction.name().to_owned(),
                by_person: false,
            };
        }
        let mut shares: Vec<(Label, f32)> = self
            .scores
            .iter()
            .map(|&(label, score)| (label, (score / self.weight.max(1e-6)).clamp(0.0, 1.0)))
            .collect();
        shares.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        let (label, confidence) = shares.first().copied().unwrap_or((Label::Unknown, 0.0));
        let direction =
            self.directions.iter().max_by_key(|(_, n)| *n).map_or(Direction::Still, |(it, _)| *it);
        Verdict {
            label: label.name().to_owned(),
            confidence,
            alternatives: named(shares.get(1..).unwrap_or_default()),
            direction: direction.name().to_owned(),
            by_person: false,
        }
    }
}

/// The largest mover stands for the picture.
pub(crate) fn motion_main(sight: &Sight) -> Option<&motion::Region> {
    sight.decision.regions.iter().max_by_key(|region| region.rect.area())
}

fn named(shares: &[(Label, f32)]) -> Vec<(String, f32)> {
    shares.iter().map(|(label, share)| (label.name().to_owned(), *share)).collect()
}

#[expect(clippy::cast_precision_loss, reason = "areas of pictures")]
fn root(area: u64) -> f32 {
    (area as f32).sqrt()
}

#[expect(clippy::cast_precision_loss, reason = "areas of pictures")]
fn share(area: u64, size: Size) -> f32 {
    (area as f32 / (size.area() as f32).max(1.0)).min(1.0)
}

#[expect(clippy::cast_precision_loss, reason = "sides of pictures")]
fn middle(rect: Rect, size: Size) -> Point {
    let share =
        |at: u32, len: u32, side: u32| ((at as f32 + len as f32 / 2.0) / side.max(1) as f32).clamp(0.0, 1.0);
    Point { x: share(rect.x, rect.w, size.width), y: share(rect.y, rect.h, size.height) }
}
