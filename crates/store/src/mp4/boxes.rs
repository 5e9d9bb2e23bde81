//! Boxes of ISO base media: length, kind, content.

use std::ops::Range;

/// Length and kind.
pub(super) const HEADER: usize = 8;

/// Appends a box with what `fill` appends as its content.
pub(super) fn put(out: &mut Vec<u8>, kind: [u8; 4], fill: impl FnOnce(&mut Vec<u8>)) {
    let start = out.len();
    out.extend_from_slice(&[0; 4]);
    out.extend_from_slice(&kind);
    fill(out);
    // Boxes of this module are far below 4 GiB: heads and lists of at most a few thousand frames.
    let len = u32::try_from(out.len() - start).unwrap_or(u32::MAX);
    out[start..start + 4].copy_from_slice(&len.to_be_bytes());
}

/// As [`put`], with a version and 24 bits of flags first.
pub(super) fn put_full(
    out: &mut Vec<u8>,
    kind: [u8; 4],
    version: u8,
    flags: u32,
    fill: impl FnOnce(&mut Vec<u8>),
) {
    put(out, kind, |out| {
        out.extend_from_slice(&(u32::from(version) << 24 | flags & 0x00ff_ffff).to_be_bytes());
        fill(out);
    });
}

pub(super) fn put_u16(out: &mut Vec<u8>, value: u16) {
    out.extend_from_slice(&value.to_be_bytes());
}

pub(super) fn put_u32(out: &mut Vec<u8>, value: u32) {
    out.extend_from_slice(&value.to_be_bytes());
}

pub(super) fn put_u64(out: &mut Vec<u8>, value: u64) {
    out.extend_from_slice(&value.to_be_bytes());
}

/// `None` past the end, as all readers here.
pub(super) fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_be_bytes(*bytes.get(at..)?.first_chunk()?))
}

pub(super) fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_be_bytes(*bytes.get(at..)?.first_chunk()?))
}

pub(super) fn u64_at(bytes: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_be_bytes(*bytes.get(at..)?.first_chunk()?))
}

/// Kind and whole length of the box that begins so; none is shorter than its header.
pub(super) fn header(bytes: &[u8]) -> Option<([u8; 4], usize)> {
    let len = usize::try_from(u32_at(bytes, 0)?).ok()?;
    let kind = *bytes.get(4..)?.first_chunk()?;
    (len >= HEADER).then_some((kind, len))
}

/// Where the content of the first box of that kind lies among the boxes that fill `within`.
pub(super) fn child(bytes: &[u8], within: Range<usize>, kind: [u8; 4]) -> Option<Range<usize>> {
    let mut at = within.start;
    while at < within.end {
        let (found, len) = header(bytes.get(at..within.end)?)?;
        let end = at.checked_add(len).filter(|end| *end <= within.end)?;
        if found == kind {
            return Some(at + HEADER..end);
        }
        at = end;
    }
    None
}

/// As [`child`], from box to box.
pub(super) fn descend(bytes: &[u8], within: Range<usize>, path: &[[u8; 4]]) -> Option<Range<usize>> {
    path.iter().try_fold(within, |within, kind| child(bytes, within, *kind))
}
