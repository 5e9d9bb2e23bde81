//! Whatever comes: reduced luma does not panic, and accepts just what libjpeg-turbo accepts, at the same size. The
//! pixels are left to the unit tests: coefficients that no encoder writes overflow the library's 16-bit arithmetic.
#![no_main]

use bytes::Bytes;
use libfuzzer_sys::fuzz_target;
use turbojpeg::{Decompressor, Image, PixelFormat, ScalingFactor};

/// What the library makes of it at the same scale; a warning is an error but for padding before EOI.
fn by_library(jpeg: &[u8], eighths: usize) -> Option<(usize, usize)> {
    let mut inner = Decompressor::new().expect("memory");
    let header = inner.read_header(jpeg).ok()?;
    let factor = ScalingFactor::new(eighths, 8);
    inner.set_scaling_factor(factor).ok()?;
    let (width, height) = (factor.scale(header.width), factor.scale(header.height));
    let mut pixels = vec![0; width * height];
    let image = Image { pixels: &mut pixels[..], width, pitch: width, height, format: PixelFormat::GRAY };
    match inner.decompress(jpeg, image) {
        Err(error) if !error.to_string().contains("extraneous bytes before marker 0xd9") => None,
        _ => Some((width, height)),
    }
}

fuzz_target!(|data: &[u8]| {
    let Some((&choice, jpeg)) = data.split_first() else { return };
    let Ok(picture) = codec::scan(Bytes::copy_from_slice(jpeg)) else { return };
    if picture.size.area() > 1 << 16 {
        return;
    }
    // The first byte chooses the scale.
    let eighths = 1 + u32::from(choice) % 8;
    let least = (picture.size.width * eighths).div_ceil(8);
    let eighths = (1..8).find(|n| (picture.size.width * n).div_ceil(8) >= least).unwrap_or(8);
    let ours = codec::Decoder::new().expect("memory").luma(&picture.bytes, least);
    let library = by_library(&picture.bytes, eighths as usize);
    assert_eq!(ours.is_ok(), library.is_some(), "{:?}", ours.err());
    let (Ok(ours), Some((width, height))) = (ours, library) else { return };
    assert_eq!((ours.size.width as usize, ours.size.height as usize), (width, height));
    assert_eq!(ours.pixels.len(), width * height);
});
