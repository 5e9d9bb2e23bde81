//! Puts an instant together: light, wind, visitors, weather, and the camera's faults, in this order.

use std::time::Duration;

use frame::{Rect, Size};

use crate::actors::Gait;
use crate::camera::{self, Grain};
use crate::canvas::Colour;
use crate::garden::Garden;
use crate::light::{Light, to_yuv};
use crate::planes::{self, Planes};
use crate::random::hash;
use crate::scenario::{Mix, Scenario};
use crate::sprite::{Cutout, Frame, Sprite};
use crate::stage::Stage;
use crate::sway::Sway;
use crate::visit::{Pose, Visit};
use crate::{Actor, ground};

/// What of an instant is drawn; tests leave parts out to see what the rest changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Parts {
    /// Those who pass; their shadows are drawn either way.
    pub(crate) visitors: bool,
    pub(crate) noise: bool,
}

impl Parts {
    pub(crate) const ALL: Self = Self { visitors: true, noise: true };
    #[cfg(test)]
    pub(crate) const CLEAN: Self = Self { visitors: true, noise: false };
    #[cfg(test)]
    pub(crate) const EMPTY: Self = Self { visitors: false, noise: false };
}

/// A scenario built for one size.
#[derive(Debug)]
pub(crate) struct Show {
    size: Size,
    seed: u64,
    period: f32,
    margin: u32,
    scenario: Scenario,
    garden: Garden,
    dapple: Vec<u8>,
    lights: Vec<Light>,
    /// The garden under each of the lights, baked when first needed.
    baked: Vec<Option<Planes>>,
    grain: Grain,
    sway: Sway,
    lit: Planes,
    canvas: Planes,
    cut: Planes,
}

/// The seconds of an instant: since the start, and into the loop.
#[derive(Debug, Clone, Copy)]
struct Instant {
    seconds: f64,
    looped: f32,
}

impl Show {
    pub(crate) fn new(name: &str, period: Duration, size: Size, seed: u64) -> Self {
        let scenario = Scenario::named(name, seed);
        let margin = camera::margin(&scenario.lens, size.width);
        let stage = Stage::new(size, margin);
        let garden = Garden::new(stage, seed);
        let dapple = planes::dapple(&garden.canvas, &garden.noise);
        let lights = scenario.hours.iter().map(|&hour| Light::new(hour, &stage)).collect();
        Self {
            size,
            seed,
            period: period.as_secs_f32(),
            margin,
            grain: Grain::new(scenario.lens.noise, size.width, seed),
            sway: Sway::new(&stage, &garden.limber, seed),
            baked: vec![None; scenario.hours.len()],
            lights,
            dapple,
            lit: Planes::new(stage.size),
            canvas: Planes::new(stage.size),
            cut: Planes::new(size),
            scenario,
            garden,
        }
    }

    fn instant(&self, at: Duration) -> Instant {
        let seconds = at.as_secs_f64();
        Instant { seconds, looped: (seconds % f64::from(self.period)) as f32 }
    }

    /// The planes of `at`.
    pub(crate) fn render(&mut self, at: Duration, parts: Parts) -> &Planes {
        let now = self.instant(at);
        let mix = self.scenario.light(now.looped);
        self.light_up(mix);
        self.sway.blow(self.scenario.wind, now.seconds);
        self.sway.bend(&self.lit, &mut self.canvas);
        self.paint_visitors(now, mix, parts);
        let stage = self.garden.canvas.stage;
        self.scenario.weather.draw(&mut self.canvas, &stage, &self.garden.noise, self.seed, now.seconds);
        let shot = if self.margin > 0 {
            let by = camera::shake(self.seed, self.size.width, now.seconds);
            camera::crop(&self.canvas, self.margin, by, &mut self.cut);
            &mut self.cut
        } else {
            &mut self.canvas
        };
        self.scenario.lens.gain.apply(shot, now.looped, now.seconds);
        if parts.noise {
            self.grain.add(shot, hash(self.seed, at.as_micros() as u64));
        }
        shot
    }

