use super::*;
use frame::I420;

fn gray(size: Size, value: u8) -> Picture {
    let mut bytes = vec![value; I420::len_of(size)];
    let luma = (size.width * size.height) as usize;
    bytes[luma..].fill(128);
    Picture::Raw(I420::new(size, bytes.into()).unwrap())
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

