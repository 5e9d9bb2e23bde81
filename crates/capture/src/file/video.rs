//! A file for analysis: every frame once, as fast as it is asked for.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use frame::I420;

use crate::ffmpeg::{Decoded, Frames, Tools};
use crate::file::error::FileError;
use crate::file::probe::{Claims, probe};
use crate::file::{Look, decode, shown};
use crate::halt::Halt;

/// The longest that the decoder may write nothing: a large frame on a slow disk takes seconds, not half a minute.
const PATIENCE: Duration = Duration::from_secs(30);

/// What a file claims about itself.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct VideoInfo {
    /// Frames a second on average.
    pub frame_rate: Option<f32>,
    /// How long it plays.
    pub duration: Option<Duration>,
    /// How many frames there will be, counted by the container or estimated; for a progress bar, not for more.
    pub frames: Option<u64>,
}

/// An open video file. Dropping it ends its child process.
#[derive(Debug)]
pub struct VideoFile {
    path: PathBuf,
    claims: Claims,
    frames: Frames,
    warning: Option<String>,
    done: bool,
}

/// Opens a video file through an `ffmpeg` child.
///
/// # Errors
/// [`FileError::NoFile`], [`FileError::NoFfmpeg`]; what is wrong inside the file comes with the first frame.
pub fn open_file(path: &Path) -> Result<VideoFile, FileError> {
    open_with(path, &Tools::default())
}

pub(crate) fn open_with(path: &Path, tools: &Tools) -> Result<VideoFile, FileError> {
    let halt = Arc::new(Halt::new()?);
    Look::default().at(path, &halt, PATIENCE)?;
    let claims = probe(path, tools, &halt, PATIENCE)?;
    let frames = decode(path, tools, &claims, halt)?;
    Ok(VideoFile { path: path.to_owned(), claims, frames, warning: None, done: false })
}

fn info(claims: &Claims) -> VideoInfo {
    let frames = claims.frames.or_else(|| claims.estimate());
    VideoInfo { frame_rate: claims.frame_rate, duration: claims.duration, frames }
}

impl VideoFile {
    /// What the file claims about itself.
    #[must_use]
    pub fn info(&self) -> VideoInfo {
        info(&self.claims)
    }

    /// When it was recorded, in the container's words: mostly RFC 3339.
    #[must_use]
    pub fn created(&self) -> Option<&str> {
        self.claims.created.as_deref()
    }

    /// The next frame with its time, counted from the file's first; `None` behind the last one.
    ///
    /// # Errors
    /// [`FileError`]; nothing more comes after one.
    pub fn next_frame(&mut self) -> Result<Option<(Duration, I420)>, FileError> {
        if self.done {
            return Ok(None);
        }
        let decoded = self.frames.next(PATIENCE).map_err(|failure| FileError::of(&self.path, failure));
        self.done = !matches!(decoded, Ok(Decoded::Frame(..)));
        match decoded? {
            Decoded::Frame(time, picture) => Ok(Some((time, picture))),
            Decoded::Silent => Err(FileError::Stalled(shown(&self.path))),
            Decoded::Stopped => Err(FileError::Stopped),
            Decoded::Ended { complaint } => {
                self.warning = warning(&shown(&self.path), &self.frames, &self.claims, &complaint);
                Ok(None)
            }
        }
    }

    /// Behind the last frame: what was wrong with the file although frames came of it.
    #[must_use]
    pub fn warning(&self) -> Option<&str> {
        self.warning.as_deref()
    }
}

impl Iterator for VideoFile {
    type Item = Result<(Duration, I420), FileError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.next_frame().transpose()
    }
}

/// Whether the file ended early, as a sentence.
pub(crate) fn warning(name: &str, frames: &Frames, claims: &Claims, complaint: &str) -> Option<String> {
    let (count, end) = (frames.count(), frames.end());
    // A container's claim may be off by a frame or two, or count sound that goes on a little longer.
    let is_short = |claimed: Duration| claimed.saturating_sub(end) > Duration::from_secs(1).max(end / 20);
    let expected = claims.counted_time();
    let about = claims.counted.filter(|_| expected.is_some_and(is_short));
    let about = about.or_else(|| claims.estimate().filter(|_| claims.duration.is_some_and(is_short)));
    let of = about.filter(|about| *about > count).map_or(String::new(), |about| format!(" of about {about}"));
    let short = expected.max(claims.duration).is_some_and(is_short);
    match (short, complaint.is_empty()) {
        (true, true) => Some(format!("{name} is cut off after {count}{of} frames")),
        (true, false) => Some(format!("{name} is cut off after {count}{of} frames ({complaint})")),
        (false, false) => Some(format!("{name} is damaged in places ({complaint})")),
        (false, true) => None,
    }
}
