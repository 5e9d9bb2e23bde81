//! Quarter turns and mirrors: of planes by copying them in tiles, of JPEGs by what the library can do losslessly.

use bytes::Bytes;
use frame::{I420, Rotation, Size};
use turbojpeg::TransformOp;

use crate::CodecError;

/// Side of the tiles that a plane is turned in, so that what is read and what is written stay in the fastest cache.
const TILE: usize = 32;

/// One of the eight ways to lay a picture down: rows and columns swapped first, then mirrored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Turn {
    /// Rows become columns.
    pub(crate) transpose: bool,
    /// Left and right are swapped.
    pub(crate) flip_x: bool,
    /// Top and bottom are swapped.
    pub(crate) flip_y: bool,
}

impl Turn {
    const fn new(transpose: bool, flip_x: bool, flip_y: bool) -> Self {
        Self { transpose, flip_x, flip_y }
    }

    /// What brings a picture of that EXIF orientation (1 to 8) upright; anything else is taken as upright.
    pub(crate) const fn of_orientation(orientation: u16) -> Self {
        match orientation {
            2 => Self::new(false, true, false),
            3 => Self::new(false, true, true),
            4 => Self::new(false, false, true),
            5 => Self::new(true, false, false),
            6 => Self::new(true, true, false),
            7 => Self::new(true, true, true),
            8 => Self::new(true, false, true),
            _ => Self::new(false, false, false),
        }
    }

    /// First this, then `next`.
    pub(crate) const fn then(self, next: Self) -> Self {
        let (x, y) = if next.transpose { (self.flip_y, self.flip_x) } else { (self.flip_x, self.flip_y) };
        Self::new(self.transpose != next.transpose, x != next.flip_x, y != next.flip_y)
    }

    pub(crate) fn is_none(self) -> bool {
        self == Self::default()
    }

    /// The size that comes out.
    pub(crate) const fn of(self, size: Size) -> Size {
        if self.transpose { Size::new(size.height, size.width) } else { size }
    }

    /// The library's word for it.
    pub(crate) fn op(self) -> TransformOp {
        match (self.transpose, self.flip_x, self.flip_y) {
            (false, false, false) => TransformOp::None,
            (false, true, false) => TransformOp::Hflip,
            (false, false, true) => TransformOp::Vflip,
            (false, true, true) => TransformOp::Rot180,
            (true, false, false) => TransformOp::Transpose,
            (true, true, false) => TransformOp::Rot90,
            (true, false, true) => TransformOp::Rot270,
            (true, true, true) => TransformOp::Transverse,
        }
    }

    /// The planes, turned. Where a side is odd, colour moves by a pixel against luma.
    ///
    /// # Errors
    /// [`CodecError::Size`] never for planes that are whole.
    pub(crate) fn planes(self, planes: &I420) -> Result<I420, CodecError> {
        if self.is_none() {
            return Ok(planes.clone());
        }
        let from = planes.size();
        let (width, height) = (from.width as usize, from.height as usize);
        let half = (width.div_ceil(2), height.div_ceil(2));
        let mut out = vec![0; planes.bytes().len()];
        let (luma, colour) = planes.bytes().split_at(width * height);
        let (luma_out, colour_out) = out.split_at_mut(width * height);
        self.plane(luma, (width, height), luma_out);
        let len = (half.0 * half.1).max(1);
        for (plane, out) in colour.chunks_exact(len).zip(colour_out.chunks_exact_mut(len)) {
            self.plane(plane, half, out);
        }
        let size = self.of(from);
        I420::new(size, Bytes::from(out)).ok_or(CodecError::Size(size))
    }

    fn plane(self, plane: &[u8], (width, height): (usize, usize), out: &mut [u8]) {
        if self.transpose {
            self.transposed(plane, (width, height), out);
            return;
        }
        let rows = plane.chunks_exact(width).zip(0..);
        for (row, y) in rows {
            let y = if self.flip_y { height - 1 - y } else { y };
            let to = &mut out[y * width..][..width];
            to.copy_from_slice(row);
            if self.flip_x {
                to.reverse();
            }
        }
    }

    /// Row `y` becomes column `y`, or the one as far from the other side.
    fn transposed(self, plane: &[u8], (width, height): (usize, usize), out: &mut [u8]) {
        for top in (0..height).step_by(TILE) {
            let rows = TILE.min(height - top);
            for left in (0..width).step_by(TILE) {
                for x in left..(left + TILE).min(width) {
                    let row = if self.flip_y { width - 1 - x } else { x };
                    let first = if self.flip_x { height - top - rows } else { top };
                    let to = &mut out[row * height + first..][..rows];
                    let column = plane[top * width + x..].iter().step_by(width);
                    if self.flip_x {
                        to.iter_mut().rev().zip(column).for_each(|(to, from)| *to = *from);
                    } else {
                        to.iter_mut().zip(column).for_each(|(to, from)| *to = *from);
                    }
                }
            }
        }
    }
}

impl From<Rotation> for Turn {
    fn from(rotation: Rotation) -> Self {
        match rotation {
            Rotation::None => Self::default(),
            Rotation::Quarter => Self::new(true, true, false),
            Rotation::Half => Self::new(false, true, true),
            Rotation::ThreeQuarters => Self::new(true, false, true),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn any() -> impl Strategy<Value = Turn> {
        (1u16..9).prop_map(Turn::of_orientation)
    }

    fn turned(turn: Turn, plane: &[u8], size: (usize, usize)) -> Vec<u8> {
        let mut out = vec![0; plane.len()];
        turn.plane(plane, size, &mut out);
        out
    }

    #[test]
    fn a_quarter_brings_the_left_edge_to_the_top() {
        // 1 2 3
        // 4 5 6
        let plane = [1, 2, 3, 4, 5, 6];
        let by = |rotation: Rotation| turned(rotation.into(), &plane, (3, 2));
        assert_eq!(by(Rotation::Quarter), [4, 1, 5, 2, 6, 3]);
        assert_eq!(by(Rotation::Half), [6, 5, 4, 3, 2, 1]);
        assert_eq!(by(Rotation::ThreeQuarters), [3, 6, 2, 5, 1, 4]);
        assert_eq!(by(Rotation::None), plane);
    }

    proptest! {
        #[test]
        fn two_turns_are_what_they_add_up_to(a in any(), b in any(), w in 1usize..80, h in 1usize..80) {
            let plane: Vec<u8> = (0..w * h).map(|i| u8::try_from(i * 31 % 251).unwrap()).collect();
            let between = if a.transpose { (h, w) } else { (w, h) };
            let twice = turned(b, &turned(a, &plane, (w, h)), between);
            prop_assert_eq!(twice, turned(a.then(b), &plane, (w, h)));
        }

        #[test]
        fn four_quarters_are_none(w in 1u32..50, h in 1u32..50) {
            let size = Size::new(w, h);
            let bytes: Vec<u8> = (0..I420::len_of(size)).map(|i| u8::try_from(i * 7 % 256).unwrap()).collect();
            let planes = I420::new(size, bytes.into()).unwrap();
            let quarter = Turn::from(Rotation::Quarter);
            let round = (0..4).try_fold(planes.clone(), |planes, _| quarter.planes(&planes)).unwrap();
            prop_assert_eq!(round.bytes(), planes.bytes());
        }
    }
}
