//! Opening the store: is the disk there, whose is it, and what was left undone.

use std::collections::HashMap;
use std::fmt::Debug;
use std::io;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use frame::Clock;

use super::{Closed, Inner, Store, locked};
use crate::boot::Boot;
use crate::error::StoreError;
use crate::event::EventId;
use crate::fs::Fs;
use crate::health::Problem;
use crate::identity::{self, Found};
use crate::index::Index;
use crate::intake::Intake;
use crate::layout::Layout;
use crate::retain::Retention;

/// Why nothing is recorded where a disk was.
const EMPTY: &str = "the data directory is empty; mount the disk it is on";

fn swapped(found: &str, known: &str) -> String {
    format!("another disk is in its place (it is {found}, events were kept on {known}); mount the right one")
}

/// What a store is opened with.
#[derive(Debug, Clone)]
pub struct Opening {
    /// The data directory; made if it is not there.
    pub root: PathBuf,
    /// What it is read and written through: [`DataFs`](crate::fs::DataFs).
    pub fs: Arc<dyn Fs>,
    /// Where time comes from.
    pub clock: Arc<dyn Clock>,
    /// How much may be kept.
    pub retention: Retention,
}

/// Where an index comes from, so that a test can hand in one of its own.
pub(crate) trait IndexSource: Send + Sync + Debug {
    /// Opens it, or makes an empty one.
    fn open(&self) -> Result<Arc<Index>, StoreError>;
    /// Throws away what is there; nobody has it open.
    fn forget(&self) -> Result<(), StoreError>;
}

/// All that differs between the program and the tests of a power cut.
pub(crate) struct Parts {
    pub(crate) boot: Boot,
    pub(crate) source: Box<dyn IndexSource>,
}

/// `index.sqlite` of the root.
#[derive(Debug)]
pub(crate) struct FileIndex(pub(crate) PathBuf);

impl IndexSource for FileIndex {
    fn open(&self) -> Result<Arc<Index>, StoreError> {
        Index::open(&self.0).map(Arc::new)
    }

    fn forget(&self) -> Result<(), StoreError> {
        // The log first: with another index in its place it would be played into that.
        for end in ["-wal", "-shm", ""] {
            let mut name = self.0.as_os_str().to_owned();
            name.push(end);
            match std::fs::remove_file(name) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    return Err(StoreError::io("remove the index", error));
                }
                _ => {}
            }
        }
        Ok(())
    }
}

/// Keeps other processes from writing here, on the disk that was there when it was taken.
#[derive(Debug)]
pub(crate) struct Lock {
    /// `None` if the disk did not tell.
    device: Option<u64>,
    _held: Box<dyn Debug + Send>,
}

impl Lock {
    fn of(fs: &dyn Fs, layout: &Layout) -> Result<Self, StoreError> {
        let failed = |error| StoreError::io("lock the data directory", error);
        let held = fs.try_lock(&layout.root().join("store.lock")).map_err(failed)?.ok_or(StoreError::Busy)?;
        let device = fs.metadata(layout.root()).ok().map(|root| root.device);
        Ok(Self { device, _held: held })
    }
}

impl Store {
    /// Opens the data directory: finishes, repairs or puts aside what a crash left. A disk that is missing is no
    /// error: the store waits for it, in state [`StoreState::Missing`](crate::StoreState).
    ///
    /// # Errors
    /// [`StoreError::Busy`] if another process has it open, [`StoreError::Newer`] if a newer program has written
    /// it; else what the system says.
    pub fn open(opening: Opening) -> Result<Self, StoreError> {
        let boot = Boot::of_system(&*opening.clock);
        let made =
            opening.fs.create_dir_all(&opening.root).and_then(|()| opening.fs.canonical(&opening.root));
        let root = made.map_err(|error| StoreError::io("make the data directory", error))?;
        let source = Box::new(FileIndex(Layout::new(root.clone()).index()));
        Self::open_with(Opening { root, ..opening }, Parts { boot, source })
    }

