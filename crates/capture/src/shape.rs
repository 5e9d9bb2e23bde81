//! What is asked of a running camera: how its pictures are turned and masked, and what its source is to give.
//!
//! Pictures are shaped between the source and the ring, under the same lock that a change of the shaping takes. So
//! when a change has been made, every picture that went into the ring before it has been taken back where it has to
//! be, and every later one obeys it; there is no picture in between.

use std::sync::{Mutex, MutexGuard, PoisonError};

use codec::{CodecError, Encoder, Shaped, Shaper};
use frame::{JpegPicture, Picture, Polygon, Ring, Rotation, Sampling};

use crate::Want;
use crate::source::Opener;

/// Quality of raw pictures that are compressed: what is lost is less than a camera's own noise.
const QUALITY: u8 = 88;

/// What becomes of a camera's pictures before anybody sees them.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Shaping {
    /// Clockwise. A JPEG is turned without loss.
    pub rotation: Rotation,
    /// Black from here on; shares of the picture once it is turned.
    pub masks: Vec<Polygon>,
    /// Raw pictures become JPEGs here, once for all, so that the ring holds seconds of them and not moments. What is
    /// recorded needs that; who only watches does not.
    pub compress: bool,
}

impl Shaping {
    /// Whether pictures that were shaped by `before` may show what this hides.
    fn hides_more_than(&self, before: &Self) -> bool {
        !self.masks.is_empty()
            && (self.rotation != before.rotation
                || self.masks.iter().any(|mask| !before.masks.contains(mask)))
    }
}

/// What is asked, shared by a camera's thread and its handle.
pub(crate) struct Orders {
    asked: Mutex<Asked>,
    ring: Ring,
}

impl std::fmt::Debug for Orders {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Orders").finish_non_exhaustive()
    }
}

struct Asked {
    shaper: Shaper,
    encoder: Encoder,
    want: Want,
    /// The source was not told yet.
    is_news: bool,
    /// Another source, from now on.
    opener: Option<Box<dyn Opener>>,
    shaping: Shaping,
}

impl Orders {
    /// # Errors
    /// When there is no memory.
    pub(crate) fn new(want: Want, shaping: Shaping, ring: Ring) -> std::io::Result<Self> {
        let shaper = Shaper::new().map_err(std::io::Error::other)?;
        let encoder = Encoder::new(QUALITY).map_err(std::io::Error::other)?;
        Ok(Self {
            asked: Mutex::new(Asked { shaper, encoder, want, is_news: false, opener: None, shaping }),
            ring,
        })
    }

    fn lock(&self) -> MutexGuard<'_, Asked> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// See [`crate::Supervisor::set`].
    pub(crate) fn set(&self, want: Want, shaping: Shaping) {
        let mut asked = self.lock();
        if asked.want != want {
            asked.want = want;
            asked.is_news = true;
        }
        let hides_more = shaping.hides_more_than(&asked.shaping);
        asked.shaping = shaping;
        if hides_more {
            self.ring.clear();
        }
    }

    /// Another source takes the place of the one there is.
    pub(crate) fn replace(&self, opener: Box<dyn Opener>, want: Want, shaping: Shaping) {
        self.set(want, shaping);
        let mut asked = self.lock();
        asked.opener = Some(opener);
        // It was made with what it is to give.
        asked.is_news = false;
    }

    /// The other source, if there is to be one.
    pub(crate) fn replacement(&self) -> Option<Box<dyn Opener>> {
        self.lock().opener.take()
    }

    /// Whether there is to be another source.
    pub(crate) fn is_replaced(&self) -> bool {
        self.lock().opener.is_some()
    }

    /// What the source is to give from now on, if that has changed since it was asked last.
    pub(crate) fn news(&self) -> Option<Want> {
        let mut asked = self.lock();
        std::mem::take(&mut asked.is_news).then_some(asked.want)
    }

    /// Shapes a picture and hands it on; nothing is asked otherwise until it has been.
    ///
    /// # Errors
    /// When it cannot be shaped; then it must not be seen, and `hand_on` gets nothing.
    pub(crate) fn shaped(&self, picture: Picture, hand_on: impl FnOnce(Shaped)) -> Result<(), CodecError> {
        let mut asked = self.lock();
        let Asked { shaper, encoder, shaping, .. } = &mut *asked;
        let mut shaped = shaper.shape(picture, shaping.rotation, &shaping.masks)?;
        if let (true, Picture::Raw(raw)) = (shaping.compress, &shaped.picture) {
            let jpeg =
                JpegPicture { bytes: encoder.i420(raw)?, size: raw.size(), sampling: Sampling::Yuv420 };
            shaped.picture = Picture::Jpeg(jpeg);
        }
        hand_on(shaped);
        drop(asked);
        Ok(())
    }
}

#[cfg(test)]
mod tests;
