//! Huffman tables, laid out so that one look tells as much as the next [`WIDTH`] bits say.

use super::header::{Component, Header, Table};

/// Bits of a look. Nearly all symbols with their magnitudes are shorter, and the tables stay in the fastest cache.
pub(super) const WIDTH: u32 = 12;
const ENTRIES: usize = 1 << WIDTH;
/// Longest code.
const LONGEST: usize = 16;
/// Largest magnitude category of eight-bit pictures, the first coefficient's difference included.
const LARGEST: u8 = 11;
/// Coefficients of a block behind its first.
pub(super) const LAST: usize = 63;

/// Added to the coefficients that an entry steps over: nothing fitted, look closer; or the block ends with it.
const CLOSER: usize = 128;
pub(super) const ENDS: usize = 256;

/// One symbol with its magnitude.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Symbol {
    /// Code and magnitude.
    pub(super) bits: u32,
    /// Coefficients stepped over, the one with the value included.
    pub(super) steps: usize,
    pub(super) value: i16,
    pub(super) ends: bool,
}

/// Codes and their values.
#[derive(Debug)]
struct Codes {
    /// Length and value of the code that begins with these bits, length 0 if it is longer.
    short: Vec<(u8, u8)>,
    /// Behind the last code of each length, from the highest of sixteen bits down; and where to find its value.
    limit: [u32; LONGEST + 1],
    base: [i32; LONGEST + 1],
    values: Vec<u8>,
}

impl Codes {
    /// `None` where libjpeg refuses the table.
    fn new(table: Table<'_>) -> Option<Self> {
        let (counts, values) = table.split_at_checked(LONGEST)?;
        let (mut limit, mut base) = ([0; LONGEST + 1], [0; LONGEST + 1]);
        let mut short = vec![(0, 0); ENTRIES];
        let (mut code, mut at) = (0u32, 0usize);
        for (length, count) in (1u8..).zip(counts) {
            let many = u32::from(*count);
            let place = LONGEST as u32 - u32::from(length);
            base[usize::from(length)] = i32::try_from(at).ok()? - i32::try_from(code).ok()?;
            for value in values.get(at..at + usize::from(*count))? {
                let first = (code << place) as usize >> (LONGEST as u32 - WIDTH);
                if u32::from(length) <= WIDTH {
                    short.get_mut(first..first + (1 << (WIDTH - u32::from(length))))?.fill((length, *value));
                }
                code += 1;
            }
            // No code may be all ones.
            if code >= 1 << length {
                return None;
            }
            limit[usize::from(length)] = if many == 0 { 0 } else { code << place };
            at += usize::from(*count);
            code <<= 1;
        }
        Some(Self { short, limit, base, values: values.to_vec() })
    }

    /// Length and value of the code at the top of `word`.
    fn find(&self, word: u64) -> Option<(u32, u8)> {
        let (length, value) = self.short[(word >> (64 - WIDTH)) as usize];
        if length > 0 {
            return Some((length.into(), value));
        }
        let top = (word >> 48) as u32;
        let length = (WIDTH as usize + 1..=LONGEST).find(|&length| top < self.limit[length])?;
        let code = i32::try_from(top >> (LONGEST - length)).ok()?;
        let index = usize::try_from(self.base[length] + code).ok()?;
        Some((u32::try_from(length).ok()?, *self.values.get(index)?))
    }

    /// The difference of a first coefficient.
    fn first(&self, word: u64) -> Option<Symbol> {
        let (length, size) = self.find(word)?;
        (size <= LARGEST).then(|| Symbol {
            bits: length + u32::from(size),
            steps: 0,
            value: magnitude(word << length, size),
            ends: false,
        })
    }

    /// Another coefficient, sixteen zeros, or the end of the block.
    fn other(&self, word: u64) -> Option<Symbol> {
        let (bits, run_and_size) = self.find(word)?;
        let (run, size) = (usize::from(run_and_size >> 4), run_and_size & 15);
        match run_and_size {
            0x00 => Some(Symbol { bits, steps: 0, value: 0, ends: true }),
            0xf0 => Some(Symbol { bits, steps: 16, value: 0, ends: false }),
            _ if (1..LARGEST).contains(&size) => Some(Symbol {
                bits: bits + u32::from(size),
                steps: run + 1,
                value: magnitude(word << bits, size),
                ends: false,
            }),
            _ => None,
        }
    }
}

