//! Sources become frames: each camera has one named thread that opens its source, takes pictures from it, and opens
//! it again when it is lost.
//!
//! - **Reads** whatever the source gives: rendered scenes, HTTP, a child's pipe, a V4L2 device. All of it is hostile:
//!   sizes are bounded before they are allocated, waits are bounded before they begin.
//! - **Writes** frames to the camera's ring, and its state to a [`SourceStatus`] that anybody may look at.
//! - **Never** decodes a JPEG (only scans it, and turns or masks it where that is asked), shows one that could not be
//!   shaped as asked, waits for a reader, starts a process through a shell or because of
//!   anything but the configuration, follows a redirect, or lets a credential into a message or a log.
//!
//! A source is a value of `trait Opener`, what it opened one of `trait Source`; dropping that closes everything it
//! holds. The supervisor alone knows states, back-off, stalls and counters.

mod backoff;
mod child;
mod command;
mod demo;
mod ffmpeg;
mod file;
mod halt;
mod http;
mod knock;
mod problem;
mod pulse;
mod rtsp;
mod shape;
mod source;
mod status;
mod supervisor;
#[cfg(test)]
mod testing;
mod v4l2;

pub use child::kill_children;
pub use file::{FileError, VideoFile, VideoInfo, open_file};
pub use http::multipart;
pub use problem::Problem;
pub use shape::Shaping;
pub use source::{CameraSource, Negotiated, Pace, Restart, SourceKind, Transport, Want};
pub use status::{Counters, SourceStatus, State};
pub use supervisor::Supervisor;
pub use v4l2::{FoundCamera, first_camera, format_words};
