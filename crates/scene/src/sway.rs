//! Leaves in the wind: a soft field of shifts that bends the baked picture where plants are.

use frame::Size;

use crate::foliage::Clump;
use crate::planes::{Planes, half};
use crate::random::{hash, unit};
use crate::stage::Stage;

/// Edge of a cell of the field in luma pixels; shifts are exact at its corners and straight between them.
const CELL: usize = 16;

/// How far each part of the picture gives way, and where it is at an instant.
#[derive(Debug)]
pub(crate) struct Sway {
    size: Size,
    cols: usize,
    rows: usize,
    scale: f32,
    corners: Vec<Corner>,
    /// Shift of each corner now, pixels.
    shifts: Vec<[f32; 2]>,
    still: bool,
}

#[derive(Debug, Clone, Copy)]
struct Corner {
    limber: f32,
    x: f32,
    y: f32,
    phase: f32,
}

/// How the wind blows.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Wind {
    /// World units that the tree's crown is moved by, at most.
    pub(crate) reach: f32,
    /// Share of that which comes and goes in gusts.
    pub(crate) gusts: f32,
    /// How fast leaves swing, against a breeze (1).
    pub(crate) haste: f32,
}

impl Sway {
    pub(crate) fn new(stage: &Stage, limber: &[(Clump, f32)], seed: u64) -> Self {
        let (w, h) = (stage.size.width as usize, stage.size.height as usize);
        let (cols, rows) = (w.div_ceil(CELL) + 1, h.div_ceil(CELL) + 1);
        let mut corners = Vec::with_capacity(cols * rows);
        for row in 0..rows {
            for col in 0..cols {
                let x = stage.world_x((col * CELL) as f32);
                let y = stage.world_y((row * CELL) as f32);
                let phase = unit(hash(seed, (row * cols + col) as u64));
                corners.push(Corner { limber: limber_at(limber, x, y), x, y, phase });
            }
        }
        let soft: Vec<f32> = (0..corners.len()).map(|i| softened(&corners, cols, i)).collect();
        corners.iter_mut().zip(soft).for_each(|(corner, limber)| corner.limber = limber);
        let shifts = vec![[0.0; 2]; corners.len()];
        Self { size: stage.size, cols, rows, scale: stage.scale, corners, shifts, still: true }
    }

    /// Moves the field to `seconds`.
    pub(crate) fn blow(&mut self, wind: Wind, seconds: f64) {
        self.still = wind.reach * self.scale < 0.02;
        if self.still {
            return;
        }
        // Whole turns are taken off in double precision, so that a day's run sways as smoothly as its start.
        let turn = |rate: f64| (seconds * rate * f64::from(wind.haste) % 1.0) as f32 * std::f32::consts::TAU;
        let (slow, quick, gust) = (turn(0.31), turn(0.83), turn(0.11));
        for (corner, shift) in self.corners.iter().zip(&mut self.shifts) {
            if corner.limber < 0.01 {
                *shift = [0.0; 2];
                continue;
            }
            let swell = 1.0 - wind.gusts * (0.5 + 0.5 * (gust - corner.x / 420.0).sin());
            let far = corner.limber * wind.reach * self.scale * swell;
            let bend = (slow + corner.x / 150.0 + corner.y / 210.0).sin();
            let flutter = (quick + corner.y / 64.0 - corner.x / 88.0 + corner.phase * 2.4).sin();
            *shift = [far * (0.62 * bend + 0.38 * flutter), far * (0.16 * bend - 0.30 * flutter)];
        }
    }

    /// The shift at a luma pixel: what shows there stands in the baked picture at the pixel less this.
    pub(crate) fn shift(&self, x: usize, y: usize) -> [f32; 2] {
        if self.still {
            return [0.0; 2];
        }
        let at = y / CELL * self.cols + x / CELL;
        let (fx, fy) = ((x % CELL) as f32 / CELL as f32, (y % CELL) as f32 / CELL as f32);
        let [a, b] = [self.shifts[at], self.shifts[at + 1]];
        let [c, d] = [self.shifts[at + self.cols], self.shifts[at + self.cols + 1]];
        [0, 1].map(|k| {
            let upper = a[k] + (b[k] - a[k]) * fx;
            upper + (c[k] + (d[k] - c[k]) * fx - upper) * fy
        })
    }

