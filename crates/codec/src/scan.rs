//! Looks through a JPEG's markers without decoding: is it whole, how large is it, where does it end.

use bytes::Bytes;
use frame::{JpegPicture, Sampling, Size};

use crate::huffman;

#[cfg(test)]
mod tests;

/// A JPEG larger than this is refused: 8 MiB is a 4K picture at the best quality.
pub const MAX_BYTES: usize = 8 << 20;
/// A picture with a longer side is refused, before anybody allocates for it.
pub const MAX_SIDE: u32 = 8192;
/// A progressive JPEG with more scans is refused: each one makes the decoder walk all coefficients again.
/// Encoders write about ten.
pub const MAX_SCANS: u32 = 64;
/// Bytes of padding (zeros, line ends) that may stand before SOI.
const MAX_LEAD: usize = 64;

/// Why bytes are not a picture that can be passed on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ScanError {
    /// It does not begin as a JPEG does.
    #[error("not a JPEG")]
    NotJpeg,
    /// It ends before EOI, or the next picture begins within it. Cameras send such frames now and then: drop, count.
    #[error("the JPEG is cut off")]
    Truncated,
    /// Over [`MAX_BYTES`].
    #[error("the JPEG has {0} bytes; 8 MiB is the limit")]
    TooLarge(usize),
    /// A side is over [`MAX_SIDE`].
    #[error("the JPEG has {0} pixels; 8192 a side is the limit")]
    TooManyPixels(Size),
    /// Over [`MAX_SCANS`].
    #[error("the JPEG has more than 64 scans")]
    TooManyScans,
    /// Colour planes other than 4:2:0, 4:2:2, 4:4:0, 4:4:4 and gray.
    #[error("the JPEG's colour planes are not 4:2:0, 4:2:2, 4:4:0, 4:4:4 or gray")]
    Sampling,
    /// A kind of JPEG that browsers do not show.
    #[error("the JPEG is {0}, which browsers do not show")]
    Unsupported(&'static str),
    /// The markers do not make sense.
    #[error("the JPEG is damaged: {0}")]
    Malformed(&'static str),
}

impl ScanError {
    /// Whether it is a picture that was cut off on its way, as against one that is not wanted.
    #[must_use]
    pub fn is_truncated(self) -> bool {
        matches!(self, Self::Truncated)
    }
}

/// Finds the JPEG in `bytes`: SOI to EOI without a copy, what stands behind EOI cut off, its size and sampling
/// read, missing Huffman tables spliced in (the only case that copies). Work is linear in the length.
///
/// # Errors
/// [`ScanError`]; nothing is allocated before the limits are checked.
pub fn scan(bytes: Bytes) -> Result<JpegPicture, ScanError> {
    if bytes.len() > MAX_BYTES {
        return Err(ScanError::TooLarge(bytes.len()));
    }
    let start = find_start(&bytes)?;
    let bytes = bytes.slice(start..);
    let mut walk = Walk { data: &bytes, at: 2, ..Walk::default() };
    let end = walk.walk_to_end()?;
    let (size, sampling) = walk.header.ok_or(ScanError::Malformed("it has no frame header"))?;
    let bytes = match walk.splice_at {
        None => bytes.slice(..end),
        Some(at) => with_tables(&bytes[..end], at)?,
    };
    Ok(JpegPicture { bytes, size, sampling })
}

/// How far a picture goes, for streams that part their pictures by nothing else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extent {
    /// It ends before this position.
    Whole(usize),
    /// It is cut off: another picture begins at this position.
    Interrupted(usize),
    /// More bytes are needed.
    Unfinished,
    /// Its markers make no sense.
    Broken,
}

/// Where the picture that begins at the start of `bytes` ends. Linear in the length; limits are left to [`scan`].
#[must_use]
pub fn extent(bytes: &[u8]) -> Extent {
    let Ok(start) = find_start(bytes) else { return Extent::Broken };
    let mut walk = Walk { data: bytes, at: start + 2, ..Walk::default() };
    match (walk.walk_to_end(), walk.interrupted) {
        (Ok(end), _) => Extent::Whole(end),
        (Err(ScanError::Truncated), Some(at)) => Extent::Interrupted(at),
        (Err(ScanError::Truncated), None) => Extent::Unfinished,
        (Err(_), _) => Extent::Broken,
    }
}

