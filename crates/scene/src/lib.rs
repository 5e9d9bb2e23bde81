//! Rendered scenes with their exact truth: the demo source, the tests' footage, the bench's ground.
//!
//! - **Reads** nothing: a scene is its name, its size, its seed and the instant asked for.
//! - **Writes** the planes that the caller hands in.
//! - **Never** does I/O, looks at a clock, or keeps state that would let one frame depend on the one before.

mod catalog;

use std::time::Duration;

use frame::{I420, Rect, Size};

pub use catalog::{SceneInfo, UnknownScene};

/// What kind of thing moves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Class {
    /// A fox or another four-legged visitor.
    Animal,
    /// Somebody on two legs.
    Person,
    /// A car.
    Vehicle,
}

/// What really shows at an instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Actor {
    /// The same for the same visitor within one loop.
    pub id: u32,
    /// Its kind.
    pub class: Class,
    /// The tight box of its visible pixels, without its shadow.
    pub rect: Rect,
    /// Whether it is under way now, rather than standing.
    pub moving: bool,
}

/// A scenario at one size: asked for any instant, in any order, it gives the same picture again.
#[derive(Debug)]
pub struct Scene {
    info: &'static SceneInfo,
    size: Size,
    seed: u64,
}

impl Scene {
    /// Builds the scenario of that name for pictures of `size`.
    ///
    /// # Errors
    /// When there is none of that name; says which there are, and the nearest.
    pub fn named(name: &str, size: Size, seed: u64) -> Result<Self, UnknownScene> {
        let info = catalog::find(name)?;
        Ok(Self { info, size: Size::new(size.width.max(1), size.height.max(1)), seed })
    }

    /// Every scenario, the default first.
    #[must_use]
    pub fn names() -> &'static [SceneInfo] {
        catalog::ALL
    }

    /// What this scenario is.
    #[must_use]
    pub fn info(&self) -> &'static SceneInfo {
        self.info
    }

    /// Pixels of the pictures.
    #[must_use]
    pub fn size(&self) -> Size {
        self.size
    }

    /// Fills `out` with the picture at `at`: full-range I420 planes of exactly [`I420::len_of`] bytes.
    pub fn render(&mut self, at: Duration, out: &mut Vec<u8>) {
        out.clear();
        out.resize(I420::len_of(self.size), 128);
        let (w, h) = (self.size.width as usize, self.size.height as usize);
        for (y, row) in out[..w * h].chunks_exact_mut(w).enumerate() {
            for (x, px) in row.iter_mut().enumerate() {
                let hash = (x as u64 * 0x9e37_79b9 ^ y as u64 * 0x85eb_ca6b ^ self.seed) >> 7;
                *px = 60 + (y * 60 / h) as u8 + (hash & 15) as u8;
            }
        }
        for actor in self.truth(at) {
            let r = actor.rect;
            for y in r.y..r.y + r.h {
                let row = y as usize * w;
                out[row + r.x as usize..row + (r.x + r.w) as usize].fill(190);
            }
        }
    }

    /// What moves and shows at `at`, in order of their ids.
    #[must_use]
    pub fn truth(&self, at: Duration) -> Vec<Actor> {
        let t = at.as_secs_f64() % self.info.duration.as_secs_f64();
        if !self.info.has_objects || !(4.0..16.0).contains(&t) {
            return Vec::new();
        }
        let (w, h) = (f64::from(self.size.width), f64::from(self.size.height));
        let x = ((t - 4.0) / 12.0 * w) as u32;
        let rect = Rect::new(x, (h * 0.55) as u32, (w * 0.12) as u32, (h * 0.12) as u32).clipped(self.size);
        vec![Actor { id: 1, class: Class::Animal, rect, moving: true }]
    }
}
