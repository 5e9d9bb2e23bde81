//! Making room: which events go, and when.
//!
//! Three limits, each of which may be off: age, size of all events, free space on the disk. Clips go before events:
//! first the clips of what is worth least, then what was put aside, then whole events, worth least first. A
//! favourite is never touched. Room is made before a limit is reached, and then until a low-water mark, so that not
//! every event moves the next one out. When there is nothing to do, nothing is written.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::error::StoreError;
use crate::event::EventId;
use crate::fs::Space;
use crate::index::Index;
use crate::query::{Evictable, Totals};
use crate::store::{Store, locked};

mod age;
mod plan;
mod view;

pub(crate) use age::Line;
pub use plan::Retention;
pub(crate) use plan::used;
pub use view::{Disk, StorageView};

#[cfg(test)]
mod tests;

/// How many events are looked at at once.
const AT_ONCE: u32 = 200;
/// How many clips go in one transaction.
const A_BUNCH: usize = 50;
/// Whoever wants to delete something waits for as many; the next call goes on.
const MOST_A_CALL: usize = 500;

/// What making room did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RetentionReport {
    /// Events that only pictures are left of now.
    pub degraded: u64,
    /// Events that are gone.
    pub deleted: u64,
    /// Bytes.
    pub freed: u64,
}

/// What retention remembers between two calls.
#[derive(Debug, Default)]
pub(crate) struct Retaining {
    /// How late it believes it to be.
    line: Option<Line>,
    /// As it stands in its file.
    kept: Option<Line>,
}

impl Store {
    /// Makes room as the limits ask for it; to be called every minute or so. Finishes what was left undone, too.
    ///
    /// # Errors
    /// The first error; what was done until then is done.
    pub fn retain(&self) -> Result<RetentionReport, StoreError> {
        let retained = self.try_retain();
        if let Err(error) = &retained {
            self.tell(error);
        }
        retained
    }

    fn try_retain(&self) -> Result<RetentionReport, StoreError> {
        let index = self.index()?;
        self.mend(&index);
        self.keep_time_right(&index)?;
        let mut retaining = locked(&self.inner().retaining);
        let mut report = RetentionReport::default();
        let limits = locked(&self.inner().retention).clone();
        let now = self.believed_now(&mut retaining, &index)?;
        self.forget_old(&index, &limits, now, &mut report)?;
        let totals = index.totals()?;
        let need = limits.need(totals, self.space()?, self.quarantined_bytes()?);
        // Events of which only pictures are left must not crowd out the clips of new ones.
        self.forget_pictures(&index, need.min(limits.pictures_above_share(totals)), &mut report)?;
        self.make(&index, need.saturating_sub(report.freed), &mut report)?;
        Ok(report)
    }

    /// Other limits from now on; they act at the next [`retain`](Self::retain).
    pub fn set_retention(&self, retention: Retention) {
        *locked(&self.inner().retention) = retention;
    }

    /// The disk is full: takes what is worth least at once, limits or not. → Whether that gave any room.
    pub(crate) fn make_room(&self) -> bool {
        let Ok(index) = self.index() else { return false };
        let Ok(_removing) = self.inner().retaining.try_lock() else { return false };
        let limits = locked(&self.inner().retention).clone();
        let mut report = RetentionReport::default();
        let made = self.make(&index, limits.spare(), &mut report);
        if let Err(error) = made {
            tracing::warn!(%error, "no room could be made on the full disk");
        }
        report.freed > 0
    }

    /// Events beyond their age. Only the time that is believed counts, so that a clock that jumps takes nothing.
    fn forget_old(
        &self,
        index: &Index,
        limits: &Retention,
        now: Timestamp,
        report: &mut RetentionReport,
    ) -> Result<(), StoreError> {
        let Some(before) =
            limits.max_age.and_then(|age| now.checked_sub(SignedDuration::try_from(age).ok()?).ok())
        else {
            return Ok(());
        };
        let mut after = None;
        for _ in 0..MOST_A_CALL / 100 {
            let oldest = index.evictable_oldest(after, AT_ONCE)?;
            let Some(last) = oldest.last() else { return Ok(()) };
            after = Some(last.id);
            let old: Vec<&Evictable> = oldest.iter().filter(|event| plan::is_old(event, before)).collect();
            let ids: Vec<EventId> = old.iter().map(|event| event.id).collect();
            if !ids.is_empty() {
                let bytes: u64 = old.iter().map(|event| event.clip_bytes + event.picture_bytes).sum();
                self.delete_now(index, &ids)?;
                report.deleted += ids.len() as u64;
                report.freed += bytes;
            }
            // Ids grow with time: once none of a bunch is old, later ones are not.
            if old.is_empty() {
                return Ok(());
            }
        }
        Ok(())
    }

