//! Events that come from another machine, and what must be true of them after a cut: what was answered is kept, and the
//! same requests sent again complete what was not.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use frame::SimClock;

use super::disk::ModelFs;
use super::ledger::Ledger;
use super::play::{Book, Machine, ModelIndex, no_limits, noted};
use super::sabotage::Sabotage;
use super::scene;
use crate::error::StoreError;
use crate::event::{Event, EventId};
use crate::intake::{Arrival, Arrived, Finish};
use crate::layout::CLIP;
use crate::parcel::{ClipEntry, event_of};
use crate::store::Store;

/// One event on its way.
pub(super) struct Parcel {
    arrival: Arrival,
    pub(super) clip: Vec<u8>,
    pub(super) entry: ClipEntry,
}

/// So many of them come in while the power is cut.
const PLAYED: usize = 3;
/// The frames of each; none is as long as another.
const FRAMES: [u64; 7] = [2, 4, 3, 5, 6, 7, 8];

/// What a camera sends, the same in every play.
pub(super) fn parcels() -> Result<&'static [Parcel], StoreError> {
    static PARCELS: OnceLock<Vec<Parcel>> = OnceLock::new();
    if PARCELS.get().is_none() {
        let made = record()?;
        return Ok(PARCELS.get_or_init(|| made));
    }
    Ok(PARCELS.get().map(Vec::as_slice).unwrap_or_default())
}

fn record() -> Result<Vec<Parcel>, StoreError> {
    let mut camera = Machine::new(ModelFs::default(), ModelIndex::default(), 9);
    // The day before, so that its ids are smaller than those that are given out here.
    camera.clock = Arc::new(SimClock::at(scene::noon() - Duration::from_secs(86_400)));
    let store = camera.open(Arc::new(Sabotage::None), no_limits())?;
    let mut parcels = Vec::new();
    for frames in FRAMES {
        camera.clock.advance(Duration::from_secs(60));
        let (id, _) = scene::record(&store, &scene::birth("pi-garden", &*camera.clock), frames)?;
        parcels.extend(parcel(&store, id)?);
    }
    Ok(parcels)
}

fn parcel(store: &Store, id: EventId) -> Result<Option<Parcel>, StoreError> {
    let (Some(manifest), Some(day)) = (store.manifest(id)?, store.index()?.folder(id)?) else {
        return Ok(None);
    };
    let dir = store.inner().layout.event(&day, id);
    let read = |name: &str| {
        let read = store.fs_of().read(&dir.join(name), 1 << 20);
        read.map_err(|error| StoreError::io("read", error))
    };
    let mut files = Vec::new();
    for file in &manifest.files {
        files.push((file.name.clone(), read(&file.name)?));
    }
    // On a full disk none of them makes room.
    let event = Event { favourite: true, ..event_of(&manifest.metadata).map_err(StoreError::Invalid)? };
    let arrival = Arrival {
        event,
        files,
        device: "k3y".to_owned(),
        owes_clip: true,
        manifest_sha256: manifest.sha256(),
        said: None,
    };
    let clip = read(CLIP)?;
    Ok(manifest.clip.map(|entry| Parcel { arrival, clip, entry }))
}

/// Receives them all, in parts of which the first goes to `cut`; the last one stays without the end of its clip.
pub(super) fn play(store: &Store, book: &Book, mut cut: impl FnMut(u64) -> u64) -> Result<(), StoreError> {
    let parcels = &parcels()?[..PLAYED];
    for (n, parcel) in parcels.iter().enumerate() {
        let id = parcel.id();
        noted(book, |book| book.synced(id, 0));
        if let Arrived::New(event) = store.receive(parcel.arrival.clone())? {
            noted(book, |book| book.keep(&event));
        }
        let at = usize::try_from(cut(parcel.clip.len() as u64)).unwrap_or(0);
        let (first, rest) = parcel.clip.split_at(at.min(parcel.clip.len()));
        let mut incoming = store.incoming(id)?;
        incoming.write(first)?;
        if n + 1 == parcels.len() {
            return Ok(());
        }
        drop(incoming);
        noted(book, |book| book.coming.extend([(id, parcel.sha256())]));
        let mut incoming = store.incoming(id)?;
        incoming.write(rest)?;
        if let Finish::Stored(event, _) = incoming.finish(&parcel.entry)? {
            noted(book, |book| {
                book.keep(&event);
                book.coming.remove(&id);
            });
        }
    }
    Ok(())
}

impl Parcel {
    pub(super) fn id(&self) -> EventId {
        self.arrival.event.id
    }

    pub(super) fn arrival(&self) -> &Arrival {
        &self.arrival
    }

    pub(super) fn sha256(&self) -> [u8; 32] {
        self.arrival.event.clip.as_ref().map(|clip| clip.sha256).unwrap_or_default()
    }

    /// Sends it as its camera would, whatever is there; → what is wrong.
    fn send_again(&self, store: &Store, ledger: &Ledger) -> Result<Option<String>, StoreError> {
        let id = self.id();
        let before = store.standing(id)?;
        let was_stored = ledger.kept.get(&id).is_some_and(|kept| kept.sha256 == Some(self.sha256()));
        match store.receive(self.arrival.clone())? {
            Arrived::New(_) if ledger.gone.contains(&id) && before.is_some() => {
                return Ok(Some(format!("{id}: came back though it was deleted")));
            }
            Arrived::Taken if !ledger.gone.contains(&id) && !ledger.may_be_gone(id) => {
                return Ok(Some(format!("{id}: is said to be deleted")));
            }
            Arrived::Other => return Ok(Some(format!("{id}: is taken for another one"))),
            Arrived::Taken => return Ok(None),
            Arrived::New(_) | Arrived::Known(_) => {}
        }
        for _ in 0..2 {
            let Some(stand) = store.standing(id)? else { return Ok(Some(format!("{id}: nothing is known"))) };
            if let Some(receipt) = stand.standing.receipt {
                let is_right = receipt.sha256 == self.entry.sha256;
                return Ok((!is_right).then(|| format!("{id}: the receipt is another clip's")));
            }
            if was_stored && before.is_some() {
                return Ok(Some(format!("{id}: its clip is wanted again though it was acknowledged")));
            }
            let mut incoming = store.incoming(id)?;
            let offset = usize::try_from(incoming.offset()).unwrap_or(usize::MAX);
            incoming.write(self.clip.get(offset..).unwrap_or_default())?;
            // What was torn is told by the hash, and sent from the start.
            drop(incoming.finish(&self.entry)?);
        }
        let receipt = store.standing(id)?.and_then(|stand| stand.standing.receipt);
        let is_right = receipt.is_some_and(|receipt| receipt.sha256 == self.entry.sha256);
        Ok((!is_right).then(|| format!("{id}: sending it again does not complete it")))
    }
}

/// Sends all that was begun again; everything is whole after it.
pub(super) fn again(store: &Store, ledger: &Ledger, wrong: &mut Vec<String>) {
    let parcels = match parcels() {
        Ok(parcels) => parcels,
        Err(error) => return wrong.push(error.to_string()),
    };
    for parcel in parcels {
        let id = parcel.id();
        if !ledger.kept.contains_key(&id) && !ledger.begun.contains_key(&id) && !ledger.gone.contains(&id) {
            continue;
        }
        match parcel.send_again(store, ledger) {
            Ok(None) => {}
            Ok(Some(what)) => wrong.push(what),
            Err(error) => wrong.push(format!("{id}: sent again: {error}")),
        }
    }
    wrong.extend(store.check());
}
