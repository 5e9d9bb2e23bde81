//! Entropy data, one restart interval at a time: stuffed zeros out first, then bits, many at a look.

use memchr::memchr;

/// Zeros behind the data, so that a look may reach past its end; whoever takes them is found out by [`Bits::left`].
const PADDING: usize = 64;

/// Takes the entropy data up to the next marker out of `rest` into `clean`, without what was stuffed, and [`PADDING`]
/// behind it. The marker's second byte.
pub(super) fn segment(rest: &mut &[u8], clean: &mut Vec<u8>) -> Option<u8> {
    clean.clear();
    loop {
        let data = *rest;
        let at = memchr(0xff, data)?;
        clean.extend_from_slice(&data[..at]);
        let fill = data[at..].iter().take_while(|byte| **byte == 0xff).count();
        let (marker, behind) = data[at + fill..].split_first()?;
        *rest = behind;
        match (marker, fill) {
            (0, 1) => clean.push(0xff),
            (0, _) => return None,
            _ => {
                clean.resize(clean.len() + PADDING, 0);
                return Some(*marker);
            }
        }
    }
}

/// Reads bits, the highest of a byte first.
#[derive(Debug)]
pub(super) struct Bits<'a> {
    data: &'a [u8],
    at: usize,
    /// The next bits at the top; below the lowest of them may stand the same ones that the next refill brings.
    word: u64,
    /// How many of them count.
    have: u32,
}

impl<'a> Bits<'a> {
    /// Least bits that there are after a refill.
    pub(super) const REFILLED: u32 = 56;

    /// Over data from [`segment`].
    pub(super) fn new(data: &'a [u8]) -> Self {
        Self { data, at: 0, word: 0, have: 0 }
    }

    /// Brings the bits at hand to [`Self::REFILLED`] or more; `None` well past the end of the data.
    #[inline(always)]
    pub(super) fn refill(&mut self) -> Option<()> {
        let next = self.data.get(self.at..self.at + 8)?;
        self.word |= u64::from_be_bytes(next.try_into().ok()?) >> self.have;
        self.at += (63 - self.have as usize) >> 3;
        self.have |= Self::REFILLED;
        Some(())
    }

    /// The next bits, from the highest bit down.
    #[inline(always)]
    pub(super) fn word(&self) -> u64 {
        self.word
    }

    /// Steps over bits that a refill brought.
    #[inline(always)]
    pub(super) fn skip(&mut self, bits: u32) {
        self.word <<= bits;
        self.have -= bits;
    }

    /// Bits of the data that were not stepped over; negative once that is more than there were.
    pub(super) fn left(&self) -> i64 {
        let bits = |bytes: usize| 8 * i64::try_from(bytes).unwrap_or(i64::MAX / 8);
        bits(self.data.len() - PADDING) - bits(self.at) + i64::from(self.have)
    }
}
