//! Stamping anew what was recorded before the clock was set.
//!
//! A machine without a clock of its own starts at some time or other. Its events carry that time and the monotonic
//! one; once the wall clock is right, the difference is added to all events of this boot that were stamped before.
//! Their ids and folders stay.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use crate::boot::clock_is_set;
use crate::error::StoreError;
use crate::notice::NoticeKind;
use crate::store::{Store, locked};

#[cfg(test)]
mod tests;

impl Store {
    /// Adds `by` to the start of every event of this boot that was stamped before the clock was set. → How many.
    ///
    /// # Errors
    /// The index's. The files beside the clips follow by themselves, if not now then later.
    pub fn restamp(&self, by: SignedDuration) -> Result<u64, StoreError> {
        let index = self.index()?;
        let stamped = self.with_index_room(|| index.restamp(&self.inner().boot.id, by));
        let ids = self.told(stamped)?;
        let change = self.newest_change();
        for &id in &ids {
            if let Some(event) = index.get(id)? {
                self.follow(&index, &event);
                self.notify(NoticeKind::Updated, Arc::new(event), change);
            }
        }
        Ok(ids.len() as u64)
    }

    /// Stamps anew if the clock has been set since the last look.
    pub(crate) fn keep_time_right(&self) -> Result<(), StoreError> {
        let inner = self.inner();
        let is_set = clock_is_set(&*inner.clock);
        let stamp = inner.clock.stamp();
        let wall = self.timestamp(stamp.wall);
        let mut seen = locked(&inner.clock_seen);
        // Where the wall clock would stand if it had gone on as it was.
        let before = seen.replace((is_set, stamp));
        drop(seen);
        let Some((false, before)) = before.filter(|_| is_set) else { return Ok(()) };
        let expected = expected(self.timestamp(before.wall), stamp.mono.saturating_sub(before.mono));
        self.restamp(wall.duration_since(expected))?;
        Ok(())
    }
}

fn expected(then: Timestamp, elapsed: std::time::Duration) -> Timestamp {
    then.checked_add(SignedDuration::try_from(elapsed).unwrap_or_default()).unwrap_or(then)
}
