//! What can go wrong with a video file.

use crate::Problem;

/// Why a file gives no pictures.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FileError {
    /// There is no such file, or it may not be read.
    #[error("{0} cannot be read: {1}")]
    NoFile(String, String),
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

impl From<FileError> for Problem {
    fn from(error: FileError) -> Self {
        let (code, mend) = match &error {
            FileError::NoFile(..) => ("no_file", "Check `path`, and that Nightjar may read the file."),
            FileError::NoFfmpeg(_) => ("no_ffmpeg", "Install ffmpeg; on Debian: apt install ffmpeg."),
            FileError::NotAVideo(..) => ("not_a_video", "Choose a video file in `path`."),
            FileError::NoVideo(_) => ("no_video", "Choose a file with video in `path`."),
            FileError::NoFrames(..) => {
                ("no_frames", "Record or copy the file again; it may have been cut off.")
            }
            FileError::Stalled(_) => ("stalled", "Check that the disk with the file answers."),
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
