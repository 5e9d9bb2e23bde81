//! The camera's own faults: sensor noise, automatic exposure, mains flicker, a mount that shakes.

use crate::planes::{Planes, half};
use crate::random::{Rng, hash};

/// Pixels a 640 wide picture moves by at most when the mount shakes.
const SHAKE: f32 = 6.0;

/// What the camera does to brightness.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Gain {
    Steady,
    /// Down to a third and back.
    Ramp,
    /// Jumps, then hunts for the right value.
    Hunting,
    /// Bands that roll through the picture.
    Mains,
}

/// The faults of one scenario's camera.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Lens {
    /// Deviation of the sensor's noise, of 255.
    pub(crate) noise: f32,
    pub(crate) gain: Gain,
    pub(crate) shakes: bool,
}

impl Default for Lens {
    fn default() -> Self {
        Self { noise: 1.6, gain: Gain::Steady, shakes: false }
    }
}

/// Pixels around the picture that a shaking camera needs.
pub(crate) fn margin(lens: &Lens, width: u32) -> u32 {
    if lens.shakes { (SHAKE * width as f32 / 640.0).ceil() as u32 + 2 } else { 0 }
}

/// Where the mount has swung to, pixels.
pub(crate) fn shake(seed: u64, width: u32, seconds: f64) -> [f32; 2] {
    let phase = (seed % 97) as f64;
    let wave =
        |rate: f64, offset: f64| ((seconds * rate + offset + phase) * std::f64::consts::TAU).sin() as f32;
    // The mount is hit now and then and rings out; between two hits it hardly moves.
    let since = (seconds / 3.7).fract() as f32 * 3.7;
    let blow = 0.08 + 0.92 * (-since * 0.9).exp() * (since * 8.0).min(1.0);
    let reach = SHAKE * width as f32 / 640.0 * blow;
    [
        reach * (0.7 * wave(2.3, 0.0) + 0.3 * wave(5.9, 0.3)),
        reach * (0.6 * wave(3.1, 0.6) + 0.3 * wave(7.3, 0.1)),
    ]
}

/// Cuts the picture out of a canvas with `margin` pixels more on each side, moved by `by` pixels.
pub(crate) fn crop(canvas: &Planes, margin: u32, by: [f32; 2], out: &mut Planes) {
    let (m, size, wide) = (margin as f32, out.size, canvas.size);
    let lumas = (wide.width as usize, size.width as usize);
    shifted(&canvas.y, &mut out.y, lumas, [m + by[0], m + by[1]]);
    let colours = (half(wide).width as usize, half(size).width as usize);
    let by = by.map(|v| (m + v) / 2.0);
    shifted(&canvas.u, &mut out.u, colours, by);
    shifted(&canvas.v, &mut out.v, colours, by);
}

fn shifted(from: &[u8], to: &mut [u8], (from_w, to_w): (usize, usize), by: [f32; 2]) {
    let by = by.map(|v| v.max(0.0));
    let (x0, y0) = (by[0] as usize, by[1] as usize);
    let [fx, fy] = by.map(|v| (v.fract() * 256.0) as u32);
    let last = from.len() / from_w - 1;
    for (y, row) in to.chunks_exact_mut(to_w).enumerate() {
        let upper = &from[(y + y0).min(last) * from_w..][..from_w];
        let lower = &from[(y + y0 + 1).min(last) * from_w..][..from_w];
        for (x, out) in row.iter_mut().enumerate() {
            let (a, b) = ((x + x0).min(from_w - 1), (x + x0 + 1).min(from_w - 1));
            let top = u32::from(upper[a]) * (256 - fx) + u32::from(upper[b]) * fx;
            let base = u32::from(lower[a]) * (256 - fx) + u32::from(lower[b]) * fx;
            *out = ((top * (256 - fy) + base * fy + 32768) >> 16) as u8;
        }
    }
}

impl Gain {
    /// Applies the gain of `seconds` (`looped` into the loop) to all planes.
    pub(crate) fn apply(self, planes: &mut Planes, looped: f32, seconds: f64) {
        match self {
            Self::Steady => {}
            Self::Ramp => expose(planes, ramp(looped), 1.0),
            Self::Hunting => {
                let (gain, gamma) = hunting(looped);
                expose(planes, gain, gamma);
            }
            Self::Mains => flicker(planes, seconds),
        }
    }
}

