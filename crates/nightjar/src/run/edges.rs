//! What the detect thread tells the recorder: when something moves and when it rests. An edge is never lost.

use std::sync::Arc;
use std::time::Duration;

use frame::Frame;
use motion::{Decision, EventEnd, MotionField};
use recorder::{Cue, Cues, Reason, Rest, Sight};
use server::Why;
use store::GateRecord;

/// The detect thread's end of the way. Dropping it says that there will be no more edges.
#[derive(Debug)]
pub(crate) struct Edges {
    cues: Cues,
    /// An event is open, as far as the recorder was told.
    open: bool,
    /// When something moved last.
    last: Duration,
    told: Option<(Arc<Why>, Arc<Reason>)>,
}

impl Edges {
    /// Tells over `cues`.
    pub(crate) fn new(cues: Cues) -> Self {
        Self { cues, open: false, last: Duration::ZERO, told: None }
    }

    /// A decision; only what moves is told. The first one of an event is an edge and waits for room.
    pub(crate) fn decided(
        &mut self,
        frame: &Arc<Frame>,
        field: MotionField,
        decision: Decision,
        why: Option<&Arc<Why>>,
    ) {
        if !decision.motion {
            return;
        }
        self.last = frame.stamp().mono;
        let reason = why.filter(|why| why.fired).map(|why| self.reason(why));
        let sight = Sight { frame: frame.clone(), field, decision, reason };
        if std::mem::replace(&mut self.open, true) {
            self.cues.sighted(sight);
        } else {
            self.cues.tell(Cue::Moves(Box::new(sight)));
        }
    }

    /// It is over.
    pub(crate) fn ended(&mut self, end: &EventEnd, sentence: Option<String>) {
        if std::mem::take(&mut self.open) {
            self.cues.tell(Cue::Rests(Rest { last: self.last, end: end.clone(), sentence }));
        }
    }

    /// In the recorder's words, made once.
    fn reason(&mut self, why: &Arc<Why>) -> Arc<Reason> {
        if let Some((_, reason)) = self.told.as_ref().filter(|(told, _)| Arc::ptr_eq(told, why)) {
            return reason.clone();
        }
        let reason = Arc::new(reason_of(why));
        self.told = Some((why.clone(), reason.clone()));
        reason
    }
}

/// As the recorder keeps it.
pub(crate) fn reason_of(why: &Why) -> Reason {
    let gates = why.gates.iter().map(|gate| GateRecord {
        name: gate.name.to_owned(),
        value: gate.value.into(),
        limit: gate.limit.into(),
        at_least: gate.at_least,
        passed: gate.passed,
    });
    Reason { sentence: why.sentence.clone(), gates: gates.collect() }
}

impl Drop for Edges {
    fn drop(&mut self) {
        // With no room the recorder has cues enough to come round, and then finds the ring closed.
        self.cues.try_tell(Cue::Over);
    }
}
