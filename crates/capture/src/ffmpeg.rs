//! `ffmpeg` as a child: which program is run, what it is asked for, and what may go wrong with it. What a failure means
//! for a file or for a camera on the network is said where those are.

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};

mod frames;

pub(crate) use frames::{Decoded, Frames};

/// The programs that are run; from `PATH` but in tests.
#[derive(Debug, Clone)]
pub(crate) struct Tools {
    pub(crate) ffmpeg: PathBuf,
    pub(crate) ffprobe: PathBuf,
}

impl Default for Tools {
    fn default() -> Self {
        Self { ffmpeg: "ffmpeg".into(), ffprobe: "ffprobe".into() }
    }
}

/// What is decoded.
#[derive(Debug, Default)]
pub(crate) struct Input {
    /// Arguments up to and including `-i` and its value. Everybody on the machine can read them: no credentials.
    pub(crate) arguments: Vec<OsString>,
    /// Written to the child's stdin, which then ends: the place for what nobody else may read.
    pub(crate) stdin: Vec<u8>,
    /// A filter that brings the colours to those of JPEG.
    pub(crate) filter: Option<&'static str>,
    /// What must not stand in a complaint, with what stands there instead.
    pub(crate) hidden: Vec<(String, String)>,
}

/// Why there are no (more) frames.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The program is not there.
    NoProgram(String),
    /// There is no video in it.
    NoVideo,
    /// It cannot be understood; what `ffmpeg` says of it, in brackets, or nothing.
    NotAVideo(String),
    /// It ended before its first frame; what `ffmpeg` says, in brackets, or nothing.
    NoFrames(String),
    /// The child was killed.
    Died(String),
    /// The child wrote what was not asked for, or frames too large.
    BadFrames(String),
    /// The machine is out of something.
    System(io::Error),
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::System(error)
    }
}

impl Failure {
    /// The program did not start.
    pub(crate) fn of_start(program: &Path, error: io::Error) -> Self {
        let name = program.file_name().unwrap_or(program.as_os_str()).to_string_lossy().into_owned();
        match error.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::PermissionDenied => Self::NoProgram(name),
            _ => Self::System(error),
        }
    }
}
