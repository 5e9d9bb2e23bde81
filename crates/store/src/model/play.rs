//! One life of a store on the model disk, in which everything happens that writes.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use frame::{Clock, SimClock};

use super::disk::ModelFs;
use super::faulty::{FaultyFs, Guard, Op};
use super::ledger::Ledger;
use super::sabotage::Sabotage;
use super::scene;
use crate::boot::Boot;
use crate::draft::day_of_event;
use crate::error::StoreError;
use crate::event::EventId;
use crate::fs::Fs;
use crate::index::Index;
use crate::layout::METADATA;
use crate::metadata;
use crate::query::Change;
use crate::retain::Retention;
use crate::store::opening::{FileIndex, IndexSource, Parts};
use crate::store::{Opening, Store, locked};

pub(super) const ROOT: &str = "/data";

/// An index in memory: its transactions are durable and atomic, as SQLite promises.
#[derive(Debug, Default)]
pub(super) struct ModelIndex(Mutex<Option<Arc<Index>>>);

impl ModelIndex {
    pub(super) fn of(bytes: Option<&[u8]>) -> Result<Self, StoreError> {
        let index = bytes.map(Index::deserialize).transpose()?;
        Ok(Self(Mutex::new(index.map(Arc::new))))
    }

    pub(super) fn bytes(&self) -> Option<Vec<u8>> {
        let index = locked(&self.0).clone();
        index.and_then(|index| index.serialize().ok())
    }
}

/// The one index that a machine and its saboteur share.
#[derive(Debug, Clone, Default)]
pub(super) struct Shared(pub(super) Arc<ModelIndex>);

impl Shared {
    /// The index, if one was made yet.
    pub(super) fn present(&self) -> Option<Arc<Index>> {
        locked(&self.0.0).clone()
    }
}

impl IndexSource for Shared {
    fn open(&self) -> Result<Arc<Index>, StoreError> {
        let mut slot = locked(&self.0.0);
        if let Some(index) = &*slot {
            return Ok(Arc::clone(index));
        }
        let index = Arc::new(Index::in_memory()?);
        *slot = Some(Arc::clone(&index));
        Ok(index)
    }

    fn forget(&self) -> Result<(), StoreError> {
        *locked(&self.0.0) = None;
        Ok(())
    }
}

/// An index in a file.
#[derive(Debug)]
struct Watched(FileIndex);

impl IndexSource for Watched {
    fn open(&self) -> Result<Arc<Index>, StoreError> {
        Index::open_by(&self.0.0, Some(super::vfs::NAME)).map(Arc::new)
    }

    fn forget(&self) -> Result<(), StoreError> {
        self.0.forget()
    }
}

/// A machine: a disk, an index, clocks.
#[derive(Debug, Clone)]
pub(super) struct Machine {
    pub(super) disk: ModelFs,
    pub(super) index: Shared,
    pub(super) clock: Arc<SimClock>,
    pub(super) boot: u32,
    /// Its index is in this file, which somebody watches, and not in memory.
    pub(super) file: Option<PathBuf>,
}

impl Machine {
    pub(super) fn new(disk: ModelFs, index: ModelIndex, boot: u32) -> Self {
        let start = scene::noon() + Duration::from_secs(u64::from(boot) * 3600);
        Self { disk, index: Shared(Arc::new(index)), clock: Arc::new(SimClock::at(start)), boot, file: None }
    }

    pub(super) fn open(&self, guard: Arc<dyn Guard>, retention: Retention) -> Result<Store, StoreError> {
        // As every opening of a store does before it locks it.
        let made = self.disk.create_dir_all(ROOT.as_ref());
        made.map_err(|error| StoreError::io("make the data directory", error))?;
        let opening = Opening {
            root: ROOT.into(),
            fs: Arc::new(FaultyFs::new(Arc::new(self.disk.clone()), guard)),
            clock: Arc::clone(&self.clock) as Arc<dyn Clock>,
            retention,
        };
        let boot = Boot { id: format!("boot-{}", self.boot), before: Duration::from_secs(20) };
        let source: Box<dyn IndexSource> = match &self.file {
            Some(file) => Box::new(Watched(FileIndex(file.clone()))),
            None => Box::new(self.index.clone()),
        };
        Store::open_with(opening, Parts { boot, source })
    }
}

