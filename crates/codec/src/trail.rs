//! The trail picture: what moved, pasted into one still at several places of its way.
//!
//! What is pasted is what differs from the base, closed and feathered, so that the background's noise stays out and no
//! edge of a box is seen. The light of each picture is brought to that of the base first, by what its surroundings
//! tell.

use bytes::Bytes;
use frame::{I420, Picture, Rect, Size};

use crate::CodecError;
use crate::still::{clamped, scaled};
use crate::variant::{Workspace, planes_of};

mod mask;

use mask::Mask;

/// Pictures that are pasted at the most; the newest are kept.
const MOST: usize = 16;
/// A paste that shares more of its box than this with a later one is left out: two would smear into one.
const SHARED: f64 = 0.3;
/// Around the box so much more of its sides is looked at: tails, shadows, and what the light is.
const MARGIN: f32 = 0.3;

/// One still: the base, and of each picture what moves within its box, oldest first, newest on top. `width` pixels
/// wide at the most, quality 1 to 100. Boxes are in pixels of the pictures; a picture of another size than the base
/// is left out, and so is one whose box lies for the most part behind a later one's.
///
/// At most two pictures are held decoded, however many are pasted.
///
/// # Errors
/// [`CodecError`] of decoding or encoding.
pub fn trail_jpeg(
    base: &Picture,
    pasted: &[(&Picture, Rect)],
    width: u32,
    quality: u8,
    work: &mut Workspace,
) -> Result<Bytes, CodecError> {
    let full = base.size();
    let base = planes_of(base, width, work)?;
    let size = base.size();
    let mut out = base.bytes().to_vec();
    for (picture, rect) in apart(pasted, full) {
        let picture = planes_of(picture, width, work)?;
        if picture.size() == size {
            paste(&base, &picture, scaled(rect, full, size), &mut out);
        }
    }
    let planes = I420::new(size, out.into()).ok_or(CodecError::Size(size))?;
    work.encode(&planes, quality)
}

/// Those that are pasted, oldest first: from the newest back, whatever lies clear of those chosen before.
fn apart<'a>(pasted: &[(&'a Picture, Rect)], full: Size) -> Vec<(&'a Picture, Rect)> {
    let mut chosen: Vec<(&Picture, Rect)> = Vec::new();
    let usable = pasted.iter().rev().filter(|(picture, rect)| picture.size() == full && rect.area() > 0);
    for (picture, rect) in usable.map(|(picture, rect)| (*picture, clamped(*rect, full))) {
        let is_clear = chosen.iter().all(|(_, other)| {
            #[expect(clippy::cast_precision_loss, reason = "areas of pictures are far below 2^52")]
            let shared = rect.overlap(*other) as f64 / rect.area().min(other.area()).max(1) as f64;
            shared <= SHARED
        });
        if is_clear {
            chosen.push((picture, rect));
        }
        if chosen.len() == MOST {
            break;
        }
    }
    chosen.reverse();
    chosen
}

/// Pastes what moves within `rect` of `picture` onto `out`, planes of the size of both.
fn paste(base: &I420, picture: &I420, rect: Rect, out: &mut [u8]) {
    let size = base.size();
    let window = around(rect, size);
    let mask = Mask::new(base, picture, window, rect);
    let (width, half) = (size.width as usize, size.width.div_ceil(2) as usize);
    let (x, y) = (window.x as usize, window.y as usize);
    let (w, h) = (window.w as usize, window.h as usize);
    for row in 0..h {
        let at = (y + row) * width + x;
        let from = &picture.bytes()[at..at + w];
        blend(&mut out[at..at + w], from, &mask.share[row * w..][..w], mask.light[0]);
    }
    let luma_len = base.luma().len();
    let plane_len = (base.bytes().len() - luma_len) / 2;
    let coarse = mask.coarse();
    let (w, h) = (w.div_ceil(2), h.div_ceil(2));
    for plane in 0..2 {
        for row in 0..h {
            let at = luma_len + plane * plane_len + (y / 2 + row) * half + x / 2;
            let from = &picture.bytes()[at..at + w];
            blend(&mut out[at..at + w], from, &coarse[row * w..][..w], mask.light[1 + plane]);
        }
    }
}

/// `share` of 255 parts of `from`, made lighter by `light`, over what is there.
fn blend(out: &mut [u8], from: &[u8], share: &[u8], light: i16) {
    for ((out, from), share) in out.iter_mut().zip(from).zip(share) {
        let to = (i32::from(*from) + i32::from(light)).clamp(0, 255);
        let there = i32::from(*out);
        let mixed = there + ((to - there) * i32::from(*share) + 127).div_euclid(255);
        *out = u8::try_from(mixed).unwrap_or(*out);
    }
}

/// The box with its margin, within the picture, from an even corner on.
fn around(rect: Rect, size: Size) -> Rect {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "sides of at most 8192"
    )]
    let margin = |side: u32| (side as f32 * MARGIN) as u32 + 8;
    let along = |begin: u32, len: u32, side: u32| {
        let first = begin.saturating_sub(margin(len)) & !1;
        (first, (begin + len + margin(len)).min(side) - first)
    };
    let (x, w) = along(rect.x, rect.w, size.width);
    let (y, h) = along(rect.y, rect.h, size.height);
    Rect::new(x, y, w, h)
}

#[cfg(test)]
mod tests;
