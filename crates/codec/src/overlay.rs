//! What is written on pictures for those who watch them: the time in a corner, boxes around what moves.

use bytes::Bytes;
use frame::{Frame, I420, Rect, Size};

use crate::canvas::{ADVANCE, Canvas, LINE, Yuv, width_of};
use crate::variant::{Workspace, planes_of};
use crate::{CodecError, font, markers};

/// `#ffffff` as Y, U, V.
const LIGHT: Yuv = [255, 128, 128];
/// `#ffc163` as Y, U, V: the amber of what moves.
const AMBER: Yuv = [201, 70, 167];
/// `#12100e` as Y, U, V: around the amber, so that it is seen on sand and sky too.
const HALO: Yuv = [16, 127, 129];
/// A picture this wide has letters as small as the font; twice as wide, twice as large.
const LETTERS_PER: u32 = 400;
/// A picture this wide has lines one pixel thick.
const LINES_PER: u32 = 400;

/// A corner of the picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Corner {
    /// Upper left.
    TopLeft,
    /// Upper right.
    TopRight,
    /// Lower left.
    BottomLeft,
    /// Lower right.
    BottomRight,
}

/// A box around something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Boxed {
    /// Pixels of the frame, whatever size the picture is made in.
    pub rect: Rect,
    /// What is written beside it; empty: nothing.
    pub label: String,
}

/// What is drawn on a picture.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Overlay {
    /// A short line in a corner, light on a darkened ground; cut off where the picture is too narrow for it.
    pub caption: Option<(Corner, String)>,
    /// Boxes in amber with a dark halo.
    pub boxes: Vec<Boxed>,
}

impl Overlay {
    /// Whether there is nothing to draw.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.caption.is_none() && self.boxes.is_empty()
    }
}

/// The frame as a JPEG of the given width, never larger than the source, with the overlay drawn at that size, so that
/// it can be read on a small picture too. `quality` is 1 to 100; `None`: about the frame's own.
///
/// # Errors
/// [`CodecError`] of decoding or encoding.
pub fn annotated_jpeg(
    frame: &Frame,
    width: u32,
    quality: Option<u8>,
    overlay: &Overlay,
    work: &mut Workspace,
) -> Result<Bytes, CodecError> {
    let planes = planes_of(frame.picture(), width, work)?;
    let planes = drawn(planes, frame.size(), overlay)?;
    let own = || match frame.picture() {
        frame::Picture::Jpeg(jpeg) => markers::quality(&jpeg.bytes).map(|found| found.clamp(70, 92)),
        frame::Picture::Raw(_) => None,
    };
    work.encode(&planes, quality.or_else(own).unwrap_or(80))
}

fn drawn(planes: I420, frame: Size, overlay: &Overlay) -> Result<I420, CodecError> {
    let size = planes.size();
    let mut bytes: Vec<u8> = planes.into_bytes().into();
    let mut canvas = Canvas::new(size, &mut bytes);
    // The largest first: where labels would cover each other, its is the one that is read.
    let mut boxes: Vec<(Rect, &str)> =
        overlay.boxes.iter().map(|boxed| (placed(boxed.rect, frame, size), boxed.label.as_str())).collect();
    boxes.sort_by_key(|(rect, _)| std::cmp::Reverse(rect.area()));
    for (rect, _) in &boxes {
        around(&mut canvas, size, *rect);
    }
    let mut labels: Vec<Rect> = Vec::new();
    for (rect, text) in boxes.iter().filter(|(_, text)| !text.is_empty()) {
        let plate = plate(size, *rect, text);
        if labels.iter().all(|other| other.overlap(plate) == 0) {
            label(&mut canvas, size, plate, text);
            labels.push(plate);
        }
    }
    if let Some((corner, text)) = &overlay.caption {
        caption(&mut canvas, size, *corner, text);
    }
    I420::new(size, bytes.into()).ok_or(CodecError::Size(size))
}

/// So many pixels for each pixel of a letter, or of a line's thickness, where one of `per` is one.
fn scale(size: Size, per: u32) -> usize {
    ((size.width + per / 2) / per).max(1) as usize
}

