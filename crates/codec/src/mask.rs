//! Polygons filled with black, so that nothing of what was there is left: not in planes, not in a JPEG's blocks, not
//! in a thumbnail that a camera put beside them.

use bytes::Bytes;
use frame::{I420, Polygon, Size};

use crate::CodecError;
use crate::cover::Cover;

mod bits;
mod blocks;
mod header;
mod tables;

#[cfg(test)]
mod tests;

/// Cells of planes: the four pixels that share a colour sample.
const PAIR: (usize, usize) = (2, 2);

/// Why a JPEG's blocks cannot be blacked out where they lie. It may still be written anew, or decoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unfit {
    /// Whole, but not one baseline scan with all codes that are needed.
    Kind,
    /// Its data makes no sense, or ends early.
    Damaged,
}

/// Fills polygons; keeps what it worked out of them until they or the picture's size change.
#[derive(Debug, Default)]
pub(crate) struct Masker {
    polygons: Vec<Polygon>,
    covers: Vec<(Size, (usize, usize), Cover)>,
}

impl Masker {
    /// From now on these.
    pub(crate) fn set(&mut self, polygons: &[Polygon]) {
        if self.polygons != polygons {
            self.polygons = polygons.to_vec();
            self.covers.clear();
        }
    }

    /// Which cells of a picture the polygons touch.
    fn cover(&mut self, size: Size, cell: (usize, usize)) -> &Cover {
        let found = self.covers.iter().position(|(of, by, _)| (*of, *by) == (size, cell));
        let index = found.unwrap_or_else(|| {
            // A camera has one size and sampling; a second one is there while they change.
            self.covers.truncate(1);
            self.covers.insert(0, (size, cell, Cover::new(&self.polygons, size, cell)));
            0
        });
        &self.covers[index].2
    }

    /// The planes with every pixel that a polygon touches black, and what shares its colour sample.
    ///
    /// # Errors
    /// [`CodecError::Size`] never for planes that are whole.
    pub(crate) fn planes(&mut self, planes: I420) -> Result<I420, CodecError> {
        let size = planes.size();
        let (width, height) = (size.width as usize, size.height as usize);
        let cover = self.cover(size, PAIR);
        // The picture's only holder gives its memory; a copy is made otherwise.
        let mut bytes: Vec<u8> = planes.into_bytes().into();
        let (luma, colour) = bytes.split_at_mut(width * height);
        for (y, row) in luma.chunks_exact_mut(width).enumerate() {
            for run in cover.row(y / 2) {
                row[2 * run.start..(2 * run.end).min(width)].fill(0);
            }
        }
        let half = width.div_ceil(2);
        for (y, row) in colour.chunks_exact_mut(half).enumerate() {
            for run in cover.row(y % height.div_ceil(2)) {
                row[run.clone()].fill(128);
            }
        }
        I420::new(size, Bytes::from(bytes)).ok_or(CodecError::Size(size))
    }

    /// The JPEG with every block group that a polygon touches black and every other one as it was, bit for bit in
    /// its coefficients; segments that may hold a second picture are left out.
    ///
    /// # Errors
    /// [`Unfit`].
    pub(crate) fn jpeg(&mut self, jpeg: &[u8]) -> Result<Vec<u8>, Unfit> {
        let head = header::read(jpeg)?;
        let cover = self.cover(head.size, head.cell());
        blocks::blacked_out(jpeg, &head, cover)
    }
}
