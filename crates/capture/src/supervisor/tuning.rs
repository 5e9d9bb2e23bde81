//! The times that supervision goes by.

use std::time::Duration;

/// The times that supervision goes by.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Tuning {
    /// Cap of the first back-off.
    pub(crate) first_backoff: Duration,
    /// Cap of all later ones.
    pub(crate) most_backoff: Duration,
    /// A source that was live for so long starts its back-off from the beginning.
    pub(crate) steady: Duration,
    /// The shortest silence that counts as a stall.
    pub(crate) floor: Duration,
    /// Patience while the source's rate is not known.
    pub(crate) unmeasured: Duration,
    /// To make a connection.
    pub(crate) connect: Duration,
    /// To get an answer's head.
    pub(crate) answer: Duration,
    /// The shortest wait after a camera refused the user: many lock an account after a few tries.
    pub(crate) guarded: Duration,
    /// The same problem is logged again after so long.
    pub(crate) log_again: Duration,
}

impl Default for Tuning {
    fn default() -> Self {
        let seconds = Duration::from_secs;
        Self {
            first_backoff: seconds(1),
            most_backoff: seconds(30),
            steady: seconds(10),
            floor: seconds(2),
            unmeasured: seconds(5),
            connect: seconds(5),
            answer: seconds(10),
            guarded: seconds(60),
            log_again: seconds(600),
        }
    }
}
