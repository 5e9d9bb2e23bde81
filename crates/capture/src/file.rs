//! A video file as a camera, through an `ffmpeg` child: in real time or as fast as it goes, once or over and over.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use frame::Size;

use crate::ffmpeg::{Decoded, Frames, Input, Tools};
use crate::halt::Halt;
use crate::source::{Next, Opener, Payload, Source};
use crate::{Negotiated, Pace, Problem};

mod error;
mod kept;
mod look;
mod probe;
mod video;

pub use error::FileError;
pub use video::{VideoFile, VideoInfo, open_file};

use kept::Kept;
pub(crate) use look::Look;
use probe::{Claims, Colours, probe};

#[cfg(test)]
mod tests;

/// Playing this late, the machine was asleep or far too slow: the schedule begins anew.
const HOPELESS: Duration = Duration::from_secs(5);
/// A looped file is opened again so long before its end, so that the seam costs no time.
const AHEAD: Duration = Duration::from_millis(500);
/// A looped file starts at most one decoder in so long, however short it is.
const ROUND: Duration = Duration::from_secs(1);

/// A file's name for messages: without the folders above it.
fn shown(path: &Path) -> String {
    path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned()
}

/// The file as `ffmpeg` is told of it: a name that begins with a dash or looks like an address stays a name.
fn url_of(path: &Path) -> OsString {
    let mut url = OsString::from("file:");
    url.push(path);
    url
}

/// Starts a decoder of the file.
fn decode(path: &Path, tools: &Tools, claims: &Claims, halt: Arc<Halt>) -> Result<Frames, FileError> {
    let mut arguments: Vec<OsString> =
        ["-nostdin", "-protocol_whitelist", "file", "-i"].iter().map(OsString::from).collect();
    arguments.push(url_of(path));
    // Planes are taken as JPEG has them, BT.601 in full range; the range follows from the pixel format.
    let filter = match claims.colours {
        Colours::Plain => None,
        // Half the price of `scale`, which goes by way of RGB: 1.4 ms against 3.3 ms a frame at 720p.
        Colours::Hd => Some("colormatrix=bt709:bt601"),
        Colours::FullHd => Some("scale=out_color_matrix=bt601:out_range=full"),
    };
    let hidden = vec![(url_of(path).to_string_lossy().into_owned(), shown(path))];
    let input = Input { arguments, filter, hidden, ..Input::default() };
    Frames::open(input, tools, halt).map_err(|failure| FileError::of(path, failure))
}

/// A file to be played.
#[derive(Debug)]
pub(crate) struct File {
    pub(crate) path: PathBuf,
    pub(crate) pace: Pace,
    pub(crate) looped: bool,
    pub(crate) tools: Tools,
    /// The longest that the decoder may take to its first frame.
    pub(crate) first: Duration,
    pub(crate) look: Look,
    pub(crate) halt: Arc<Halt>,
}

impl Opener for File {
    fn open(&mut self) -> Result<Box<dyn Source>, Problem> {
        self.look.at(&self.path, &self.halt, self.first)?;
        let claims = probe(&self.path, &self.tools, &self.halt, self.first)?;
        let frames = decode(&self.path, &self.tools, &claims, self.halt.clone())?;
        Ok(Box::new(Playback {
            path: self.path.clone(),
            tools: self.tools.clone(),
            halt: self.halt.clone(),
            pace: self.pace,
            looped: self.looped,
            first: self.first,
            length: claims.duration,
            claims,
            frames,
            ahead: None,
            offset: Duration::ZERO,
            begin: None,
            started: Instant::now(),
            kept: Kept::new(self.looped && self.pace == Pace::RealTime),
            judged: false,
            warning: None,
        }))
    }
}

