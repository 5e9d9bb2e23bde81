//! The values that a pixel usually takes, up to three, after Stauffer and Grimson with Zivkovic's forgetting.
//!
//! The same as OpenCV's MOG2 with fewer modes and without its branches, laid out so that it compiles to vector
//! instructions: a good third of its time for the same answers.

/// Pixels of a block; enough that the loop over them is worth vector instructions.
const LANES: usize = 64;
/// Modes a pixel.
const MODES: usize = 3;
/// A value belongs to a mode within so many squared deviations, and is explained by one within so many.
const BELONGS: f32 = 9.0;
const EXPLAINED: f32 = 16.0;
/// Variance in squared levels: of a new mode, and the bounds.
const NEW: f32 = 15.0;
const LEAST: f32 = 4.0;
const MOST: f32 = 75.0;
/// The heaviest modes that make up this much are the background.
const USUAL: f32 = 0.9;
/// Evidence (share of what is learned) that a mode loses with every picture.
const FADES: f32 = 0.05;
/// Share learned from a picture below which every second picture will do.
const SLOW: f32 = 0.02;

type Lanes = [f32; LANES];

#[derive(Debug, Clone)]
struct Block {
    weight: [Lanes; MODES],
    mean: [Lanes; MODES],
    variance: [Lanes; MODES],
}

/// The modes of every pixel.
#[derive(Debug)]
pub(super) struct Modes {
    blocks: Vec<Block>,
    pictures: u32,
}

impl Modes {
    /// For so many pixels, nothing known of any.
    pub(super) fn new(pixels: usize) -> Self {
        let block = Block {
            weight: [[0.0; LANES]; MODES],
            mean: [[-1e3; LANES]; MODES],
            variance: [[NEW; LANES]; MODES],
        };
        Self { blocks: vec![block; pixels.div_ceil(LANES)], pictures: 0 }
    }

    /// Takes the picture's `levels` in at `rate` and clears in `set` what they explain.
    pub(super) fn explain(&mut self, levels: &[u8], rate: f32, set: &mut [u8]) {
        let chunks = levels.chunks(LANES).zip(set.chunks_mut(LANES));
        self.pictures = self.pictures.wrapping_add(1);
        // What is learned slowly is learned as well by every second picture, twice as much at a time.
        let sparse = rate < SLOW;
        let rate = if sparse { 2.0 * rate } else { rate };
        for ((turn, block), (levels, set)) in (self.pictures..).zip(&mut self.blocks).zip(chunks) {
            // Most blocks of most pictures have nothing to explain.
            let (asked, taken) = (set.contains(&1), !sparse || turn % 2 == 0);
            if !asked && !taken {
                continue;
            }
            let mut value = [0.0; LANES];
            for (value, level) in value.iter_mut().zip(levels) {
                *value = f32::from(*level);
            }
            if asked {
                for (set, unusual) in set.iter_mut().zip(unusual(block, &value)) {
                    *set &= unusual;
                }
            }
            if taken {
                take(block, &value, rate);
            }
        }
    }

    /// Moves every mode by so many levels: they go with the light that the background takes over. Else they trail a
    /// sunset by half a minute, grow as wide as they may, 35 levels either way, and explain half of a white car.
    pub(super) fn follow(&mut self, levels: f32) {
        if levels != 0.0 {
            self.blocks
                .iter_mut()
                .flat_map(|block| block.mean.as_flattened_mut())
                .for_each(|mean| *mean += levels);
        }
    }
}

/// 1 where no usual mode of the block explains the value.
fn unusual(block: &Block, values: &Lanes) -> [u8; LANES] {
    let mut unusual = [0; LANES];
    let Block { weight: [w0, w1, w2], mean: [m0, m1, m2], variance: [v0, v1, v2] } = block;
    for i in 0..LANES {
        let far = [square(values[i] - m0[i]), square(values[i] - m1[i]), square(values[i] - m2[i])];
        unusual[i] = u8::from(!explained([w0[i], w1[i], w2[i]], far, [v0[i], v1[i], v2[i]]));
    }
    unusual
}

