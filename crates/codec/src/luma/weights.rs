//! What each coefficient adds to the few pixels that a block becomes, quantiser included.
//!
//! As libjpeg reduces: a half, a quarter and an eighth are the means of the pixels that the whole block would become;
//! three eighths are the nine lowest frequencies taken as a block of nine pixels.

use std::f64::consts::{FRAC_1_SQRT_2, PI};

/// Column and row of the coefficients in the order they are coded in.
#[rustfmt::skip]
const ZIGZAG: [u8; 64] = [
     0,  1,  8, 16,  9,  2,  3, 10, 17, 24, 32, 25, 18, 11,  4,  5,
    12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13,  6,  7, 14, 21, 28,
    35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51,
    58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61, 54, 47, 55, 62, 63,
];

/// A block of so many pixels: what a unit of each coefficient adds to them, row after row.
pub(super) type Weights<const PIXELS: usize> = [[f32; PIXELS]; 64];

/// For these steps of the quantiser.
pub(super) fn weights<const PIXELS: usize>(steps: &[u8]) -> Weights<PIXELS> {
    let side = PIXELS.isqrt();
    let mut weights = [[0.0; PIXELS]; 64];
    for ((pixels, place), step) in weights.iter_mut().zip(ZIGZAG).zip(steps) {
        let (u, v) = (place % 8, place / 8);
        for (i, pixel) in pixels.iter_mut().enumerate() {
            *pixel = (wave(u, i % side, side) * wave(v, i / side, side) * f64::from(*step)) as f32;
        }
    }
    weights
}

/// A frequency's part in one of `side` pixels across.
fn wave(frequency: u8, pixel: usize, side: usize) -> f64 {
    let scale = if frequency == 0 { 0.5 * FRAC_1_SQRT_2 } else { 0.5 };
    let at = |x: usize, side: usize| {
        scale * (PI * f64::from(frequency) * (2 * x + 1) as f64 / (2 * side) as f64).cos()
    };
    if 8 % side != 0 {
        return if usize::from(frequency) < side { at(pixel, side) } else { 0.0 };
    }
    let each = 8 / side;
    (pixel * each..(pixel + 1) * each).map(|x| at(x, 8)).sum::<f64>() / each as f64
}
