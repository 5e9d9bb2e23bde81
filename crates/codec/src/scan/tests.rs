use super::*;
use crate::Decoder;
use frame::I420;
use proptest::prelude::*;
use turbojpeg::{Compressor, Image, PixelFormat, Subsamp};

/// A JPEG of the library's own test picture; its encoder writes the standard Huffman tables.
fn jpeg(width: usize, height: usize, subsamp: Subsamp, tune: impl FnOnce(&mut Compressor)) -> Vec<u8> {
    let mut compressor = Compressor::new().unwrap();
    compressor.set_quality(70).unwrap();
    compressor.set_subsamp(subsamp).unwrap();
    tune(&mut compressor);
    let image = Image::mandelbrot(width, height, PixelFormat::RGB);
    compressor.compress_to_vec(image.as_deref()).unwrap()
}

fn plain() -> Vec<u8> {
    jpeg(40, 24, Subsamp::Sub2x2, |_| {})
}

fn scanned(bytes: impl Into<Bytes>) -> Result<JpegPicture, ScanError> {
    scan(bytes.into())
}

/// Start and end of each segment of that kind, marker included.
fn segments(jpeg: &[u8], kind: u8) -> Vec<(usize, usize)> {
    let mut found = Vec::new();
    let mut at = 2;
    while at + 4 < jpeg.len() && jpeg[at + 1] != 0xda {
        let end = at + 2 + usize::from(u16::from_be_bytes([jpeg[at + 2], jpeg[at + 3]]));
        if jpeg[at + 1] == kind {
            found.push((at, end));
        }
        at = end;
    }
    found
}

fn without_tables(jpeg: &[u8]) -> Vec<u8> {
    let mut bare = jpeg.to_vec();
    for (start, end) in segments(jpeg, 0xc4).into_iter().rev() {
        bare.drain(start..end);
    }
    bare
}

/// The same JPEG with another size in its frame header.
fn resized(mut jpeg: Vec<u8>, width: u16, height: u16) -> Vec<u8> {
    let (start, _) = segments(&jpeg, 0xc0)[0];
    jpeg[start + 5..start + 7].copy_from_slice(&height.to_be_bytes());
    jpeg[start + 7..start + 9].copy_from_slice(&width.to_be_bytes());
    jpeg
}

#[test]
fn every_sampling_that_browsers_show_is_read_with_its_size() {
    let table = [
        (Subsamp::Sub2x2, Sampling::Yuv420),
        (Subsamp::Sub2x1, Sampling::Yuv422),
        (Subsamp::Sub1x2, Sampling::Yuv440),
        (Subsamp::None, Sampling::Yuv444),
        (Subsamp::Gray, Sampling::Gray),
    ];
    for (subsamp, sampling) in table {
        for progressive in [false, true] {
            let bytes = jpeg(41, 27, subsamp, |c| c.set_progressive(progressive).unwrap());
            let picture = scanned(bytes.clone()).unwrap();
            assert_eq!((picture.size, picture.sampling), (Size::new(41, 27), sampling));
            assert_eq!(picture.bytes, bytes);
            let planes = Decoder::new().unwrap().i420(&picture.bytes).unwrap();
            assert_eq!(planes.size(), picture.size);
        }
    }
}

#[test]
fn other_samplings_and_kinds_are_refused_by_name() {
    assert_eq!(scanned(jpeg(40, 24, Subsamp::Sub4x1, |_| {})).unwrap_err(), ScanError::Sampling);
    let arithmetic = jpeg(40, 24, Subsamp::Sub2x2, |c| c.set_arithmetic(true).unwrap());
    assert_eq!(scanned(arithmetic).unwrap_err(), ScanError::Unsupported("arithmetic-coded"));
    let lossless = jpeg(40, 24, Subsamp::None, |c| c.set_lossless(true).unwrap());
    assert_eq!(scanned(lossless).unwrap_err(), ScanError::Unsupported("lossless"));
}

/// The same JPEG with other factors in its frame header, one byte a component.
fn refactored(mut jpeg: Vec<u8>, factors: [u8; 3]) -> Vec<u8> {
    let (start, _) = segments(&jpeg, 0xc0)[0];
    for (i, factor) in factors.into_iter().enumerate() {
        jpeg[start + 11 + 3 * i] = factor;
    }
    jpeg
}

