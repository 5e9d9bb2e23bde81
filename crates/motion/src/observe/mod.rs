//! Pixels → [`MotionField`]. The only place that knows OpenCV.
//!
//! Light first ([`light`]), then displacement of the whole picture ([`shift`]), then the background ([`background`]);
//! what differs becomes candidates ([`candidates`]), each looked for in earlier pictures ([`matching`]).

mod background;
mod candidates;
mod cv;
mod flow;
mod grid;
mod light;
mod matching;
mod modes;
mod shift;

use std::time::Duration;

use frame::{Luma, Size};
use opencv::core::{self, Mat};
use opencv::imgproc;

use self::background::{Background, Difference, ratio};
use self::candidates::Finder;
use self::flow::DenseFlow;
use self::grid::Activity;
use self::light::{Light, LogTable};
use self::matching::{History, Pixel};
use self::shift::Shift;
use crate::{ANALYSIS_WIDTH, GlobalTerms, MotionField};

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

/// Longest time (seconds) that one step of learning may stand for.
const LONGEST_STEP: f32 = 0.5;
/// Share of the picture's patches with a change from which it is worth asking whether the whole picture moved.
const WORTH_ALIGNING: f32 = 0.25;
/// Limits are this much wider where the picture was aligned: interpolation is not exact.
const ALIGNED_SLACK: f32 = 1.35;
/// Candidates that are looked for in earlier pictures; in rain there are more, none of them worth it.
const MATCHED: usize = 24;

/// Measures pictures of one camera, in order.
#[derive(Debug)]
pub struct Observer {
    size: Size,
    table: LogTable,
    light: Light,
    shift: Shift,
    background: Option<Background>,
    difference: Difference,
    finder: Finder,
    activity: Activity,
    flow: DenseFlow,
    history: History,
    gray: Vec<u8>,
    small: Mat,
    log: Vec<f32>,
    smooth: Vec<f32>,
    pixels: Vec<Pixel>,
    last: Option<Duration>,
}

impl Observer {
    /// For pictures of `source` pixels, which may be handed in reduced.
    ///
    /// # Errors
    /// [`MotionError::OpenCv`] when OpenCV has no memory left.
    pub fn new(source: Size) -> Result<Self, MotionError> {
        // One picture is too small to share out: threads cost more than they bring, and the caller's core is the budget.
        core::set_num_threads(1)?;
        let whole = source.scaled_to_width(ANALYSIS_WIDTH);
        let size = Size::new(whole.width, whole.height.clamp(32, 4 * ANALYSIS_WIDTH));
        let pixels = size.width as usize * size.height as usize;
        Ok(Self {
            size,
            table: LogTable::new(),
            light: Light::new(size),
            shift: Shift::new(size)?,
            background: None,
            difference: Difference::default(),
            finder: Finder::new(size)?,
            activity: Activity::new(size),
            flow: DenseFlow::new(size)?,
            history: History::new(size),
            gray: vec![0; pixels],
            small: Mat::default(),
            log: vec![0.0; pixels],
            smooth: vec![0.0; pixels],
            pixels: Vec::new(),
            last: None,
        })
    }

    /// Measures the next picture. Times may jitter, repeat or go back: what goes back counts as no time passed.
    ///
    /// # Errors
    /// [`MotionError::Shape`] for a picture that is not what it says, [`MotionError::OpenCv`] as above.
    pub fn observe(&mut self, luma: &Luma, media: Duration) -> Result<MotionField, MotionError> {
        if luma.pixels.len() as u64 != luma.size.area() || luma.pixels.is_empty() {
            return Err(MotionError::Shape { size: luma.size, len: luma.pixels.len() });
        }
        let elapsed = media.saturating_sub(self.last.unwrap_or(media)).as_secs_f32();
        self.last = Some(media);
        self.prepare(luma)?;
        let Some(mut background) = self.background.take() else {
            self.background = Some(Background::new(self.size, &self.smooth));
            return Ok(MotionField::empty(media, self.size));
        };
        let field = self.against(&mut background, media, elapsed.min(LONGEST_STEP));
        self.background = Some(background);
        Ok(field?)
    }

