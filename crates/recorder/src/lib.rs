//! Event edges and the ring → one finished event: clip, pictures, numbers.
//!
//! - **Reads** frames from a camera's ring, and what the detector decided about them.
//! - **Writes** events, through `store` and in no other way.
//! - **Never** makes capture or detection wait for an encoder or a disk, and speaks no HTTP.

pub mod plan;
mod settings;

pub use settings::{EncoderKind, Settings};
