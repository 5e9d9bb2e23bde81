//! The clip of an event while it comes in.

use std::collections::HashMap;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::sync::Arc;

use sha2::{Digest, Sha256};

use super::Turn;
use crate::arrivals::ArrivalRow;
use crate::draft::absent_is_fine;
use crate::error::StoreError;
use crate::event::{Clip, Event, EventId};
use crate::fs::FsFile;
use crate::notice::NoticeKind;
use crate::parcel::{ClipEntry, ReceiptShape, sha256_of, sniff_clip};
use crate::store::{Store, locked};

/// Hashes that are carried along at most; those of others are made again from their files.
const MOST_CARRIED: usize = 1024;
/// After so many bytes the disk begins with its work, so that the end of a long clip is not waited for; more often costs
/// more than it brings.
const BEGIN_EVERY: u64 = 8 * 1024 * 1024;
/// What is read at once.
const AT_ONCE: usize = 256 * 1024;

/// How far hashes have come.
#[derive(Debug, Default)]
pub(super) struct Carried(HashMap<EventId, (u64, Sha256)>);

impl Carried {
    pub(super) fn keep(&mut self, id: EventId, offset: u64, sum: Sha256) {
        if self.0.len() >= MOST_CARRIED
            && let Some(any) = self.0.keys().next().copied()
        {
            self.0.remove(&any);
        }
        self.0.insert(id, (offset, sum));
    }

    pub(super) fn take(&mut self, id: EventId) -> Option<(u64, Sha256)> {
        self.0.remove(&id)
    }
}

/// What became of a clip.
#[derive(Debug, Clone, PartialEq)]
pub enum Finish {
    /// It is kept; the receipt says so.
    Stored(Arc<Event>, ReceiptShape),
    /// It is not what was announced; what was there of it is gone, and sending it begins anew.
    Wrong,
}

/// The clip of an event while it comes in: one writer at a time. Dropped, it is gone on with where it stands.
#[derive(Debug)]
pub struct Incoming {
    store: Store,
    row: ArrivalRow,
    file: Box<dyn FsFile>,
    offset: u64,
    /// Of what is there; `None` if it must be made again from the file.
    sum: Option<Sha256>,
    /// How it was when this was opened, to cut back to.
    before: Option<(u64, Sha256)>,
    /// Up to here it is on its way to the disk.
    begun: u64,
    /// What the file holds is not known any more.
    is_lost: bool,
    _turn: Turn,
}

impl Store {
    /// Opens the clip of an event that still owes one, to be written from where it stands.
    ///
    /// # Errors
    /// [`StoreError::Busy`] while somebody else writes it, [`StoreError::NoSuchEvents`] if no clip is owed; else what the
    /// disk says.
    pub fn incoming(&self, id: EventId) -> Result<Incoming, StoreError> {
        let opened = self.open_incoming(id);
        self.told(opened)
    }

    fn open_incoming(&self, id: EventId) -> Result<Incoming, StoreError> {
        let index = self.index()?;
        let turn = self.turn_of(id)?;
        let owed = index.arrival(id)?.filter(|row| row.is_open && !row.is_gone);
        let Some(row) = owed else { return Err(StoreError::NoSuchEvents(vec![id])) };
        if self.settle_if_there(&index, &row)? {
            return Err(StoreError::NoSuchEvents(vec![id]));
        }
        let is_suspect = locked(&self.intake().suspect).contains(&id);
        if is_suspect {
            self.drop_part(id)?;
        }
        let file = self.open_part(id).map_err(failed)?;
        let mut incoming = Incoming {
            store: self.clone(),
            row,
            file,
            offset: 0,
            sum: None,
            before: None,
            begun: 0,
            is_lost: false,
            _turn: turn,
        };
        incoming.offset = incoming.file.seek(SeekFrom::End(0)).map_err(failed)?;
        incoming.begun = incoming.offset;
        let carried = locked(&self.intake().carried).take(id);
        incoming.sum = match carried {
            Some((offset, sum)) if offset == incoming.offset => Some(sum),
            _ if incoming.offset == 0 => Some(Sha256::new()),
            _ => None,
        };
        let too_long = incoming.row.clip.as_ref().is_some_and(|clip| incoming.offset > clip.bytes);
        if too_long {
            incoming.cut(0)?;
        }
        incoming.before = incoming.sum.clone().map(|sum| (incoming.offset, sum));
        Ok(incoming)
    }

