//! The machines that send events here: when each was seen, how it is, and how much of it is kept.
//!
//! That a device was seen is kept in memory and written at most once a minute: the disk may be an SD card. What does not
//! belong here: which keys there are (`keys`).

use jiff::Timestamp;

use crate::error::StoreError;
use crate::parcel::{Beat, BeatCamera};
use crate::store::Store;

/// That a device was heard of.
#[derive(Debug, Clone, PartialEq)]
pub struct Seen {
    /// The id of its key.
    pub key: String,
    /// Its key's name.
    pub name: String,
    /// Bytes that it may have here.
    pub quota: Option<u64>,
    /// What it said of itself, if it did.
    pub beat: Option<Beat>,
}

/// One device.
#[derive(Debug, Clone, PartialEq)]
pub struct Device {
    /// The id of its key.
    pub key: String,
    /// Its key's name.
    pub name: String,
    /// When it was heard of for the first time.
    pub first_seen: Timestamp,
    /// When it was heard of last.
    pub last_seen: Timestamp,
    /// Of its program; `None` for one that does not say.
    pub version: Option<String>,
    /// By how much its clock is ahead of ours, milliseconds.
    pub clock_offset_ms: Option<i64>,
    /// What it still has to send.
    pub backlog: Option<DeviceBacklog>,
    /// Its cameras.
    pub cameras: Vec<BeatCamera>,
    /// Where people see it live.
    pub live_url: Option<String>,
    /// What is wrong with it, in words.
    pub problems: Vec<String>,
    /// Free bytes of its disk.
    pub disk_free: Option<u64>,
    /// Seconds since its program started.
    pub uptime_s: Option<u64>,
    /// Events of it that are kept here.
    pub events: u64,
    /// Bytes of them.
    pub bytes: u64,
    /// Bytes of clips that it announced and that are not whole.
    pub owed_bytes: u64,
    /// Bytes that it may have here.
    pub quota: Option<u64>,
}

/// What a device still has to send.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct DeviceBacklog {
    /// How many events.
    pub events: u64,
    /// Bytes of them.
    pub bytes: u64,
    /// When the oldest of them began.
    pub oldest: Option<Timestamp>,
}

impl Device {
    /// Bytes that it may still send; `None`: as many as there is room for.
    #[must_use]
    pub fn room(&self) -> Option<u64> {
        self.quota.map(|quota| quota.saturating_sub(self.bytes).saturating_sub(self.owed_bytes))
    }
}

impl Store {
    /// All devices, by name.
    ///
    /// # Errors
    /// The index's.
    pub fn devices(&self) -> Result<Vec<Device>, StoreError> {
        Ok(Vec::new())
    }

    /// One device.
    ///
    /// # Errors
    /// The index's.
    pub fn device(&self, key: &str) -> Result<Option<Device>, StoreError> {
        Ok(self.devices()?.into_iter().find(|device| device.key == key))
    }

    /// Notes that a device was heard of. Written at once for a new one, else within a minute.
    ///
    /// # Errors
    /// [`StoreError::Invalid`] for what is not allowed in what it said; the index's.
    pub fn seen(&self, seen: &Seen) -> Result<(), StoreError> {
        Err(StoreError::Invalid(seen.key.clone()))
    }

    /// Writes down what is known of devices and was not written yet; to be called at the end.
    ///
    /// # Errors
    /// The index's.
    pub fn flush_devices(&self) -> Result<(), StoreError> {
        Ok(())
    }

    /// Forgets a device; its events stay. → Whether there was one.
    ///
    /// # Errors
    /// The index's.
    pub fn forget_device(&self, key: &str) -> Result<bool, StoreError> {
        Err(StoreError::Invalid(key.to_owned()))
    }
}
