//! Which pixels of a picture are the mover's: where it differs from the base by more than its surroundings do.

use frame::{I420, Rect};

/// A difference is noise up to so many times what the surroundings show, and up to so many levels in any case.
const NOISE: i32 = 3;
const LEAST: i32 = 10;
/// Of the box's shorter side: holes in the mover up to so wide are closed.
const CLOSED: usize = 9;
/// And its edge is soft over so much.
const FEATHER: usize = 28;

/// A mover whose box is covered by less than this, of 255, has not been made out: walkers and foxes fill 100 or more.
const HIDDEN: u64 = 50;

/// A share of 0 to 255 for each pixel of a window, and what to add to its pixels to have the light of the base.
pub(super) struct Mask {
    pub(super) share: Vec<u8>,
    pub(super) light: [i16; 3],
    width: usize,
    height: usize,
}

impl Mask {
    /// For what moves within `rect` of `window`.
    pub(super) fn new(base: &I420, picture: &I420, window: Rect, rect: Rect) -> Self {
        let (width, height) = (window.w as usize, window.h as usize);
        let inner = Rect::new(rect.x - window.x, rect.y - window.y, rect.w, rect.h);
        let planes = [0, 1, 2].map(|plane| Difference::of(base, picture, window, plane));
        let light = planes.each_ref().map(|plane| plane.median_outside(inner));
        let mut off: Vec<u8> = Vec::with_capacity(width * height);
        for y in 0..height {
            for x in 0..width {
                // Colour tells what is not a shadow, and counts double.
                let each = planes.iter().zip(&light).zip([1, 2, 2]);
                let sum: i32 =
                    each.map(|((plane, light), weight)| weight * plane.at(x, y, -light).abs()).sum();
                off.push(u8::try_from(sum.min(255)).unwrap_or(255));
            }
        }
        let side = (rect.w.min(rect.h) as usize).max(1);
        let feather = (side / FEATHER).clamp(1, 8);
        blur(&mut off, (width, height), feather.min(2));
        let noise = quantile_outside(&off, (width, height), inner);
        let low = (NOISE * noise).clamp(LEAST, 60);
        off.iter_mut().for_each(|value| *value = ramp(i32::from(*value), low, 2 * low));
        close(&mut off, (width, height), (side / CLOSED).clamp(1, 24));
        if mean_inside(&off, width, inner) < HIDDEN {
            // It can hardly be told from what is behind it, and so can what is around it: paste the whole box, softly.
            off.fill(255);
        } else {
            spread(&mut off, (width, height), feather, u8::max);
            blur(&mut off, (width, height), feather);
            blur(&mut off, (width, height), feather);
        }
        fade(&mut off, (width, height), inner);
        Self { share: off, light: light.map(|light| -light), width, height }
    }

    /// The shares for colour planes: of half the width and height, rounded up.
    pub(super) fn coarse(&self) -> Vec<u8> {
        crate::resample::boxes(&self.share, self.width, self.height, 2)
    }
}

/// What one plane of the picture is above the base, within a window.
struct Difference {
    values: Vec<i16>,
    width: usize,
    height: usize,
    /// Pixels of the picture that one value stands for, as a power of two.
    shift: usize,
}

impl Difference {
    fn of(base: &I420, picture: &I420, window: Rect, plane: usize) -> Self {
        let size = base.size();
        let shift = usize::from(plane > 0);
        let side = |side: u32| if plane > 0 { side.div_ceil(2) as usize } else { side as usize };
        let (stride, width, height) = (side(size.width), side(window.w), side(window.h));
        let (x, y) = (window.x as usize >> shift, window.y as usize >> shift);
        let luma_len = base.luma().len();
        let start = if plane > 0 { luma_len + (plane - 1) * (base.bytes().len() - luma_len) / 2 } else { 0 };
        let mut values = Vec::with_capacity(width * height);
        for row in y..y + height {
            let at = start + row * stride + x;
            let pair = picture.bytes()[at..at + width].iter().zip(&base.bytes()[at..at + width]);
            values.extend(pair.map(|(picture, base)| i16::from(*picture) - i16::from(*base)));
        }
        Self { values, width, height, shift }
    }

    fn at(&self, x: usize, y: usize, light: i16) -> i32 {
        i32::from(self.values[(y >> self.shift) * self.width + (x >> self.shift)] + light)
    }

    /// The median outside the box: by how much the light has changed. Nothing, if the window is all box.
    fn median_outside(&self, inner: Rect) -> i16 {
        let mut outside: Vec<i16> = Vec::new();
        for (i, value) in self.values.iter().enumerate() {
            let (x, y) = ((i % self.width) << self.shift, (i / self.width) << self.shift);
            if !holds(inner, x, y) {
                outside.push(*value);
            }
        }
        debug_assert_eq!(self.values.len(), self.width * self.height);
        if outside.is_empty() {
            return 0;
        }
        let middle = outside.len() / 2;
        *outside.select_nth_unstable(middle).1
    }
}

