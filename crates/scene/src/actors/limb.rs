//! Legs and arms of two bones.

use crate::raster::{Place, rod};
use crate::sprite::{Coat, Sprite};

/// Share of a stride that a foot stands on the ground.
const STANCE: f32 = 0.58;

/// Where a foot is against its hip's place on the ground, for a leg at `phase` (turns) of a stride this long.
pub(crate) fn step(phase: f32, stride: f32, lift: f32) -> Place {
    let phase = phase.rem_euclid(1.0);
    let reach = stride * STANCE / 2.0;
    if phase < STANCE {
        // On the ground it goes back as fast as the body goes ahead, so that it does not slide.
        return [reach - phase / STANCE * 2.0 * reach, 0.0];
    }
    let swing = (phase - STANCE) / (1.0 - STANCE);
    let eased = swing * swing * (3.0 - 2.0 * swing);
    [-reach + 2.0 * reach * eased, lift * (swing * std::f32::consts::PI).sin()]
}

/// Two bones from a joint to an end, with three radii.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limb {
    pub(crate) bones: [f32; 2],
    pub(crate) radii: [f32; 3],
    /// 1 bends ahead, -1 back.
    pub(crate) bend: f32,
}

impl Limb {
    /// The middle joint when the ends are at `from` and `to`.
    pub(crate) fn knee(&self, from: Place, to: Place) -> Place {
        let [a, b] = self.bones;
        let (dx, dy) = (to[0] - from[0], to[1] - from[1]);
        let far = dx.hypot(dy).clamp((a - b).abs() + 1e-4, a + b - 1e-4);
        let along = (a * a - b * b + far * far) / (2.0 * far);
        let aside = (a * a - along * along).max(0.0).sqrt() * self.bend;
        let (ux, uy) = (dx / far, dy / far);
        [from[0] + ux * along - uy * aside, from[1] + uy * along + ux * aside]
    }

    /// Draws it, the upper and the lower bone in their own coats.
    pub(crate) fn draw(&self, sprite: &mut Sprite<'_>, from: Place, to: Place, upper: Coat, lower: Coat) {
        let knee = self.knee(from, to);
        let [hip, mid, end] = self.radii;
        sprite.fill(&rod(knee, to, mid, end), lower);
        sprite.fill(&rod(from, knee, hip, mid), upper);
    }
}
