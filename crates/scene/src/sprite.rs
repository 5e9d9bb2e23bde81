//! An actor as drawn for one instant: soft-edged, lit, with a place in the picture, before anything stands in front of it.

use frame::{Rect, Size};

use crate::canvas::Colour;
use crate::planes::Planes;
use crate::random::Noise;
use crate::raster::{Filler, Place};

/// What a part of an actor looks like.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Coat {
    pub(crate) rgb: Colour,
    /// How uneven it is, 0 to 1: fur, cloth.
    pub(crate) grain: f32,
    /// How much its upper side is lighter than its lower side, 0 to 1.
    pub(crate) round: f32,
}

impl Coat {
    pub(crate) const fn new(rgb: Colour, grain: f32, round: f32) -> Self {
        Self { rgb, grain, round }
    }

    pub(crate) fn darker(self, gain: f32) -> Self {
        Self { rgb: self.rgb.map(|c| c * gain), ..self }
    }
}

/// Where and how big: local places have x ahead and y up, in units of the actor's size, from between its feet.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Frame {
    /// Pixels of the spot between its feet.
    pub(crate) foot: Place,
    /// Pixels of one local unit.
    pub(crate) unit: f32,
    /// 1 looks right, -1 left.
    pub(crate) facing: f32,
}

/// Luma, colour and cover of one pixel.
#[derive(Debug, Clone, Copy, Default)]
struct Cell {
    yuv: [f32; 3],
    cover: f32,
}

/// The pixels of one actor.
pub(crate) struct Sprite<'a> {
    frame: Frame,
    /// Left upper pixel and extent, clipped to the picture.
    bounds: Rect,
    cells: Vec<Cell>,
    filler: Filler,
    lit: &'a dyn Fn(Colour) -> [f32; 3],
    noise: &'a Noise,
}

impl<'a> Sprite<'a> {
    /// An empty one that reaches `ahead`, `behind` and `up` local units around its foot.
    pub(crate) fn new(
        frame: Frame,
        reach: [f32; 3],
        picture: Size,
        lit: &'a dyn Fn(Colour) -> [f32; 3],
        noise: &'a Noise,
    ) -> Self {
        let [ahead, behind, up] = reach.map(|r| r * frame.unit);
        let (left, right) = if frame.facing > 0.0 { (behind, ahead) } else { (ahead, behind) };
        let clip = |v: f32, most: u32| v.clamp(0.0, most as f32) as u32;
        let (x0, x1) = (
            clip(frame.foot[0] - left - 1.0, picture.width),
            clip((frame.foot[0] + right + 2.0).ceil(), picture.width),
        );
        let (y0, y1) = (
            clip(frame.foot[1] - up - 1.0, picture.height),
            clip((frame.foot[1] + 0.06 * frame.unit + 2.0).ceil(), picture.height),
        );
        let bounds = Rect::new(x0, y0, x1 - x0, y1 - y0);
        let cells = vec![Cell::default(); bounds.area() as usize];
        Self { frame, bounds, cells, filler: Filler::default(), lit, noise }
    }

    /// Fills an outline of local places.
    pub(crate) fn fill(&mut self, outline: &[Place], coat: Coat) {
        self.wash(outline, coat, 1.0);
    }

    /// Like [`Self::fill`], letting through what is beneath.
    pub(crate) fn wash(&mut self, outline: &[Place], coat: Coat, strength: f32) {
        let yuv = (self.lit)(coat.rgb);
        let (frame, corner) = (self.frame, [self.bounds.x as f32, self.bounds.y as f32]);
        let pixels: Vec<Place> = outline
            .iter()
            .map(|p| {
                let x = frame.foot[0] + p[0] * frame.unit * frame.facing - corner[0];
                [x, frame.foot[1] - p[1] * frame.unit - corner[1]]
            })
            .collect();
        let (top, base) = pixels.iter().fold((f32::MAX, f32::MIN), |(t, b), p| (t.min(p[1]), b.max(p[1])));
        let (w, h) = (self.bounds.w as usize, self.bounds.h as usize);
        let (cells, noise) = (&mut self.cells, self.noise);
        self.filler.fill(&pixels, w, h, |x, y, share| {
            let cover = share * strength;
            let up = (base - y as f32) / (base - top).max(1.0);
            let mut gain = 1.0 + coat.round * (up - 0.55);
            if coat.grain > 0.0 {
                let u = (x as f32 + corner[0] - frame.foot[0]) * frame.facing / frame.unit;
                let v = (y as f32 + corner[1] - frame.foot[1]) / frame.unit;
                gain += coat.grain * (noise.at(u * 0.9 + 0.5, v * 1.3) - 0.5) * 2.0;
            }
            let cell = &mut cells[y * w + x];
            let full = cover + cell.cover * (1.0 - cover);
            let new = cover / full.max(1e-6);
            let want = [yuv[0] * gain, yuv[1], yuv[2]];
            for (have, want) in cell.yuv.iter_mut().zip(want) {
                *have += (want - *have) * new;
            }
            cell.cover = full;
        });
    }

