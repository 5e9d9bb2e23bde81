//! The index of a clip, `sidx`: after how many bytes and ticks one can begin to play.

use super::TIMESCALE;
use super::boxes::{HEADER, put, put_full, put_u16, put_u32, put_u64};
use super::head::RESERVED;

/// Bytes of a `sidx` without entries.
const EMPTY: usize = HEADER + 4 + 28;
const ENTRY: usize = 12;
/// What is left of the reserved bytes must hold at least the header of a `free` box.
const MOST: usize = (RESERVED - HEADER - EMPTY) / ENTRY;
/// An entry tells its bytes in 31 bits.
const MOST_BYTES: u64 = (1 << 31) - 1;

#[derive(Debug, Clone, Copy)]
struct Entry {
    bytes: u64,
    ticks: u64,
    /// Runs from one key frame to the next that it holds.
    runs: u32,
    is_key: bool,
}

impl Entry {
    /// `None` if the sum does not fit into an entry.
    fn and(self, next: Self) -> Option<Self> {
        let (bytes, ticks) = (self.bytes + next.bytes, self.ticks + next.ticks);
        let fits = bytes <= MOST_BYTES && ticks <= u64::from(u32::MAX);
        fits.then_some(Self { bytes, ticks, runs: self.runs + next.runs, is_key: self.is_key })
    }
}

/// Collects entries, coarser the more there are: never more than fit.
#[derive(Debug)]
pub(super) struct Index {
    entries: Vec<Entry>,
    runs_each: u32,
}

impl Default for Index {
    fn default() -> Self {
        Self { entries: Vec::new(), runs_each: 1 }
    }
}

impl Index {
    /// The next fragment. One that does not begin with a key frame belongs to the entry before it.
    pub(super) fn add(&mut self, bytes: u64, ticks: u64, is_key: bool) {
        let next = Entry { bytes, ticks, runs: u32::from(is_key), is_key };
        if let Some(last) = self.entries.last_mut()
            && (!is_key || last.runs < self.runs_each)
            && let Some(both) = last.and(next)
        {
            *last = both;
            return;
        }
        self.entries.push(next);
        if self.entries.len() > MOST {
            self.runs_each = self.runs_each.saturating_mul(2);
            self.merge();
        }
    }

    fn merge(&mut self) {
        let mut merged: Vec<Entry> = Vec::with_capacity(MOST + 1);
        for entry in self.entries.drain(..) {
            match merged.last_mut() {
                Some(last) if last.runs < self.runs_each => match last.and(entry) {
                    Some(both) => *last = both,
                    None => merged.push(entry),
                },
                _ => merged.push(entry),
            }
        }
        self.entries = merged;
    }

    /// [`RESERVED`] bytes: the index, and a `free` box behind it. A clip of more than 600 GiB gets none.
    pub(super) fn reserved(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(RESERVED);
        if (1..=MOST).contains(&self.entries.len()) {
            self.put(&mut out);
        }
        let left = RESERVED - out.len();
        put(&mut out, *b"free", |out| out.resize(out.len() + left - HEADER, 0));
        out
    }

    fn put(&self, out: &mut Vec<u8>) {
        let len = EMPTY + self.entries.len() * ENTRY;
        put_full(out, *b"sidx", 1, 0, |out| {
            put_u32(out, 1);
            put_u32(out, TIMESCALE);
            put_u64(out, 0);
            put_u64(out, u64::try_from(RESERVED - len).unwrap_or(0));
            put_u16(out, 0);
            put_u16(out, u16::try_from(self.entries.len()).unwrap_or(0));
            for entry in &self.entries {
                put_u32(out, u32::try_from(entry.bytes).unwrap_or(0));
                put_u32(out, u32::try_from(entry.ticks).unwrap_or(u32::MAX));
                // Begins with a key frame that is shown first.
                put_u32(out, if entry.is_key { 1 << 31 | 1 << 28 } else { 0 });
            }
        });
    }
}
