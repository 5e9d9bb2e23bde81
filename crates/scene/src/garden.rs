//! Where everything stands: the garden from its far trees to the leaves before the lens.

use crate::canvas::{Canvas, Colour, Plane};
use crate::foliage::{Clump, Foliage};
use crate::ground::Grass;
use crate::random::{Noise, Rng};
use crate::stage::Stage;
use crate::{fixtures, ground};

/// The unlit garden and what in it gives way to the wind.
#[derive(Debug)]
pub(crate) struct Garden {
    pub(crate) canvas: Canvas,
    /// Clumps of leaves and how far each gives way.
    pub(crate) limber: Vec<(Clump, f32)>,
    /// Patches on the ground and stains on things.
    pub(crate) noise: Noise,
}

/// Clumps in a row, each a little off.
fn row(
    rng: &mut Rng,
    from: f32,
    to: f32,
    count: usize,
    y: f32,
    rx: (f32, f32),
    ry: (f32, f32),
) -> Vec<Clump> {
    let step = (to - from) / (count - 1) as f32;
    (0..count)
        .map(|i| Clump {
            x: from + step * i as f32,
            y: y + rng.normal() * (ry.1 - ry.0) * 0.22,
            rx: rng.within(rx.0, rx.1),
            ry: rng.within(ry.0, ry.1),
        })
        .collect()
}

fn clumps(places: &[[f32; 4]]) -> Vec<Clump> {
    places.iter().map(|&[x, y, rx, ry]| Clump { x, y, rx, ry }).collect()
}

struct Grower<'a> {
    canvas: &'a mut Canvas,
    rng: &'a mut Rng,
    limber: Vec<(Clump, f32)>,
}

impl Grower<'_> {
    fn plant(&mut self, foliage: &Foliage) {
        foliage.draw(self.canvas, self.rng);
        self.limber.extend(foliage.clumps.iter().map(|&clump| (clump, foliage.limber)));
    }

    fn grass(&mut self, blades: usize, from: [f32; 2], to: [f32; 2], colour: Colour, tallest: f32) {
        ground::grass(self.canvas, self.rng, &Grass { blades, from, to, colour, tallest });
    }
}

impl Garden {
    /// Lays the garden out; `seed` decides on every leaf.
    pub(crate) fn new(stage: Stage, seed: u64) -> Self {
        let mut canvas = Canvas::new(stage);
        let noise = Noise::new(seed ^ 0x6172, 8, 5, 0.66);
        let mut rng = Rng::new(seed, 0x6761_7264);
        let mut grower = Grower { canvas: &mut canvas, rng: &mut rng, limber: Vec::new() };
        far_side(&mut grower, &noise);
        fence_side(&mut grower, &noise);
        lawn_side(&mut grower, &noise);
        near_side(&mut grower, &noise);
        let limber = grower.limber;
        Self { canvas, limber, noise }
    }
}

/// Trees on the horizon, the meadow, and the tall bushes that frame it.
fn far_side(grower: &mut Grower<'_>, noise: &Noise) {
    let mut trees = row(grower.rng, -40.0, 1640.0, 19, 272.0, (70.0, 125.0), (48.0, 96.0));
    // A lower row closes the gaps through which the sky would show at the meadow's edge.
    trees.extend(row(grower.rng, -40.0, 1640.0, 15, 340.0, (90.0, 110.0), (48.0, 60.0)));
    grower.plant(&Foliage {
        clumps: trees,
        leaves: 10_000,
        leaf: 5.0,
        longest: 2.4,
        colour: [74.0, 92.0, 58.0],
        lit: 30.0,
        depth: 208,
        plane: Plane::Back,
        limber: 0.35,
    });
    ground::meadow(grower.canvas, noise);
    grower.plant(&Foliage {
        clumps: clumps(&[
            [300.0, 170.0, 150.0, 150.0],
            [205.0, 262.0, 140.0, 120.0],
            [382.0, 268.0, 116.0, 112.0],
            [60.0, 330.0, 150.0, 80.0],
            [1190.0, 196.0, 124.0, 138.0],
            [1290.0, 286.0, 130.0, 104.0],
            [1108.0, 306.0, 92.0, 82.0],
            [1500.0, 330.0, 160.0, 84.0],
        ]),
        leaves: 9000,
        leaf: 6.5,
        longest: 2.5,
        colour: [66.0, 92.0, 46.0],
        lit: 34.0,
        depth: 175,
        plane: Plane::Middle,
        limber: 0.7,
    });
}

