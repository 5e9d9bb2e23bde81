//! Symbols to pixels, a block at a time. `None` wherever the data is not sound.

use super::bits::Bits;
use super::tables::{ENDS, Firsts, LAST, Pairs, Skip, Symbol, WIDTH};
use super::weights::Weights;

/// Looks that a refill is enough for.
const LOOKS: u32 = Bits::REFILLED / WIDTH;
/// First coefficients, as multiples of the quantiser's step, that pixels of eight bits can have.
const RANGE: std::ops::RangeInclusive<i32> = -2048..=2047;

/// A luma block's pixels, before they are clamped; `before` is the first coefficient of the block before.
#[inline(always)]
pub(super) fn take<const PIXELS: usize>(
    bits: &mut Bits<'_>,
    (firsts, pairs): &(Firsts, Pairs),
    weights: &Weights<PIXELS>,
    before: &mut i32,
) -> Option<[f32; PIXELS]> {
    bits.refill()?;
    let (length, difference) = firsts.at(bits.word())?;
    bits.skip(length);
    *before += difference;
    if !RANGE.contains(before) {
        return None;
    }
    let mut pixels = weights[0].map(|weight| weight * *before as f32);
    let mut at = 0;
    'refill: loop {
        bits.refill()?;
        for _ in 0..LOOKS {
            let pair = pairs.at(bits.word());
            let next = at + usize::from(pair.steps);
            let ends = next >= ENDS;
            if reaches_last(next) {
                let symbol = closely(bits, |word| pairs.one(word), &mut at)?;
                add(&mut pixels, &weights[at & LAST], symbol.value);
                if symbol.ends || at == LAST {
                    return Some(pixels);
                }
                continue 'refill;
            }
            bits.skip(pair.bits.into());
            let (one, two) = (&weights[(at + usize::from(pair.first)) & LAST], &weights[next & LAST]);
            let values = pair.values.map(f32::from);
            for (i, pixel) in pixels.iter_mut().enumerate() {
                *pixel += values[0] * one[i] + values[1] * two[i];
            }
            if ends {
                return Some(pixels);
            }
            at = next;
        }
    }
}

#[inline(always)]
fn add<const PIXELS: usize>(pixels: &mut [f32; PIXELS], weights: &[f32; PIXELS], value: i16) {
    let value = f32::from(value);
    for (pixel, weight) in pixels.iter_mut().zip(weights) {
        *pixel += value * weight;
    }
}

/// Steps over a block.
#[inline(always)]
pub(super) fn skip(bits: &mut Bits<'_>, table: &Skip) -> Option<()> {
    bits.refill()?;
    let (length, steps) = table.begin(bits.word());
    let mut at = steps;
    if reaches_last(steps) {
        bits.skip(table.first(bits.word())?.bits);
        at = 0;
    } else {
        bits.skip(length);
        if steps >= ENDS {
            return Some(());
        }
    }
    'refill: loop {
        bits.refill()?;
        for _ in 0..LOOKS {
            let (length, steps) = table.within(bits.word());
            let next = at + steps;
            if reaches_last(next) {
                let symbol = closely(bits, |word| table.one(word), &mut at)?;
                if symbol.ends || at == LAST {
                    return Some(());
                }
                continue 'refill;
            }
            bits.skip(length);
            if next >= ENDS {
                return Some(());
            }
            at = next;
        }
    }
}

/// Whether an entry's steps lead to the last coefficient or beyond, behind which its other symbols would belong to
/// another block; or nothing is known of them.
#[inline(always)]
fn reaches_last(next: usize) -> bool {
    next >= LAST && next.wrapping_sub(ENDS) >= LAST
}

/// One symbol of any length.
#[inline]
fn closely(bits: &mut Bits<'_>, find: impl Fn(u64) -> Option<Symbol>, at: &mut usize) -> Option<Symbol> {
    bits.refill()?;
    let symbol = find(bits.word())?;
    bits.skip(symbol.bits);
    *at += symbol.steps;
    (*at <= LAST).then_some(symbol)
}
