//! Every operation of a machine that receives fails, once or from then on: a receipt that was given is honoured, nothing
//! is called whole that is not, what is sent again completes, and nothing is left over of what came in.
//!
//! Each run ends with a power cut while the fault still lasts and with another one after it, both of which leave no more
//! than what was synced. What does not belong here: the faults of a machine that records (`faults`), and power cuts
//! without a fault (`power`).

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use super::disk::{Fate, ModelFs, State};
use super::faults::{FaultReport, faults_of};
use super::faulty::{Fault, Faults, Guard, Op};
use super::intake::{Parcel, again, parcels};
use super::ledger::Ledger;
use super::play::{Machine, ModelIndex, ROOT, no_limits};
use super::power::rows_without_files;
use super::sabotage::Sabotage;
use super::scene;
use crate::error::StoreError;
use crate::event::{Event, EventId};
use crate::fs::Fs;
use crate::health::StoreState;
use crate::intake::{Arrived, Finish, Incoming};
use crate::layout::{CLIP, Layout};
use crate::parcel::ReceiptShape;
use crate::store::Store;

/// What one who receives could do wrongly about a fault: not to see that something failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IntakeBug {
    /// Nothing.
    None,
    /// A clip that could not be synced is taken for synced.
    UnseenSync,
    /// A clip that could not be moved to its event is taken for moved.
    UnseenMove,
    /// The folder of an event that could not be synced is taken for synced.
    UnseenFolderSync,
    /// A folder that could not be moved among the events is taken for moved.
    UnseenPublish,
    /// What is swept stays.
    NoSweep,
}

impl IntakeBug {
    /// All that are bugs.
    pub const BUGS: [Self; 5] =
        [Self::UnseenSync, Self::UnseenMove, Self::UnseenFolderSync, Self::UnseenPublish, Self::NoSweep];

    /// Whether this operation is said to be done though it is not.
    fn hides(self, op: Op, path: &Path, has_failed: bool) -> bool {
        let is_part = path.parent().is_some_and(|dir| dir.ends_with("incoming"));
        let is_event = path.file_name().and_then(|name| name.to_str()?.parse::<EventId>().ok()).is_some();
        let is_draft = path.parent().is_some_and(|dir| dir.ends_with("drafts"));
        match self {
            Self::None => false,
            Self::UnseenSync => has_failed && op == Op::Sync && is_part,
            Self::UnseenMove => has_failed && op == Op::Rename && is_part,
            Self::UnseenFolderSync => has_failed && op == Op::SyncDir && is_event && !is_draft,
            Self::UnseenPublish => has_failed && op == Op::Rename && is_draft,
            Self::NoSweep => op == Op::Unlink && is_part,
        }
    }
}

/// The faults, as somebody with a bug sees them.
#[derive(Debug)]
struct Seen {
    faults: Arc<Faults>,
    bug: IntakeBug,
}

impl Guard for Seen {
    fn may(&self, op: Op, path: &Path) -> std::io::Result<bool> {
        let may = self.faults.may(op, path);
        if self.bug.hides(op, path, may.is_err()) { Ok(false) } else { may }
    }
}

/// Lets each operation fail, or each so-manyth, until nothing is left that could; with a bug, until it breaks a rule.
///
/// # Errors
/// Only if receiving fails without any fault.
pub fn intake_faults(step: u64, bug: IntakeBug) -> Result<FaultReport, StoreError> {
    let before = Before::new()?;
    faults_of(step, bug != IntakeBug::None, |fault| before.run(fault, bug))
}

/// The events on their way, by what becomes of them; of one more, half of the clip is there, and nobody goes on with it.
const NEW: usize = 0;
/// Half of its clip is there already.
const HALF: usize = 1;
/// Its clip lies with it, and a crash came before its row.
const MOVED: usize = 2;
/// Something else than its clip is there, as long as it.
const TORN: usize = 3;
/// Half of its clip is there, and a person deletes it.
const DELETED: usize = 4;
/// Half of its clip is there, and it is given up.
const ABANDONED: usize = 5;

/// The machine before anything fails.
struct Before {
    disk: State,
    index: Option<Vec<u8>>,
    ledger: Ledger,
}

