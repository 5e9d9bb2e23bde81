//! How well decisions agree with a known truth.
//!
//! - A **truth event** is a maximal run of pictures in which something really moves and is visible, runs with
//!   less than the gap between them counting as one.
//! - A **detected event** is the same of pictures with [`Decision::motion`].
//! - They **match** when they overlap in time; one may match several. Precision is the share of the detected
//!   events that match, recall the share of the truth events that do. A clip without either scores nothing
//!   and costs nothing.
//! - **Frame** precision and recall count pictures. **IoU** is the mean, over the true boxes of pictures with motion in
//!   both, of the best overlap with a region. **Latency** is pictures from the first of a matched truth event
//!   to the first flagged one within it.

use std::time::Duration;

use frame::Rect;

use crate::{Decision, Label};

/// Something that really moves in a picture.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Truth {
    /// Its tight box in pixels of the source.
    pub rect: Rect,
    /// What it is.
    pub label: Label,
}

/// What came of a clip, or of several added up.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Score {
    /// Truth events, and those that were found.
    pub events: u32,
    /// Truth events that a detected event overlaps.
    pub found: u32,
    /// Detected events.
    pub detected: u32,
    /// Detected events that overlap no truth event.
    pub false_events: u32,
    /// Pictures with truth and motion.
    pub hits: u32,
    /// Pictures with motion and no truth.
    pub false_frames: u32,
    /// Pictures with truth and no motion.
    pub missed_frames: u32,
    /// All pictures.
    pub frames: u32,
    /// Media time of all clips.
    pub duration: Duration,
    /// Sum of the best overlaps, and how many.
    pub overlap: (f64, u32),
    /// Pictures to the first flagged one, one entry a found event.
    pub latencies: Vec<u32>,
    /// How often the regions on a true box of the first label were called the second.
    pub confusion: Vec<(Label, Label, u32)>,
}

/// Follows one clip.
#[derive(Debug)]
pub struct Scorer {
    gap: Duration,
    frames: Vec<Seen>,
    score: Score,
}

#[derive(Debug, Clone, Copy)]
struct Seen {
    at: Duration,
    truth: bool,
    motion: bool,
}

impl Scorer {
    /// For one clip whose events are apart when nothing moves for `gap`.
    #[must_use]
    pub fn new(gap: Duration) -> Self {
        Self { gap, frames: Vec::new(), score: Score::default() }
    }

    /// The next picture: what really moves in it, and what was decided.
    pub fn push(&mut self, truth: &[Truth], decision: &Decision) {
        let seen = Seen { at: decision.at, truth: !truth.is_empty(), motion: decision.motion };
        self.frames.push(seen);
        let score = &mut self.score;
        score.frames += 1;
        score.hits += u32::from(seen.truth && seen.motion);
        score.false_frames += u32::from(!seen.truth && seen.motion);
        score.missed_frames += u32::from(seen.truth && !seen.motion);
        if !seen.motion {
            return;
        }
        for box_ in truth {
            let best = decision
                .regions
                .iter()
                .map(|region| (region.rect.iou(box_.rect), region.label))
                .max_by(|a, b| a.0.total_cmp(&b.0))
                .unwrap_or((0.0, Label::Unknown));
            score.overlap.0 += best.0;
            score.overlap.1 += 1;
            if best.0 > 0.1 {
                score.confuse(box_.label, best.1, 1);
            }
        }
    }

