//! What the numbers of a picture mean: range and weights.

use crate::v4l2::ask::Colors;
use crate::v4l2::format::Format;

/// The range that a driver's numbers have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Range {
    /// Black is 0, white 255: as the rest of the house has it.
    Full,
    /// Black is 16, white 235, colours go from 16 to 240: as cameras send YUV unless they say otherwise.
    Limited,
}

impl Range {
    /// The kernel's own rule where the driver says nothing; but gray comes from a sensor as it is, in spite of it.
    pub(super) fn of(format: &Format, colors: Colors) -> Self {
        let limited = match colors.is_limited {
            // Red, green and blue are full but for some capture cards, whose numbers would need another formula.
            _ if format.is_rgb() => false,
            Some(said) => said,
            None => !format.is_gray() && !colors.is_jpeg,
        };
        if limited { Self::Limited } else { Self::Full }
    }

    /// Brings planes to full range.
    pub(super) fn widen(self, y: &mut [u8], u: &mut [u8], v: &mut [u8]) {
        if self == Self::Full {
            return;
        }
        for value in y {
            *value = wide_luma(*value);
        }
        for value in u.iter_mut().chain(v) {
            *value = wide_chroma(*value);
        }
    }
}

/// 16 → 0, 235 → 255.
fn wide_luma(value: u8) -> u8 {
    let wide = (u32::from(value.saturating_sub(16)) * 298 + 128) >> 8;
    wide.min(255) as u8
}

/// 16 → 0, 128 → 128, 240 → 255.
fn wide_chroma(value: u8) -> u8 {
    let wide = (((i32::from(value) - 128) * 291 + 128) >> 8) + 128;
    wide.clamp(0, 255) as u8
}

/// Luma of red, green and blue by BT.601 in full range.
pub(super) fn luma([r, g, b]: [i32; 3]) -> u8 {
    ((r * 19595 + g * 38470 + b * 7471 + 32768) >> 16).clamp(0, 255) as u8
}

/// U and V of the sum of four pixels.
pub(super) fn chroma([r, g, b]: [i32; 3]) -> (u8, u8) {
    let plane = |sum: i32| (((sum + (1 << 17)) >> 18) + 128).clamp(0, 255) as u8;
    (plane(b * 32768 - r * 11059 - g * 21709), plane(r * 32768 - g * 27439 - b * 5329))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn black_white_and_gray_stay_so_in_full_range() {
        assert_eq!([0, 16, 126, 235, 255].map(wide_luma), [0, 0, 128, 255, 255]);
        assert_eq!([0, 16, 128, 240, 255].map(wide_chroma), [0, 1, 128, 255, 255]);
    }

    #[test]
    fn pure_colours_come_out_as_the_standard_says() {
        for (color, wanted) in [
            ([255, 0, 0], (76, 85, 255)),
            ([0, 255, 0], (150, 44, 21)),
            ([0, 0, 255], (29, 255, 107)),
            ([255, 255, 255], (255, 128, 128)),
        ] {
            let (u, v) = chroma(color.map(|value| value * 4));
            assert_eq!((luma(color), u, v), wanted, "{color:?}");
        }
    }
}