/// 3 s steady, 10 s down to a third, 10 s back up.
fn ramp(looped: f32) -> f32 {
    let down = ((looped - 3.0) / 10.0).clamp(0.0, 1.0) - ((looped - 15.0) / 10.0).clamp(0.0, 1.0);
    1.0 - 0.62 * down
}

/// Gain and gamma: a jump every 6 s that rings out, to another level each time.
fn hunting(looped: f32) -> (f32, f32) {
    const LEVELS: [f32; 6] = [1.0, 1.35, 0.72, 1.12, 0.60, 1.0];
    let step = (looped / 6.0) as usize;
    let (level, before) = (LEVELS[step % 6], LEVELS[(step + 5) % 6]);
    let since = looped - step as f32 * 6.0;
    let ring = (-since * 1.3).exp() * (since * 7.0).cos();
    let gain = if step == 0 { 1.0 } else { level + (before - level) * ring * 0.8 };
    (gain, 1.0 + 0.25 * (1.0 - gain))
}

fn expose(planes: &mut Planes, gain: f32, gamma: f32) {
    let curve: Vec<u8> =
        (0..256).map(|i| ((i as f32 / 255.0).powf(gamma) * gain * 255.0 + 0.5).min(255.0) as u8).collect();
    planes.y.iter_mut().for_each(|v| *v = curve[*v as usize]);
    let strength = gain.min(1.2);
    let colour: Vec<u8> =
        (0..256).map(|i| ((i as f32 - 128.0) * strength + 128.5).clamp(0.0, 255.0) as u8).collect();
    for plane in [&mut planes.u, &mut planes.v] {
        plane.iter_mut().for_each(|v| *v = colour[*v as usize]);
    }
}

/// 100 Hz light against a rolling shutter: three bands that creep, a seventh of the light deep.
fn flicker(planes: &mut Planes, seconds: f64) {
    let (w, h) = (planes.size.width as usize, planes.size.height as usize);
    let beat = (seconds * 1.3 % 1.0) as f32;
    for (y, row) in planes.y.chunks_exact_mut(w).enumerate() {
        let phase = (y as f32 / h as f32 * 3.0 + beat) * std::f32::consts::TAU;
        let gain = (256.0 * (1.0 - 0.07 + 0.07 * phase.sin()) + 0.5) as u32;
        row.iter_mut().for_each(|v| *v = ((u32::from(*v) * gain) >> 8) as u8);
    }
}

/// Noise that was drawn once; each row of each frame takes a stretch of it.
#[derive(Debug)]
pub(crate) struct Grain {
    stretch: Vec<i8>,
    colour: Vec<i8>,
}

/// Stretches to choose from; at 15 frames a second and 720 rows one returns to the same row after an hour.
const CHOICES: usize = 1 << 16;

impl Grain {
    pub(crate) fn new(deviation: f32, width: u32, seed: u64) -> Self {
        let mut rng = Rng::new(seed, 0x6772_6169);
        let mut draw = |deviation: f32| -> Vec<i8> {
            let mut last = 0.0;
            (0..width as usize + CHOICES)
                .map(|_| {
                    // Neighbours share a little, as they do after a camera's own demosaicing.
                    let own = rng.normal();
                    let value = (0.9 * own + 0.42 * last) * deviation;
                    last = own;
                    (value + if value < 0.0 { -0.5 } else { 0.5 }) as i8
                })
                .collect()
        };
        Self { stretch: draw(deviation), colour: draw(deviation * 0.5) }
    }

    /// Adds the noise of the frame whose key is `key`.
    pub(crate) fn add(&self, planes: &mut Planes, key: u64) {
        let (w, half_w) = (planes.size.width as usize, half(planes.size).width as usize);
        lay(&mut planes.y, w, &self.stretch, hash(key, 1));
        lay(&mut planes.u, half_w, &self.colour, hash(key, 2));
        lay(&mut planes.v, half_w, &self.colour, hash(key, 3));
    }
}

fn lay(plane: &mut [u8], w: usize, stretch: &[i8], key: u64) {
    for (y, row) in plane.chunks_exact_mut(w).enumerate() {
        let start = hash(key, y as u64) as usize % CHOICES;
        for (value, noise) in row.iter_mut().zip(&stretch[start..start + w]) {
            *value = (i16::from(*value) + i16::from(*noise)).clamp(0, 255) as u8;
        }
    }
}