    pub(crate) fn open_with(opening: Opening, parts: Parts) -> Result<Self, StoreError> {
        let layout = Layout::new(opening.root);
        let lock = Lock::of(&*opening.fs, &layout)?;
        let inner = Inner {
            fs: opening.fs,
            clock: opening.clock,
            layout,
            boot: parts.boot,
            retention: Mutex::new(opening.retention),
            root: Mutex::default(),
            is_new: AtomicBool::new(false),
            source: parts.source,
            index: RwLock::new(None),
            folders: Mutex::default(),
            last_id: Mutex::new(None),
            made: AtomicU64::new(0),
            recording: Mutex::new(HashMap::new()),
            left: Mutex::default(),
            owed: Mutex::default(),
            behind: Mutex::default(),
            has_stones: AtomicBool::new(false),
            must_recover: AtomicBool::new(false),
            change: AtomicU64::new(0),
            listeners: RwLock::default(),
            remotes: Mutex::default(),
            must_settle_remotes: AtomicBool::new(false),
            nudges: RwLock::default(),
            intake: Intake::default(),
            problem: Mutex::default(),
            closed: Mutex::default(),
            recovered: Mutex::default(),
            retaining: Mutex::default(),
            lock: Mutex::new(Some(lock)),
        };
        let store = Self { inner: Arc::new(inner) };
        store.attach()?;
        Ok(store)
    }

