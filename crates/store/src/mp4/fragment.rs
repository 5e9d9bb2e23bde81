//! One fragment: a list of frames, their digest, their bytes.

use std::ops::Range;

use sha2::{Digest, Sha256};

use super::boxes::{HEADER, child, header, put, put_full, put_u32, put_u64, u32_at, u64_at};

/// The most frames that one fragment may list: a minute at 60 a second, and what a reader has to hold.
pub(super) const MOST_FRAMES: usize = 4096;
/// The most that a `moof` of so many frames takes.
pub(super) const MOST_MOOF: usize = 256 + 16 * MOST_FRAMES;

/// Which box the digest is.
const DIGEST_KIND: [u8; 16] = *b"nightjar:digest1";
const DIGEST: usize = 8;
const DIGEST_BOX: usize = HEADER + 16 + DIGEST;

/// Nothing else is needed to show it; or another frame is.
const KEY: u32 = 0x0200_0000;
const NO_KEY: u32 = 0x0101_0000;
/// The flag that tells them apart.
const IS_NO_SYNC: u32 = 0x0001_0000;

/// Offset of the data, and of each frame duration, bytes and flags.
const TRUN: u32 = 0x701;
/// Offsets count from the `moof`.
const TFHD: u32 = 0x02_0000;

/// One frame of a fragment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Listed {
    pub ticks: u32,
    pub bytes: u32,
    pub is_key: bool,
}

/// What a `moof` says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Moof {
    /// From 1.
    pub sequence: u32,
    /// When its first frame is shown.
    pub base: u64,
    pub frames: Vec<Listed>,
    /// Of the `moof` before the digest, and of the frames.
    pub digest: [u8; DIGEST],
}

impl Moof {
    /// Bytes of its frames.
    pub(super) fn data_len(&self) -> u64 {
        self.frames.iter().map(|frame| u64::from(frame.bytes)).sum()
    }

    pub(super) fn ticks(&self) -> u64 {
        self.frames.iter().map(|frame| u64::from(frame.ticks)).sum()
    }

    pub(super) fn begins_with_key(&self) -> bool {
        self.frames.first().is_some_and(|frame| frame.is_key)
    }

    /// Reads a whole box as [`fragment`] writes it, and nothing else.
    pub(super) fn parse(bytes: &[u8]) -> Option<Self> {
        let (kind, len) = header(bytes)?;
        if kind != *b"moof" || len != bytes.len() || len > MOST_MOOF {
            return None;
        }
        let content = HEADER..len;
        let mfhd = child(bytes, content.clone(), *b"mfhd")?;
        let traf = child(bytes, content.clone(), *b"traf")?;
        let tfdt = child(bytes, traf.clone(), *b"tfdt")?;
        let trun = child(bytes, traf, *b"trun")?;
        let uuid = child(bytes, content, *b"uuid")?;
        // The digest must be the last thing in it, as it stands for all before.
        let is_last = uuid.end == len && uuid.len() == DIGEST_BOX - HEADER;
        if !is_last || bytes.get(uuid.start..)?.get(..16)? != DIGEST_KIND {
            return None;
        }
        let digest = *bytes.get(uuid.start + 16..)?.first_chunk()?;
        let (sequence, base) = (u32_at(bytes, mfhd.start + 4)?, u64_at(bytes, tfdt.start + 4)?);
        Some(Self { sequence, base, frames: listed(bytes, &trun)?, digest })
    }
}

fn listed(bytes: &[u8], trun: &Range<usize>) -> Option<Vec<Listed>> {
    let count = usize::try_from(u32_at(bytes, trun.start + 4)?).ok()?;
    if u32_at(bytes, trun.start)? != TRUN || !(1..=MOST_FRAMES).contains(&count) {
        return None;
    }
    let rows = bytes.get(trun.start + 12..trun.end)?;
    if rows.len() != 12 * count {
        return None;
    }
    rows.chunks_exact(12)
        .map(|row| {
            let is_key = u32_at(row, 8)? & IS_NO_SYNC == 0;
            Some(Listed { ticks: u32_at(row, 0)?, bytes: u32_at(row, 4)?, is_key })
        })
        .collect()
}

/// Digests a fragment bit by bit.
#[derive(Debug)]
pub(super) struct Digester(Sha256);

impl Digester {
    /// Begins with its whole `moof`.
    pub(super) fn new(moof: &[u8]) -> Self {
        let mut inner = Sha256::new();
        inner.update(&moof[..moof.len().saturating_sub(DIGEST)]);
        Self(inner)
    }

    /// Goes on with bytes of its frames.
    pub(super) fn add(&mut self, data: &[u8]) {
        self.0.update(data);
    }

    pub(super) fn finish(self) -> [u8; DIGEST] {
        self.0.finalize().first_chunk().copied().unwrap_or_default()
    }
}

/// Appends `moof` and `mdat`. `data` holds the bytes of the frames, one after the other.
pub(super) fn fragment(out: &mut Vec<u8>, sequence: u32, base: u64, frames: &[Listed], data: &[u8]) {
    let start = out.len();
    // What stands before `data`: both headers, and 12 bytes a frame.
    let moof_len = HEADER
        + (HEADER + 8)
        + HEADER
        + (HEADER + 8)
        + (HEADER + 12)
        + (HEADER + 12 + 12 * frames.len())
        + DIGEST_BOX;
    put(out, *b"moof", |out| {
        put_full(out, *b"mfhd", 0, 0, |out| put_u32(out, sequence));
        put(out, *b"traf", |out| {
            put_full(out, *b"tfhd", 0, TFHD, |out| put_u32(out, 1));
            put_full(out, *b"tfdt", 1, 0, |out| put_u64(out, base));
            put_full(out, *b"trun", 0, TRUN, |out| {
                put_u32(out, u32::try_from(frames.len()).unwrap_or(0));
                put_u32(out, u32::try_from(moof_len + HEADER).unwrap_or(0));
                for frame in frames {
                    put_u32(out, frame.ticks);
                    put_u32(out, frame.bytes);
                    put_u32(out, if frame.is_key { KEY } else { NO_KEY });
                }
            });
        });
        put(out, *b"uuid", |out| {
            out.extend_from_slice(&DIGEST_KIND);
            out.extend_from_slice(&[0; DIGEST]);
        });
    });
    let mut digester = Digester::new(&out[start..]);
    digester.add(data);
    let end = out.len();
    out[end - DIGEST..].copy_from_slice(&digester.finish());
    put(out, *b"mdat", |out| out.extend_from_slice(data));
}