/// Where SOI stands: at the start, or behind a little padding.
fn find_start(bytes: &[u8]) -> Result<usize, ScanError> {
    let padding = |b: &u8| matches!(b, 0 | b'\r' | b'\n' | b' ');
    let lead = bytes.iter().take(MAX_LEAD).take_while(|b| padding(b)).count();
    match bytes[lead..] {
        [0xff, 0xd8, ..] => Ok(lead),
        [] | [0xff] => Err(ScanError::Truncated),
        _ => Err(ScanError::NotJpeg),
    }
}

/// The same JPEG with the standard tables before its first scan.
fn with_tables(jpeg: &[u8], at: usize) -> Result<Bytes, ScanError> {
    let tables = huffman::standard_segment();
    let len = jpeg.len() + tables.len();
    if len > MAX_BYTES {
        return Err(ScanError::TooLarge(len));
    }
    let mut whole = Vec::with_capacity(len);
    whole.extend_from_slice(&jpeg[..at]);
    whole.extend_from_slice(&tables);
    whole.extend_from_slice(&jpeg[at..]);
    Ok(whole.into())
}

#[derive(Default)]
struct Walk<'a> {
    data: &'a [u8],
    at: usize,
    header: Option<(Size, Sampling)>,
    has_tables: bool,
    /// Where the first scan begins, if no tables stand before it.
    splice_at: Option<usize>,
    scans: u32,
    /// Where another picture begins within this one.
    interrupted: Option<usize>,
}

impl<'a> Walk<'a> {
    /// Walks segment by segment; the position behind EOI.
    fn walk_to_end(&mut self) -> Result<usize, ScanError> {
        loop {
            let begin = self.at;
            match self.marker()? {
                0xd9 if self.scans > 0 => return Ok(self.at),
                0xd9 => return Err(ScanError::Malformed("it has no picture data")),
                0xd8 => {
                    self.interrupted = Some(self.at - 2);
                    return Err(ScanError::Truncated);
                }
                0x01 | 0xd0..=0xd7 => {}
                kind @ 0xc0..=0xc2 => self.frame_header(kind)?,
                0xc3 | 0xc7 | 0xcb | 0xcf => return Err(ScanError::Unsupported("lossless")),
                0xc5 | 0xc6 | 0xcd | 0xce => return Err(ScanError::Unsupported("hierarchical")),
                0xc9 | 0xca | 0xcc => return Err(ScanError::Unsupported("arithmetic-coded")),
                0xc4 => {
                    self.segment()?;
                    self.has_tables = true;
                }
                0xda => self.scan(begin)?,
                0x00 | 0x02..=0xbf => {
                    return Err(ScanError::Malformed("it has a marker that does not exist"));
                }
                _ => {
                    self.segment()?;
                }
            }
        }
    }

    fn byte(&mut self) -> Result<u8, ScanError> {
        let byte = *self.data.get(self.at).ok_or(ScanError::Truncated)?;
        self.at += 1;
        Ok(byte)
    }

    /// The next marker's second byte; any number of fill bytes may stand before it.
    fn marker(&mut self) -> Result<u8, ScanError> {
        if self.byte()? != 0xff {
            return Err(ScanError::Malformed("a segment's length is wrong"));
        }
        loop {
            let byte = self.byte()?;
            if byte != 0xff {
                return Ok(byte);
            }
        }
    }

