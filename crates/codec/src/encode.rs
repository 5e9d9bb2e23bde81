//! Planes to JPEG.

use bytes::Bytes;
use frame::I420;
use turbojpeg::{Compressor, OutputBuf, Subsamp, YuvImage};

use crate::{CodecError, checked};

/// Encodes planes as baseline JPEG, 4:2:0; keeps its buffers. One per thread.
#[derive(Debug)]
pub struct Encoder {
    inner: Compressor,
    /// Planes padded to even sides, for pictures with an odd one.
    padded: Vec<u8>,
    /// Where the JPEG is written before it is copied out at its true length; grows to the worst case once.
    out: Vec<u8>,
}

impl Encoder {
    /// An encoder of the given quality, 1 to 100; 80 is a good picture.
    ///
    /// # Errors
    /// [`CodecError::Library`] if the quality is out of range or there is no memory.
    pub fn new(quality: u8) -> Result<Self, CodecError> {
        let inner = Compressor::new().map_err(library)?;
        let mut encoder = Self { inner, padded: Vec::new(), out: Vec::new() };
        encoder.set_quality(quality)?;
        Ok(encoder)
    }

    /// Changes the quality, 1 to 100, for what is encoded from now on.
    ///
    /// # Errors
    /// [`CodecError::Library`] if it is out of range.
    pub fn set_quality(&mut self, quality: u8) -> Result<(), CodecError> {
        self.inner.set_quality(quality.into()).map_err(library)
    }

    /// One JPEG with full-range colours.
    ///
    /// # Errors
    /// [`CodecError::Size`], [`CodecError::Library`].
    pub fn i420(&mut self, picture: &I420) -> Result<Bytes, CodecError> {
        let size = checked(picture.size())?;
        let (width, height) = (size.width as usize, size.height as usize);
        let pixels: &[u8] = if width % 2 == 0 && height % 2 == 0 {
            picture.bytes()
        } else {
            pad_to_even(picture, &mut self.padded);
            &self.padded
        };
        let most = turbojpeg::compressed_buf_len(width, height, Subsamp::Sub2x2).map_err(library)?;
        if self.out.len() < most {
            self.out.resize(most, 0);
        }
        let image = YuvImage { pixels, width, align: 1, height, subsamp: Subsamp::Sub2x2 };
        let mut out = OutputBuf::borrowed(&mut self.out);
        self.inner.compress_yuv(image, &mut out).map_err(library)?;
        Ok(Bytes::copy_from_slice(&out))
    }
}

/// The library wants whole colour samples: an odd last column and row of luma is repeated.
fn pad_to_even(picture: &I420, out: &mut Vec<u8>) {
    let size = picture.size();
    let (width, height) = (size.width as usize, size.height as usize);
    let luma = picture.luma();
    out.clear();
    for y in 0..height.next_multiple_of(2) {
        let row = &luma[y.min(height - 1) * width..][..width];
        out.extend_from_slice(row);
        if width % 2 == 1 {
            out.push(row[width - 1]);
        }
    }
    out.extend_from_slice(&picture.bytes()[luma.len()..]);
}

fn library(error: turbojpeg::Error) -> CodecError {
    CodecError::Library(error.to_string())
}