    /// The clip is over.
    #[must_use]
    pub fn finish(mut self) -> Score {
        let truth = self.runs(|seen| seen.truth);
        let detected = self.runs(|seen| seen.motion);
        let overlap = |a: &(usize, usize), b: &(usize, usize)| a.0 <= b.1 && b.0 <= a.1;
        let score = &mut self.score;
        score.events = count(truth.len());
        score.detected = count(detected.len());
        score.found = count(truth.iter().filter(|t| detected.iter().any(|d| overlap(t, d))).count());
        score.false_events = count(detected.iter().filter(|d| !truth.iter().any(|t| overlap(t, d))).count());
        for &(first, last) in &truth {
            if let Some(late) = self.frames[first..=last].iter().position(|seen| seen.motion) {
                score.latencies.push(count(late));
            }
        }
        if let (Some(first), Some(last)) = (self.frames.first(), self.frames.last()) {
            score.duration = last.at.saturating_sub(first.at);
        }
        self.score
    }

    /// First and last picture of each run, runs closer than the gap joined.
    fn runs(&self, on: impl Fn(&Seen) -> bool) -> Vec<(usize, usize)> {
        let mut runs: Vec<(usize, usize)> = Vec::new();
        for (index, seen) in self.frames.iter().enumerate().filter(|(_, seen)| on(seen)) {
            match runs.last_mut() {
                Some(run) if seen.at.saturating_sub(self.frames[run.1].at) < self.gap => run.1 = index,
                _ => runs.push((index, index)),
            }
        }
        runs
    }
}

fn count(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

impl Score {
    /// Adds another clip's.
    pub fn add(&mut self, other: &Self) {
        self.events += other.events;
        self.found += other.found;
        self.detected += other.detected;
        self.false_events += other.false_events;
        self.hits += other.hits;
        self.false_frames += other.false_frames;
        self.missed_frames += other.missed_frames;
        self.frames += other.frames;
        self.duration += other.duration;
        self.overlap.0 += other.overlap.0;
        self.overlap.1 += other.overlap.1;
        self.latencies.extend_from_slice(&other.latencies);
        for &(truth, said, n) in &other.confusion {
            self.confuse(truth, said, n);
        }
    }

    fn confuse(&mut self, truth: Label, said: Label, n: u32) {
        match self.confusion.iter_mut().find(|entry| (entry.0, entry.1) == (truth, said)) {
            Some(entry) => entry.2 += n,
            None => self.confusion.push((truth, said, n)),
        }
    }

    /// Share of the detected events that are true; 1 when nothing was detected.
    #[must_use]
    pub fn precision(&self) -> f64 {
        share(self.detected - self.false_events, self.detected)
    }

    /// Share of the true events that were found; 1 when there were none.
    #[must_use]
    pub fn recall(&self) -> f64 {
        share(self.found, self.events)
    }

    /// Harmonic mean of [`Self::precision`] and [`Self::recall`].
    #[must_use]
    pub fn event_f1(&self) -> f64 {
        let (p, r) = (self.precision(), self.recall());
        if p + r > 0.0 { 2.0 * p * r / (p + r) } else { 0.0 }
    }

    /// The same for single pictures; 1 when there was nothing to find and nothing was flagged.
    #[must_use]
    pub fn frame_f1(&self) -> f64 {
        share(2 * self.hits, 2 * self.hits + self.false_frames + self.missed_frames)
    }

    /// Mean of the best overlaps, 0 when there was none.
    #[must_use]
    pub fn iou(&self) -> f64 {
        if self.overlap.1 == 0 { 0.0 } else { self.overlap.0 / f64::from(self.overlap.1) }
    }

    /// False events in an hour of media time.
    #[must_use]
    pub fn false_events_per_hour(&self) -> f64 {
        let hours = self.duration.as_secs_f64() / 3600.0;
        if hours > 0.0 { f64::from(self.false_events) / hours } else { 0.0 }
    }

    /// Median of the latencies in pictures, if any event was found.
    #[must_use]
    pub fn latency(&self) -> Option<u32> {
        let mut sorted = self.latencies.clone();
        sorted.sort_unstable();
        sorted.get(sorted.len().checked_sub(1)? / 2).copied()
    }
}

fn share(part: u32, whole: u32) -> f64 {
    if whole == 0 { 1.0 } else { f64::from(part) / f64::from(whole) }
}
