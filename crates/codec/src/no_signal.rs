//! The picture that stands in while a camera gives none: dark, calm, with a sentence that can be read on a phone.

use bytes::Bytes;
use frame::{I420, Size};

use crate::{CodecError, Encoder, checked, font};

/// `#12100e` as Y, U, V: the page's dark background.
const BACKGROUND: [u8; 3] = [16, 127, 129];
/// `#ece6dc` as Y, U, V: the page's text on it.
const INK: [u8; 3] = [231, 122, 132];
/// Letters as they are advanced, with the gap.
const ADVANCE: usize = font::WIDTH + 1;
/// From line to line.
const LINE: usize = font::HEIGHT + 2;

/// A JPEG of `size` with the lines in its middle, wrapped, as large as they fit; lines that do not fit at the
/// smallest size are left out. The same input gives the same bytes.
///
/// # Errors
/// [`CodecError::Size`] outside 1×1 to 8192×8192, [`CodecError::Library`].
pub fn no_signal(size: Size, lines: &[&str]) -> Result<Bytes, CodecError> {
    let mut canvas = Canvas::dark(checked(size)?);
    let (scale, rows) = fit(size, lines);
    let block = rows.len() * LINE * scale;
    let top = canvas.height.saturating_sub(block) / 2;
    for (i, row) in rows.iter().enumerate() {
        let left = canvas.width.saturating_sub((row.chars().count() * ADVANCE).saturating_sub(1) * scale) / 2;
        canvas.write(row, left, top + i * LINE * scale, scale);
    }
    let picture = I420::new(size, Bytes::from(canvas.planes)).ok_or(CodecError::Size(size))?;
    Encoder::new(85)?.i420(&picture)
}

/// The largest scale at which the wrapped lines take at most nine tenths of each side, and the lines so wrapped.
fn fit(size: Size, lines: &[&str]) -> (usize, Vec<String>) {
    let (width, height) = (size.width as usize * 9 / 10, size.height as usize * 9 / 10);
    let most = (size.width as usize / 160).max(1);
    for scale in (1..=most).rev() {
        let rows = wrapped(lines, (width / (ADVANCE * scale)).max(1));
        if rows.len() * LINE * scale <= height {
            return (scale, rows);
        }
    }
    let mut rows = wrapped(lines, (width / ADVANCE).max(1));
    rows.truncate(height / LINE);
    (1, rows)
}

/// Breaks at spaces, and within words that are longer than a line.
fn wrapped(lines: &[&str], columns: usize) -> Vec<String> {
    let mut rows = Vec::new();
    for line in lines {
        let mut row = String::new();
        for word in line.split_whitespace() {
            let room = columns.saturating_sub(row.chars().count() + usize::from(!row.is_empty()));
            if word.chars().count() > room && !row.is_empty() {
                rows.push(std::mem::take(&mut row));
            }
            if !row.is_empty() {
                row.push(' ');
            }
            for letter in word.chars() {
                if row.chars().count() == columns {
                    rows.push(std::mem::take(&mut row));
                }
                row.push(letter);
            }
        }
        rows.push(row);
    }
    rows
}

struct Canvas {
    width: usize,
    height: usize,
    planes: Vec<u8>,
}

impl Canvas {
    fn dark(size: Size) -> Self {
        let (width, height) = (size.width as usize, size.height as usize);
        let colour = width.div_ceil(2) * height.div_ceil(2);
        let mut planes = vec![BACKGROUND[0]; width * height];
        planes.resize(width * height + colour, BACKGROUND[1]);
        planes.resize(width * height + 2 * colour, BACKGROUND[2]);
        Self { width, height, planes }
    }

    fn write(&mut self, text: &str, left: usize, top: usize, scale: usize) {
        for (i, letter) in text.chars().enumerate() {
            for (row, pixels) in font::rows(letter).enumerate() {
                for (column, _) in pixels.iter().enumerate().filter(|(_, p)| **p == b'#') {
                    self.fill(left + (i * ADVANCE + column) * scale, top + row * scale, scale);
                }
            }
        }
    }

    /// A square of ink; what lies outside is left out.
    fn fill(&mut self, left: usize, top: usize, side: usize) {
        let luma = self.width * self.height;
        let (half, colour) = (self.width.div_ceil(2), self.width.div_ceil(2) * self.height.div_ceil(2));
        for y in top..(top + side).min(self.height) {
            for x in left..(left + side).min(self.width) {
                self.planes[y * self.width + x] = INK[0];
                let at = luma + y / 2 * half + x / 2;
                self.planes[at] = INK[1];
                self.planes[at + colour] = INK[2];
            }
        }
    }
}
