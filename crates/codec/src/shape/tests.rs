use frame::{I420, Point, Sampling, Size};
use proptest::prelude::*;
use turbojpeg::{Compressor, Image, PixelFormat, Subsamp};

use super::*;

/// A JPEG of the library's own test picture.
fn jpeg(size: Size, subsamp: Subsamp, tune: impl FnOnce(&mut Compressor)) -> JpegPicture {
    let mut compressor = Compressor::new().unwrap();
    compressor.set_quality(85).unwrap();
    compressor.set_subsamp(subsamp).unwrap();
    tune(&mut compressor);
    let image = Image::mandelbrot(size.width as usize, size.height as usize, PixelFormat::RGB);
    scan(compressor.compress_to_vec(image.as_deref()).unwrap().into()).unwrap()
}

fn masks(corners: &[(f32, f32)]) -> Vec<Polygon> {
    vec![Polygon::new(corners.iter().map(|&(x, y)| Point { x, y }).collect()).unwrap()]
}

fn right_half() -> Vec<Polygon> {
    masks(&[(0.5, 0.0), (1.0, 0.0), (1.0, 1.0), (0.5, 1.0)])
}

fn shaped(picture: &JpegPicture, rotation: Rotation, masks: &[Polygon]) -> (JpegPicture, bool) {
    let Shaped { picture, recoded } =
        Shaper::new().unwrap().shape(Picture::Jpeg(picture.clone()), rotation, masks).unwrap();
    let Picture::Jpeg(jpeg) = picture else { panic!("a JPEG stays one") };
    (jpeg, recoded)
}

fn decoded(jpeg: &JpegPicture) -> I420 {
    Decoder::new().unwrap().i420(&jpeg.bytes).unwrap()
}

fn mean_difference(a: &[u8], b: &[u8]) -> f64 {
    let sum: u64 = a.iter().zip(b).map(|(a, b)| u64::from(a.abs_diff(*b))).sum();
    f64::from(u32::try_from(sum).unwrap()) / f64::from(u32::try_from(a.len()).unwrap())
}

const EVERY: [(Subsamp, Sampling, Sampling); 4] = [
    (Subsamp::Sub2x2, Sampling::Yuv420, Sampling::Yuv420),
    (Subsamp::Sub2x1, Sampling::Yuv422, Sampling::Yuv440),
    (Subsamp::None, Sampling::Yuv444, Sampling::Yuv444),
    (Subsamp::Gray, Sampling::Gray, Sampling::Gray),
];

#[test]
fn a_rotation_loses_nothing_and_is_the_right_way_round_in_every_sampling() {
    for (subsamp, before, after) in EVERY {
        for is_progressive in [false, true] {
            let size = Size::new(96, 64);
            let picture = jpeg(size, subsamp, |c| c.set_progressive(is_progressive).unwrap());
            assert_eq!(picture.sampling, before);
            let planes = decoded(&picture);
            for rotation in [Rotation::Quarter, Rotation::Half, Rotation::ThreeQuarters] {
                let (turned, recoded) = shaped(&picture, rotation, &[]);
                assert!(!recoded, "{subsamp:?}");
                assert_eq!(turned.size, rotation.of(size));
                let expected = if rotation == Rotation::Half { before } else { after };
                assert_eq!(turned.sampling, expected, "{subsamp:?} {rotation:?}");
                let expected = Turn::from(rotation).planes(&planes).unwrap();
                // The same coefficients; what differs is how the library rounds columns and rows.
                let off = mean_difference(decoded(&turned).bytes(), expected.bytes());
                assert!(off < 0.3, "{subsamp:?} {rotation:?}: {off}");
            }
            let around = (0..4).fold(picture.clone(), |p, _| shaped(&p, Rotation::Quarter, &[]).0);
            assert_eq!(decoded(&around).bytes(), planes.bytes(), "four quarters are the picture itself");
        }
    }
}

#[test]
fn what_cannot_be_turned_without_loss_is_encoded_anew_and_whole() {
    // 90 lines are five and five eighths blocks of 4:2:0.
    let picture = jpeg(Size::new(96, 90), Subsamp::Sub2x2, |_| {});
    let (turned, recoded) = shaped(&picture, Rotation::Quarter, &[]);
    assert!(recoded);
    assert_eq!(turned.size, Size::new(90, 96));
    let expected = Turn::from(Rotation::Quarter).planes(&decoded(&picture)).unwrap();
    assert!(mean_difference(decoded(&turned).bytes(), expected.bytes()) < 2.0);
    let found = markers::quality(&turned.bytes).unwrap();
    assert!(found.abs_diff(85) <= 1, "at the camera's own quality: {found}");
    // The other way round the broken blocks stay at the end, where they may be.
    assert!(!shaped(&picture, Rotation::ThreeQuarters, &[]).1);
}