    fn open_part(&self, id: EventId) -> io::Result<Box<dyn FsFile>> {
        let (fs, layout) = (self.fs_of(), &self.inner().layout);
        let path = layout.incoming_part(id);
        match fs.open_write(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            other => return other,
        }
        match fs.create_new(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                fs.create_dir_all(&layout.incoming())?;
                fs.sync_dir(layout.root())?;
                fs.create_new(&path)
            }
            other => other,
        }
    }

    /// Throws away what is there of a clip, for whoever has the turn.
    pub(super) fn drop_part(&self, id: EventId) -> Result<(), StoreError> {
        locked(&self.intake().carried).take(id);
        let gone = self.fs_of().unlink(&self.inner().layout.incoming_part(id)).or_else(absent_is_fine);
        gone.map_err(|error| StoreError::io("throw away what came in of a clip", error))?;
        locked(&self.intake().suspect).remove(&id);
        Ok(())
    }
}

fn failed(error: io::Error) -> StoreError {
    StoreError::io("write a clip that comes in", error)
}

impl Incoming {
    /// Bytes that are there.
    #[must_use]
    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// Bytes that it will have, if they were announced.
    #[must_use]
    pub fn announced(&self) -> Option<u64> {
        self.row.clip.as_ref().map(|clip| clip.bytes)
    }

    /// Appends.
    ///
    /// # Errors
    /// [`StoreError::Invalid`] for more bytes than were announced; else what the disk says, and then the offset is as
    /// before.
    pub fn write(&mut self, bytes: &[u8]) -> Result<(), StoreError> {
        let end = self.offset.saturating_add(bytes.len() as u64);
        if let Some(clip) = self.row.clip.as_ref().filter(|clip| end > clip.bytes) {
            return Err(StoreError::Invalid(format!(
                "the clip would have {end} bytes; {} were announced",
                clip.bytes
            )));
        }
        self.is_sound()?;
        let written = match self.append(bytes) {
            Err(error) if error.kind() == io::ErrorKind::StorageFull && self.store.make_room() => {
                self.append(bytes)
            }
            other => other,
        };
        let written = written.map_err(failed);
        self.store.told(written)?;
        // One that has to be made again is made when it is asked for.
        if let Some(sum) = &mut self.sum {
            sum.update(bytes);
        }
        self.offset = end;
        if end.saturating_sub(self.begun) >= BEGIN_EVERY {
            self.file.begin_sync();
            self.begun = end;
        }
        Ok(())
    }

