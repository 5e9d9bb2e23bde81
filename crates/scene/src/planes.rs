//! I420 planes that are worked on in place, and the garden baked into them under one light.

use frame::Size;

use crate::canvas::Canvas;
use crate::garden::Garden;
use crate::ground;
use crate::light::{Light, to_yuv};
use crate::random::Noise;
use crate::stage::HORIZON;

/// Full-range luma, and colour at half width and height, rounded up.
#[derive(Debug, Clone)]
pub(crate) struct Planes {
    pub(crate) size: Size,
    pub(crate) y: Vec<u8>,
    pub(crate) u: Vec<u8>,
    pub(crate) v: Vec<u8>,
}

impl Planes {
    /// Black.
    pub(crate) fn new(size: Size) -> Self {
        let chroma = half(size).area() as usize;
        Self { size, y: vec![0; size.area() as usize], u: vec![128; chroma], v: vec![128; chroma] }
    }

    /// `from` with `share` of `to` mixed in.
    pub(crate) fn mix(&mut self, from: &Self, to: &Self, share: f32) {
        let weight = (share * 256.0 + 0.5) as i32;
        let pairs =
            [(&mut self.y, &from.y, &to.y), (&mut self.u, &from.u, &to.u), (&mut self.v, &from.v, &to.v)];
        for (out, from, to) in pairs {
            match weight {
                0 => out.copy_from_slice(from),
                256 => out.copy_from_slice(to),
                _ => mix_bytes(out, from, to, weight),
            }
        }
    }
}

fn mix_bytes(out: &mut [u8], from: &[u8], to: &[u8], weight: i32) {
    let weight = weight as i16;
    for ((out, &a), &b) in out.iter_mut().zip(from).zip(to) {
        let (a, b) = (i16::from(a), i16::from(b));
        // Halved, so that 255 × 256 stays within sixteen bits, which keeps this loop in narrow lanes.
        *out = (a + ((((b - a) * (weight >> 1)) + 64) >> 7)) as u8;
    }
}

/// The size of a colour plane.
pub(crate) fn half(size: Size) -> Size {
    Size::new(size.width.div_ceil(2), size.height.div_ceil(2))
}

/// Where the sun comes through: 0 in the shade of leaves and clouds, 255 in the sun.
pub(crate) fn dapple(canvas: &Canvas, noise: &Noise) -> Vec<u8> {
    let (w, h) = (canvas.size.width as usize, canvas.size.height as usize);
    let mut out = vec![0; w * h];
    let rows = band_rows(h);
    let bands = out.chunks_mut(rows * w).enumerate();
    beside_each_other(bands.map(|(i, band)| move || shade_band(canvas, noise, i * rows, band)));
    out
}

fn shade_band(canvas: &Canvas, noise: &Noise, first: usize, band: &mut [u8]) {
    let w = canvas.size.width as usize;
    for (i, row) in band.chunks_exact_mut(w).enumerate() {
        let y = canvas.stage.world_y((first + i) as f32);
        for (column, value) in row.iter_mut().enumerate() {
            let x = canvas.stage.world_x(column as f32);
            // Only what lies flat takes the pattern of the ground.
            let at = (first + i) * w + column;
            let upright = canvas.near[at].max(canvas.middle[at]) > 100;
            let sun = if y > HORIZON + 90.0 && !upright {
                let (u, v) = ground::on_tile(x, y);
                (noise.at(u * 0.31 + 0.13, v * 0.9 + 0.4) - 0.47) * 8.0 + 0.5
            } else {
                0.75 + (noise.at(x / 1900.0, y / 1900.0) - 0.45) * 1.2
            };
            *value = (sun.clamp(0.0, 1.0) * 255.0) as u8;
        }
    }
}

/// Rows of a band when a picture is worked on by several cores; even, so that no band shares a row of colour.
fn band_rows(height: usize) -> usize {
    let bands = std::thread::available_parallelism().map_or(1, usize::from).min(4);
    height.div_ceil(bands).next_multiple_of(2)
}

/// Runs all of `work`, each on a thread of its own; where a thread is refused its band stays black.
fn beside_each_other<W: FnOnce() + Send>(work: impl Iterator<Item = W>) {
    std::thread::scope(|scope| {
        for work in work {
            drop(std::thread::Builder::new().name("scene-band".to_owned()).spawn_scoped(scope, work));
        }
    });
}

/// The garden under one light.
pub(crate) fn bake(garden: &Garden, dapple: &[u8], light: &Light) -> Planes {
    let size = garden.canvas.size;
    let (w, h) = (size.width as usize, size.height as usize);
    let mut planes = Planes::new(size);
    let rows = band_rows(h);
    let colour_band = rows / 2 * w.div_ceil(2);
    let colours = planes.u.chunks_mut(colour_band).zip(planes.v.chunks_mut(colour_band));
    let bands = planes.y.chunks_mut(rows * w).zip(colours).enumerate();
    beside_each_other(
        bands.map(|(i, (y, (u, v)))| move || bake_band(garden, dapple, light, i * rows, (y, u, v))),
    );
    planes
}

fn bake_band(
    garden: &Garden,
    dapple: &[u8],
    light: &Light,
    first: usize,
    (luma, u, v): (&mut [u8], &mut [u8], &mut [u8]),
) {
    let w = garden.canvas.size.width as usize;
    let (half_w, rows) = (w.div_ceil(2), luma.len() / w);
    let mut sums = vec![[0.0_f32; 3]; half_w];
    for (i, row) in luma.chunks_exact_mut(w).enumerate() {
        for (x, value) in row.iter_mut().enumerate() {
            let yuv = to_yuv(texel(garden, dapple, light, x, first + i));
            *value = (yuv[0] + 0.5).clamp(0.0, 255.0) as u8;
            let sum = &mut sums[x / 2];
            *sum = [sum[0] + yuv[1], sum[1] + yuv[2], sum[2] + 1.0];
        }
        if i % 2 == 1 || i + 1 == rows {
            for (x, sum) in sums.iter_mut().enumerate() {
                let [sum_u, sum_v, n] = std::mem::take(sum);
                u[i / 2 * half_w + x] = (sum_u / n + 0.5) as u8;
                v[i / 2 * half_w + x] = (sum_v / n + 0.5) as u8;
            }
        }
    }
}

fn texel(garden: &Garden, dapple: &[u8], light: &Light, x: usize, y: usize) -> [f32; 3] {
    let canvas = &garden.canvas;
    let at = y * canvas.size.width as usize + x;
    let texel = canvas.texels[at];
    let shade = f32::from(dapple[at]) / 255.0;
    if texel.sky == 0 {
        return light.look(texel.rgb, texel.depth, shade, x, y);
    }
    let sky = light.sky_at(&canvas.stage, &garden.noise, x, y);
    let ground = (texel.sky < 255).then(|| light.ground_at(texel.rgb, texel.depth, shade, x, y));
    light.look_through(ground, f32::from(texel.sky) / 255.0, sky, x, y)
}
