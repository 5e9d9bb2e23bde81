//! Building the index anew from what lies on the disk.
//!
//! The old one is thrown away first, and every row comes from the file beside its clip. A power cut in the middle
//! does no harm: a start writes the rows that are missing.

use crate::error::StoreError;
use crate::event::EventId;
use crate::index::Index;
use crate::layout::CLIP;
use crate::recover::{Unread, holds_its_clip, read_event, repair_into};
use crate::remove::{put_aside, write_metadata};
use crate::store::{Store, locked};

/// What building anew found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Reindexed {
    /// Events in the new index.
    pub events: u64,
    /// Of them, those whose clip had to be cut to what is whole of it.
    pub repaired: Vec<EventId>,
    /// Folders that could not be understood and were put aside.
    pub quarantined: Vec<EventId>,
}

impl Store {
    /// Throws the index away and builds it from the files, hashing every clip. `progress` is told how many events
    /// of how many are done. Nothing may be being recorded.
    ///
    /// # Errors
    /// [`StoreError::Busy`] while something is being recorded; else what the disk says. The index holds what was
    /// done until then, and the next start does the rest.
    pub fn reindex(&self, progress: &mut dyn FnMut(u64, u64)) -> Result<Reindexed, StoreError> {
        let _removing = locked(&self.inner().retaining);
        if self.is_recording() {
            return Err(StoreError::Busy);
        }
        let index = self.reopen_anew()?;
        let mut found = Vec::new();
        for day in self.days_on_disk()? {
            for id in self.ids_in(&self.inner().layout.day(&day))? {
                found.push((id, day.clone()));
            }
        }
        // As they came: ids grow.
        found.sort_unstable();
        let (mut reindexed, total) = (Reindexed::default(), found.len() as u64);
        for (done, (id, day)) in found.into_iter().enumerate() {
            progress(done as u64, total);
            self.saw_id(id);
            self.reindex_one(&index, id, &day, &mut reindexed)?;
        }
        progress(total, total);
        self.owes();
        Ok(reindexed)
    }

    fn reindex_one(
        &self,
        index: &Index,
        id: EventId,
        day: &str,
        reindexed: &mut Reindexed,
    ) -> Result<(), StoreError> {
        let (fs, layout) = (self.fs_of(), &self.inner().layout);
        let dir = layout.event(day, id);
        let io = |error| StoreError::io("read an event", error);
        let why = match read_event(fs, &dir, id, false) {
            Ok(mut event) => {
                let is_whole = holds_its_clip(fs, &dir, &event).map_err(io)?;
                let mended = if is_whole {
                    Ok(())
                } else if event.clip.is_none() {
                    // Its clip was being taken away.
                    fs.unlink(&dir.join(CLIP)).map_err(|error| StoreError::io("delete a clip", error))
                } else {
                    reindexed.repaired.push(id);
                    repair_into(fs, &dir.join(CLIP), &mut event, false)
                };
                match mended {
                    Ok(()) => {
                        write_metadata(fs, &dir, &event).map_err(io)?;
                        index.insert(&event, day)?;
                        reindexed.events += 1;
                        return Ok(());
                    }
                    Err(StoreError::Corrupt(why)) => why,
                    Err(error) => return Err(error),
                }
            }
            Err(Unread::Damaged(why)) => why,
            Err(Unread::Io(error)) => return Err(io(error)),
        };
        tracing::warn!(%id, %why, "an event's folder is damaged and put aside");
        reindexed.repaired.retain(|repaired| *repaired != id);
        put_aside(fs, &dir, &layout.quarantine(), id, &why)
            .map_err(|error| StoreError::io("put a damaged event aside", error))?;
        reindexed.quarantined.push(id);
        Ok(())
    }
}