/// No limits: retention does nothing unless the play says so.
pub(super) fn no_limits() -> Retention {
    Retention { max_age: None, max_size: None, min_free: None }
}

/// Does what the sabotage says, and what it needs for that.
#[derive(Debug)]
pub(super) struct Saboteur {
    pub(super) bug: Sabotage,
    pub(super) machine: Machine,
}

impl Guard for Saboteur {
    fn may(&self, op: Op, path: &std::path::Path) -> std::io::Result<bool> {
        let is_publishing = op == Op::Rename && path.parent().is_some_and(|dir| dir.ends_with("drafts"));
        if self.bug == Sabotage::RowBeforeRename
            && is_publishing
            && let Ok(bytes) = self.machine.disk.read(&path.join(METADATA), metadata::MAX_BYTES)
            && let Ok(event) = metadata::read(&bytes)
            && let Ok(index) = self.machine.index.open()
        {
            index.insert(&event, &day_of_event(&event)).map_err(std::io::Error::other)?;
        }
        self.bug.may(op, path)
    }
}

/// What the play writes down as it goes.
pub(super) type Book = Arc<Mutex<Ledger>>;

pub(super) fn noted(book: &Book, note: impl FnOnce(&mut Ledger)) {
    note(&mut book.lock().unwrap_or_else(PoisonError::into_inner));
}

/// The numbers of one play; another seed, another play.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % sides.max(1)
    }
}

