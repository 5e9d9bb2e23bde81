//! What can go wrong with a video file.

use std::path::Path;

use crate::Problem;
use crate::ffmpeg::Failure;
use crate::file::shown;

/// Why a file gives no pictures.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FileError {
    /// There is no such file, or it may not be read.
    #[error("{0} cannot be read: {1}")]
    NoFile(String, String),
    /// There is something by that name that is no file.
    #[error("{0} is no file: found {1}; give a video file")]
    NotAFile(String, &'static str),
    /// The disk or the share that it lies on says nothing.
    #[error("the disk with {0} does not answer")]
    NoDisk(String),
    /// `ffmpeg` is not installed.
    #[error("the program {0} is not installed")]
    NoFfmpeg(String),
    /// It is no video file.
    #[error("{0} is no video file{1}")]
    NotAVideo(String, String),
    /// It has sound or text, but no video.
    #[error("{0} has no video in it")]
    NoVideo(String),
    /// It ended before the first frame.
    #[error("{0} has no frames in it{1}")]
    NoFrames(String, String),
    /// The child neither wrote nor ended.
    #[error("ffmpeg went silent over {0}")]
    Stalled(String),
    /// The child was killed.
    #[error("ffmpeg died over {0}: {1}")]
    Died(String, String),
    /// The child wrote what was not asked for, or frames too large.
    #[error("the frames of {0} cannot be used: {1}")]
    BadFrames(String, String),
    /// The machine is out of something.
    #[error("ffmpeg could not be run: {0}")]
    System(#[from] std::io::Error),
    /// Told to stop.
    #[error("stopped")]
    Stopped,
}

impl FileError {
    /// What a failure of `ffmpeg` means for that file.
    pub(crate) fn of(path: &Path, failure: Failure) -> Self {
        let name = shown(path);
        match failure {
            Failure::NoProgram(program) => Self::NoFfmpeg(program),
            Failure::NoVideo => Self::NoVideo(name),
            Failure::NotAVideo(detail) => Self::NotAVideo(name, detail),
            Failure::NoFrames(detail) => Self::NoFrames(name, detail),
            Failure::Died(how) => Self::Died(name, how),
            Failure::BadFrames(what) => Self::BadFrames(name, what),
            Failure::System(error) => Self::System(error),
        }
    }
}

impl From<FileError> for Problem {
    fn from(error: FileError) -> Self {
        let (code, mend) = match &error {
            FileError::NoFile(..) => {
                ("no_file", "Check the path in the configuration, and that Nightjar may read the file.")
            }
            FileError::NotAFile(..) => ("no_file", "Set the path in the configuration to a video file."),
            FileError::NoDisk(_) => ("stalled", "Check that the disk or the share is there and answers."),
            FileError::NoFfmpeg(_) => ("no_ffmpeg", "Install ffmpeg; on Debian: apt install ffmpeg."),
            FileError::NotAVideo(..) => ("not_a_video", "Set the path in the configuration to a video file."),
            FileError::NoVideo(_) => ("no_video", "Set the path in the configuration to a file with video."),
            FileError::NoFrames(..) => {
                ("no_frames", "Record or copy the file again; it may have been cut off.")
            }
            FileError::Stalled(_) => {
                ("stalled", "Check that the disk with the file answers and that ffmpeg -version does.")
            }
            FileError::Died(..) => ("died", "Look for a shortage of memory on this machine."),
            FileError::BadFrames(..) => ("bad_pictures", "Convert the file to at most 8192 pixels a side."),
            FileError::System(_) | FileError::Stopped => {
                ("system", "Restart Nightjar; if it stays, look for a shortage of memory or processes.")
            }
        };
        let text = error.to_string();
        let mut letters = text.chars();
        let first = letters.next().map(|letter| letter.to_uppercase().to_string()).unwrap_or_default();
        // A sentence begins with a capital, but a path stays as it is.
        let first = if text.starts_with("the ") { first } else { text.chars().take(1).collect() };
        Self::new(code, format!("{first}{}.", letters.as_str()), mend)
    }
}
