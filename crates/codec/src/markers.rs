//! What stands in a JPEG's segments besides its picture: how it is to be turned, how good it is.

use crate::turn::Turn;

/// Sum of the luma table of ITU-T T.81 Annex K.1, which is what quality 50 stands for.
const STANDARD_SUM: u32 = 3688;
/// EXIF's tag of the orientation.
const ORIENTATION: u16 = 0x0112;

/// One segment before the first scan: its marker, and its body without marker and length.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Segment<'a> {
    /// Second byte of the marker.
    pub(crate) marker: u8,
    /// What it holds.
    pub(crate) body: &'a [u8],
    /// Where the marker begins.
    pub(crate) begin: usize,
    /// Behind its last byte.
    pub(crate) end: usize,
}

/// The segments in order, the header of the first scan (marker 0xda) as the last one. Ends early where they make no
/// sense.
pub(crate) fn segments(jpeg: &[u8]) -> impl Iterator<Item = Segment<'_>> {
    let (mut at, mut is_over) = (2, jpeg.len() < 4);
    std::iter::from_fn(move || {
        if is_over {
            return None;
        }
        // Any number of fill bytes may stand before a marker.
        while jpeg.get(at) == Some(&0xff) && jpeg.get(at + 1) == Some(&0xff) {
            at += 1;
        }
        let &[0xff, marker, high, low] = jpeg.get(at..at + 4)? else { return None };
        let begin = at;
        let end = begin + 2 + usize::from(u16::from_be_bytes([high, low]));
        let body = jpeg.get(begin + 4..end)?;
        at = end;
        is_over = marker == 0xda;
        Some(Segment { marker, body, begin, end })
    })
}

/// How the picture has to be turned to stand as its EXIF orientation says, which is how a browser shows it.
pub(crate) fn upright(jpeg: &[u8]) -> Turn {
    let exif = segments(jpeg).find_map(|segment| match segment.marker {
        0xe1 => segment.body.strip_prefix(b"Exif\0\0"),
        _ => None,
    });
    Turn::of_orientation(exif.and_then(orientation).unwrap_or(1))
}

/// The orientation from a TIFF's first directory.
fn orientation(tiff: &[u8]) -> Option<u16> {
    let is_little = match tiff.get(..4)? {
        [b'I', b'I', 42, 0] => true,
        [b'M', b'M', 0, 42] => false,
        _ => return None,
    };
    let short = |at: usize| {
        let bytes: [u8; 2] = tiff.get(at..at.checked_add(2)?)?.try_into().ok()?;
        Some(if is_little { u16::from_le_bytes(bytes) } else { u16::from_be_bytes(bytes) })
    };
    let long = |at: usize| {
        let bytes: [u8; 4] = tiff.get(at..at.checked_add(4)?)?.try_into().ok()?;
        Some(if is_little { u32::from_le_bytes(bytes) } else { u32::from_be_bytes(bytes) })
    };
    let directory = usize::try_from(long(4)?).ok()?;
    let entries = usize::from(short(directory)?);
    let entry = (0..entries).map(|i| directory + 2 + 12 * i).find(|&at| short(at) == Some(ORIENTATION))?;
    short(entry + 8)
}

/// `made` with the colour profile that `source` has, if it has one.
pub(crate) fn with_profile(source: &[u8], made: &[u8]) -> Vec<u8> {
    let is_profile = |s: &Segment<'_>| s.marker == 0xe2 && s.body.starts_with(b"ICC_PROFILE\0");
    // Behind JFIF, which is to come first.
    let at = segments(made).next().filter(|first| first.marker == 0xe0).map_or(2, |first| first.end);
    let mut out = Vec::with_capacity(made.len());
    out.extend_from_slice(&made[..at.min(made.len())]);
    for segment in segments(source).filter(is_profile) {
        out.extend_from_slice(&source[segment.begin..segment.end]);
    }
    out.extend_from_slice(&made[at.min(made.len())..]);
    out
}

/// The quality, 1 to 100, that an encoder with the standard tables would have been told for this picture's luma.
pub(crate) fn quality(jpeg: &[u8]) -> Option<u8> {
    let table = segments(jpeg).find(|segment| segment.marker == 0xdb)?.body;
    let sum: u32 = match table.first()? >> 4 {
        0 => table.get(1..65)?.iter().map(|&step| u32::from(step)).sum(),
        _ => table.get(1..129)?.chunks_exact(2).map(|b| u32::from(u16::from_be_bytes([b[0], b[1]]))).sum(),
    };
    let scale = (sum * 100).div_ceil(STANDARD_SUM).max(1);
    let quality = if scale <= 100 { (200 - scale) / 2 } else { 5000 / scale };
    u8::try_from(quality.clamp(1, 100)).ok()
}

#[cfg(test)]
mod tests {
    use frame::{I420, Size};

    use super::*;
    use crate::Encoder;

    #[test]
    fn the_quality_is_read_back_from_the_tables() {
        let size = Size::new(16, 16);
        let planes = I420::new(size, vec![90; I420::len_of(size)].into()).unwrap();
        for asked in [35, 50, 75, 80, 90, 95] {
            let jpeg = Encoder::new(asked).unwrap().i420(&planes).unwrap();
            let found = quality(&jpeg).unwrap();
            assert!(found.abs_diff(asked) <= 1, "{asked}: {found}");
        }
        assert_eq!(quality(b"\xff\xd8\xff\xdb\x00\x04\x00\x01"), None);
    }

    #[test]
    fn the_orientation_is_read_in_either_byte_order_and_never_beyond_the_end() {
        let little = b"II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0";
        let big = b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x08\0\0\0\0\0\0";
        assert_eq!((orientation(little), orientation(big)), (Some(6), Some(8)));
        for cut in 0..20 {
            orientation(&little[..cut]);
        }
        assert_eq!(orientation(b"II*\0\xff\xff\xff\xff"), None);
    }
}
