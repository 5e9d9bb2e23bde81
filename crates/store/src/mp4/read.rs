//! Reading a clip back, trusting nothing that it says: every length is held against what is there.

use std::io::{self, Read, Seek, SeekFrom};
use std::time::Duration;

use frame::Size;

use super::boxes::{HEADER, header};
use super::fragment::{Digester, MOST_MOOF, Moof};
use super::head::{Head, MOST, RESERVED};
use super::{MAX_SAMPLE, time_of};
use crate::event::ClipCodec;

/// The most frames that [`inspect`] lists: a day at 25 a second.
const MOST_LISTED: usize = 1 << 21;

/// What a disk writes at once at the least, bytes.
const SECTOR: usize = 512;

/// Why a file cannot be taken for a clip.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NotAClip {
    /// It does not begin as one.
    #[error("the file does not begin as a clip does")]
    Head,
    /// There is not one whole fragment.
    #[error("there is no whole fragment in the clip")]
    Empty,
    /// It has no frame of that number.
    #[error("the clip has no such frame")]
    NoSuchFrame,
    /// It could not be read or written.
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// What a clip holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    /// What its frames are.
    pub codec: ClipCodec,
    /// Pixels.
    pub size: Size,
    /// In order; at most 2 million.
    pub frames: Vec<FrameFact>,
    /// From the first frame to the end of the last one.
    pub duration: Duration,
    /// Of the file, up to the end of the last whole fragment.
    pub bytes: u64,
}

/// One frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FrameFact {
    /// Since the first one.
    pub at: Duration,
    /// It needs no other frame to be shown.
    pub key: bool,
    /// Bytes.
    pub bytes: u32,
}

/// A fragment where it lies.
#[derive(Debug)]
pub(super) struct Placed {
    pub moof: Moof,
    /// Where its frames begin.
    pub data: u64,
    pub end: u64,
}

/// Goes from fragment to fragment of a file, as long as they are whole.
#[derive(Debug)]
pub(super) struct Walk<R> {
    reader: R,
    head: Head,
    /// Where the next fragment must begin, and what it must say.
    next: u64,
    sequence: u32,
    ticks: u64,
    len: u64,
}

/// Whether what should be a head never reached the disk as a whole, so that nothing behind it was promised to anybody:
/// the file ends before a fragment could begin, or a sector of the head holds nothing. A head is longer than one.
fn was_never_synced(head: &[u8]) -> bool {
    head.len() < RESERVED || head.chunks(SECTOR).take(2).any(|sector| sector.iter().all(|&byte| byte == 0))
}

impl<R: Read + Seek> Walk<R> {
    pub(super) fn new(mut reader: R) -> Result<Self, NotAClip> {
        let len = reader.seek(SeekFrom::End(0))?;
        let mut bytes = Vec::new();
        reader.seek(SeekFrom::Start(0))?;
        reader.by_ref().take(u64::try_from(MOST).unwrap_or(0)).read_to_end(&mut bytes)?;
        let wrong = if was_never_synced(&bytes) { NotAClip::Empty } else { NotAClip::Head };
        let head = Head::parse(&bytes).ok_or(wrong)?;
        let next = head.len();
        Ok(Self { reader, head, next, sequence: 0, ticks: 0, len })
    }

    pub(super) fn head(&self) -> &Head {
        &self.head
    }

    /// Where what was walked so far ends, in the file and in time.
    pub(super) fn end(&self) -> (u64, u64) {
        (self.next, self.ticks)
    }

    /// Bytes of the file.
    pub(super) fn len(&self) -> u64 {
        self.len
    }

    pub(super) fn into_parts(self) -> (R, Head) {
        (self.reader, self.head)
    }

    /// The next fragment, or `None` where no whole one follows. With `verify` its digest is computed, too.
    pub(super) fn step(&mut self, verify: bool) -> io::Result<Option<Placed>> {
        let Some((moof_bytes, placed)) = self.placed()? else { return Ok(None) };
        if verify && self.digest_of(&moof_bytes, &placed)? != placed.moof.digest {
            return Ok(None);
        }
        self.next = placed.end;
        self.sequence = placed.moof.sequence;
        self.ticks = placed.moof.base.saturating_add(placed.moof.ticks());
        Ok(Some(placed))
    }

