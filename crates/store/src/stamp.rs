//! Stamping anew what was recorded before the clock was set.
//!
//! A machine without a clock of its own starts at some time or other. Its events carry that time and how long after
//! the boot they started; once the wall clock is right, so is the time of the boot, and all events of this boot that
//! were stamped before are counted from there, those of an earlier run of the program too. Their ids and folders stay.

use std::sync::Arc;

use jiff::SignedDuration;

use crate::boot::clock_is_set;
use crate::error::StoreError;
use crate::index::Index;
use crate::notice::NoticeKind;
use crate::store::Store;

#[cfg(test)]
mod tests;

impl Store {
    /// Stamps every event of this boot anew that was stamped before the clock was set, by the clocks as they stand
    /// now. → How many.
    ///
    /// # Errors
    /// The index's. The files beside the clips follow by themselves, if not now then later.
    pub fn restamp(&self) -> Result<u64, StoreError> {
        let index = self.index()?;
        self.restamp_in(&index)
    }

    /// As [`restamp`](Self::restamp), if the clock is set. Nothing is written if there is nothing to do.
    pub(crate) fn keep_time_right(&self, index: &Index) -> Result<(), StoreError> {
        if clock_is_set(&*self.inner().clock) {
            self.restamp_in(index)?;
        }
        Ok(())
    }

    fn restamp_in(&self, index: &Index) -> Result<u64, StoreError> {
        let boot = &self.inner().boot;
        // Where the system does not tell one boot from another, an event could be of any.
        if boot.id.is_empty() {
            return Ok(0);
        }
        let now = self.inner().clock.stamp();
        let (wall, since_boot) = (self.timestamp(now.wall), boot.since(now.mono));
        let when = |_, mono| {
            let ago = SignedDuration::try_from(since_boot.saturating_sub(mono)).ok()?;
            wall.checked_sub(ago).ok()
        };
        let stamped = self.with_index_room(|| index.restamp(&boot.id, when));
        let ids = match stamped {
            // Nothing was written, which says nothing of the disk.
            Ok(ids) if ids.is_empty() => return Ok(0),
            other => self.told(other)?,
        };
        let change = self.newest_change();
        for &id in &ids {
            if let Some(event) = index.get(id)? {
                self.follow(index, &event);
                self.notify(NoticeKind::Updated, Arc::new(event), change);
            }
        }
        Ok(ids.len() as u64)
    }
}
