//! Fields and settings made of arbitrary bytes: judge never panics and no decision breaks an invariant.
#![no_main]

use std::time::Duration;

use arbitrary::Arbitrary;
use frame::{Point, Polygon, Size};
use libfuzzer_sys::fuzz_target;
use motion::{Candidate, Extent, GlobalTerms, Judge, Match, MotionField, Settings, Zone, ZoneKind};

#[path = "../../tests/support/invariants.rs"]
mod invariants;

#[derive(Debug, Arbitrary)]
struct Input {
    source: (u16, u16),
    analysed: (u16, u16),
    threshold: u8,
    min_area: u32,
    min_frames: u8,
    gap_ms: u16,
    zone: Option<(u8, [(f32, f32); 3], f32)>,
    steps: Vec<Step>,
}

#[derive(Debug, Arbitrary)]
struct Step {
    at_ms: u32,
    toggle: bool,
    coverage: f32,
    settled: f32,
    spread: f32,
    candidates: Vec<([f32; 4], (f32, f32), [f32; 6], Vec<[f32; 5]>)>,
}

fn settings(input: &Input) -> Settings {
    let zones = input.zone.and_then(|(kind, corners, sensitivity)| {
        let corners = corners.into_iter().map(|(x, y)| Point { x, y }).collect();
        let kind = [ZoneKind::Include, ZoneKind::Exclude, ZoneKind::Mask][usize::from(kind % 3)];
        Some(Zone { name: "zone".into(), kind, polygon: Polygon::new(corners)?, sensitivity })
    });
    Settings {
        threshold: input.threshold,
        min_area: input.min_area,
        min_frames: u32::from(input.min_frames),
        event_gap: Duration::from_millis(u64::from(input.gap_ms)),
        zones: zones.into_iter().collect(),
        ..Settings::default()
    }
}

fn field(step: &Step, size: Size) -> MotionField {
    let mut field = MotionField::empty(Duration::from_millis(u64::from(step.at_ms)), size);
    let Step { coverage, settled, spread, .. } = *step;
    field.global = GlobalTerms { coverage, settled, spread, ..GlobalTerms::default() };
    field.candidates = step
        .candidates
        .iter()
        .map(|(place, centre, looks, matches)| Candidate {
            extent: Extent { x: place[0], y: place[1], w: place[2], h: place[3] },
            centre: *centre,
            area: looks[0],
            contrast: looks[1],
            texture: looks[2],
            texture_known: looks[3],
            texture_gain: looks[4],
            rim: looks[5],
            matches: matches
                .iter()
                .map(|m| Match { lag: m[0], moved: (m[1], m[2]), score: m[3], still: m[4] })
                .collect(),
            ..Candidate::default()
        })
        .collect();
    field
}

fuzz_target!(|input: Input| {
    let source = Size::new(u32::from(input.source.0).max(1), u32::from(input.source.1).max(1));
    let analysed = Size::new(u32::from(input.analysed.0), u32::from(input.analysed.1));
    let mut judge = Judge::new(source, settings(&input));
    let mut invariants = invariants::Invariants::default();
    for step in &input.steps {
        if step.toggle {
            let now = judge.settings().clone();
            judge.set(Settings { enabled: !now.enabled, ..now });
        }
        invariants.check(&judge.step(&field(step, analysed)), source);
    }
    if let Some(edge) = judge.finish() {
        invariants.edge(&edge);
    }
    assert!(!invariants.open());
});
