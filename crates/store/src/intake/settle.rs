//! A clip that is whole becomes its event's; and what a crash or a fault left of that is completed.

use std::io;
use std::path::Path;
use std::sync::Arc;

use super::write_begun;
use crate::arrivals::ArrivalRow;
use crate::draft::absent_is_fine;
use crate::error::StoreError;
use crate::event::{Clip, Event};
use crate::fs::FsFile;
use crate::index::Index;
use crate::layout::{CLIP, METADATA};
use crate::metadata;
use crate::notice::NoticeKind;
use crate::parcel::{ReceiptShape, sniff_clip};
use crate::recover::hash;
use crate::remove::write_metadata;
use crate::store::{Store, locked};

/// How many arrivals are read at once.
const AT_ONCE: u32 = 500;

fn failed(error: io::Error) -> StoreError {
    StoreError::io("keep a clip that came in", error)
}

impl Store {
    /// Moves the part to its event once `sync` has brought it to the disk, and writes the rows; for whoever has the turn.
    pub(super) fn keep_clip(
        &self,
        row: &ArrivalRow,
        clip: &Clip,
        sync: &mut dyn FnMut() -> Result<(), StoreError>,
    ) -> Result<(Event, ReceiptShape), StoreError> {
        let index = self.index()?;
        let dir = self.inner().layout.event(&row.day, row.id);
        let event = Event { clip: Some(clip.clone()), state: row.state, ..there(&index, row)? };
        let words = dir.join(format!("{METADATA}.part"));
        // Both are on their way before the first is waited for.
        let mut file = self.with_room(|| self.write_words(&dir, &words, &event)).map_err(failed)?;
        sync()?;
        file.sync().map_err(failed)?;
        let moved = self.move_clip(row, &dir, &words);
        let settled = moved.map_err(failed).and_then(|()| self.settle_clip(&index, row, clip));
        if settled.is_err() {
            locked(&self.intake().unsettled).insert(row.id);
        }
        settled
    }

    /// What the file beside the clip is to say once the clip is there.
    fn write_words(&self, dir: &Path, words: &Path, event: &Event) -> io::Result<Box<dyn FsFile>> {
        let fs = self.fs_of();
        let there = fs.read(&dir.join(METADATA), metadata::MAX_BYTES)?;
        fs.unlink(words).or_else(absent_is_fine)?;
        write_begun(fs, words, &metadata::write_over(event, &there))
    }

    /// The clip first, then what says that it is there; both names stay.
    fn move_clip(&self, row: &ArrivalRow, dir: &Path, words: &Path) -> io::Result<()> {
        let (inner, fs) = (self.inner(), self.fs_of());
        // Nobody takes the folder away meanwhile.
        let _folders = locked(&inner.folders);
        fs.rename_replace(&inner.layout.incoming_part(row.id), &dir.join(CLIP))?;
        fs.rename_replace(words, &dir.join(METADATA))?;
        fs.sync_dir(dir)
    }

    /// The file beside the clip says that it is there, and both names stay.
    fn say_clip(&self, dir: &Path, event: Event, row: &ArrivalRow, clip: &Clip) -> io::Result<()> {
        let event = Event { clip: Some(clip.clone()), state: row.state, ..event };
        write_metadata(self.fs_of(), dir, &event)?;
        self.fs_of().sync_dir(dir)
    }

    fn settle_clip(
        &self,
        index: &Index,
        row: &ArrivalRow,
        clip: &Clip,
    ) -> Result<(Event, ReceiptShape), StoreError> {
        let row = ArrivalRow { received: self.now(), ..row.clone() };
        let completed = self.with_index_room(|| index.complete(&row, clip))?;
        let event = completed.ok_or_else(|| StoreError::NoSuchEvents(vec![row.id]))?;
        locked(&self.intake().unsettled).remove(&row.id);
        // Somebody may have written words of it meanwhile.
        self.look_again(row.id);
        let row = ArrivalRow { is_open: false, clip: Some(clip.clone()), ..row };
        Ok((event, row.receipt()))
    }

