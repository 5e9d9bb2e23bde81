//! What stands before the first fragment: what the file is, what the track holds, and room for the index.

use std::ops::Range;

use frame::Size;

use super::TIMESCALE;
use super::boxes::{
    child, descend, header, put, put_full, put_u16, put_u32, put_u64, u16_at, u32_at, u64_at,
};
use crate::event::ClipCodec;

/// Bytes between `moov` and the first fragment: an index of 337 entries, 11 minutes at one every 2 s, and longer
/// clips get coarser ones.
pub(super) const RESERVED: usize = 4096;

/// The most that `ftyp` and `moov` may take; ours take 600 bytes and the parameter sets.
pub(super) const MOST: usize = 64 << 10;

/// Every version 1 header begins with flags, two times of 8 bytes, and then differs.
const MVHD_DURATION: usize = 24;
const TKHD_DURATION: usize = 28;
const MDHD_DURATION: usize = 24;
const MEHD_DURATION: usize = 4;

/// Width and height within a visual sample entry, from the start of its box.
const ENTRY_WIDTH: usize = 32;

/// The identity matrix as headers hold it.
const MATRIX: [u32; 9] = [1 << 16, 0, 0, 0, 1 << 16, 0, 0, 0, 1 << 30];

/// What the track of a clip holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TrackKind {
    /// H.264; frames are NAL units behind their length in 4 bytes.
    Avc {
        /// Pixels, even.
        size: Size,
        /// The sequence parameter set, without a start code.
        sps: Vec<u8>,
        /// The picture parameter set, without a start code.
        pps: Vec<u8>,
    },
    /// Each frame is a JPEG.
    Mjpeg {
        /// Pixels.
        size: Size,
    },
}

impl TrackKind {
    fn size(&self) -> Size {
        match self {
            Self::Avc { size, .. } | Self::Mjpeg { size } => *size,
        }
    }

    /// 16 bits a side, and parameter sets whose length 16 bits can tell.
    pub(super) fn is_writable(&self) -> bool {
        let size = self.size();
        let fits = |side: u32| (1..=u32::from(u16::MAX)).contains(&side);
        let sets_fit = match self {
            Self::Avc { sps, pps, .. } => {
                (4..1 << 12).contains(&sps.len()) && (1..1 << 12).contains(&pps.len())
            }
            Self::Mjpeg { .. } => true,
        };
        fits(size.width) && fits(size.height) && sets_fit
    }
}

/// `ftyp` and `moov`, and how long the track is.
#[derive(Debug)]
pub(super) struct Head {
    bytes: Vec<u8>,
    moov: Range<usize>,
}

impl Head {
    /// Of a track whose length is not known yet.
    pub(super) fn new(track: &TrackKind) -> Self {
        let mut bytes = Vec::with_capacity(1024);
        // QuickTime plays JPEGs only where it finds its own brand.
        let major = match track {
            TrackKind::Avc { .. } => *b"isom",
            TrackKind::Mjpeg { .. } => *b"qt  ",
        };
        put(&mut bytes, *b"ftyp", |out| {
            out.extend_from_slice(&major);
            put_u32(out, 0x200);
            for brand in [major, *b"isom", *b"iso6", *b"mp41"] {
                out.extend_from_slice(&brand);
            }
        });
        let start = bytes.len();
        put(&mut bytes, *b"moov", |out| {
            mvhd(out);
            put(out, *b"trak", |out| trak(out, track));
            put(out, *b"mvex", |out| {
                put_full(out, *b"mehd", 1, 0, |out| put_u64(out, 0));
                put_full(out, *b"trex", 0, 0, |out| {
                    for value in [1, 1, 0, 0, 0] {
                        put_u32(out, value);
                    }
                });
            });
        });
        let moov = start..bytes.len();
        Self { bytes, moov }
    }

    /// What a file begins with. `None` unless both boxes are whole there, and as this module writes them.
    pub(super) fn parse(bytes: &[u8]) -> Option<Self> {
        let (kind, ftyp) = header(bytes)?;
        let (next, len) = header(bytes.get(ftyp..)?)?;
        let end = ftyp.checked_add(len).filter(|end| *end <= MOST.min(bytes.len()))?;
        if (kind, next) != (*b"ftyp", *b"moov") {
            return None;
        }
        let head = Self { bytes: bytes[..end].to_vec(), moov: ftyp..end };
        let places = head.durations()?;
        let fits = places.iter().all(|at| u64_at(&head.bytes, *at).is_some());
        let timescale =
            head.within(&[*b"trak", *b"mdia", *b"mdhd"]).and_then(|at| u32_at(&head.bytes, at.start + 20));
        (fits && timescale == Some(TIMESCALE) && head.codec().is_some()).then_some(head)
    }

    /// As in the file.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Where the first fragment begins.
    pub(super) fn len(&self) -> u64 {
        u64::try_from(self.bytes.len() + RESERVED).unwrap_or(u64::MAX)
    }

    /// Codec and pixels.
    pub(super) fn codec(&self) -> Option<(ClipCodec, Size)> {
        let stsd = self.within(&[*b"trak", *b"mdia", *b"minf", *b"stbl", *b"stsd"])?;
        let entry = self.bytes.get(stsd.start + 8..stsd.end)?;
        let (kind, _) = header(entry)?;
        let codec = match &kind {
            b"avc1" => ClipCodec::H264,
            b"jpeg" => ClipCodec::Mjpeg,
            _ => return None,
        };
        let side = |at| u16_at(entry, at).map(u32::from);
        Some((codec, Size::new(side(ENTRY_WIDTH)?, side(ENTRY_WIDTH + 2)?)))
    }

