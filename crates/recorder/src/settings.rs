//! How events of one camera are recorded.

use std::time::Duration;

/// Read when an event begins and at each of its frames, so that a change holds at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Off: nothing is recorded, by hand neither; an open event ends.
    pub enabled: bool,
    /// Kept of what was before the event.
    pub pre_roll: Duration,
    /// Kept after the last movement.
    pub post_roll: Duration,
    /// An event that is longer goes on in a next part.
    pub max_duration: Duration,
    /// The detector's: without movement for so long an event is over.
    pub event_gap: Duration,
    /// What the clip is made with.
    pub encoder: EncoderKind,
    /// Of clips and pictures, 1 to 100.
    pub quality: u8,
    /// Pictures that are spread over an event.
    pub thumbnails: u32,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            enabled: true,
            pre_roll: Duration::from_secs(5),
            post_roll: Duration::from_secs(2),
            max_duration: Duration::from_secs(300),
            event_gap: Duration::from_secs(3),
            encoder: EncoderKind::H264,
            quality: 80,
            thumbnails: 3,
        }
    }
}

/// What makes the clip.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EncoderKind {
    /// H.264, encoded in this process.
    H264,
    /// The camera's JPEGs, copied.
    Mjpeg,
    /// H.264 from an `ffmpeg` child with the encoder of that name.
    Ffmpeg {
        /// As `ffmpeg -encoders` lists it.
        name: String,
    },
}
