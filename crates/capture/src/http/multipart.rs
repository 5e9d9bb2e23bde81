//! Takes the pictures out of an MJPEG stream, whatever a camera makes of `multipart/x-mixed-replace`.
//!
//! No I/O: bytes go in, pictures come out, so that it can be fuzzed. Cameras differ: with and without
//! Content-Length, with a wrong one, with more or fewer dashes than their own header says, line ends of one or two
//! bytes or none. So a delimiter is looked for in the data at all times, a length only serves to hand a picture on
//! before the next delimiter comes, and without a usable boundary JPEG's own markers part the pictures.

use bytes::{Buf, Bytes, BytesMut};
use codec::{Extent, MAX_BYTES, ScanError};
use memchr::memmem;

#[cfg(test)]
mod tests;

/// Bytes that a part's header may take.
const MAX_HEADER: usize = 8 << 10;
/// Bytes without a delimiter after which a boundary counts as wrong and the pictures' own markers serve.
const MAX_PREAMBLE: usize = 128 << 10;
/// Times that one part is looked at for being whole before its delimiter; each one walks the whole part.
const MAX_LOOKS: u32 = 16;
/// Bytes of zeros and line ends behind EOI that are looked through.
const MAX_PADDING: usize = 4 << 10;
/// Bytes that are taken in at once, which bounds the buffer to one part and this.
const CHUNK: usize = 64 << 10;

/// What came out of the stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// What stands where a JPEG should; [`codec::scan`] tells whether it is one.
    Picture(Bytes),
    /// Something that was thrown away unseen, since it was over the limits.
    Refused(ScanError),
}

/// An MJPEG stream under way.
#[derive(Debug)]
pub struct Multipart {
    /// The boundary without its leading dashes; `None` if there is none to go by.
    boundary: Option<Vec<u8>>,
    /// Whether the boundary was ever seen.
    confirmed: bool,
    buffer: BytesMut,
    state: State,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Before a delimiter; `from` is how far the buffer is known to hold none.
    Seek { from: usize, skipped: usize },
    /// Behind a delimiter, in the part's header.
    Header,
    /// In the part.
    Body { length: Option<usize>, from: usize, looks: u32, wanted: bool },
    /// No boundary: from one picture's SOI to its EOI.
    Markers { from: usize, looks: u32 },
}

const SEEK: State = State::Seek { from: 0, skipped: 0 };
const MARKERS: State = State::Markers { from: 0, looks: 0 };

impl Multipart {
    /// For a stream with that Content-Type.
    #[must_use]
    pub fn new(content_type: &str) -> Self {
        let boundary = boundary(content_type);
        let state = if boundary.is_some() { SEEK } else { MARKERS };
        Self { boundary, confirmed: false, buffer: BytesMut::new(), state }
    }

    /// Takes the next bytes of the stream in and appends the pictures that are complete with them.
    pub fn feed(&mut self, bytes: &[u8], parts: &mut Vec<Part>) {
        for chunk in bytes.chunks(CHUNK) {
            self.buffer.extend_from_slice(chunk);
            while self.step(parts) {}
        }
    }

    /// Bytes held at the moment.
    #[must_use]
    pub fn buffered(&self) -> usize {
        self.buffer.len()
    }

    /// One move; `false` when more bytes are needed.
    fn step(&mut self, parts: &mut Vec<Part>) -> bool {
        match self.state {
            State::Seek { from, skipped } => self.seek(from, skipped),
            State::Header => self.header(parts),
            State::Body { length, from, looks, wanted } => self.body(length, from, looks, wanted, parts),
            State::Markers { from, looks } => self.markers(from, looks, parts),
        }
    }

    fn seek(&mut self, from: usize, skipped: usize) -> bool {
        if let Some((_, end)) = self.delimiter(from) {
            self.confirmed = true;
            self.buffer.advance(end);
            self.state = State::Header;
            return true;
        }
        if !self.confirmed && skipped + self.buffer.len() > MAX_PREAMBLE {
            self.boundary = None;
            self.state = MARKERS;
            return true;
        }
        // Before the boundary is known to be right everything is kept: it may be pictures.
        let keep = if self.confirmed { self.tail() } else { usize::MAX };
        let cut = self.buffer.len().saturating_sub(keep);
        self.buffer.advance(cut);
        self.state =
            State::Seek { from: self.buffer.len().saturating_sub(self.tail()), skipped: skipped + cut };
        false
    }