    fn light_up(&mut self, mix: Mix) {
        for hour in [mix.from, mix.to] {
            if self.baked[hour].is_none() {
                self.baked[hour] = Some(planes::bake(&self.garden, &self.dapple, &self.lights[hour]));
            }
        }
        if let (Some(from), Some(to)) = (&self.baked[mix.from], &self.baked[mix.to]) {
            self.lit.mix(from, to, mix.share);
        }
    }

    fn paint_visitors(&mut self, now: Instant, mix: Mix, parts: Parts) {
        let present = self.present(now);
        for (_, visit, pose) in &present {
            self.paint_shadow(visit, pose);
        }
        if !parts.visitors {
            return;
        }
        for cutout in
            present.iter().map(|(_, visit, pose)| self.cut_out(visit, pose, now, mix)).collect::<Vec<_>>()
        {
            cutout.paint(&mut self.canvas);
        }
    }

    /// Who is there, the farthest first, with ids from 1 by order of the scenario.
    fn present(&self, now: Instant) -> Vec<(u32, Visit, Pose)> {
        let mut present: Vec<(u32, Visit, Pose)> = (1..)
            .zip(&self.scenario.visits)
            .filter_map(|(id, visit)| visit.pose(now.looped).map(|pose| (id, visit.clone(), pose)))
            .collect();
        present.sort_by(|a, b| a.2.foot[1].total_cmp(&b.2.foot[1]));
        present
    }

    fn cut_out(&self, visit: &Visit, pose: &Pose, now: Instant, mix: Mix) -> Cutout {
        let stage = &self.garden.canvas.stage;
        let foot = [stage.x(pose.foot[0]), stage.y(pose.foot[1])];
        let unit = pose.unit * stage.scale;
        let depth = if visit.beyond_the_fence() { 188 } else { ground::depth(pose.foot[1]) };
        let shade = self.shade_around(foot, unit);
        let (x, y) = self.nearest_pixel(foot[0], foot[1] - 0.15 * unit);
        let lit = |rgb: Colour| {
            if rgb[0] > 255.0 {
                return [252.0, 128.0, 128.0];
            }
            let rgb = rgb.map(|c| c.clamp(0.0, 255.0) as u8);
            let [from, to] = [mix.from, mix.to].map(|hour| self.lights[hour].look(rgb, depth, shade, x, y));
            to_yuv([0, 1, 2].map(|k| from[k] + (to[k] - from[k]) * mix.share))
        };
        let frame = Frame { foot, unit, facing: pose.facing };
        let mut sprite = Sprite::new(frame, visit.kind.reach(), stage.size, &lit, &self.garden.noise);
        let gait = Gait {
            strides: pose.strides,
            vigour: pose.vigour,
            seconds: now.looped,
            eyeshine: self.lights[mix.from].infrared(),
        };
        visit.kind.draw(&mut sprite, &gait);
        let mut cutout = sprite.finish();
        if self.may_hide(visit, cutout.bounds()) {
            cutout.hide(|x, y| self.hidden(visit, x, y));
        }
        cutout
    }

    fn nearest_pixel(&self, x: f32, y: f32) -> (usize, usize) {
        let size = self.garden.canvas.size;
        let clip = |v: f32, most: u32| v.clamp(0.0, (most - 1) as f32) as usize;
        (clip(x, size.width), clip(y, size.height))
    }

    /// The sun that falls on an actor: the mean over where it stands, never all shade.
    fn shade_around(&self, foot: [f32; 2], unit: f32) -> f32 {
        let w = self.garden.canvas.size.width as usize;
        let around = [-0.3, -0.15, 0.0, 0.15, 0.3].map(|ahead| {
            let (x, y) = self.nearest_pixel(foot[0] + ahead * unit, foot[1]);
            f32::from(self.dapple[y * w + x]) / 255.0
        });
        0.35 + 0.65 * around.iter().sum::<f32>() / 5.0
    }

    /// Whether anything at all stands before the visitor, the wind's reach around it included.
    fn may_hide(&self, visit: &Visit, bounds: Rect) -> bool {
        const REACH: u32 = 24;
        if visit.beyond_the_fence() {
            return true;
        }
        let canvas = &self.garden.canvas;
        let from = bounds.x.saturating_sub(REACH) as usize;
        let to = (bounds.x + bounds.w + REACH).min(canvas.size.width) as usize;
        let rows = canvas.near.chunks_exact(canvas.size.width as usize);
        let first = bounds.y.saturating_sub(REACH) as usize;
        let mut near = rows.skip(first).take((bounds.h + 2 * REACH) as usize);
        near.any(|row| row[from..to].iter().any(|cover| *cover > 0))
    }