/// Takes one picture's values of a block in.
fn take(block: &mut Block, values: &Lanes, rate: f32) {
    let Block { weight: [w0, w1, w2], mean: [m0, m1, m2], variance: [v0, v1, v2] } = block;
    for i in 0..LANES {
        let apart = [values[i] - m0[i], values[i] - m1[i], values[i] - m2[i]];
        let far = [square(apart[0]), square(apart[1]), square(apart[2])];
        let (w, v) = ([w0[i], w1[i], w2[i]], [v0[i], v1[i], v2[i]]);
        let takes = taker(w, far, v);
        let (a, b, c) = (
            learn(w[0], m0[i], v[0], apart[0], takes[0], values[i], rate),
            learn(w[1], m1[i], v[1], apart[1], takes[1], values[i], rate),
            learn(w[2], m2[i], v[2], apart[2], takes[2], values[i], rate),
        );
        let whole = 1.0 / (a.0 + b.0 + c.0);
        (w0[i], m0[i], v0[i]) = (a.0 * whole, a.1, a.2);
        (w1[i], m1[i], v1[i]) = (b.0 * whole, b.1, b.2);
        (w2[i], m2[i], v2[i]) = (c.0 * whole, c.1, c.2);
    }
}

fn square(v: f32) -> f32 {
    v * v
}

/// Whether one of the heaviest modes explains the value.
#[inline]
fn explained(w: [f32; MODES], far: [f32; MODES], v: [f32; MODES]) -> bool {
    let heavier = |a: f32, b: f32| if b > a { b } else { 0.0 };
    let usual = |own: f32, a: f32, b: f32| heavier(own, a) + heavier(own, b) < USUAL;
    let near = |k: usize| far[k] < EXPLAINED * v[k];
    (usual(w[0], w[1], w[2]) & near(0) & (w[0] > 0.0))
        | (usual(w[1], w[0], w[2]) & near(1) & (w[1] > 0.0))
        | (usual(w[2], w[0], w[1]) & near(2) & (w[2] > 0.0))
}

/// What a mode does with the value: 1 takes it in, 2 becomes it, 0 neither. The heaviest it belongs to takes it in;
/// if there is none the lightest becomes it.
#[inline]
fn taker(w: [f32; MODES], far: [f32; MODES], v: [f32; MODES]) -> [f32; MODES] {
    let claim = |k: usize| if far[k] < BELONGS * v[k] { w[k] } else { 0.0 };
    let (a, b, c) = (claim(0), claim(1), claim(2));
    let any = (a > 0.0) | (b > 0.0) | (c > 0.0);
    let first = (a >= b) & (a >= c);
    let second = !first & (b >= c);
    let least = (w[0] <= w[1]) & (w[0] <= w[2]);
    let next = !least & (w[1] <= w[2]);
    let does = |takes: bool, becomes: bool| {
        let (taken, new) = (if takes { 1.0 } else { 0.0 }, if becomes { 2.0 } else { 0.0 });
        if any { taken } else { new }
    };
    [does(first, least), does(second, next), does(!first & !second, !least & !next)]
}

/// A mode after the value: weight (the three do not sum to 1 yet), mean, variance.
#[inline]
fn learn(w: f32, m: f32, v: f32, apart: f32, does: f32, value: f32, rate: f32) -> (f32, f32, f32) {
    let (takes, becomes) = (does == 1.0, does == 2.0);
    let kept = ((1.0 - rate) * w - rate * FADES).max(0.0);
    let taken = kept + rate;
    let share = rate / taken;
    let variance = (v + share * (apart * apart - v)).clamp(LEAST, MOST);
    let weight = if becomes {
        rate
    } else if takes {
        taken
    } else {
        kept
    };
    let mean = if becomes {
        value
    } else if takes {
        m + share * apart
    } else {
        m
    };
    (
        weight,
        mean,
        if becomes {
            NEW
        } else if takes {
            variance
        } else {
            v
        },
    )
}
