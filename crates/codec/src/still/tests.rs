use super::*;
use proptest::prelude::*;

use crate::{Decoder, scan};

fn drawn(size: Size, value: impl Fn(u32, u32) -> u8) -> Picture {
    let mut bytes = Vec::new();
    for y in 0..size.height {
        bytes.extend((0..size.width).map(|x| value(x, y)));
    }
    bytes.resize(I420::len_of(size), 128);
    Picture::Raw(I420::new(size, bytes.into()).unwrap())
}

#[test]
fn the_same_thing_out_of_focus_is_less_sharp_and_what_lies_beside_does_not_count() {
    let size = Size::new(640, 480);
    let mut work = Workspace::new().unwrap();
    // Stripes of 8 pixels; out of focus their edges are slopes.
    let sharp = drawn(size, |x, _| if x / 8 % 2 == 0 { 60 } else { 180 });
    let soft = drawn(size, |x, _| {
        let at = x % 16;
        60 + u8::try_from(if at < 8 { at } else { 16 - at }).unwrap() * 15
    });
    let part = Rect::new(100, 100, 200, 200);
    let (high, low) =
        (sharpness(&sharp, part, &mut work).unwrap(), sharpness(&soft, part, &mut work).unwrap());
    assert!(high > 2.0 * low && low > 0.0, "{high} {low}");
    let half = drawn(size, |x, _| {
        if x < 320 {
            100
        } else if x / 8 % 2 == 0 {
            60
        } else {
            180
        }
    });
    assert!(sharpness(&half, Rect::new(10, 10, 200, 200), &mut work).unwrap() < 0.01);
}

#[test]
fn a_crop_shows_the_part_and_nothing_else() {
    let picture =
        drawn(Size::new(400, 300), |x, y| if (100..200).contains(&x) && y >= 150 { 200 } else { 20 });
    let mut work = Workspace::new().unwrap();
    let jpeg = crop_jpeg(&picture, Rect::new(100, 150, 100, 150), 80, 90, &mut work).unwrap();
    let planes = Decoder::new().unwrap().i420(&jpeg).unwrap();
    assert_eq!(planes.size(), Size::new(80, 120));
    assert!(planes.luma().iter().all(|value| value.abs_diff(200) < 4));
}

proptest! {
    #[test]
    fn any_part_of_any_picture_is_cut_at_the_width_asked_for_or_what_it_has(
        w in 1u32..200, h in 1u32..200, part in (0u32..250, 0u32..250, 0u32..250, 0u32..250), width in 1u32..300,
    ) {
        let picture = drawn(Size::new(w, h), |x, y| (x ^ y) as u8);
        let part = Rect::new(part.0, part.1, part.2, part.3);
        let mut work = Workspace::new().unwrap();
        let size = scan(crop_jpeg(&picture, part, width, 80, &mut work).unwrap()).unwrap().size;
        let whole = clamped(part, picture.size());
        prop_assert_eq!(size.width, width.min(whole.w));
        prop_assert!(sharpness(&picture, part, &mut work).unwrap() >= 0.0);
    }
}
