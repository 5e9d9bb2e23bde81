//! A file for analysis: every frame once, as fast as it is asked for.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use frame::I420;

use crate::file::error::FileError;
use crate::file::frames::{Decoded, Frames};
use crate::file::probe::{Claims, probe};
use crate::file::{Tools, readable, shown};
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
    name: String,
    info: VideoInfo,
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
    readable(path)?;
    let halt = Arc::new(Halt::new()?);
    let claims = probe(path, tools, &halt);
    let frames = Frames::open(path, tools, halt)?;
    Ok(VideoFile { name: shown(path), info: info(claims), frames, warning: None, done: false })
}

fn info(claims: Claims) -> VideoInfo {
    let estimate = claims.duration.zip(claims.frame_rate);
    let estimate = estimate.map(|(time, rate)| (time.as_secs_f32() * rate).round() as u64);
    VideoInfo { frame_rate: claims.frame_rate, duration: claims.duration, frames: claims.frames.or(estimate) }
}

impl VideoFile {
    /// What the file claims about itself.
    #[must_use]
    pub fn info(&self) -> VideoInfo {
        self.info
    }

    /// The next frame with its time, counted from the file's first; `None` behind the last one.
    ///
    /// # Errors
    /// [`FileError`]; nothing more comes after one.
    pub fn next_frame(&mut self) -> Result<Option<(Duration, I420)>, FileError> {
        if self.done {
            return Ok(None);
        }
        let decoded = self.frames.next(PATIENCE);
        self.done = !matches!(decoded, Ok(Decoded::Frame(..)));
        match decoded? {
            Decoded::Frame(time, picture) => Ok(Some((time, picture))),
            Decoded::Silent => Err(FileError::Stalled(self.name.clone())),
            Decoded::Stopped => Err(FileError::Stopped),
            Decoded::Ended { complaint } => {
                self.warning = warning(&self.name, &self.frames, self.info.duration, &complaint);
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
pub(crate) fn warning(
    name: &str,
    frames: &Frames,
    claimed: Option<Duration>,
    complaint: &str,
) -> Option<String> {
    let count = frames.count();
    let missing = claimed.map_or(Duration::ZERO, |claimed| claimed.saturating_sub(frames.end()));
    // A container's claim may be off by a frame or two, or count sound that goes on a little longer.
    let short = missing > Duration::from_secs(1).max(frames.end() / 20);
    match (short, complaint.is_empty()) {
        (true, true) => Some(format!("{name} is cut off after {count} frames")),
        (true, false) => Some(format!("{name} is cut off after {count} frames ({complaint})")),
        (false, false) => Some(format!("{name} is damaged in places ({complaint})")),
        (false, true) => None,
    }
}