    /// Reads header lines until an empty one, or until a picture begins where a line should.
    fn header(&mut self, parts: &mut Vec<Part>) -> bool {
        // The rest of the delimiter's line: dashes if it closes the stream (some cameras go on all the same), blanks.
        let mut at = self.buffer.iter().take_while(|b| matches!(b, b'-' | b' ' | b'\t' | b'\r')).count();
        at += usize::from(self.buffer.get(at) == Some(&b'\n'));
        let (mut length, mut wanted) = (None, true);
        loop {
            let rest = &self.buffer[at..];
            if rest.starts_with(&[0xff, 0xd8]) {
                break;
            }
            if at > MAX_HEADER {
                self.state = SEEK;
                return true;
            }
            let Some(end) = memchr::memchr(b'\n', rest) else {
                if rest.len() > MAX_HEADER {
                    self.state = SEEK;
                    return true;
                }
                return false;
            };
            let line = rest[..end].trim_ascii();
            at += end + 1;
            if line.is_empty() {
                break;
            }
            if let Some(value) = field(line, "content-length") {
                length = value.parse::<usize>().ok();
            } else if let Some(value) = field(line, "content-type") {
                // By bytes: the sixth need not be where a letter ends.
                let kind = value.as_bytes().get(..6);
                wanted = kind.is_none_or(|kind| kind.eq_ignore_ascii_case(b"image/"));
            }
        }
        self.buffer.advance(at);
        if let Some(len) = length.filter(|len| *len > MAX_BYTES) {
            parts.push(Part::Refused(ScanError::TooLarge(len)));
            self.state = SEEK;
        } else {
            self.state = State::Body { length: length.filter(|len| *len > 0), from: 0, looks: 0, wanted };
        }
        true
    }

    fn body(
        &mut self,
        length: Option<usize>,
        from: usize,
        looks: u32,
        wanted: bool,
        parts: &mut Vec<Part>,
    ) -> bool {
        let delimiter = self.delimiter(from);
        let limit = delimiter.map_or(self.buffer.len(), |(begin, _)| begin);
        // As long as it says, and a JPEG ends there: no need to wait for the delimiter.
        if let Some(len) = length.filter(|len| *len <= limit)
            && (ends_whole(&self.buffer[..len]) || !wanted)
        {
            self.emit(len, len, wanted, parts);
            self.state = SEEK;
            return true;
        }
        if let Some((begin, end)) = delimiter {
            self.emit(begin, end, wanted, parts);
            self.state = State::Header;
            return true;
        }
        if self.buffer.len() > MAX_BYTES {
            parts.push(Part::Refused(ScanError::TooLarge(self.buffer.len())));
            self.buffer.clear();
            self.state = SEEK;
            return true;
        }
        let looks = if length.is_none() && wanted && looks < MAX_LOOKS && ends_whole(&self.buffer) {
            if matches!(codec::extent(&self.buffer), Extent::Whole(_)) {
                self.emit(self.buffer.len(), self.buffer.len(), wanted, parts);
                self.state = SEEK;
                return true;
            }
            looks + 1
        } else {
            looks
        };
        let from = self.buffer.len().saturating_sub(self.tail());
        self.state = State::Body { length, from, looks, wanted };
        false
    }

    /// Hands on what stands before `end` and goes on behind `next`.
    fn emit(&mut self, end: usize, next: usize, wanted: bool, parts: &mut Vec<Part>) {
        if end > MAX_BYTES {
            parts.push(Part::Refused(ScanError::TooLarge(end)));
        } else if wanted && !self.buffer[..end].trim_ascii().is_empty() {
            parts.push(Part::Picture(Bytes::copy_from_slice(&self.buffer[..end])));
        }
        self.buffer.advance(next);
    }

