//! JPEG to planes, reduced in the DCT where a smaller picture will do.

use frame::{I420, Luma, Size};
use turbojpeg::{
    Colorspace, DecompressHeader, Decompressor, Image, PixelFormat, ScalingFactor, Subsamp, YuvImage,
};

use crate::luma::Reduced;
use crate::scan::MAX_SCANS;
use crate::{CodecError, checked, resample};

/// Decodes JPEGs that have passed [`crate::scan`]; keeps its buffers. One per thread.
#[derive(Debug)]
pub struct Decoder {
    inner: Decompressor,
    /// For the gray picture of the JPEGs that cameras usually send.
    reduced: Reduced,
    /// Planes as the JPEG stores them, before they are brought to 4:2:0.
    planes: Vec<u8>,
    /// Colour at half size, where the JPEG's is not.
    colour: Vec<u8>,
}

impl Decoder {
    /// A decoder with empty buffers.
    ///
    /// # Errors
    /// [`CodecError::Library`] if there is no memory.
    pub fn new() -> Result<Self, CodecError> {
        let library = |e: turbojpeg::Error| CodecError::Library(e.to_string());
        let mut inner = Decompressor::new().map_err(library)?;
        inner.set_scan_limit(MAX_SCANS).map_err(library)?;
        inner.set_fast_upsample(true).map_err(library)?;
        Ok(Self { inner, reduced: Reduced::default(), planes: Vec::new(), colour: Vec::new() })
    }

    /// The gray picture, at the smallest eighth of its size that is at least `min_width` wide; the full size if the
    /// picture is narrower than that. Colour is not decoded.
    ///
    /// # Errors
    /// [`CodecError::Damaged`], [`CodecError::Size`].
    pub fn luma(&mut self, jpeg: &[u8], min_width: u32) -> Result<Luma, CodecError> {
        if let Some(luma) = self.reduced.luma(jpeg, |full| eighths(full, min_width)) {
            return Ok(luma);
        }
        self.luma_by_library(jpeg, min_width)
    }

    /// As [`Self::luma`], whatever the JPEG.
    pub(crate) fn luma_by_library(&mut self, jpeg: &[u8], min_width: u32) -> Result<Luma, CodecError> {
        let (_, size) = self.prepare(jpeg, min_width)?;
        let mut pixels = vec![0; px(size)];
        self.pixels(jpeg, size, PixelFormat::GRAY, &mut pixels)?;
        Ok(Luma { size, pixels })
    }

    /// The picture at full size, three bytes a pixel, red first.
    ///
    /// # Errors
    /// [`CodecError::Damaged`], [`CodecError::Size`].
    pub fn rgb(&mut self, jpeg: &[u8]) -> Result<(Size, Vec<u8>), CodecError> {
        let (_, size) = self.prepare(jpeg, u32::MAX)?;
        let mut pixels = vec![0; 3 * px(size)];
        self.pixels(jpeg, size, PixelFormat::RGB, &mut pixels)?;
        Ok((size, pixels))
    }

    /// All planes at full size, colour brought to half width and half height.
    ///
    /// # Errors
    /// [`CodecError::Damaged`], [`CodecError::Size`], [`CodecError::Colours`].
    pub fn i420(&mut self, jpeg: &[u8]) -> Result<I420, CodecError> {
        self.i420_reduced(jpeg, u32::MAX)
    }

    /// As [`Self::i420`], at the smallest eighth that is at least `min_width` wide.
    pub(crate) fn i420_reduced(&mut self, jpeg: &[u8], min_width: u32) -> Result<I420, CodecError> {
        let (size, layout) = self.decode(jpeg, min_width)?;
        let planes = to_i420(size, &layout, &self.planes);
        I420::new(size, planes.into()).ok_or(CodecError::Size(size))
    }

