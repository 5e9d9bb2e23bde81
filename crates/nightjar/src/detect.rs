//! One camera's detector: picture → luma → [`Observer`] → [`Judge`]. The same code for the live camera, for
//! recorded footage and for the bench, so that what one of them says holds for the others.

use std::time::Duration;

use codec::{CodecError, Decoder, luma_of};
use frame::{Picture, Size};
use motion::{ANALYSIS_WIDTH, Decision, EventEdge, Judge, MotionError, MotionField, Observer, Settings};

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
    /// What it was decided on.
    pub(crate) field: MotionField,
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
        let judged = field.map(|field| (eyes.judge.step(&field), field));
        self.eyes = Some(eyes);
        let (decision, field) = judged?;
        Ok(Looked { cut, decision, field })
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

#[cfg(test)]
mod tests {
    use codec::Shaper;
    use frame::{I420, Rotation};
    use scene::Scene;

    use super::*;

    #[test]
    fn a_picture_that_was_turned_is_looked_at_anew_and_ends_what_was_open() {
        let size = Size::new(320, 240);
        let mut scene = Scene::named("walker", size, 1).unwrap();
        let mut shaper = Shaper::new().unwrap();
        let mut detector = Detector::new(Settings::default()).unwrap();
        let mut look = |at: Duration, rotation| {
            let mut planes = Vec::new();
            scene.render(at, &mut planes);
            let picture = Picture::Raw(I420::new(size, planes.into()).unwrap());
            let picture = shaper.shape(picture, rotation, &[]).unwrap().picture;
            detector.look(&picture, at).unwrap()
        };
        let began = (0..400)
            .map(|n| Duration::from_millis(100) * n)
            .find(|&at| matches!(look(at, Rotation::None).decision.edge, Some(EventEdge::Began { .. })));
        let at = began.expect("the walker is noticed") + Duration::from_millis(100);
        let turned = look(at, Rotation::Quarter);
        assert!(matches!(turned.cut, Some(EventEdge::Ended(_))), "{:?}", turned.cut);
        assert!(!turned.decision.motion, "nothing is known of what it shows yet");
        assert!(look(at + Duration::from_millis(100), Rotation::Quarter).cut.is_none());
    }
}