    /// The body of a segment that carries its length.
    fn segment(&mut self) -> Result<&'a [u8], ScanError> {
        let len = usize::from(self.byte()?) << 8 | usize::from(self.byte()?);
        let len = len.checked_sub(2).ok_or(ScanError::Malformed("a segment's length is wrong"))?;
        let body = self.data.get(self.at..self.at + len).ok_or(ScanError::Truncated)?;
        self.at += len;
        Ok(body)
    }

    fn frame_header(&mut self, kind: u8) -> Result<(), ScanError> {
        let body = self.segment()?;
        if self.header.is_some() {
            return Err(ScanError::Malformed("it has two frame headers"));
        }
        let &[precision, h1, h0, w1, w0, count, ref components @ ..] = body else {
            return Err(ScanError::Malformed("its frame header is too short"));
        };
        let size = Size::new(u16::from_be_bytes([w1, w0]).into(), u16::from_be_bytes([h1, h0]).into());
        if size.width > MAX_SIDE || size.height > MAX_SIDE {
            return Err(ScanError::TooManyPixels(size));
        }
        if size.width == 0 || size.height == 0 {
            return Err(ScanError::Malformed("it has no width or no height"));
        }
        if precision != 8 {
            return Err(ScanError::Unsupported(if kind == 0xc0 {
                "of a wrong depth"
            } else {
                "12 bits deep"
            }));
        }
        if components.len() != 3 * usize::from(count) {
            return Err(ScanError::Malformed("its frame header has the wrong length"));
        }
        self.header = Some((size, sampling(components)?));
        Ok(())
    }

    /// A scan's header and its entropy data.
    fn scan(&mut self, begin: usize) -> Result<(), ScanError> {
        if self.header.is_none() {
            return Err(ScanError::Malformed("its picture data comes before its frame header"));
        }
        self.segment()?;
        self.scans += 1;
        if self.scans > MAX_SCANS {
            return Err(ScanError::TooManyScans);
        }
        if self.scans == 1 && !self.has_tables {
            self.splice_at = Some(begin);
        }
        self.entropy()
    }

    /// To the next marker that is neither a stuffed zero nor a restart.
    fn entropy(&mut self) -> Result<(), ScanError> {
        loop {
            let run = find_ff(&self.data[self.at..]).ok_or(ScanError::Truncated)?;
            match self.data.get(self.at + run + 1) {
                None => return Err(ScanError::Truncated),
                Some(0x00 | 0xd0..=0xd7) => self.at += run + 2,
                Some(0xff) => self.at += run + 1,
                Some(_) => {
                    self.at += run;
                    return Ok(());
                }
            }
        }
    }
}

/// How the colour planes are reduced, from the three bytes a component of a frame header.
pub(crate) fn sampling(components: &[u8]) -> Result<Sampling, ScanError> {
    let factors = |i: usize| (components[3 * i + 1] >> 4, components[3 * i + 1] & 15);
    let valid = |(h, v): (u8, u8)| (1..=4).contains(&h) && (1..=4).contains(&v);
    match components.len() / 3 {
        1 if valid(factors(0)) => Ok(Sampling::Gray),
        3 => {
            // By the factors themselves and not their ratio: the decoder knows just these ways to write them, and
            // some add up to more blocks than a JPEG may have together.
            match (factors(0), factors(1), factors(2)) {
                ((2, 2), (1, 1), (1, 1)) => Ok(Sampling::Yuv420),
                ((2, 1), (1, 1), (1, 1)) | ((2, 2), (1, 2), (1, 2)) => Ok(Sampling::Yuv422),
                ((1, 2), (1, 1), (1, 1)) | ((2, 2), (2, 1), (2, 1)) => Ok(Sampling::Yuv440),
                (y, u, v) if y == u && u == v && valid(y) && y.0 * y.1 <= 3 => Ok(Sampling::Yuv444),
                _ => Err(ScanError::Sampling),
            }
        }
        4 => Err(ScanError::Unsupported("in four colours")),
        _ => Err(ScanError::Sampling),
    }
}

/// Where the first 0xff stands, eight bytes at a time: entropy data has one in about 250 bytes.
fn find_ff(data: &[u8]) -> Option<usize> {
    const ONES: u64 = 0x0101_0101_0101_0101;
    let mut words = data.chunks_exact(8);
    let mut at = 0;
    for word in &mut words {
        let word = !u64::from_le_bytes(word.try_into().unwrap_or_default());
        // A zero byte in the inverted word is a 0xff; the test is exact for the lowest one.
        let zeros = word.wrapping_sub(ONES) & !word & (ONES << 7);
        if zeros != 0 {
            return Some(at + zeros.trailing_zeros() as usize / 8);
        }
        at += 8;
    }
    words.remainder().iter().position(|&b| b == 0xff).map(|i| at + i)
}
