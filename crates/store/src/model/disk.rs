//! A disk in memory that knows what a power cut may leave of it.
//!
//! Content that was not synced may be there, be gone, or be torn at 512 or 4096 bytes, each write by itself. Names
//! that were added, moved or taken away may be so or not, each by itself and in any order, until the folder they
//! came into is synced; a move is one step. That is as little as a journalled file system promises, and less than
//! most keep.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fmt::{self, Debug};
use std::hash::{Hash, Hasher};
use std::io;
use std::path::{Component, Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use crate::fs::{Fs, FsFile, FsRead, Metadata, Space};

mod handle;

use handle::Handle;

const ROOT: u64 = 1;
/// Of the whole disk, bytes.
const TOTAL: u64 = 1 << 30;

/// A name in a folder.
type Slot = (u64, OsString);

#[derive(Debug, Clone, Hash)]
enum Content {
    Write { at: usize, bytes: Arc<[u8]> },
    Length(usize),
}

#[derive(Debug, Clone, Default)]
struct Node {
    is_dir: bool,
    /// What is there for whoever looks now.
    live: Arc<Vec<u8>>,
    /// What a power cut leaves at least.
    durable: Arc<Vec<u8>>,
    /// What came on top since.
    pending: Vec<Content>,
}

#[derive(Debug, Clone, Hash)]
enum Naming {
    Link { slot: Slot, node: u64 },
    Unlink { slot: Slot, node: u64 },
    Rename { from: Slot, to: Slot, node: u64, over: Option<u64> },
}

impl Naming {
    fn slots(&self) -> Vec<&Slot> {
        match self {
            Self::Link { slot, .. } | Self::Unlink { slot, .. } => vec![slot],
            Self::Rename { from, to, .. } => vec![from, to],
        }
    }

    /// The folder that must be synced for it to last.
    fn dir(&self) -> u64 {
        match self {
            Self::Link { slot, .. } | Self::Unlink { slot, .. } => slot.0,
            Self::Rename { to, .. } => to.0,
        }
    }

    /// Does it, unless what it stands on is not so.
    fn apply(&self, names: &mut BTreeMap<Slot, u64>) {
        match self {
            Self::Link { slot, node } => {
                names.entry(slot.clone()).or_insert(*node);
            }
            Self::Unlink { slot, node } => {
                if names.get(slot) == Some(node) {
                    names.remove(slot);
                }
            }
            Self::Rename { from, to, node, over } => {
                if names.get(from) == Some(node) && (names.get(to) == over.as_ref()) {
                    names.remove(from);
                    names.insert(to.clone(), *node);
                }
            }
        }
    }
}

/// All there is on the disk, and what of it is sure.
#[derive(Clone)]
pub(super) struct State {
    nodes: BTreeMap<u64, Node>,
    live: BTreeMap<Slot, u64>,
    durable: BTreeMap<Slot, u64>,
    pending: Vec<Naming>,
    next: u64,
}

/// What becomes of one thing that was not synced.
pub(super) enum Fate {
    Dropped,
    Kept,
    /// Of its blocks of so many bytes, those for which the next bit of the number is set.
    Torn(usize, u64),
}

impl State {
    fn new() -> Self {
        let root = Node { is_dir: true, ..Node::default() };
        let nodes = BTreeMap::from([(ROOT, root)]);
        Self { nodes, live: BTreeMap::new(), durable: BTreeMap::new(), pending: Vec::new(), next: ROOT + 1 }
    }

    /// How many things are not sure.
    pub(super) fn unsure(&self) -> usize {
        self.pending.len() + self.nodes.values().map(|node| node.pending.len()).sum::<usize>()
    }

    /// What is left after a power cut in which each unsure thing meets its fate.
    pub(super) fn cut(&self, mut fate: impl FnMut() -> Fate) -> Self {
        let mut names = self.durable.clone();
        for naming in &self.pending {
            if !matches!(fate(), Fate::Dropped) {
                naming.apply(&mut names);
            }
        }
        let mut left = Self { live: names.clone(), durable: names, pending: Vec::new(), ..self.clone() };
        for node in left.nodes.values_mut().filter(|node| !node.pending.is_empty()) {
            let mut bytes = node.durable.as_ref().clone();
            for content in std::mem::take(&mut node.pending) {
                settle(&mut bytes, &content, &fate());
            }
            node.durable = Arc::new(bytes);
            node.live = Arc::clone(&node.durable);
        }
        left.nodes.retain(|id, _| *id == ROOT || left.live.values().any(|node| node == id));
        left
    }

    /// The same for two disks that look the same to whoever opens them.
    pub(super) fn digest(&self) -> u64 {
        let mut sum = std::collections::hash_map::DefaultHasher::new();
        self.digest_dir(ROOT, &mut sum);
        sum.finish()
    }

    fn digest_dir(&self, dir: u64, sum: &mut impl Hasher) {
        let first = (dir, OsString::new());
        for ((_, name), node) in self.live.range(first..).take_while(|((of, _), _)| *of == dir) {
            name.hash(sum);
            let Some(there) = self.nodes.get(node) else { continue };
            there.is_dir.hash(sum);
            if there.is_dir {
                self.digest_dir(*node, sum);
            } else {
                there.live.hash(sum);
            }
            0xff_u8.hash(sum);
        }
    }

    fn walk(&self, path: &Path) -> io::Result<u64> {
        let mut node = ROOT;
        for part in path.components() {
            match part {
                Component::RootDir | Component::CurDir => {}
                Component::Normal(name) => {
                    let next = self.live.get(&(node, name.to_owned()));
                    node = *next.ok_or(io::ErrorKind::NotFound)?;
                }
                _ => return Err(io::ErrorKind::InvalidInput.into()),
            }
        }
        Ok(node)
    }

    fn slot(&self, path: &Path) -> io::Result<Slot> {
        let dir = self.walk(path.parent().unwrap_or(Path::new("/")))?;
        if !self.nodes.get(&dir).is_some_and(|node| node.is_dir) {
            return Err(io::ErrorKind::NotADirectory.into());
        }
        Ok((dir, path.file_name().ok_or(io::ErrorKind::InvalidInput)?.to_owned()))
    }

    fn file(&self, path: &Path) -> io::Result<(u64, &Node)> {
        let id = self.walk(path)?;
        match self.nodes.get(&id) {
            Some(node) if !node.is_dir => Ok((id, node)),
            _ => Err(io::ErrorKind::IsADirectory.into()),
        }
    }

    fn names_in(&self, dir: u64) -> Vec<OsString> {
        let first = (dir, OsString::new());
        self.live
            .range(first..)
            .take_while(|((of, _), _)| *of == dir)
            .map(|((_, name), _)| name.clone())
            .collect()
    }

    fn link(&mut self, path: &Path, is_dir: bool) -> io::Result<u64> {
        let slot = self.slot(path)?;
        if self.live.contains_key(&slot) {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        let node = self.next;
        self.next += 1;
        self.nodes.insert(node, Node { is_dir, ..Node::default() });
        self.name(Naming::Link { slot, node });
        Ok(node)
    }

    fn name(&mut self, naming: Naming) {
        naming.apply(&mut self.live);
        self.pending.push(naming);
    }

    fn rename(&mut self, from: &Path, to: &Path, may_replace: bool) -> io::Result<()> {
        let (from, to) = (self.slot(from)?, self.slot(to)?);
        let node = *self.live.get(&from).ok_or(io::ErrorKind::NotFound)?;
        let over = self.live.get(&to).copied();
        if over.is_some() && !may_replace {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        self.name(Naming::Rename { from, to, node, over });
        Ok(())
    }

    /// All names that came into the folder last, and all that they stand on.
    fn sync_dir(&mut self, dir: u64) {
        let mut wanted: Vec<Slot> = Vec::new();
        let mut lasts = vec![false; self.pending.len()];
        for (naming, lasts) in self.pending.iter().zip(&mut lasts).rev() {
            if naming.dir() == dir || naming.slots().iter().any(|slot| wanted.contains(slot)) {
                *lasts = true;
                wanted.extend(naming.slots().into_iter().cloned());
            }
        }
        let pending = std::mem::take(&mut self.pending);
        for (naming, lasts) in pending.into_iter().zip(lasts) {
            if lasts {
                naming.apply(&mut self.durable);
            } else {
                self.pending.push(naming);
            }
        }
    }

    fn write(&mut self, node: u64, content: Content) {
        let Some(node) = self.nodes.get_mut(&node) else { return };
        settle(Arc::make_mut(&mut node.live), &content, &Fate::Kept);
        node.pending.push(content);
    }

    fn sync(&mut self, node: u64) {
        if let Some(node) = self.nodes.get_mut(&node) {
            node.durable = Arc::clone(&node.live);
            node.pending.clear();
        }
    }

    fn bytes(&self) -> u64 {
        self.nodes.values().map(|node| node.live.len() as u64).sum()
    }
}

/// One change of content, as far as its fate lets it.
fn settle(bytes: &mut Vec<u8>, content: &Content, fate: &Fate) {
    match (content, fate) {
        (_, Fate::Dropped) => {}
        (Content::Length(len), _) => bytes.resize(*len, 0),
        (Content::Write { at, bytes: new }, Fate::Kept) => {
            put(bytes, *at, new);
        }
        (Content::Write { at, bytes: new }, Fate::Torn(block, bits)) => {
            // Blocks lie at multiples of their size in the file, not in the write.
            let (mut start, mut n) = (0, 0);
            while start < new.len() {
                let end = (start + block - (at + start) % block).min(new.len());
                if bits >> (n % 64) & 1 == 1 {
                    put(bytes, at + start, new.get(start..end).unwrap_or_default());
                }
                (start, n) = (end, n + 1);
            }
        }
    }
}

fn put(bytes: &mut Vec<u8>, at: usize, new: &[u8]) {
    let end = at + new.len();
    if bytes.len() < end {
        bytes.resize(end, 0);
    }
    if let Some(place) = bytes.get_mut(at..end) {
        place.copy_from_slice(new);
    }
}

/// Called before each operation that changes something.
type Watcher = Arc<dyn Fn(&State) + Send + Sync>;

/// The model disk.
#[derive(Clone)]
pub(super) struct ModelFs {
    state: Arc<Mutex<State>>,
    watcher: Arc<Mutex<Option<Watcher>>>,
}

impl Default for ModelFs {
    fn default() -> Self {
        Self::with(State::new())
    }
}

impl Debug for ModelFs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ModelFs")
    }
}

impl ModelFs {
    pub(super) fn with(state: State) -> Self {
        Self { state: Arc::new(Mutex::new(state)), watcher: Arc::default() }
    }

    pub(super) fn watch(&self, watcher: Option<Watcher>) {
        *self.watcher.lock().unwrap_or_else(PoisonError::into_inner) = watcher;
    }

    pub(super) fn state(&self) -> State {
        self.locked().clone()
    }

    fn locked(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The state, to be changed.
    fn changing(&self) -> MutexGuard<'_, State> {
        let watcher = self.watcher.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(watcher) = watcher {
            let before = self.state();
            watcher(&before);
        }
        self.locked()
    }
}

impl Fs for ModelFs {
    fn create_new(&self, path: &Path) -> io::Result<Box<dyn FsFile>> {
        let node = self.changing().link(path, false)?;
        Ok(Box::new(Handle { fs: self.clone(), node, at: 0 }))
    }

    fn open_write(&self, path: &Path) -> io::Result<Box<dyn FsFile>> {
        let node = self.locked().file(path)?.0;
        Ok(Box::new(Handle { fs: self.clone(), node, at: 0 }))
    }

    fn open_read(&self, path: &Path) -> io::Result<Box<dyn FsRead>> {
        let node = self.locked().file(path)?.0;
        Ok(Box::new(Handle { fs: self.clone(), node, at: 0 }))
    }

    fn read(&self, path: &Path, most: u64) -> io::Result<Vec<u8>> {
        let state = self.locked();
        let live = &state.file(path)?.1.live;
        if live.len() as u64 > most { Err(io::ErrorKind::FileTooLarge.into()) } else { Ok(live.to_vec()) }
    }

    fn metadata(&self, path: &Path) -> io::Result<Metadata> {
        let state = self.locked();
        let inode = state.walk(path)?;
        let node = state.nodes.get(&inode).ok_or(io::ErrorKind::NotFound)?;
        let modified = SystemTime::UNIX_EPOCH + Duration::from_secs(1);
        Ok(Metadata { len: node.live.len() as u64, modified, inode, is_dir: node.is_dir, device: 1 })
    }

    fn rename_replace(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.changing().rename(from, to, true)
    }

    fn rename_noreplace(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.changing().rename(from, to, false)
    }

    fn sync_dir(&self, dir: &Path) -> io::Result<()> {
        let node = self.locked().walk(dir)?;
        self.changing().sync_dir(node);
        Ok(())
    }

    fn unlink(&self, path: &Path) -> io::Result<()> {
        self.locked().file(path)?;
        let mut state = self.changing();
        let (slot, node) = (state.slot(path)?, state.file(path)?.0);
        state.name(Naming::Unlink { slot, node });
        Ok(())
    }

    fn list(&self, dir: &Path) -> io::Result<Vec<OsString>> {
        let state = self.locked();
        let node = state.walk(dir)?;
        if !state.nodes.get(&node).is_some_and(|node| node.is_dir) {
            return Err(io::ErrorKind::NotADirectory.into());
        }
        Ok(state.names_in(node))
    }

    fn create_dir(&self, dir: &Path) -> io::Result<()> {
        self.changing().link(dir, true).map(|_| ())
    }

    fn create_dir_all(&self, dir: &Path) -> io::Result<()> {
        if self.locked().walk(dir).is_ok() {
            return Ok(());
        }
        if let Some(above) = dir.parent() {
            self.create_dir_all(above)?;
        }
        self.create_dir(dir)
    }

    fn remove_dir(&self, dir: &Path) -> io::Result<()> {
        let node = self.locked().walk(dir)?;
        if !self.locked().names_in(node).is_empty() {
            return Err(io::ErrorKind::DirectoryNotEmpty.into());
        }
        let mut state = self.changing();
        let slot = state.slot(dir)?;
        state.name(Naming::Unlink { slot, node });
        Ok(())
    }

    fn space(&self, _dir: &Path) -> io::Result<Space> {
        Ok(Space { total: TOTAL, free: TOTAL - self.locked().bytes(), is_read_only: false })
    }

    fn canonical(&self, dir: &Path) -> io::Result<PathBuf> {
        Ok(dir.to_owned())
    }

    fn try_lock(&self, _path: &Path) -> io::Result<Option<Box<dyn Debug + Send>>> {
        Ok(Some(Box::new(OsStr::new("lock"))))
    }

    fn lock(&self, _path: &Path) -> io::Result<Box<dyn Debug + Send>> {
        Ok(Box::new(OsStr::new("lock")))
    }
}
