//! A hedgehog: a dome of spines on short legs.

use super::Gait;
use super::limb::step;
use crate::raster::{Place, ellipse, rod, smooth};
use crate::sprite::{Coat, Sprite};

const SPINES: Coat = Coat::new([96.0, 78.0, 60.0], 0.7, 0.5);
const FACE: Coat = Coat::new([142.0, 116.0, 88.0], 0.2, 0.3);
const DARK: Coat = Coat::new([44.0, 36.0, 30.0], 0.1, 0.1);

pub(super) fn draw(sprite: &mut Sprite<'_>, gait: &Gait) {
    for (phase, x, light) in [(0.5, -0.20, 0.6), (0.0, 0.22, 0.6), (0.0, -0.24, 1.0), (0.5, 0.18, 1.0)] {
        let [ahead, up] = step(gait.strides + phase, super::Kind::Hedgehog.stride(), 0.05);
        let foot = [x + ahead * gait.vigour * 0.6, 0.02 + up * gait.vigour];
        sprite.fill(&rod([x, 0.14], foot, 0.05, 0.032), DARK.darker(light));
    }
    let face: [Place; 8] = [
        [0.50, 0.125],
        [0.44, 0.19],
        [0.36, 0.26],
        [0.26, 0.28],
        [0.20, 0.14],
        [0.28, 0.07],
        [0.40, 0.08],
        [0.47, 0.10],
    ];
    sprite.fill(&smooth(&face, 4), FACE);
    let dome: Vec<Place> = (0..44)
        .map(|i| {
            let (sin, cos) = (i as f32 / 44.0 * std::f32::consts::TAU).sin_cos();
            // Spines stand out of the back, not of the belly.
            let spine = if i % 2 == 0 && sin > -0.2 { 1.07 } else { 1.0 };
            [-0.08 + 0.40 * cos * spine, 0.26 + (if sin > 0.0 { 0.28 } else { 0.19 }) * sin * spine]
        })
        .collect();
    sprite.fill(&dome, SPINES);
    sprite.fill(&ellipse([0.495, 0.125], 0.022, 0.02), DARK);
    sprite.fill(&ellipse([0.39, 0.19], 0.018, 0.018), DARK);
    sprite.fill(&ellipse([0.30, 0.25], 0.034, 0.04), FACE.darker(0.7));
}