/// The JPEG with a segment behind SOI.
fn with_segment(jpeg: &JpegPicture, marker: u8, body: &[u8]) -> JpegPicture {
    let length = u16::try_from(body.len() + 2).unwrap().to_be_bytes();
    let bytes = [&[0xff, 0xd8, 0xff, marker], &length[..], body, &jpeg.bytes[2..]].concat();
    scan(bytes.into()).unwrap()
}

fn exif(orientation: u8) -> Vec<u8> {
    let mut body = b"Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0".to_vec();
    body[24] = orientation;
    body
}

#[test]
fn an_orientation_of_the_cameras_own_is_carried_out_once_and_not_handed_on() {
    let picture = jpeg(Size::new(96, 64), Subsamp::Sub2x2, |_| {});
    let on_its_side = with_segment(&picture, 0xe1, &exif(6));
    let (turned, _) = shaped(&on_its_side, Rotation::Quarter, &[]);
    let expected = shaped(&picture, Rotation::Half, &[]).0;
    assert_eq!(turned.bytes, expected.bytes, "a quarter by EXIF and a quarter by the configuration");
    assert!(markers::segments(&turned.bytes).all(|segment| segment.marker != 0xe1));
    let (masked, _) = shaped(&on_its_side, Rotation::None, &right_half());
    assert_eq!(masked.size, Size::new(64, 96), "the mask lies where it was drawn: on what a browser shows");
    let (same, _) = shaped(&on_its_side, Rotation::None, &[]);
    assert_eq!(same.bytes, on_its_side.bytes, "with nothing to do nothing is touched");
}

#[test]
fn a_picture_on_its_side_is_stood_upright_and_any_other_is_left_alone() {
    let picture = jpeg(Size::new(96, 64), Subsamp::Sub2x2, |_| {});
    let mut shaper = Shaper::new().unwrap();
    let upright = shaper.upright(with_segment(&picture, 0xe1, &exif(6))).unwrap();
    assert_eq!(upright.bytes, shaped(&picture, Rotation::Quarter, &[]).0.bytes);
    for plain in [picture.clone(), with_segment(&picture, 0xe1, &exif(1))] {
        assert_eq!(shaper.upright(plain.clone()).unwrap().bytes, plain.bytes);
    }
}

#[test]
fn a_colour_profile_stays_and_a_thumbnail_goes() {
    let profile = [&b"ICC_PROFILE\0\x01\x01"[..], &[7; 50]].concat();
    let picture = jpeg(Size::new(64, 64), Subsamp::Sub2x2, |_| {});
    let mut picture = with_segment(&picture, 0xe2, &profile);
    for marker in [0xe1, 0xe0, 0xed, 0xfe] {
        picture = with_segment(&picture, marker, b"JFXX\0 the garden in the clear");
    }
    let holds = |jpeg: &JpegPicture, what: &[u8]| jpeg.bytes.windows(what.len()).any(|w| w == what);
    for rotation in [Rotation::None, Rotation::Quarter] {
        let (masked, _) = shaped(&picture, rotation, &right_half());
        assert!(holds(&masked, &profile) && !holds(&masked, b"in the clear"), "{rotation:?}");
    }
}

/// Whether all of the picture right of its middle is black and gray, and what is a block left of it as it was.
fn right_half_is_black(before: &I420, after: &I420) {
    let (width, height) = (before.size().width as usize, before.size().height as usize);
    assert_eq!(before.size(), after.size());
    for (y, (old, new)) in before.luma().chunks_exact(width).zip(after.luma().chunks_exact(width)).enumerate()
    {
        assert!(new[width / 2..].iter().all(|&value| value <= 1), "row {y} is black");
        assert_eq!(old[..width / 2 - 16], new[..width / 2 - 16], "row {y} is left alone beside the mask");
    }
    let half = width.div_ceil(2);
    let colour = |planes: &I420| planes.bytes()[width * height..].to_vec();
    for (old, new) in colour(before).chunks_exact(half).zip(colour(after).chunks_exact(half)) {
        assert!(new[width.div_ceil(4)..].iter().all(|value| value.abs_diff(128) <= 1), "without colour");
        assert_eq!(old[..half / 2 - 8], new[..half / 2 - 8]);
    }
}

#[test]
fn a_mask_is_black_and_touches_nothing_a_block_away_in_every_kind_of_jpeg() {
    for (subsamp, ..) in EVERY {
        for kind in ["baseline", "optimized", "progressive"] {
            let picture = jpeg(Size::new(163, 90), subsamp, |c| {
                c.set_optimize(kind == "optimized").unwrap();
                c.set_progressive(kind == "progressive").unwrap();
            });
            let (masked, recoded) = shaped(&picture, Rotation::None, &right_half());
            assert!(!recoded, "{subsamp:?} {kind}");
            right_half_is_black(&decoded(&picture), &decoded(&masked));
        }
    }
}

