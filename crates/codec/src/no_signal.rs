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

/// How many pixels each pixel of its letters is wide, and a row of text.
type Row = (usize, String);

/// A JPEG of `size` with the lines in its middle, wrapped, as large as they fit, the first as the title of the others
/// and larger where there is room; lines that do not fit at the smallest size are left out. The same input gives the same bytes.
///
/// # Errors
/// [`CodecError::Size`] outside 1×1 to 8192×8192, [`CodecError::Library`].
pub fn no_signal(size: Size, lines: &[&str]) -> Result<Bytes, CodecError> {
    let mut canvas = Canvas::dark(checked(size)?);
    let rows = fit(size, lines);
    let mut top = canvas.height.saturating_sub(height_of(&rows)) / 2;
    for (scale, row) in &rows {
        let width = (row.chars().count() * ADVANCE).saturating_sub(1) * scale;
        canvas.write(row, canvas.width.saturating_sub(width) / 2, top, *scale);
        top += LINE * scale;
    }
    let picture = I420::new(size, Bytes::from(canvas.planes)).ok_or(CodecError::Size(size))?;
    Encoder::new(85)?.i420(&picture)
}

/// The largest scales at which the wrapped lines take at most nine tenths of each side, and the lines so wrapped.
fn fit(size: Size, lines: &[&str]) -> Vec<Row> {
    let (width, height) = (size.width as usize * 9 / 10, size.height as usize * 9 / 10);
    let most = (size.width as usize / 160).max(1);
    for scale in (1..=most).rev() {
        // Half as large again as the text, a step at the least.
        for title in [scale + scale.div_ceil(2), scale] {
            let rows = laid_out(lines, width, title, scale);
            if height_of(&rows) <= height {
                return rows;
            }
        }
    }
    let mut rows = laid_out(lines, width, 1, 1);
    rows.truncate(height / LINE);
    rows
}

fn laid_out(lines: &[&str], width: usize, title: usize, text: usize) -> Vec<Row> {
    let at = |lines: &[&str], scale: usize| -> Vec<Row> {
        let rows = wrapped(lines, (width / (ADVANCE * scale)).max(1));
        rows.into_iter().map(|row| (scale, row)).collect()
    };
    let (first, rest) = lines.split_at(lines.len().min(1));
    [at(first, title), at(rest, text)].concat()
}

fn height_of(rows: &[Row]) -> usize {
    rows.iter().map(|(scale, _)| LINE * scale).sum()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_title_is_larger_than_the_text_wherever_there_is_room() {
        let lines = ["No signal", "The camera does not answer.", "Check its power and its network."];
        for (width, height) in [(320, 180), (640, 480), (1280, 720), (1920, 1080), (720, 1280)] {
            let rows = fit(Size::new(width, height), &lines);
            assert_eq!(rows[0].1, "No signal");
            assert!(rows[1..].iter().all(|row| row.0 < rows[0].0), "{width}×{height}: {rows:?}");
            let widest = rows.iter().map(|(scale, row)| row.chars().count() * ADVANCE * scale).max();
            assert!(widest <= Some(width as usize) && height_of(&rows) <= height as usize);
        }
        assert!(fit(Size::new(320, 180), &[]).is_empty());
    }
}
