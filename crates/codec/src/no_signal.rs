//! The picture that stands in while a camera gives none: dark, calm, with a sentence that can be read on a phone.

use bytes::Bytes;
use frame::{I420, Size};

use crate::canvas::{ADVANCE, Canvas, LINE, Yuv, width_of};
use crate::{CodecError, Encoder, checked};

/// `#12100e` as Y, U, V: the page's dark background.
const BACKGROUND: Yuv = [16, 127, 129];
/// `#ece6dc` as Y, U, V: the page's text on it.
const INK: Yuv = [231, 122, 132];

/// How many pixels each pixel of its letters is wide, and a row of text.
type Row = (usize, String);

/// A JPEG of `size` with the lines in its middle, wrapped, as large as they fit, the first as the title of the others
/// and larger where there is room; lines that do not fit at the smallest size are left out. The same input gives the same bytes.
///
/// # Errors
/// [`CodecError::Size`] outside 1×1 to 8192×8192, [`CodecError::Library`].
pub fn no_signal(size: Size, lines: &[&str]) -> Result<Bytes, CodecError> {
    let mut planes = plain(checked(size)?);
    let mut canvas = Canvas::new(size, &mut planes);
    let rows = fit(size, lines);
    let mut top = (size.height as usize).saturating_sub(height_of(&rows)) / 2;
    for (scale, row) in &rows {
        let left = (size.width as usize).saturating_sub(width_of(row, *scale)) / 2;
        canvas.write(row, left, top, *scale, INK);
        top += LINE * scale;
    }
    let picture = I420::new(size, Bytes::from(planes)).ok_or(CodecError::Size(size))?;
    Encoder::new(85)?.i420(&picture)
}

/// Nothing but the background.
fn plain(size: Size) -> Vec<u8> {
    let (width, height) = (size.width as usize, size.height as usize);
    let colour = width.div_ceil(2) * height.div_ceil(2);
    let mut planes = vec![BACKGROUND[0]; width * height];
    planes.resize(width * height + colour, BACKGROUND[1]);
    planes.resize(width * height + 2 * colour, BACKGROUND[2]);
    planes
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
