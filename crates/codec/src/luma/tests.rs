//! Against libjpeg-turbo: the same picture, refused for the same reasons.

use frame::{Luma, Size};
use proptest::prelude::*;
use turbojpeg::{Compressor, Image, PixelFormat, Subsamp};

use super::Reduced;
use crate::Decoder;

/// A picture with edges, slopes and `noise` levels of grain.
fn picture(size: Size, noise: u32) -> Image<Vec<u8>> {
    let (width, height) = (size.width as usize, size.height as usize);
    let mut image = Image::mandelbrot(width, height, PixelFormat::RGB);
    let mut state = 1u32;
    for (i, value) in image.pixels.iter_mut().enumerate() {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let (x, y) = (i / 3 % width, i / 3 / width);
        let slope = (x * 90 / width + y * 90 / height + (x / 40 * 37 + y / 40 * 91) % 60) as u32;
        *value = (u32::from(*value / 4) + slope + (state >> 16) % (noise + 1)).min(255) as u8;
    }
    image
}

fn jpeg(size: Size, subsamp: Subsamp, quality: i32, tune: impl FnOnce(&mut Compressor)) -> Vec<u8> {
    let mut compressor = Compressor::new().unwrap();
    compressor.set_quality(quality).unwrap();
    compressor.set_subsamp(subsamp).unwrap();
    tune(&mut compressor);
    compressor.compress_to_vec(picture(size, 40).as_deref()).unwrap()
}

fn eighths(n: u32) -> impl Fn(Size) -> u32 {
    move |_| n
}

/// Mean and largest difference.
fn apart(a: &Luma, b: &Luma) -> (f64, u8) {
    assert_eq!((a.size, a.pixels.len()), (b.size, b.pixels.len()));
    let each = || a.pixels.iter().zip(&b.pixels).map(|(a, b)| a.abs_diff(*b));
    (each().map(f64::from).sum::<f64>() / a.pixels.len() as f64, each().max().unwrap())
}

/// The scale in eighths and the picture by both decoders, which must be nearly the same.
fn both_agree(jpeg: &[u8], context: &str) {
    let mut library = Decoder::new().unwrap();
    let full = library.luma_by_library(jpeg, u32::MAX).unwrap().size;
    for n in 1..=4 {
        let by_library = library.luma_by_library(jpeg, (full.width * n).div_ceil(8)).unwrap();
        if by_library.size.width != (full.width * n).div_ceil(8) || full.width < 8 {
            continue;
        }
        let ours = Reduced::default().luma(jpeg, eighths(n)).unwrap_or_else(|| panic!("{context}: refused"));
        let (mean, worst) = apart(&ours, &by_library);
        assert!(mean < 0.1 && worst <= 2, "{context}: {mean} {worst} at {n} eighths");
    }
}

#[test]
fn the_picture_is_that_of_the_library_in_every_sampling_size_and_quality() {
    for subsamp in [Subsamp::Sub2x2, Subsamp::Sub2x1, Subsamp::None, Subsamp::Gray] {
        for (width, height) in [(320, 240), (333, 251), (16, 16), (8, 8), (17, 200), (641, 9)] {
            for quality in [30, 75, 95, 100] {
                for optimised in [false, true] {
                    let size = Size::new(width, height);
                    let bytes = jpeg(size, subsamp, quality, |c| c.set_optimize(optimised).unwrap());
                    both_agree(&bytes, &format!("{subsamp:?} {size} at {quality}, {optimised}"));
                }
            }
        }
    }
}

/// Where the entropy data of a JPEG begins.
fn entropy(jpeg: &[u8]) -> usize {
    let at = jpeg.windows(2).position(|pair| pair == [0xff, 0xda]).unwrap();
    at + 2 + usize::from(u16::from_be_bytes([jpeg[at + 2], jpeg[at + 3]]))
}

/// A JPEG of `rows` times these 16 rows of pixels, a restart marker between them.
fn with_restarts(stripe: &[u8], rows: u16, units: u16) -> Vec<u8> {
    let begin = entropy(stripe);
    let sof = stripe.windows(2).position(|pair| pair == [0xff, 0xc0]).unwrap();
    let mut whole = stripe[..begin].to_vec();
    whole[sof + 5..sof + 7].copy_from_slice(&(16 * rows).to_be_bytes());
    whole.splice(2..2, [[0xff, 0xdd], [0, 4], units.to_be_bytes()].concat());
    for row in 0..rows {
        whole.extend_from_slice(&stripe[begin..stripe.len() - 2]);
        whole.extend([0xff, if row + 1 == rows { 0xd9 } else { 0xd0 + (row % 8) as u8 }]);
    }
    whole
}

