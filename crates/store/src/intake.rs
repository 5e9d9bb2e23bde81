//! Events that come from other machines: first the event with its pictures, visible at once, then its clip.
//!
//! ```text
//! receive   drafts/<ID>: small files, metadata.json → fsync each; folder → fsync; rename to events/YYYY/MM/DD; fsync;
//!           one transaction: the event's row, and the arrival's
//! incoming  incoming/<ID>.part, appended to; its SHA-256 is carried along
//! finish    the part → fsync; rename into the event's folder; metadata.json → fsync; folder → fsync;
//!           one transaction: the clip in the event's row, and the arrival is whole
//! ```
//!
//! A power cut between any two steps leaves what the next start, or the same request sent again, completes. What does not
//! belong here: requests and limits on them (`hub`), and how what was sent is read (`parcel`).

use std::collections::{BTreeSet, HashSet};
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::Value;

use crate::arrivals::{ArrivalRow, Stand};
use crate::devices;
use crate::draft::{count_pictures, day_of_event};
use crate::error::StoreError;
use crate::event::{Event, EventId, Origin, State};
use crate::fs::{Fs, FsFile};
use crate::index::Index;
use crate::layout::METADATA;
use crate::metadata;
use crate::notice::NoticeKind;
use crate::parcel;
use crate::store::{Store, locked};

mod incoming;
mod settle;
mod sweep;
#[cfg(test)]
pub(crate) mod tests;

pub use incoming::{Finish, Incoming};

/// What older cameras said is kept up to so many bytes.
const MOST_SAID: usize = 512 * 1024;

/// An event with its small files, as another machine sent it.
#[derive(Debug, Clone, PartialEq)]
pub struct Arrival {
    /// What is known of it, with the camera's name as it is to be here. Its clip is the one that was announced; of an
    /// older camera none is.
    pub event: Event,
    /// Names and bytes; see [`FileEntry`](crate::parcel::FileEntry).
    pub files: Vec<(String, Vec<u8>)>,
    /// Who sends it: the id of its key.
    pub device: String,
    /// A clip will follow.
    pub owes_clip: bool,
    /// Of what was said of it.
    pub manifest_sha256: [u8; 32],
    /// What the system that recorded it said, to be kept as it is under `legacy`. An event with this and a `source_id`
    /// that was not imported is an older camera's: it is known again by that id.
    pub said: Option<Value>,
}

/// What became of an arrival.
#[derive(Debug, Clone, PartialEq)]
pub enum Arrived {
    /// It is here now.
    New(Arc<Event>),
    /// It was here before; its words and pictures stay as they are. Its id is the one it has here.
    Known(Arc<Event>),
    /// It was here and was deleted: it does not come back. [`Store::standing`] has the receipt.
    Taken,
    /// Another event has its id: one with other content, or another device's.
    Other,
}

/// What is known of events that are coming in, besides their rows.
#[derive(Debug, Default)]
pub(crate) struct Intake {
    /// Whose turn it is: one at a time for each event.
    turns: Mutex<HashSet<String>>,
    /// How far the hashes of clips have come that nobody writes at the moment.
    carried: Mutex<incoming::Carried>,
    /// Of whose parts nobody knows what is on the disk, and that could not be thrown away yet.
    suspect: Mutex<BTreeSet<EventId>>,
    /// Clips that lie with their events and whose row could not be written.
    unsettled: Mutex<BTreeSet<EventId>>,
    pub(crate) devices: Mutex<devices::Book>,
}

/// Nobody else receives the event until this is dropped.
#[derive(Debug)]
pub(crate) struct Turn {
    store: Store,
    names: Vec<String>,
}

impl Drop for Turn {
    fn drop(&mut self) {
        let mut turns = locked(&self.store.intake().turns);
        for name in &self.names {
            turns.remove(name);
        }
    }
}

impl Arrival {
    /// The id that an older camera knows it by.
    fn source_id(&self) -> Option<&str> {
        let is_older = self.said.is_some() && self.event.origin != Origin::Import;
        self.event.source_id.as_deref().filter(|_| is_older)
    }

    fn check(&self) -> Result<(), String> {
        parcel::check(&self.event)?;
        if !parcel::is_device(&self.device) {
            return Err("a device is named by 1 to 64 of a-z, A-Z, 0-9, _ and -".to_owned());
        }
        if self.event.clip.is_some() && !self.owes_clip {
            return Err("a clip is announced in the metadata, and none is to follow".to_owned());
        }
        if self.files.len() > parcel::MOST_FILES {
            return Err(format!(
                "there are {} files; at most {} are allowed",
                self.files.len(),
                parcel::MOST_FILES
            ));
        }
        let mut names = HashSet::new();
        for (name, bytes) in &self.files {
            parcel::check_file(name, bytes)?;
            if !names.insert(name) {
                return Err(format!("{name} is there twice"));
            }
        }
        let said = self.said.as_ref().and_then(|said| serde_json::to_vec(said).ok());
        match said.map(|said| said.len()) {
            Some(len) if len > MOST_SAID => {
                Err(format!("the metadata has {len} bytes; at most {MOST_SAID} are allowed"))
            }
            _ => Ok(()),
        }
    }

