//! A picture as it may be seen: turned, and black where nobody is to look. Before the ring, so that nothing else
//! exists behind it.

use bytes::Bytes;
use frame::{JpegPicture, Picture, Polygon, Rotation};
use turbojpeg::{OutputBuf, Transform, Transformer};

use crate::mask::Masker;
use crate::turn::Turn;
use crate::{CodecError, Decoder, Encoder, MAX_BYTES, markers, scan};

/// Qualities between which a picture that has to be encoded again is: what the camera chose, within reason.
const QUALITIES: std::ops::RangeInclusive<u8> = 75..=95;

/// Turns and masks pictures; keeps its buffers. One per camera.
///
/// What a JPEG holds outside the masks stays as the camera encoded it, coefficient by coefficient. Only a picture
/// whose sides cannot be turned without loss (1080 lines of 4:2:0 by a quarter, say: the half block at the edge would
/// come to the beginning) is decoded and encoded again, whole; [`Shaped::recoded`] tells.
///
/// A JPEG's own EXIF orientation is carried out and not handed on, so that `rotation` turns what a browser showed and
/// nobody turns it twice. Comments and EXIF go with it where a mask is set: they may hold a thumbnail in the clear.
#[derive(Debug)]
pub struct Shaper {
    decoder: Decoder,
    encoder: Encoder,
    masker: Masker,
    /// Where a turned JPEG is written; grows to what was needed once.
    out: Vec<u8>,
}

/// A picture that may be shown.
#[derive(Debug)]
pub struct Shaped {
    /// The picture.
    pub picture: Picture,
    /// It was decoded and encoded again, at the camera's own quality; otherwise nothing outside the masks was lost.
    pub recoded: bool,
}

impl Shaper {
    /// A shaper with empty buffers.
    ///
    /// # Errors
    /// [`CodecError::Library`] if there is no memory.
    pub fn new() -> Result<Self, CodecError> {
        let masker = Masker::default();
        Ok(Self { decoder: Decoder::new()?, encoder: Encoder::new(90)?, masker, out: Vec::new() })
    }

    /// The picture, turned clockwise and then black where the masks are: in JPEGs every block that one touches, in
    /// planes every pair of pixels. Masks are shares of the turned picture. With nothing to do it is the same picture.
    ///
    /// # Errors
    /// [`CodecError`]: the picture is damaged, and must not be shown instead.
    pub fn shape(
        &mut self,
        picture: Picture,
        rotation: Rotation,
        masks: &[Polygon],
    ) -> Result<Shaped, CodecError> {
        if rotation == Rotation::None && masks.is_empty() {
            return Ok(Shaped { picture, recoded: false });
        }
        self.masker.set(masks);
        match picture {
            Picture::Raw(planes) => {
                let planes = Turn::from(rotation).planes(&planes)?;
                let planes = if masks.is_empty() { planes } else { self.masker.planes(planes)? };
                Ok(Shaped { picture: Picture::Raw(planes), recoded: false })
            }
            Picture::Jpeg(jpeg) => self.jpeg(&jpeg, rotation, !masks.is_empty()),
        }
    }

    /// The picture as its EXIF orientation says that it is to be seen; the same one if it says nothing else.
    ///
    /// # Errors
    /// [`CodecError`]: the picture is damaged.
    pub fn upright(&mut self, jpeg: JpegPicture) -> Result<JpegPicture, CodecError> {
        if markers::upright(&jpeg.bytes).is_none() {
            return Ok(jpeg);
        }
        match self.jpeg(&jpeg, Rotation::None, false)?.picture {
            Picture::Jpeg(upright) => Ok(upright),
            Picture::Raw(_) => Ok(jpeg),
        }
    }

    fn jpeg(
        &mut self,
        jpeg: &JpegPicture,
        rotation: Rotation,
        is_masked: bool,
    ) -> Result<Shaped, CodecError> {
        let turn = markers::upright(&jpeg.bytes).then(rotation.into());
        let shaped = match self.losslessly(&jpeg.bytes, turn, is_masked) {
            Some(shaped) => shaped,
            None => return self.anew(&jpeg.bytes, turn, is_masked),
        };
        Ok(Shaped { picture: scanned(shaped)?, recoded: false })
    }

    /// `None` where it cannot be done without loss, or at all.
    fn losslessly(&mut self, jpeg: &Bytes, turn: Turn, is_masked: bool) -> Option<Bytes> {
        let turned = match turn.is_none() {
            true => jpeg.clone(),
            false => self.turned(jpeg, turn).ok()?,
        };
        if !is_masked {
            return Some(turned);
        }
        let masked = self.masker.jpeg(&turned).or_else(|_| {
            // Progressive, in several scans, or with codes that lack black: written again with the standard codes, its
            // coefficients as they were.
            let plain = self.turned(&turned, Turn::default()).ok();
            plain.ok_or(()).and_then(|plain| self.masker.jpeg(&plain).map_err(drop))
        });
        masked.ok().map(Bytes::from)
    }

    /// Turned by its coefficients; fails where that would leave a strip at the wrong edge.
    fn turned(&mut self, jpeg: &[u8], turn: Turn) -> Result<Bytes, CodecError> {
        let mut transform = Transform::op(turn.op());
        transform.perfect = true;
        // EXIF would turn it again, and show what was.
        transform.copy_none = true;
        // The standard codes may take more than a camera's own; twice as much is more than enough.
        let most = 2 * jpeg.len() + (1 << 16);
        if self.out.len() < most {
            self.out.resize(most, 0);
        }
        let mut out = OutputBuf::borrowed(&mut self.out);
        // Made anew each time, which costs microseconds: it may not go from thread to thread.
        let transformer = Transformer::new().map_err(|e| CodecError::Library(e.to_string()));
        let done = transformer?.transform(&transform, jpeg, &mut out);
        crate::decode::tolerate(done)?;
        Ok(markers::with_profile(jpeg, &out).into())
    }

    /// Decoded and encoded again.
    fn anew(&mut self, jpeg: &[u8], turn: Turn, is_masked: bool) -> Result<Shaped, CodecError> {
        let planes = turn.planes(&self.decoder.i420(jpeg)?)?;
        let planes = if is_masked { self.masker.planes(planes)? } else { planes };
        let quality = markers::quality(jpeg).unwrap_or(*QUALITIES.end());
        self.encoder.set_quality(quality.clamp(*QUALITIES.start(), *QUALITIES.end()))?;
        let mut encoded = self.encoder.i420(&planes)?;
        if is_masked {
            // Encoding rings: what is seen beside a mask leaves a shimmer in the blocks on its edge.
            encoded = self.masker.jpeg(&encoded).map_or(encoded, Bytes::from);
        }
        Ok(Shaped { picture: scanned(encoded)?, recoded: true })
    }
}

fn scanned(jpeg: Bytes) -> Result<Picture, CodecError> {
    if jpeg.len() > MAX_BYTES {
        return Err(CodecError::Library("the turned picture is too large".to_owned()));
    }
    scan(jpeg).map(Picture::Jpeg).map_err(|error| CodecError::Damaged(error.to_string()))
}

#[cfg(test)]
mod tests;
