//! Why the newest thing fired, or what held the newest near miss back: from decisions to [`Why`].
//!
//! A track is watched from its first sighting on, so that what it did until it counted can be told. What does not
//! belong here: the words, those are in [`sentence`].

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use frame::{Rect, Size, Stamp};
use motion::{CandidateReport, Decision, Gate, Label, NearMiss, Region, Sense};
use server::{GateView, Why};

mod sentence;
#[cfg(test)]
mod tests;

use sentence::{Moved, fired, held};

/// A near miss is told once nothing has moved for so long; before, what moved is what one wants to know about.
const QUIET: Duration = Duration::from_secs(10);
/// A track that was not seen for so long will not be seen again.
const FORGET: Duration = Duration::from_secs(5);
/// Tracks that are watched at once: more than the detector follows.
const MOST: usize = 256;

/// Keeps what is needed to say why.
#[derive(Debug, Default)]
pub(crate) struct Reasons {
    followed: HashMap<u32, Followed>,
    fired: Option<Fired>,
    missed: Option<Arc<Why>>,
    /// Media time when something moved last.
    moved: Option<Duration>,
    /// Media time of the last decision.
    last: Duration,
}

/// A track as far as it was seen.
#[derive(Debug)]
struct Followed {
    first: (Duration, Rect),
    last: Duration,
    /// Of the picture in which it came closest, or began to count.
    gates: Vec<Gate>,
    counts: bool,
    told: bool,
}

/// What fired last.
#[derive(Debug)]
struct Fired {
    why: Arc<Why>,
    label: Label,
    moved: Moved,
    gates: Vec<Gate>,
}

impl Reasons {
    /// Takes a decision in; what is to be told after it.
    pub(crate) fn decided(&mut self, stamp: Stamp, size: Size, decision: &Decision) -> Option<Arc<Why>> {
        if decision.at < self.last {
            // A file began again: what was followed is not what comes now.
            self.followed.clear();
            self.moved = self.moved.map(|_| decision.at);
        }
        self.last = decision.at;
        for report in &decision.candidates {
            self.follow(decision.at, report);
        }
        for region in &decision.regions {
            self.fire(stamp, size, decision.at, region);
        }
        for near in &decision.near_misses {
            self.miss(stamp, decision.at, near);
        }
        self.followed.retain(|_, it| it.last + FORGET >= decision.at);
        if decision.motion {
            self.moved = Some(decision.at);
        }
        self.told()
    }

    /// What fired last in words, as that label.
    pub(crate) fn sentence_as(&self, label: Label) -> Option<String> {
        self.fired.as_ref().map(|it| fired(label, it.moved, &it.gates))
    }

    /// The newest of both, but what moved for as long as it moves and a while longer.
    fn told(&self) -> Option<Arc<Why>> {
        let is_quiet = self.moved.is_none_or(|moved| moved + QUIET <= self.last);
        let missed = self.missed.as_ref().filter(|_| is_quiet || self.fired.is_none());
        missed.or(self.fired.as_ref().map(|it| &it.why)).cloned()
    }

    fn follow(&mut self, at: Duration, report: &CandidateReport) {
        let Some(track) = report.track else { return };
        if self.followed.len() >= MOST && !self.followed.contains_key(&track) {
            return;
        }
        let followed = self.followed.entry(track).or_insert_with(|| Followed {
            first: (at, report.rect),
            last: at,
            gates: Vec::new(),
            counts: false,
            told: false,
        });
        followed.last = at;
        if followed.counts {
            return;
        }
        let passed = |gates: &[Gate]| gates.iter().filter(|gate| gate.passed).count();
        if report.counts || passed(&report.gates) >= passed(&followed.gates) {
            followed.gates.clone_from(&report.gates);
            followed.counts = report.counts;
        }
    }

    /// Something moves: if it is new it is what fired last, and if that is taken for something else by now it is told so.
    fn fire(&mut self, stamp: Stamp, size: Size, at: Duration, region: &Region) {
        if let Some(last) = self.fired.as_mut().filter(|it| it.why.track == region.track) {
            if last.label != region.label {
                last.label = region.label;
                let sentence = fired(region.label, last.moved, &last.gates);
                last.why = Arc::new(Why { label: region.label.name(), sentence, ..(*last.why).clone() });
            }
            return;
        }
        let Some(followed) = self.followed.get_mut(&region.track).filter(|it| it.counts && !it.told) else {
            return;
        };
        followed.told = true;
        let (began, first) = followed.first;
        let moved = Moved::between(first, region.rect, size, at.saturating_sub(began));
        let gates = std::mem::take(&mut followed.gates);
        let why = Why {
            at: stamp.wall,
            track: region.track,
            label: region.label.name(),
            fired: true,
            gates: gates.iter().map(view).collect(),
            sentence: fired(region.label, moved, &gates),
        };
        self.fired = Some(Fired { why: Arc::new(why), label: region.label, moved, gates });
        self.missed = None;
    }

    fn miss(&mut self, stamp: Stamp, at: Duration, near: &NearMiss) {
        let mut gates = self.followed.remove(&near.track).map(|it| it.gates).unwrap_or_default();
        // What held it back stands as the detector says, whatever was kept of the rest.
        match gates.iter_mut().find(|gate| gate.name == near.gate.name) {
            Some(gate) => *gate = near.gate,
            None => gates.push(near.gate),
        }
        let ago = at.saturating_sub(near.to);
        self.missed = Some(Arc::new(Why {
            at: stamp.wall.checked_sub(ago).unwrap_or(stamp.wall),
            track: near.track,
            label: Label::Unknown.name(),
            fired: false,
            gates: gates.iter().map(view).collect(),
            sentence: held(&near.gate),
        }));
    }
}

fn view(gate: &Gate) -> GateView {
    GateView {
        name: gate.name,
        value: gate.value,
        limit: gate.limit,
        at_least: gate.sense == Sense::AtLeast,
        passed: gate.passed,
    }
}
