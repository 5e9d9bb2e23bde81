//! H.264 from an `ffmpeg` child with the encoder of the configuration: for machines whose processor has better to do.
//!
//! JPEGs go in, in the order of the frames, and as many pictures come out in the same order, some of them later; so each gets
//! the time of its frame. If the child fails before its first picture, this process encodes what it was given and goes on;
//! later the part ends there, and the event goes on in a next one, encoded here.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use codec::Encoder;
use frame::{Frame, Size};
use store::event::ClipCodec;
use store::mp4::TrackKind;

use super::annex_b::{AnnexB, Unit};
use super::child::Child;
use super::{Encode, Own, Sample};
use crate::{Settings, Trouble};

/// Frames that may be in the child; one that keeps more gives nothing.
const WITHIN: usize = 64;

/// See the module's documentation.
pub(crate) struct Hardware {
    child: Option<Child>,
    stream: AnnexB,
    /// What went in and did not come out yet.
    within: VecDeque<(Duration, Arc<Frame>)>,
    has_track: bool,
    /// Encodes in the child's stead.
    own: Option<Own>,
    jpegs: Encoder,
    size: Size,
    frame_rate: f32,
    settings: Settings,
}

impl Hardware {
    /// Starts the child.
    pub(crate) fn new(settings: &Settings, name: &str, size: Size, frame_rate: f32) -> Result<Self, Trouble> {
        let even = Size::new(size.width & !1, size.height & !1);
        let (child, own) = match Child::start("ffmpeg", &arguments(name, even, settings.quality, frame_rate))
        {
            Ok(child) => (Some(child), None),
            Err(error) => {
                tell(&error);
                (None, Some(Own::new(settings, size, frame_rate)?))
            }
        };
        Ok(Self {
            child,
            stream: AnnexB::default(),
            within: VecDeque::new(),
            has_track: false,
            own,
            jpegs: Encoder::new(90)?,
            size,
            frame_rate,
            settings: settings.clone(),
        })
    }

    fn give(&mut self, jpeg: Option<&[u8]>, out: &mut Vec<Sample>) -> Result<(), Trouble> {
        let Some(child) = &mut self.child else { return Ok(()) };
        let (mut bytes, mut units) = (Vec::new(), Vec::new());
        match jpeg {
            Some(jpeg) => child.give(jpeg, &mut bytes)?,
            None => child.end(&mut bytes)?,
        }
        if !self.stream.take(&mut bytes, &mut units) {
            return Err(Trouble::Child("what it gives is no H.264".to_owned()));
        }
        if jpeg.is_none() {
            self.stream.end(&mut units);
        }
        for Unit { data, key } in units {
            if !self.has_track && (!key || self.stream.sps.len() < 4 || self.stream.pps.is_empty()) {
                return Err(Trouble::Child("it does not begin with a key frame".to_owned()));
            }
            let Some((at, _)) = self.within.pop_front() else {
                return Err(Trouble::Child("it gives more pictures than it got".to_owned()));
            };
            self.has_track = true;
            out.push(Sample { at, data: data.into(), key });
        }
        if self.within.len() > WITHIN {
            return Err(Trouble::Child("it gives nothing".to_owned()));
        }
        Ok(())
    }

    /// The child is of no use: if nothing of it was written, what it was given is encoded here.
    fn instead(&mut self, error: Trouble, out: &mut Vec<Sample>) -> Result<(), Trouble> {
        self.child = None;
        if self.has_track {
            return Err(error);
        }
        tell(&error);
        let mut own = Own::new(&self.settings, self.size, self.frame_rate)?;
        for (at, frame) in std::mem::take(&mut self.within) {
            own.push(at, &frame, out)?;
        }
        self.own = Some(own);
        Ok(())
    }
}

impl Encode for Hardware {
    fn track(&self) -> Option<TrackKind> {
        if let Some(own) = &self.own {
            return own.track();
        }
        let size = Size::new(self.size.width & !1, self.size.height & !1);
        let (sps, pps) = (self.stream.sps.clone(), self.stream.pps.clone());
        self.has_track.then_some(TrackKind::Avc { size, sps, pps })
    }

    fn push(&mut self, at: Duration, frame: &Arc<Frame>, out: &mut Vec<Sample>) -> Result<(), Trouble> {
        if let Some(own) = &mut self.own {
            return own.push(at, frame, out);
        }
        let jpeg = frame.jpeg_or_encode(|raw| self.jpegs.i420(raw))?;
        self.within.push_back((at, frame.clone()));
        self.give(Some(&jpeg), out).or_else(|error| self.instead(error, out))
    }

    fn finish(&mut self, out: &mut Vec<Sample>) -> Result<(), Trouble> {
        let ended = match self.own {
            Some(_) => Ok(()),
            None => self.give(None, out).or_else(|error| self.instead(error, out)),
        };
        // A child of few frames may give nothing before its end, and then gives nothing at all.
        if ended.is_ok() && self.own.is_none() && !self.has_track {
            return self.instead(Trouble::Child("it gave nothing".to_owned()), out);
        }
        ended
    }

    fn codec(&self) -> ClipCodec {
        ClipCodec::H264
    }
}

fn tell(error: &Trouble) {
    tracing::warn!(%error, "the encoder of the configuration does not work; this process encodes");
}

/// The command line. Nothing of it but the encoder's name is the configuration's, and that is one of a list.
fn arguments(name: &str, size: Size, quality: u8, frame_rate: f32) -> Vec<String> {
    // What openh264 takes for a garden at that quality, and a half more: hardware spends it less well.
    let pixels = f64::from(size.width) * f64::from(size.height) * f64::from(frame_rate);
    let bits = pixels * 0.12 * f64::from(quality) / 75.0;
    let mut line: Vec<String> =
        ["-hide_banner", "-loglevel", "error", "-f", "mjpeg", "-framerate"].map(str::to_owned).into();
    line.push(format!("{frame_rate:.3}"));
    line.extend(["-i", "pipe:0", "-an", "-c:v", name].map(str::to_owned));
    line.extend(["-b:v".to_owned(), format!("{bits:.0}")]);
    line.extend(["-g".to_owned(), format!("{:.0}", (2.0 * frame_rate).max(1.0))]);
    if name == "libx264" {
        line.extend(["-preset", "ultrafast", "-tune", "zerolatency"].map(str::to_owned));
    }
    line.extend(["-bf", "0", "-vf"].map(str::to_owned));
    line.push(format!("crop={}:{}:0:0,format=yuv420p", size.width, size.height));
    line.extend(
        [
            "-fps_mode",
            "passthrough",
            "-bsf:v",
            "dump_extra,h264_metadata=aud=insert",
            "-flush_packets",
            "1",
            "-f",
            "h264",
        ]
        .map(str::to_owned),
    );
    line.push("pipe:1".to_owned());
    line
}
