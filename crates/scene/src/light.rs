//! The hours and weathers that light the garden, and how a lit thing looks through the lens.

use crate::canvas::Colour;
use crate::fixtures::LAMP;
use crate::random::Noise;
use crate::stage::{HORIZON, Stage, WIDTH};

/// A time of day or a weather.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Hour {
    Day,
    /// Low, warm sun.
    Evening,
    /// After sunset.
    Dusk,
    /// Dusk, with the lamp lit.
    Lamp,
    /// A covered sky.
    Gray,
    /// Gray, through the camera's own infrared lamp.
    Infrared,
}

/// A round light that falls off softly, in world units.
#[derive(Debug, Clone, Copy)]
struct Pool {
    centre: [f32; 2],
    reach: [f32; 2],
    colour: Colour,
}

/// What an hour is made of; colours are linear light, 1 is white paper in the sun's shade.
#[derive(Debug, Clone, Copy)]
struct Recipe {
    sun: Colour,
    ambient: Colour,
    /// How deep the sun's dappled shade is, 0 to 1.
    dapple: f32,
    haze: Colour,
    haze_from: f32,
    haze_rate: f32,
    /// Sky overhead, and at the horizon.
    zenith: Colour,
    low_sky: Colour,
    cloud: Colour,
    /// How much brighter the side is where the sun went down.
    glow: f32,
    pool: Option<Pool>,
    halo: Option<Pool>,
    exposure: f32,
    infrared: bool,
}

const DAY: Recipe = Recipe {
    sun: [1.72, 1.56, 1.20],
    ambient: [0.40, 0.50, 0.62],
    dapple: 0.70,
    haze: [0.34, 0.41, 0.46],
    haze_from: 0.35,
    haze_rate: 1.1,
    zenith: [0.30, 0.52, 0.88],
    low_sky: [0.80, 0.87, 0.92],
    cloud: [1.05, 1.05, 1.04],
    glow: 0.0,
    pool: None,
    halo: None,
    exposure: 1.05,
    infrared: false,
};

const EVENING: Recipe = Recipe {
    sun: [1.95, 1.22, 0.55],
    ambient: [0.36, 0.38, 0.50],
    dapple: 0.86,
    haze: [0.40, 0.30, 0.22],
    haze_from: 0.38,
    haze_rate: 0.8,
    zenith: [0.22, 0.34, 0.60],
    low_sky: [1.10, 0.74, 0.42],
    cloud: [1.10, 0.72, 0.52],
    glow: 0.45,
    exposure: 1.0,
    ..DAY
};

const DUSK: Recipe = Recipe {
    sun: [0.50, 0.29, 0.17],
    ambient: [0.345, 0.414, 0.598],
    dapple: 0.10,
    haze: [0.110, 0.094, 0.130],
    haze_from: 0.38,
    haze_rate: 1.0,
    zenith: [0.055, 0.085, 0.20],
    low_sky: [0.80, 0.41, 0.22],
    cloud: [0.34, 0.18, 0.20],
    glow: 0.62,
    exposure: 1.10,
    ..DAY
};

const LAMPLIT: Recipe = Recipe {
    pool: Some(Pool { centre: [LAMP[0] - 30.0, 480.0], reach: [360.0, 150.0], colour: [2.5, 1.65, 0.80] }),
    halo: Some(Pool { centre: LAMP, reach: [26.0, 26.0], colour: [2.2, 1.5, 0.75] }),
    ..DUSK
};

const GRAY: Recipe = Recipe {
    sun: [0.30, 0.31, 0.32],
    ambient: [0.62, 0.67, 0.72],
    dapple: 0.12,
    haze: [0.36, 0.39, 0.42],
    haze_from: 0.32,
    haze_rate: 1.5,
    zenith: [0.42, 0.46, 0.52],
    low_sky: [0.62, 0.66, 0.70],
    cloud: [0.72, 0.75, 0.78],
    exposure: 0.92,
    ..DAY
};

