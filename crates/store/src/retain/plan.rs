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
        // Where all events together would not be enough, others fill the disk: taking them would cost everything and
        // reach nothing. What a recording needs is still made room for when it needs it.
        let ours = used.saturating_sub(totals.favourite_bytes);
        let by_free = if self.is_out_of_reach(ours, space) { 0 } else { self.lacking(space) };
        by_size.max(by_free)
    }

    /// Bytes that are to become free on the disk, and a tenth of the limit more, so that it is not met again at once.
    fn lacking(&self, space: Space) -> u64 {
        let below = self.min_free.filter(|least| space.free < *least);
        below.map_or(0, |least| least.saturating_add(least / 10).saturating_sub(space.free))
    }

    /// Whether the limit on free space would not be kept even if all events went that may go, which take `ours` bytes.
    pub(crate) fn is_out_of_reach(&self, ours: u64, space: Space) -> bool {
        self.min_free.is_some_and(|least| space.free.saturating_add(ours) < least)
    }

    /// Bytes by which pictures take more than a quarter of what all events together may take.
    pub(crate) fn pictures_above_share(&self, totals: Totals) -> u64 {
        let share = self.max_size.map_or(u64::MAX, |most| most / 4);
        totals.picture_bytes.saturating_sub(share)
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
