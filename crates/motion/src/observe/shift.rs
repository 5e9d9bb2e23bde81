//! How far the whole picture is displaced against the background: wind at the pole, a passing lorry.
//!
//! Phase correlation of the two without their coarse light, at half size. It is kept only when the
//! background agrees better with the picture moved back than with the picture as it is.

use frame::Size;
use opencv::core::{self, Mat, Point};
use opencv::imgproc;
use opencv::prelude::*;

use super::cv::{self, Result};
use super::light::median_of;

/// Smaller displacements (pixels) are left to the limits of the background.
const SMALLEST: f32 = 0.12;
/// Larger ones are no shake.
const LARGEST: f32 = 24.0;
/// Peak of the correlation below which there is none.
const WEAKEST: f64 = 0.05;
/// The aligned picture must agree this much better.
const HELPS: f32 = 0.97;

#[derive(Debug)]
pub(super) struct Shift {
    size: Size,
    half: Size,
    window: Mat,
    last: (f32, f32),
    aligned: Mat,
}

impl Shift {
    pub(super) fn new(size: Size) -> Result<Self> {
        let half = Size::new((size.width / 2).max(2), (size.height / 2).max(2));
        let mut window = Mat::default();
        let extent = core::Size::new(cv::signed(half.width), cv::signed(half.height));
        imgproc::create_hanning_window(&mut window, extent, core::CV_32F)?;
        Ok(Self { size, half, window, last: (0.0, 0.0), aligned: Mat::default() })
    }

    /// The displacement last kept.
    pub(super) fn last(&self) -> (f32, f32) {
        self.last
    }

    /// Nothing was looked for in this picture.
    pub(super) fn still(&mut self) {
        self.last = (0.0, 0.0);
    }

    /// Moves `log` back onto `background`; whether that was kept.
    pub(super) fn align(&mut self, log: &mut [f32], background: &[f32]) -> Result<bool> {
        self.last = (0.0, 0.0);
        let here = self.detail(log)?;
        let usual = self.detail(background)?;
        let mut response = 0.0;
        let shift = imgproc::phase_correlate(&usual, &here, &self.window, Some(&mut response))?;
        #[expect(clippy::cast_possible_truncation, reason = "pixels")]
        let (dx, dy) = (shift.x as f32 * 2.0, shift.y as f32 * 2.0);
        let far = dx.abs().max(dy.abs());
        if !(SMALLEST..=LARGEST).contains(&far) || response < WEAKEST {
            return Ok(false);
        }
        let before = disagreement(log, background);
        cv::unshift(&cv::view(self.size, log)?, &mut self.aligned, self.size, (dx, dy))?;
        let aligned: &[f32] = cv::plane(&self.aligned)?;
        if disagreement(aligned, background) >= before * HELPS {
            return Ok(false);
        }
        log.copy_from_slice(aligned);
        self.last = (dx, dy);
        Ok(true)
    }

    /// Half size, without what is coarser than 15 pixels.
    fn detail(&self, log: &[f32]) -> Result<Mat> {
        let mut half = Mat::default();
        cv::shrink(&cv::view(self.size, log)?, &mut half, self.half)?;
        let mut coarse = Mat::default();
        imgproc::blur(&half, &mut coarse, core::Size::new(15, 15), Point::new(-1, -1), core::BORDER_DEFAULT)?;
        let mut detail = Mat::default();
        core::subtract(&half, &coarse, &mut detail, &core::no_array(), -1)?;
        for value in detail.data_typed_mut::<f32>()? {
            *value = value.clamp(-0.4, 0.4);
        }
        Ok(detail)
    }
}

/// Median difference about its own median, on a sparse sample.
fn disagreement(a: &[f32], b: &[f32]) -> f32 {
    let mut sample: Vec<f32> = a.iter().zip(b).step_by(13).map(|(a, b)| a - b).collect();
    let middle = median_of(&mut sample).unwrap_or(0.0);
    for value in &mut sample {
        *value = (*value - middle).abs();
    }
    median_of(&mut sample).unwrap_or(0.0)
}
