use std::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::{Direction, Grid, Label, Region};

const SOURCE: Size = Size { width: 640, height: 480 };

fn field(ms: u64, flows: impl Fn(u32, u32) -> (f32, f32)) -> MotionField {
    let (columns, rows) = (16, 12);
    let cells = (0..rows)
        .flat_map(|row| (0..columns).map(move |column| (column, row)))
        .map(|(column, row)| Cell { flow: flows(column, row), change: 1.0, activity: 0.0 })
        .collect();
    MotionField {
        grid: Grid { columns, rows, cells },
        ..MotionField::empty(Duration::from_millis(ms), Size::new(320, 240))
    }
}

fn decision(rect: Rect) -> Decision {
    let region = Region {
        track: 1,
        rect,
        label: Label::Animal,
        confidence: 0.5,
        alternatives: Vec::new(),
        direction: Direction::Right,
        trail: Vec::new(),
    };
    Decision {
        at: Duration::ZERO,
        motion: true,
        regions: vec![region],
        candidates: Vec::new(),
        edge: None,
        near_misses: Vec::new(),
    }
}

fn signed(fields: impl IntoIterator<Item = MotionField>) -> Signature {
    let mut signing = Signing::default();
    for field in fields {
        signing.add(&field, &decision(Rect::new(0, 0, 640, 480)), SOURCE);
    }
    signing.signature()
}

#[test]
fn what_goes_one_way_says_so() {
    let it = signed((0..10).map(|n| field(n * 100, |_, _| (0.0, 30.0))));
    assert_eq!((it.mean_angle, it.dominant_direction, it.direction_changes), (90.0, 90.0, 0));
    assert!(it.angular_dispersion < 0.001 && it.flow_complexity < 0.001, "{it:?}");
    assert!((it.mean_magnitude - 30.0).abs() < 0.01 && it.std_magnitude < 0.01);
    assert!(it.direction_stability > 0.999);
    assert!((it.histogram.iter().sum::<f32>() - 1.0).abs() < 1e-3);
    assert_eq!(it.histogram.len(), 512);
}

#[test]
fn what_gets_faster_and_turns_back_says_so() {
    #[expect(clippy::cast_precision_loss, reason = "small numbers")]
    let speeding = signed((0..20).map(|n| field(n * 100, move |_, _| (10.0 + n as f32, 0.0))));
    assert!((speeding.magnitude_trend - 10.0).abs() < 0.1, "10 px/s more each second: {speeding:?}");
    assert!((speeding.acceleration_mean - 10.0).abs() < 0.1);
    let pacing = signed(
        (0..40)
            .map(|n| field(n * 100, move |_, _| if (n / 10) % 2 == 0 { (20.0, 0.0) } else { (-20.0, 0.0) })),
    );
    assert_eq!(pacing.direction_changes, 3);
    assert!(pacing.direction_stability < 0.01, "{pacing:?}");
    assert!((0.3..0.4).contains(&pacing.flow_complexity), "two of eight ways: {pacing:?}");
}

#[test]
fn what_flows_outside_of_the_boxes_is_not_of_the_event() {
    let mut signing = Signing::default();
    let split = field(0, |column, _| if column < 8 { (20.0, 0.0) } else { (-50.0, 0.0) });
    signing.add(&split, &decision(Rect::new(0, 0, 280, 480)), SOURCE);
    let it = signing.signature();
    assert_eq!((it.mean_angle, it.max_magnitude), (0.0, 20.0));
    assert!(
        it.histogram.chunks(8).enumerate().all(|(cell, ways)| cell % 8 < 4 || ways.iter().all(|w| *w == 0.0))
    );
}

#[test]
fn like_is_near_and_unlike_is_far() {
    let right =
        signed((0..5).map(|n| field(n * 100, |_, row| if row < 6 { (20.0, 0.0) } else { (0.0, 0.0) })));
    let again =
        signed((0..9).map(|n| field(n * 100, |_, row| if row < 6 { (22.0, 1.0) } else { (0.0, 0.0) })));
    let left =
        signed((0..5).map(|n| field(n * 100, |_, row| if row < 6 { (0.0, 0.0) } else { (-90.0, 0.0) })));
    assert!(right.distance(&again) < 0.05, "{}", right.distance(&again));
    assert!(right.distance(&left) > 0.7, "{}", right.distance(&left));
    assert!(right.distance(&right) < 1e-3 && (right.distance(&left) - left.distance(&right)).abs() < 1e-6);
    assert!(Signature::default().distance(&Signature::default()) < 1e-6);
}

#[test]
fn where_nothing_flowed_there_is_no_histogram() {
    assert_eq!(signed([field(0, |_, _| (0.0, 0.0))]), Signature::default());
    assert_eq!(signed([]), Signature::default());
}

proptest! {
    #[test]
    fn whatever_flows_every_number_is_finite_and_the_histogram_sums_to_one(
        flows in prop::collection::vec((any::<f32>(), any::<f32>(), any::<f32>()), 1..200),
        times in prop::collection::vec(0..100_000u64, 1..20),
    ) {
        let mut signing = Signing::default();
        for ms in times {
            let mut field = field(ms, |_, _| (0.0, 0.0));
            for (cell, (x, y, change)) in field.grid.cells.iter_mut().zip(&flows) {
                *cell = Cell { flow: (*x, *y), change: *change, activity: 0.0 };
            }
            signing.add(&field, &decision(Rect::new(0, 0, 640, 480)), SOURCE);
        }
        let it = signing.signature();
        let all = [
            it.mean_magnitude, it.std_magnitude, it.max_magnitude, it.mean_angle, it.angular_dispersion,
            it.flow_complexity, it.dominant_direction, it.magnitude_trend, it.magnitude_variability,
            it.acceleration_mean, it.acceleration_std, it.direction_stability,
        ];
        prop_assert!(all.iter().chain(&it.histogram).all(|value| value.is_finite()), "{it:?}");
        let sum: f32 = it.histogram.iter().sum();
        prop_assert!(it.histogram.is_empty() || (sum - 1.0).abs() < 1e-2, "{sum}");
        prop_assert!((0.0..360.0).contains(&it.mean_angle));
    }
}