    /// The row to be of it, of an event that lies in the folder of `day`.
    fn row(&self, id: EventId, day: String, store: &Store) -> ArrivalRow {
        ArrivalRow {
            id,
            device: self.device.clone(),
            source_id: self.source_id().map(str::to_owned),
            manifest_sha256: self.manifest_sha256,
            is_open: self.owes_clip,
            clip: self.event.clip.clone(),
            state: match self.event.state {
                State::Partial => State::Partial,
                _ if !self.owes_clip => State::Pictures,
                _ => State::Whole,
            },
            received: store.now(),
            day,
            is_gone: false,
        }
    }
}

impl Store {
    pub(crate) fn intake(&self) -> &Intake {
        &self.inner().intake
    }

    /// Takes the turn of all these names, or none.
    fn turn(&self, names: Vec<String>) -> Result<Turn, StoreError> {
        let mut turns = locked(&self.intake().turns);
        if names.iter().any(|name| turns.contains(name)) {
            return Err(StoreError::Busy);
        }
        turns.extend(names.iter().cloned());
        Ok(Turn { store: self.clone(), names })
    }

    pub(crate) fn turn_of(&self, id: EventId) -> Result<Turn, StoreError> {
        self.turn(vec![id.to_string()])
    }

    /// Takes an event with its small files; it is visible at once. Sent again it is known.
    ///
    /// # Errors
    /// [`StoreError::Invalid`] for what is not allowed, with what was found; [`StoreError::Busy`] while the same event is
    /// being received; else what the disk says, and sending it again completes it.
    pub fn receive(&self, arrival: Arrival) -> Result<Arrived, StoreError> {
        arrival.check().map_err(StoreError::Invalid)?;
        let index = self.index()?;
        let mut names = vec![arrival.event.id.to_string()];
        names.extend(arrival.source_id().map(|id| format!("{}/{id}", arrival.device)));
        let _turn = self.turn(names)?;
        self.is_used();
        self.mend(&index);
        // That it is known says nothing of whether the disk takes writes.
        if let Some(known) = self.known(&index, &arrival).inspect_err(|error| self.tell(error))? {
            return Ok(known);
        }
        self.is_writing(arrival.event.id);
        let taken = self.take(&index, &arrival);
        // What is there of one that could not be taken is published or taken away later.
        self.no_longer_recording(arrival.event.id, taken.is_err().then_some(false));
        let (event, change) = self.told(taken)?;
        let event = Arc::new(event);
        self.notify(NoticeKind::Ended, Arc::clone(&event), change);
        Ok(Arrived::New(event))
    }

    /// What is to be answered if the event came before.
    fn known(&self, index: &Index, arrival: &Arrival) -> Result<Option<Arrived>, StoreError> {
        let mut row = index.arrival(arrival.event.id)?;
        if let (None, Some(source_id)) = (&row, arrival.source_id()) {
            row = index.arrival_by_source(&arrival.device, source_id)?;
        }
        let Some(row) = row else { return self.adopted(index, arrival) };
        if row.device != arrival.device {
            return Ok(Some(Arrived::Other));
        }
        let Some(event) = index.get(row.id)? else { return Ok(Some(Arrived::Taken)) };
        let is_same = row.manifest_sha256 == arrival.manifest_sha256;
        let sha256 = |clip: &crate::event::Clip| clip.sha256;
        let (announced, there) = (arrival.event.clip.as_ref().map(sha256), row.clip.as_ref().map(sha256));
        if is_same || (announced.is_some() && announced == there) {
            return Ok(Some(Arrived::Known(Arc::new(event))));
        }
        if !row.is_open && announced.is_some() && there.is_some() {
            return Ok(Some(Arrived::Other));
        }
        if arrival.source_id().is_some() && !row.is_open {
            return Ok(Some(Arrived::Other));
        }
        if row.is_open || arrival.owes_clip {
            // Its sender has another clip by now, or none any more.
            self.drop_part(row.id)?;
            index.put_arrival(&arrival.row(row.id, row.day, self))?;
        }
        Ok(Some(Arrived::Known(Arc::new(event))))
    }

