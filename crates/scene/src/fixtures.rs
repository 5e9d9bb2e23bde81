//! What was built or has bark: the fence, the lamp post, the tree's trunk, and the flowers along the fence.

use crate::canvas::{Brush, Canvas, Plane};
use crate::random::{Noise, Rng};
use crate::raster::{Place, smooth};

/// Where the lamp's light comes from.
pub(crate) const LAMP: Place = [1078.0, 306.0];

fn block(x0: f32, y0: f32, x1: f32, y1: f32) -> [Place; 4] {
    [[x0, y0], [x1, y0], [x1, y1], [x0, y1]]
}

/// Boards with pointed tops and two rails.
pub(crate) fn fence(canvas: &mut Canvas, noise: &Noise, rng: &mut Rng) {
    let wood = Brush { colour: [96.0, 80.0, 64.0], depth: 150, plane: Plane::Middle };
    for y in [384.0, 420.0] {
        canvas.polygon(&block(412.0, y, 1040.0, y + 7.0), wood, |_, _| 0.8);
    }
    for i in 0..30 {
        let (x, top) = (418.0 + i as f32 * 20.8, 376.0 + rng.normal() * 1.5);
        let gain = rng.within(0.78, 1.12);
        let colour = [126.0, 107.0 + rng.normal() * 3.0, 86.0 + rng.normal() * 4.0].map(|c| c * gain);
        let board = [[x, top], [x + 8.5, top - 6.0], [x + 17.0, top], [x + 17.0, 442.0], [x, 442.0]];
        canvas.polygon(&board, Brush { colour, ..wood }, |px, py| {
            let across = (px - x) / 17.0;
            (0.8 + 0.5 * noise.at(px / 40.0, py / 300.0)) * (1.08 - 0.3 * across)
        });
    }
}

/// Flowers in the bed before the fence.
pub(crate) fn flowers(canvas: &mut Canvas, rng: &mut Rng) {
    const PETALS: [[f32; 3]; 4] =
        [[220.0, 196.0, 210.0], [228.0, 216.0, 150.0], [196.0, 118.0, 150.0], [236.0, 232.0, 226.0]];
    for _ in 0..260 {
        let centre = [rng.within(470.0, 990.0), rng.within(408.0, 441.0)];
        let colour = PETALS[(rng.next() % 4) as usize];
        let radius = rng.within(1.6, 3.3);
        canvas.ellipse(
            centre,
            radius,
            radius * 0.85,
            0.0,
            Brush { colour, depth: 133, plane: Plane::Middle },
        );
    }
}

/// A lantern on a post at the lane's far edge.
pub(crate) fn lamp_post(canvas: &mut Canvas) {
    let iron = Brush { colour: [44.0, 46.0, 48.0], depth: 132, plane: Plane::Middle };
    let [x, y] = LAMP;
    canvas.polygon(&block(x - 2.6, y + 10.0, x + 2.6, 445.0), iron, |px, _| 1.3 - (px - x + 2.6) / 8.0);
    canvas.polygon(&block(x - 6.0, 436.0, x + 6.0, 446.0), iron, |_, _| 1.0);
    let glass = Brush { colour: [188.0, 184.0, 168.0], ..iron };
    canvas.polygon(
        &[[x - 9.0, y - 12.0], [x + 9.0, y - 12.0], [x + 6.0, y + 11.0], [x - 6.0, y + 11.0]],
        glass,
        |_, _| 1.0,
    );
    canvas.polygon(&[[x - 13.0, y - 12.0], [x, y - 23.0], [x + 13.0, y - 12.0]], iron, |_, _| 1.0);
    canvas.polygon(&block(x - 8.0, y + 9.0, x + 8.0, y + 13.0), iron, |_, _| 1.0);
}

/// The old tree's trunk, round by its shading, with bark and roots.
pub(crate) fn trunk(canvas: &mut Canvas, noise: &Noise) {
    let top = canvas.stage.top() - 40.0;
    let outline: [Place; 12] = [
        [1374.0, top],
        [1450.0, top],
        [1450.0, 120.0],
        [1456.0, 400.0],
        [1470.0, 600.0],
        [1500.0, 690.0],
        [1526.0, 716.0],
        [1440.0, 708.0],
        [1404.0, 716.0],
        [1318.0, 714.0],
        [1344.0, 672.0],
        [1360.0, 400.0],
    ];
    let curve = smooth(&outline, 6);
    let brush = Brush { colour: [112.0, 93.0, 74.0], depth: 62, plane: Plane::Near };
    canvas.polygon(&curve, brush, |x, y| {
        let flare = ((y - 560.0).max(0.0) / 150.0).powi(2) * 34.0;
        let across = (x - 1358.0 + flare) / (104.0 + 2.0 * flare);
        let round = (1.16 - 1.15 * (across - 0.32).abs().powf(1.15)).clamp(0.25, 1.2);
        let bark = noise.at(x / 120.0 + 0.04 * noise.at(x / 300.0, y / 300.0), y / 1500.0);
        let cracks = noise.at(x / 46.0 + y / 2600.0, y / 700.0);
        let crack = ((cracks - 0.42) * 6.0).clamp(0.0, 1.0);
        round * (0.25 + 1.1 * bark) * (0.62 + 0.38 * crack)
    });
}
