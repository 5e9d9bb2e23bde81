//! Bits of a scan's data: read without the stuffing, written with it.

use super::Unfit;

/// Reads up to the next marker. A copy of it goes on from the same bit.
#[derive(Debug, Clone)]
pub(super) struct Reader<'a> {
    data: &'a [u8],
    at: usize,
    held: u64,
    count: u32,
    taken: u64,
}

impl<'a> Reader<'a> {
    pub(super) fn new(data: &'a [u8], at: usize) -> Self {
        Self { data, at, held: 0, count: 0, taken: 0 }
    }

    /// How many bits were gone by.
    pub(super) fn taken(&self) -> u64 {
        self.taken
    }

    /// Fills up to at least 48 bits, or to the marker.
    #[inline]
    fn fill(&mut self) {
        const ONES: u64 = 0x0101_0101_0101_0101;
        if let Some(Ok(word)) = self.data.get(self.at..self.at + 8).map(<[u8; 8]>::try_from) {
            let word = u64::from_be_bytes(word);
            // A zero byte in the inverted word is a 0xff; where there is none the bytes are taken at once.
            if (!word).wrapping_sub(ONES) & word & (ONES << 7) == 0 {
                let bytes = ((64 - self.count) / 8).min(7);
                self.held = self.held << (8 * bytes) | word >> (64 - 8 * bytes);
                self.at += bytes as usize;
                self.count += 8 * bytes;
                return;
            }
        }
        self.fill_by_bytes();
    }

    fn fill_by_bytes(&mut self) {
        while self.count <= 56 {
            let byte = match self.data.get(self.at..) {
                Some([0xff, 0, ..]) => {
                    self.at += 2;
                    0xff
                }
                Some(&[byte, ..]) if byte != 0xff => {
                    self.at += 1;
                    byte
                }
                _ => return,
            };
            self.held = self.held << 8 | u64::from(byte);
            self.count += 8;
        }
    }

    /// The next 32 bits, zeros behind the end.
    #[inline]
    pub(super) fn peek(&mut self) -> u32 {
        if self.count < 32 {
            self.fill();
        }
        let bits =
            if self.count >= 32 { self.held >> (self.count - 32) } else { self.held << (32 - self.count) };
        bits as u32
    }

    /// Goes on by `count` bits, at most 32 and no more than were looked at.
    #[inline]
    pub(super) fn skip(&mut self, count: u32) -> Result<(), Unfit> {
        self.count = self.count.checked_sub(count).ok_or(Unfit::Damaged)?;
        self.taken += u64::from(count);
        Ok(())
    }

    /// Drops what is left of the last byte, goes to the next marker and behind it; its second byte. Whole bytes that
    /// stand before it are let go, as decoders do.
    pub(super) fn marker(&mut self) -> Result<u8, Unfit> {
        (self.held, self.count) = (0, 0);
        loop {
            match self.data.get(self.at..) {
                Some(&[0xff, marker, ..]) if marker != 0 && marker != 0xff => {
                    self.at += 2;
                    return Ok(marker);
                }
                Some([_, ..]) => self.at += 1,
                _ => return Err(Unfit::Damaged),
            }
        }
    }
}

/// Writes.
#[derive(Debug)]
pub(super) struct Writer {
    out: Vec<u8>,
    held: u64,
    count: u32,
}

impl Writer {
    /// Goes on behind `out`.
    pub(super) fn new(out: Vec<u8>) -> Self {
        Self { out, held: 0, count: 0 }
    }

    /// Appends the lowest `count` bits, at most 32; those above must be zero.
    pub(super) fn put(&mut self, bits: u32, count: u32) {
        self.held = self.held << count | u64::from(bits);
        self.count += count;
        if self.count >= 32 {
            self.count -= 32;
            self.bytes((self.held >> self.count) as u32);
        }
    }

    fn bytes(&mut self, word: u32) {
        let bytes = word.to_be_bytes();
        if bytes.contains(&0xff) {
            for byte in bytes {
                self.byte(byte);
            }
        } else {
            self.out.extend_from_slice(&bytes);
        }
    }

    fn byte(&mut self, byte: u8) {
        self.out.push(byte);
        if byte == 0xff {
            self.out.push(0);
        }
    }

    /// Fills the last byte up with ones and writes a marker.
    pub(super) fn marker(&mut self, marker: u8) {
        let missing = (8 - self.count % 8) % 8;
        self.held = self.held << missing | ((1 << missing) - 1);
        self.count += missing;
        while self.count > 0 {
            self.count -= 8;
            self.byte((self.held >> self.count) as u8);
        }
        self.out.extend([0xff, marker]);
    }

    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.out
    }
}