    /// As [`Self::i420`], lent: what is decoded is not copied where the JPEG's colour is at half size already.
    pub(crate) fn planes(&mut self, jpeg: &[u8]) -> Result<Planes<'_>, CodecError> {
        let (size, layout) = self.decode(jpeg, u32::MAX)?;
        let half = (side_of(size.width).div_ceil(2), side_of(size.height).div_ceil(2));
        let (luma, colour) = self.planes.split_at(layout.luma.0 * layout.luma.1);
        let is_lent = layout.subsamp == Subsamp::Sub2x2;
        let (colour, colour_stride) = if is_lent {
            (colour, layout.colour.0)
        } else {
            self.colour.clear();
            halve_colour(&layout, half, colour, &mut self.colour);
            (&self.colour[..], half.0)
        };
        let (u, v) = colour.split_at(colour.len() / 2);
        Ok(Planes { luma, luma_stride: layout.luma.0, colour: [u, v], colour_stride })
    }

    /// Decodes into `self.planes`.
    fn decode(&mut self, jpeg: &[u8], min_width: u32) -> Result<(Size, Layout), CodecError> {
        let (header, size) = self.prepare(jpeg, min_width)?;
        match header.colorspace {
            Colorspace::YCbCr | Colorspace::Gray => {}
            Colorspace::RGB => return Err(CodecError::Colours("RGB")),
            _ => return Err(CodecError::Colours("CMYK")),
        }
        // How the planes lie in the buffer follows from the JPEG's own sampling, read from these very bytes.
        let (width, height, subsamp) = (size.width as usize, size.height as usize, header.subsamp);
        let len = turbojpeg::yuv_pixels_len(width, 1, height, subsamp).map_err(damaged)?;
        // What the last picture left is overwritten whole.
        self.planes.resize(len, 0);
        let mut image = YuvImage { pixels: &mut self.planes[..], width, align: 1, height, subsamp };
        let (luma_width, luma_height) = image.y_size();
        let layout = Layout {
            subsamp,
            luma: (luma_width, luma_height),
            colour: if subsamp == Subsamp::Gray { (0, 0) } else { image.uv_size() },
        };
        tolerate(self.inner.decompress_to_yuv(jpeg, image.as_deref_mut()))?;
        Ok((size, layout))
    }

    /// Reads the header, chooses the scale and sets it; the size that will come out.
    fn prepare(&mut self, jpeg: &[u8], min_width: u32) -> Result<(DecompressHeader, Size), CodecError> {
        let header = self.inner.read_header(jpeg).map_err(damaged)?;
        let full = Size::new(side(header.width), side(header.height));
        checked(full)?;
        let factor = ScalingFactor::new(eighths(full, min_width) as usize, 8);
        self.inner.set_scaling_factor(factor).map_err(damaged)?;
        Ok((header, Size::new(side(factor.scale(header.width)), side(factor.scale(header.height)))))
    }

    fn pixels(
        &mut self,
        jpeg: &[u8],
        size: Size,
        format: PixelFormat,
        out: &mut [u8],
    ) -> Result<(), CodecError> {
        let (width, height) = (size.width as usize, size.height as usize);
        let pitch = width * format.size();
        tolerate(self.inner.decompress(jpeg, Image { pixels: out, width, pitch, height, format }))
    }
}

/// The scale at which a picture is at least `min_width` wide, or the full one.
fn eighths(full: Size, min_width: u32) -> u32 {
    (1..8).find(|n| (full.width * n).div_ceil(8) >= min_width).unwrap_or(8)
}

/// Width and height of the planes as decoded; the luma plane is padded to whole colour samples.
struct Layout {
    subsamp: Subsamp,
    luma: (usize, usize),
    colour: (usize, usize),
}

/// Planes that somebody else holds: luma, then both colours at half width and half height.
pub(crate) struct Planes<'a> {
    pub(crate) luma: &'a [u8],
    /// Samples from row to row.
    pub(crate) luma_stride: usize,
    pub(crate) colour: [&'a [u8]; 2],
    pub(crate) colour_stride: usize,
}

impl<'a> Planes<'a> {
    /// Of a whole picture.
    pub(crate) fn of(picture: &'a I420) -> Self {
        let width = side_of(picture.size().width);
        let (luma, colour) = picture.bytes().split_at(picture.luma().len());
        let (u, v) = colour.split_at(colour.len() / 2);
        Self { luma, luma_stride: width, colour: [u, v], colour_stride: width.div_ceil(2) }
    }
}

/// Cuts the padding off and brings colour to half width and half height.
fn to_i420(size: Size, layout: &Layout, planes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(I420::len_of(size));
    let (width, height) = (side_of(size.width), side_of(size.height));
    for row in planes.chunks_exact(layout.luma.0).take(height) {
        out.extend_from_slice(&row[..width]);
    }
    let half = (width.div_ceil(2), height.div_ceil(2));
    halve_colour(layout, half, &planes[layout.luma.0 * layout.luma.1..], &mut out);
    out
}

/// Appends both colour planes at half width and half height.
fn halve_colour(layout: &Layout, half: (usize, usize), colour: &[u8], out: &mut Vec<u8>) {
    let plane_len = layout.colour.0 * layout.colour.1;
    for i in 0..2 {
        match layout.subsamp {
            Subsamp::Gray => out.resize(out.len() + half.0 * half.1, 128),
            _ => resample::halve_to(&colour[i * plane_len..][..plane_len], layout.colour, half, out),
        }
    }
}

fn side_of(side: u32) -> usize {
    side as usize
}

fn px(size: Size) -> usize {
    size.width as usize * size.height as usize
}

fn side(value: usize) -> u32 {
    u32::try_from(value).unwrap_or(u32::MAX)
}

fn damaged(error: turbojpeg::Error) -> CodecError {
    match error {
        turbojpeg::Error::TurboJpegError(text) => CodecError::Damaged(text),
        other => CodecError::Damaged(other.to_string()),
    }
}

/// Padding between the entropy data and EOI, as UVC cameras write it, leaves the picture whole: the library calls it
/// extraneous bytes. Every other warning means that part of the picture is missing.
pub(crate) fn tolerate(result: turbojpeg::Result<()>) -> Result<(), CodecError> {
    match result.map_err(damaged) {
        Err(CodecError::Damaged(text)) if text.contains("extraneous bytes before marker 0xd9") => Ok(()),
        other => other,
    }
}
