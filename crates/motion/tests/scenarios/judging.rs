//! Judge, on fields made up by hand and by chance.

use std::time::Duration;

use frame::{Point, Polygon, Size};
use motion::{
    Candidate, EventEdge, Extent, GlobalTerms, Judge, Label, Match, MotionField, Settings, Zone, ZoneKind,
};
use proptest::prelude::*;

use super::invariants::Invariants;

const SOURCE: Size = Size::new(1280, 720);
const ANALYSED: Size = Size::new(320, 180);

/// A sharp thing of 30×24 pixels that travels at `speed` pixels a second, as observed at `at`.
fn thing(at: Duration, x: f32, y: f32, speed: f32) -> Candidate {
    let back = |lag: f32| Match { lag, moved: (speed * lag, 0.0), score: 20.0, still: 900.0 };
    let matches =
        [0.1f32, 0.2, 0.4, 0.8].into_iter().filter(|lag| *lag <= at.as_secs_f32()).map(back).collect();
    Candidate {
        extent: Extent { x, y, w: 30.0, h: 24.0 },
        centre: (x + 15.0, y + 12.0),
        area: 500.0,
        contrast: 0.4,
        rim: 0.5,
        flow: (speed, 0.0),
        coherence: 0.95,
        matches,
        ..Candidate::default()
    }
}

/// The field at picture `n` of ten a second.
fn field(n: u64, candidates: Vec<Candidate>) -> MotionField {
    let mut field = MotionField::empty(Duration::from_millis(n * 100), ANALYSED);
    field.global = GlobalTerms { settled: 10.0, noise: 0.02, ..GlobalTerms::default() };
    field.candidates = candidates;
    field
}

/// A thing that crosses the picture between the pictures `from` and `to`.
fn crossing(n: u64, from: u64, to: u64) -> MotionField {
    let seen = (from..to).contains(&n);
    let t = Duration::from_millis(n.saturating_sub(from) * 100);
    let x = 20.0 + 60.0 * t.as_secs_f32();
    field(n, if seen { vec![thing(t, x, 80.0, 60.0)] } else { Vec::new() })
}

#[test]
fn a_large_sharp_thing_counts_by_its_third_sighting() {
    let mut judge = Judge::new(SOURCE, Settings::default());
    let first = (0..30).position(|n| judge.step(&crossing(n, 5, 30)).motion);
    assert!(first.is_some_and(|n| n <= 7), "{first:?}");
}

#[test]
fn an_event_ends_after_the_quiet_gap_and_says_what_and_where() {
    let mut judge = Judge::new(SOURCE, Settings::default());
    let edges: Vec<(u64, EventEdge)> =
        (0..100).filter_map(|n| judge.step(&crossing(n, 5, 40)).edge.map(|edge| (n, edge))).collect();
    let [(began, EventEdge::Began { .. }), (ended, EventEdge::Ended(end))] = &edges[..] else {
        panic!("{edges:?}")
    };
    assert!(*began <= 8 && (69..=74).contains(ended), "{edges:?}");
    assert!(!end.brief && end.direction == motion::Direction::Right, "{end:?}");
}

#[test]
fn turning_detection_off_ends_the_open_event_and_clears_the_regions() {
    let mut judge = Judge::new(SOURCE, Settings::default());
    assert!((0..20).any(|n| judge.step(&crossing(n, 5, 40)).motion));
    judge.set(Settings { enabled: false, ..Settings::default() });
    let off = judge.step(&crossing(20, 5, 40));
    assert!(!off.motion && matches!(off.edge, Some(EventEdge::Ended(_))), "{off:?}");
    assert!((21..40).all(|n| judge.step(&crossing(n, 5, 40)).edge.is_none()));
}

#[test]
fn something_whose_pixels_do_not_come_along_never_counts_and_the_ledger_says_why() {
    let mut judge = Judge::new(SOURCE, Settings::default());
    let mut near_misses = Vec::new();
    for n in 0..60 {
        let mut seen = crossing(n, 5, 40);
        for m in seen.candidates.iter_mut().flat_map(|c| &mut c.matches) {
            (m.score, m.moved) = (m.still, (0.0, 0.0));
        }
        seen.candidates.iter_mut().for_each(|c| c.area = 300.0);
        let decision = judge.step(&seen);
        assert!(!decision.motion, "{decision:?}");
        near_misses.extend(decision.near_misses);
    }
    assert!(near_misses.iter().any(|miss| miss.gate.name.starts_with("flow")), "{near_misses:?}");
}

#[test]
fn an_excluded_zone_is_silent_and_an_included_one_is_all_that_counts() {
    let left = |kind| {
        let corner = |x, y| Point { x, y };
        let polygon =
            Polygon::new(vec![corner(0.0, 0.0), corner(0.4, 0.0), corner(0.4, 1.0), corner(0.0, 1.0)]);
        let zone = Zone { name: "left".into(), kind, polygon: polygon.unwrap(), sensitivity: 1.0 };
        Settings { zones: vec![zone], ..Settings::default() }
    };
    let middles = |settings| {
        let mut judge = Judge::new(SOURCE, settings);
        let regions = (0..60).flat_map(|n| judge.step(&crossing(n, 5, 50)).regions).collect::<Vec<_>>();
        regions.iter().map(|r| r.rect.x + r.rect.w / 2).collect::<Vec<_>>()
    };
    let all = middles(Settings::default());
    assert!(all.iter().any(|x| *x < 500) && all.iter().any(|x| *x > 600));
    for kind in [ZoneKind::Exclude, ZoneKind::Mask] {
        let outside = middles(left(kind));
        assert!(!outside.is_empty() && outside.iter().all(|x| *x > 480), "{kind:?} {outside:?}");
    }
    let inside = middles(left(ZoneKind::Include));
    assert!(!inside.is_empty() && inside.iter().all(|x| *x < 620), "{inside:?}");
}

