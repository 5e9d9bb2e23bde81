//! What files are, by their bytes and not by their names.

use std::io::{self, Read, Seek, SeekFrom};

use crate::event::ClipCodec;
use crate::mp4::{self, NotAClip};
use crate::track;

/// The most boxes that are looked at in a clip: a day in fragments of two seconds.
const MOST_BOXES: u32 = 100_000;
/// The most of a `moov` that is searched for what the clip holds.
const MOST_MOOV: u64 = 4 * 1024 * 1024;

/// What was found in a clip.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Sniffed {
    /// What its frames are; whatever is no JPEG counts as H.264.
    pub(crate) codec: ClipCodec,
}

/// A picture is a JPEG from its first marker to its last.
pub(super) fn jpeg(bytes: &[u8]) -> Result<(), String> {
    let is_jpeg = bytes.len() >= 4 && bytes.starts_with(&[0xff, 0xd8]) && bytes.ends_with(&[0xff, 0xd9]);
    if is_jpeg { Ok(()) } else { Err("is no JPEG: one begins with FF D8 and ends with FF D9".to_owned()) }
}

/// What moved when, as this crate writes it.
pub(super) fn moments(bytes: &[u8]) -> Result<(), String> {
    let track = track::read(bytes)?;
    let is_word = |word: &str| (1..=64).contains(&word.len()) && !word.chars().any(char::is_control);
    if track.moments.len() > 200_000 {
        return Err(format!("has {} moments; at most 200000 are allowed", track.moments.len()));
    }
    if track.gates.len() > 64 || track.gates.iter().any(|gate| !is_word(&gate.name)) {
        return Err("has more than 64 gates, or one whose name has not 1 to 64 characters".to_owned());
    }
    for moment in &track.moments {
        if !moment.motion.is_finite() || moment.boxes.len() > 256 {
            return Err(
                "has a moment with more than 256 boxes, or with a motion that is no number".to_owned()
            );
        }
        if moment.boxes.iter().any(|(_, _, label)| !is_word(label)) {
            return Err("has a box whose label has not 1 to 64 characters".to_owned());
        }
    }
    Ok(())
}

/// Looks whether the file is a clip: one of ours, or at least `ftyp` first, whole boxes to its end, and among them a
/// `moov`.
pub(crate) fn sniff_clip(file: &mut (impl Read + Seek)) -> io::Result<Result<Sniffed, String>> {
    let len = file.seek(SeekFrom::End(0))?;
    match mp4::inspect(&mut *file) {
        Ok(facts) if facts.bytes == len && !facts.frames.is_empty() => {
            return Ok(Ok(Sniffed { codec: facts.codec }));
        }
        Err(NotAClip::Io(error)) => return Err(error),
        _ => {}
    }
    let mut at = 0;
    let (mut moov, mut has_frames) = (None, false);
    for n in 0..MOST_BOXES {
        if at == len {
            break;
        }
        let Some((kind, head, size)) = box_at(file, at, len)? else {
            return Ok(Err(format!("has no whole box at byte {at}")));
        };
        if n == 0 && kind != *b"ftyp" {
            return Ok(Err("does not begin with an ftyp box".to_owned()));
        }
        match &kind {
            b"moov" => moov = moov.or(Some((at + head, size - head))),
            b"mdat" => has_frames = true,
            _ => {}
        }
        at += size;
    }
    let Some((from, bytes)) = moov.filter(|_| has_frames && at == len) else {
        return Ok(Err("has no moov or no mdat box".to_owned()));
    };
    let mut content = Vec::new();
    file.seek(SeekFrom::Start(from))?;
    file.take(bytes.min(MOST_MOOV)).read_to_end(&mut content)?;
    let has = |kind: &[u8; 4]| content.windows(4).any(|window| window == kind);
    let is_jpeg = (has(b"jpeg") || has(b"mjpa") || has(b"mjpb")) && !has(b"avc1");
    Ok(Ok(Sniffed { codec: if is_jpeg { ClipCodec::Mjpeg } else { ClipCodec::H264 } }))
}

/// Kind, bytes of its head, and bytes in all of the box that begins there, if it is whole.
fn box_at(file: &mut (impl Read + Seek), at: u64, len: u64) -> io::Result<Option<([u8; 4], u64, u64)>> {
    let mut head = [0; 16];
    let there = len.saturating_sub(at);
    if there < 8 {
        return Ok(None);
    }
    let known = if there < 16 { 8 } else { 16 };
    file.seek(SeekFrom::Start(at))?;
    file.read_exact(&mut head[..known])?;
    let [a, b, c, d, k0, k1, k2, k3, large @ ..] = head;
    let (head, size) = match u32::from_be_bytes([a, b, c, d]) {
        // To the end of the file.
        0 => (8, there),
        1 if known == 16 => (16, u64::from_be_bytes(large)),
        small => (8, u64::from(small)),
    };
    let is_whole = size >= head && size <= there;
    Ok(is_whole.then_some(([k0, k1, k2, k3], head, size)))
}
