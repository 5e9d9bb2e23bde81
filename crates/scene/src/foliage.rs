//! Hedges, bushes and the tree's crown: clumps of leaves that catch the light from the upper left.

use crate::canvas::{Brush, Canvas, Colour, Plane};
use crate::random::Rng;
use crate::raster::{Place, smooth};

/// An ellipse full of leaves, in world units.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Clump {
    pub(crate) x: f32,
    pub(crate) y: f32,
    pub(crate) rx: f32,
    pub(crate) ry: f32,
}

/// Clumps of one plant.
#[derive(Debug)]
pub(crate) struct Foliage {
    pub(crate) clumps: Vec<Clump>,
    pub(crate) leaves: usize,
    /// Half the breadth of a leaf, world units.
    pub(crate) leaf: f32,
    /// How much longer than broad a leaf is, at most.
    pub(crate) longest: f32,
    pub(crate) colour: Colour,
    /// How much brighter leaves towards the light are, of 255.
    pub(crate) lit: f32,
    pub(crate) depth: u8,
    pub(crate) plane: Plane,
    /// How far it gives way to the wind against the tree's crown (1).
    pub(crate) limber: f32,
}

/// A leaf before it is drawn: its clump, its place, and how much light reaches it.
struct Leaf {
    place: Place,
    light: f32,
    order: f32,
}

impl Foliage {
    /// Draws all of it, the shaded inside first and the best lit leaves last.
    pub(crate) fn draw(&self, canvas: &mut Canvas, rng: &mut Rng) {
        for clump in &self.clumps {
            self.draw_shade(clump, canvas, rng);
        }
        let mut leaves = self.scatter(rng);
        leaves.sort_unstable_by(|a, b| a.order.total_cmp(&b.order));
        for leaf in leaves {
            let gain = leaf.light * self.lit + rng.normal() * self.lit * 0.55;
            let colour = self.colour.map(|c| c * 0.82 + gain * c / 110.0 + rng.normal() * 4.0);
            let half = self.leaf * (rng.normal() * 0.28).exp() * 0.5;
            let long = half * rng.within(1.3, self.longest);
            let angle = rng.within(0.0, std::f32::consts::PI);
            let brush = Brush { colour, depth: self.depth, plane: self.plane };
            canvas.ellipse(leaf.place, long, half, angle, brush);
        }
    }

    fn draw_shade(&self, clump: &Clump, canvas: &mut Canvas, rng: &mut Rng) {
        const LOBES: usize = 26;
        let outline: Vec<Place> = (0..LOBES)
            .map(|i| {
                let (sin, cos) = (i as f32 / LOBES as f32 * std::f32::consts::TAU).sin_cos();
                let reach = rng.within(0.72, 0.98);
                [clump.x + clump.rx * reach * cos, clump.y + clump.ry * reach * sin]
            })
            .collect();
        let colour = self.colour.map(|c| c * 0.42);
        canvas.polygon(
            &smooth(&outline, 3),
            Brush { colour, depth: self.depth, plane: self.plane },
            |_, _| 1.0,
        );
    }

    fn scatter(&self, rng: &mut Rng) -> Vec<Leaf> {
        let area: f32 = self.clumps.iter().map(|c| c.rx * c.ry).sum();
        let mut leaves = Vec::with_capacity(self.leaves + self.clumps.len());
        for clump in &self.clumps {
            let share = (self.leaves as f32 * clump.rx * clump.ry / area) as usize + 1;
            for _ in 0..share {
                let (sin, cos) = rng.within(0.0, std::f32::consts::TAU).sin_cos();
                let out = rng.within(0.0, 1.12).sqrt();
                let light = -(cos * 0.45 + sin * 0.9) * out.min(1.0);
                let place = [clump.x + clump.rx * out * cos, clump.y + clump.ry * out * sin];
                leaves.push(Leaf { place, light, order: light + rng.normal() * 0.35 });
            }
        }
        leaves
    }
}
