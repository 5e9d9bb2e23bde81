//! Which of the offered formats, sizes and rates to ask for. Pure: offers in, choice out.

use frame::Size;

use super::ask::{Interval, Intervals, Sizes};
use super::format::{Format, Layout};
use crate::Want;

/// One format and the sizes it comes in.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Offer {
    pub(super) format: &'static Format,
    pub(super) sizes: Sizes,
}

/// What to ask the driver for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Choice {
    pub(super) format: &'static Format,
    pub(super) size: Size,
    /// `None` if the driver does not tell its rates.
    pub(super) interval: Option<Interval>,
}

/// A rate this little below the wish counts as reached: 29.97 for 30.
const ALMOST: f32 = 0.97;
/// Choices whose misses differ by less are equal.
const EQUAL: f32 = 0.001;
/// What a picture without colour costs against one with: as much as half the pixels.
const COLORLESS: f32 = 1.0;

/// Chooses for a wish: what misses it least; among equals JPEG, then the fewest bytes, then the least work. `rates`
/// is asked once an offer, for the size that suits it best.
pub(super) fn choose(
    offers: &[Offer],
    want: Want,
    mut rates: impl FnMut(&Format, Size) -> Intervals,
) -> Option<Choice> {
    let mut best: Option<(f32, (bool, u32), Choice)> = None;
    for offer in offers {
        let size = nearest_size(&offer.sizes, want.size);
        let interval = nearest_interval(&rates(offer.format, size), want.frame_rate);
        let reached = interval.and_then(Interval::rate);
        let gray = if offer.format.is_gray() { COLORLESS } else { 0.0 };
        let miss = size_miss(size, want.size) + rate_miss(reached, want.frame_rate) + gray;
        let cost = (offer.format.layout != Layout::Jpeg, offer.format.bits());
        let choice = Choice { format: offer.format, size, interval };
        let wins = best.as_ref().is_none_or(|(least, cheapest, _)| {
            miss < least - EQUAL || (miss < least + EQUAL && cost < *cheapest)
        });
        if wins {
            best = Some((miss, cost, choice));
        }
    }
    best.map(|(.., choice)| choice)
}

/// How far a size is from the wish: 0 if it is the one, more for pixels that are missing than for those too many.
#[expect(clippy::cast_precision_loss, reason = "only compared")]
fn size_miss(size: Size, want: Size) -> f32 {
    let (has, wants) = (size.area().max(1) as f32, want.area().max(1) as f32);
    let covers = size.width >= want.width && size.height >= want.height;
    match () {
        () if size == want => 0.0,
        () if covers => 0.05 + (has / wants - 1.0) * 0.25,
        () => 0.1 + (wants / has - 1.0).max(0.0),
    }
}

fn rate_miss(rate: Option<f32>, want: f32) -> f32 {
    match rate {
        Some(rate) if rate < want * ALMOST => want / rate - 1.0,
        _ => 0.0,
    }
}

/// The size that suits the wish best; the wish itself where the driver tells none, so that it answers with its own.
fn nearest_size(sizes: &Sizes, want: Size) -> Size {
    match sizes {
        Sizes::Listed(listed) => listed
            .iter()
            .copied()
            .min_by(|a, b| size_miss(*a, want).total_cmp(&size_miss(*b, want)))
            .unwrap_or(want),
        Sizes::Range { least, most, step } => Size::new(
            nearest_step(want.width, least.width, most.width, step.width),
            nearest_step(want.height, least.height, most.height, step.height),
        ),
    }
}

/// The smallest step that is not below `want`, or the last one.
fn nearest_step(want: u32, least: u32, most: u32, step: u32) -> u32 {
    let (step, most) = (step.max(1), most.max(least));
    let last = least + (most - least) / step * step;
    let steps = want.saturating_sub(least).div_ceil(step);
    least.saturating_add(steps.saturating_mul(step)).min(last)
}

/// The slowest rate that reaches the wish, or the fastest of all.
fn nearest_interval(intervals: &Intervals, want: f32) -> Option<Interval> {
    match intervals {
        Intervals::Listed(listed) => {
            let rated = || listed.iter().filter_map(|it| Some((it.rate()?, *it)));
            let enough =
                rated().filter(|(rate, _)| *rate >= want * ALMOST).min_by(|a, b| a.0.total_cmp(&b.0));
            enough.or_else(|| rated().max_by(|a, b| a.0.total_cmp(&b.0))).map(|(_, interval)| interval)
        }
        Intervals::Range { shortest, longest } => {
            let (fastest, slowest) = (shortest.rate()?, longest.rate().unwrap_or(0.0));
            Some(match want {
                want if want >= fastest => *shortest,
                want if want <= slowest => *longest,
                want => Interval::of_rate(want),
            })
        }
    }
}

#[cfg(test)]
mod tests;