    /// Says everywhere how long the track is, ticks.
    pub(super) fn set_duration(&mut self, ticks: u64) {
        for at in self.durations().unwrap_or_default() {
            if let Some(place) = self.bytes.get_mut(at..at + 8) {
                place.copy_from_slice(&ticks.to_be_bytes());
            }
        }
    }

    fn durations(&self) -> Option<[usize; 4]> {
        Some([
            self.within(&[*b"mvhd"])?.start + MVHD_DURATION,
            self.within(&[*b"trak", *b"tkhd"])?.start + TKHD_DURATION,
            self.within(&[*b"trak", *b"mdia", *b"mdhd"])?.start + MDHD_DURATION,
            self.within(&[*b"mvex", *b"mehd"])?.start + MEHD_DURATION,
        ])
    }

    fn within(&self, path: &[[u8; 4]]) -> Option<Range<usize>> {
        let content = child(&self.bytes, self.moov.clone(), *b"moov")?;
        descend(&self.bytes, content, path)
    }
}

fn mvhd(out: &mut Vec<u8>) {
    put_full(out, *b"mvhd", 1, 0, |out| {
        // No times of creation: the wall clock may be wrong, and the event's row knows better.
        put_u64(out, 0);
        put_u64(out, 0);
        put_u32(out, TIMESCALE);
        put_u64(out, 0);
        put_u32(out, 1 << 16);
        put_u16(out, 1 << 8);
        out.extend_from_slice(&[0; 10]);
        MATRIX.iter().for_each(|value| put_u32(out, *value));
        out.extend_from_slice(&[0; 24]);
        put_u32(out, 2);
    });
}

fn trak(out: &mut Vec<u8>, track: &TrackKind) {
    let size = track.size();
    // Enabled, and in the movie.
    put_full(out, *b"tkhd", 1, 3, |out| {
        put_u64(out, 0);
        put_u64(out, 0);
        put_u32(out, 1);
        put_u32(out, 0);
        put_u64(out, 0);
        out.extend_from_slice(&[0; 16]);
        MATRIX.iter().for_each(|value| put_u32(out, *value));
        put_u32(out, size.width << 16);
        put_u32(out, size.height << 16);
    });
    put(out, *b"mdia", |out| {
        put_full(out, *b"mdhd", 1, 0, |out| {
            put_u64(out, 0);
            put_u64(out, 0);
            put_u32(out, TIMESCALE);
            put_u64(out, 0);
            // Language: undetermined.
            put_u16(out, 0x55c4);
            put_u16(out, 0);
        });
        put_full(out, *b"hdlr", 0, 0, |out| {
            put_u32(out, 0);
            out.extend_from_slice(b"vide");
            out.extend_from_slice(&[0; 12]);
            out.extend_from_slice(b"video\0");
        });
        put(out, *b"minf", |out| {
            put_full(out, *b"vmhd", 0, 1, |out| put_u64(out, 0));
            put(out, *b"dinf", |out| {
                put_full(out, *b"dref", 0, 0, |out| {
                    put_u32(out, 1);
                    // The frames are in this file.
                    put_full(out, *b"url ", 0, 1, |_| {});
                });
            });
            put(out, *b"stbl", |out| stbl(out, track));
        });
    });
}

fn stbl(out: &mut Vec<u8>, track: &TrackKind) {
    put_full(out, *b"stsd", 0, 0, |out| {
        put_u32(out, 1);
        match track {
            TrackKind::Avc { size, sps, pps } => put(out, *b"avc1", |out| {
                visual(out, *size);
                put(out, *b"avcC", |out| avcc(out, sps, pps));
            }),
            TrackKind::Mjpeg { size } => put(out, *b"jpeg", |out| visual(out, *size)),
        }
    });
    // The frames are all in fragments.
    put_full(out, *b"stts", 0, 0, |out| put_u32(out, 0));
    put_full(out, *b"stsc", 0, 0, |out| put_u32(out, 0));
    put_full(out, *b"stsz", 0, 0, |out| put_u64(out, 0));
    put_full(out, *b"stco", 0, 0, |out| put_u32(out, 0));
}

fn visual(out: &mut Vec<u8>, size: Size) {
    out.extend_from_slice(&[0; 6]);
    put_u16(out, 1);
    out.extend_from_slice(&[0; 16]);
    put_u16(out, u16::try_from(size.width).unwrap_or(u16::MAX));
    put_u16(out, u16::try_from(size.height).unwrap_or(u16::MAX));
    // 72 pixels an inch, both ways.
    put_u32(out, 72 << 16);
    put_u32(out, 72 << 16);
    put_u32(out, 0);
    put_u16(out, 1);
    out.extend_from_slice(&[0; 32]);
    put_u16(out, 24);
    put_u16(out, u16::MAX);
}

fn avcc(out: &mut Vec<u8>, sps: &[u8], pps: &[u8]) {
    // Version, then profile, constraints and level as the parameter set says; lengths of 4 bytes; one set each.
    out.push(1);
    out.extend_from_slice(sps.get(1..4).unwrap_or(&[66, 0xc0, 31]));
    out.push(0xff);
    out.push(0xe1);
    put_u16(out, u16::try_from(sps.len()).unwrap_or(0));
    out.extend_from_slice(sps);
    out.push(1);
    put_u16(out, u16::try_from(pps.len()).unwrap_or(0));
    out.extend_from_slice(pps);
}