#[test]
fn restart_intervals_are_followed_and_a_wrong_one_is_left_to_the_library() {
    for subsamp in [Subsamp::Sub2x2, Subsamp::Sub2x1, Subsamp::None, Subsamp::Gray] {
        let stripe = jpeg(Size::new(160, 16), subsamp, 80, |_| {});
        let wide = if matches!(subsamp, Subsamp::Sub2x2 | Subsamp::Sub2x1) { 16 } else { 8 };
        let high = if subsamp == Subsamp::Sub2x2 { 16 } else { 8 };
        let units = 160 / wide * 16 / high;
        let whole = with_restarts(&stripe, 11, units);
        both_agree(&whole, &format!("{subsamp:?}"));
        let wrong = with_restarts(&stripe, 11, units - 1);
        assert!(Reduced::default().luma(&wrong, eighths(2)).is_none());
        let at = whole.windows(2).position(|pair| pair == [0xff, 0xd3]).unwrap();
        let mut misnumbered = whole.clone();
        misnumbered[at + 1] = 0xd4;
        assert!(Reduced::default().luma(&misnumbered, eighths(2)).is_none());
    }
}

#[test]
fn what_is_not_a_usual_jpeg_is_left_to_the_library() {
    let size = Size::new(64, 48);
    let refused = |bytes: &[u8]| Reduced::default().luma(bytes, eighths(2)).is_none();
    let plain = jpeg(size, Subsamp::Sub2x2, 80, |_| {});
    assert!(!refused(&plain));
    assert!(Reduced::default().luma(&plain, eighths(5)).is_none());
    assert!(refused(&jpeg(size, Subsamp::Sub2x2, 80, |c| c.set_progressive(true).unwrap())));
    assert!(refused(&jpeg(size, Subsamp::None, 80, |c| {
        c.set_colorspace(turbojpeg::Colorspace::RGB).unwrap();
    })));
    let sof = plain.windows(2).position(|pair| pair == [0xff, 0xc0]).unwrap();
    for (at, value) in [(1, 0xc1), (1, 0xc2), (4, 12), (6, 0), (11, 0x41), (12, 3)] {
        let mut changed = plain.clone();
        changed[sof + at] = value;
        assert_eq!(refused(&changed), value != 0xc1, "{at} {value}");
    }
    let adobe = |transform| {
        let mut marked = plain.clone();
        marked
            .splice(20..20, [&[0xff, 0xee, 0, 14][..], b"Adobe", &[0, 100, 0, 0, 0, 0, transform]].concat());
        marked
    };
    both_agree(&adobe(1), "Adobe's YCbCr");
    assert!(refused(&adobe(0)) && refused(&adobe(2)));
}

#[test]
fn tables_of_the_picture_before_are_not_taken_for_another_ones() {
    let mut reduced = Reduced::default();
    let size = Size::new(96, 64);
    for (subsamp, optimised) in [
        (Subsamp::Sub2x2, false),
        (Subsamp::Sub2x2, true),
        (Subsamp::Gray, true),
        (Subsamp::Gray, false),
        (Subsamp::Sub2x1, false),
        (Subsamp::Sub2x2, false),
    ] {
        let bytes = jpeg(size, subsamp, 80, |c| c.set_optimize(optimised).unwrap());
        let again = reduced.luma(&bytes, eighths(2)).unwrap();
        assert_eq!(again, Reduced::default().luma(&bytes, eighths(2)).unwrap());
    }
}

/// What one decoder says, the other says too; an accepted picture is the same one.
fn same_outcome(bytes: &[u8], eighths_: u32) -> Result<(), TestCaseError> {
    let Some(ours) = Reduced::default().luma(bytes, eighths(eighths_)) else { return Ok(()) };
    let mut decoder = Decoder::new().unwrap();
    let full = Decoder::new().unwrap().rgb(bytes).map(|(size, _)| size);
    let full = full.map_err(|e| TestCaseError::fail(format!("the library refuses it: {e}")))?;
    let by_library = decoder.luma_by_library(bytes, (full.width * eighths_).div_ceil(8)).unwrap();
    if by_library.size == ours.size {
        let (mean, worst) = apart(&ours, &by_library);
        prop_assert!(mean < 1.0, "{mean} {worst}");
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn damage_never_makes_a_picture_that_the_library_refuses(
        subsamp in prop_oneof![
            Just(Subsamp::Gray), Just(Subsamp::None), Just(Subsamp::Sub2x1), Just(Subsamp::Sub2x2)
        ],
        optimised: bool,
        eighths in 1u32..5,
        cut in prop::option::weighted(0.2, any::<prop::sample::Index>()),
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4),
    ) {
        let mut bytes = jpeg(Size::new(40, 24), subsamp, 80, |c| c.set_optimize(optimised).unwrap());
        for (at, value) in changes {
            let at = at.index(bytes.len());
            bytes[at] = value;
        }
        if let Some(cut) = cut {
            bytes.truncate(cut.index(bytes.len()));
        }
        same_outcome(&bytes, eighths)?;
    }

    #[test]
    fn random_bytes_never_panic(
        bytes in proptest::collection::vec(any::<u8>(), 0..600),
        behind_a_header: bool,
        eighths in 1u32..5,
    ) {
        let plain = jpeg(Size::new(40, 24), Subsamp::Sub2x2, 80, |_| {});
        let begin = if behind_a_header { entropy(&plain) } else { 0 };
        same_outcome(&[&plain[..begin], &bytes, &[0xff, 0xd9]].concat(), eighths)?;
    }
}
