//! A clip's frames as they are written: H.264 of this process, the camera's own JPEGs, or what a child makes.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use codec::{Encoder, VideoEncoder, VideoSettings};
use frame::{Frame, Size};
use store::event::ClipCodec;
use store::mp4::TrackKind;

use crate::{EncoderKind, Settings, Trouble};

mod annex_b;
mod child;
mod ffmpeg;
#[cfg(test)]
mod tests;

use ffmpeg::Hardware;

/// A frame as it is written.
#[derive(Debug, Clone)]
pub(crate) struct Sample {
    /// Since the part's first frame.
    pub(crate) at: Duration,
    pub(crate) data: Bytes,
    /// It needs no other to be shown.
    pub(crate) key: bool,
}

/// Makes samples of frames, in order. Each frame becomes one, some only after later ones were pushed.
pub(crate) trait Encode: Send {
    /// What the track holds; `None` until the first sample is there.
    fn track(&self) -> Option<TrackKind>;
    /// The next frame, taken `at` since the part's first one; what is ready comes out.
    fn push(&mut self, at: Duration, frame: &Arc<Frame>, out: &mut Vec<Sample>) -> Result<(), Trouble>;
    /// Nothing more comes: what is left comes out.
    fn finish(&mut self, out: &mut Vec<Sample>) -> Result<(), Trouble>;
    /// What the clip is called.
    fn codec(&self) -> ClipCodec;
}

/// Makes an encoder for pictures of that size, that many a second.
pub(crate) type Make = Box<dyn Fn(&Settings, Size, f32) -> Result<Box<dyn Encode>, Trouble> + Send>;

/// What the settings ask for. An `ffmpeg` that cannot be started is replaced by what this process has.
pub(crate) fn make(settings: &Settings, size: Size, frame_rate: f32) -> Result<Box<dyn Encode>, Trouble> {
    match &settings.encoder {
        EncoderKind::Mjpeg => Ok(Box::new(Copied::new(settings, size)?)),
        EncoderKind::H264 => Ok(Box::new(Own::new(settings, size, frame_rate)?)),
        EncoderKind::Ffmpeg { name } => Ok(Box::new(Hardware::new(settings, name, size, frame_rate)?)),
    }
}

/// One can begin to play at the latest so long after any other such place, whatever the camera's rate becomes.
const KEY: Duration = Duration::from_secs(2);

/// H.264, encoded here.
pub(crate) struct Own {
    inner: VideoEncoder,
    /// When the last key frame was taken.
    key: Duration,
}

impl Own {
    pub(crate) fn new(settings: &Settings, size: Size, frame_rate: f32) -> Result<Self, Trouble> {
        let settings = VideoSettings { quality: settings.quality, frame_rate, ..VideoSettings::default() };
        Ok(Self { inner: VideoEncoder::new(size, &settings)?, key: Duration::ZERO })
    }
}

impl Encode for Own {
    fn track(&self) -> Option<TrackKind> {
        let (sps, pps) = self.inner.parameter_sets();
        Some(TrackKind::Avc { size: self.inner.size(), sps: sps.to_vec(), pps: pps.to_vec() })
    }

    fn push(&mut self, at: Duration, frame: &Arc<Frame>, out: &mut Vec<Sample>) -> Result<(), Trouble> {
        // The encoder counts frames by the rate that was expected; the camera may have become slower since.
        let is_late = at.saturating_sub(self.key) >= KEY;
        let encoded = self.inner.encode(frame.picture(), is_late)?;
        if encoded.key {
            self.key = at;
        }
        out.push(Sample { at, data: encoded.data.into(), key: encoded.key });
        Ok(())
    }

    fn finish(&mut self, _: &mut Vec<Sample>) -> Result<(), Trouble> {
        Ok(())
    }

    fn codec(&self) -> ClipCodec {
        ClipCodec::H264
    }
}

/// The camera's JPEGs; raw pictures become one.
pub(crate) struct Copied {
    size: Size,
    encoder: Encoder,
}

impl Copied {
    pub(crate) fn new(settings: &Settings, size: Size) -> Result<Self, Trouble> {
        Ok(Self { size, encoder: Encoder::new(settings.quality.clamp(1, 100))? })
    }
}

impl Encode for Copied {
    fn track(&self) -> Option<TrackKind> {
        Some(TrackKind::Mjpeg { size: self.size })
    }

    fn push(&mut self, at: Duration, frame: &Arc<Frame>, out: &mut Vec<Sample>) -> Result<(), Trouble> {
        let data = frame.jpeg_or_encode(|raw| self.encoder.i420(raw))?;
        out.push(Sample { at, data, key: true });
        Ok(())
    }

    fn finish(&mut self, _: &mut Vec<Sample>) -> Result<(), Trouble> {
        Ok(())
    }

    fn codec(&self) -> ClipCodec {
        ClipCodec::Mjpeg
    }
}