#[test]
fn a_mask_lies_on_the_turned_picture() {
    let picture = jpeg(Size::new(96, 64), Subsamp::Sub2x2, |_| {});
    let top = masks(&[(0.0, 0.0), (1.0, 0.0), (1.0, 0.4), (0.0, 0.4)]);
    for (picture, is_raw) in
        [(Picture::Raw(decoded(&picture)), true), (Picture::Jpeg(picture.clone()), false)]
    {
        let shaped = Shaper::new().unwrap().shape(picture, Rotation::Quarter, &top).unwrap();
        let planes = match shaped.picture {
            Picture::Raw(planes) => planes,
            Picture::Jpeg(jpeg) => decoded(&jpeg),
        };
        assert_eq!(planes.size(), Size::new(64, 96));
        let dark = |rows: &[u8]| rows.iter().all(|&value| value <= 1);
        assert!(dark(&planes.luma()[..64 * 38]), "{is_raw}");
        assert!(!dark(&planes.luma()[64 * 64..]), "{is_raw}");
    }
}

#[test]
fn raw_planes_are_black_to_the_pixel() {
    let size = Size::new(7, 5);
    let planes = I420::new(size, vec![200; I420::len_of(size)].into()).unwrap();
    let corner = masks(&[(0.6, 0.0), (1.0, 0.0), (1.0, 0.4), (0.6, 0.4)]);
    let shaped = Shaper::new().unwrap().shape(Picture::Raw(planes), Rotation::None, &corner).unwrap();
    let Picture::Raw(planes) = shaped.picture else { panic!("planes stay planes") };
    let rows: Vec<&[u8]> = planes.luma().chunks(7).collect();
    assert_eq!(rows[0], [200, 200, 200, 200, 0, 0, 0]);
    assert_eq!(rows[0], rows[1]);
    assert_eq!(rows[2], [200; 7]);
    assert_eq!(planes.bytes()[35..39], [200, 200, 128, 128]);
}

#[test]
fn what_is_damaged_is_an_error_and_never_the_picture_itself() {
    let picture = jpeg(Size::new(96, 64), Subsamp::Sub2x2, |_| {});
    let half = [&picture.bytes[..picture.bytes.len() / 2], &[0xff, 0xd9]].concat();
    let half = scan(half.into()).unwrap();
    for (rotation, masks) in
        [(Rotation::Quarter, vec![]), (Rotation::None, right_half()), (Rotation::Half, right_half())]
    {
        let mut shaper = Shaper::new().unwrap();
        let shaped = shaper.shape(Picture::Jpeg(half.clone()), rotation, &masks);
        assert!(matches!(shaped, Err(CodecError::Damaged(_))), "{rotation:?}");
        assert!(
            shaper.shape(Picture::Jpeg(picture.clone()), rotation, &masks).is_ok(),
            "the next one is fine"
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn no_byte_that_is_wrong_lets_a_masked_pixel_through(
        at in 0usize..6000, to: u8, kind in 0usize..4, progressive: bool, quarter: bool,
    ) {
        let picture = jpeg(Size::new(96, 64), EVERY[kind].0, |c| c.set_progressive(progressive).unwrap());
        let mut bytes = picture.bytes.to_vec();
        let at = 2 + at % (bytes.len() - 2);
        bytes[at] = to;
        let rotation = if quarter { Rotation::Quarter } else { Rotation::None };
        let Ok(hostile) = scan(bytes.into()) else { return Ok(()) };
        let shaped = Shaper::new().unwrap().shape(Picture::Jpeg(hostile), rotation, &right_half());
        if let Ok(Shaped { picture: Picture::Jpeg(jpeg), .. }) = shaped
            && let Ok(planes) = Decoder::new().unwrap().i420(&jpeg.bytes)
        {
            let width = planes.size().width as usize;
            for row in planes.luma().chunks_exact(width) {
                prop_assert!(row[width.div_ceil(2)..].iter().all(|&value| value <= 16), "{:?}", row);
            }
        }
    }

    #[test]
    fn any_size_is_shaped_whole(w in 1u32..70, h in 1u32..70, kind in 0usize..4, degrees in 0u32..4, masked: bool) {
        let picture = jpeg(Size::new(w, h), EVERY[kind].0, |_| {});
        let rotation = Rotation::from_degrees(90 * degrees).unwrap();
        let masks = if masked { right_half() } else { Vec::new() };
        let (jpeg, _) = shaped(&picture, rotation, &masks);
        prop_assert_eq!(jpeg.size, rotation.of(Size::new(w, h)));
        let planes = decoded(&jpeg);
        if masked {
            let width = planes.size().width as usize;
            let black = |row: &[u8]| row[width.div_ceil(2)..].iter().all(|&value| value <= 16);
            prop_assert!(planes.luma().chunks_exact(width).all(black));
        }
    }
}