impl Before {
    fn new() -> Result<Self, StoreError> {
        let machine = Machine::new(ModelFs::default(), ModelIndex::default(), 0);
        let store = machine.open(Arc::new(Sabotage::None), no_limits())?;
        let mut ledger = Ledger::default();
        for camera in ["garden", "gate"] {
            // On a full disk these make room.
            let (_, event) = scene::record(&store, &scene::birth(camera, &*machine.clock), 3)?;
            ledger.keep(&event);
        }
        for parcel in &parcels()?[HALF..] {
            if let Arrived::New(event) = store.receive(parcel.arrival().clone())? {
                ledger.keep(&event);
            }
            let half = &parcel.clip[..parcel.clip.len() / 2];
            let mut incoming = store.incoming(parcel.id())?;
            incoming.write(half)?;
            incoming.sync()?;
        }
        let torn = &parcels()?[TORN];
        store.incoming(torn.id())?.write(&vec![0; torn.clip.len().div_ceil(2)])?;
        let moved = &parcels()?[MOVED];
        let mut incoming = store.incoming(moved.id())?;
        incoming.write(&moved.clip[moved.clip.len() / 2..])?;
        incoming.sync()?;
        drop(incoming);
        ledger.coming.insert(moved.id(), moved.sha256());
        let to = folder(&machine, moved.id())?.join(CLIP);
        let from = Layout::new(ROOT.into()).incoming_part(moved.id());
        machine.disk.rename_replace(&from, &to).map_err(|error| StoreError::io("move", error))?;
        drop(store);
        Ok(Self { disk: machine.disk.state(), index: machine.index.0.bytes(), ledger })
    }

    /// One run with one fault; → whether it came to that, and what is wrong.
    fn run(&self, fault: Fault, bug: IntakeBug) -> Result<(bool, Vec<String>), StoreError> {
        let machine =
            Machine::new(ModelFs::with(self.disk.clone()), ModelIndex::of(self.index.as_deref())?, 1);
        let faults = Arc::new(Faults::default());
        let mut ledger = self.ledger.clone();
        // A full disk takes what is worth least. What came from elsewhere is all favourites.
        ledger.is_retaining = fault.errno == 28;
        let mut run = Run { machine, ledger, promised: BTreeMap::new(), wrong: Vec::new() };
        faults.set(Some(fault));
        let seen = Arc::new(Seen { faults: Arc::clone(&faults), bug });
        let store = run.machine.open(seen, no_limits())?;
        run.go(&store, parcels()?);
        let was_hit = faults.was_hit();
        run.cut("with the fault");
        faults.set(None);
        run.after(&store);
        drop(store);
        run.cut("after the fault");
        Ok((was_hit, run.wrong))
    }
}

/// Where the event lies.
fn folder(machine: &Machine, id: EventId) -> Result<std::path::PathBuf, StoreError> {
    let day = machine.index.present().map(|index| index.folder(id)).transpose()?.flatten();
    Ok(Layout::new(ROOT.into()).event(&day.unwrap_or_default(), id))
}

struct Run {
    machine: Machine,
    ledger: Ledger,
    /// Receipts that were given.
    promised: BTreeMap<EventId, ReceiptShape>,
    wrong: Vec<String>,
}

impl Run {
    /// Everything that receiving does; each may fail, and is asked for once more then, as by a camera.
    fn go(&mut self, store: &Store, parcels: &[Parcel]) {
        for parcel in &parcels[NEW..=TORN] {
            for _ in 0..3 {
                if self.send(store, parcel).is_some() {
                    break;
                }
            }
        }
        self.delete(store, parcels[DELETED].id());
        self.abandon(store, parcels[ABANDONED].id());
        let swept = self.told(store, "sweep", |store| store.sweep_incoming(Duration::from_secs(3600)));
        let left = self.parts();
        if swept.is_some() && !left.is_empty() {
            self.wrong.push(format!("{left:?} are left though all were swept"));
        }
    }

    /// Sends an event as far as that can be done; `None` if something of it failed.
    fn send(&mut self, store: &Store, parcel: &Parcel) -> Option<()> {
        let id = parcel.id();
        if !self.ledger.kept.contains_key(&id) {
            self.ledger.synced(id, 0);
        }
        match self.told(store, "receive", |store| store.receive(parcel.arrival().clone()))? {
            Arrived::New(event) | Arrived::Known(event) => self.keeps(&event),
            other => self.wrong.push(format!("{id}: is {other:?}")),
        }
        let standing = self.told(store, "standing", |store| store.standing(id))??.standing;
        if let Some(receipt) = standing.receipt {
            return self.was_promised(parcel, receipt);
        }
        self.ledger.coming.insert(id, parcel.sha256());
        let mut incoming = self.told(store, "incoming", |store| store.incoming(id))?;
        let at = usize::try_from(incoming.offset()).ok()?;
        let (first, rest) = parcel.clip.get(at..)?.split_at((parcel.clip.len() - at) / 2);
        self.told(store, "write", |_| incoming.write(first))?;
        self.told(store, "sync", |_| incoming.sync())?;
        drop(incoming);
        let mut incoming = self.told(store, "incoming", |store| store.incoming(id))?;
        self.told(store, "write", |_| incoming.write(rest))?;
        self.finish(store, parcel, incoming)
    }

    fn finish(&mut self, store: &Store, parcel: &Parcel, incoming: Incoming) -> Option<()> {
        let finished = self.told(store, "finish", |_| incoming.finish(&parcel.entry))?;
        let broken = rows_without_files(&self.machine).unwrap_or_else(|error| vec![error.to_string()]);
        self.wrong.extend(broken);
        match finished {
            Finish::Stored(event, receipt) => {
                self.ledger.keep(&event);
                self.was_promised(parcel, receipt)
            }
            // Begun anew when it is sent again.
            Finish::Wrong => None,
        }
    }

