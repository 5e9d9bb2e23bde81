//! Light, taken out of the picture before anything is called a change.
//!
//! In the logarithm of the luma a change of light is an offset. It is measured against the background as the
//! medians of blocks, smoothed over the blocks, so that a cloud, a lamp or the exposure is a gentle field, and a
//! thing, which fills few blocks, is not.

use frame::Size;
use opencv::core::{self, Mat};
use opencv::imgproc;

use super::cv::{self, Result};

/// Side of a block in pixels: a sixteenth of the analysed width.
const BLOCK: usize = 20;
/// Keeps the logarithm calm in the dark: black noise of 2 levels is 0.15, not 1.
const DARK: f32 = 12.0;
/// Values that a sensor answers for "more than I can say".
const BRIGHTEST: u8 = 248;
const DARKEST: u8 = 3;
/// Light that differs by less than this over the picture (log) is the day's; a sunset's by 0.15, that of passing clouds
/// by 0.5 and more.
const EVEN: f32 = 0.3;
/// Offset (log) that streaks of rain keep up for as long as it rains, 0.008, and a little.
const FAKED: f32 = 0.011;

/// The logarithm of a pixel's value.
#[derive(Debug)]
pub(super) struct LogTable([f32; 256]);

impl LogTable {
    pub(super) fn new() -> Self {
        let mut table = [0.0; 256];
        for (value, log) in (0u8..=255).zip(&mut table) {
            *log = (f32::from(value) + DARK).ln();
        }
        Self(table)
    }

    pub(super) fn apply(&self, gray: &[u8], log: &mut [f32]) {
        for (out, &value) in log.iter_mut().zip(gray) {
            *out = self.0[usize::from(value)];
        }
    }
}

/// Whether the value says how bright the place is.
pub(super) fn is_exposed(value: u8) -> bool {
    (DARKEST..=BRIGHTEST).contains(&value)
}

/// How the light differs from the background's.
#[derive(Debug)]
pub(super) struct Light {
    blocks: Size,
    medians: Vec<f32>,
    sample: Vec<f32>,
    field: Mat,
    smooth: Mat,
}

/// What the field came to.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct LightTerms {
    pub(super) offset: f32,
    pub(super) spread: f32,
}

impl LightTerms {
    /// The offset if it is that of a day which goes by: the same all over the picture, and more than weather fakes.
    pub(super) fn of_the_day(self) -> f32 {
        if self.spread < EVEN && self.offset.abs() > FAKED { self.offset } else { 0.0 }
    }
}

impl Light {
    pub(super) fn new(size: Size) -> Self {
        let across = |pixels: u32| (pixels / 20).max(1);
        let blocks = Size::new(across(size.width), across(size.height));
        let medians = vec![0.0; (blocks.width * blocks.height) as usize];
        Self { blocks, medians, sample: Vec::new(), field: Mat::default(), smooth: Mat::default() }
    }

    /// The field, a value a pixel, of `log` against `background`; saturated pixels are not asked.
    pub(super) fn measure(
        &mut self,
        size: Size,
        log: &[f32],
        background: &[f32],
        gray: &[u8],
    ) -> Result<LightTerms> {
        let width = size.width as usize;
        let height = size.height as usize;
        let columns = self.blocks.width as usize;
        for (index, median) in self.medians.iter_mut().enumerate() {
            let (left, top) = (index % columns * BLOCK, index / columns * BLOCK);
            self.sample.clear();
            for y in (top..(top + BLOCK).min(height)).step_by(2) {
                let row = y * width + left..y * width + (left + BLOCK).min(width);
                let (log, usual, gray) = (&log[row.clone()], &background[row.clone()], &gray[row]);
                let pairs = log.chunks_exact(2).zip(usual.chunks_exact(2)).zip(gray.chunks_exact(2));
                let known = pairs.filter(|(_, value)| is_exposed(value[0]));
                self.sample.extend(known.map(|((now, usual), _)| now[0] - usual[0]));
            }
            *median = median_of(&mut self.sample).unwrap_or(0.0);
        }
        let medians = cv::view(self.blocks, &self.medians)?;
        imgproc::median_blur(&medians, &mut self.smooth, 5)?;
        let terms = self.terms()?;
        let mut blurred = Mat::default();
        imgproc::gaussian_blur(
            &self.smooth,
            &mut blurred,
            core::Size::new(3, 3),
            0.0,
            0.0,
            core::BORDER_DEFAULT,
        )?;
        let whole = core::Size::new(cv::signed(size.width), cv::signed(size.height));
        imgproc::resize(&blurred, &mut self.field, whole, 0.0, 0.0, imgproc::INTER_LINEAR)?;
        Ok(terms)
    }

    /// The field last measured.
    pub(super) fn field(&self) -> Result<&[f32]> {
        cv::plane(&self.field)
    }

    fn terms(&mut self) -> Result<LightTerms> {
        self.sample.clear();
        self.sample.extend_from_slice(&self.medians);
        let offset = median_of(&mut self.sample).unwrap_or(0.0);
        let (low, high) =
            self.medians.iter().fold((f32::MAX, f32::MIN), |(low, high), &v| (low.min(v), high.max(v)));
        Ok(LightTerms { offset, spread: (high - low).max(0.0) })
    }
}

/// The middle value; the order of `values` is lost.
pub(super) fn median_of(values: &mut [f32]) -> Option<f32> {
    let middle = values.len() / 2;
    (!values.is_empty()).then(|| *values.select_nth_unstable_by(middle, f32::total_cmp).1)
}