    /// Looks whether the disk is there; if so, opens the index and recovers. What a sick disk does not let be done
    /// is done later.
    fn attach(&self) -> Result<(), StoreError> {
        let inner = self.inner();
        let index = match self.identify() {
            Ok(index) => index,
            Err(StoreError::Missing(why)) => {
                let mut closed = locked(&inner.closed);
                // Looked for every two seconds, told once.
                if !matches!(&*closed, Some(Closed::Missing(told)) if *told == why) {
                    tracing::error!(%why, "the disk that holds the events is missing; nothing is recorded");
                }
                *closed = Some(Closed::Missing(why));
                return Ok(());
            }
            Err(error) => {
                let Some(problem) = Problem::of(&error) else { return Err(error) };
                tracing::error!(%error, "the events cannot be opened; nothing is recorded");
                *locked(&inner.closed) = Some(Closed::Failed(problem));
                return Ok(());
            }
        };
        self.saw_ids(&index);
        *inner.index.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&index));
        *locked(&inner.closed) = None;
        // It may be another index than the one that knows of them.
        inner.must_settle_remotes.store(true, Ordering::Relaxed);
        inner.must_recover.store(true, Ordering::Relaxed);
        let recovered = self.recover(&index);
        if let Err(error) = self.told(recovered) {
            tracing::error!(%error, "what the last run left cannot be put right yet");
        }
        if let Err(error) = self.settle_remotes(&index) {
            tracing::error!(%error, "what is owed to the remotes cannot be written down yet");
        }
        self.owes();
        if let Err(error) = self.keep_time_right(&index) {
            tracing::error!(%error, "events from before the clock was set cannot be stamped anew yet");
        }
        Ok(())
    }

    /// Whose the root is, and its index.
    fn identify(&self) -> Result<Arc<Index>, StoreError> {
        let inner = self.inner();
        let fs = self.fs_of();
        let known = locked(&inner.root).clone();
        let found = identity::look(fs, &inner.layout)?;
        let root = match (found, known.clone()) {
            (Found::Missing(why), _) => return Err(StoreError::Missing(why)),
            (Found::Fresh, Some(_)) => return Err(StoreError::Missing(EMPTY.to_owned())),
            (Found::Known(found), Some(known)) if found != known && !inner.is_new.load(Ordering::Relaxed) => {
                return Err(StoreError::Missing(swapped(&found, &known)));
            }
            (Found::Fresh, None) => None,
            (Found::Known(root), _) => Some(root),
        };
        let is_fresh = root.is_none();
        let fresh = self.next_id(inner.clock.wall());
        self.lock_what_is_there()?;
        let root = identity::settle(fs, &inner.layout, root, fresh)?;
        let index = inner.source.open()?;
        match index.root()? {
            None => index.set_root(&root)?,
            Some(known) if known == root => {}
            Some(known) => {
                return Err(StoreError::Missing(format!(
                    "the index belongs to another root ({known}); mount the right disk, or build the index anew"
                )));
            }
        }
        if is_fresh || known.is_some_and(|known| known != root) {
            inner.is_new.store(is_fresh, Ordering::Relaxed);
        }
        // From here on no other one will do, and an empty one least of all: its disk is gone.
        *locked(&inner.root) = Some(root);
        Ok(index)
    }

    /// A disk that was mounted since the lock was taken has a lock of its own.
    fn lock_what_is_there(&self) -> Result<(), StoreError> {
        let inner = self.inner();
        let device = self.fs_of().metadata(inner.layout.root()).map(|root| root.device);
        let device = device.map_err(|error| StoreError::io("lock the data directory", error))?;
        let mut lock = locked(&inner.lock);
        if lock.as_ref().is_none_or(|lock| lock.device != Some(device)) {
            *lock = None;
            *lock = Some(Lock::of(self.fs_of(), &inner.layout)?);
        }
        Ok(())
    }

    /// No id is given twice, whatever else cannot be read.
    fn saw_ids(&self, index: &Index) {
        let layout = &self.inner().layout;
        if let Ok(Some(last)) = index.last_id() {
            self.saw_id(last);
        }
        for dir in [layout.drafts(), layout.quarantine()] {
            for id in self.ids_in(&dir).unwrap_or_default() {
                self.saw_id(id);
            }
        }
    }

    /// Looks whether the disk is still there and takes writes again; to be called every few seconds. Writes
    /// nothing as long as all is well.
    pub fn probe(&self) {
        let inner = self.inner();
        if locked(&inner.closed).is_some() {
            if let Err(error) = self.attach() {
                tracing::warn!(%error, "the disk that holds the events cannot be opened yet");
            }
            return;
        }
        match identity::look(self.fs_of(), &inner.layout) {
            Ok(Found::Known(found)) => {
                let known = locked(&inner.root).clone();
                if let Some(known) = known.filter(|known| *known != found) {
                    return self.detach(swapped(&found, &known));
                }
            }
            Ok(Found::Missing(why)) => return self.detach(why),
            Ok(Found::Fresh) => return self.detach(EMPTY.to_owned()),
            Err(error) => {
                self.tell(&error);
                return;
            }
        }
        self.look_at_disk();
    }

    /// The disk went away: what was open on it is let go of.
    fn detach(&self, why: String) {
        tracing::error!(%why, "the disk that holds the events is missing; nothing is recorded");
        let inner = self.inner();
        *locked(&inner.closed) = Some(Closed::Missing(why));
        inner.index.write().unwrap_or_else(PoisonError::into_inner).take();
        locked(&inner.folders).forget();
    }

    /// Rebuilds the index from what lies on the disk; what the old one knew beyond that is lost.
    pub(crate) fn reopen_anew(&self) -> Result<Arc<Index>, StoreError> {
        let inner = self.inner();
        let mut slot = inner.index.write().unwrap_or_else(PoisonError::into_inner);
        slot.take();
        inner.source.forget()?;
        let index = inner.source.open()?;
        let root = match identity::look(self.fs_of(), &inner.layout)? {
            Found::Known(root) => root,
            Found::Fresh => return Err(StoreError::Missing(EMPTY.to_owned())),
            Found::Missing(why) => return Err(StoreError::Missing(why)),
        };
        index.set_root(&root)?;
        self.begin_remotes(&index)?;
        *slot = Some(Arc::clone(&index));
        Ok(index)
    }

    /// Every later id is larger than this one.
    pub(crate) fn saw_id(&self, id: EventId) {
        let mut last = locked(&self.inner.last_id);
        *last = (*last).max(Some(id));
    }
}