fn holds(rect: Rect, x: usize, y: usize) -> bool {
    let within = |at: usize, begin: u32, len: u32| (begin as usize..(begin + len) as usize).contains(&at);
    within(x, rect.x, rect.w) && within(y, rect.y, rect.h)
}

fn mean_inside(values: &[u8], width: usize, inner: Rect) -> u64 {
    let (x, w) = (inner.x as usize, inner.w as usize);
    let rows = values.chunks_exact(width).skip(inner.y as usize).take(inner.h as usize);
    let sum: u64 = rows.flat_map(|row| &row[x..x + w]).map(|value| u64::from(*value)).sum();
    sum / inner.area().max(1)
}

/// What three in four pixels outside the box stay below.
fn quantile_outside(values: &[u8], (width, _): (usize, usize), inner: Rect) -> i32 {
    let mut counts = [0usize; 256];
    for (i, value) in values.iter().enumerate() {
        if !holds(inner, i % width, i / width) {
            counts[usize::from(*value)] += 1;
        }
    }
    let total: usize = counts.iter().sum();
    let mut seen = 0;
    let below = counts.iter().position(|count| {
        seen += count;
        4 * seen >= 3 * total
    });
    i32::try_from(below.unwrap_or(0)).unwrap_or(0)
}

/// 0 up to `low`, 255 from `high` on, a straight line between.
fn ramp(value: i32, low: i32, high: i32) -> u8 {
    let part = (value - low) * 255 / (high - low).max(1);
    u8::try_from(part.clamp(0, 255)).unwrap_or(0)
}

/// Closes holes and gaps up to twice `radius` wide, and leaves edges where they are.
fn close(values: &mut [u8], size: (usize, usize), radius: usize) {
    spread(values, size, radius, u8::max);
    spread(values, size, radius, u8::min);
}

/// Each value becomes the `best` of those within `radius`, along rows and then along columns.
fn spread(values: &mut [u8], size: (usize, usize), radius: usize, best: fn(u8, u8) -> u8) {
    let run = |line: &[u8], out: &mut [u8]| {
        for (i, out) in out.iter_mut().enumerate() {
            let around = &line[i.saturating_sub(radius)..(i + radius + 1).min(line.len())];
            *out = around.iter().copied().reduce(best).unwrap_or(0);
        }
    };
    along_both(values, size, run);
}

/// Means of what lies within `radius`, along rows and then along columns.
fn blur(values: &mut [u8], size: (usize, usize), radius: usize) {
    let run = |line: &[u8], out: &mut [u8]| {
        let sum_of = |range: &[u8]| range.iter().map(|value| u32::from(*value)).sum::<u32>();
        let mut sum = sum_of(&line[..radius.min(line.len())]);
        for (i, out) in out.iter_mut().enumerate() {
            sum += line.get(i + radius).map_or(0, |value| u32::from(*value));
            if i > radius {
                sum -= u32::from(line[i - radius - 1]);
            }
            let count = (i + radius + 1).min(line.len()) - i.saturating_sub(radius);
            let count = u32::try_from(count).unwrap_or(1);
            *out = u8::try_from((sum + count / 2) / count).unwrap_or(255);
        }
    };
    along_both(values, size, run);
}

fn along_both(values: &mut [u8], (width, height): (usize, usize), run: impl Fn(&[u8], &mut [u8])) {
    let mut line = vec![0; width.max(height)];
    let mut out = vec![0; height];
    for row in values.chunks_exact_mut(width) {
        line[..width].copy_from_slice(row);
        run(&line[..width], row);
    }
    for x in 0..width {
        for (y, value) in line[..height].iter_mut().enumerate() {
            *value = values[y * width + x];
        }
        run(&line[..height], &mut out);
        for (y, value) in out.iter().enumerate() {
            values[y * width + x] = *value;
        }
    }
}

/// Lets the shares run out from the box to the edge of its window: nothing of the window's shape is seen.
fn fade(values: &mut [u8], (width, height): (usize, usize), inner: Rect) {
    let share = |at: usize, begin: u32, len: u32, side: usize| -> usize {
        let (begin, end) = (begin as usize, (begin + len) as usize);
        if at < begin {
            (at * 512 / begin.max(1)).min(256)
        } else if at >= end {
            ((side - 1 - at) * 512 / (side - end).max(1)).min(256)
        } else {
            256
        }
    };
    for y in 0..height {
        let down = share(y, inner.y, inner.h, height);
        for x in 0..width {
            let both = down * share(x, inner.x, inner.w, width);
            let value = &mut values[y * width + x];
            *value = u8::try_from((usize::from(*value) * both) >> 16).unwrap_or(255);
        }
    }
}
