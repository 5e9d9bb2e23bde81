//! A small car from the side: body, glass, turning wheels.

use super::Gait;
use crate::canvas::Colour;
use crate::raster::{Place, ellipse, rod, smooth};
use crate::sprite::{Coat, Sprite};

/// Radius of a wheel in car lengths.
pub(super) const WHEEL: f32 = 0.078;
const AXLES: [f32; 2] = [-0.312, 0.300];

const RUBBER: Coat = Coat::new([34.0, 34.0, 36.0], 0.05, 0.2);
const GLASS: Coat = Coat::new([58.0, 72.0, 84.0], 0.10, 0.9);
const CHROME: Coat = Coat::new([176.0, 178.0, 182.0], 0.0, 0.4);

const BODY: [Place; 22] = [
    [0.492, 0.085],
    [0.497, 0.140],
    [0.480, 0.178],
    [0.420, 0.198],
    [0.330, 0.212],
    [0.255, 0.222],
    [0.190, 0.268],
    [0.115, 0.319],
    [0.030, 0.338],
    [-0.110, 0.341],
    [-0.250, 0.330],
    [-0.345, 0.296],
    [-0.420, 0.236],
    [-0.468, 0.214],
    [-0.488, 0.180],
    [-0.495, 0.110],
    [-0.484, 0.064],
    [-0.40, 0.050],
    [-0.20, 0.048],
    [0.18, 0.048],
    [0.40, 0.050],
    [0.478, 0.060],
];

pub(super) fn draw(sprite: &mut Sprite<'_>, gait: &Gait, paint: Colour) {
    let body = Coat::new(paint, 0.03, 0.62);
    sprite.fill(&rod([-0.40, 0.062], [0.40, 0.062], 0.03, 0.03), RUBBER.darker(0.7));
    sprite.fill(&smooth(&BODY, 5), body);
    let sill = [[-0.47, 0.052], [0.47, 0.052], [0.48, 0.082], [-0.485, 0.082]];
    sprite.wash(&sill, body.darker(0.45), 0.8);
    glass(sprite);
    trim(sprite, body);
    for x in AXLES {
        sprite.fill(&ellipse([x, WHEEL + 0.008], WHEEL + 0.018, WHEEL + 0.014), body.darker(0.28));
        wheel(sprite, x, gait.strides);
    }
}

fn glass(sprite: &mut Sprite<'_>) {
    let front: [Place; 5] =
        [[0.205, 0.226], [0.105, 0.300], [0.020, 0.316], [-0.055, 0.319], [-0.055, 0.226]];
    let back: [Place; 6] = [
        [-0.078, 0.226],
        [-0.078, 0.319],
        [-0.165, 0.319],
        [-0.250, 0.308],
        [-0.330, 0.278],
        [-0.375, 0.230],
    ];
    sprite.fill(&front, GLASS);
    sprite.fill(&back, GLASS);
    // Who drives, and the shine of the sky on the panes.
    let driver = GLASS.darker(0.35);
    sprite.wash(&ellipse([0.045, 0.272], 0.022, 0.028), driver, 0.8);
    sprite.wash(&rod([0.030, 0.228], [0.035, 0.244], 0.035, 0.022), driver, 0.8);
    let shine = Coat::new([200.0, 216.0, 226.0], 0.0, 0.0);
    sprite.wash(&[[0.12, 0.226], [0.17, 0.226], [0.09, 0.303], [0.05, 0.311]], shine, 0.22);
    sprite.wash(&[[-0.27, 0.226], [-0.22, 0.226], [-0.17, 0.319], [-0.21, 0.314]], shine, 0.22);
}

fn trim(sprite: &mut Sprite<'_>, body: Coat) {
    let line = body.darker(0.55);
    for x in [-0.066, 0.205] {
        sprite.wash(
            &[[x - 0.003, 0.085], [x + 0.003, 0.085], [x + 0.003, 0.225], [x - 0.003, 0.225]],
            line,
            0.7,
        );
    }
    sprite.wash(&[[-0.47, 0.168], [0.46, 0.168], [0.46, 0.176], [-0.47, 0.176]], body.darker(1.25), 0.5);
    sprite.fill(&rod([-0.12, 0.196], [-0.095, 0.196], 0.005, 0.005), CHROME);
    sprite.fill(&rod([0.13, 0.196], [0.155, 0.196], 0.005, 0.005), CHROME);
    sprite.fill(&ellipse([0.466, 0.160], 0.024, 0.016), Coat::new([250.0, 244.0, 220.0], 0.0, 0.2));
    sprite.fill(&ellipse([-0.478, 0.176], 0.013, 0.022), Coat::new([190.0, 34.0, 30.0], 0.0, 0.2));
    sprite.fill(&rod([0.486, 0.092], [0.40, 0.070], 0.012, 0.012), RUBBER);
    sprite.fill(&rod([-0.486, 0.092], [-0.40, 0.070], 0.012, 0.012), RUBBER);
    sprite.fill(&ellipse([0.215, 0.236], 0.020, 0.012), body.darker(0.8));
}

fn wheel(sprite: &mut Sprite<'_>, x: f32, turns: f32) {
    let hub = [x, WHEEL];
    sprite.fill(&ellipse(hub, WHEEL, WHEEL), RUBBER);
    sprite.fill(&ellipse(hub, WHEEL * 0.64, WHEEL * 0.64), CHROME.darker(0.42));
    for spoke in 0..5 {
        let (sin, cos) = (-(turns + spoke as f32 / 5.0) * std::f32::consts::TAU).sin_cos();
        let rim = [x + WHEEL * 0.56 * cos, WHEEL + WHEEL * 0.56 * sin];
        sprite.fill(&rod(hub, rim, WHEEL * 0.13, WHEEL * 0.09), CHROME);
    }
    sprite.fill(&ellipse(hub, WHEEL * 0.17, WHEEL * 0.17), CHROME.darker(0.7));
}
