//! Motion on and off → events.

use std::time::Duration;

use super::{Best, Direction, EventEdge, EventEnd, Label, Region};
use crate::Settings;

/// Follows one camera's events.
#[derive(Debug, Default)]
pub(super) struct Events {
    open: Option<Open>,
}

#[derive(Debug)]
struct Open {
    began: Duration,
    began_clock: Duration,
    last: Duration,
    last_clock: Duration,
    scores: Vec<(Label, f32)>,
    weight: f32,
    directions: Vec<(Direction, u32)>,
    best: Best,
    best_worth: f32,
}

impl Events {
    /// The next picture: `at` in media time, `clock` the time that really passed.
    pub(super) fn step(
        &mut self,
        at: Duration,
        clock: Duration,
        regions: &[Region],
        settings: &Settings,
    ) -> Option<EventEdge> {
        if let Some(open) = &self.open {
            let quiet = clock.saturating_sub(open.last_clock);
            if quiet > Duration::ZERO && quiet >= settings.event_gap {
                return self.finish(settings);
            }
        }
        let largest = regions.iter().max_by_key(|region| region.rect.area())?;
        match &mut self.open {
            Some(open) => {
                open.take(at, clock, regions, largest);
                None
            }
            None => {
                let best = Best { at, rect: largest.rect };
                let mut open = Open {
                    began: at,
                    began_clock: clock,
                    last: at,
                    last_clock: clock,
                    scores: Vec::new(),
                    weight: 0.0,
                    directions: Vec::new(),
                    best,
                    best_worth: 0.0,
                };
                open.take(at, clock, regions, largest);
                self.open = Some(open);
                Some(EventEdge::Began { at })
            }
        }
    }

    /// Ends what is open.
    pub(super) fn finish(&mut self, settings: &Settings) -> Option<EventEdge> {
        let open = self.open.take()?;
        let brief = open.last_clock.saturating_sub(open.began_clock) < settings.min_duration;
        let (label, confidence, alternatives) = open.verdict();
        let direction = open.directions.iter().max_by_key(|(_, n)| *n).map_or(Direction::Still, |(d, _)| *d);
        Some(EventEdge::Ended(EventEnd {
            began: open.began,
            at: open.last,
            brief,
            label,
            confidence,
            alternatives,
            direction,
            best: open.best,
        }))
    }
}

impl Open {
    fn take(&mut self, at: Duration, clock: Duration, regions: &[Region], largest: &Region) {
        (self.last, self.last_clock) = (at, clock);
        for region in regions {
            // A large region says more about what the event was than a speck beside it.
            let weight = area(region).sqrt();
            self.weight += weight;
            self.score(region.label, region.confidence * weight);
            for &(label, confidence) in &region.alternatives {
                self.score(label, confidence * weight);
            }
        }
        match self.directions.iter_mut().find(|(direction, _)| *direction == largest.direction) {
            Some((_, n)) => *n += 1,
            None => self.directions.push((largest.direction, 1)),
        }
        let worth = area(largest) * (0.2 + largest.confidence);
        if worth > self.best_worth {
            self.best_worth = worth;
            self.best = Best { at, rect: largest.rect };
        }
    }

    fn score(&mut self, label: Label, by: f32) {
        match self.scores.iter_mut().find(|(known, _)| *known == label) {
            Some((_, score)) => *score += by,
            None => self.scores.push((label, by)),
        }
    }

    /// The likeliest label, and the others, likeliest first.
    fn verdict(&self) -> (Label, f32, Vec<(Label, f32)>) {
        let mut shares: Vec<(Label, f32)> = self
            .scores
            .iter()
            .map(|&(label, score)| (label, (score / self.weight.max(1e-6)).clamp(0.0, 1.0)))
            .collect();
        shares.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        if shares.is_empty() {
            return (Label::Unknown, 0.0, Vec::new());
        }
        let (label, confidence) = shares.remove(0);
        super::classify::bounded(label, confidence, shares)
    }
}

#[expect(clippy::cast_precision_loss, reason = "areas of pictures")]
fn area(region: &Region) -> f32 {
    region.rect.area() as f32
}