const INFRARED: Recipe = Recipe {
    sun: [0.0; 3],
    ambient: [0.012; 3],
    dapple: 0.0,
    haze: [0.0; 3],
    zenith: [0.004; 3],
    low_sky: [0.006; 3],
    cloud: [0.005; 3],
    pool: Some(Pool { centre: [800.0, 558.0], reach: [968.0, 580.0], colour: [0.95; 3] }),
    exposure: 1.25,
    infrared: true,
    ..DAY
};

impl Hour {
    fn recipe(self) -> &'static Recipe {
        match self {
            Self::Day => &DAY,
            Self::Evening => &EVENING,
            Self::Dusk => &DUSK,
            Self::Lamp => &LAMPLIT,
            Self::Gray => &GRAY,
            Self::Infrared => &INFRARED,
        }
    }
}

const TONES: usize = 2048;

/// An hour's light over a stage of a given size, with its tables.
#[derive(Debug)]
pub(crate) struct Light {
    recipe: &'static Recipe,
    linear: Vec<f32>,
    /// Displayed value by the root of the light, so that shadows get as many steps as highlights.
    tones: Vec<f32>,
    /// Share of haze, and what is left of the camera's own lamp, by depth.
    haze: Vec<f32>,
    lamp_reach: Vec<f32>,
    columns: Vec<Axis>,
    rows: Vec<Axis>,
}

/// What depends on the column or the row alone.
#[derive(Debug, Clone, Copy)]
struct Axis {
    vignette: f32,
    pool: f32,
    halo: f32,
    glow: f32,
}

fn axis(recipe: &Recipe, at: f32, half: f32, which: usize) -> Axis {
    let bell = |pool: &Option<Pool>| {
        pool.map_or(0.0, |p| (-((at - p.centre[which]) / p.reach[which]).powi(2)).exp())
    };
    let weight = if which == 0 { 0.165 } else { 0.135 };
    Axis {
        vignette: weight * half * half,
        pool: bell(&recipe.pool),
        halo: bell(&recipe.halo),
        glow: (-((at - 0.30 * WIDTH) / 680.0).powi(2)).exp(),
    }
}

impl Light {
    pub(crate) fn new(hour: Hour, stage: &Stage) -> Self {
        let recipe = hour.recipe();
        let depth = |i: usize| i as f32 / 255.0;
        let (w, h) = (stage.size.width as usize, stage.size.height as usize);
        let centred = |i: usize, n: usize| (i as f32 + 0.5) / n as f32 * 2.0 - 1.0;
        Self {
            recipe,
            linear: (0..256).map(|i| (i as f32 / 255.0).powf(2.2)).collect(),
            tones: (0..TONES).map(tone).collect(),
            haze: (0..256)
                .map(|i| 1.0 - (-(depth(i) - recipe.haze_from).clamp(0.0, 1.0) * recipe.haze_rate).exp())
                .collect(),
            lamp_reach: (0..256)
                .map(|i| {
                    if recipe.infrared {
                        1.0 / (0.42 + (0.28 + depth(i) * 1.9).powf(1.2) * 0.72)
                    } else {
                        1.0
                    }
                })
                .collect(),
            columns: (0..w).map(|x| axis(recipe, stage.world_x(x as f32), centred(x, w), 0)).collect(),
            rows: (0..h).map(|y| axis(recipe, stage.world_y(y as f32), centred(y, h), 1)).collect(),
        }
    }

    /// The light that comes from a thing of this colour at pixel `x`, `y`; `shade` is 0 in the sun's shade and 1 in the sun.
    fn radiance(&self, rgb: [u8; 3], depth: u8, shade: f32, x: usize, y: usize) -> Colour {
        let r = self.recipe;
        let (column, row) = (&self.columns[x], &self.rows[y]);
        let sun = (1.0 - r.dapple + r.dapple * shade) * (1.0 - r.glow * (1.0 - column.glow));
        let pool = r.pool.map_or([0.0; 3], |p| {
            let reach = column.pool * row.pool * self.lamp_reach[depth as usize];
            p.colour.map(|c| c * reach)
        });
        let haze = self.haze[depth as usize];
        let mut albedo = rgb.map(|c| self.linear[c as usize]);
        if r.infrared {
            // Leaves throw back nearly all infrared light, which is why they look pale in it.
            let bright = (0.38 * albedo[0] + 0.46 * albedo[1] + 0.16 * albedo[2]).powf(0.9);
            albedo = [bright; 3];
        }
        [0, 1, 2].map(|k| {
            let lit = albedo[k] * (r.sun[k] * sun + r.ambient[k] + pool[k]);
            lit + (r.haze[k] * (1.0 - 0.3 * r.glow * (1.0 - column.glow)) - lit) * haze
        })
    }

