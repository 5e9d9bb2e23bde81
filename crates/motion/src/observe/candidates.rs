//! Foreground → candidates, and what is measured on each.

use frame::Size;
use opencv::core::{self, Mat};
use opencv::imgproc;

use super::background::{Background, Difference, f32_of};
use super::cv::{self, Result};
use super::flow::Sampler;
use super::matching::Pixel;
use crate::{Candidate, Extent, MotionField};

/// Smaller patches are noise.
const SMALLEST: i32 = 7;
/// How far a thing may have come since the picture before, in pixels, to count as seen there already.
const NEAR: i32 = 7;
/// Share of a patch that must have been there.
const SEEN: f32 = 0.3;
/// Share of a small patch that must have been there, and what small is.
const SEEN_SMALL: f32 = 0.6;
const SMALL: f32 = 40.0;
/// Variance of fine texture that comes of the usual deviation of a pixel alone, as a multiple of its square.
const DETAIL_OF_NOISE: f32 = 2.0;
/// Distance in pixels over which fine texture is measured.
const FINE: i32 = 2;

/// Finds patches that last for more than one picture.
#[derive(Debug)]
pub(super) struct Finder {
    size: Size,
    before: Vec<u8>,
    near: Mat,
    closed: Mat,
    labels: Mat,
    stats: Mat,
    centres: Mat,
    reach: Mat,
    gap: Mat,
}

/// How a pixel differs from its neighbours two pixels off. A change of light, even one with a slope, cancels out;
/// the grain of the ground does not.
fn detail(plane: &[f32], index: usize, width: usize) -> f32 {
    let step = FINE.unsigned_abs() as usize;
    let (up, down) = (index - step * width, index + step * width);
    plane[index] - 0.25 * (plane[up - step] + plane[up + step] + plane[down - step] + plane[down + step])
}

/// A patch: its box, and the number its pixels carry.
#[derive(Debug, Clone, Copy)]
pub(super) struct Patch {
    label: i32,
    left: i32,
    top: i32,
    width: i32,
    height: i32,
    area: i32,
    centre: (f32, f32),
}

impl Finder {
    pub(super) fn new(size: Size) -> Result<Self> {
        Ok(Self {
            size,
            before: vec![0; size.width as usize * size.height as usize],
            near: Mat::default(),
            closed: Mat::default(),
            labels: Mat::default(),
            stats: Mat::default(),
            centres: Mat::default(),
            reach: cv::square(NEAR)?,
            gap: cv::square(5)?,
        })
    }

    /// The patches of this foreground that the picture before had too, largest first.
    pub(super) fn find(&mut self, foreground: &[u8], any: bool) -> Result<Vec<Patch>> {
        if !any {
            self.before.fill(0);
            return Ok(Vec::new());
        }
        cv::dilate(&cv::view(self.size, &self.before)?, &mut self.near, &self.reach)?;
        cv::close(&cv::view(self.size, foreground)?, &mut self.closed, &self.gap)?;
        let (labels, stats, centres) = (&mut self.labels, &mut self.stats, &mut self.centres);
        let n =
            imgproc::connected_components_with_stats(&self.closed, labels, stats, centres, 8, core::CV_32S)?;
        let stats: &[i32] = cv::plane(&self.stats)?;
        let centres: &[f64] = cv::plane(&self.centres)?;
        let seen = self.seen(foreground, usize::try_from(n).unwrap_or(0))?;
        let mut patches = Vec::new();
        for label in 1..usize::try_from(n).unwrap_or(0) {
            let s = &stats[label * 5..label * 5 + 5];
            let (now, before) = seen[label];
            let share = if f32_of(now) < SMALL { SEEN_SMALL } else { SEEN };
            if s[4] < SMALLEST || f32_of(before) < share * f32_of(now) {
                continue;
            }
            #[expect(clippy::cast_possible_truncation, reason = "pixels")]
            let centre = (centres[label * 2] as f32, centres[label * 2 + 1] as f32);
            let label = i32::try_from(label).unwrap_or(0);
            patches.push(Patch {
                label,
                left: s[0],
                top: s[1],
                width: s[2],
                height: s[3],
                area: s[4],
                centre,
            });
        }
        patches.sort_by_key(|patch| (-patch.area, patch.label));
        patches.truncate(MotionField::MAX_CANDIDATES);
        self.before.copy_from_slice(foreground);
        Ok(patches)
    }

    /// Foreground pixels of each patch: all, and those seen nearby in the picture before.
    fn seen(&self, foreground: &[u8], patches: usize) -> Result<Vec<(u32, u32)>> {
        let labels: &[i32] = cv::plane(&self.labels)?;
        let near: &[u8] = cv::plane(&self.near)?;
        let mut seen = vec![(0, 0); patches];
        for ((&label, &near), &set) in labels.iter().zip(near).zip(foreground) {
            if set != 0 && label > 0 {
                let counts = &mut seen[usize::try_from(label).unwrap_or(0)];
                counts.0 += 1;
                counts.1 += u32::from(near != 0);
            }
        }
        Ok(seen)
    }

