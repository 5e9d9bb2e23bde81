//! Taking events away: first the row becomes a tombstone, then the files go, then the tombstone.
//!
//! A power cut in between leaves tombstones, and the next start goes on where they say. Many at once are taken away
//! all or none, since all tombstones are one transaction.

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use crate::error::StoreError;
use crate::event::{Event, EventId, State};
use crate::fs::Fs;
use crate::index::{Index, Tombstone, What};
use crate::layout::{CLIP, METADATA, REASON};
use crate::metadata;
use crate::notice::NoticeKind;
use crate::publish;
use crate::store::{Store, locked};

/// What deleting did.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Deleted {
    /// Those that are gone.
    pub ids: Vec<EventId>,
    /// Whether their files are gone, too; else the disk failed, and they go as soon as it lets them.
    pub is_settled: bool,
}

impl Store {
    /// All of these, or none. From then on nothing of them is shown, whatever becomes of the disk.
    ///
    /// # Errors
    /// [`StoreError::NoSuchEvents`] names those that there are not; nothing is deleted then.
    pub fn delete(&self, ids: &[EventId]) -> Result<Deleted, StoreError> {
        let index = self.index()?;
        // Nobody recovers or makes room meanwhile.
        let _removing = locked(&self.inner().retaining);
        self.delete_now(&index, ids)
    }

    /// As [`delete`](Self::delete), for whoever holds the lock of removing.
    pub(crate) fn delete_now(&self, index: &Index, ids: &[EventId]) -> Result<Deleted, StoreError> {
        let ids: Vec<EventId> = ids.iter().copied().collect::<BTreeSet<_>>().into_iter().collect();
        if ids.is_empty() {
            return Ok(Deleted { ids, is_settled: true });
        }
        let stones = self.with_index_room(|| index.tombstone(&ids));
        let stones = self.told(stones)?;
        let change = self.newest_change();
        for id in &ids {
            self.notify_gone(*id, change);
        }
        let settled = self.finish(index, &stones);
        let is_settled = settled.is_ok();
        // They are deleted; that their files linger is the disk's problem, and told as such.
        self.told(settled)
            .unwrap_or_else(|error| tracing::warn!(%error, "files of deleted events are still there"));
        Ok(Deleted { ids, is_settled })
    }

    /// Takes away the files that tombstones speak of, and then the tombstones. What fails is tried again later.
    pub(crate) fn finish(&self, index: &Index, stones: &[Tombstone]) -> Result<(), StoreError> {
        let finished = self.try_finish(index, stones);
        if finished.is_err() {
            self.inner().has_stones.store(true, Ordering::Relaxed);
        }
        finished
    }

    fn try_finish(&self, index: &Index, stones: &[Tombstone]) -> Result<(), StoreError> {
        let inner = self.inner();
        let mut days_made = locked(&inner.folders);
        let fs = &*inner.fs;
        let (mut dirs, mut days, mut done, mut failed) = (BTreeSet::new(), BTreeSet::new(), Vec::new(), None);
        for stone in stones {
            let dir = inner.layout.event(&stone.day, stone.id);
            let gone = match stone.what {
                What::Clip => take_clip(fs, index, stone.id, &dir),
                What::Event => {
                    take_files(fs, &dir).map_err(|error| StoreError::io("delete an event's files", error))
                }
            };
            if let Err(error) = gone {
                failed = Some(error);
                continue;
            }
            done.push(stone.id);
            if stone.what == What::Clip {
                dirs.insert(dir);
            } else {
                dirs.insert(inner.layout.day(&stone.day));
                days.insert(stone.day.clone());
            }
        }
        for dir in dirs {
            match fs.sync_dir(&dir) {
                // The whole day is gone already.
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                other => other.map_err(|error| StoreError::io("sync a folder of events", error))?,
            }
        }
        if !done.is_empty() {
            self.with_index_room(|| index.bury(&done))?;
        }
        for day in days {
            days_made.tidy(fs, &inner.layout.events(), &day);
        }
        failed.map_or(Ok(()), Err)
    }

