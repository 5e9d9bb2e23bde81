//! What one walks on: the far meadow, the lawn with its blades and stepping stones, and the lane.

use crate::canvas::{Brush, Canvas, Colour, Plane};
use crate::random::{Noise, Rng};
use crate::raster::Place;

/// Where the garden's ground begins below the hedges.
pub(crate) const EDGE: f32 = 420.0;
/// The lane's far and near edge.
pub(crate) const LANE: (f32, f32) = (446.0, 494.0);

/// How near a place on the ground is: 0 at its far edge, 1 at the lower edge of a 16:9 picture, more below it.
pub(crate) fn nearness(y: f32) -> f32 {
    ((y - EDGE) / (900.0 - EDGE)).clamp(0.0, 1.6)
}

/// The depth of the ground there.
pub(crate) fn depth(y: f32) -> u8 {
    let share = (1.0 / (1.0 + 5.0 * nearness(y)) - 1.0 / 6.0) * 6.0 / 5.0;
    (20.0 + 180.0 * share).clamp(12.0, 200.0) as u8
}

/// Where on a tile of noise a place of the ground lies: it shrinks towards the horizon.
pub(crate) fn on_tile(x: f32, y: f32) -> (f32, f32) {
    let away = 0.14 + nearness(y);
    ((x - 800.0) / away / 3300.0, 0.40 / away)
}

/// The far meadow on its hill, pale with distance.
pub(crate) fn meadow(canvas: &mut Canvas, noise: &Noise) {
    let top = |x: f32| 322.0 - 10.0 * ((x - 360.0) / 300.0).sin() - 8.0 * ((x - 700.0) / 420.0).cos();
    let mut outline: Vec<Place> =
        (0..=40).map(|i| (i as f32 * 41.0 - 20.0, 0.0)).map(|(x, _)| [x, top(x)]).collect();
    outline.extend([[1620.0, 440.0], [-20.0, 440.0]]);
    let brush = Brush { colour: [134.0, 148.0, 84.0], depth: 188, plane: Plane::Back };
    canvas.polygon(&outline, brush, |x, y| 0.72 + 0.56 * noise.at(x / 900.0, y / 110.0));
}

/// The lawn's earth, with patches that shrink towards the horizon.
pub(crate) fn lawn(canvas: &mut Canvas, noise: &Noise) {
    let bottom = canvas.stage.bottom() + 4.0;
    let mut outline: Vec<Place> = (0..=60)
        .map(|i| i as f32 * 28.0 - 30.0)
        .map(|x| [x, EDGE + 8.0 * (noise.at(x / 700.0, 0.3) - 0.5)])
        .collect();
    outline.extend([[1660.0, bottom], [-40.0, bottom]]);
    let w = canvas.size.width as usize;
    let brush = Brush { colour: [95.0, 117.0, 53.0], depth: 0, plane: Plane::Back };
    canvas.polygon(&outline, brush, |x, y| {
        let (u, v) = on_tile(x, y);
        0.30 + 1.40 * noise.at(u, v)
    });
    // Depth varies down the lawn, so it is set by row rather than by brush.
    for row in 0..canvas.size.height as usize {
        let y = canvas.stage.world_y(row as f32);
        if y > EDGE - 8.0 {
            let depth = depth(y);
            for texel in &mut canvas.texels[row * w..(row + 1) * w] {
                if texel.depth == 0 {
                    texel.depth = depth;
                }
            }
        }
    }
}

/// The lane across the picture, gravel with two worn tracks.
pub(crate) fn lane(canvas: &mut Canvas, noise: &Noise) {
    let ragged = |x: f32, y: f32, by: f32| y + by * (noise.at(x / 160.0, y / 77.0) - 0.5);
    let columns = || (0..=130).map(|i| i as f32 * 13.0 - 45.0);
    let mut outline: Vec<Place> = columns().map(|x| [x, ragged(x, LANE.0, 5.0)]).collect();
    outline.extend(columns().rev().map(|x| [x, ragged(x, LANE.1, 10.0)]));
    let brush = Brush { colour: [150.0, 140.0, 122.0], depth: depth(470.0), plane: Plane::Back };
    canvas.polygon(&outline, brush, |x, y| {
        let across = (y - LANE.0) / (LANE.1 - LANE.0);
        let track = |at: f32| (-((across - at) / 0.09).powi(2)).exp();
        let grit = noise.at(x / 150.0, y / 46.0) - 0.5;
        0.86 + 0.9 * grit + 0.12 * (track(0.3) + track(0.72))
    });
}

/// A stretch of lawn to be covered with blades of grass.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Grass {
    pub(crate) blades: usize,
    pub(crate) from: Place,
    pub(crate) to: Place,
    pub(crate) colour: Colour,
    /// Of the nearest blades, world units.
    pub(crate) tallest: f32,
}

/// Blades of grass, the far ones first.
pub(crate) fn grass(canvas: &mut Canvas, rng: &mut Rng, grass: &Grass) {
    let (from, to) = (grass.from, grass.to);
    let mut rows: Vec<f32> = (0..grass.blades).map(|_| rng.unit().powf(1.25)).collect();
    rows.sort_unstable_by(f32::total_cmp);
    for share in rows {
        let y = from[1] + (to[1] - from[1]) * share;
        let near = nearness(y);
        let height = (2.0 + (grass.tallest - 2.0) * near.powf(1.3)) * (rng.normal() * 0.35).exp();
        let x = rng.within(from[0], to[0]);
        let gain = rng.normal() * 17.0;
        let colour = grass.colour.map(|c| c + gain * c / 100.0 + rng.normal() * 4.0);
        let brush = Brush { colour, depth: depth(y), plane: Plane::Back };
        canvas.blade([x, y], rng.normal() * 0.34 * height, height, 1.3 + 2.4 * near, brush);
    }
}

/// Flat stones that lead over the lawn.
pub(crate) fn stones(canvas: &mut Canvas, rng: &mut Rng) {
    for [x, y] in
        [[918.0, 516.0], [884.0, 548.0], [838.0, 592.0], [776.0, 650.0], [690.0, 728.0], [580.0, 832.0]]
    {
        let near = nearness(y);
        let (rx, ry) = (22.0 + near * 86.0, 6.0 + near * 25.0);
        let turn = rng.within(-0.04, 0.04);
        let gain = rng.within(0.92, 1.06);
        let mut stone = |dy: f32, grow: f32, colour: Colour| {
            let colour = colour.map(|c| c * gain);
            canvas.ellipse(
                [x, y + dy],
                rx * grow,
                ry * grow,
                turn,
                Brush { colour, depth: depth(y), plane: Plane::Back },
            );
        };
        stone(2.0 + near * 7.0, 1.0, [50.0, 52.0, 38.0]);
        stone(0.0, 1.0, [122.0, 116.0, 106.0]);
        stone(-near * 1.6, 0.93, [136.0, 130.0, 119.0]);
        for _ in 0..60 {
            let (sin, cos) = rng.within(0.0, std::f32::consts::TAU).sin_cos();
            let out = rng.unit().sqrt() * 0.9;
            let grain = rng.within(96.0, 150.0);
            let at = [x + cos * out * rx, y + sin * out * ry];
            let brush =
                Brush { colour: [grain, grain * 0.96, grain * 0.88], depth: depth(y), plane: Plane::Back };
            canvas.ellipse(at, 1.0 + near * 3.0, 0.6 + near, 0.0, brush);
        }
    }
}