/// A file under way.
struct Playback {
    path: PathBuf,
    tools: Tools,
    halt: Arc<Halt>,
    pace: Pace,
    looped: bool,
    first: Duration,
    claims: Claims,
    /// How long one round takes, as far as it is known.
    length: Option<Duration>,
    frames: Frames,
    /// The next round, opened a little before this one ends.
    ahead: Option<Frames>,
    /// Media time at which this round began.
    offset: Duration,
    /// When media time zero was played.
    begin: Option<Instant>,
    /// When this round's decoder was started.
    started: Instant,
    /// The frames of a clip shorter than [`ROUND`], which needs no decoder after its first round.
    kept: Kept,
    /// Whether a whole round was looked at for damage; all rounds are the same file.
    judged: bool,
    /// What was found then, until it is told.
    warning: Option<String>,
}

impl Source for Playback {
    fn negotiated(&self) -> Negotiated {
        // The pictures' own size counts; a rate is claimed only if frames come by the clock.
        let frame_rate = self.claims.frame_rate.filter(|_| self.pace == Pace::RealTime);
        Negotiated { size: Size::new(0, 0), frame_rate, format: "I420" }
    }

    fn next(&mut self, patience: Duration) -> Result<Next, Problem> {
        if let Some((time, picture)) = self.kept.next() {
            if self.pause(time) {
                return Ok(Next::Stopped);
            }
            return Ok(Next::Picture { payload: Payload::Raw(picture), media_time: Some(time), skipped: 0 });
        }
        loop {
            let patience = if self.frames.count() == 0 { self.first } else { patience };
            let decoded = self.frames.next(patience).map_err(|failure| FileError::of(&self.path, failure))?;
            match decoded {
                Decoded::Frame(time, picture) => {
                    let media_time = self.offset + time;
                    self.kept.add(time, &picture);
                    self.open_ahead(time)?;
                    if self.pace == Pace::RealTime && self.pause(media_time) {
                        return Ok(Next::Stopped);
                    }
                    let payload = Payload::Raw(picture);
                    return Ok(Next::Picture { payload, media_time: Some(media_time), skipped: 0 });
                }
                Decoded::Silent => return Err(FileError::Stalled(shown(&self.path)).into()),
                Decoded::Stopped => return Ok(Next::Stopped),
                Decoded::Ended { complaint } => {
                    if !self.judged {
                        self.judged = true;
                        let name = shown(&self.path);
                        self.warning = video::warning(&name, &self.frames, &self.claims, &complaint);
                    }
                    if !self.looped {
                        return Ok(Next::Ended);
                    }
                    if self.kept.is_whole(self.frames.end()) {
                        return self.next(patience);
                    }
                    // Not before its time: a child a frame would eat the machine.
                    if self.halt.wait_until(self.started + ROUND) {
                        return Ok(Next::Stopped);
                    }
                    self.again()?;
                }
            }
        }
    }

    fn warning(&mut self) -> Option<String> {
        self.warning.take()
    }
}

impl Playback {
    /// Waits until the frame is due; whether it was stopped.
    fn pause(&mut self, media_time: Duration) -> bool {
        let now = Instant::now();
        let late = |begin: Instant| now.saturating_duration_since(begin + media_time);
        if self.begin.is_none_or(|begin| late(begin) > HOPELESS) {
            self.begin = now.checked_sub(media_time);
        }
        let due = self.begin.unwrap_or(now) + media_time;
        self.halt.wait_until(due)
    }

    fn open_ahead(&mut self, time: Duration) -> Result<(), FileError> {
        let near = self.length.is_some_and(|length| time + AHEAD >= length);
        if self.looped && self.pace == Pace::RealTime && near && self.ahead.is_none() {
            self.ahead = Some(decode(&self.path, &self.tools, &self.claims, self.halt.clone())?);
        }
        Ok(())
    }

    /// The next round goes on where this one's last frame ends.
    fn again(&mut self) -> Result<(), FileError> {
        let length = self.frames.end().max(Duration::from_millis(1));
        self.length = Some(length);
        self.offset += length;
        self.started = Instant::now();
        self.frames = match self.ahead.take() {
            Some(frames) => frames,
            None => decode(&self.path, &self.tools, &self.claims, self.halt.clone())?,
        };
        Ok(())
    }
}
