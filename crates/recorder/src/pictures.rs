//! The pictures beside a clip, made of the few frames that were kept for it.
//!
//! The poster is the frame in which the mover is largest and sharpest: of the candidates the one with the highest product of
//! both. The thumb is the mover cut out of it, the trail the mover pasted along its path into a frame of just before it came:
//! one in which it stood would lose a piece of it to the paste beside it.

use std::time::Instant;

use bytes::Bytes;
use codec::{CodecError, Encoder, Workspace};
use frame::{Frame, FrameSeq, Rect, Size};
use store::event::PictureName;

use crate::Trouble;
use crate::shots::{Shot, Shots};

/// Quality of the pictures.
const QUALITY: u8 = 82;
/// Width of the small ones, in pixels.
const SMALL: u32 = 640;
/// Width of the trail at the most.
const WIDE: u32 = 1280;

/// What making pictures takes; keeps its buffers.
pub(crate) struct Darkroom {
    work: Workspace,
    encoder: Encoder,
}

impl Darkroom {
    pub(crate) fn new() -> Result<Self, Trouble> {
        Ok(Self { work: Workspace::new()?, encoder: Encoder::new(QUALITY)? })
    }

    /// All of an event's pictures that can be made of frames with these numbers; `main` is the track it is about. Once
    /// `until` has come no further one is begun: the most telling ones are made first.
    pub(crate) fn pictures(
        &mut self,
        shots: &Shots,
        main: Option<u32>,
        (first, last): (FrameSeq, FrameSeq),
        thumbnails: u32,
        until: Option<Instant>,
    ) -> Vec<(PictureName, Bytes)> {
        let has_time = || until.is_none_or(|until| Instant::now() < until);
        let mut made = Vec::new();
        let mut keep = |name, jpeg: Result<Bytes, CodecError>| match jpeg {
            Ok(jpeg) => made.push((name, jpeg)),
            Err(error) => tracing::warn!(%error, "failed to make a picture"),
        };
        if let Some(best) = self.best(shots, first, last, until.is_some()) {
            keep(PictureName::Poster, self.whole(&best.frame));
            keep(PictureName::Thumb, self.mover(best));
            let path = main.map(|main| shots.path(main, first, last)).unwrap_or_default();
            if let Some(first_seen) = path.first().filter(|_| path.len() > 1 && has_time()) {
                let base = shots.before(&first_seen.frame, first).unwrap_or(&first_seen.frame);
                let pasted: Vec<_> = path.iter().map(|shot| (shot.frame.picture(), shot.rect)).collect();
                let jpeg = codec::trail_jpeg(base.picture(), &pasted, WIDE, QUALITY, &mut self.work);
                keep(PictureName::Trail, jpeg);
            }
        } else if let Some(frame) = shots.spread(1, first, last).pop() {
            keep(PictureName::Poster, self.whole(&frame));
            keep(PictureName::Thumb, codec::scaled_jpeg(&frame, SMALL / 2, QUALITY, &mut self.work));
        }
        let spread = shots.spread(thumbnails as usize, first, last);
        for (n, frame) in (0..).zip(spread).take_while(|_| has_time()) {
            keep(PictureName::Thumbnail(n), codec::scaled_jpeg(&frame, SMALL, QUALITY, &mut self.work));
        }
        made
    }

    /// A small poster and a thumb of an event that is not over, as far as they can be made: of what shows most so far, or of
    /// any frame.
    pub(crate) fn early(&mut self, best: Option<&Shot>, any: &Frame) -> Vec<(PictureName, Bytes)> {
        let poster = codec::scaled_jpeg(best.map_or(any, |best| &best.frame), SMALL, QUALITY, &mut self.work);
        let thumb = match best {
            Some(best) => self.mover(best),
            None => codec::scaled_jpeg(any, SMALL / 2, QUALITY, &mut self.work),
        };
        let made = [(PictureName::Poster, poster), (PictureName::Thumb, thumb)];
        made.into_iter().filter_map(|(name, jpeg)| Some((name, jpeg.ok()?))).collect()
    }

    /// The mover alone.
    fn mover(&mut self, shot: &Shot) -> Result<Bytes, CodecError> {
        let cut = around(shot.rect, shot.frame.size());
        codec::crop_jpeg(shot.frame.picture(), cut, SMALL / 2, QUALITY, &mut self.work)
    }

    fn whole(&mut self, frame: &Frame) -> Result<Bytes, CodecError> {
        frame.jpeg_or_encode(|raw| self.encoder.i420(raw))
    }

    /// Where the mover is largest and sharpest. One whose picture is damaged is none.
    fn best<'a>(
        &mut self,
        shots: &'a Shots,
        first: FrameSeq,
        last: FrameSeq,
        in_haste: bool,
    ) -> Option<&'a Shot> {
        if in_haste {
            return shots.posters(first, last).max_by(|a, b| a.worth().total_cmp(&b.worth()));
        }
        let mut best: Option<(&Shot, f32)> = None;
        for shot in shots.posters(first, last) {
            let Ok(sharp) = codec::sharpness(shot.frame.picture(), shot.rect, &mut self.work) else {
                continue;
            };
            // The root of the area: a mover twice as wide is not worth four times its sharpness.
            let worth = shot.worth().max(0.0).sqrt() * (sharp + 0.5);
            if best.is_none_or(|(_, most)| worth > most) {
                best = Some((shot, worth));
            }
        }
        best.map(|(shot, _)| shot)
    }
}

/// The mover with a quarter of its size around it, and at least as much as a thumb needs.
fn around(rect: Rect, size: Size) -> Rect {
    let grown = |at: u32, len: u32, side: u32| {
        let wanted = (len + len / 2).max(side / 10).min(side);
        let start = (at + len / 2).saturating_sub(wanted / 2).min(side - wanted);
        (start, wanted)
    };
    let (x, w) = grown(rect.x, rect.w, size.width);
    let (y, h) = grown(rect.y, rect.h, size.height);
    Rect::new(x, y, w, h)
}
