//! What falls, drifts or flies between the lens and the garden: rain, snow, the shadows of clouds, insects.

use crate::planes::Planes;
use crate::random::{Noise, Rng, hash, unit};
use crate::stage::{HORIZON, Stage};

/// What the air is full of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Weather {
    Clear,
    Rain,
    Snow,
    Clouds,
    Insects,
}

impl Weather {
    /// Draws the weather at `seconds` over the finished garden.
    pub(crate) fn draw(self, planes: &mut Planes, stage: &Stage, noise: &Noise, seed: u64, seconds: f64) {
        match self {
            Self::Clear => {}
            Self::Rain => rain(planes, stage, seed, seconds),
            Self::Snow => snow(planes, stage, seed, seconds),
            Self::Clouds => clouds(planes, stage, noise, seconds),
            Self::Insects => insects(planes, stage, seed, seconds),
        }
    }
}

/// Which fall a drop is on and how far down it is (0 to 1), when one takes `period` seconds.
fn fall(seconds: f64, period: f64, offset: f32) -> (u64, f32) {
    let falls = seconds / period + f64::from(offset);
    (falls as u64, falls.fract() as f32)
}

fn rain(planes: &mut Planes, stage: &Stage, seed: u64, seconds: f64) {
    const DROPS: u64 = 700;
    let (w, h) = (planes.size.width as f32, planes.size.height as f32);
    for drop in 0..DROPS {
        let key = hash(seed ^ 0x7261_696e, drop);
        // Near drops are long, bright and fast; most are far.
        let near = unit(hash(key, 1)).powi(3);
        let (round, down) = fall(seconds, f64::from(0.55 - 0.3 * near), unit(hash(key, 2)));
        let x = unit(hash(key, 100 + round)) * 1.1 * w;
        let length = (0.035 + 0.16 * near) * h;
        let y = down * (h + 2.0 * length) - length;
        let slant = -0.09 * length;
        let strength = 0.20 + 0.26 * near;
        let breadth = (1.1 + 2.4 * near) * stage.scale;
        streak(planes, [x - 0.09 * y, y], [slant, length], breadth, 205.0, strength);
    }
}

/// A line from `from` on by `by` pixels that fades at its ends.
fn streak(planes: &mut Planes, from: [f32; 2], by: [f32; 2], breadth: f32, luma: f32, strength: f32) {
    let (w, h) = (planes.size.width as usize, planes.size.height as usize);
    let end = from[1] + by[1];
    if end <= 0.0 || by[1] <= 0.0 {
        return;
    }
    for y in from[1].max(0.0) as usize..(end as usize).min(h) {
        let along = (y as f32 + 0.5 - from[1]) / by[1];
        let centre = from[0] + by[0] * along;
        let (left, right) = (centre - breadth / 2.0, centre + breadth / 2.0);
        if right <= 0.0 {
            continue;
        }
        let fade = strength * (along * (1.0 - along) * 4.0).clamp(0.0, 1.0);
        for x in left.max(0.0) as usize..(right.ceil() as usize).min(w) {
            let share = (right.min(x as f32 + 1.0) - left.max(x as f32)).clamp(0.0, 1.0);
            towards(&mut planes.y[y * w + x], luma, share * fade);
        }
    }
}

fn towards(have: &mut u8, want: f32, share: f32) {
    let old = f32::from(*have);
    *have = (old + (want - old) * share + 0.5).clamp(0.0, 255.0) as u8;
}

/// A soft round spot, luma and a pull of the colours towards gray.
fn spot(planes: &mut Planes, centre: [f32; 2], radius: f32, luma: f32, strength: f32) {
    let (w, h) = (planes.size.width as usize, planes.size.height as usize);
    let half_w = w.div_ceil(2);
    let reach = radius + 1.0;
    let clip = |v: f32, most: usize| v.clamp(0.0, most as f32) as usize;
    for y in clip(centre[1] - reach, h)..clip((centre[1] + reach).ceil(), h) {
        for x in clip(centre[0] - reach, w)..clip((centre[0] + reach).ceil(), w) {
            let far = (x as f32 + 0.5 - centre[0]).hypot(y as f32 + 0.5 - centre[1]);
            let share = strength * ((radius - far) / (0.5 * radius + 0.5) + 0.25).clamp(0.0, 1.0);
            if share > 0.0 {
                towards(&mut planes.y[y * w + x], luma, share);
                let colour = y / 2 * half_w + x / 2;
                towards(&mut planes.u[colour], 128.0, share * 0.3);
                towards(&mut planes.v[colour], 128.0, share * 0.3);
            }
        }
    }
}

