//! What every write has in common: folders of days, room on a full disk, and what could not be finished at once.

use std::collections::HashSet;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::{Inner, Store, locked};
use crate::draft::day_of_event;
use crate::error::StoreError;
use crate::event::{Event, EventId};
use crate::fs::{Fs, Space};
use crate::health::Problem;
use crate::index::{Index, Inserted};
use crate::layout::BIRTH;
use crate::notice::NoticeKind;
use crate::recover::Outcome;
use crate::remove::write_metadata;
use crate::retain;

/// With less than this nothing can be written that matters.
const NEXT_TO_NOTHING: u64 = 1024 * 1024;

/// Writes the row of an event that lies in the folder of a day.
type Insert<'a> = &'a dyn Fn(&Index, &Event, &str) -> Result<Inserted, StoreError>;

/// Which folders of days are known to survive a power cut.
#[derive(Debug, Default)]
pub(crate) struct Days(HashSet<String>);

impl Days {
    pub(crate) fn forget(&mut self) {
        self.0.clear();
    }

    /// Makes the folder and those above it, each on the disk before the next.
    fn make(&mut self, inner: &Inner, day: &str) -> io::Result<()> {
        if self.0.contains(day) {
            return Ok(());
        }
        let mut dir = inner.layout.events();
        for part in day.split('/') {
            let above = dir.clone();
            dir.push(part);
            match inner.fs.create_dir(&dir) {
                Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
                // One that exists may have been made just before a power cut that took it back.
                _ => inner.fs.sync_dir(&above)?,
            }
        }
        self.0.insert(day.to_owned());
        Ok(())
    }

    /// Takes the folder away if nothing is left in it.
    pub(crate) fn tidy(&mut self, fs: &dyn Fs, events: &Path, day: &str) {
        let mut name = day;
        while fs.remove_dir(&events.join(name)).is_ok() {
            self.0.remove(day);
            let Some((above, _)) = name.rsplit_once('/') else { break };
            name = above;
        }
    }
}

impl Store {
    /// Moves a draft, all files of which are on the disk, among the events, and writes its row. → The number of
    /// that change.
    pub(crate) fn publish(&self, index: &Index, event: &Event) -> Result<u64, StoreError> {
        self.publish_with(index, event, &|index, event, day| index.insert(event, day))
    }

    /// The same, with `insert` for its row.
    pub(crate) fn publish_with(
        &self,
        index: &Index,
        event: &Event,
        insert: Insert<'_>,
    ) -> Result<u64, StoreError> {
        let inner = self.inner();
        let (fs, draft, day) = (&*inner.fs, inner.layout.draft(event.id), day_of_event(event));
        {
            let mut days = locked(&inner.folders);
            fs.sync_dir(&draft)
                .and_then(|()| days.make(inner, &day))
                .and_then(|()| fs.rename_noreplace(&draft, &inner.layout.event(&day, event.id)))
                // The folder of the day may not be what it was taken for.
                .inspect_err(|_| days.forget())
                .map_err(|error| StoreError::io("publish an event", error))?;
        }
        let indexed = self.index_published(index, event, &day, insert);
        if indexed.is_err() {
            // It lies among the events; its row is written as soon as that is possible.
            locked(&inner.owed).push((event.clone(), day));
        }
        indexed
    }

    /// Makes sure of the names, then writes the row.
    fn index_published(
        &self,
        index: &Index,
        event: &Event,
        day: &str,
        insert: Insert<'_>,
    ) -> Result<u64, StoreError> {
        let inner = self.inner();
        let synced = inner.fs.sync_dir(&inner.layout.day(day));
        let synced = synced.and_then(|()| inner.fs.sync_dir(&inner.layout.drafts()));
        synced.map_err(|error| StoreError::io("publish an event", error))?;
        let inserted = self.with_index_room(|| insert(index, event, day))?;
        // It has served; whether it is really gone after a power cut makes no difference.
        inner.fs.unlink(&inner.layout.event(day, event.id).join(BIRTH)).unwrap_or_default();
        inner.change.fetch_max(inserted.change, Ordering::Relaxed);
        self.owes();
        Ok(inserted.change)
    }

    /// Finishes what an earlier fault left undone; nothing, in most cases. Never fails: what still cannot be done
    /// stays to be done.
    pub(crate) fn mend(&self, index: &Index) {
        let inner = self.inner();
        // Not in the loop's head: the lock would be held until its end.
        let owed = std::mem::take(&mut *locked(&inner.owed));
        for (event, day) in owed {
            match self.index_published(index, &event, &day, &|index, event, day| index.insert(event, day)) {
                Ok(change) => {
                    locked(&inner.left).remove(&event.id);
                    self.notify(NoticeKind::Ended, Arc::new(event), change);
                }
                Err(_) => locked(&inner.owed).push((event, day)),
            }
        }
        self.mend_drafts(index);
        self.mend_files(index);
        self.mend_arrivals(index);
        if let Err(error) = self.settle_remotes(index) {
            tracing::debug!(%error, "what is owed to the remotes cannot be written down yet");
        }
        let must_recover =
            inner.must_recover.load(Ordering::Relaxed) || inner.has_stones.load(Ordering::Relaxed);
        if must_recover && let Err(error) = self.recover(index) {
            tracing::debug!(%error, "what was left cannot be put right yet");
        }
    }

