//! Observe, on pictures whose truth is known because they were made so.

use std::time::Duration;

use frame::{Luma, Size};
use motion::{Judge, MotionError, Observer, Settings};
use proptest::prelude::*;

const SIZE: Size = Size::new(640, 480);
const FRAME: Duration = Duration::from_millis(66);

/// A value for every place, the same each time: two octaves, so that it has texture at every scale.
fn texture(x: i32, y: i32, seed: u32) -> f32 {
    let corner = |x: i32, y: i32, salt: u32| {
        let mut h = (x as u32).wrapping_mul(0x9e37_79b1) ^ (y as u32).wrapping_mul(0x85eb_ca77) ^ salt ^ seed;
        h = (h ^ (h >> 15)).wrapping_mul(0x2c1b_3c6d);
        h = (h ^ (h >> 12)).wrapping_mul(0x297a_2d39);
        ((h ^ (h >> 15)) & 0xffff) as f32 / 65535.0
    };
    let octave = |cell: i32, salt: u32| {
        let (cx, cy) = (x.div_euclid(cell), y.div_euclid(cell));
        let (fx, fy) = (x.rem_euclid(cell) as f32 / cell as f32, y.rem_euclid(cell) as f32 / cell as f32);
        let mix = |a: f32, b: f32, t: f32| a + (b - a) * t;
        let top = mix(corner(cx, cy, salt), corner(cx + 1, cy, salt), fx);
        let bottom = mix(corner(cx, cy + 1, salt), corner(cx + 1, cy + 1, salt), fx);
        mix(top, bottom, fy)
    };
    0.5 * octave(14, 1) + 0.5 * octave(37, 2)
}

/// Sensor noise, different in every picture.
fn noise(x: i32, y: i32, n: u32, level: f32) -> f32 {
    level * (texture(x * 53, y * 59, n.wrapping_mul(0x51ed_270b)) - 0.5) * 2.0
}

/// A picture of a textured place under `light`, with a textured box at (`x`, `y`) if there is one.
fn picture(n: u32, light: f32, level: f32, thing: Option<(f32, f32)>) -> Luma {
    let mut pixels = Vec::with_capacity(SIZE.area() as usize);
    for y in 0..SIZE.height as i32 {
        for x in 0..SIZE.width as i32 {
            let inside = thing.filter(|&(left, top)| {
                (left..left + 80.0).contains(&(x as f32)) && (top..top + 60.0).contains(&(y as f32))
            });
            let value = match inside {
                Some((left, top)) => 15.0 + 80.0 * texture(x - left as i32, y - top as i32, 99),
                None => 70.0 + 90.0 * texture(x, y, 7),
            };
            pixels.push((value * light + noise(x, y, n, level)).clamp(0.0, 255.0) as u8);
        }
    }
    Luma { size: SIZE, pixels }
}

/// Whether anything moved in any of the pictures.
fn any_motion(pictures: impl Iterator<Item = Luma>) -> bool {
    let mut observer = Observer::new(SIZE).unwrap();
    let mut judge = Judge::new(SIZE, Settings::default());
    (0u32..).zip(pictures).any(|(n, luma)| judge.step(&observer.observe(&luma, FRAME * n).unwrap()).motion)
}

#[test]
fn noise_on_a_still_place_is_no_region() {
    assert!(!any_motion((0..60).map(|n| picture(n, 1.0, 6.0, None))));
}

#[test]
fn a_step_of_brightness_is_no_event() {
    let light = |n: u32| if n < 25 { 1.0 } else { 0.65 };
    assert!(!any_motion((0..60).map(|n| picture(n, light(n), 2.0, None))));
}

#[test]
fn a_change_of_light_is_an_offset_and_no_change_of_the_place() {
    let mut observer = Observer::new(SIZE).unwrap();
    for n in 0..40u32 {
        let light = if n < 25 { 1.0 } else { 0.8 };
        let field = observer.observe(&picture(n, light, 2.0, None), FRAME * n).unwrap();
        assert!(field.global.coverage < 0.02, "{n}: {:?}", field.global);
        if n == 25 {
            assert!((-0.3..-0.1).contains(&field.global.offset), "{:?}", field.global);
        }
    }
}

#[test]
fn a_textured_thing_that_travels_is_one_region_where_it_is() {
    let mut observer = Observer::new(SIZE).unwrap();
    let mut judge = Judge::new(SIZE, Settings::default());
    let (mut found, mut alone) = (Vec::new(), 0);
    for n in 0..60u32 {
        let at = n.checked_sub(20).map(|since| (20.0 + 6.0 * since as f32, 200.0));
        let field = observer.observe(&picture(n, 1.0, 2.0, at), FRAME * n).unwrap();
        let decision = judge.step(&field);
        if let Some((x, y)) = at.filter(|_| n > 30) {
            let truth = frame::Rect::new(x as u32, y as u32, 80, 60);
            found.push(decision.regions.iter().map(|r| r.rect.iou(truth)).fold(0.0, f64::max));
            alone += u32::from(decision.regions.len() == 1);
        }
    }
    let mean = found.iter().sum::<f64>() / found.len() as f64;
    assert!(mean > 0.7, "{mean} {found:?}");
    assert!(alone >= 24, "in {alone} of 29 pictures there is one region");
}

#[test]
fn a_picture_that_is_not_what_it_says_is_refused() {
    let mut observer = Observer::new(SIZE).unwrap();
    let short = Luma { size: SIZE, pixels: vec![0; 5] };
    assert!(matches!(observer.observe(&short, FRAME), Err(MotionError::Shape { .. })));
    let nothing = Luma { size: Size::new(0, 0), pixels: Vec::new() };
    assert!(observer.observe(&nothing, FRAME).is_err());
}

#[test]
fn every_shape_of_picture_can_be_measured() {
    for (w, h) in [(1, 1), (3, 900), (8192, 4), (320, 240), (1920, 1080), (33, 17)] {
        let size = Size::new(w, h);
        let mut observer = Observer::new(size).unwrap();
        for n in 0..4u32 {
            let pixels = (0..size.area()).map(|i| (i as u32 * 31 + n * 90) as u8).collect();
            let field = observer.observe(&Luma { size, pixels }, FRAME * (n / 2)).unwrap();
            assert!(field.candidates.len() <= motion::MotionField::MAX_CANDIDATES, "{size}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(6))]

    #[test]
    fn a_translated_texture_is_matched_where_it_came_from(dx in -7i32..=7, dy in -5i32..=5) {
        prop_assume!(dx.abs() + dy.abs() >= 3);
        let mut observer = Observer::new(SIZE).unwrap();
        let start = (280.0 - 14.0 * dx as f32, 200.0 - 14.0 * dy as f32);
        let mut measured = Vec::new();
        for n in 0..34u32 {
            let at = n.checked_sub(20).map(|s| (start.0 + (dx * s as i32) as f32, start.1 + (dy * s as i32) as f32));
            let field = observer.observe(&picture(n, 1.0, 1.0, at), FRAME * n).unwrap();
            let Some(candidate) = field.candidates.first().filter(|_| n >= 26) else { continue };
            measured.extend(candidate.matches.iter().filter(|m| m.lag < 0.5).map(|m| {
                let pictures = m.lag / FRAME.as_secs_f32();
                (m.moved.0 - dx as f32 / 2.0 * pictures).hypot(m.moved.1 - dy as f32 / 2.0 * pictures)
            }));
        }
        measured.sort_by(f32::total_cmp);
        prop_assert!(measured.len() > 10);
        prop_assert!(measured[measured.len() / 2] < 0.6, "{measured:?}");
    }
}
