//! Events that have begun to come: said what belongs to them, and not all small files there yet.
//!
//! They are held in memory, within what all bodies together may take, and for minutes: a sender that comes back later is
//! told what is wanted, which is all of it again. What does not belong here: what is kept (`store`).

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use store::event::{Event, EventId};
use store::intake::Arrival;
use store::parcel::{FILES, Manifest, Standing};

use crate::turns::Turn;

/// Events that one device may have begun at once; of more its oldest goes.
const OF_DEVICE: usize = 4;

/// All of them.
#[derive(Debug, Default)]
pub(crate) struct Pending(Mutex<HashMap<EventId, Arc<Parcel>>>);

/// One event that has begun to come.
#[derive(Debug)]
pub(crate) struct Parcel {
    pub(crate) device: String,
    pub(crate) manifest: Manifest,
    pub(crate) sha256: [u8; 32],
    /// With its camera's name as it is to be here.
    pub(crate) event: Event,
    inside: tokio::sync::Mutex<Inside>,
    touched: Mutex<Instant>,
    _memory: Turn,
}

/// What of it is there.
#[derive(Debug, Default)]
pub(crate) struct Inside {
    files: BTreeMap<String, Vec<u8>>,
    /// It was handed to the store, or given up.
    pub(crate) is_over: bool,
}

impl Parcel {
    pub(crate) fn new(device: &str, manifest: Manifest, event: Event, memory: Turn) -> Self {
        Self {
            device: device.to_owned(),
            sha256: manifest.sha256(),
            manifest,
            event,
            inside: tokio::sync::Mutex::default(),
            touched: Mutex::new(Instant::now()),
            _memory: memory,
        }
    }

    /// Bytes of all that belongs to it.
    pub(crate) fn bytes(&self) -> u64 {
        total(&self.manifest)
    }

    /// Who holds it is the only one to put something in or to hand it over.
    pub(crate) async fn inside(&self) -> tokio::sync::MutexGuard<'_, Inside> {
        let inside = self.inside.lock().await;
        *self.touched.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
        inside
    }

    fn idle(&self) -> Duration {
        self.touched.lock().unwrap_or_else(PoisonError::into_inner).elapsed()
    }

    /// How far it has come.
    pub(crate) fn standing(&self, inside: &Inside) -> Standing {
        Standing {
            event: self.event.id.to_string(),
            state: FILES.to_owned(),
            wants: self.wanted(inside).map(str::to_owned).collect(),
            offset: 0,
            receipt: None,
        }
    }

    fn wanted<'a>(&'a self, inside: &'a Inside) -> impl Iterator<Item = &'a str> {
        let names = self.manifest.files.iter().map(|file| file.name.as_str());
        names.filter(|name| !inside.files.contains_key(*name))
    }

    pub(crate) fn is_whole(&self, inside: &Inside) -> bool {
        self.wanted(inside).next().is_none()
    }

    /// What the store gets.
    pub(crate) fn arrival(&self, inside: &mut Inside) -> Arrival {
        inside.is_over = true;
        Arrival {
            event: self.event.clone(),
            files: std::mem::take(&mut inside.files).into_iter().collect(),
            device: self.device.clone(),
            owes_clip: self.manifest.clip.is_some(),
            manifest_sha256: self.sha256,
            said: None,
        }
    }
}

impl Inside {
    pub(crate) fn put(&mut self, name: &str, bytes: Vec<u8>) {
        self.files.insert(name.to_owned(), bytes);
    }
}

/// Bytes of all that belongs to an event.
pub(crate) fn total(manifest: &Manifest) -> u64 {
    let files = manifest.files.iter().map(|file| file.bytes);
    let clip = manifest.clip.as_ref().map_or(0, |clip| clip.bytes);
    files.fold(clip, u64::saturating_add)
}

impl Pending {
    fn lock(&self) -> MutexGuard<'_, HashMap<EventId, Arc<Parcel>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn get(&self, id: EventId) -> Option<Arc<Parcel>> {
        self.lock().get(&id).cloned()
    }

    /// In the place of one that was there under the same id.
    pub(crate) fn put(&self, parcel: Arc<Parcel>) {
        let mut all = self.lock();
        let of_device = all.values().filter(|other| other.device == parcel.device);
        if of_device.clone().count() >= OF_DEVICE {
            let oldest = of_device.max_by_key(|other| other.idle()).map(|other| other.event.id);
            oldest.and_then(|id| all.remove(&id));
        }
        all.insert(parcel.event.id, parcel);
    }

    pub(crate) fn remove(&self, parcel: &Arc<Parcel>) {
        let mut all = self.lock();
        if all.get(&parcel.event.id).is_some_and(|other| Arc::ptr_eq(other, parcel)) {
            all.remove(&parcel.event.id);
        }
    }

    /// Bytes that a device has begun to send.
    pub(crate) fn bytes_of(&self, device: &str, but: EventId) -> u64 {
        let all = self.lock();
        let mine = all.values().filter(|parcel| parcel.device == device && parcel.event.id != but);
        mine.map(|parcel| parcel.bytes()).fold(0, u64::saturating_add)
    }

    /// Forgets those that nobody has touched for so long. → How many.
    pub(crate) fn expire(&self, idle: Duration) -> usize {
        let mut all = self.lock();
        let before = all.len();
        all.retain(|_, parcel| parcel.idle() < idle);
        before - all.len()
    }

    pub(crate) fn count(&self) -> usize {
        self.lock().len()
    }
}
