//! How much room must be made. Pure.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::event::EventId;
use crate::fs::Space;
use crate::query::{Evictable, Totals};

/// What a folder with its small files takes beside pictures and clip, bytes.
pub(crate) const OVERHEAD: u64 = 16 * 1024;

/// How much may be kept; `None` is no limit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Retention {
    /// How old an event may become.
    pub max_age: Option<Duration>,
    /// Bytes that all events together may take.
    pub max_size: Option<u64>,
    /// Bytes that stay free on the disk.
    pub min_free: Option<u64>,
}

impl Default for Retention {
    /// 30 days, 10 GiB, 1 GiB.
    fn default() -> Self {
        Self {
            max_age: Some(Duration::from_secs(30 * 86_400)),
            max_size: Some(10 << 30),
            min_free: Some(1 << 30),
        }
    }
}

impl Retention {
    /// Bytes to be freed now; 0 as long as every limit is kept.
    pub(crate) fn need(&self, totals: Totals, space: Space, quarantined: u64) -> u64 {
        let used = used(totals).saturating_add(quarantined);
        // Acts a 50th before the limit, and then down to a 20th below it.
        let by_size = self.max_size.map_or(0, |most| above(used, most - most / 50, most - most / 20));
        let by_free = self.min_free.map_or(0, |least| {
            if space.free < least { least.saturating_add(least / 10).saturating_sub(space.free) } else { 0 }
        });
        by_size.max(by_free)
    }

    /// Bytes to be freed when the disk is full though no limit says so.
    pub(crate) fn spare(&self) -> u64 {
        (self.min_free.unwrap_or(0) / 4).clamp(16 << 20, 256 << 20)
    }
}

/// Whether an event ended before that, and came here before that: old footage is not gone as soon as it is
/// imported. An event whose clock was not set has no age.
pub(crate) fn is_old(event: &Evictable, before: Timestamp) -> bool {
    let ended = event.started.checked_add(SignedDuration::try_from(event.duration).unwrap_or_default());
    event.clock_was_set && ended.unwrap_or(event.started).max(time_of(event.id)) < before
}

/// Bytes of all events.
pub(crate) fn used(totals: Totals) -> u64 {
    let overhead = totals.events.saturating_mul(OVERHEAD);
    totals.clip_bytes.saturating_add(totals.picture_bytes).saturating_add(overhead)
}

/// From above `high` down to `low`.
fn above(used: u64, high: u64, low: u64) -> u64 {
    if used > high { used - low } else { 0 }
}

/// The time that an id was made from.
pub(crate) fn time_of(id: EventId) -> Timestamp {
    i64::try_from(id.ms())
        .ok()
        .and_then(|ms| Timestamp::from_millisecond(ms).ok())
        .unwrap_or(Timestamp::UNIX_EPOCH)
}