    fn sky(&self, x: usize, height: f32, cloud: f32) -> Colour {
        let r = self.recipe;
        let glow = 1.0 + r.glow * (self.columns[x].glow * 0.9 - 0.45);
        let low = height.powf(if r.glow > 0.0 { 2.2 } else { 1.0 });
        [0, 1, 2].map(|k| {
            let clear =
                r.zenith[k] * (1.0 - height) + r.low_sky[k] * low + r.zenith[k] * height * (1.0 - height);
            (clear + (r.cloud[k] * (0.35 + 0.65 * height) - clear) * cloud) * glow
        })
    }

    /// Through the lens: exposure, film curve, dark corners; 0 to 255.
    fn display(&self, radiance: Colour, x: usize, y: usize) -> Colour {
        let (column, row) = (&self.columns[x], &self.rows[y]);
        let corner = (1.0 - column.vignette - row.vignette) * 255.0;
        let halo = self.recipe.halo.map_or([0.0; 3], |p| p.colour.map(|c| c * column.halo * row.halo));
        [0, 1, 2].map(|k| {
            let root = ((radiance[k] + halo[k]) * self.recipe.exposure).max(0.0).sqrt();
            self.tones[((root * (TONES as f32 / 2.0)) as usize).min(TONES - 1)] * corner
        })
    }

    /// How a thing on the ground looks.
    pub(crate) fn look(&self, rgb: [u8; 3], depth: u8, shade: f32, x: usize, y: usize) -> Colour {
        self.display(self.radiance(rgb, depth, shade, x, y), x, y)
    }

    /// How a place looks that is `open` (0 to 1) to the sky.
    pub(crate) fn look_through(
        &self,
        ground: Option<Colour>,
        open: f32,
        sky: Colour,
        x: usize,
        y: usize,
    ) -> Colour {
        let ground = ground.unwrap_or(sky);
        self.display([0, 1, 2].map(|k| ground[k] + (sky[k] - ground[k]) * open), x, y)
    }

    /// The sky's light at a pixel.
    pub(crate) fn sky_at(&self, stage: &Stage, noise: &Noise, x: usize, y: usize) -> Colour {
        let (wx, wy) = (stage.world_x(x as f32), stage.world_y(y as f32));
        let height = (wy / HORIZON).clamp(0.0, 1.0);
        let cloud = ((noise.at(wx / 3600.0 + 0.1, wy / 900.0 + 0.7) - 0.46) * 4.5).clamp(0.0, 1.0);
        self.sky(x, height, cloud * 0.7)
    }

    /// Radiance for [`Self::look_through`].
    pub(crate) fn ground_at(&self, rgb: [u8; 3], depth: u8, shade: f32, x: usize, y: usize) -> Colour {
        self.radiance(rgb, depth, shade, x, y)
    }

    /// Whether eyes shine back into this light.
    pub(crate) fn infrared(&self) -> bool {
        self.recipe.infrared
    }
}

fn tone(step: usize) -> f32 {
    let light = (step as f32 / (TONES as f32 / 2.0)).powi(2);
    (light / (1.0 + 0.42 * light) * 1.25).min(1.0).powf(1.0 / 2.2)
}

/// Full-range luma and colour differences (BT.601) of a displayed colour.
pub(crate) fn to_yuv([r, g, b]: Colour) -> [f32; 3] {
    let y = 0.299 * r + 0.587 * g + 0.114 * b;
    [y, 128.0 + (b - y) * 0.564_334, 128.0 + (r - y) * 0.713_267]
}
