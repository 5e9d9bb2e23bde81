//! What a camera delivered: a JPEG passed through, or raw planes that are encoded once, and only if someone asks.

use std::sync::Mutex;
use std::time::Duration;

use bytes::Bytes;

use crate::{Size, Stamp};

/// A frame's number within its camera's life: starts at 1, never repeats, goes on when the source is opened again.
pub type FrameSeq = u64;

/// How a JPEG's colour planes are reduced against its luma.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sampling {
    /// Colour at full size.
    Yuv444,
    /// Colour at half the width; what most UVC cameras send.
    Yuv422,
    /// Colour at half the height; a 4:2:2 picture that was turned by a quarter.
    Yuv440,
    /// Colour at half the width and half the height.
    Yuv420,
    /// No colour.
    Gray,
}

/// One complete JPEG, SOI to EOI, with its Huffman tables.
#[derive(Debug, Clone)]
pub struct JpegPicture {
    /// The file, byte for byte as the camera sent it but for what `codec::scan` had to mend.
    pub bytes: Bytes,
    /// Pixels, as the frame header says.
    pub size: Size,
    /// Colour planes, as the frame header says.
    pub sampling: Sampling,
}

/// Raw 8-bit planes: luma at full size, then U and V at half width and half height (rounded up), no padding,
/// JPEG (full) range.
#[derive(Debug, Clone)]
pub struct I420 {
    size: Size,
    bytes: Bytes,
}

impl I420 {
    /// Bytes that a picture of `size` takes: 1.5 a pixel for even sizes.
    #[must_use]
    pub fn len_of(size: Size) -> usize {
        let (w, h) = (size.width as usize, size.height as usize);
        w * h + 2 * w.div_ceil(2) * h.div_ceil(2)
    }

    /// `None` unless there are exactly [`Self::len_of`] bytes.
    #[must_use]
    pub fn new(size: Size, bytes: Bytes) -> Option<Self> {
        (bytes.len() == Self::len_of(size)).then_some(Self { size, bytes })
    }

    /// Pixels of the luma plane.
    #[must_use]
    pub fn size(&self) -> Size {
        self.size
    }

    /// All planes, one after the other.
    #[must_use]
    pub fn bytes(&self) -> &Bytes {
        &self.bytes
    }

    /// The planes given away; whoever is their only holder may change them where they are.
    #[must_use]
    pub fn into_bytes(self) -> Bytes {
        self.bytes
    }

    /// The luma plane, row after row.
    #[must_use]
    pub fn luma(&self) -> &[u8] {
        &self.bytes[..self.size.width as usize * self.size.height as usize]
    }
}

/// A gray picture, row after row, no padding: what detection looks at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Luma {
    /// Pixels.
    pub size: Size,
    /// `size.area()` values, 0 black to 255 white.
    pub pixels: Vec<u8>,
}

/// The picture of a frame in the form that the source delivered.
#[derive(Debug, Clone)]
pub enum Picture {
    /// Passed through.
    Jpeg(JpegPicture),
    /// From a raw source; see [`Frame::jpeg_or_encode`].
    Raw(I420),
}

impl Picture {
    /// Pixels.
    #[must_use]
    pub fn size(&self) -> Size {
        match self {
            Self::Jpeg(jpeg) => jpeg.size,
            Self::Raw(raw) => raw.size,
        }
    }

    /// Bytes that the picture holds.
    #[must_use]
    pub fn byte_len(&self) -> usize {
        match self {
            Self::Jpeg(jpeg) => jpeg.bytes.len(),
            Self::Raw(raw) => raw.bytes.len(),
        }
    }
}

/// One picture of one camera at one instant; never changes once made, shared as `Arc<Frame>`.
#[derive(Debug)]
pub struct Frame {
    seq: FrameSeq,
    stamp: Stamp,
    media_time: Duration,
    picture: Picture,
    encoded: Mutex<Option<Bytes>>,
}

impl Frame {
    pub(crate) fn new(seq: FrameSeq, stamp: Stamp, media_time: Duration, picture: Picture) -> Self {
        Self { seq, stamp, media_time, picture, encoded: Mutex::new(None) }
    }

    /// Its number.
    #[must_use]
    pub fn seq(&self) -> FrameSeq {
        self.seq
    }

    /// When it was taken.
    #[must_use]
    pub fn stamp(&self) -> Stamp {
        self.stamp
    }

    /// The source's own time stamp of this picture, counted from the source's first one.
    #[must_use]
    pub fn media_time(&self) -> Duration {
        self.media_time
    }

    /// As delivered.
    #[must_use]
    pub fn picture(&self) -> &Picture {
        &self.picture
    }

    /// Pixels.
    #[must_use]
    pub fn size(&self) -> Size {
        self.picture.size()
    }

    /// The JPEG to hand to a viewer. A passed-through JPEG costs nothing; raw planes are encoded by `encode`
    /// on the first call, every later call gets the same bytes, and a call beside it waits for them.
    ///
    /// # Errors
    /// What `encode` answers; the next call tries again.
    pub fn jpeg_or_encode<E>(&self, encode: impl FnOnce(&I420) -> Result<Bytes, E>) -> Result<Bytes, E> {
        let raw = match &self.picture {
            Picture::Jpeg(jpeg) => return Ok(jpeg.bytes.clone()),
            Picture::Raw(raw) => raw,
        };
        let mut encoded = self.encoded.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some(bytes) = &*encoded {
            return Ok(bytes.clone());
        }
        let bytes = encode(raw)?;
        *encoded = Some(bytes.clone());
        Ok(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::SystemTime;

    #[test]
    fn raw_planes_are_encoded_once_for_all_who_ask() {
        let size = Size::new(3, 3);
        let raw = I420::new(size, Bytes::from(vec![0; I420::len_of(size)])).unwrap();
        let stamp = Stamp { mono: Duration::ZERO, wall: SystemTime::UNIX_EPOCH };
        let frame = Frame::new(1, stamp, Duration::ZERO, Picture::Raw(raw));
        let failed: Result<Bytes, &str> = frame.jpeg_or_encode(|_| Err("no room"));
        assert_eq!(failed, Err("no room"));
        let first: Result<Bytes, ()> = frame.jpeg_or_encode(|_| Ok(Bytes::from_static(b"once")));
        let again: Result<Bytes, ()> = frame.jpeg_or_encode(|_| unreachable!("encoded twice"));
        assert_eq!(first, again);
    }

    #[test]
    fn planes_of_the_wrong_length_are_refused() {
        assert!(I420::new(Size::new(4, 4), Bytes::from(vec![0; 23])).is_none());
        assert_eq!(I420::len_of(Size::new(3, 3)), 9 + 2 * 4);
    }
}