    /// Clips first, then what was put aside, then events; until `need` bytes are free.
    fn make(&self, index: &Index, need: u64, report: &mut RetentionReport) -> Result<(), StoreError> {
        let goal = report.freed.saturating_add(need);
        let mut steps = 0;
        while report.freed < goal && steps < MOST_A_CALL {
            let clips = index.evictable_clips(AT_ONCE)?;
            let (mut chosen, mut sum) = (Vec::new(), report.freed);
            for event in clips.iter().take(A_BUNCH) {
                if sum >= goal {
                    break;
                }
                sum += event.clip_bytes;
                chosen.push(event.id);
            }
            if chosen.is_empty() {
                break;
            }
            steps += chosen.len();
            report.freed += self.degrade_now(index, &chosen)?;
            report.degraded += chosen.len() as u64;
        }
        while report.freed < goal && steps < MOST_A_CALL {
            let Some(bytes) = self.drop_oldest_quarantined()? else { break };
            steps += 1;
            report.freed += bytes;
        }
        self.forget_pictures(index, goal.saturating_sub(report.freed), report)
    }

    /// Events of which only pictures are left, worth least first, until `need` bytes are free.
    fn forget_pictures(
        &self,
        index: &Index,
        need: u64,
        report: &mut RetentionReport,
    ) -> Result<(), StoreError> {
        let goal = report.freed.saturating_add(need);
        let mut steps = 0;
        while report.freed < goal && steps < MOST_A_CALL {
            let mut chosen = Vec::new();
            for event in index.evictable_rest(AT_ONCE)? {
                if report.freed >= goal {
                    break;
                }
                // A folder and its small files take room of their own.
                report.freed += event.picture_bytes + plan::OVERHEAD;
                chosen.push(event.id);
            }
            if chosen.is_empty() {
                break;
            }
            steps += chosen.len();
            self.delete_now(index, &chosen)?;
            report.deleted += chosen.len() as u64;
        }
        Ok(())
    }

    /// How late retention believes it to be; kept in a file now and then, so that a restart does not begin anew.
    fn believed_now(&self, retaining: &mut Retaining, index: &Index) -> Result<Timestamp, StoreError> {
        let (wall, mono) = (self.now(), self.inner().clock.monotonic());
        if retaining.line.is_none() {
            let kept = self.read_line();
            retaining.line = Some(match (&kept, index.last_id()?) {
                (Some(line), _) => line.clone(),
                (None, Some(newest)) => Line::since(plan::time_of(newest)),
                (None, None) => Line::from(wall, mono),
            });
            retaining.kept = kept;
        }
        let Some(line) = &mut retaining.line else { return Ok(wall) };
        let now = line.observe(wall, mono);
        let totals: Totals = index.totals()?;
        // An empty archive has nothing that time could make old.
        if totals.events > 0 && retaining.kept.as_ref().is_none_or(|kept| line.is_behind(kept)) {
            self.write_line(line);
            retaining.kept = Some(line.clone());
        }
        Ok(now)
    }

    fn read_line(&self) -> Option<Line> {
        let bytes = self.fs_of().read(&self.inner().layout.time(), 4096).ok()?;
        serde_json::from_slice(&bytes).ok()
    }

    fn write_line(&self, line: &Line) {
        let bytes = serde_json::to_vec(line).unwrap_or_default();
        // Lost, it is worked out from the newest event.
        if let Err(error) = crate::publish::replace(self.fs_of(), &self.inner().layout.time(), &bytes) {
            tracing::debug!(%error, "the time that retention believes could not be kept");
        }
    }

    pub(crate) fn space(&self) -> Result<Space, StoreError> {
        let root = self.inner().layout.root();
        self.fs_of().space(root).map_err(|error| StoreError::io("tell its room", error))
    }
}

/// How long ago something was, never less than nothing.
pub(crate) fn age(now: Timestamp, then: Timestamp) -> Duration {
    Duration::try_from(now.duration_since(then)).unwrap_or(Duration::ZERO)
}
