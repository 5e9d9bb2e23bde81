//! What the place usually looks like: mean and mean deviation a pixel, beside a model with several modes.
//!
//! A pixel is foreground when it differs by more than its usual deviation allows **and** none of its usual modes
//! explains it: leaves that sway between two values pass the second, a gentle change of exposure the first.

use frame::Size;

use super::light::{LightTerms, is_exposed, median_of};
use super::modes::Modes;

/// Smallest difference (log) that is one.
const FLOOR: f32 = 0.075;
/// Multiples of a pixel's usual deviation that are a difference.
const DEVIATIONS: f32 = 3.6;
/// Seconds over which the background follows the picture, off and under the foreground.
const FOLLOW: f32 = 3.3;
const FOLLOW_UNDER: f32 = 28.0;
/// Seconds over which the usual deviation follows.
const CALM: f32 = 2.2;
/// Seconds over which the background takes over a lasting change of light.
const TAKE_LIGHT: f32 = 4.4;
/// Seconds over which the model with several modes forgets.
const FORGET: f32 = 27.0;
/// Levels of a pixel to a unit of log.
const LEVELS: f32 = 75.0;
/// Least usual deviation: a thousandth of [`FLOOR`]. Of a picture that stands still to the last bit it would fall to
/// numbers so small that a processor takes a hundred times as long over them.
const CALMEST: f32 = 1e-4;
/// Pixels between the rows, and in the stretches, that are asked whether something differs.
const PATCH: usize = 16;
/// This much of the picture changed for this long is a new place, not a thing.
const NEW_PLACE: f32 = 0.6;
const NEW_PLACE_AFTER: f32 = 0.8;

/// The model, at the analysed size.
pub(super) struct Background {
    size: Size,
    mean: Vec<f32>,
    deviation: Vec<f32>,
    modes: Modes,
    seen: u32,
    covered: f32,
    settled: f32,
    noise: f32,
    sample: Vec<f32>,
}

impl std::fmt::Debug for Background {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Background")
            .field("size", &self.size)
            .field("seen", &self.seen)
            .finish_non_exhaustive()
    }
}

/// One picture against the model.
#[derive(Debug, Default)]
pub(super) struct Difference {
    /// The picture with the light taken out (log).
    pub(super) even: Vec<f32>,
    /// The same as 8-bit levels, 75 to a unit of log.
    pub(super) levels: Vec<u8>,
    /// Its difference to the mean (log).
    pub(super) excess: Vec<f32>,
    /// 1 where a pixel is foreground.
    pub(super) foreground: Vec<u8>,
    /// 1 where it differs from the mean, whatever its modes say.
    differs: Vec<u8>,
}

impl Background {
    /// Learned from one picture.
    pub(super) fn new(size: Size, log: &[f32]) -> Self {
        Self {
            size,
            mean: log.to_vec(),
            deviation: vec![0.03; log.len()],
            modes: Modes::new(log.len()),
            seen: 1,
            covered: 0.0,
            settled: 0.0,
            noise: 0.03,
            sample: Vec::new(),
        }
    }

    pub(super) fn mean(&self) -> &[f32] {
        &self.mean
    }

    /// The usual deviation of a pixel, median over the picture.
    pub(super) fn noise(&self) -> f32 {
        self.noise
    }

    /// Seconds since it was learned anew.
    pub(super) fn settled(&self) -> f32 {
        self.settled
    }

    /// Share of the picture's patches in which something differs, light taken out but for `offset`. A thing
    /// touches few of them, a shaken camera every one that has an edge.
    pub(super) fn spread(&self, log: &[f32], offset: f32) -> f32 {
        let width = self.size.width as usize;
        let row = |y: usize| y * width..(y + 1) * width;
        let (mut touched, mut all) = (0u32, 0u32);
        for y in (PATCH / 2..self.size.height as usize).step_by(PATCH) {
            let pixels = log[row(y)].iter().zip(&self.mean[row(y)]).zip(&self.deviation[row(y)]);
            let differs = pixels.map(|((now, mean), deviation)| {
                (now - mean - offset).abs() > FLOOR.max(DEVIATIONS * deviation)
            });
            let differs: Vec<bool> = differs.collect();
            touched += differs.chunks(PATCH).map(|patch| u32::from(patch.contains(&true))).sum::<u32>();
            all += stretches(width);
        }
        ratio(touched, all)
    }

