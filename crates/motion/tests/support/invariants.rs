//! What must hold after every step, whatever the fields were; shared by the property tests and the fuzz target.

use frame::Size;
use motion::{Decision, EventEdge, EventEnd, Label};

/// Follows a judge's decisions and panics at the first that cannot be.
#[derive(Debug, Default)]
pub struct Invariants {
    open: bool,
}

impl Invariants {
    /// Checks one decision about a source of `source` pixels.
    pub fn check(&mut self, decision: &Decision, source: Size) {
        assert_eq!(decision.motion, !decision.regions.is_empty(), "motion is regions");
        for region in &decision.regions {
            let rect = region.rect;
            assert!(rect.w > 0 && rect.h > 0, "a region is never empty: {rect:?}");
            assert_eq!(rect.clipped(source), rect, "a region lies in the picture");
            confidences(region.label, region.confidence, &region.alternatives);
            assert!(region.trail.len() <= 64);
            let shares = region.trail.iter().flat_map(|p| [p.x, p.y]);
            assert!(shares.into_iter().all(|v| (0.0..=1.0).contains(&v)), "a trail lies in the picture");
        }
        for gate in decision.candidates.iter().flat_map(|c| &c.gates) {
            assert!(gate.value.is_finite() && gate.limit.is_finite(), "{gate:?} can be written down");
        }
        assert!(decision.candidates.len() <= motion::MotionField::MAX_CANDIDATES);
        if let Some(edge) = &decision.edge {
            self.edge(edge);
        }
        assert!(!decision.motion || self.open || ends(decision), "motion belongs to an event");
    }

    /// Checks one edge: beginnings and ends alternate.
    pub fn edge(&mut self, edge: &EventEdge) {
        match edge {
            EventEdge::Began { .. } => {
                assert!(!self.open, "an event began within an event");
                self.open = true;
            }
            EventEdge::Ended(EventEnd { label, confidence, alternatives, .. }) => {
                assert!(self.open, "an event ended that never began");
                self.open = false;
                confidences(*label, *confidence, alternatives);
            }
        }
    }

    /// Whether an event is open.
    pub fn open(&self) -> bool {
        self.open
    }
}

/// Motion may come back in the very picture that ends the event before.
fn ends(decision: &Decision) -> bool {
    matches!(decision.edge, Some(EventEdge::Ended(_)))
}

fn confidences(label: Label, confidence: f32, others: &[(Label, f32)]) {
    let sum: f32 = confidence + others.iter().map(|(_, share)| share).sum::<f32>();
    assert!((0.0..=1.0).contains(&confidence) && sum <= 1.0 + 1e-5, "shares sum to {sum}");
    assert!(
        others.iter().all(|(other, share)| *other != label && *share >= 0.0),
        "{label:?} beside {others:?}"
    );
    assert!(others.windows(2).all(|pair| pair[0].1 >= pair[1].1), "likeliest first: {others:?}");
}