/// The value that the top `size` bits stand for.
fn magnitude(word: u64, size: u8) -> i16 {
    if size == 0 {
        return 0;
    }
    let bits = (word >> (64 - u32::from(size))) as i32;
    let negative = word >> 63 == 0;
    (if negative { bits - (1 << size) + 1 } else { bits }) as i16
}

/// What fits into the next `room` bits of the word.
fn fitting(symbol: Option<Symbol>, room: u32) -> Option<Symbol> {
    symbol.filter(|symbol| symbol.bits <= room)
}

/// An entry for all that the next bits may be.
type Looks<T> = Box<[T; ENTRIES]>;

/// The bits of each entry stand at the top of the word that it is made of.
fn filled<T>(entry: impl Fn(u64) -> T) -> Option<Looks<T>> {
    let entries = (0..ENTRIES as u64).map(|index| entry(index << (64 - WIDTH)));
    entries.collect::<Vec<_>>().into_boxed_slice().try_into().ok()
}

/// For blocks whose coefficients count: up to two of them at a look, and the end behind them.
#[derive(Debug)]
pub(super) struct Pairs {
    entries: Looks<Pair>,
    codes: Codes,
}

/// What the next bits say; no bits if they say nothing whole.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Pair {
    pub(super) bits: u8,
    /// Coefficients to the first of the two values.
    pub(super) first: u8,
    /// Coefficients to the last, and [`CLOSER`] or [`ENDS`].
    pub(super) steps: u16,
    pub(super) values: [i16; 2],
}

impl Pairs {
    pub(super) fn new(table: Table<'_>) -> Option<Self> {
        let codes = Codes::new(table)?;
        Some(Self { entries: filled(|word| Pair::of(&codes, word))?, codes })
    }

    #[inline(always)]
    pub(super) fn at(&self, word: u64) -> Pair {
        self.entries[(word >> (64 - WIDTH)) as usize]
    }

    /// One coefficient, of any length.
    pub(super) fn one(&self, word: u64) -> Option<Symbol> {
        self.codes.other(word)
    }
}

impl Pair {
    fn of(codes: &Codes, word: u64) -> Self {
        let mut pair = Self::default();
        let (mut bits, mut steps, mut values) = (0, 0, 0);
        while let Some(symbol) = fitting(codes.other(word << bits), WIDTH - bits) {
            if !symbol.ends {
                let Some(value) = pair.values.get_mut(values) else { break };
                *value = symbol.value;
                values += 1;
            }
            bits += symbol.bits;
            steps += symbol.steps + if symbol.ends { ENDS } else { 0 };
            if values == 1 && !symbol.ends {
                pair.first = steps as u8;
            }
            if symbol.ends {
                break;
            }
        }
        pair.bits = bits as u8;
        pair.steps = (if bits == 0 { CLOSER } else { steps }) as u16;
        pair
    }
}

/// For blocks that are stepped over: as many symbols at a look as fit, the first coefficient among them.
#[derive(Debug)]
pub(super) struct Skip {
    /// At a block's beginning, and within it: bits in the lowest four bits, above them steps as in [`Pair::steps`].
    begin: Looks<u16>,
    within: Looks<u16>,
    dc: Codes,
    ac: Codes,
}

impl Skip {
    pub(super) fn new(dc: Table<'_>, ac: Table<'_>) -> Option<Self> {
        let (dc, ac) = (Codes::new(dc)?, Codes::new(ac)?);
        if dc.values.iter().any(|size| *size > LARGEST) {
            return None;
        }
        let entry = |bits: u32, steps: usize| (steps << 4) as u16 | bits as u16;
        let within = |word: u64, bits| {
            let (mut bits, mut steps) = (bits, 0);
            while let Some(symbol) = fitting(ac.other(word << bits), WIDTH - bits) {
                if steps + symbol.steps > LAST {
                    break;
                }
                bits += symbol.bits;
                steps += symbol.steps;
                if symbol.ends {
                    return entry(bits, steps + ENDS);
                }
            }
            entry(bits, if bits == 0 { CLOSER } else { steps })
        };
        let begin = |word| match fitting(dc.first(word), WIDTH) {
            Some(symbol) => within(word, symbol.bits),
            None => entry(0, CLOSER),
        };
        let (begin, within) = (filled(begin)?, filled(|word| within(word, 0))?);
        Some(Self { begin, within, dc, ac })
    }