#[test]
fn a_lower_threshold_never_sees_later() {
    let first = |threshold| {
        let mut judge = Judge::new(SOURCE, Settings { threshold, ..Settings::default() });
        (0..60).position(|n| judge.step(&crossing(n, 5, 55)).motion).unwrap_or(usize::MAX)
    };
    let seen: Vec<usize> = [5, 15, 25, 50, 75, 100].into_iter().map(first).collect();
    assert!(seen.windows(2).all(|pair| pair[0] <= pair[1]), "{seen:?}");
}

#[test]
fn a_thing_below_the_least_area_does_not_count() {
    let mut judge = Judge::new(SOURCE, Settings { min_area: 10_000, ..Settings::default() });
    assert!((0..60).all(|n| !judge.step(&crossing(n, 5, 50)).motion));
}

/// Numbers as hostile as they come.
fn number() -> impl Strategy<Value = f32> {
    prop_oneof![
        4 => -10.0f32..400.0,
        1 => any::<f32>(),
        1 => prop::sample::select(vec![0.0, -0.0, f32::NAN, f32::INFINITY, f32::NEG_INFINITY, f32::MAX, f32::MIN_POSITIVE]),
    ]
}

fn any_match() -> impl Strategy<Value = Match> {
    (number(), (number(), number()), number(), number()).prop_map(|(lag, moved, score, still)| Match {
        lag,
        moved,
        score,
        still,
    })
}

fn any_candidate() -> impl Strategy<Value = Candidate> {
    let place = ((number(), number(), number(), number()), (number(), number()), number());
    let looks = (number(), number(), number(), number(), number(), (number(), number()), number());
    (place, looks, prop::collection::vec(any_match(), 0..5)).prop_map(|(place, looks, matches)| {
        let ((x, y, w, h), centre, area) = place;
        let (contrast, texture, texture_known, texture_gain, rim, flow, coherence) = looks;
        let extent = Extent { x, y, w, h };
        Candidate {
            extent,
            centre,
            area,
            contrast,
            texture,
            texture_known,
            texture_gain,
            rim,
            flow,
            coherence,
            matches,
        }
    })
}

fn any_field() -> impl Strategy<Value = MotionField> {
    let size =
        prop_oneof![3 => Just(ANALYSED), 1 => (0u32..5000, 0u32..5000).prop_map(|(w, h)| Size::new(w, h))];
    let at = prop_oneof![4 => 0u64..20_000_000_000, 1 => any::<u64>()].prop_map(Duration::from_nanos);
    (at, size, number(), number(), prop::collection::vec(any_candidate(), 0..6)).prop_map(
        |(at, size, coverage, settled, candidates)| {
            let mut field = MotionField::empty(at, size);
            field.global = GlobalTerms { coverage, settled, ..GlobalTerms::default() };
            field.candidates = candidates;
            field
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn no_field_breaks_an_invariant(
        fields in prop::collection::vec(any_field(), 1..40),
        threshold in any::<u8>(),
        source in (1u32..9000, 1u32..9000),
    ) {
        let source = Size::new(source.0, source.1);
        let mut judge = Judge::new(source, Settings { threshold, min_frames: 1, ..Settings::default() });
        let mut invariants = Invariants::default();
        for field in &fields {
            invariants.check(&judge.step(field), source);
        }
        if let Some(edge) = judge.finish() {
            invariants.edge(&edge);
        }
        prop_assert!(!invariants.open());
    }

    #[test]
    fn events_alternate_under_any_timing(
        steps in prop::collection::vec((0u64..4_000, prop::bool::ANY, 0u64..300), 1..150),
        gap in 0u64..5_000,
    ) {
        let settings = Settings { event_gap: Duration::from_millis(gap), ..Settings::default() };
        let mut judge = Judge::new(SOURCE, settings);
        let mut invariants = Invariants::default();
        let (mut at, mut n) = (10_000u64, 0);
        for (step, seen, back) in steps {
            // Mostly short steps, some long ones, some back in time.
            at = if back > 280 { at.saturating_sub(step) } else { at + step % if back > 250 { 4_000 } else { 150 } };
            n += 1;
            let mut field = crossing(n % 45, if seen { 0 } else { 100 }, 200);
            field.at = Duration::from_millis(at);
            invariants.check(&judge.step(&field), SOURCE);
        }
        if let Some(edge) = judge.finish() {
            invariants.edge(&edge);
        }
        prop_assert!(!invariants.open());
    }

    #[test]
    fn the_same_fields_are_judged_the_same(fields in prop::collection::vec(any_field(), 1..30)) {
        let judged = || {
            let mut judge = Judge::new(SOURCE, Settings::default());
            fields.iter().map(|field| format!("{:?}", judge.step(field))).collect::<Vec<_>>()
        };
        prop_assert_eq!(judged(), judged());
    }
}

#[test]
fn names_on_the_wire_are_the_contract() {
    let names =
        [Label::Person, Label::Vehicle, Label::Animal, Label::Environment, Label::Unknown].map(Label::name);
    assert_eq!(names, ["person", "vehicle", "animal", "environment", "unknown"]);
}
