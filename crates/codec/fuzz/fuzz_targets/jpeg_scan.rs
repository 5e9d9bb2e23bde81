//! Whatever comes: the scan does not panic, its result scans to itself, and decoding that does not panic either.
#![no_main]

use bytes::Bytes;
use frame::I420;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Ok(picture) = codec::scan(Bytes::copy_from_slice(data)) else { return };
    let again = codec::scan(picture.bytes.clone()).expect("what was accepted is accepted again");
    assert_eq!(again.bytes, picture.bytes);
    assert_eq!((again.size, again.sampling), (picture.size, picture.sampling));
    assert_eq!(codec::extent(&picture.bytes), codec::Extent::Whole(picture.bytes.len()));
    // Giants are left to the unit tests: they only make fuzzing slow.
    if picture.size.area() > 1 << 16 {
        return;
    }
    let mut decoder = codec::Decoder::new().expect("memory");
    if let Ok(luma) = decoder.luma(&picture.bytes, 16) {
        assert_eq!(luma.pixels.len() as u64, luma.size.area());
    }
    if let Ok(planes) = decoder.i420(&picture.bytes) {
        assert_eq!(planes.bytes().len(), I420::len_of(picture.size));
    }
});