#[test]
fn any_factors_are_either_decoded_or_refused_by_name() {
    let colour = jpeg(64, 48, Subsamp::None, |_| {});
    let table = [
        ([0x22, 0x11, 0x11], Ok(Sampling::Yuv420)),
        ([0x21, 0x11, 0x11], Ok(Sampling::Yuv422)),
        ([0x22, 0x12, 0x12], Ok(Sampling::Yuv422)),
        ([0x12, 0x11, 0x11], Ok(Sampling::Yuv440)),
        ([0x22, 0x21, 0x21], Ok(Sampling::Yuv440)),
        ([0x21, 0x21, 0x21], Ok(Sampling::Yuv444)),
        ([0x11, 0x11, 0x11], Ok(Sampling::Yuv444)),
        // 4:1:1 as video cameras have it, and turned; 4:1:0.
        ([0x41, 0x11, 0x11], Err(ScanError::Sampling)),
        ([0x14, 0x11, 0x11], Err(ScanError::Sampling)),
        ([0x42, 0x11, 0x11], Err(ScanError::Sampling)),
        // The ratio of 4:2:0 and of 4:4:4, in more blocks than are allowed.
        ([0x44, 0x22, 0x22], Err(ScanError::Sampling)),
        ([0x42, 0x21, 0x21], Err(ScanError::Sampling)),
        ([0x22, 0x22, 0x22], Err(ScanError::Sampling)),
        // Planes that differ from each other, larger ones for colour, none at all.
        ([0x22, 0x11, 0x21], Err(ScanError::Sampling)),
        ([0x11, 0x22, 0x22], Err(ScanError::Sampling)),
        ([0x31, 0x11, 0x11], Err(ScanError::Sampling)),
        ([0x00, 0x00, 0x00], Err(ScanError::Sampling)),
        ([0xff, 0xff, 0xff], Err(ScanError::Sampling)),
    ];
    for (factors, expected) in table {
        let found = scanned(refactored(colour.clone(), factors)).map(|picture| picture.sampling);
        assert_eq!(found, expected, "{factors:02x?}");
    }
    let mut inner = turbojpeg::Decompressor::new().unwrap();
    // All pairs of luma and colour factors up to five.
    let all: Vec<u8> = (0..=0x55u8).filter(|byte| byte & 15 <= 5).collect();
    for (y, u) in all.iter().flat_map(|&y| all.iter().map(move |&u| (y, u))) {
        let bytes = refactored(colour.clone(), [y, u, u]);
        if let Ok(picture) = scanned(bytes) {
            let header = inner.read_header(&picture.bytes).unwrap();
            let expected = match picture.sampling {
                Sampling::Yuv420 => Subsamp::Sub2x2,
                Sampling::Yuv422 => Subsamp::Sub2x1,
                Sampling::Yuv440 => Subsamp::Sub1x2,
                Sampling::Yuv444 => Subsamp::None,
                Sampling::Gray => Subsamp::Gray,
            };
            assert_eq!(header.subsamp, expected, "{y:02x} {u:02x}");
        }
    }
}

#[test]
fn a_jpeg_cut_at_any_byte_is_truncated_and_nothing_else() {
    for whole in [plain(), jpeg(33, 17, Subsamp::Sub2x1, |c| c.set_progressive(true).unwrap())] {
        for len in 0..whole.len() {
            assert_eq!(scanned(whole[..len].to_vec()).unwrap_err(), ScanError::Truncated, "at {len}");
        }
    }
}

#[test]
fn what_stands_around_the_picture_is_cut_off_without_a_copy() {
    let whole = plain();
    for trailer in [&[0u8; 5000][..], b"\r\n--frame\r\n", &[0x00], &[0xd9, 0x00], &[0xff, 0xd8, 0xff]] {
        let bytes = Bytes::from([b"\r\n", &whole[..], trailer].concat());
        let picture = scan(bytes.clone()).unwrap();
        assert_eq!(picture.bytes, whole);
        assert_eq!(picture.bytes.as_ptr(), bytes[2..].as_ptr());
    }
}

#[test]
fn a_second_picture_before_the_end_of_the_first_means_truncated() {
    let whole = plain();
    let glued = [&whole[..whole.len() - 40], &whole[..]].concat();
    assert_eq!(extent(&glued), Extent::Interrupted(whole.len() - 40));
    assert_eq!(extent(&glued[whole.len() - 40..]), Extent::Whole(whole.len()));
    assert_eq!(extent(&whole[..100]), Extent::Unfinished);
    assert_eq!(scanned(glued).unwrap_err(), ScanError::Truncated);
}

#[test]
fn missing_huffman_tables_are_spliced_in_and_the_pixels_are_the_same() {
    for subsamp in [Subsamp::Sub2x1, Subsamp::Sub2x2, Subsamp::None, Subsamp::Gray] {
        let whole = jpeg(64, 48, subsamp, |_| {});
        let bare = without_tables(&whole);
        assert!(bare.len() < whole.len());
        let mended = scanned(bare).unwrap();
        assert_eq!(segments(&mended.bytes, 0xc4).len(), 1);
        let mut decoder = Decoder::new().unwrap();
        assert_eq!(decoder.rgb(&mended.bytes).unwrap(), decoder.rgb(&whole).unwrap());
    }
}