    /// An event that is here and of whose arrival nothing is known: its row was made from its files.
    fn adopted(&self, index: &Index, arrival: &Arrival) -> Result<Option<Arrived>, StoreError> {
        let mut id = arrival.event.id;
        if let Some(source_id) = arrival.source_id()
            && let Some(found) = index.find_source_id(source_id)?
            // Another device has sent that one.
            && index.arrival(found)?.is_none()
        {
            id = found;
        }
        let (Some(event), Some(day)) = (index.get(id)?, index.folder(id)?) else {
            // Files of one that was deleted: the id is free once they are gone.
            return if index.is_buried(id)? { Err(StoreError::Busy) } else { Ok(None) };
        };
        if event.camera != arrival.event.camera {
            let is_elsewhere = id != arrival.event.id;
            return Ok((!is_elsewhere).then_some(Arrived::Other));
        }
        let clip = event.clip.clone().or_else(|| arrival.event.clip.clone());
        let is_open = arrival.owes_clip && event.clip.is_none();
        let row = ArrivalRow { is_open, clip, ..arrival.row(id, day, self) };
        index.put_arrival(&row)?;
        Ok(Some(Arrived::Known(Arc::new(event))))
    }

    /// Writes its files into a draft and publishes it.
    fn take(&self, index: &Index, arrival: &Arrival) -> Result<(Event, u64), StoreError> {
        let (fs, id) = (self.fs_of(), arrival.event.id);
        let dir = self.inner().layout.draft(id);
        let mut event = Event {
            clip: None,
            state: State::Pictures,
            // It counts from another machine's boot.
            boot: None,
            mono: Duration::ZERO,
            ..arrival.event.clone()
        };
        let written = self.with_room(|| write_draft(fs, &dir, &mut event, arrival));
        written.map_err(|error| StoreError::io("write an event that came in", error))?;
        let row = arrival.row(id, day_of_event(&event), self);
        let change =
            self.publish_with(index, &event, &|index, event, day| index.insert_arrived(event, day, &row))?;
        Ok((event, change))
    }

    /// How far an event has come; `None` if nothing is known of it.
    ///
    /// # Errors
    /// What the disk says.
    pub fn standing(&self, id: EventId) -> Result<Option<Stand>, StoreError> {
        self.stand(id).inspect_err(|error| self.tell(error))
    }

    fn stand(&self, id: EventId) -> Result<Option<Stand>, StoreError> {
        let index = self.index()?;
        let Some(mut row) = index.arrival(id)? else { return Ok(None) };
        if row.is_open && !row.is_gone {
            // A crash or a fault may have come between a clip and its row. Only then is there need of a turn: who asks keeps
            // nobody from writing.
            if self.clip_there(&row)?.is_some()
                && let Ok(_turn) = self.turn_of(id)
                && self.settle_if_there(&index, &row)?
            {
                row = index.arrival(id)?.unwrap_or(row);
            }
        }
        let part = self.inner().layout.incoming_part(id);
        let offset = match self.fs_of().metadata(&part) {
            Ok(part) => part.len,
            Err(error) if error.kind() == io::ErrorKind::NotFound => 0,
            Err(error) => return Err(StoreError::io("look at what came in of a clip", error)),
        };
        Ok(Some(row.standing(offset)))
    }

    /// The id here of the event that an older camera knows by its own.
    ///
    /// # Errors
    /// What the disk says.
    pub fn arrival_of(&self, device: &str, source_id: &str) -> Result<Option<EventId>, StoreError> {
        Ok(self.index()?.arrival_by_source(device, source_id)?.map(|row| row.id))
    }

    /// A new id, larger than all before: for the event of a camera that has none of ours.
    #[must_use]
    pub fn new_id(&self) -> EventId {
        self.fresh_id()
    }
}

/// Writes all files of a draft, and what is known of the event last: a draft with that is whole. All are written before
/// the first is synced, so that the disk has its work at once.
fn write_draft(fs: &dyn Fs, dir: &Path, event: &mut Event, arrival: &Arrival) -> io::Result<()> {
    // What an attempt before this one has left.
    crate::remove::take_files(fs, dir)?;
    fs.create_dir(dir)?;
    let mut files = Vec::new();
    for (name, bytes) in &arrival.files {
        files.push(write_begun(fs, &dir.join(name), bytes)?);
    }
    event.pictures = count_pictures(fs, dir)?;
    let part = dir.join(format!("{METADATA}.part"));
    files.push(write_begun(fs, &part, &metadata::write_with(event, arrival.said.as_ref()))?);
    for mut file in files {
        file.sync()?;
    }
    fs.rename_replace(&part, &dir.join(METADATA))
}

/// Makes a file of these bytes, which is on its way to the disk.
pub(crate) fn write_begun(fs: &dyn Fs, path: &Path, bytes: &[u8]) -> io::Result<Box<dyn FsFile>> {
    let mut file = fs.create_new(path)?;
    file.write_all(bytes)?;
    file.begin_sync();
    Ok(file)
}