    fn placed(&mut self) -> io::Result<Option<(Vec<u8>, Placed)>> {
        let Some((kind, len)) = self.header_at(self.next)? else { return Ok(None) };
        let len_64 = u64::try_from(len).unwrap_or(u64::MAX);
        if kind != *b"moof" || len > MOST_MOOF || self.next.saturating_add(len_64) > self.len {
            return Ok(None);
        }
        let mut bytes = vec![0; len];
        self.reader.seek(SeekFrom::Start(self.next))?;
        self.reader.read_exact(&mut bytes)?;
        let Some(moof) = Moof::parse(&bytes) else { return Ok(None) };
        let mdat = self.next + len_64;
        let Some((kind, len)) = self.header_at(mdat)? else { return Ok(None) };
        let len = u64::try_from(len).unwrap_or(u64::MAX);
        let end = mdat.saturating_add(len);
        let header_len = u64::try_from(HEADER).unwrap_or(0);
        let follows = Some(moof.sequence) == self.sequence.checked_add(1) && moof.base >= self.ticks;
        let is_whole = kind == *b"mdat" && end <= self.len && moof.data_len() == len - header_len;
        let data = mdat + header_len;
        Ok((follows && is_whole).then_some((bytes, Placed { moof, data, end })))
    }

    fn header_at(&mut self, at: u64) -> io::Result<Option<([u8; 4], usize)>> {
        if at.saturating_add(u64::try_from(HEADER).unwrap_or(0)) > self.len {
            return Ok(None);
        }
        let mut bytes = [0; HEADER];
        self.reader.seek(SeekFrom::Start(at))?;
        self.reader.read_exact(&mut bytes)?;
        Ok(header(&bytes))
    }

    fn digest_of(&mut self, moof: &[u8], placed: &Placed) -> io::Result<[u8; 8]> {
        let mut digester = Digester::new(moof);
        let mut buffer = vec![0; 64 << 10];
        let mut left = placed.moof.data_len();
        self.reader.seek(SeekFrom::Start(placed.data))?;
        while left > 0 {
            let len = buffer.len().min(usize::try_from(left).unwrap_or(usize::MAX));
            self.reader.read_exact(&mut buffer[..len])?;
            digester.add(&buffer[..len]);
            left -= u64::try_from(len).unwrap_or(left);
        }
        Ok(digester.finish())
    }
}

/// Lists what a clip holds, up to its last whole fragment. Reads heads and lists alone, not the frames.
///
/// # Errors
/// [`NotAClip`].
pub fn inspect(reader: impl Read + Seek) -> Result<Facts, NotAClip> {
    let mut walk = Walk::new(reader)?;
    let (codec, size) = walk.head().codec().ok_or(NotAClip::Head)?;
    let mut frames = Vec::new();
    while let Some(placed) = walk.step(false)? {
        let mut at = placed.moof.base;
        for frame in &placed.moof.frames {
            if frames.len() < MOST_LISTED {
                frames.push(FrameFact { at: time_of(at), key: frame.is_key, bytes: frame.bytes });
            }
            at = at.saturating_add(u64::from(frame.ticks));
        }
    }
    let (bytes, ticks) = walk.end();
    Ok(Facts { codec, size, frames, duration: time_of(ticks), bytes })
}

/// The bytes of frame `n`, from 0: a JPEG, or NAL units behind their lengths.
///
/// # Errors
/// [`NotAClip`]; [`NotAClip::NoSuchFrame`] also for one of more than 32 MiB.
pub fn sample(reader: impl Read + Seek, n: u64) -> Result<Vec<u8>, NotAClip> {
    let mut walk = Walk::new(reader)?;
    let mut left = usize::try_from(n).map_err(|_| NotAClip::NoSuchFrame)?;
    while let Some(placed) = walk.step(false)? {
        let frames = &placed.moof.frames;
        let Some(frame) = frames.get(left) else {
            left -= frames.len();
            continue;
        };
        let before: u64 = frames[..left].iter().map(|frame| u64::from(frame.bytes)).sum();
        let len = usize::try_from(frame.bytes).unwrap_or(usize::MAX);
        if len > MAX_SAMPLE {
            return Err(NotAClip::NoSuchFrame);
        }
        let (mut reader, _) = walk.into_parts();
        let mut bytes = vec![0; len];
        reader.seek(SeekFrom::Start(placed.data + before))?;
        reader.read_exact(&mut bytes)?;
        return Ok(bytes);
    }
    Err(NotAClip::NoSuchFrame)
}
