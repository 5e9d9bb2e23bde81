//! What came from other machines, remembered even after it was deleted: so that sending it again is answered as the first
//! time, and never brings back what somebody has deleted.

use jiff::Timestamp;

use crate::event::{Clip, EventId, State};
use crate::layout::Layout;
use crate::metadata::hex;
use crate::parcel::{self, ReceiptShape, Standing};

/// One event that came, as the index remembers it.
#[derive(Debug, Clone, PartialEq)]
pub struct ArrivalRow {
    /// The event's id.
    pub id: EventId,
    /// Who sent it.
    pub device: String,
    /// The id it has with an older camera.
    pub source_id: Option<String>,
    /// Of what was said of it.
    pub manifest_sha256: [u8; 32],
    /// The clip is still to come.
    pub is_open: bool,
    /// Its clip: the one that is kept, or the one that was announced.
    pub clip: Option<Clip>,
    /// How much of the event there is once its clip is there.
    pub state: State,
    /// When it was whole, or was begun while it is open.
    pub received: Timestamp,
    /// The folder it was put in, `YYYY/MM/DD`.
    pub day: String,
    /// It was deleted since.
    pub is_gone: bool,
}

/// How far an event has come.
#[derive(Debug, Clone, PartialEq)]
pub struct Stand {
    /// Who sent it.
    pub device: String,
    /// It was deleted here since.
    pub is_gone: bool,
    /// Its clip: the one that is kept, or the one that was announced.
    pub clip: Option<Clip>,
    /// As it is told.
    pub standing: Standing,
}

impl ArrivalRow {
    /// What is kept, in words that the sender can check.
    pub(crate) fn receipt(&self) -> ReceiptShape {
        let kept = self.clip.as_ref().filter(|_| !self.is_open);
        ReceiptShape {
            event: self.id.to_string(),
            sha256: hex(&kept.map_or(self.manifest_sha256, |clip| clip.sha256)),
            bytes: kept.map_or(0, |clip| clip.bytes),
            received: self.received.to_string(),
            path: Layout::relative(&self.day, self.id),
        }
    }

    /// With so many bytes of the clip.
    pub(crate) fn standing(&self, offset: u64) -> Stand {
        // Of one that was deleted nothing more is wanted.
        let is_done = !self.is_open || self.is_gone;
        Stand {
            device: self.device.clone(),
            is_gone: self.is_gone,
            clip: self.clip.clone(),
            standing: Standing {
                event: self.id.to_string(),
                state: if is_done { parcel::STORED } else { parcel::CLIP }.to_owned(),
                wants: Vec::new(),
                offset: if is_done { 0 } else { offset },
                receipt: is_done.then(|| self.receipt()),
            },
        }
    }
}