    /// How much of a pixel stands before the visitor, 0 to 1, as the wind has bent it now.
    fn hidden(&self, visit: &Visit, x: usize, y: usize) -> f32 {
        let canvas = &self.garden.canvas;
        let w = canvas.size.width as usize;
        let [dx, dy] = self.sway.shift(x, y);
        let (sx, sy) = (x as f32 - dx, y as f32 - dy);
        let (fx, fy) = (sx - sx.floor(), sy - sy.floor());
        let cover = |dx: f32, dy: f32| {
            let (x, y) = self.nearest_pixel(sx + dx, sy + dy);
            let near = canvas.near[y * w + x];
            f32::from(if visit.beyond_the_fence() { near.max(canvas.middle[y * w + x]) } else { near })
        };
        let (a, c) = (cover(0.0, 0.0), cover(0.0, 1.0));
        let upper = if fx > 0.0 { a + (cover(1.0, 0.0) - a) * fx } else { a };
        let lower = if fx > 0.0 { c + (cover(1.0, 1.0) - c) * fx } else { c };
        (upper + (lower - upper) * fy) / 255.0
    }

    fn paint_shadow(&mut self, visit: &Visit, pose: &Pose) {
        let stage = self.garden.canvas.stage;
        let unit = pose.unit * stage.scale;
        let [rx, ry] = visit.kind.shadow().map(|r| (r * unit).max(0.8));
        let (cx, cy) = (stage.x(pose.foot[0]) + 0.03 * unit, stage.y(pose.foot[1]) - 0.2 * ry);
        let (w, h) = (stage.size.width as usize, stage.size.height as usize);
        let clip = |v: f32, most: usize| v.clamp(0.0, most as f32) as usize;
        let (x0, x1) = (clip(cx - rx, w), clip((cx + rx).ceil(), w));
        let (y0, y1) = (clip(cy - ry, h), clip((cy + ry).ceil(), h));
        let bounds = Rect::new(x0 as u32, y0 as u32, (x1 - x0) as u32, (y1 - y0) as u32);
        let may_hide = self.may_hide(visit, bounds);
        for y in y0..y1 {
            for x in x0..x1 {
                let (u, v) = ((x as f32 + 0.5 - cx) / rx, (y as f32 + 0.5 - cy) / ry);
                let soft = (1.0 - u * u - v * v).max(0.0);
                if soft > 0.0 {
                    let hidden = if may_hide { self.hidden(visit, x, y) } else { 0.0 };
                    let dark = 0.62 * soft * (2.0 - soft) * (1.0 - hidden);
                    let value = &mut self.canvas.y[y * w + x];
                    *value = (f32::from(*value) * (1.0 - dark) + 0.5) as u8;
                    if x % 2 == 0 && y % 2 == 0 {
                        let colour = y / 2 * w.div_ceil(2) + x / 2;
                        for plane in [&mut self.canvas.u, &mut self.canvas.v] {
                            let value = f32::from(plane[colour]);
                            plane[colour] = (value + (128.0 - value) * dark + 0.5) as u8;
                        }
                    }
                }
            }
        }
    }

    /// Who shows at `at`, by id.
    pub(crate) fn truth(&self, at: Duration) -> Vec<Actor> {
        let now = self.instant(at);
        let mix = self.scenario.light(now.looped);
        let present = self.present(now);
        let cutouts: Vec<Cutout> =
            present.iter().map(|(_, visit, pose)| self.cut_out(visit, pose, now, mix)).collect();
        let mut actors: Vec<Actor> = (0..)
            .zip(&present)
            .filter_map(|(i, (id, visit, pose))| {
                let rect = cutouts[i].seen(&cutouts[i + 1..])?;
                Some(Actor { id: *id, class: visit.kind.class(), rect, moving: pose.moving })
            })
            .collect();
        actors.sort_by_key(|actor| actor.id);
        actors
    }
}
