//! Huffman codes: from bits to symbols and back.

/// Codes up to this long are found by one look into a table; they are nearly all that occur.
const QUICK: u32 = 9;

/// The codes of one plane.
#[derive(Debug, Clone, Copy)]
pub(super) struct Codes<'a> {
    /// Of first coefficients.
    pub(super) dc: &'a Table,
    /// Of the others.
    pub(super) ac: &'a Table,
}

/// One table of codes.
#[derive(Debug, Clone)]
pub(super) struct Table {
    /// By the next bits: length and symbol; length 0: it is a longer code.
    quick: Vec<(u8, u8)>,
    /// By length, from 1: the first code that is too large for it, left-aligned in 16 bits.
    beyond: [u32; 17],
    /// By length: what to add to a code to find its symbol's place.
    offset: [i32; 17],
    symbols: Vec<u8>,
    /// By symbol: its code and the length of it; length 0: it has none.
    codes: Vec<(u16, u8)>,
}

impl Table {
    /// From the counts and symbols of a DHT segment, and how many bytes they take.
    pub(super) fn read(body: &[u8]) -> Option<(Self, usize)> {
        let counts: &[u8; 16] = body.get(..16)?.try_into().ok()?;
        let total: usize = counts.iter().map(|&count| usize::from(count)).sum();
        let symbols = body.get(16..16 + total).filter(|symbols| symbols.len() <= 256)?.to_vec();
        let mut table = Self {
            quick: vec![(0, 0); 1 << QUICK],
            beyond: [0; 17],
            offset: [0; 17],
            symbols,
            codes: vec![(0, 0); 256],
        };
        let (mut code, mut place) = (0u32, 0usize);
        for (length, &count) in (1u32..).zip(counts) {
            table.offset[length as usize] = i32::try_from(place).ok()? - i32::try_from(code).ok()?;
            for _ in 0..count {
                table.add(code, length, place)?;
                code += 1;
                place += 1;
            }
            table.beyond[length as usize] = code << (16 - length);
            code <<= 1;
        }
        Some((table, 16 + total))
    }

    fn add(&mut self, code: u32, length: u32, place: usize) -> Option<()> {
        if code >= 1 << length {
            return None;
        }
        let symbol = self.symbols[place];
        let short = u8::try_from(length).ok()?;
        self.codes[usize::from(symbol)] = (u16::try_from(code).ok()?, short);
        if length <= QUICK {
            let first = (code << (QUICK - length)) as usize;
            self.quick[first..first + (1 << (QUICK - length))].fill((short, symbol));
        }
        Some(())
    }

    /// The symbol that the next 16 bits begin with, and the length of its code.
    #[inline]
    pub(super) fn symbol(&self, next: u32) -> Option<(u8, u32)> {
        let (length, symbol) = self.quick[(next >> (16 - QUICK)) as usize];
        if length > 0 {
            return Some((symbol, length.into()));
        }
        let length = (QUICK + 1..=16).find(|&length| next < self.beyond[length as usize])?;
        let place = i32::try_from(next >> (16 - length)).ok()? + self.offset[length as usize];
        Some((*self.symbols.get(usize::try_from(place).ok()?)?, length))
    }

    /// The code of a symbol and its length, if there is one.
    pub(super) fn code(&self, symbol: u8) -> Option<(u32, u32)> {
        let (code, length) = self.codes[usize::from(symbol)];
        (length > 0).then_some((code.into(), length.into()))
    }
}
