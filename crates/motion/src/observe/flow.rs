//! Dense optical flow on a small picture: which way things drift, coarsely.
//!
//! It triggers nothing. It gives the grid its directions and each candidate a second opinion; DIS at half size costs
//! a seventh of a millisecond and runs only while something differs.

use frame::Size;
use opencv::core::{Mat, Ptr, Vec2f};
use opencv::prelude::*;
use opencv::video::{DISOpticalFlow, DISOpticalFlow_PRESET_ULTRAFAST};

use super::cv::{self, Result};

/// Flow between two pictures, at half size.
pub(super) struct DenseFlow {
    size: Size,
    half: Size,
    engine: Ptr<DISOpticalFlow>,
    before: Mat,
    now: Mat,
    flow: Mat,
}

impl std::fmt::Debug for DenseFlow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DenseFlow").field("half", &self.half).finish_non_exhaustive()
    }
}

impl DenseFlow {
    pub(super) fn new(size: Size) -> Result<Self> {
        // DIS builds a pyramid of patches and refuses pictures smaller than a few of them.
        let half = Size::new((size.width / 2).max(32), (size.height / 2).max(32));
        let engine = DISOpticalFlow::create(DISOpticalFlow_PRESET_ULTRAFAST)?;
        Ok(Self { size, half, engine, before: Mat::default(), now: Mat::default(), flow: Mat::default() })
    }

    /// Measures from one picture to the next.
    pub(super) fn measure(&mut self, before: &[u8], now: &[u8]) -> Result<()> {
        cv::shrink(&cv::view(self.size, before)?, &mut self.before, self.half)?;
        cv::shrink(&cv::view(self.size, now)?, &mut self.now, self.half)?;
        self.engine.calc(&self.before, &self.now, &mut self.flow)
    }

    /// Flow at pixels of the analysed picture, in its pixels between the two pictures; unseen places are `None`.
    pub(super) fn sampler(&self) -> Result<Sampler<'_>> {
        Ok(Sampler { size: self.size, half: self.half, flow: cv::plane(&self.flow)? })
    }
}

/// Looks flow up.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sampler<'a> {
    size: Size,
    half: Size,
    flow: &'a [Vec2f],
}

impl Sampler<'_> {
    /// Flow at a pixel.
    #[expect(clippy::cast_precision_loss, reason = "pixels")]
    pub(super) fn at(&self, x: u32, y: u32) -> (f32, f32) {
        let column = (x * self.half.width / self.size.width).min(self.half.width - 1);
        let row = (y * self.half.height / self.size.height).min(self.half.height - 1);
        let scale = (
            self.size.width as f32 / self.half.width as f32,
            self.size.height as f32 / self.half.height as f32,
        );
        match self.flow.get((row * self.half.width + column) as usize) {
            Some(v) => (v[0] * scale.0, v[1] * scale.1),
            None => (0.0, 0.0),
        }
    }
}
