use frame::{I420, JpegPicture};
use openh264::decoder::Decoder as H264;
use proptest::prelude::*;

use super::*;

fn drawn(size: Size, value: impl Fn(u32, u32) -> [u8; 3]) -> I420 {
    let half = Size::new(size.width.div_ceil(2), size.height.div_ceil(2));
    let mut bytes = Vec::new();
    for (plane, of, scale) in [(0, size, 1), (1, half, 2), (2, half, 2)] {
        for y in 0..of.height {
            bytes.extend((0..of.width).map(|x| value(x * scale, y * scale)[plane]));
        }
    }
    I420::new(size, bytes.into()).unwrap()
}

/// Bars of all colours.
fn bars(size: Size) -> I420 {
    let bars =
        [[235, 128, 128], [200, 30, 150], [150, 170, 40], [110, 60, 60], [90, 190, 200], [40, 110, 220]];
    drawn(size, |x, _| bars[(x * 6 / size.width) as usize])
}

fn gray(size: Size, value: u8) -> Picture {
    Picture::Raw(drawn(size, |_, _| [value, 128, 128]))
}

/// Decodes what an encoder gave, as a player would: parameter sets first, start codes in place of lengths.
fn decoded(encoder: &VideoEncoder, pictures: &[Encoded]) -> Vec<I420> {
    let mut decoder = H264::new().unwrap();
    let (sps, pps) = encoder.parameter_sets();
    let start = [0, 0, 0, 1];
    let mut shown = Vec::new();
    let mut head = [&start[..], sps, &start, pps].concat();
    for picture in pictures {
        let mut rest = &picture.data[..];
        while let Some((len, after)) = rest.split_first_chunk() {
            let (nal, next) = after.split_at(u32::from_be_bytes(*len) as usize);
            head.extend_from_slice(&start);
            head.extend_from_slice(nal);
            rest = next;
        }
        if let Some(yuv) = decoder.decode(&std::mem::take(&mut head)).unwrap() {
            let (w, h) = yuv.dimensions();
            let (luma, colour, _) = yuv.strides();
            let rows = |plane: &[u8], stride: usize, w: usize, h: usize| -> Vec<u8> {
                plane.chunks(stride).take(h).flat_map(|row| row[..w].to_vec()).collect()
            };
            let u = rows(yuv.u(), colour, w / 2, h / 2);
            let planes = [rows(yuv.y(), luma, w, h), u, rows(yuv.v(), colour, w / 2, h / 2)].concat();
            let size = Size::new(u32::try_from(w).unwrap(), u32::try_from(h).unwrap());
            shown.push(I420::new(size, planes.into()).unwrap());
        }
    }
    shown
}

fn mean_apart(one: &I420, other: &I420) -> f64 {
    assert_eq!(one.size(), other.size());
    let sum: u64 = one.bytes().iter().zip(other.bytes()).map(|(a, b)| u64::from(a.abs_diff(*b))).sum();
    sum as f64 / one.bytes().len() as f64
}

#[test]
fn the_first_picture_and_one_each_two_seconds_is_a_key_frame() {
    let size = Size::new(64, 48);
    let mut encoder =
        VideoEncoder::new(size, &VideoSettings { frame_rate: 5.0, ..VideoSettings::default() }).unwrap();
    let keys: Vec<usize> =
        (0..25).filter(|i| encoder.encode(&gray(size, 100 + *i as u8), *i == 13).unwrap().key).collect();
    assert_eq!(keys, [0, 10, 13, 23]);
}

#[test]
fn colours_come_back_over_the_full_range_whatever_the_sampling_of_the_jpeg() {
    use turbojpeg::{Compressor, Image, PixelFormat, Subsamp};
    let size = Size::new(192, 96);
    let (width, height) = (192, 96);
    let pixels: Vec<u8> = (0..width * height)
        .flat_map(|i| [[255, 255, 255], [220, 40, 30], [30, 60, 210], [20, 20, 20]][i % width / 48])
        .collect();
    let image = Image { pixels: &pixels[..], width, pitch: 3 * width, height, format: PixelFormat::RGB };
    for subsamp in [Subsamp::Sub2x2, Subsamp::Sub2x1, Subsamp::Sub1x2, Subsamp::None, Subsamp::Gray] {
        let mut compressor = Compressor::new().unwrap();
        compressor.set_quality(95).unwrap();
        compressor.set_subsamp(subsamp).unwrap();
        let jpeg = crate::scan(compressor.compress_to_vec(image).unwrap().into()).unwrap();
        let wanted = Decoder::new().unwrap().i420(&jpeg.bytes).unwrap();
        let settings = VideoSettings { quality: 90, ..VideoSettings::default() };
        let mut encoder = VideoEncoder::new(size, &settings).unwrap();
        let encoded = encoder.encode(&Picture::Jpeg(jpeg), false).unwrap();
        let shown = decoded(&encoder, &[encoded]);
        assert!(mean_apart(&shown[0], &wanted) < 2.0, "{subsamp:?} {}", mean_apart(&shown[0], &wanted));
        assert!(shown[0].luma().iter().max() > Some(&248), "{subsamp:?}: white is not 235");
    }
}