    fn mend_drafts(&self, index: &Index) {
        let inner = self.inner();
        let left: Vec<(EventId, bool)> =
            locked(&inner.left).iter().map(|(id, suspect)| (*id, *suspect)).collect();
        for (id, is_suspect) in left {
            if locked(&inner.owed).iter().any(|(event, _)| event.id == id) {
                continue;
            }
            match self.recover_draft(index, id, is_suspect) {
                Ok(outcome) => {
                    locked(&inner.left).remove(&id);
                    if let Outcome::Repaired(event) | Outcome::Finished(event) = outcome {
                        self.notify(NoticeKind::Ended, Arc::new(*event), self.newest_change());
                    }
                }
                Err(error) => tracing::debug!(%id, %error, "a draft cannot be finished yet"),
            }
        }
    }

    fn mend_files(&self, index: &Index) {
        let behind: Vec<EventId> = std::mem::take(&mut *locked(&self.inner().behind)).into_iter().collect();
        for id in behind {
            match index.get(id) {
                Ok(Some(event)) => self.follow(index, &event),
                Ok(None) => {}
                Err(_) => {
                    locked(&self.inner().behind).insert(id);
                }
            }
        }
    }

    /// The file beside the clip says what the row says. One that cannot be written now is written later.
    pub(crate) fn follow(&self, index: &Index, event: &Event) {
        let written = index.folder(event.id).and_then(|day| {
            let Some(day) = day else { return Ok(()) };
            let dir = self.inner().layout.event(&day, event.id);
            write_metadata(self.fs_of(), &dir, event)
                .map_err(|error| StoreError::io("write an event's metadata", error))
        });
        if let Err(error) = written {
            tracing::warn!(id = %event.id, %error, "the file beside the clip does not say yet what the index says");
            self.tell(&error);
            locked(&self.inner().behind).insert(event.id);
        }
    }

    /// Does it again after making room, if the disk was full.
    pub(crate) fn with_room<T>(&self, mut attempt: impl FnMut() -> io::Result<T>) -> io::Result<T> {
        match attempt() {
            Err(error) if error.kind() == io::ErrorKind::StorageFull && self.make_room() => attempt(),
            other => other,
        }
    }

    /// As [`with_room`](Self::with_room), of the index.
    pub(crate) fn with_index_room<T>(
        &self,
        mut attempt: impl FnMut() -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        match attempt() {
            Err(StoreError::Full) if self.make_room() => attempt(),
            other => other,
        }
    }

    /// Whether the disk has room and takes writes; once it failed, that is tried.
    pub(super) fn look_at_disk(&self) {
        let inner = self.inner();
        match self.fs_of().space(inner.layout.root()) {
            Ok(space) if space.is_read_only => {
                self.tell(&StoreError::ReadOnly);
            }
            Ok(space) if space.free < NEXT_TO_NOTHING => *locked(&inner.problem) = Some(Problem::full()),
            Ok(space) if self.is_crowded(space) => *locked(&inner.problem) = Some(Problem::crowded()),
            Ok(_) if locked(&inner.problem).is_some() => self.try_the_disk(),
            Ok(_) => {}
            Err(error) => {
                self.tell(&StoreError::io("tell its room", error));
            }
        }
    }

    /// Whether others have filled the disk beyond what taking events could mend.
    fn is_crowded(&self, space: Space) -> bool {
        let limits = locked(&self.inner.retention).clone();
        let totals = self.index().and_then(|index| index.totals());
        totals.is_ok_and(|totals| {
            limits.is_out_of_reach(retain::used(totals).saturating_sub(totals.favourite_bytes), space)
        })
    }

    /// Writes a little, and finishes what was left if that succeeds.
    fn try_the_disk(&self) {
        let path = self.inner.layout.drafts().join("probe");
        let fs = self.fs_of();
        let tried = fs
            .unlink(&path)
            .or_else(crate::draft::absent_is_fine)
            .and_then(|()| crate::draft::write_synced(fs, &path, &[0; 4096]))
            .and_then(|()| fs.unlink(&path));
        if self.told(tried.map_err(|error| StoreError::io("write", error))).is_ok()
            && let Ok(index) = self.index()
        {
            self.mend(&index);
        }
    }
}
