//! A place in a list of errands, as text.

use std::fmt;
use std::str::FromStr;

use crate::event::EventId;

/// Behind the errand of one event to one remote.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ErrandCursor {
    pub(crate) event: EventId,
    /// The remote's number in the index.
    pub(crate) remote: i64,
}

/// A text that is no [`ErrandCursor`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this cursor is not one that a page of errands has given")]
pub struct NotACursor;

impl fmt::Display for ErrandCursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.event, self.remote)
    }
}

impl FromStr for ErrandCursor {
    type Err = NotACursor;

    fn from_str(text: &str) -> Result<Self, NotACursor> {
        let (event, remote) = text.split_once('-').ok_or(NotACursor)?;
        let cursor = Self {
            event: event.parse().map_err(|_| NotACursor)?,
            remote: remote.parse().map_err(|_| NotACursor)?,
        };
        if cursor.to_string() == text { Ok(cursor) } else { Err(NotACursor) }
    }
}