#[test]
fn the_parameter_set_says_constrained_baseline() {
    let encoder = VideoEncoder::new(Size::new(1280, 720), &VideoSettings::default()).unwrap();
    let (sps, pps) = encoder.parameter_sets();
    assert_eq!((sps[0] & 31, pps[0] & 31), (7, 8));
    assert_eq!(sps[1], 66, "baseline");
    assert_eq!(sps[2] & 0x40, 0x40, "constrained");
}

#[test]
fn an_odd_last_column_and_row_are_left_out() {
    let size = Size::new(99, 67);
    let mut encoder = VideoEncoder::new(size, &VideoSettings::default()).unwrap();
    assert_eq!(encoder.size(), Size::new(98, 66));
    let raw = bars(size);
    let jpeg = crate::scan(crate::Encoder::new(95).unwrap().i420(&raw).unwrap()).unwrap();
    let even = drawn(encoder.size(), |x, _| {
        let at = |plane: usize| raw.bytes()[99 * 67 + plane * 50 * 34 + x as usize / 2];
        [raw.luma()[x as usize], at(0), at(1)]
    });
    for picture in [Picture::Raw(raw.clone()), Picture::Jpeg(jpeg)] {
        let encoded = encoder.encode(&picture, true).unwrap();
        let shown = decoded(&encoder, &[encoded]);
        assert!(mean_apart(&shown[0], &even) < 4.0, "{}", mean_apart(&shown[0], &even));
    }
}

#[test]
fn another_size_and_a_damaged_picture_are_refused_and_the_next_one_is_taken() {
    let size = Size::new(64, 48);
    let mut encoder = VideoEncoder::new(size, &VideoSettings::default()).unwrap();
    let small = encoder.encode(&gray(Size::new(32, 48), 9), false);
    assert!(matches!(small, Err(CodecError::VideoSize(_))));
    let jpeg = crate::scan(crate::Encoder::new(80).unwrap().i420(&bars(size)).unwrap()).unwrap();
    let torn = JpegPicture { bytes: jpeg.bytes.slice(..jpeg.bytes.len() / 2), ..jpeg };
    assert!(encoder.encode(&Picture::Jpeg(torn), false).is_err());
    assert!(encoder.encode(&gray(size, 9), false).unwrap().key);
    for size in [Size::new(8, 100), Size::new(4000, 100), Size::new(2500, 2500)] {
        assert!(matches!(VideoEncoder::new(size, &VideoSettings::default()), Err(CodecError::VideoSize(_))));
    }
}

#[test]
fn noise_is_held_near_the_ceiling_and_stays_decodable_across_changes_of_quality() {
    let size = Size::new(160, 120);
    let settings = VideoSettings { bit_rate: Some(200_000), frame_rate: 10.0, ..VideoSettings::default() };
    let mut encoder = VideoEncoder::new(size, &settings).unwrap();
    let mut state = 1u32;
    let encoded: Vec<Encoded> = (0..120)
        .map(|_| {
            let noise: Vec<u8> = std::iter::repeat_with(|| {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                100 + (state >> 27) as u8
            })
            .take(I420::len_of(size))
            .collect();
            encoder.encode(&Picture::Raw(I420::new(size, noise.into()).unwrap()), false).unwrap()
        })
        .collect();
    let late: usize = encoded[60..].iter().map(|picture| picture.data.len()).sum();
    assert!(late * 8 < 6 * 200_000 * 5 / 4, "{} bits a second", late * 8 / 6);
    assert_eq!(decoded(&encoder, &encoded).len(), 120);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn one_picture_goes_in_and_one_comes_out_at_any_size_and_quality(
        w in 16u32..200, h in 16u32..200, quality: u8, forced in prop::collection::vec(any::<bool>(), 1..12),
    ) {
        let size = Size::new(w, h);
        let mut encoder = VideoEncoder::new(size, &VideoSettings { quality, ..VideoSettings::default() }).unwrap();
        let encoded: Vec<_> = forced
            .iter()
            .enumerate()
            .map(|(i, force)| encoder.encode(&gray(size, 20 * i as u8), *force).unwrap())
            .collect();
        for (i, (picture, force)) in encoded.iter().zip(&forced).enumerate() {
            prop_assert_eq!(picture.key, *force || i == 0);
        }
        prop_assert_eq!(decoded(&encoder, &encoded).len(), forced.len());
    }
}
