//! Chance that can be asked again: hashes, a small generator, and a tile of value noise that repeats at its edges.

/// Mixes two numbers into one that looks like neither (the finisher of splitmix64).
pub(crate) const fn hash(a: u64, b: u64) -> u64 {
    let mut z = a.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ b.wrapping_add(0x2545_f491_4f6c_dd1d);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// 0 to 1 from a hash.
pub(crate) fn unit(hash: u64) -> f32 {
    (hash >> 40) as f32 / (1u64 << 24) as f32
}

/// A stream of numbers that depends on its seed alone.
#[derive(Debug, Clone)]
pub(crate) struct Rng(u64);

impl Rng {
    pub(crate) const fn new(seed: u64, salt: u64) -> Self {
        Self(hash(seed, salt))
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        hash(self.0, 0)
    }

    /// 0 to 1.
    pub(crate) fn unit(&mut self) -> f32 {
        unit(self.next())
    }

    pub(crate) fn within(&mut self, low: f32, high: f32) -> f32 {
        low + (high - low) * self.unit()
    }

    /// Near enough to a normal variate of deviation one: four uniform ones, summed from a single draw.
    pub(crate) fn normal(&mut self) -> f32 {
        let bits = self.next();
        let sum: u64 = (0..4).map(|i| (bits >> (16 * i)) & 0xffff).sum();
        (sum as f32 / 65536.0 - 2.0) * 1.732
    }
}

const TILE: usize = 256;

/// Fractal value noise on a torus, so that it can be sampled anywhere.
#[derive(Debug)]
pub(crate) struct Noise(Vec<f32>);

impl Noise {
    /// `coarsest` is the number of lumps along an edge in the first octave (a power of two), each octave has twice as many and
    /// `gain` times the weight.
    pub(crate) fn new(seed: u64, coarsest: usize, octaves: u32, gain: f32) -> Self {
        let mut tile = vec![0.0; TILE * TILE];
        let (mut weight, mut total) = (1.0, 0.0);
        for octave in 0..octaves {
            let lumps = (coarsest << octave).min(TILE);
            add_octave(&mut tile, hash(seed, u64::from(octave)), lumps, weight);
            total += weight;
            weight *= gain;
        }
        tile.iter_mut().for_each(|v| *v /= total);
        Self(tile)
    }

    /// 0 to 1, smooth; the tile's edge is 1 long.
    pub(crate) fn at(&self, u: f32, v: f32) -> f32 {
        let (x, y) = (u * TILE as f32, v * TILE as f32);
        let (xf, yf) = (x.floor(), y.floor());
        let (fx, fy) = (x - xf, y - yf);
        let wrap = |v: i32| v as usize & (TILE - 1);
        let (x0, x1) = (wrap(xf as i32), wrap(xf as i32 + 1));
        let (y0, y1) = (wrap(yf as i32) * TILE, wrap(yf as i32 + 1) * TILE);
        let upper = self.0[y0 + x0] + (self.0[y0 + x1] - self.0[y0 + x0]) * fx;
        let lower = self.0[y1 + x0] + (self.0[y1 + x1] - self.0[y1 + x0]) * fx;
        upper + (lower - upper) * fy
    }
}

fn add_octave(tile: &mut [f32], seed: u64, lumps: usize, weight: f32) {
    let lattice: Vec<f32> = (0..lumps * lumps).map(|i| unit(hash(seed, i as u64))).collect();
    let step = TILE / lumps;
    let ease = |i: usize| {
        let f = (i % step) as f32 / step as f32;
        f * f * (3.0 - 2.0 * f)
    };
    for (y, row) in tile.chunks_exact_mut(TILE).enumerate() {
        let (y0, y1) = (y / step * lumps, (y / step + 1) % lumps * lumps);
        let fy = ease(y);
        for (x, value) in row.iter_mut().enumerate() {
            let (x0, x1) = (x / step, (x / step + 1) % lumps);
            let upper = lattice[y0 + x0] + (lattice[y0 + x1] - lattice[y0 + x0]) * ease(x);
            let lower = lattice[y1 + x0] + (lattice[y1 + x1] - lattice[y1 + x0]) * ease(x);
            *value += weight * (upper + (lower - upper) * fy);
        }
    }
}