    /// Copies `from` to `to`, bent.
    pub(crate) fn bend(&self, from: &Planes, to: &mut Planes) {
        to.y.copy_from_slice(&from.y);
        to.u.copy_from_slice(&from.u);
        to.v.copy_from_slice(&from.v);
        if self.still {
            return;
        }
        let colour = half(self.size);
        for row in 0..self.rows - 1 {
            for col in 0..self.cols - 1 {
                let at = row * self.cols + col;
                let next = at + self.cols;
                let shifts = [self.shifts[at], self.shifts[at + 1], self.shifts[next], self.shifts[next + 1]];
                if shifts.iter().all(|s| s[0].abs().max(s[1].abs()) < 0.02) {
                    continue;
                }
                bend_cell(&from.y, &mut to.y, self.size, [col * CELL, row * CELL], CELL, &shifts);
                let shifts = shifts.map(|s| s.map(|v| v / 2.0));
                let corner = [col * CELL / 2, row * CELL / 2];
                bend_cell(&from.u, &mut to.u, colour, corner, CELL / 2, &shifts);
                bend_cell(&from.v, &mut to.v, colour, corner, CELL / 2, &shifts);
            }
        }
    }
}

fn limber_at(limber: &[(Clump, f32)], x: f32, y: f32) -> f32 {
    limber.iter().fold(0.0, |most: f32, (clump, limber)| {
        let (u, v) = ((x - clump.x) / clump.rx, (y - clump.y) / clump.ry);
        if u * u + v * v < 1.15 { most.max(*limber) } else { most }
    })
}

/// The mean over a corner and its eight neighbours, so that nothing tears at a plant's edge.
fn softened(corners: &[Corner], cols: usize, at: usize) -> f32 {
    let rows = corners.len() / cols;
    let (row, col) = (at / cols, at % cols);
    let (mut sum, mut n) = (0.0, 0.0);
    for r in row.saturating_sub(1)..(row + 2).min(rows) {
        for c in col.saturating_sub(1)..(col + 2).min(cols) {
            sum += corners[r * cols + c].limber;
            n += 1.0;
        }
    }
    sum / n
}

/// Fills one cell of `to` from the shifted places of `from`, in 1/256 of a pixel.
fn bend_cell(
    from: &[u8],
    to: &mut [u8],
    size: Size,
    [x0, y0]: [usize; 2],
    cell: usize,
    shifts: &[[f32; 2]; 4],
) {
    let (w, h) = (size.width as usize, size.height as usize);
    let (x1, y1) = ((x0 + cell).min(w), (y0 + cell).min(h));
    if x0 >= w || y0 >= h || w < 2 || h < 2 {
        return;
    }
    let fixed = |v: f32| (v * 65536.0) as i32;
    let (limit_x, limit_y) = (((w - 1) as i32) << 16, ((h - 1) as i32) << 16);
    for y in y0..y1 {
        let down = (y - y0) as f32 / cell as f32;
        let start = [0, 1].map(|k| shifts[0][k] + (shifts[2][k] - shifts[0][k]) * down);
        let end = [0, 1].map(|k| shifts[1][k] + (shifts[3][k] - shifts[1][k]) * down);
        let mut sx = ((x0 as i32) << 16) - fixed(start[0]);
        let mut sy = ((y as i32) << 16) - fixed(start[1]);
        let step_x = 65536 - fixed((end[0] - start[0]) / cell as f32);
        let step_y = -fixed((end[1] - start[1]) / cell as f32);
        for out in &mut to[y * w + x0..y * w + x1] {
            let (px, py) = (sx.clamp(0, limit_x - 1), sy.clamp(0, limit_y - 1));
            let at = (py >> 16) as usize * w + (px >> 16) as usize;
            let (fx, fy) = ((px >> 8) & 255, (py >> 8) & 255);
            let [a, b] = [i32::from(from[at]), i32::from(from[at + 1])];
            let [c, d] = [i32::from(from[at + w]), i32::from(from[at + w + 1])];
            let upper = (a << 8) + (b - a) * fx;
            let lower = (c << 8) + (d - c) * fx;
            *out = (((upper << 8) + (lower - upper) * fy + 32768) >> 16) as u8;
            sx += step_x;
            sy += step_y;
        }
    }
}