    /// From SOI to the EOI that makes a whole picture; thumbnails have an EOI of their own.
    fn markers(&mut self, from: usize, looks: u32, parts: &mut Vec<Part>) -> bool {
        if !self.buffer.starts_with(SOI) {
            let start = memmem::find(&self.buffer, SOI);
            // Two bytes may be the beginning of the next SOI.
            let cut = start.unwrap_or(self.buffer.len().saturating_sub(2));
            self.buffer.advance(cut);
            self.state = MARKERS;
            return start.is_some();
        }
        if let Some(eoi) = memmem::find(&self.buffer[from..], &[0xff, 0xd9]) {
            let end = from + eoi + 2;
            return self.marked_end(end, looks + 1, parts);
        }
        if self.buffer.len() > MAX_BYTES {
            parts.push(Part::Refused(ScanError::TooLarge(self.buffer.len())));
            self.buffer.clear();
        }
        self.state = State::Markers { from: self.buffer.len().saturating_sub(1), looks };
        false
    }

    fn marked_end(&mut self, end: usize, looks: u32, parts: &mut Vec<Part>) -> bool {
        let cut = match codec::extent(&self.buffer[..end]) {
            Extent::Whole(end) => end,
            // Cut off: handed on all the same, to be counted.
            Extent::Interrupted(next) => next,
            Extent::Unfinished if looks < MAX_LOOKS => {
                self.state = State::Markers { from: end, looks };
                return true;
            }
            // Nothing to be made of it; another picture may begin within.
            Extent::Unfinished | Extent::Broken => {
                memmem::find(&self.buffer[2..end], SOI).map_or(end, |next| next + 2)
            }
        };
        parts.push(if cut > MAX_BYTES {
            Part::Refused(ScanError::TooLarge(cut))
        } else {
            Part::Picture(Bytes::copy_from_slice(&self.buffer[..cut]))
        });
        self.buffer.advance(cut);
        self.state = MARKERS;
        true
    }

    /// Where the next delimiter begins (its dashes and the line end before it) and ends.
    fn delimiter(&self, from: usize) -> Option<(usize, usize)> {
        let boundary = self.boundary.as_deref()?;
        let mut at = from;
        while let Some(found) = memmem::find(&self.buffer[at..], boundary) {
            let core = at + found;
            let dashes = self.buffer[..core].iter().rev().take_while(|b| **b == b'-').count();
            let begin = core - dashes;
            let at_line_start = begin == 0 || self.buffer[begin - 1] == b'\n';
            // Without its dashes it must be a word that no picture holds by chance, at the start of a line.
            if dashes >= 2 || (at_line_start && boundary.len() >= 6) {
                return Some((begin, core + boundary.len()));
            }
            at = core + 1;
        }
        None
    }

    /// Bytes at the buffer's end in which a delimiter may have begun.
    fn tail(&self) -> usize {
        // RFC 2046 allows 70 characters; the dashes and the line end stay in view, too.
        self.boundary.as_ref().map_or(0, |boundary| boundary.len() + 8)
    }
}

const SOI: &[u8] = &[0xff, 0xd8, 0xff];

/// The boundary that a Content-Type names, without the dashes that some cameras put before it.
fn boundary(content_type: &str) -> Option<Vec<u8>> {
    let at = content_type.to_ascii_lowercase().find("boundary=")? + "boundary=".len();
    let value = content_type[at..].trim_start();
    let value = match value.strip_prefix('"') {
        Some(quoted) => quoted.split('"').next()?,
        None => value.split(';').next()?.trim_end(),
    };
    let core = value.trim_start_matches('-');
    (!core.is_empty() && core.len() <= 200).then(|| core.as_bytes().to_vec())
}

/// The value of a header line if it is the one of that name.
fn field<'a>(line: &'a [u8], name: &str) -> Option<&'a str> {
    let colon = memchr::memchr(b':', line)?;
    let (key, value) = line.split_at(colon);
    if !key.trim_ascii().eq_ignore_ascii_case(name.as_bytes()) {
        return None;
    }
    std::str::from_utf8(&value[1..]).ok().map(str::trim)
}

/// Whether it begins as a JPEG does and ends with EOI, padding aside.
fn ends_whole(bytes: &[u8]) -> bool {
    let padding = bytes.iter().rev().take(MAX_PADDING).take_while(|b| matches!(b, 0 | b'\r' | b'\n')).count();
    let start = bytes.iter().take(4).take_while(|b| matches!(b, b'\r' | b'\n')).count();
    bytes[start..].starts_with(SOI) && bytes[..bytes.len() - padding].ends_with(&[0xff, 0xd9])
}
