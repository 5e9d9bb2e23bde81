use proptest::prelude::*;

use super::*;
use crate::v4l2::ask::Colors;
use crate::v4l2::format::ALL;

fn format(word: &str) -> &'static Format {
    ALL.iter().find(|format| format.word == word).unwrap()
}

/// A format whose numbers are already in full range, so that what goes in comes out.
fn agreed(word: &str, width: u32, height: u32, stride: usize) -> Agreed {
    let colors = Colors { is_limited: Some(false), is_jpeg: false };
    Agreed { code: format(word).code(), size: Size::new(width, height), stride, len: 0, colors }
}

fn converted(word: &str, width: u32, height: u32, stride: usize, data: &[u8]) -> Option<Vec<u8>> {
    let converter = Converter::new(format(word), &agreed(word, width, height, stride)).unwrap();
    converter.convert(data).map(|picture| picture.bytes().to_vec())
}

/// Two rows of four pixels: luma 1 to 8, two blocks of colour whose rows differ by two.
const LUMA: [u8; 8] = [1, 2, 3, 4, 5, 6, 7, 8];
const WANTED: [u8; 12] = [1, 2, 3, 4, 5, 6, 7, 8, 101, 111, 201, 211];

#[test]
fn packed_formats_come_out_as_planes_with_the_mean_colour_of_two_rows() {
    for (word, order) in
        [("YUYV", [0, 1, 2, 3]), ("UYVY", [1, 0, 3, 2]), ("YVYU", [0, 3, 2, 1]), ("VYUY", [1, 2, 3, 0])]
    {
        let group = |y0: u8, u: u8, y1: u8, v: u8| {
            let mut out = [0; 4];
            for (at, value) in order.into_iter().zip([y0, u, y1, v]) {
                out[at] = value;
            }
            out
        };
        let rows = [
            [group(1, 100, 2, 200), group(3, 110, 4, 210)].concat(),
            vec![0xee; 3],
            [group(5, 102, 6, 202), group(7, 112, 8, 212)].concat(),
        ];
        assert_eq!(converted(word, 4, 2, 11, &rows.concat()).unwrap(), WANTED, "{word}");
    }
}

#[test]
fn planes_and_pairs_are_read_by_their_own_strides() {
    let pad = |row: &[u8]| [row, &[0xee; 2]].concat();
    let luma = [pad(&LUMA[..4]), pad(&LUMA[4..])].concat();
    let one = |bytes: &[u8]| [bytes, &[0xee]].concat();
    for (word, colors) in [
        ("NV12", pad(&[101, 201, 111, 211])),
        ("NV21", pad(&[201, 101, 211, 111])),
        ("NV16", [pad(&[100, 200, 110, 210]), pad(&[102, 202, 112, 212])].concat()),
        ("NV61", [pad(&[200, 100, 210, 110]), pad(&[202, 102, 212, 112])].concat()),
        ("YU12", [one(&[101, 111]), one(&[201, 211])].concat()),
        ("YV12", [one(&[201, 211]), one(&[101, 111])].concat()),
        ("422P", [one(&[100, 110]), one(&[102, 112]), one(&[200, 210]), one(&[202, 212])].concat()),
    ] {
        let data = [luma.clone(), colors].concat();
        assert_eq!(converted(word, 4, 2, 6, &data).unwrap(), WANTED, "{word}");
    }
}

#[test]
fn gray_has_the_colour_of_nothing() {
    let wanted = [&LUMA[..], &[128; 4]].concat();
    assert_eq!(converted("GREY", 4, 2, 0, &LUMA).unwrap(), wanted);
    for (word, shift) in [("Y10", 2), ("Y12", 4), ("Y16", 8)] {
        let deep: Vec<u8> = LUMA.iter().flat_map(|y| (u16::from(*y) << shift).to_le_bytes()).collect();
        assert_eq!(converted(word, 4, 2, 8, &deep).unwrap(), wanted, "{word}");
    }
    let over = [0xff; 16];
    assert_eq!(converted("Y10", 4, 2, 8, &over).unwrap()[..8], [255; 8], "more bits than there should be");
}

#[test]
fn every_order_of_red_green_and_blue_gives_the_same_picture() {
    let wanted = [[76; 4].as_slice(), &[85], &[255]].concat();
    for (word, red) in [
        ("RGB3", &[255, 0, 0][..]),
        ("BGR3", &[0, 0, 255]),
        ("XR24", &[0, 0, 255, 9]),
        ("XB24", &[255, 0, 0, 9]),
        ("BX24", &[9, 255, 0, 0]),
        ("RGB4", &[9, 255, 0, 0]),
        ("RGBP", &[0x00, 0xf8]),
    ] {
        assert_eq!(converted(word, 2, 2, 0, &red.repeat(4)).unwrap(), wanted, "{word}");
    }
}

#[test]
fn numbers_of_limited_range_are_brought_to_full_range_unless_the_driver_says_they_are_full() {
    let data = [16, 128, 235, 128];
    let with = |is_limited, is_jpeg| {
        let agreed = Agreed { colors: Colors { is_limited, is_jpeg }, ..agreed("YUYV", 2, 1, 0) };
        Converter::new(format("YUYV"), &agreed).unwrap().convert(&data).unwrap().bytes()[..2].to_vec()
    };
    assert_eq!(with(None, false), [0, 255]);
    assert_eq!(with(Some(true), true), [0, 255]);
    assert_eq!(with(None, true), [16, 235]);
    assert_eq!(with(Some(false), false), [16, 235]);
    let gray = Agreed { colors: Colors::default(), ..agreed("GREY", 2, 1, 0) };
    let gray = Converter::new(format("GREY"), &gray).unwrap().convert(&[16, 235]).unwrap();
    assert_eq!(gray.bytes()[..2], [16, 235], "a sensor's own numbers");
}

#[test]
fn a_buffer_that_is_cut_off_gives_no_picture() {
    for format in ALL.iter().filter(|format| format.layout != Layout::Jpeg) {
        let len = (4 * 4 * format.bits() / 8) as usize;
        assert!(converted(format.word, 4, 4, 0, &vec![7; len]).is_some(), "{}", format.word);
        for cut in [0, 1, len / 2, len - 1] {
            assert!(converted(format.word, 4, 4, 0, &vec![7; cut]).is_none(), "{} {cut}", format.word);
        }
    }
}

#[test]
fn sizes_that_no_picture_may_have_are_refused() {
    for (width, height) in [(0, 1), (1, 0), (MAX_SIDE + 1, 1), (1, u32::MAX)] {
        assert!(Converter::new(format("GREY"), &agreed("GREY", width, height, 0)).is_none());
    }
}

proptest! {
    /// Odd sizes, any stride and any length: a picture or none, never a panic.
    #[test]
    fn nothing_that_a_driver_hands_over_is_too_much(
        which in 2..ALL.len(),
        width in 1u32..20,
        height in 1u32..20,
        stride in prop_oneof![0usize..100, Just(MAX_STRIDE), Just(usize::MAX)],
        len in 0usize..4000,
    ) {
        let format = &ALL[which];
        let agreed = Agreed { stride, ..agreed(format.word, width, height, 0) };
        let Some(converter) = Converter::new(format, &agreed) else {
            prop_assert!(stride > MAX_STRIDE);
            return Ok(());
        };
        if let Some(picture) = converter.convert(&vec![50; len]) {
            prop_assert_eq!(picture.size(), Size::new(width, height));
        }
    }
}
