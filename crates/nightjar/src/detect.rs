//! One camera's detector: picture → luma → [`Observer`] → [`Judge`]. The same code for the live camera, for
//! recorded footage and for the bench, so that what one of them says holds for the others.

use std::time::Duration;

use codec::{CodecError, Decoder, luma_of};
use frame::{Picture, Size};
use motion::{ANALYSIS_WIDTH, Decision, EventEdge, Judge, MotionError, Observer, Settings};

/// Why a picture could not be looked at. The next one may be fine.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DetectError {
    /// It does not decode.
    #[error(transparent)]
    Codec(#[from] CodecError),
    /// It cannot be measured.
    #[error(transparent)]
    Motion(#[from] MotionError),
}

/// What a picture came to.
#[derive(Debug)]
pub(crate) struct Looked {
    /// The event that ended because the pictures changed their size, before this picture.
    pub(crate) cut: Option<EventEdge>,
    /// The decision on this picture.
    pub(crate) decision: Decision,
}

/// Looks at pictures of one camera, in order.
#[derive(Debug)]
pub(crate) struct Detector {
    decoder: Decoder,
    settings: Settings,
    eyes: Option<Eyes>,
}

#[derive(Debug)]
struct Eyes {
    size: Size,
    observer: Observer,
    judge: Judge,
}

impl Detector {
    /// With these settings; the size is learnt from the first picture.
    ///
    /// # Errors
    /// [`CodecError::Library`] if there is no memory.
    pub(crate) fn new(settings: Settings) -> Result<Self, CodecError> {
        Ok(Self { decoder: Decoder::new()?, settings, eyes: None })
    }

    /// From the next picture on, other settings; what is followed stays followed.
    pub(crate) fn set(&mut self, settings: Settings) {
        if let Some(eyes) = &mut self.eyes {
            eyes.judge.set(settings.clone());
        }
        self.settings = settings;
    }

    /// The next picture, with its time by the source's clock.
    ///
    /// # Errors
    /// When it cannot be decoded or measured; nothing of what was learnt is lost by that.
    pub(crate) fn look(&mut self, picture: &Picture, media: Duration) -> Result<Looked, DetectError> {
        let size = picture.size();
        let mut cut = None;
        let mut eyes = match self.eyes.take() {
            Some(eyes) if eyes.size == size => eyes,
            other => {
                cut = other.and_then(|mut eyes| eyes.judge.finish());
                Eyes { size, observer: Observer::new(size)?, judge: Judge::new(size, self.settings.clone()) }
            }
        };
        let field = luma_of(picture, &mut self.decoder, ANALYSIS_WIDTH)
            .map_err(DetectError::from)
            .and_then(|luma| Ok(eyes.observer.observe(&luma, media)?));
        let decision = field.map(|field| eyes.judge.step(&field));
        self.eyes = Some(eyes);
        Ok(Looked { cut, decision: decision? })
    }

    /// What was learnt of the picture is given up; the next one is the first.
    pub(crate) fn forget(&mut self) {
        self.eyes = None;
    }

    /// Nothing more is coming: the open event, if any, ends.
    pub(crate) fn finish(&mut self) -> Option<EventEdge> {
        self.eyes.as_mut()?.judge.finish()
    }
}
