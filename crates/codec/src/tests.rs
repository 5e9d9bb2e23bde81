//! Pictures through all of it: what goes in comes out, at every size.

use std::time::Duration;

use bytes::Bytes;
use frame::{Clock, Frame, I420, NewFrame, Picture, Ring, RingLimits, Sampling, Size, SystemClock};
use proptest::prelude::*;

use super::*;

/// Planes with slopes: luma from left to right, colour from top to bottom.
fn slopes(size: Size) -> I420 {
    let byte = |part: u32, whole: u32| u8::try_from(part * 200 / whole.max(1) + 20).unwrap();
    let mut bytes = Vec::new();
    for _ in 0..size.height {
        bytes.extend((0..size.width).map(|x| byte(x, size.width)));
    }
    let half = (size.width.div_ceil(2), size.height.div_ceil(2));
    for _ in 0..2 {
        for y in 0..half.1 {
            bytes.extend((0..half.0).map(|_| byte(y, half.1)));
        }
    }
    I420::new(size, Bytes::from(bytes)).unwrap()
}

fn framed(picture: Picture) -> std::sync::Arc<Frame> {
    let (mut writer, ring) = Ring::new(RingLimits { bytes: 1 << 26, span: Duration::from_secs(1) });
    let stamp = SystemClock::new().stamp();
    writer.push(NewFrame { stamp, media_time: Duration::ZERO, picture });
    ring.latest().unwrap()
}

fn worst(a: &[u8], b: &[u8]) -> u8 {
    a.iter().zip(b).map(|(a, b)| a.abs_diff(*b)).max().unwrap()
}

#[test]
fn planes_come_back_from_a_jpeg_at_even_and_odd_sizes() {
    for size in [Size::new(64, 48), Size::new(63, 47), Size::new(1, 1), Size::new(17, 200), Size::new(2, 3)] {
        let planes = slopes(size);
        let jpeg = Encoder::new(95).unwrap().i420(&planes).unwrap();
        let scanned = scan(jpeg.clone()).unwrap();
        assert_eq!((scanned.size, scanned.sampling), (size, Sampling::Yuv420));
        let back = Decoder::new().unwrap().i420(&jpeg).unwrap();
        assert!(worst(back.bytes(), planes.bytes()) <= 12, "{size}: {}", worst(back.bytes(), planes.bytes()));
    }
}

#[test]
fn luma_is_the_smallest_eighth_that_is_wide_enough() {
    let table = [
        (1280, 720, 320, 320),
        (1920, 1080, 320, 480),
        (640, 480, 320, 320),
        (320, 240, 320, 320),
        (100, 80, 320, 100),
    ];
    let mut decoder = Decoder::new().unwrap();
    for (width, height, least, expected) in table {
        let planes = slopes(Size::new(width, height));
        let jpeg = Encoder::new(90).unwrap().i420(&planes).unwrap();
        let luma = decoder.luma(&jpeg, least).unwrap();
        assert_eq!(luma.size.width, expected);
        let raw = luma_of(&Picture::Raw(planes), &mut decoder, least).unwrap();
        assert!(
            raw.size.width >= least.min(width) && raw.size.width < 2 * least.max(width / 4),
            "{:?}",
            raw.size
        );
        if raw.size == luma.size {
            assert!(worst(&raw.pixels, &luma.pixels) <= 6, "raw and JPEG show detection the same picture");
        }
    }
}

#[test]
fn a_variant_has_its_width_and_never_grows() {
    let size = Size::new(320, 180);
    let planes = slopes(size);
    let jpeg = scan(Encoder::new(90).unwrap().i420(&planes).unwrap()).unwrap();
    let mut work = Workspace::new().unwrap();
    for picture in [Picture::Raw(planes.clone()), Picture::Jpeg(jpeg)] {
        let frame = framed(picture);
        for (width, expected) in
            [(160, Size::new(160, 90)), (101, Size::new(101, 57)), (999, size), (0, Size::new(1, 1))]
        {
            let small = scan(scaled_jpeg(&frame, width, 90, &mut work).unwrap()).unwrap();
            assert_eq!(small.size, expected);
            let back = Decoder::new().unwrap().i420(&small.bytes).unwrap();
            if expected.width > 1 {
                assert!(worst(back.luma(), slopes(expected).luma()) <= 12, "{width}");
            }
        }
    }
}

