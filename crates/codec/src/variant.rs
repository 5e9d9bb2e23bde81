//! The same picture smaller: for detection, for viewers on phones, for posters.

use bytes::Bytes;
use frame::{Frame, I420, Luma, Picture, Size};

use crate::{CodecError, Decoder, Encoder, checked, resample};

/// The gray picture for detection, at least `min_width` wide if the picture is: from a JPEG by [`Decoder::luma`],
/// from raw planes as means of whole boxes of pixels.
///
/// # Errors
/// Those of [`Decoder::luma`]; raw planes cannot fail.
pub fn luma_of(picture: &Picture, decoder: &mut Decoder, min_width: u32) -> Result<Luma, CodecError> {
    match picture {
        Picture::Jpeg(jpeg) => decoder.luma(&jpeg.bytes, min_width),
        Picture::Raw(raw) => Ok(reduced(raw, min_width)),
    }
}

fn reduced(raw: &I420, min_width: u32) -> Luma {
    let size = raw.size();
    let factor = (size.width / min_width.max(1)).max(1);
    if factor == 1 {
        return Luma { size, pixels: raw.luma().to_vec() };
    }
    let pixels = resample::boxes(raw.luma(), size.width as usize, size.height as usize, factor as usize);
    Luma { size: Size::new(size.width.div_ceil(factor), size.height.div_ceil(factor)), pixels }
}

/// What [`scaled_jpeg`] keeps between pictures. One per thread and variant.
#[derive(Debug)]
pub struct Workspace {
    decoder: Decoder,
    encoder: Encoder,
}

impl Workspace {
    /// Empty buffers.
    ///
    /// # Errors
    /// [`CodecError::Library`] if there is no memory.
    pub fn new() -> Result<Self, CodecError> {
        Ok(Self { decoder: Decoder::new()?, encoder: Encoder::new(80)? })
    }

    pub(crate) fn luma(&mut self, picture: &Picture, min_width: u32) -> Result<Luma, CodecError> {
        luma_of(picture, &mut self.decoder, min_width)
    }

    pub(crate) fn encode(&mut self, planes: &I420, quality: u8) -> Result<Bytes, CodecError> {
        self.encoder.set_quality(quality)?;
        self.encoder.i420(planes)
    }
}

/// The frame as a JPEG of the given width and quality (1 to 100), its shape kept, never larger than the source.
///
/// # Errors
/// [`CodecError`] of decoding or encoding.
pub fn scaled_jpeg(
    frame: &Frame,
    width: u32,
    quality: u8,
    work: &mut Workspace,
) -> Result<Bytes, CodecError> {
    let planes = planes_of(frame.picture(), width, work)?;
    work.encode(&planes, quality)
}

/// The picture's planes at the given width, their shape kept, never larger than the source.
pub(crate) fn planes_of(picture: &Picture, width: u32, work: &mut Workspace) -> Result<I420, CodecError> {
    let size = checked(fitted(picture.size(), width))?;
    let planes = match picture {
        Picture::Jpeg(jpeg) => work.decoder.i420_reduced(&jpeg.bytes, size.width)?,
        Picture::Raw(raw) => raw.clone(),
    };
    shrunk(&planes, size)
}

/// The planes at `size`, or as they are where they are smaller already.
fn shrunk(planes: &I420, size: Size) -> Result<I420, CodecError> {
    let from = planes.size();
    let size = Size::new(size.width.min(from.width), size.height.min(from.height));
    if size == from {
        return Ok(planes.clone());
    }
    let sides = |size: Size| (size.width as usize, size.height as usize);
    let half = |(w, h): (usize, usize)| (w.div_ceil(2), h.div_ceil(2));
    let (from, to) = (sides(from), sides(size));
    let mut out = Vec::with_capacity(I420::len_of(size));
    let (luma, colour) = planes.bytes().split_at(from.0 * from.1);
    resample::shrink(luma, from, to, &mut out);
    for plane in colour.chunks_exact((half(from).0 * half(from).1).max(1)) {
        resample::shrink(plane, half(from), half(to), &mut out);
    }
    I420::new(size, Bytes::from(out)).ok_or(CodecError::Size(size))
}

/// `width` pixels wide at the most, the height in proportion, rounded.
fn fitted(from: Size, width: u32) -> Size {
    let width = width.clamp(1, from.width.max(1));
    let height = (u64::from(from.height) * u64::from(width) + u64::from(from.width) / 2)
        .checked_div(u64::from(from.width));
    Size::new(width, u32::try_from(height.unwrap_or(0)).unwrap_or(u32::MAX).max(1))
}