/// Plays it all.
pub(super) fn play(machine: &Machine, bug: Sabotage, seed: u64, book: &Book) -> Result<(), StoreError> {
    let guard = Arc::new(Saboteur { bug, machine: machine.clone() });
    let store = machine.open(guard, no_limits())?;
    let mut dice = Dice(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
    let mut ids = Vec::new();
    for camera in ["garden", "gate", "garden"] {
        ids.push(record(&store, machine, camera, 2 + dice.roll(3), &mut dice, book)?);
    }
    say(&store, ids[dice.roll(3) as usize % ids.len()], "a fox", book)?;
    ids.push(record(&store, machine, "gate", 1 + dice.roll(4), &mut dice, book)?);
    discard(&store, machine, book)?;
    super::intake::play(&store, book, |most| dice.roll(most))?;
    delete(&store, machine, bug, &[ids.remove(0)], book)?;
    ids.push(record(&store, machine, "garden", 2, &mut dice, book)?);
    // Takes clips, then events: the limit is half of what there is, then nothing.
    for share in [2, 20] {
        retain(&store, share, book)?;
    }
    for _ in 0..3 {
        record(&store, machine, "gate", 1 + dice.roll(3), &mut dice, book)?;
    }
    machine.clock.set_wall(machine.clock.wall() + Duration::from_secs(5));
    store.restamp()?;
    let left: Vec<EventId> = locked(book).kept.keys().copied().take(2).collect();
    delete(&store, machine, bug, &left, book)?;
    store.reindex(&mut |_, _| {})?;
    record(&store, machine, "garden", 2, &mut dice, book)?;
    Ok(())
}

fn record(
    store: &Store,
    machine: &Machine,
    camera: &str,
    frames: u64,
    dice: &mut Dice,
    book: &Book,
) -> Result<EventId, StoreError> {
    machine.clock.advance(Duration::from_secs(10));
    let mut birth = scene::birth(camera, &*machine.clock);
    birth.clock_was_set = dice.roll(2) == 0;
    let mut draft = store.begin(&birth)?;
    let id = draft.id();
    noted(book, |book| book.synced(id, 0));
    let mut writer = scene::clip(&mut draft)?;
    for n in 0..frames {
        scene::push(&mut writer, n)?;
        if dice.roll(2) == 0 {
            writer.sync().map_err(|error| StoreError::io("write a clip", error))?;
            // The newest frame waits for the next one to say how long it lasted.
            noted(book, |book| book.synced(id, n));
        }
    }
    let clip = scene::close(writer)?;
    noted(book, |book| book.synced(id, frames));
    scene::trimmings(&mut draft)?;
    let mut finished = scene::finished(Some(clip), frames);
    finished.clock_was_set = birth.clock_was_set;
    let event = draft.commit(finished)?;
    noted(book, |book| book.keep(&event));
    Ok(id)
}

fn discard(store: &Store, machine: &Machine, book: &Book) -> Result<(), StoreError> {
    let mut draft = store.begin(&scene::birth("gate", &*machine.clock))?;
    let id = draft.id();
    noted(book, |book| book.synced(id, 0));
    let mut writer = scene::clip(&mut draft)?;
    scene::push(&mut writer, 0)?;
    scene::push(&mut writer, 1)?;
    drop(writer);
    draft.discard();
    noted(book, |book| book.begun.retain(|begun, _| *begun != id));
    Ok(())
}

fn say(store: &Store, id: EventId, note: &str, book: &Book) -> Result<(), StoreError> {
    noted(book, |book| book.said = Some((id, true, note.to_owned())));
    let change = Change { favourite: Some(true), note: Some(note.to_owned()), ..Change::default() };
    if let Some(event) = store.change(id, &change)? {
        noted(book, |book| book.keep(&event));
    }
    noted(book, |book| book.said = None);
    Ok(())
}

fn delete(
    store: &Store,
    machine: &Machine,
    bug: Sabotage,
    ids: &[EventId],
    book: &Book,
) -> Result<(), StoreError> {
    let ids: BTreeSet<EventId> = ids.iter().copied().collect();
    noted(book, |book| book.going.clone_from(&ids));
    let list: Vec<EventId> = ids.iter().copied().collect();
    match bug {
        Sabotage::FilesBeforeTombstone => {
            take_all(store, machine, &list)?;
            store.delete(&list)?;
        }
        Sabotage::NoTombstone => {
            let index = machine.index.open()?;
            let days: Vec<_> = list.iter().map(|id| index.folder(*id)).collect::<Result<_, _>>()?;
            index.forget(&list)?;
            for (id, day) in list.iter().zip(days) {
                let dir = store.inner().layout.event(&day.unwrap_or_default(), *id);
                crate::remove::take_files(store.fs_of(), &dir)
                    .map_err(|error| StoreError::io("delete", error))?;
            }
        }
        _ => drop(store.delete(&list)?),
    }
    noted(book, |book| {
        book.going.clear();
        book.kept.retain(|id, _| !ids.contains(id));
        book.gone.extend(&ids);
    });
    Ok(())
}

fn take_all(store: &Store, machine: &Machine, ids: &[EventId]) -> Result<(), StoreError> {
    let index = machine.index.open()?;
    for id in ids {
        let dir = store.inner().layout.event(&index.folder(*id)?.unwrap_or_default(), *id);
        crate::remove::take_files(store.fs_of(), &dir).map_err(|error| StoreError::io("delete", error))?;
    }
    Ok(())
}

fn retain(store: &Store, share: u64, book: &Book) -> Result<(), StoreError> {
    let view = store.storage();
    let used = view.clip_bytes + view.picture_bytes;
    store.set_retention(Retention { max_size: Some(used / share), ..no_limits() });
    noted(book, |book| book.is_retaining = true);
    store.retain()?;
    store.set_retention(no_limits());
    let there = super::ledger::all(store)?;
    noted(book, |book| {
        book.is_retaining = false;
        let lost: Vec<EventId> = book.kept.keys().filter(|id| !there.contains_key(id)).copied().collect();
        book.kept.retain(|id, _| there.contains_key(id));
        book.gone.extend(lost);
        for (id, kept) in &mut book.kept {
            kept.sha256 = there.get(id).and_then(|event| event.clip.as_ref().map(|clip| clip.sha256));
        }
    });
    Ok(())
}
