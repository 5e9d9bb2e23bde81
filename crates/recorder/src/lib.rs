//! Event edges and the ring → one finished event: clip, pictures, numbers.
//!
//! - **Reads** frames from a camera's ring, and what the detector decided about them.
//! - **Writes** events, through `store` and in no other way.
//! - **Never** makes capture or detection wait for an encoder or a disk, and speaks no HTTP.
//!
//! A camera's recorder is a thread of its own ([`Recorder::run`]). It is told what happens over a bounded way ([`Cues`]), takes the
//! frames out of the ring behind capture's back, and decides by [`plan`] which of them belong to which clip.
//!
//! # When it cannot keep up
//! Nobody waits for it, so what it has not had is overwritten in the ring at some time. Before that it gives way, step by
//! step, and says so in the event, in the log and in the figures:
//!
//! 1. More than a third of the ring is unread, and a frame takes longer than frames come apart: every second frame is
//!    left out for the rest of the event.
//! 2. More than two thirds are: the event goes on in a next part, in which the camera's JPEGs are copied.
//! 3. Frames were overwritten: they are counted as missing, and it goes on with the oldest that is left.

mod counts;
mod cue;
mod encode;
mod footage;
mod novelty;
mod pace;
mod pictures;
pub mod plan;
mod recorder;
mod settings;
mod shots;
mod story;
mod writing;

pub use counts::{Counts, Fault, Tally};
pub use cue::{Cue, Cues, Reason, Rest, Sight};
pub use footage::{Amend, Footage, Series, Source};
pub use novelty::{analysis, signature};
pub use recorder::{Recorder, Setup};
pub use settings::{EncoderKind, Settings};

/// Why a part of an event could not be written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Trouble {
    /// The store did not take it.
    #[error(transparent)]
    Store(#[from] store::StoreError),
    /// The clip's file did not.
    #[error("failed to write a clip: {0}")]
    Clip(#[from] std::io::Error),
    /// A picture could not be decoded or encoded.
    #[error(transparent)]
    Codec(#[from] codec::CodecError),
    /// The encoder in a child process failed.
    #[error("ffmpeg: {0}")]
    Child(String),
}
