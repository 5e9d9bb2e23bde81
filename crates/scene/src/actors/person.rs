//! Somebody on foot, seen from the side: coat, trousers, swinging arms.

use super::limb::{Limb, step};
use super::{Gait, Kind};
use crate::canvas::Colour;
use crate::raster::{Place, ellipse, rod, smooth};
use crate::sprite::{Coat, Sprite};

const SKIN: Coat = Coat::new([206.0, 160.0, 130.0], 0.05, 0.3);
const HAIR: Coat = Coat::new([64.0, 44.0, 32.0], 0.3, 0.4);
const CLOTH: Coat = Coat::new([44.0, 48.0, 62.0], 0.16, 0.12);
const SHOE: Coat = Coat::new([96.0, 70.0, 50.0], 0.05, 0.3);

pub(super) fn draw(sprite: &mut Sprite<'_>, gait: &Gait, coat: Colour) {
    let jacket = Coat::new(coat, 0.22, 0.26);
    let turn = gait.strides * std::f32::consts::TAU;
    let bob = gait.vigour * 0.009 * (2.0 * turn + 0.6).cos();
    let hip = [0.0, 0.478 + bob];
    let shoulder = [0.006 + 0.012 * gait.vigour, 0.795 + bob];
    arm(sprite, gait, 0.0, shoulder, jacket.darker(0.66));
    leg(sprite, gait, 0.5, hip, 0.68);
    leg(sprite, gait, 0.0, hip, 1.0);
    torso(sprite, hip, shoulder, jacket);
    head(sprite, shoulder);
    arm(sprite, gait, 0.5, shoulder, jacket.darker(1.06));
}

fn leg(sprite: &mut Sprite<'_>, gait: &Gait, phase: f32, hip: Place, light: f32) {
    let [ahead, up] = step(gait.strides + phase, Kind::Person([0.0; 3]).stride(), 0.075);
    let ankle = [hip[0] + ahead * gait.vigour - 0.012, 0.045 + up * gait.vigour];
    // The heel comes down first and leaves first.
    let tilt = gait.vigour * (0.35 * (ahead / 0.2).clamp(-1.0, 1.0) + if up > 0.01 { -0.35 } else { 0.0 });
    let toe = [ankle[0] + 0.085 * tilt.cos(), ankle[1] - 0.024 + 0.085 * tilt.sin().max(-0.2)];
    let heel = [ankle[0] - 0.012, ankle[1] - 0.022];
    sprite.fill(&rod(heel, toe, 0.024, 0.016), SHOE.darker(light));
    let limb = Limb { bones: [0.232, 0.226], radii: [0.072, 0.046, 0.029], bend: 1.0 };
    limb.draw(sprite, hip, ankle, CLOTH.darker(light), CLOTH.darker(light * 0.94));
}

fn arm(sprite: &mut Sprite<'_>, gait: &Gait, phase: f32, shoulder: Place, sleeve: Coat) {
    let swing = gait.vigour * 0.52 * ((gait.strides + phase) * std::f32::consts::TAU - 0.5).cos();
    let (sin, cos) = swing.sin_cos();
    let elbow = [shoulder[0] + 0.165 * sin, shoulder[1] - 0.165 * cos];
    let bent = swing + 0.18 + 0.22 * swing.max(0.0);
    let wrist = [elbow[0] + 0.15 * bent.sin(), elbow[1] - 0.15 * bent.cos()];
    sprite.fill(
        &ellipse([wrist[0] + 0.008, wrist[1] - 0.018], 0.021, 0.026),
        SKIN.darker(sleeve.rgb[0].min(90.0) / 90.0),
    );
    sprite.fill(&rod(elbow, wrist, 0.034, 0.025), sleeve);
    sprite.fill(&rod(shoulder, elbow, 0.044, 0.035), sleeve);
}

fn torso(sprite: &mut Sprite<'_>, hip: Place, shoulder: Place, jacket: Coat) {
    let (hx, hy, sx, sy) = (hip[0], hip[1], shoulder[0], shoulder[1]);
    let outline: [Place; 10] = [
        [sx - 0.02, sy + 0.052],
        [sx + 0.045, sy + 0.03],
        [sx + 0.086, sy - 0.06],
        [sx + 0.082, sy - 0.17],
        [hx + 0.082, hy + 0.03],
        [hx + 0.082, hy - 0.055],
        [hx - 0.084, hy - 0.055],
        [hx - 0.084, hy + 0.04],
        [sx - 0.094, sy - 0.10],
        [sx - 0.078, sy + 0.02],
    ];
    sprite.fill(&smooth(&outline, 5), jacket);
    let hem = [
        [hx - 0.084, hy - 0.055],
        [hx + 0.082, hy - 0.055],
        [hx + 0.082, hy - 0.038],
        [hx - 0.084, hy - 0.038],
    ];
    sprite.wash(&hem, jacket.darker(0.6), 0.7);
}

fn head(sprite: &mut Sprite<'_>, shoulder: Place) {
    let (x, y) = (shoulder[0] + 0.016, shoulder[1] + 0.132);
    sprite.fill(&rod([x - 0.012, y - 0.10], [x - 0.006, y - 0.04], 0.034, 0.030), SKIN.darker(0.8));
    sprite.fill(&ellipse([x, y], 0.053, 0.068), SKIN);
    sprite.fill(&ellipse([x + 0.052, y - 0.006], 0.011, 0.012), SKIN);
    let hair: [Place; 9] = [
        [x + 0.046, y + 0.038],
        [x + 0.030, y + 0.070],
        [x - 0.012, y + 0.080],
        [x - 0.052, y + 0.054],
        [x - 0.062, y + 0.004],
        [x - 0.050, y - 0.040],
        [x - 0.028, y - 0.030],
        [x - 0.014, y + 0.020],
        [x + 0.020, y + 0.034],
    ];
    sprite.fill(&smooth(&hair, 4), HAIR);
    let scarf = Coat::new([176.0, 58.0, 48.0], 0.1, 0.2);
    sprite.fill(&rod([x - 0.044, y - 0.088], [x + 0.034, y - 0.086], 0.024, 0.022), scarf);
}
