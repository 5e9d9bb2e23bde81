//! The id of an event: a ULID, so that ids sort by when they were made.

use std::fmt;
use std::str::FromStr;

/// 26 characters of Crockford's base 32. Its time is a label; what counts is that a later id is larger.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EventId(ulid::Ulid);

/// A text that is no [`EventId`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an event's id is 26 letters and digits, such as 01KAGW3M6J9Z0T4V8Q2X5Y7B1C")]
pub struct NotAnId;

impl EventId {
    /// From a time in milliseconds since 1970 and 80 bits of chance.
    #[must_use]
    pub fn from_parts(ms: u64, chance: u128) -> Self {
        Self(ulid::Ulid::from_parts(ms, chance))
    }

    /// The next larger one; `None` after the largest there is.
    #[must_use]
    pub fn next(self) -> Option<Self> {
        self.0.0.checked_add(1).map(|next| Self(ulid::Ulid(next)))
    }

    /// The milliseconds since 1970 that it was made from.
    #[must_use]
    pub fn ms(self) -> u64 {
        self.0.timestamp_ms()
    }
}

impl fmt::Display for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl fmt::Debug for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl FromStr for EventId {
    type Err = NotAnId;

    /// Upper case only and no letter that stands for another: one event has one name.
    fn from_str(text: &str) -> Result<Self, NotAnId> {
        let id = ulid::Ulid::from_string(text).map_err(|_| NotAnId)?;
        if id.to_string() == text { Ok(Self(id)) } else { Err(NotAnId) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_has_one_name() {
        let id = EventId::from_parts(1_763_650_000_000, 7);
        assert_eq!(id.to_string().parse(), Ok(id));
        assert!(id.next().is_some_and(|next| next > id && next.to_string() > id.to_string()));
        let lower = id.to_string().to_lowercase();
        for bad in ["", "../../etc/passwd", "8ZZZZZZZZZZZZZZZZZZZZZZZZZ", &lower, "01KAGW3M6J9Z0T4V8Q2X5Y7B1"]
        {
            assert_eq!(bad.parse::<EventId>(), Err(NotAnId), "{bad}");
        }
    }
}
