//! Letters and boxes on planes.

use std::ops::Range;

use frame::Size;

use crate::font;

/// A colour as planes hold it: luma, and both colour samples around 128.
pub(crate) type Yuv = [u8; 3];

/// Letters as they are advanced, with the gap.
pub(crate) const ADVANCE: usize = font::WIDTH + 1;
/// From line to line.
pub(crate) const LINE: usize = font::HEIGHT + 2;

/// Pixels that a line of text is wide.
pub(crate) fn width_of(text: &str, scale: usize) -> usize {
    (text.chars().count() * ADVANCE).saturating_sub(1) * scale
}

/// Planes of a picture, to be drawn on; what lies outside is left out.
pub(crate) struct Canvas<'a> {
    width: usize,
    height: usize,
    planes: &'a mut [u8],
}

impl<'a> Canvas<'a> {
    /// On the planes of a picture of `size`.
    pub(crate) fn new(size: Size, planes: &'a mut [u8]) -> Self {
        Self { width: size.width as usize, height: size.height as usize, planes }
    }

    /// Fills an area.
    pub(crate) fn fill(&mut self, x: Range<usize>, y: Range<usize>, ink: Yuv) {
        self.touch(x, y, |_| ink[0], |plane, _| ink[1 + plane]);
    }

    /// Leaves a fifth of the light and a quarter of the colour of an area, and lifts black a little, so that light
    /// letters can be read on anything.
    pub(crate) fn dim(&mut self, x: Range<usize>, y: Range<usize>) {
        self.touch(x, y, |luma| luma / 5 + 8, |_, colour| 96 + colour / 4);
    }

    fn touch(
        &mut self,
        x: Range<usize>,
        y: Range<usize>,
        luma: impl Fn(u8) -> u8,
        colour: impl Fn(usize, u8) -> u8,
    ) {
        let (x, y) = (x.start..x.end.min(self.width), y.start..y.end.min(self.height));
        if x.is_empty() || y.is_empty() {
            return;
        }
        for row in y.clone() {
            let row = &mut self.planes[row * self.width..][..self.width];
            row[x.clone()].iter_mut().for_each(|value| *value = luma(*value));
        }
        let (half, half_height) = (self.width.div_ceil(2), self.height.div_ceil(2));
        let (x, y) = (x.start / 2..x.end.div_ceil(2), y.start / 2..y.end.div_ceil(2));
        for plane in 0..2 {
            let begin = self.width * self.height + plane * half * half_height;
            for row in y.clone() {
                let row = &mut self.planes[begin + row * half..][..half];
                row[x.clone()].iter_mut().for_each(|value| *value = colour(plane, *value));
            }
        }
    }

    /// A line of text with its upper left corner there, each pixel of its letters `scale` wide.
    pub(crate) fn write(&mut self, text: &str, left: usize, top: usize, scale: usize, ink: Yuv) {
        for (i, letter) in text.chars().enumerate() {
            for (row, pixels) in font::rows(letter).enumerate() {
                for (column, _) in pixels.iter().enumerate().filter(|(_, p)| **p == b'#') {
                    let (x, y) = (left + (i * ADVANCE + column) * scale, top + row * scale);
                    self.fill(x..x + scale, y..y + scale, ink);
                }
            }
        }
    }
}
