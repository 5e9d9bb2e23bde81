//! The machines that send events here: when each was seen, how it is, and how much of it is kept.
//!
//! That a device was seen is kept in memory and written at most once a minute: the disk may be an SD card. What does not
//! belong here: which keys there are (`keys`).

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use jiff::Timestamp;

use crate::error::StoreError;
use crate::parcel::{self, Beat, BeatCamera};
use crate::store::{Store, locked};

#[cfg(test)]
mod tests;

/// What is heard of devices is written so often.
const AT_MOST_EVERY: Duration = Duration::from_secs(60);

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

/// A device as the index remembers it.
#[derive(Debug, Clone)]
pub(crate) struct DeviceRow {
    pub(crate) key: String,
    pub(crate) name: String,
    pub(crate) first_seen: Timestamp,
    pub(crate) last_seen: Timestamp,
    pub(crate) quota: Option<u64>,
    /// A [`Beat`] as it was checked.
    pub(crate) said: Option<String>,
    pub(crate) clock_offset_ms: Option<i64>,
    pub(crate) events: u64,
    pub(crate) bytes: u64,
    pub(crate) owed_bytes: u64,
}

/// What was heard of a device.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct NewDevice {
    pub(crate) key: String,
    pub(crate) name: String,
    pub(crate) last_seen: Timestamp,
    pub(crate) quota: Option<u64>,
    pub(crate) said: Option<String>,
    pub(crate) clock_offset_ms: Option<i64>,
}

/// What was heard and not written yet.
#[derive(Debug, Default)]
pub(crate) struct Book {
    heard: HashMap<String, NewDevice>,
    /// Devices that have a row.
    written: HashSet<String>,
    /// When all of it was written last, by the monotonic clock.
    at: Option<Duration>,
}

impl DeviceRow {
    /// With what was heard since.
    fn with(self, heard: Option<&NewDevice>) -> Self {
        let Some(heard) = heard else { return self };
        Self {
            name: heard.name.clone(),
            last_seen: self.last_seen.max(heard.last_seen),
            quota: heard.quota,
            said: heard.said.clone().or(self.said),
            clock_offset_ms: heard.clock_offset_ms.or(self.clock_offset_ms),
            ..self
        }
    }

    fn device(self) -> Device {
        let beat: Option<Beat> = self.said.as_deref().and_then(|said| serde_json::from_str(said).ok());
        let backlog = beat.as_ref().map(|beat| DeviceBacklog {
            events: beat.backlog.events,
            bytes: beat.backlog.bytes,
            oldest: beat.backlog.oldest.as_deref().and_then(|oldest| oldest.parse().ok()),
        });
        let beat = beat.unwrap_or_default();
        Device {
            key: self.key,
            name: self.name,
            first_seen: self.first_seen,
            last_seen: self.last_seen,
            version: backlog.is_some().then_some(beat.version),
            clock_offset_ms: self.clock_offset_ms,
            uptime_s: backlog.is_some().then_some(beat.health.uptime_s),
            backlog,
            cameras: beat.cameras,
            live_url: beat.live_url,
            problems: beat.health.problems,
            disk_free: beat.health.disk_free,
            events: self.events,
            bytes: self.bytes,
            owed_bytes: self.owed_bytes,
            quota: self.quota,
        }
    }
}

impl Store {
    /// All devices, by name.
    ///
    /// # Errors
    /// The index's.
    pub fn devices(&self) -> Result<Vec<Device>, StoreError> {
        let rows = self.index()?.devices()?;
        let book = locked(&self.intake().devices);
        let mut devices: Vec<Device> = rows
            .into_iter()
            .map(|row| {
                let heard = book.heard.get(&row.key);
                row.with(heard).device()
            })
            .collect();
        drop(book);
        devices.sort_by(|a, b| (&a.name, &a.key).cmp(&(&b.name, &b.key)));
        Ok(devices)
    }

    /// One device.
    ///
    /// # Errors
    /// The index's.
    pub fn device(&self, key: &str) -> Result<Option<Device>, StoreError> {
        let Some(row) = self.index()?.device(key)? else { return Ok(None) };
        let book = locked(&self.intake().devices);
        Ok(Some(row.with(book.heard.get(key)).device()))
    }

    /// Notes that a device was heard of. Written at once for a new one, else within a minute of the next one that is.
    ///
    /// # Errors
    /// [`StoreError::Invalid`] for what is not allowed in what it said; the index's, and then it is written the next time.
    pub fn seen(&self, seen: &Seen) -> Result<(), StoreError> {
        let new = self.heard(seen).map_err(StoreError::Invalid)?;
        let now = self.inner().clock.monotonic();
        let is_due = {
            let mut book = locked(&self.intake().devices);
            let is_new = !book.written.contains(&seen.key);
            match book.heard.get_mut(&seen.key) {
                Some(heard) => {
                    let (said, offset) = (heard.said.take(), heard.clock_offset_ms);
                    *heard = NewDevice {
                        said: new.said.or(said),
                        clock_offset_ms: new.clock_offset_ms.or(offset),
                        ..new
                    };
                }
                None => drop(book.heard.insert(seen.key.clone(), new)),
            }
            is_new || book.at.is_none_or(|at| now.saturating_sub(at) >= AT_MOST_EVERY)
        };
        if is_due { self.flush_devices() } else { Ok(()) }
    }

    /// What it said, checked, and by how much its clock is ahead.
    fn heard(&self, seen: &Seen) -> Result<NewDevice, String> {
        if !parcel::is_device(&seen.key) {
            return Err("a device is named by 1 to 64 of a-z, A-Z, 0-9, _ and -".to_owned());
        }
        let last_seen = self.now();
        let (mut said, mut clock_offset_ms) = (None, None);
        if let Some(beat) = &seen.beat {
            parcel::check_beat(beat)?;
            let its = parcel::moment("now", &beat.now)?;
            clock_offset_ms = Some(its.as_millisecond() - last_seen.as_millisecond());
            said = serde_json::to_string(beat).ok();
        }
        let (key, name) = (seen.key.clone(), seen.name.chars().take(64).collect());
        Ok(NewDevice { key, name, last_seen, quota: seen.quota, said, clock_offset_ms })
    }

    /// Writes down what is known of devices and was not written yet; to be called at the end.
    ///
    /// # Errors
    /// The index's.
    pub fn flush_devices(&self) -> Result<(), StoreError> {
        let index = self.index()?;
        // Held while it is written: nobody else writes the same meanwhile, and readers look at the index first.
        let mut book = locked(&self.intake().devices);
        if book.heard.is_empty() {
            return Ok(());
        }
        let heard: Vec<NewDevice> = book.heard.values().cloned().collect();
        index.put_devices(&heard)?;
        book.heard.clear();
        book.written.extend(heard.into_iter().map(|device| device.key));
        book.at = Some(self.inner().clock.monotonic());
        Ok(())
    }

    /// Forgets a device; its events stay, and it is a new one should it be heard of again. → Whether there was one.
    ///
    /// # Errors
    /// The index's.
    pub fn forget_device(&self, key: &str) -> Result<bool, StoreError> {
        let index = self.index()?;
        let mut book = locked(&self.intake().devices);
        book.heard.remove(key);
        book.written.remove(key);
        index.forget_device(key)
    }
}