    /// How long the clip is that lies with the event of an arrival; `None` if there is none yet.
    pub(super) fn clip_there(&self, row: &ArrivalRow) -> Result<Option<u64>, StoreError> {
        match self.fs_of().metadata(&self.inner().layout.event(&row.day, row.id).join(CLIP)) {
            Ok(file) => Ok(Some(file.len)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(failed(error)),
        }
    }

    /// If the clip of an arrival lies with its event already, its rows are written; for whoever has the turn. → Whether it
    /// did.
    pub(super) fn settle_if_there(&self, index: &Index, row: &ArrivalRow) -> Result<bool, StoreError> {
        let Some(bytes) = self.clip_there(row)? else { return Ok(false) };
        let inner = self.inner();
        let dir = inner.layout.event(&row.day, row.id);
        let path = dir.join(CLIP);
        let sha256 = hash(self.fs_of(), &path).map_err(failed)?;
        let mut file = self.fs_of().open_read(&path).map_err(failed)?;
        let sniffed = sniff_clip(&mut file).map_err(failed)?;
        let is_announced = row.clip.as_ref().is_none_or(|clip| (clip.bytes, clip.sha256) == (bytes, sha256));
        let Ok(sniffed) = sniffed.map_err(drop).and_then(|it| if is_announced { Ok(it) } else { Err(()) })
        else {
            // Not what was to come: it is sent again.
            tracing::warn!(id = %row.id, "a clip that is not the announced one lies with its event and goes");
            let gone = self.fs_of().unlink(&path).and_then(|()| self.fs_of().sync_dir(&dir));
            gone.map_err(failed)?;
            return Ok(false);
        };
        let degraded = row.clip.as_ref().is_some_and(|clip| clip.degraded);
        let clip = Clip { bytes, sha256, codec: sniffed.codec, degraded };
        {
            let _folders = locked(&inner.folders);
            self.say_clip(&dir, there(index, row)?, row, &clip).map_err(failed)?;
        }
        let (event, _) = self.settle_clip(index, row, &clip)?;
        self.notify(NoticeKind::Updated, Arc::new(event), self.newest_change());
        Ok(true)
    }

    /// Clips whose rows a fault kept from being written. What still cannot be done stays to be done.
    pub(crate) fn mend_arrivals(&self, index: &Index) {
        let ids: Vec<_> = locked(&self.intake().unsettled).iter().copied().collect();
        for id in ids {
            let Ok(_turn) = self.turn_of(id) else { continue };
            if self.match_arrival(index, id).is_ok() {
                locked(&self.intake().unsettled).remove(&id);
            }
        }
    }

    fn match_arrival(&self, index: &Index, id: crate::event::EventId) -> Result<(), StoreError> {
        match index.arrival(id)?.filter(|row| row.is_open && !row.is_gone) {
            Some(row) => self.match_one(index, &row),
            None => Ok(()),
        }
    }

    /// Every arrival whose clip is still to come: it may lie there already, or only be said to.
    pub(crate) fn match_arrivals(&self, index: &Index) -> Result<(), StoreError> {
        let mut after = None;
        loop {
            let rows = index.open_arrivals(after, AT_ONCE)?;
            let Some(last) = rows.last() else { return Ok(()) };
            after = Some(last.id);
            for row in rows {
                let Ok(_turn) = self.turn_of(row.id) else { continue };
                self.match_one(index, &row)?;
            }
        }
    }

    fn match_one(&self, index: &Index, row: &ArrivalRow) -> Result<(), StoreError> {
        let Some(event) = index.get(row.id)? else { return Ok(()) };
        if !self.settle_if_there(index, row)? {
            let dir = self.inner().layout.event(&row.day, row.id);
            write_metadata(self.fs_of(), &dir, &event).map_err(failed)?;
        }
        Ok(())
    }
}

/// The event of an arrival, unless it was deleted.
fn there(index: &Index, row: &ArrivalRow) -> Result<Event, StoreError> {
    index.get(row.id)?.ok_or_else(|| StoreError::NoSuchEvents(vec![row.id]))
}