fn caption(canvas: &mut Canvas<'_>, size: Size, corner: Corner, text: &str) {
    let (width, height) = (size.width as usize, size.height as usize);
    let room = |scale: &usize| width_of(text, *scale) + 4 * scale <= width;
    let scale = (1..=scale(size, LETTERS_PER)).rev().find(room).unwrap_or(1);
    let (wide, high) = (width_of(text, scale) + 4 * scale, (font::HEIGHT + 2) * scale);
    let left = match corner {
        Corner::TopLeft | Corner::BottomLeft => 0,
        Corner::TopRight | Corner::BottomRight => width.saturating_sub(wide),
    };
    let top = match corner {
        Corner::TopLeft | Corner::TopRight => 0,
        Corner::BottomLeft | Corner::BottomRight => height.saturating_sub(high),
    };
    canvas.dim(left..left + wide, top..top + high);
    canvas.write(text, left + 2 * scale, top + 2 * scale, scale, LIGHT);
}

fn around(canvas: &mut Canvas<'_>, size: Size, rect: Rect) {
    let (x, y, w, h) = (rect.x as usize, rect.y as usize, rect.w as usize, rect.h as usize);
    let (line, halo) = lines(size);
    ring(canvas, (x, y, w, h), line + halo, halo, HALO);
    ring(canvas, (x, y, w, h), line, 0, AMBER);
}

/// Thickness of a box's line, and of the dark on either side of it.
fn lines(size: Size) -> (usize, usize) {
    let line = scale(size, LINES_PER).max(2);
    (line, line.div_ceil(2))
}

/// Where a box's label is: above it, or in its upper edge where there is no room above.
fn plate(size: Size, rect: Rect, text: &str) -> Rect {
    let pixels = |value: usize| u32::try_from(value).unwrap_or(u32::MAX);
    let (scale, (line, halo)) = (scale(size, LETTERS_PER), lines(size));
    let (wide, high) = (text.chars().count() * ADVANCE * scale + 2 * scale, LINE * scale);
    let top = rect.y.checked_sub(pixels(high + halo)).unwrap_or(rect.y + pixels(line));
    let left = rect.x.min(size.width.saturating_sub(pixels(wide)));
    Rect::new(left, top, pixels(wide), pixels(high))
}

fn label(canvas: &mut Canvas<'_>, size: Size, plate: Rect, text: &str) {
    let (left, top) = (plate.x as usize, plate.y as usize);
    let scale = scale(size, LETTERS_PER);
    canvas.fill(left..left + plate.w as usize, top..top + plate.h as usize, HALO);
    canvas.write(text, left + scale + scale / 2, top + 2 * scale, scale, AMBER);
}

/// A frame of that thickness along the inside of the box, begun `out` pixels outside of it.
fn ring(
    canvas: &mut Canvas<'_>,
    (x, y, w, h): (usize, usize, usize, usize),
    line: usize,
    out: usize,
    ink: Yuv,
) {
    let (left, top, right, bottom) = (x.saturating_sub(out), y.saturating_sub(out), x + w + out, y + h + out);
    let thick = line + out;
    canvas.fill(left..right, top..(top + thick).min(bottom), ink);
    canvas.fill(left..right, bottom.saturating_sub(thick).max(top)..bottom, ink);
    canvas.fill(left..(left + thick).min(right), top..bottom, ink);
    canvas.fill(right.saturating_sub(thick).max(left)..right, top..bottom, ink);
}

/// The box in a picture of another size.
fn placed(rect: Rect, from: Size, to: Size) -> Rect {
    let scale = |value: u32, from: u32, to: u32| {
        let scaled = u64::from(value) * u64::from(to) / u64::from(from.max(1));
        u32::try_from(scaled).unwrap_or(to)
    };
    let (x, y) = (scale(rect.x, from.width, to.width), scale(rect.y, from.height, to.height));
    let (w, h) = (scale(rect.w, from.width, to.width), scale(rect.h, from.height, to.height));
    Rect::new(x, y, w, h).clipped(to)
}

#[cfg(test)]
mod tests;