    /// All of it, or nothing.
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        let written = self.file.write_all(bytes);
        if written.is_err() {
            let offset = self.offset;
            let back = self.file.set_len(offset).and_then(|()| self.file.seek(SeekFrom::Start(offset)));
            self.is_lost = back.is_err();
        }
        written
    }

    fn is_sound(&self) -> Result<(), StoreError> {
        if self.is_lost { Err(failed(io::ErrorKind::Other.into())) } else { Ok(()) }
    }

    /// Makes what is there survive a power cut.
    ///
    /// # Errors
    /// What the disk says; then what was there is gone, since nobody knows what of it is on the disk.
    pub fn sync(&mut self) -> Result<(), StoreError> {
        self.is_sound()?;
        if let Err(error) = self.file.sync() {
            self.throw_away();
            return self.store.told(Err(failed(error)));
        }
        Ok(())
    }

    /// What is there is not believed any more; it begins anew.
    fn throw_away(&mut self) {
        self.is_lost = true;
        self.sum = None;
        if self.store.drop_part(self.row.id).is_err() && self.file.set_len(0).is_err() {
            // Its hash may well be right and its next fsync well, of what is in memory alone.
            locked(&self.store.intake().suspect).insert(self.row.id);
        }
    }

    /// Takes back what is behind `to`.
    ///
    /// # Errors
    /// [`StoreError::Invalid`] if less is there; else what the disk says.
    pub fn cut(&mut self, to: u64) -> Result<(), StoreError> {
        if to > self.offset {
            return Err(StoreError::Invalid(format!("there are {} bytes; {to} cannot be kept", self.offset)));
        }
        self.is_sound()?;
        let cut = self.file.set_len(to).and_then(|()| self.file.seek(SeekFrom::Start(to)));
        self.store.told(cut.map_err(failed))?;
        if to != self.offset {
            let known = self.before.as_ref().filter(|(offset, _)| *offset == to);
            self.sum = known.map(|(_, sum)| sum.clone()).or_else(|| (to == 0).then(Sha256::new));
        }
        self.offset = to;
        Ok(())
    }

    /// SHA-256 of what is there.
    ///
    /// # Errors
    /// What the disk says.
    pub fn sha256(&mut self) -> Result<[u8; 32], StoreError> {
        self.is_sound()?;
        if self.sum.is_none() {
            let sum = self.hash_again().map_err(failed);
            self.sum = Some(self.store.told(sum)?);
        }
        Ok(self.sum.clone().unwrap_or_default().finalize().into())
    }

    fn hash_again(&mut self) -> io::Result<Sha256> {
        let mut sum = Sha256::new();
        let mut buffer = vec![0; AT_ONCE];
        self.file.seek(SeekFrom::Start(0))?;
        let mut left = self.offset;
        while left > 0 {
            let most = buffer.len().min(usize::try_from(left).unwrap_or(usize::MAX));
            self.file.read_exact(&mut buffer[..most])?;
            sum.update(&buffer[..most]);
            left -= most as u64;
        }
        self.file.seek(SeekFrom::Start(self.offset))?;
        Ok(sum)
    }

    /// The clip is whole: it is kept with its event, if it is what was announced.
    ///
    /// # Errors
    /// [`StoreError::Invalid`] if there are fewer or more bytes than it says, or if it is no clip; what was there of one
    /// that is none is gone then. Else what the disk says, and asking again completes it.
    pub fn finish(mut self, clip: &ClipEntry) -> Result<Finish, StoreError> {
        let sha256 = sha256_of(&clip.sha256).map_err(StoreError::Invalid)?;
        if let Some(announced) = &self.row.clip
            && (announced.bytes != clip.bytes || announced.sha256 != sha256)
        {
            return Err(StoreError::Invalid("it is another clip than the one that was announced".to_owned()));
        }
        if self.offset != clip.bytes {
            return Err(StoreError::Invalid(format!("{} of {} bytes are there", self.offset, clip.bytes)));
        }
        if self.sha256()? != sha256 {
            self.throw_away();
            return Ok(Finish::Wrong);
        }
        let sniffed = sniff_clip(&mut self.file).map_err(failed);
        let sniffed = match self.store.told(sniffed)? {
            Ok(sniffed) => sniffed,
            Err(why) => {
                self.throw_away();
                return Err(StoreError::Invalid(format!("the clip {why}")));
            }
        };
        let degraded = self.row.clip.as_ref().is_some_and(|clip| clip.degraded);
        let clip = Clip { bytes: clip.bytes, sha256, codec: sniffed.codec, degraded };
        let row = self.row.clone();
        let kept = self.store.clone().keep_clip(&row, &clip, &mut || self.sync());
        self.is_lost = true;
        let (event, receipt) = self.store.told(kept)?;
        let event = Arc::new(event);
        self.store.notify(NoticeKind::Updated, Arc::clone(&event), self.store.newest_change());
        Ok(Finish::Stored(event, receipt))
    }
}

impl Drop for Incoming {
    fn drop(&mut self) {
        if let Some(sum) = self.sum.take().filter(|_| !self.is_lost) {
            locked(&self.store.intake().carried).keep(self.row.id, self.offset, sum);
        }
    }
}