    /// Reduced, in log, smoothed against the sensor's noise.
    fn prepare(&mut self, luma: &Luma) -> cv::Result<()> {
        if luma.size == self.size {
            self.gray.copy_from_slice(&luma.pixels);
        } else {
            cv::shrink(&cv::view(luma.size, &luma.pixels)?, &mut self.small, self.size)?;
            self.gray.copy_from_slice(cv::plane(&self.small)?);
        }
        self.table.apply(&self.gray, &mut self.log);
        let log = cv::view(self.size, &self.log)?;
        let (width, height) = (cv::signed(self.size.width), cv::signed(self.size.height));
        let mut smooth = Mat::new_rows_cols_with_data_mut(height, width, &mut self.smooth)?;
        imgproc::gaussian_blur(&log, &mut smooth, core::Size::new(3, 3), 1.0, 1.0, core::BORDER_DEFAULT)
    }

    fn against(
        &mut self,
        background: &mut Background,
        at: Duration,
        seconds: f32,
    ) -> cv::Result<MotionField> {
        let mut terms = self.light.measure(self.size, &self.smooth, background.mean(), &self.gray)?;
        let mut aligned = false;
        let worth =
            self.shift.last() != (0.0, 0.0) || background.spread(&self.smooth, terms.offset) > WORTH_ALIGNING;
        if worth {
            aligned = self.shift.align(&mut self.smooth, background.mean())?;
        } else {
            self.shift.still();
        }
        if aligned {
            terms = self.light.measure(self.size, &self.smooth, background.mean(), &self.gray)?;
        }
        let slack = if aligned { ALIGNED_SLACK } else { 1.0 };
        let light = self.light.field()?;
        background.compare(&self.smooth, light, &self.gray, slack, seconds, &mut self.difference);
        if aligned {
            clear_edges(&mut self.difference.foreground, self.size, self.shift.last());
        }
        let changed = set_pixels(&self.difference.foreground);
        let coverage = ratio(changed, u32::try_from(self.size.area()).unwrap_or(u32::MAX));
        let mut field = MotionField::empty(at, self.size);
        self.fill(&mut field, background, changed > 0, seconds)?;
        background.learn(&self.difference, (self.light.field()?, terms), coverage, seconds);
        self.history.push(at, &self.difference.levels);
        field.global = GlobalTerms {
            offset: terms.offset,
            spread: terms.spread,
            shift: self.shift.last(),
            noise: background.noise(),
            coverage,
            settled: background.settled(),
        };
        Ok(field)
    }

    /// Grid and candidates.
    fn fill(
        &mut self,
        field: &mut MotionField,
        background: &Background,
        any: bool,
        seconds: f32,
    ) -> cv::Result<()> {
        let patches = self.finder.find(&self.difference.foreground, any)?;
        let mut lag = None;
        if let (true, Some((before, levels))) = (!patches.is_empty(), self.history.newest()) {
            let age = field.at.saturating_sub(before).as_secs_f32();
            if age > 0.001 && age < 1.0 {
                self.flow.measure(levels, &self.difference.levels)?;
                lag = Some(age);
            }
        }
        let flow = match lag {
            Some(lag) => Some((self.flow.sampler()?, lag)),
            None => None,
        };
        field.grid = self.activity.measure(self.size, &self.difference.foreground, flow, seconds);
        for (rank, patch) in patches.into_iter().enumerate() {
            let mut candidate =
                self.finder.measure(patch, &self.difference, background, flow, &mut self.pixels)?;
            if rank < MATCHED {
                let extent = candidate.extent.w.max(candidate.extent.h);
                candidate.matches = self.history.matches(field.at, &self.pixels, extent);
            }
            field.candidates.push(candidate);
        }
        Ok(())
    }
}

/// How many are 1; row by row in bytes, which vector instructions add by sixteen.
fn set_pixels(foreground: &[u8]) -> u32 {
    foreground.chunks(255).map(|few| u32::from(few.iter().sum::<u8>())).sum()
}

/// What alignment dragged in from outside is not foreground.
fn clear_edges(foreground: &mut [u8], size: Size, shift: (f32, f32)) {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "at most 24 pixels")]
    let edge = 2 + shift.0.abs().max(shift.1.abs()) as usize;
    let (width, height) = (size.width as usize, size.height as usize);
    for (y, row) in foreground.chunks_exact_mut(width).enumerate() {
        if y < edge || y + edge >= height {
            row.fill(0);
        } else {
            row[..edge].fill(0);
            row[width - edge..].fill(0);
        }
    }
}
