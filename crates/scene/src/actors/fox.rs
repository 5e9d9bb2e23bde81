//! A fox: long low body, brush with a white tip, dark stockings.

use super::Gait;
use super::limb::{Limb, step};
use crate::raster::{Place, ellipse, smooth};
use crate::sprite::{Coat, Sprite};

const FUR: Coat = Coat::new([172.0, 94.0, 46.0], 0.46, 0.42);
const PALE: Coat = Coat::new([206.0, 184.0, 156.0], 0.15, 0.2);
const DARK: Coat = Coat::new([50.0, 37.0, 30.0], 0.1, 0.1);

const BODY: [Place; 18] = [
    [0.36, 0.342],
    [0.30, 0.338],
    [0.22, 0.334],
    [0.08, 0.320],
    [-0.07, 0.330],
    [-0.17, 0.319],
    [-0.225, 0.286],
    [-0.235, 0.24],
    [-0.205, 0.185],
    [-0.14, 0.158],
    [-0.06, 0.172],
    [0.03, 0.172],
    [0.11, 0.158],
    [0.18, 0.150],
    [0.235, 0.172],
    [0.285, 0.212],
    [0.345, 0.244],
    [0.39, 0.30],
];
const HEAD: [Place; 15] = [
    [0.487, 0.262],
    [0.470, 0.286],
    [0.436, 0.312],
    [0.408, 0.336],
    [0.398, 0.352],
    [0.392, 0.420],
    [0.376, 0.400],
    [0.352, 0.356],
    [0.319, 0.338],
    [0.300, 0.290],
    [0.330, 0.244],
    [0.385, 0.234],
    [0.430, 0.236],
    [0.468, 0.240],
    [0.486, 0.250],
];
const CHEEK: [Place; 7] = [
    [0.482, 0.252],
    [0.450, 0.262],
    [0.410, 0.262],
    [0.365, 0.272],
    [0.350, 0.246],
    [0.400, 0.230],
    [0.450, 0.235],
];

/// Leaves `places` turned by `angle` about `pivot`.
fn turned(places: &[Place], pivot: Place, angle: f32, bob: f32) -> Vec<Place> {
    let (sin, cos) = angle.sin_cos();
    places
        .iter()
        .map(|p| {
            let (x, y) = (p[0] - pivot[0], p[1] - pivot[1]);
            [pivot[0] + x * cos - y * sin, pivot[1] + x * sin + y * cos + bob]
        })
        .collect()
}

fn lifted(places: &[Place], bob: f32) -> Vec<Place> {
    turned(places, [0.0, 0.0], 0.0, bob)
}

pub(super) fn draw(sprite: &mut Sprite<'_>, gait: &Gait) {
    let turn = gait.strides * std::f32::consts::TAU;
    let bob = gait.vigour * 0.008 * (2.0 * turn).sin();
    // Diagonal pairs step together, as in a trot.
    leg(sprite, gait, 0.52, [-0.145, 0.22 + bob], -1.0, 0.62);
    leg(sprite, gait, 0.02, [0.215, 0.22 + bob], 1.0, 0.62);
    tail(sprite, gait, bob);
    sprite.fill(&smooth(&lifted(&BODY, bob), 5), FUR);
    let belly = [[0.20, 0.162], [0.08, 0.184], [-0.08, 0.190], [-0.13, 0.170], [0.0, 0.168], [0.12, 0.155]];
    sprite.wash(&smooth(&lifted(&belly, bob), 4), PALE, 0.55);
    leg(sprite, gait, 0.0, [-0.165, 0.22 + bob], -1.0, 1.0);
    leg(sprite, gait, 0.5, [0.190, 0.22 + bob], 1.0, 1.0);
    head(sprite, gait, bob);
}

fn leg(sprite: &mut Sprite<'_>, gait: &Gait, phase: f32, hip: Place, bend: f32, light: f32) {
    let [ahead, up] = step(gait.strides + phase, super::Kind::Fox.stride(), 0.055);
    let rest = if bend < 0.0 { -0.015 } else { 0.005 };
    let foot = [hip[0] + rest + ahead * gait.vigour, 0.012 + up * gait.vigour];
    let limb = Limb {
        bones: [0.115, 0.122],
        radii: [if bend < 0.0 { 0.046 } else { 0.036 }, 0.017, 0.0125],
        bend: -bend.min(0.4),
    };
    let paw = [foot[0] + 0.012, foot[1]];
    sprite.fill(&ellipse(paw, 0.022, 0.0125), DARK.darker(light));
    limb.draw(sprite, hip, foot, FUR.darker(light * 0.96), DARK.darker(light));
}

fn tail(sprite: &mut Sprite<'_>, gait: &Gait, bob: f32) {
    let swing = 0.05 * (gait.seconds * 2.1).sin() + 0.04 * gait.vigour * (gait.strides * 6.3).sin();
    let root = [-0.20, 0.275];
    let brush: [Place; 12] = [
        [-0.19, 0.305],
        [-0.26, 0.268],
        [-0.34, 0.226],
        [-0.43, 0.158],
        [-0.495, 0.100],
        [-0.492, 0.080],
        [-0.44, 0.086],
        [-0.37, 0.118],
        [-0.31, 0.156],
        [-0.25, 0.198],
        [-0.20, 0.228],
        [-0.175, 0.265],
    ];
    let tip: [Place; 6] =
        [[-0.436, 0.152], [-0.495, 0.100], [-0.494, 0.080], [-0.44, 0.086], [-0.402, 0.104], [-0.418, 0.128]];
    sprite.fill(&smooth(&turned(&brush, root, swing, bob), 5), FUR.darker(0.94));
    sprite.fill(&smooth(&turned(&tip, root, swing, bob), 4), PALE);
}

fn head(sprite: &mut Sprite<'_>, gait: &Gait, bob: f32) {
    let neck = [0.30, 0.27];
    // A standing fox lifts and turns its head to listen.
    let calm = 1.0 - gait.vigour;
    let nod = 0.10 * calm * (1.0 + 0.5 * (gait.seconds * 0.9).sin())
        + 0.025 * gait.vigour * (gait.strides * 12.6).sin();
    let place = |places: &[Place]| turned(places, neck, nod, bob);
    let far_ear = [[0.395, 0.350], [0.412, 0.405], [0.374, 0.385], [0.372, 0.350]];
    sprite.fill(&place(&far_ear), DARK.darker(0.9));
    sprite.fill(&smooth(&place(&HEAD), 4), FUR);
    sprite.wash(&smooth(&place(&CHEEK), 4), PALE, 0.85);
    let ear = [[0.389, 0.362], [0.389, 0.412], [0.366, 0.366]];
    sprite.wash(&place(&ear), DARK, 0.8);
    let eye = turned(&[[0.421, 0.300]], neck, nod, bob)[0];
    let nose = turned(&[[0.484, 0.258]], neck, nod, bob)[0];
    sprite.fill(&ellipse(nose, 0.010, 0.009), DARK.darker(0.5));
    if gait.eyeshine {
        sprite.wash(&ellipse(eye, 0.020, 0.020), Coat::new([255.0; 3], 0.0, 0.0), 0.35);
        sprite.fill(&ellipse(eye, 0.011, 0.011), Coat::new([1200.0; 3], 0.0, 0.0));
    } else {
        sprite.fill(&ellipse(eye, 0.008, 0.008), DARK.darker(0.4));
    }
}