    /// Takes the clips of events and leaves their pictures; for whoever holds the lock of removing. → The bytes that
    /// are free now.
    pub(crate) fn degrade_now(&self, index: &Index, ids: &[EventId]) -> Result<u64, StoreError> {
        let mut before = Vec::new();
        for &id in ids {
            before.extend(index.get(id)?);
        }
        let there: Vec<EventId> = before.iter().map(|event| event.id).collect();
        let stones = self.with_index_room(|| index.degrade(&there));
        let stones = self.told(stones)?;
        let (mut freed, mut changed) = (0, Vec::new());
        for event in before {
            if stones.iter().all(|stone| stone.id != event.id) {
                continue;
            }
            freed += event.clip.as_ref().map_or(0, |clip| clip.bytes);
            let left = Event { state: State::Pictures, clip: None, ..event };
            changed.push(left);
        }
        let finished = self.finish(index, &stones);
        let change = self.newest_change();
        for event in changed {
            self.notify(NoticeKind::Updated, Arc::new(event), change);
        }
        self.told(finished)?;
        Ok(freed)
    }
}

/// First the clip, since that needs no room; then the file beside it says so. A power cut in between does no harm:
/// the tombstone stays until both are done.
fn take_clip(fs: &dyn Fs, index: &Index, id: EventId, dir: &Path) -> Result<(), StoreError> {
    let taken = fs.unlink(&dir.join(CLIP)).or_else(crate::draft::absent_is_fine);
    taken.map_err(|error| StoreError::io("delete a clip", error))?;
    let Some(event) = index.get(id)? else { return Ok(()) };
    write_metadata(fs, dir, &event).map_err(|error| StoreError::io("write an event's metadata", error))
}

/// The file beside the clip says what the event says; one that does already is left alone.
pub(crate) fn write_metadata(fs: &dyn Fs, dir: &Path, event: &Event) -> io::Result<()> {
    let path = dir.join(METADATA);
    let there = fs.read(&path, metadata::MAX_BYTES);
    let bytes = metadata::write_over(event, there.as_deref().unwrap_or_default());
    match there {
        Ok(there) if there == bytes => Ok(()),
        _ => publish::replace(fs, &path, &bytes),
    }
}

/// Takes away a folder and the files in it; one that is gone is fine. Its parent is to be synced.
pub(crate) fn take_files(fs: &dyn Fs, dir: &Path) -> io::Result<()> {
    let names = match fs.list(dir) {
        Ok(names) => names,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        // A link or a file in the place of the folder: it goes, and what it points to is left alone.
        Err(error) if error.kind() == io::ErrorKind::NotADirectory || error.raw_os_error() == Some(LOOP) => {
            return fs.unlink(dir);
        }
        Err(error) => return Err(error),
    };
    for name in names {
        fs.unlink(&dir.join(name)).or_else(crate::draft::absent_is_fine)?;
    }
    fs.remove_dir(dir)
}

/// What opening a symbolic link gives where none is followed.
const LOOP: i32 = rustix::io::Errno::LOOP.raw_os_error();

/// As [`take_files`], and it stays gone.
pub(crate) fn take_folder(fs: &dyn Fs, dir: &Path, parent: &Path) -> io::Result<()> {
    take_files(fs, dir)?;
    fs.sync_dir(parent)
}

/// Puts a folder aside with the reason; → where it lies now.
pub(crate) fn put_aside(
    fs: &dyn Fs,
    dir: &Path,
    quarantine: &Path,
    id: EventId,
    why: &str,
) -> io::Result<PathBuf> {
    fs.create_dir_all(quarantine)?;
    let to = quarantine.join(id.to_string());
    // The reason is for people; that it cannot be written keeps nothing from being put aside.
    publish::replace(fs, &dir.join(REASON), format!("{why}\n").as_bytes()).unwrap_or_default();
    fs.rename_noreplace(dir, &to)?;
    fs.sync_dir(quarantine)?;
    if let Some(parent) = dir.parent() {
        fs.sync_dir(parent)?;
    }
    Ok(to)
}