/// The fence, the hedges beside it and the bed before it.
fn fence_side(grower: &mut Grower<'_>, noise: &Noise) {
    ground::lawn(grower.canvas, noise);
    fixtures::fence(grower.canvas, noise, grower.rng);
    let mut hedge = row(grower.rng, -30.0, 392.0, 7, 404.0, (50.0, 78.0), (38.0, 56.0));
    hedge.extend(row(grower.rng, 1052.0, 1640.0, 9, 404.0, (50.0, 78.0), (38.0, 56.0)));
    grower.plant(&Foliage {
        clumps: hedge,
        leaves: 8500,
        leaf: 6.0,
        longest: 2.5,
        colour: [60.0, 90.0, 42.0],
        lit: 34.0,
        depth: 140,
        plane: Plane::Middle,
        limber: 0.5,
    });
    let bed = row(grower.rng, 500.0, 962.0, 7, 430.0, (38.0, 54.0), (15.0, 21.0));
    grower.plant(&Foliage {
        clumps: bed,
        leaves: 2800,
        leaf: 4.4,
        longest: 2.6,
        colour: [82.0, 110.0, 56.0],
        lit: 32.0,
        depth: 135,
        plane: Plane::Middle,
        limber: 0.5,
    });
    fixtures::flowers(grower.canvas, grower.rng);
    fixtures::lamp_post(grower.canvas);
}

/// Verge, lane, lawn and stones.
fn lawn_side(grower: &mut Grower<'_>, noise: &Noise) {
    let bottom = grower.canvas.stage.bottom() + 8.0;
    grower.grass(3200, [-10.0, 434.0], [1610.0, 452.0], [92.0, 118.0, 54.0], 40.0);
    ground::lane(grower.canvas, noise);
    grower.grass(26000, [-10.0, 493.0], [1610.0, bottom], [97.0, 125.0, 54.0], 25.0);
    ground::stones(grower.canvas, grower.rng);
    grower.grass(2600, [380.0, 516.0], [1100.0, bottom - 20.0], [91.0, 119.0, 50.0], 21.0);
}

/// What stands before those who pass: the shrub, the tree and the leaves before the lens.
fn near_side(grower: &mut Grower<'_>, noise: &Noise) {
    grower.plant(&Foliage {
        clumps: clumps(&[
            [50.0, 545.0, 165.0, 122.0],
            [138.0, 600.0, 122.0, 86.0],
            [-20.0, 650.0, 130.0, 104.0],
        ]),
        leaves: 7000,
        leaf: 8.0,
        longest: 2.6,
        colour: [62.0, 93.0, 42.0],
        lit: 36.0,
        depth: 80,
        plane: Plane::Near,
        limber: 0.8,
    });
    fixtures::trunk(grower.canvas, noise);
    grower.grass(900, [1300.0, 696.0], [1540.0, 730.0], [90.0, 120.0, 52.0], 27.0);
    let top = grower.canvas.stage.top();
    grower.plant(&Foliage {
        clumps: clumps(&[
            [1420.0, top + 22.0, 250.0, 92.0],
            [1240.0, top - 8.0, 175.0, 68.0],
            [1572.0, top + 112.0, 120.0, 108.0],
        ]),
        leaves: 6500,
        leaf: 9.0,
        longest: 2.6,
        colour: [73.0, 106.0, 44.0],
        lit: 38.0,
        depth: 58,
        plane: Plane::Near,
        limber: 1.0,
    });
    let bottom = grower.canvas.stage.bottom();
    grower.plant(&Foliage {
        clumps: clumps(&[[40.0, bottom + 2.0, 210.0, 78.0], [262.0, bottom + 30.0, 150.0, 60.0]]),
        leaves: 3000,
        leaf: 13.0,
        longest: 3.6,
        colour: [64.0, 93.0, 46.0],
        lit: 36.0,
        depth: 26,
        plane: Plane::Near,
        limber: 1.0,
    });
}
