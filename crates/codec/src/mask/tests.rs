use frame::{Point, Size};
use turbojpeg::{Compressor, Image, PixelFormat, Subsamp};

use super::bits::{Reader, Writer};
use super::*;
use crate::Decoder;

fn jpeg(subsamp: Subsamp) -> Vec<u8> {
    let mut compressor = Compressor::new().unwrap();
    compressor.set_quality(80).unwrap();
    compressor.set_subsamp(subsamp).unwrap();
    compressor.compress_to_vec(Image::mandelbrot(160, 96, PixelFormat::RGB).as_deref()).unwrap()
}

fn middle() -> Masker {
    let corners = [(0.3, 0.3), (0.7, 0.3), (0.7, 0.7), (0.3, 0.7)];
    let mut masker = Masker::default();
    masker.set(&[Polygon::new(corners.map(|(x, y)| Point { x, y }).to_vec()).unwrap()]);
    masker
}

#[test]
fn without_a_mask_the_walk_gives_back_every_byte() {
    for subsamp in [Subsamp::Sub2x2, Subsamp::Sub2x1, Subsamp::Sub1x2, Subsamp::None, Subsamp::Gray] {
        let jpeg = jpeg(subsamp);
        assert_eq!(Masker::default().jpeg(&jpeg).unwrap(), jpeg, "{subsamp:?}");
    }
}

#[test]
fn restart_markers_stay_where_they_are() {
    for subsamp in [Subsamp::Sub2x2, Subsamp::Sub2x1, Subsamp::Gray] {
        let plain = jpeg(subsamp);
        for every in [1, 3, 10] {
            let parted = blocks::with_restarts(&plain, every);
            assert_ne!(parted, plain);
            let planes = |jpeg: &[u8]| Decoder::new().unwrap().i420(jpeg).unwrap();
            assert_eq!(planes(&parted).bytes(), planes(&plain).bytes(), "the same picture");
            assert_eq!(Masker::default().jpeg(&parted).unwrap(), parted);
            let masked = (middle().jpeg(&parted).unwrap(), middle().jpeg(&plain).unwrap());
            assert_eq!(planes(&masked.0).bytes(), planes(&masked.1).bytes(), "{subsamp:?} every {every}");
        }
    }
}

#[test]
fn a_step_that_does_not_divide_evenly_is_black_all_the_same() {
    for quality in (1..=100).step_by(9) {
        let size = Size::new(48, 48);
        let planes = I420::new(size, vec![255; I420::len_of(size)].into()).unwrap();
        let white = crate::Encoder::new(quality).unwrap().i420(&planes).unwrap();
        let masked = middle().jpeg(&white).unwrap();
        let luma = Decoder::new().unwrap().i420(&masked).unwrap();
        assert!(luma.luma()[24 * 48 + 18..24 * 48 + 30].iter().all(|&value| value <= 1), "{quality}");
    }
}

#[test]
fn bits_come_back_as_they_were_written() {
    let mut writer = Writer::new(Vec::new());
    let words: Vec<(u32, u32)> = (1..=32).map(|count| (u32::MAX >> (32 - count), count)).collect();
    for &(bits, count) in &words {
        writer.put(bits & 0xff00_ff0f, count);
    }
    writer.marker(0xd9);
    let bytes = writer.into_bytes();
    let mut reader = Reader::new(&bytes, 0);
    for (bits, count) in words {
        assert_eq!(reader.peek() >> (32 - count), bits & 0xff00_ff0f, "{count}");
        reader.skip(count).unwrap();
    }
    assert_eq!(reader.marker(), Ok(0xd9));
    assert_eq!(reader.skip(1), Err(Unfit::Damaged));
}