    /// Measures one patch; its pixels come along for the match with earlier pictures.
    pub(super) fn measure(
        &self,
        patch: Patch,
        difference: &Difference,
        background: &Background,
        flow: Option<(Sampler<'_>, f32)>,
        pixels: &mut Vec<Pixel>,
    ) -> Result<Candidate> {
        let labels: &[i32] = cv::plane(&self.labels)?;
        let mut sums = Sums::default();
        pixels.clear();
        let width = cv::signed(self.size.width);
        // A sparse sample tells as much about a large patch as all of it.
        let step = if patch.area > 4000 { 2 } else { 1 };
        for y in (patch.top..patch.top + patch.height).step_by(step) {
            for x in (patch.left..patch.left + patch.width).step_by(step) {
                let index = usize::try_from(y * width + x).unwrap_or(0);
                if labels[index] != patch.label {
                    continue;
                }
                pixels.push(Pixel { x, y, level: difference.levels[index] });
                if let Some(around) = self.around(x, y) {
                    let now = detail(&difference.even, index, around);
                    let usual = detail(background.mean(), index, around);
                    sums.add(now, usual);
                }
                sums.contrast += difference.excess[index].abs();
                sums.pixels += 1.0;
                if let Some((flow, _)) = flow {
                    sums.drift(flow.at(x.unsigned_abs(), y.unsigned_abs()));
                }
            }
        }
        let contrast = sums.contrast / sums.pixels.max(1.0);
        let mut candidate = Candidate {
            extent: patch.extent(),
            centre: patch.middle(),
            area: f32_of(patch.area.unsigned_abs()),
            contrast,
            rim: self.rim(patch, &difference.excess) / contrast.max(1e-3),
            ..Candidate::default()
        };
        sums.describe(&mut candidate, flow.map_or(1.0, |(_, lag)| lag), background.noise());
        Ok(candidate)
    }

    /// Offsets of a pixel's diagonal neighbours, if it has all four.
    fn around(&self, x: i32, y: i32) -> Option<usize> {
        let (width, height) = (cv::signed(self.size.width), cv::signed(self.size.height));
        let inside = x >= FINE && y >= FINE && x < width - FINE && y < height - FINE;
        inside.then_some(self.size.width as usize)
    }

    /// The steepness (log a pixel) that a tenth of the patch's surroundings exceed.
    fn rim(&self, patch: Patch, excess: &[f32]) -> f32 {
        let (width, height) = (cv::signed(self.size.width), cv::signed(self.size.height));
        let (left, top) = ((patch.left - 2).max(1), (patch.top - 2).max(1));
        let (right, bottom) =
            ((patch.left + patch.width + 2).min(width - 1), (patch.top + patch.height + 2).min(height - 1));
        let step = if (right - left) * (bottom - top) > 2000 { 2 } else { 1 };
        let mut steep = Vec::new();
        for y in (top..bottom).step_by(step) {
            for x in (left..right).step_by(step) {
                let i = usize::try_from(y * width + x).unwrap_or(0);
                let w = self.size.width as usize;
                steep.push((excess[i + 1] - excess[i - 1]).abs() + (excess[i + w] - excess[i - w]).abs());
            }
        }
        if steep.is_empty() {
            return 0.0;
        }
        let tenth = steep.len() * 9 / 10;
        *steep.select_nth_unstable_by(tenth, f32::total_cmp).1 / 2.0
    }
}

impl Patch {
    #[expect(clippy::cast_precision_loss, reason = "pixels")]
    pub(super) fn extent(self) -> Extent {
        Extent { x: self.left as f32, y: self.top as f32, w: self.width as f32, h: self.height as f32 }
    }

    /// Between the centre of mass, which legs and shadows pull about, and that of the box, which stragglers do.
    fn middle(self) -> (f32, f32) {
        let extent = self.extent();
        (
            0.5 * self.centre.0 + 0.5 * (extent.x + extent.w / 2.0),
            0.5 * self.centre.1 + 0.5 * (extent.y + extent.h / 2.0),
        )
    }
}

/// Sums over a patch.
#[derive(Debug, Default)]
struct Sums {
    pixels: f32,
    n: f32,
    contrast: f32,
    now: f32,
    usual: f32,
    now2: f32,
    usual2: f32,
    both: f32,
    flow: (f32, f32),
    speed: f32,
}

impl Sums {
    fn add(&mut self, now: f32, usual: f32) {
        self.n += 1.0;
        self.now += now;
        self.usual += usual;
        self.now2 += now * now;
        self.usual2 += usual * usual;
        self.both += now * usual;
    }

    fn drift(&mut self, (dx, dy): (f32, f32)) {
        self.flow = (self.flow.0 + dx, self.flow.1 + dy);
        self.speed += dx.hypot(dy);
    }

    fn describe(&self, candidate: &mut Candidate, lag: f32, noise: f32) {
        let n = self.n.max(1.0);
        let (now, usual) = (self.now / n, self.usual / n);
        let var_now = (self.now2 / n - now * now).max(0.0);
        let var_usual = (self.usual2 / n - usual * usual).max(0.0);
        candidate.texture = (self.both / n - now * usual) / (var_now * var_usual + 1e-12).sqrt();
        candidate.texture_known = var_usual / (DETAIL_OF_NOISE * noise * noise + 1e-6);
        candidate.texture_gain = var_now / (var_usual + 1e-6);
        let pixels = self.pixels.max(1.0);
        candidate.flow = (self.flow.0 / pixels / lag, self.flow.1 / pixels / lag);
        candidate.coherence = self.flow.0.hypot(self.flow.1) / (self.speed + 1e-3);
    }
}
