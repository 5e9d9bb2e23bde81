//! One opening of a source.

use std::time::Instant;

use crate::Problem;

/// One opening of the source.
pub(super) struct Session {
    /// When it was opened; once it is live, when it became so.
    pub(super) began: Instant,
    pub(super) last_good: Instant,
    /// When those who watch were last told of the rate.
    pub(super) told: Instant,
    pub(super) live: bool,
    /// Why the newest picture was refused, if it was.
    pub(super) refused: Option<String>,
    /// That pictures are encoded anew.
    pub(super) told_of_recoding: bool,
}

impl Session {
    pub(super) fn new(now: Instant) -> Self {
        Self { began: now, last_good: now, told: now, live: false, refused: None, told_of_recoding: false }
    }

    /// No picture came for too long; what that means.
    pub(super) fn stalled(&self) -> Problem {
        if let Some(error) = &self.refused {
            return Problem::new(
                "bad_pictures",
                format!("Pictures come, but none can be shown: {error}."),
                "Set the camera to plain JPEG at a smaller size, or restart it.",
            );
        }
        let silent = self.last_good.elapsed().as_secs_f32();
        let what = if self.live {
            format!("The source went silent; no picture for {silent:.1} s.")
        } else {
            format!("The source is open, but no picture came within {silent:.1} s.")
        };
        Problem::new("stalled", what, "Check the camera's power and its network; restart it if this goes on.")
    }
}
