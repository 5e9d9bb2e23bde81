//! The frames of a very short clip that is played over and over: a decoder a round would be a process a blink.

use std::time::Duration;

use frame::I420;

use crate::file::ROUND;

/// Bytes that are kept at the most: half a second of 1080p, or a second of 720p at 25 frames a second.
const MOST: usize = 48 << 20;
/// No clip is taken for shorter: a still picture would be played a thousand times a second.
const SHORTEST: Duration = Duration::from_millis(40);

/// Frames with their times in the first round.
#[derive(Debug, Default)]
pub(crate) struct Kept {
    frames: Vec<(Duration, I420)>,
    bytes: usize,
    /// How long a round takes; set once all frames are here.
    length: Option<Duration>,
    /// How many frames were played again.
    played: usize,
    /// The clip is too long or too large for this, or it is not wanted.
    given_up: bool,
}

impl Kept {
    pub(crate) fn new(wanted: bool) -> Self {
        Self { given_up: !wanted, ..Self::default() }
    }

    /// A frame of the first round.
    pub(crate) fn add(&mut self, time: Duration, picture: &I420) {
        self.bytes += picture.bytes().len();
        if self.given_up || time >= ROUND || self.bytes > MOST {
            *self = Self::new(false);
            return;
        }
        self.frames.push((time, picture.clone()));
    }

    /// The first round is over and takes so long: whether its frames are all here, to be played from now on.
    pub(crate) fn is_whole(&mut self, length: Duration) -> bool {
        if self.given_up || self.frames.is_empty() || length >= ROUND {
            *self = Self::new(false);
            return false;
        }
        self.length = Some(length.max(SHORTEST));
        true
    }

    /// The next frame of all further rounds with its media time, once all are here.
    pub(crate) fn next(&mut self) -> Option<(Duration, I420)> {
        let length = self.length?;
        let count = self.frames.len();
        let round = u32::try_from(self.played / count).unwrap_or(u32::MAX).saturating_add(1);
        let (time, picture) = self.frames.get(self.played % count)?;
        self.played += 1;
        Some((length.saturating_mul(round).saturating_add(*time), picture.clone()))
    }
}
