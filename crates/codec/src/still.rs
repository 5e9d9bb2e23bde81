//! Stills of an event: a part of a picture, and how sharp that part is.

use bytes::Bytes;
use frame::{I420, Picture, Rect, Size};

use crate::variant::{Workspace, planes_of};
use crate::{CodecError, resample};

/// Pixels across that sharpness is judged at: finer detail is noise more often than not.
const JUDGED_WIDTH: u32 = 640;

/// How sharp a part of the picture is: what stands out between neighbouring pixels at 640 across, in levels of 0 to
/// 255. It tells pictures of one thing apart, taken by one camera; 0 where the part lies outside.
///
/// # Errors
/// [`CodecError`] of decoding.
pub fn sharpness(picture: &Picture, part: Rect, work: &mut Workspace) -> Result<f32, CodecError> {
    let luma = work.luma(picture, JUDGED_WIDTH)?;
    let part = scaled(clamped(part, picture.size()), picture.size(), luma.size);
    let (left, top) = (part.x as usize, part.y as usize);
    let (width, height) = (part.w as usize, part.h as usize);
    if width < 3 || height < 3 {
        return Ok(0.0);
    }
    let row = |y: usize| &luma.pixels[y * luma.size.width as usize..][left..left + width];
    let mut sum = 0u64;
    for y in top + 1..top + height - 1 {
        let (above, here, below) = (row(y - 1), row(y), row(y + 1));
        for x in 1..width - 1 {
            let around =
                i32::from(above[x]) + i32::from(below[x]) + i32::from(here[x - 1]) + i32::from(here[x + 1]);
            let out = 4 * i32::from(here[x]) - around;
            sum += u64::from(out.unsigned_abs()).pow(2);
        }
    }
    #[expect(clippy::cast_precision_loss, reason = "a mean of levels needs no more than 24 bits")]
    let mean = sum as f32 / ((width - 2) * (height - 2)) as f32;
    // The root of the mean square of a Laplacian whose weights' squares add up to 20.
    Ok((mean / 20.0).sqrt())
}

/// A part of the picture as a JPEG of that quality (1 to 100), `width` pixels wide at the most and never larger than
/// in the picture. What lies outside the picture is left out; an empty part gives the whole picture.
///
/// # Errors
/// [`CodecError`] of decoding or encoding.
pub fn crop_jpeg(
    picture: &Picture,
    part: Rect,
    width: u32,
    quality: u8,
    work: &mut Workspace,
) -> Result<Bytes, CodecError> {
    let size = picture.size();
    let part = clamped(part, size);
    let width = width.clamp(1, part.w);
    // As wide as the whole picture must be for the part to be as wide as asked for.
    let whole = (u64::from(size.width) * u64::from(width)).div_ceil(u64::from(part.w));
    let planes = planes_of(picture, u32::try_from(whole).unwrap_or(size.width), work)?;
    let part = scaled(part, size, planes.size());
    let planes = cut(&planes, part, width)?;
    work.encode(&planes, quality)
}

/// What of the part lies in the picture; all of it, if nothing does.
pub(crate) fn clamped(part: Rect, size: Size) -> Rect {
    let (x, y) = (part.x.min(size.width), part.y.min(size.height));
    let (w, h) = (part.w.min(size.width - x), part.h.min(size.height - y));
    if w == 0 || h == 0 { Rect::new(0, 0, size.width, size.height) } else { Rect::new(x, y, w, h) }
}

/// The same part of the same picture at another size: whole pixels that hold all of it, at least one.
pub(crate) fn scaled(part: Rect, from: Size, to: Size) -> Rect {
    let along = |begin: u32, len: u32, from: u32, to: u32| {
        let (from, to_64) = (u64::from(from.max(1)), u64::from(to));
        let first = (u64::from(begin) * to_64 / from).min(to_64.saturating_sub(1));
        let end = ((u64::from(begin) + u64::from(len)) * to_64).div_ceil(from).clamp(first + 1, to_64.max(1));
        (u32::try_from(first).unwrap_or(0), u32::try_from(end - first).unwrap_or(1))
    };
    let (x, w) = along(part.x, part.w, from.width, to.width);
    let (y, h) = along(part.y, part.h, from.height, to.height);
    Rect::new(x, y, w, h)
}

/// Cuts a part out, at most `most` wide; its corner moves to an even pixel, as colour has one sample for two.
fn cut(planes: &I420, part: Rect, most: u32) -> Result<I420, CodecError> {
    let size = planes.size();
    let (x, y) = (part.x & !1, part.y & !1);
    let part = Rect::new(x, y, (part.w + (part.x - x)).min(most), part.h + (part.y - y));
    if part == Rect::new(0, 0, size.width, size.height) {
        return Ok(planes.clone());
    }
    let cut_size = Size::new(part.w, part.h);
    let mut out = Vec::with_capacity(I420::len_of(cut_size));
    let (luma, colour) = planes.bytes().split_at(planes.luma().len());
    let half = (size.width.div_ceil(2) as usize, size.height.div_ceil(2) as usize);
    let (left, top) = (part.x as usize, part.y as usize);
    let (width, height) = (part.w as usize, part.h as usize);
    resample::window(luma, size.width as usize, (left, top), (width, height), &mut out);
    for plane in colour.chunks_exact((half.0 * half.1).max(1)) {
        resample::window(
            plane,
            half.0,
            (left / 2, top / 2),
            (width.div_ceil(2), height.div_ceil(2)),
            &mut out,
        );
    }
    I420::new(cut_size, out.into()).ok_or(CodecError::Size(cut_size))
}

#[cfg(test)]
mod tests;
