//! What the garden is made of before any light falls on it: colour, distance, and what stands in front of whom.

use frame::Size;

use crate::raster::{Filler, Place};
use crate::stage::Stage;

/// Red, green, blue, 0 to 255, as the thing itself looks in plain white light.
pub(crate) type Colour = [f32; 3];

/// What a thing can hide.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Plane {
    /// Nothing that moves.
    Back,
    /// Who is beyond the fence.
    Middle,
    /// Whoever is on the lawn or the lane too.
    Near,
}

/// How a thing is put on the canvas.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Brush {
    /// Its own colour.
    pub(crate) colour: Colour,
    /// 0 at the lens, 255 at the sky.
    pub(crate) depth: u8,
    /// What it hides.
    pub(crate) plane: Plane,
}

/// One pixel of the garden.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Texel {
    /// Its own colour.
    pub(crate) rgb: [u8; 3],
    /// 0 at the lens, 255 at the sky.
    pub(crate) depth: u8,
    /// How much of it is open sky.
    pub(crate) sky: u8,
}

/// The unlit garden, in pixels.
#[derive(Debug)]
pub(crate) struct Canvas {
    pub(crate) stage: Stage,
    pub(crate) size: Size,
    pub(crate) texels: Vec<Texel>,
    /// Cover of what hides those beyond the fence.
    pub(crate) middle: Vec<u8>,
    /// Cover of what hides those on the lawn.
    pub(crate) near: Vec<u8>,
    filler: Filler,
}

/// Rounds `share` of 256.
fn weight(share: f32) -> i32 {
    (share * 256.0 + 0.5) as i32
}

fn towards(from: u8, to: i32, weight: i32) -> u8 {
    let from = i32::from(from);
    (from + (((to - from) * weight + 128) >> 8)) as u8
}

impl Canvas {
    /// Open sky everywhere.
    pub(crate) fn new(stage: Stage) -> Self {
        let area = stage.size.area() as usize;
        // Leaves' soft edges mix with this against the sky, so it has their colour.
        let open = Texel { rgb: [58, 74, 44], depth: 205, sky: 255 };
        Self {
            stage,
            size: stage.size,
            texels: vec![open; area],
            middle: vec![0; area],
            near: vec![0; area],
            filler: Filler::default(),
        }
    }

    fn dab(&mut self, at: usize, share: f32, rgb: [i32; 3], brush: &Brush) {
        let w = weight(share);
        let texel = &mut self.texels[at];
        for (have, want) in texel.rgb.iter_mut().zip(rgb) {
            *have = towards(*have, want, w);
        }
        texel.depth = towards(texel.depth, i32::from(brush.depth), w);
        texel.sky = towards(texel.sky, 0, w);
        match brush.plane {
            Plane::Back => {}
            Plane::Middle => self.middle[at] = towards(self.middle[at], 255, w),
            Plane::Near => self.near[at] = towards(self.near[at], 255, w),
        }
    }

    /// Fills an outline given in world places; `tint` may change the colour by world place.
    pub(crate) fn polygon(&mut self, outline: &[Place], brush: Brush, tint: impl Fn(f32, f32) -> f32) {
        let stage = self.stage;
        let pixels: Vec<Place> = outline.iter().map(|p| [stage.x(p[0]), stage.y(p[1])]).collect();
        let (w, h) = (self.size.width as usize, self.size.height as usize);
        let mut filler = std::mem::take(&mut self.filler);
        filler.fill(&pixels, w, h, |x, y, share| {
            let gain = tint(stage.world_x(x as f32), stage.world_y(y as f32));
            let rgb = brush.colour.map(|c| (c * gain).clamp(0.0, 255.0) as i32);
            self.dab(y * w + x, share, rgb, &brush);
        });
        self.filler = filler;
    }

    /// A leaf, a petal, a stone: an ellipse given in world units, turned by `angle` (radians).
    pub(crate) fn ellipse(&mut self, centre: Place, rx: f32, ry: f32, angle: f32, brush: Brush) {
        let scale = self.stage.scale;
        let (cx, cy) = (self.stage.x(centre[0]), self.stage.y(centre[1]));
        // What is thinner than a pixel is drawn as wide as one, and fainter.
        let (px, py) = (rx * scale, ry * scale);
        let (wide, high) = (px.max(0.6), py.max(0.6));
        let faint = (px / wide) * (py / high);
        let (sin, cos) = angle.sin_cos();
        let reach_x = (wide * cos).hypot(high * sin) + 0.6;
        let reach_y = (wide * sin).hypot(high * cos) + 0.6;
        let (w, h) = (self.size.width as f32, self.size.height as f32);
        if cx + reach_x < 0.0 || cy + reach_y < 0.0 || cx - reach_x >= w || cy - reach_y >= h {
            return;
        }
        let columns = (cx - reach_x).max(0.0) as usize..((cx + reach_x).ceil().min(w)) as usize;
        let rgb = brush.colour.map(|c| c.clamp(0.0, 255.0) as i32);
        let sharp = 0.5 * wide.min(high);
        for y in (cy - reach_y).max(0.0) as usize..((cy + reach_y).ceil().min(h)) as usize {
            let dy = y as f32 + 0.5 - cy;
            for x in columns.clone() {
                let dx = x as f32 + 0.5 - cx;
                let u = (dx * cos + dy * sin) / wide;
                let v = (dy * cos - dx * sin) / high;
                let share = 0.5 + (1.0 - u * u - v * v) * sharp;
                if share > 0.03 {
                    self.dab(y * self.size.width as usize + x, share.min(1.0) * faint, rgb, &brush);
                }
            }
        }
    }

    /// A blade of grass from its foot up: `lean` and `height` in world units, thinning to its tip.
    pub(crate) fn blade(&mut self, foot: Place, lean: f32, height: f32, breadth: f32, brush: Brush) {
        let scale = self.stage.scale;
        let (fx, fy) = (self.stage.x(foot[0]), self.stage.y(foot[1]));
        let (w, h) = (self.size.width as usize, self.size.height as usize);
        let tall = (height * scale).max(0.8);
        let top = fy - tall;
        for y in top.max(0.0) as usize..(fy.ceil().max(0.0) as usize).min(h) {
            let up = ((fy - y as f32 - 0.5) / tall).clamp(0.0, 1.0);
            let centre = fx + lean * scale * up * up;
            let broad = breadth * scale * (1.0 - 0.8 * up);
            let (left, right) = (centre - broad / 2.0, centre + broad / 2.0);
            // Blades catch light at their tips and stand in each other's shade below.
            let rgb = brush.colour.map(|c| (c * (0.72 + 0.42 * up)).clamp(0.0, 255.0) as i32);
            for x in left.max(0.0) as usize..(right.ceil().max(0.0) as usize).min(w) {
                let share = (right.min(x as f32 + 1.0) - left.max(x as f32)).clamp(0.0, 1.0);
                self.dab(y * w + x, share, rgb, &brush);
            }
        }
    }
}