#[test]
fn the_spliced_tables_are_those_that_the_encoder_writes() {
    let whole = plain();
    let written: Vec<u8> =
        segments(&whole, 0xc4).iter().flat_map(|&(start, end)| whole[start + 4..end].to_vec()).collect();
    assert_eq!(huffman::standard_segment()[4..], written);
}

#[test]
fn giants_are_refused_by_their_header() {
    assert_eq!(
        scanned(resized(plain(), 65535, 65535)).unwrap_err(),
        ScanError::TooManyPixels(Size::new(65535, 65535))
    );
    assert_eq!(scanned(resized(plain(), 8193, 8)).unwrap_err(), ScanError::TooManyPixels(Size::new(8193, 8)));
    assert!(scanned(resized(plain(), 8192, 8192)).is_ok());
    assert_eq!(
        scanned(resized(plain(), 0, 8)).unwrap_err(),
        ScanError::Malformed("it has no width or no height")
    );
    assert_eq!(scanned(vec![0xff; MAX_BYTES + 1]).unwrap_err(), ScanError::TooLarge(MAX_BYTES + 1));
    let full = [plain(), vec![0; MAX_BYTES]].concat();
    assert!(scanned(full[..MAX_BYTES].to_vec()).is_ok());
}

#[test]
fn a_progressive_picture_with_scans_without_end_is_refused() {
    let whole = plain();
    let scan_at = whole.windows(2).position(|w| w == [0xff, 0xda]).unwrap();
    let one = &whole[scan_at..whole.len() - 2];
    let many = [&whole[..scan_at], &one.repeat(65), &[0xff, 0xd9]].concat();
    assert_eq!(scanned(many).unwrap_err(), ScanError::TooManyScans);
}

#[test]
fn what_is_no_jpeg_is_told_from_what_is_a_broken_one() {
    assert_eq!(scanned(&b"<html><body>camera</body></html>"[..]).unwrap_err(), ScanError::NotJpeg);
    assert_eq!(scanned(&b"\x89PNG\r\n\x1a\n"[..]).unwrap_err(), ScanError::NotJpeg);
    assert_eq!(scanned(&b""[..]).unwrap_err(), ScanError::Truncated);
    assert!(matches!(scanned(&b"\xff\xd8\xff\xd9"[..]).unwrap_err(), ScanError::Malformed(_)));
}

#[test]
fn restart_markers_belong_to_the_picture() {
    let whole = plain();
    let scan_at = whole.windows(2).position(|w| w == [0xff, 0xda]).unwrap();
    let mut with_restart = whole[..scan_at + 30].to_vec();
    with_restart.extend([0xff, 0xd0]);
    with_restart.extend(&whole[scan_at + 30..]);
    assert_eq!(scanned(with_restart.clone()).unwrap().bytes, with_restart);
}

/// The promise that everything after the scan rests on.
fn holds(bytes: Vec<u8>) -> Result<(), TestCaseError> {
    let Ok(picture) = scanned(bytes) else { return Ok(()) };
    let again = scan(picture.bytes.clone());
    let again = again.map_err(|e| TestCaseError::fail(format!("its own result is refused: {e}")))?;
    prop_assert_eq!(&again.bytes, &picture.bytes);
    prop_assert_eq!((again.size, again.sampling), (picture.size, picture.sampling));
    if picture.size.area() <= 1 << 20 {
        let mut decoder = Decoder::new().unwrap();
        if let Ok(luma) = decoder.luma(&picture.bytes, 16) {
            prop_assert_eq!(luma.pixels.len() as u64, luma.size.area());
        }
        if let Ok(planes) = decoder.i420(&picture.bytes) {
            prop_assert_eq!(planes.bytes().len(), I420::len_of(picture.size));
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn random_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        holds([&[0xff, 0xd8][..], &bytes].concat())?;
        holds(bytes)?;
    }

    #[test]
    fn a_picture_with_bytes_changed_scans_and_decodes_without_panic(
        subsamp in prop_oneof![
            Just(Subsamp::Gray), Just(Subsamp::None), Just(Subsamp::Sub2x1), Just(Subsamp::Sub2x2)
        ],
        progressive: bool,
        bare: bool,
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..12),
    ) {
        let whole = jpeg(24, 18, subsamp, |c| c.set_progressive(progressive).unwrap());
        let mut bytes = if bare { without_tables(&whole) } else { whole };
        for (at, value) in changes {
            let at = at.index(bytes.len());
            bytes[at] = value;
        }
        holds(bytes)?;
    }

    #[test]
    fn the_first_ff_is_found_wherever_it_stands(bytes in proptest::collection::vec(0xfau8..=0xff, 0..64)) {
        prop_assert_eq!(find_ff(&bytes), bytes.iter().position(|&b| b == 0xff));
    }
}