#[test]
fn what_cannot_be_encoded_is_an_error() {
    assert!(Encoder::new(0).is_err());
    assert!(Encoder::new(101).is_err());
    assert!(matches!(no_signal(Size::new(0, 10), &[]), Err(CodecError::Size(_))));
    assert!(matches!(no_signal(Size::new(10, 9000), &[]), Err(CodecError::Size(_))));
}

#[test]
fn a_picture_with_half_of_it_missing_is_damaged_and_padding_is_not() {
    let jpeg = Encoder::new(90).unwrap().i420(&slopes(Size::new(320, 240))).unwrap();
    let mut decoder = Decoder::new().unwrap();
    let padded = [&jpeg[..jpeg.len() - 2], &[0; 64], &[0xff, 0xd9]].concat();
    assert_eq!(decoder.luma(&padded, 320).unwrap(), decoder.luma(&jpeg, 320).unwrap());
    let half = [&jpeg[..jpeg.len() / 2], &[0xff, 0xd9]].concat();
    assert!(matches!(decoder.luma(&half, 320), Err(CodecError::Damaged(_))));
    assert!(decoder.luma(&jpeg, 320).is_ok(), "an error leaves nothing behind");
}

#[test]
fn the_stand_in_is_dark_with_light_words_and_always_the_same() {
    let size = Size::new(320, 180);
    let lines = ["No signal", "The camera was unplugged. Push the USB plug home."];
    let jpeg = no_signal(size, &lines).unwrap();
    assert_eq!(jpeg, no_signal(size, &lines).unwrap());
    let luma = Decoder::new().unwrap().luma(&jpeg, 320).unwrap();
    let light = luma.pixels.iter().filter(|&&value| value > 180).count();
    let dark = luma.pixels.iter().filter(|&&value| value < 40).count();
    assert!(light > 1500, "{light} pixels of ink");
    assert!(dark > 320 * 180 * 6 / 10, "{dark} pixels of calm");
    let (_, rgb) = Decoder::new().unwrap().rgb(&jpeg).unwrap();
    assert!(worst(&rgb[..3], &[0x12, 0x10, 0x0e]) <= 3, "{:?}", &rgb[..3]);
}

#[test]
fn the_stand_in_comes_at_any_size() {
    for (width, height) in [(1, 1), (16, 16), (16, 4000), (4000, 16), (8192, 64), (333, 251)] {
        let jpeg = no_signal(Size::new(width, height), &["Häuser – “×”", "averyverylongwordthatfitsnowhere"])
            .unwrap();
        assert_eq!(scan(jpeg).unwrap().size, Size::new(width, height));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_size_goes_through_every_door(w in 1u32..120, h in 1u32..120, to in 1u32..140, least in 0u32..140) {
        let planes = slopes(Size::new(w, h));
        let mut work = Workspace::new().unwrap();
        let mut decoder = Decoder::new().unwrap();
        let jpeg = scan(Encoder::new(80).unwrap().i420(&planes).unwrap()).unwrap();
        for picture in [Picture::Raw(planes), Picture::Jpeg(jpeg)] {
            let luma = luma_of(&picture, &mut decoder, least).unwrap();
            prop_assert_eq!(luma.pixels.len() as u64, luma.size.area());
            prop_assert!(luma.size.width >= least.min(w));
            let small = scan(scaled_jpeg(&framed(picture), to, 80, &mut work).unwrap()).unwrap();
            prop_assert_eq!(small.size.width, to.min(w));
        }
    }
}
