//! Frames worth showing, chosen while the event goes on: a few are kept, whatever its length.
//!
//! What does not belong here: how a picture is made of them, that is [`crate::pictures`].

use std::sync::Arc;
use std::time::Duration;

use frame::{Frame, FrameSeq, Rect};

use crate::cue::Sight;
use crate::story::motion_main;

/// Frames that may become the poster.
const POSTERS: usize = 6;
/// Of two that follow each other so closely only the better one stays.
const NEAR: u64 = 4;
/// Sightings along the mover's path.
const STEPS: usize = 16;
/// So long before it is first seen a mover is not in the picture yet.
const CLEAR: Duration = Duration::from_secs(1);
/// Frames over the whole part.
const SPREAD: usize = 16;

/// A frame and where to look in it.
#[derive(Debug, Clone)]
pub(crate) struct Shot {
    pub(crate) frame: Arc<Frame>,
    pub(crate) rect: Rect,
    pub(crate) track: u32,
    /// More is better.
    worth: f32,
}

impl Shot {
    /// How much it shows, as far as boxes tell: area and how sure the label is.
    pub(crate) fn worth(&self) -> f32 {
        self.worth
    }
}

/// One part's.
#[derive(Debug, Default)]
pub(crate) struct Shots {
    posters: Vec<Shot>,
    steps: Sparse<Shot>,
    spread: Sparse<Arc<Frame>>,
}

/// Every so many of a row, so that it never grows beyond twice its size and spans all of it.
#[derive(Debug)]
struct Sparse<T> {
    kept: Vec<T>,
    stride: u64,
    seen: u64,
}

impl<T> Default for Sparse<T> {
    fn default() -> Self {
        Self { kept: Vec::new(), stride: 1, seen: 0 }
    }
}

impl<T> Sparse<T> {
    fn add(&mut self, most: usize, it: impl FnOnce() -> T) {
        if self.seen.is_multiple_of(self.stride) {
            if self.kept.len() >= most {
                let mut odd = false;
                self.kept.retain(|_| {
                    odd = !odd;
                    odd
                });
                self.stride *= 2;
            }
            if self.seen.is_multiple_of(self.stride) {
                self.kept.push(it());
            }
        }
        self.seen += 1;
    }
}

impl Shots {
    /// A frame of the clip.
    pub(crate) fn frame(&mut self, frame: &Arc<Frame>) {
        self.spread.add(SPREAD, || frame.clone());
    }

    /// A sighting.
    pub(crate) fn sighted(&mut self, sight: &Sight) {
        let Some(main) = motion_main(sight) else { return };
        #[expect(clippy::cast_precision_loss, reason = "an area of a picture")]
        let worth = main.rect.area() as f32 * (0.2 + main.confidence);
        let shot = Shot { frame: sight.frame.clone(), rect: main.rect, track: main.track, worth };
        self.steps.add(STEPS, || shot.clone());
        let seq = shot.frame.seq();
        if let Some(near) = self.posters.iter_mut().find(|it| it.frame.seq().abs_diff(seq) < NEAR) {
            if near.worth < worth {
                *near = shot;
            }
            return;
        }
        if self.posters.len() < POSTERS {
            self.posters.push(shot);
        } else if let Some(least) = self.posters.iter_mut().min_by(|a, b| a.worth.total_cmp(&b.worth))
            && least.worth < worth
        {
            *least = shot;
        }
    }

    /// Those that may become the poster, of frames within these numbers.
    pub(crate) fn posters(&self, first: FrameSeq, last: FrameSeq) -> impl Iterator<Item = &Shot> {
        self.posters.iter().filter(move |shot| (first..=last).contains(&shot.frame.seq()))
    }

    /// That which shows most so far, of frames from that number on.
    pub(crate) fn best(&self, first: FrameSeq) -> Option<&Shot> {
        self.posters(first, FrameSeq::MAX).max_by(|a, b| a.worth.total_cmp(&b.worth))
    }

    /// The path of a mover, oldest first.
    pub(crate) fn path(&self, track: u32, first: FrameSeq, last: FrameSeq) -> Vec<&Shot> {
        let steps = self.steps.kept.iter();
        steps.filter(|it| it.track == track && (first..=last).contains(&it.frame.seq())).collect()
    }

    /// A frame from `first` on of before that one: not so near that a mover in it showed already, nor farther than need be.
    pub(crate) fn before(&self, frame: &Frame, first: FrameSeq) -> Option<&Arc<Frame>> {
        let usable = |it: &&Arc<Frame>| (first..frame.seq()).contains(&it.seq()) && it.size() == frame.size();
        let is_clear = |it: &&Arc<Frame>| it.stamp().mono + CLEAR <= frame.stamp().mono;
        let mut earlier = self.spread.kept.iter().filter(usable);
        earlier.clone().rfind(is_clear).or_else(|| earlier.next())
    }

    /// So many frames, evenly over the part.
    pub(crate) fn spread(&self, count: usize, first: FrameSeq, last: FrameSeq) -> Vec<Arc<Frame>> {
        let frames = self.spread.kept.iter().filter(|frame| (first..=last).contains(&frame.seq()));
        let frames: Vec<_> = frames.collect();
        if frames.is_empty() {
            return Vec::new();
        }
        // The middle of each of so many stretches; of a part shorter than that each frame once.
        let count = count.min(frames.len());
        (0..count)
            .filter_map(|n| frames.get((2 * n + 1) * frames.len() / (2 * count)))
            .map(|it| (*it).clone())
            .collect()
    }
}
