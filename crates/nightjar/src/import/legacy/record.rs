//! `metadata.json` of the older system as an import sees it: what it says is understood in `store`, as when one of its cameras
//! sends it; times without an offset are this machine's.

use std::ops::{Deref, DerefMut};
use std::time::Duration;

use jiff::tz::TimeZone;
use store::parcel::older::Older;
pub(super) use store::parcel::older::{label_of, text};

use crate::footage::when::{By, When};

#[cfg(test)]
mod tests;

/// What it said.
#[derive(Debug, Clone, Default)]
pub(super) struct Record(Older);

impl Deref for Record {
    type Target = Older;

    fn deref(&self) -> &Older {
        &self.0
    }
}

impl DerefMut for Record {
    fn deref_mut(&mut self) -> &mut Older {
        &mut self.0
    }
}

impl Record {
    /// # Errors
    /// When it is no JSON object.
    pub(super) fn read(bytes: &[u8]) -> anyhow::Result<Self> {
        Ok(Self(Older::read(bytes)?))
    }

    /// When it began.
    pub(super) fn started(&self) -> Option<When> {
        let (at, utc_offset) = self.0.started(&TimeZone::system())?;
        Some(When { at, utc_offset, by: By::Record }).filter(When::is_set)
    }

    /// How long it was.
    pub(super) fn duration(&self) -> Duration {
        self.0.duration(&TimeZone::system())
    }
}