    /// It was answered that the event is here.
    fn keeps(&mut self, event: &Event) {
        if !self.ledger.kept.contains_key(&event.id) {
            self.ledger.keep(event);
        }
    }

    /// It was answered that all of it is here.
    fn was_promised(&mut self, parcel: &Parcel, receipt: ReceiptShape) -> Option<()> {
        let id = parcel.id();
        if (&receipt.sha256, receipt.bytes) != (&parcel.entry.sha256, parcel.entry.bytes) {
            self.wrong.push(format!("{id}: the receipt is another clip's"));
        }
        if let Some(kept) = self.ledger.kept.get_mut(&id) {
            kept.sha256 = Some(parcel.sha256());
        }
        self.ledger.coming.remove(&id);
        self.promised.insert(id, receipt);
        Some(())
    }

    fn delete(&mut self, store: &Store, id: EventId) {
        if self.told(store, "delete", |store| store.delete(&[id])).is_some() {
            self.ledger.kept.remove(&id);
            self.ledger.gone.insert(id);
        }
    }

    /// What is given up may be gone, or not yet.
    fn abandon(&mut self, store: &Store, id: EventId) {
        self.ledger.kept.remove(&id);
        self.ledger.begun.insert(id, 0);
        self.told(store, "abandon", |store| store.abandon(id));
    }

    /// What fails is told by the state, at once.
    fn told<T>(
        &mut self,
        store: &Store,
        what: &str,
        act: impl FnOnce(&Store) -> Result<T, StoreError>,
    ) -> Option<T> {
        let error = match act(store) {
            Ok(answer) => return Some(answer),
            Err(error) => error,
        };
        let is_about_disk =
            !matches!(error, StoreError::NoSuchEvents(_) | StoreError::Invalid(_) | StoreError::Busy);
        if is_about_disk && store.state() == StoreState::Ok {
            self.wrong.push(format!("{what} failed ({error}) and the state says nothing of it"));
        }
        None
    }

    /// What is there of clips that come in.
    fn parts(&self) -> Vec<std::ffi::OsString> {
        self.machine.disk.list(&Layout::new(ROOT.into()).incoming()).unwrap_or_default()
    }

    /// The fault is over: within two looks everything is in order, and all can be sent.
    fn after(&mut self, store: &Store) {
        for _ in 0..2 {
            store.probe();
        }
        let mended = store.retain();
        self.wrong.extend(mended.err().map(|error| format!("retaining afterwards: {error}")));
        self.wrong.extend(self.ledger.check(store));
        in_order(store, &self.ledger, &self.promised, &mut self.wrong);
        let left = self.parts();
        if !left.is_empty() {
            self.wrong.push(format!("{left:?} are left over"));
        }
        // From here on it is all as it is.
        for event in super::ledger::all(store).unwrap_or_default().values() {
            self.ledger.keep(event);
        }
        self.ledger.coming.clear();
        self.ledger.is_retaining = false;
        self.ledger.kept.retain(|id, _| store.get(*id).is_ok_and(|event| event.is_some()));
    }

    /// The power is cut, and only what was synced is left.
    fn cut(&mut self, when: &str) {
        let left = self.machine.disk.state().cut(|| Fate::Dropped);
        let wrong =
            self.opened_after(left).unwrap_or_else(|error| vec![format!("it does not open: {error}")]);
        self.wrong.extend(wrong.into_iter().map(|what| format!("after a cut {when}: {what}")));
    }

    fn opened_after(&self, left: State) -> Result<Vec<String>, StoreError> {
        let index = ModelIndex::of(self.machine.index.0.bytes().as_deref())?;
        let machine = Machine::new(ModelFs::with(left), index, 2);
        let mut wrong = rows_without_files(&machine)?;
        let store = machine.open(Arc::new(Sabotage::None), no_limits())?;
        wrong.extend(self.ledger.check(&store));
        in_order(&store, &self.ledger, &self.promised, &mut wrong);
        Ok(wrong)
    }
}

/// Everything that was begun can be sent, every receipt is honoured, and nothing is in the way of it.
fn in_order(
    store: &Store,
    ledger: &Ledger,
    promised: &BTreeMap<EventId, ReceiptShape>,
    wrong: &mut Vec<String>,
) {
    for (id, receipt) in promised {
        let standing = store.standing(*id).ok().flatten().and_then(|stand| stand.standing.receipt);
        if standing.as_ref() != Some(receipt) {
            wrong.push(format!("{id}: {standing:?} was given before as {receipt:?}"));
        }
    }
    again(store, ledger, wrong);
    if let Err(error) = store.sweep_incoming(Duration::from_secs(3600)) {
        wrong.push(format!("sweeping: {error}"));
    }
    if store.state() != StoreState::Ok {
        wrong.push(format!("the state stays {:?}", store.state()));
    }
}