fn snow(planes: &mut Planes, stage: &Stage, seed: u64, seconds: f64) {
    const FLAKES: u64 = 800;
    let (w, h) = (planes.size.width as f32, planes.size.height as f32);
    for flake in 0..FLAKES {
        let key = hash(seed ^ 0x736e_6f77, flake);
        let near = unit(hash(key, 1)).powi(4);
        let (round, down) = fall(seconds, f64::from(7.5 - 5.4 * near), unit(hash(key, 2)));
        let swing = (down * 9.0 + unit(hash(key, 3)) * 6.3).sin() * (0.008 + 0.03 * near);
        let drift = 0.06 * (down - 0.5);
        let x = (unit(hash(key, 100 + round)) * 1.1 - 0.05 + swing + drift) * w;
        let radius = (2.0 + 10.0 * near) * stage.scale;
        let y = down * (h + 4.0 * radius) - 2.0 * radius;
        spot(planes, [x, y], radius.max(0.7), 242.0, 0.85 - 0.45 * near);
    }
}

/// Edge of a cell of shade in luma pixels; between its corners shade is even.
const CELL: usize = 16;

/// Darkens the picture by soft shadows that drift over it.
fn clouds(planes: &mut Planes, stage: &Stage, noise: &Noise, seconds: f64) {
    let (w, h) = (planes.size.width as usize, planes.size.height as usize);
    let (cols, rows) = (w.div_ceil(CELL) + 1, h.div_ceil(CELL) + 1);
    let drift = (seconds * 0.013 % 1.0) as f32;
    let light = |corner: usize| {
        let x = stage.world_x((corner % cols * CELL) as f32);
        let y = stage.world_y((corner / cols * CELL) as f32);
        let cover = ((noise.at(x / 7600.0 - drift, y / 3600.0 + 0.2) - 0.50) * 8.0 + 0.5).clamp(0.0, 1.0);
        // The sky itself darkens little; the hedges fade over to the lawn.
        let shade = 0.10 + 0.38 * ((y - 0.4 * HORIZON) / (0.5 * HORIZON)).clamp(0.0, 1.0);
        1.0 - shade * cover * cover * (3.0 - 2.0 * cover)
    };
    let gains: Vec<f32> = (0..cols * rows).map(light).collect();
    let half_w = w.div_ceil(2);
    darken(&mut planes.y, w, CELL, &gains, cols, 0.0);
    darken(&mut planes.u, half_w, CELL / 2, &gains, cols, 128.0);
    darken(&mut planes.v, half_w, CELL / 2, &gains, cols, 128.0);
}

/// Multiplies a plane's distance from `zero` by gains that are given at the corners of its cells.
fn darken(plane: &mut [u8], w: usize, cell: usize, gains: &[f32], cols: usize, zero: f32) {
    for (y, row) in plane.chunks_exact_mut(w).enumerate() {
        let down = (y % cell) as f32 / cell as f32;
        let corners = &gains[y / cell * cols..][..2 * cols];
        let gain = |col: usize| corners[col] + (corners[col + cols] - corners[col]) * down;
        for (col, values) in row.chunks_mut(cell).enumerate() {
            let (start, step) = (gain(col), (gain(col + 1) - gain(col)) / cell as f32);
            for (x, value) in values.iter_mut().enumerate() {
                *value = (zero + (f32::from(*value) - zero) * (start + step * x as f32) + 0.5) as u8;
            }
        }
    }
}

/// Specks that dart across within a fraction of a second, out of focus.
fn insects(planes: &mut Planes, stage: &Stage, seed: u64, seconds: f64) {
    const SWARM: u64 = 9;
    let (w, h) = (planes.size.width as f32, planes.size.height as f32);
    for insect in 0..SWARM {
        let key = hash(seed ^ 0x6269_7465, insect);
        let period = 2.2 + 3.0 * f64::from(unit(hash(key, 1)));
        let (round, through) = fall(seconds, period, unit(hash(key, 2)));
        let mut rng = Rng::new(key, round);
        let flight = 0.10 + 0.22 * rng.unit();
        let along = through / flight;
        if along >= 1.0 || seconds < 2.0 {
            continue;
        }
        let from = [rng.within(-0.1, 1.1) * w, rng.within(-0.1, 1.1) * h];
        let bend = [rng.within(0.0, 1.0) * w, rng.within(0.0, 1.0) * h];
        let to = [rng.within(-0.1, 1.1) * w, rng.within(-0.1, 1.1) * h];
        let place = |t: f32| {
            [0, 1].map(|k| (1.0 - t).powi(2) * from[k] + 2.0 * t * (1.0 - t) * bend[k] + t * t * to[k])
        };
        let radius = rng.within(2.5, 9.0) * stage.scale;
        let luma = if rng.unit() < 0.5 { 30.0 } else { 225.0 };
        // What is that near and fast smears over the shutter's time.
        for smear in 0..4 {
            spot(planes, place((along - 0.012 * smear as f32).max(0.0)), radius.max(0.8), luma, 0.34);
        }
    }
}
