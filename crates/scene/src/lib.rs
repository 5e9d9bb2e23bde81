//! Rendered scenes with their exact truth: the demo source, the tests' footage, the bench's ground.
//!
//! - **Reads** nothing: a scene is its name, its size, its seed and the instant asked for.
//! - **Writes** the planes that the caller hands in.
//! - **Never** does I/O, looks at a clock, or keeps state that would let one frame depend on the one before.

mod actors;
mod camera;
mod canvas;
mod catalog;
mod fixtures;
mod foliage;
mod garden;
mod ground;
mod light;
mod planes;
mod random;
mod raster;
mod scenario;
mod show;
mod sprite;
mod stage;
mod sway;
mod visit;
mod weather;

#[cfg(test)]
mod tests;

use std::time::Duration;

use frame::{Rect, Size};

use show::{Parts, Show};

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
    show: Show,
}

impl Scene {
    /// Builds the scenario of that name for pictures of `size` (at least 1×1); `seed` decides on every leaf, on the noise, and
    /// on small delays of those who come.
    ///
    /// # Errors
    /// When there is none of that name; says which there are, and the nearest.
    pub fn named(name: &str, size: Size, seed: u64) -> Result<Self, UnknownScene> {
        let info = catalog::find(name)?;
        let size = Size::new(size.width.max(1), size.height.max(1));
        Ok(Self { info, size, show: Show::new(info.name, info.duration, size, seed) })
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

    /// Fills `out` with the picture at `at`: full-range I420 planes of exactly [`frame::I420::len_of`] bytes.
    pub fn render(&mut self, at: Duration, out: &mut Vec<u8>) {
        let planes = self.show.render(at, Parts::ALL);
        out.clear();
        for plane in [&planes.y, &planes.u, &planes.v] {
            out.extend_from_slice(plane);
        }
    }

    /// What moves or stands and shows at `at`, in order of their ids.
    #[must_use]
    pub fn truth(&self, at: Duration) -> Vec<Actor> {
        self.show.truth(at)
    }
}