    /// Compares; `slack` widens the limits where the picture was aligned.
    pub(super) fn compare(
        &mut self,
        log: &[f32],
        light: &[f32],
        gray: &[u8],
        slack: f32,
        seconds: f32,
        into: &mut Difference,
    ) {
        into.resize(log.len());
        let (floor, times) = (FLOOR * slack, DEVIATIONS * slack);
        // Three plain passes rather than one clever one: each is compiled to vector instructions.
        for (out, (log, light)) in into.even.iter_mut().zip(log.iter().zip(light)) {
            *out = log - light;
        }
        for (out, even) in into.levels.iter_mut().zip(&into.even) {
            *out = level(*even);
        }
        for (out, (even, mean)) in into.excess.iter_mut().zip(into.even.iter().zip(&self.mean)) {
            *out = even - mean;
        }
        let differs = into.differs.iter_mut().zip(gray).zip(into.excess.iter().zip(&self.deviation));
        for ((out, gray), (excess, deviation)) in differs {
            *out = u8::from(excess.abs() > floor.max(times * deviation)) & u8::from(is_exposed(*gray));
        }
        let rate = if self.covered > NEW_PLACE_AFTER { 0.3 } else { self.rate(seconds, FORGET) };
        into.foreground.copy_from_slice(&into.differs);
        self.modes.explain(&into.levels, rate, &mut into.foreground);
    }

    /// Learns from the picture last compared.
    pub(super) fn learn(
        &mut self,
        difference: &Difference,
        (light, terms): (&[f32], LightTerms),
        coverage: f32,
        seconds: f32,
    ) {
        self.covered = if coverage > NEW_PLACE { self.covered + seconds } else { 0.0 };
        self.settled += seconds;
        let anew = self.covered > NEW_PLACE_AFTER;
        if anew {
            self.settled = 0.0;
        }
        let follow = if anew { 0.3 } else { self.rate(seconds, FOLLOW) };
        let under = if anew { 0.3 } else { 1.0 - (-seconds / FOLLOW_UNDER).exp() };
        let calm = if self.seen < 30 { 0.08 } else { 1.0 - (-seconds / CALM).exp() };
        let take = 1.0 - (-seconds / TAKE_LIGHT).exp();
        self.modes.follow(LEVELS * take * terms.of_the_day());
        self.seen = self.seen.saturating_add(1);
        let model = self.mean.iter_mut().zip(&mut self.deviation);
        let picture = difference.excess.iter().zip(&difference.differs).zip(light);
        for ((mean, deviation), ((excess, differs), light)) in model.zip(picture) {
            let (follow, calm) = if *differs != 0 { (under, calm * 0.5) } else { (follow, calm) };
            *mean += follow * excess + take * light;
            let off = excess.abs().min(6.0 * *deviation + 0.02);
            *deviation = (*deviation + calm * (off - *deviation)).max(CALMEST);
        }
        self.measure_noise();
    }

    fn measure_noise(&mut self) {
        self.sample.clear();
        self.sample.extend(self.deviation.iter().step_by(37));
        self.noise = median_of(&mut self.sample).unwrap_or(self.noise);
    }

    /// Share by which to follow in `seconds`; quicker while there is little to go by.
    fn rate(&self, seconds: f32, span: f32) -> f32 {
        let steady = 1.0 - (-seconds / span).exp();
        if self.seen < 30 { steady.max(1.0 / (f32_of(self.seen) + 1.0)) } else { steady }
    }
}

/// Stretches in a row.
fn stretches(width: usize) -> u32 {
    u32::try_from(width.div_ceil(PATCH)).unwrap_or(u32::MAX)
}

/// The logarithm as an 8-bit level.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to 0..=255")]
fn level(log: f32) -> u8 {
    ((log - 2.3) * LEVELS).clamp(0.0, 255.0) as i32 as u8
}

impl Difference {
    fn resize(&mut self, len: usize) {
        self.even.resize(len, 0.0);
        self.excess.resize(len, 0.0);
        self.levels.resize(len, 0);
        self.foreground.resize(len, 0);
        self.differs.resize(len, 0);
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts of pixels and pictures are far below 2^24")]
pub(super) fn f32_of(n: u32) -> f32 {
    n as f32
}

pub(super) fn ratio(part: u32, whole: u32) -> f32 {
    if whole == 0 { 0.0 } else { f32_of(part) / f32_of(whole) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_that_stands_still_for_an_hour_leaves_no_number_too_small_to_reckon_with() {
        let size = Size::new(64, 32);
        let (log, light, gray) = (vec![4.0; 2048], vec![0.0; 2048], vec![100; 2048]);
        let mut background = Background::new(size, &log);
        let mut difference = Difference::default();
        for _ in 0..36_000 {
            background.compare(&log, &light, &gray, 1.0, 0.1, &mut difference);
            background.learn(&difference, (&light, LightTerms::default()), 0.0, 0.1);
        }
        assert!(background.deviation.iter().all(|deviation| deviation.is_normal()));
        assert!(background.noise() <= CALMEST);
    }
}