    /// Takes the sprite's cover and look.
    pub(crate) fn finish(self) -> Cutout {
        Cutout { bounds: self.bounds, cells: self.cells }
    }
}

/// A finished sprite.
#[derive(Debug)]
pub(crate) struct Cutout {
    bounds: Rect,
    cells: Vec<Cell>,
}

/// Cover from which a pixel counts as the actor's.
const SEEN: f32 = 0.15;

impl Cutout {
    /// The pixels it may cover.
    pub(crate) fn bounds(&self) -> Rect {
        self.bounds
    }

    /// Takes away what `hidden(x, y)` (0 to 1) covers.
    pub(crate) fn hide(&mut self, hidden: impl Fn(usize, usize) -> f32) {
        let w = self.bounds.w as usize;
        let (x0, y0) = (self.bounds.x as usize, self.bounds.y as usize);
        for (i, cell) in self.cells.iter_mut().enumerate() {
            if cell.cover > 0.0 {
                cell.cover *= 1.0 - hidden(x0 + i % w, y0 + i / w);
            }
        }
    }

    fn cover(&self, x: usize, y: usize) -> f32 {
        let (x, y) = (x.wrapping_sub(self.bounds.x as usize), y.wrapping_sub(self.bounds.y as usize));
        if x < self.bounds.w as usize && y < self.bounds.h as usize {
            self.cells[y * self.bounds.w as usize + x].cover
        } else {
            0.0
        }
    }

    /// The tight box of the pixels that show, those behind `nearer` actors left out.
    pub(crate) fn seen(&self, nearer: &[Self]) -> Option<Rect> {
        let w = self.bounds.w as usize;
        let (mut x0, mut y0, mut x1, mut y1) = (usize::MAX, usize::MAX, 0, 0);
        for (i, cell) in self.cells.iter().enumerate() {
            if cell.cover < SEEN {
                continue;
            }
            let (x, y) = (self.bounds.x as usize + i % w, self.bounds.y as usize + i / w);
            let left = nearer.iter().fold(cell.cover, |cover, other| cover * (1.0 - other.cover(x, y)));
            if left >= SEEN {
                (x0, y0, x1, y1) = (x0.min(x), y0.min(y), x1.max(x + 1), y1.max(y + 1));
            }
        }
        (x1 > x0).then(|| Rect::new(x0 as u32, y0 as u32, (x1 - x0) as u32, (y1 - y0) as u32))
    }

    /// Puts it into the picture.
    pub(crate) fn paint(&self, planes: &mut Planes) {
        let (w, own) = (planes.size.width as usize, self.bounds.w as usize);
        for (i, cell) in self.cells.iter().enumerate() {
            if cell.cover > 0.004 {
                let at = (self.bounds.y as usize + i / own) * w + self.bounds.x as usize + i % own;
                blend(&mut planes.y[at], cell.yuv[0], cell.cover);
            }
        }
        self.paint_colour(planes);
    }

    fn paint_colour(&self, planes: &mut Planes) {
        let b = self.bounds;
        let half_w = planes.size.width.div_ceil(2) as usize;
        for cy in b.y / 2..(b.y + b.h).div_ceil(2) {
            for cx in b.x / 2..(b.x + b.w).div_ceil(2) {
                let (mut cover, mut u, mut v) = (0.0, 0.0, 0.0);
                for (x, y) in [(0, 0), (1, 0), (0, 1), (1, 1)].map(|(x, y)| (2 * cx + x, 2 * cy + y)) {
                    if (b.x..b.x + b.w).contains(&x) && (b.y..b.y + b.h).contains(&y) {
                        let cell = &self.cells[((y - b.y) * b.w + x - b.x) as usize];
                        cover += cell.cover;
                        u += cell.cover * cell.yuv[1];
                        v += cell.cover * cell.yuv[2];
                    }
                }
                if cover > 0.01 {
                    let at = cy as usize * half_w + cx as usize;
                    blend(&mut planes.u[at], u / cover, cover / 4.0);
                    blend(&mut planes.v[at], v / cover, cover / 4.0);
                }
            }
        }
    }
}

fn blend(have: &mut u8, want: f32, share: f32) {
    let old = f32::from(*have);
    *have = (old + (want - old) * share + 0.5).clamp(0.0, 255.0) as u8;
}
