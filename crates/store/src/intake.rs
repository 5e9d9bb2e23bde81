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

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use crate::arrivals::Stand;
use crate::error::StoreError;
use crate::event::{Event, EventId};
use crate::parcel::{ClipEntry, ReceiptShape};
use crate::store::Store;

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
    /// It was here before; nothing was changed. Its id is the one it has here.
    Known(Arc<Event>),
    /// It was here and was deleted: it does not come back.
    Taken,
    /// Another event has its id: one with other content, or another device's.
    Other,
}

/// What became of a clip.
#[derive(Debug, Clone, PartialEq)]
pub enum Finish {
    /// It is kept; the receipt says so.
    Stored(Arc<Event>, ReceiptShape),
    /// It is not what was announced; what was there of it is gone, and sending it begins anew.
    Wrong,
}

/// The clip of an event while it comes in: one writer at a time.
#[derive(Debug)]
pub struct Incoming {
    store: Store,
    id: EventId,
}

impl Store {
    /// Takes an event with its small files; it is visible at once. Sent again it is known.
    ///
    /// # Errors
    /// [`StoreError::Invalid`] for what is not allowed, with what was found; [`StoreError::Busy`] while the same event is
    /// being received; else what the disk says, and sending it again completes it.
    pub fn receive(&self, arrival: Arrival) -> Result<Arrived, StoreError> {
        drop(arrival);
        Err(StoreError::Database("receiving is being made".to_owned()))
    }

    /// Opens the clip of an event that still owes one, to be written from where it stands.
    ///
    /// # Errors
    /// [`StoreError::Busy`] while somebody else writes it, [`StoreError::NoSuchEvents`] if no clip is owed; else what the
    /// disk says.
    pub fn incoming(&self, id: EventId) -> Result<Incoming, StoreError> {
        Ok(Incoming { store: self.clone(), id })
    }

    /// How far an event has come; `None` if nothing is known of it.
    ///
    /// # Errors
    /// What the disk says.
    pub fn standing(&self, id: EventId) -> Result<Option<Stand>, StoreError> {
        Err(StoreError::NoSuchEvents(vec![id]))
    }

    /// The id here of the event that an older camera knows by its own.
    ///
    /// # Errors
    /// What the disk says.
    pub fn arrival_of(&self, device: &str, source_id: &str) -> Result<Option<EventId>, StoreError> {
        Err(StoreError::Invalid(format!("{device} {source_id}")))
    }

    /// Gives up an event that is not whole: what is there of it goes, and it may be sent again. → Whether there was one.
    ///
    /// # Errors
    /// What the disk says.
    pub fn abandon(&self, id: EventId) -> Result<bool, StoreError> {
        Err(StoreError::NoSuchEvents(vec![id]))
    }

    /// Throws away what was begun of clips and not gone on with for so long; their events stay, and the clips may be sent
    /// from the start again. → How many.
    ///
    /// # Errors
    /// What the disk says.
    pub fn sweep_incoming(&self, older: Duration) -> Result<u64, StoreError> {
        Err(StoreError::Invalid(format!("{older:?}")))
    }

    /// A new id, larger than all before: for the event of a camera that has none.
    #[must_use]
    pub fn new_id(&self) -> EventId {
        self.fresh_id()
    }
}

impl Incoming {
    /// Bytes that are there.
    #[must_use]
    pub fn offset(&self) -> u64 {
        0
    }

    /// Appends.
    ///
    /// # Errors
    /// [`StoreError::Invalid`] for more bytes than were announced; else what the disk says, and then the offset is as before.
    pub fn write(&mut self, bytes: &[u8]) -> Result<(), StoreError> {
        Err(StoreError::Invalid(format!("{} bytes", bytes.len())))
    }

    /// Makes what is there survive a power cut.
    ///
    /// # Errors
    /// What the disk says; then what was there is gone, since nobody knows what of it is on the disk.
    pub fn sync(&mut self) -> Result<(), StoreError> {
        Err(StoreError::NoSuchEvents(vec![self.id]))
    }

    /// Takes back what is behind `to`.
    ///
    /// # Errors
    /// [`StoreError::Invalid`] if less is there; else what the disk says.
    pub fn cut(&mut self, to: u64) -> Result<(), StoreError> {
        Err(StoreError::Invalid(format!("{to}")))
    }

    /// SHA-256 of what is there.
    ///
    /// # Errors
    /// What the disk says.
    pub fn sha256(&mut self) -> Result<[u8; 32], StoreError> {
        Err(StoreError::NoSuchEvents(vec![self.id]))
    }

    /// The clip is whole: it is kept with its event, if it is what was announced.
    ///
    /// # Errors
    /// [`StoreError::Invalid`] if it is no clip; what was there of it is gone then. Else what the disk says, and asking
    /// again completes it.
    pub fn finish(self, clip: &ClipEntry) -> Result<Finish, StoreError> {
        drop(self.store);
        Err(StoreError::Invalid(format!("{} bytes", clip.bytes)))
    }
}