    #[inline(always)]
    pub(super) fn begin(&self, word: u64) -> (u32, usize) {
        let entry = self.begin[(word >> (64 - WIDTH)) as usize];
        (u32::from(entry & 15), usize::from(entry >> 4))
    }

    #[inline(always)]
    pub(super) fn within(&self, word: u64) -> (u32, usize) {
        let entry = self.within[(word >> (64 - WIDTH)) as usize];
        (u32::from(entry & 15), usize::from(entry >> 4))
    }

    /// The first coefficient's difference, of any length.
    pub(super) fn first(&self, word: u64) -> Option<Symbol> {
        self.dc.first(word)
    }

    /// One other coefficient, of any length.
    pub(super) fn one(&self, word: u64) -> Option<Symbol> {
        self.ac.other(word)
    }
}

/// First coefficients whose value counts.
#[derive(Debug)]
pub(super) struct Firsts {
    /// Bits, 0 if nothing fits, and difference.
    entries: Looks<(u8, i16)>,
    codes: Codes,
}

impl Firsts {
    pub(super) fn new(table: Table<'_>) -> Option<Self> {
        let codes = Codes::new(table)?;
        if codes.values.iter().any(|size| *size > LARGEST) {
            return None;
        }
        let entries = filled(|word| match fitting(codes.first(word), WIDTH) {
            Some(symbol) => (symbol.bits as u8, symbol.value),
            None => (0, 0),
        })?;
        Some(Self { entries, codes })
    }

    /// Bits and difference.
    #[inline(always)]
    pub(super) fn at(&self, word: u64) -> Option<(u32, i32)> {
        let (bits, value) = self.entries[(word >> (64 - WIDTH)) as usize];
        if bits > 0 {
            return Some((bits.into(), value.into()));
        }
        self.codes.first(word).map(|symbol| (symbol.bits, symbol.value.into()))
    }
}

/// All that a picture needs.
#[derive(Debug)]
pub(super) struct Tables {
    /// What they were made of: two tables and the blocks of each component.
    made_of: Vec<(Vec<u8>, Vec<u8>, usize)>,
    pub(super) luma: (Firsts, Pairs),
    /// How to step over the colour blocks of a unit, and so many of them.
    pub(super) colour: Vec<(Skip, usize)>,
}

impl Tables {
    /// `None` where one of them makes no sense.
    pub(super) fn new(header: &Header<'_>) -> Option<Self> {
        let (luma, colours) = header.components.split_first()?;
        let mut colour: Vec<(Skip, usize)> = Vec::new();
        for (before, own) in header.components.iter().zip(colours) {
            match colour.last_mut() {
                // Both colours are usually coded alike.
                Some((_, blocks)) if (before.dc, before.ac) == (own.dc, own.ac) => *blocks += own.count(),
                _ => colour.push((Skip::new(own.dc, own.ac)?, own.count())),
            }
        }
        let made_of = header.components.iter().map(|c| (c.dc.to_vec(), c.ac.to_vec(), c.count())).collect();
        Some(Self { made_of, luma: (Firsts::new(luma.dc)?, Pairs::new(luma.ac)?), colour })
    }

    /// Whether these are what [`Self::new`] would make.
    pub(super) fn are_of(&self, header: &Header<'_>) -> bool {
        let same = |((dc, ac, blocks), own): (&(Vec<u8>, Vec<u8>, usize), &Component<'_>)| {
            (dc.as_slice(), ac.as_slice(), *blocks) == (own.dc, own.ac, own.count())
        };
        self.made_of.len() == header.components.len() && self.made_of.iter().zip(&header.components).all(same)
    }
}
