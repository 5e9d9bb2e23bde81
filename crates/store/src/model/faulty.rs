//! A file system with somebody in front of it, who may let an operation fail or leave it out.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fmt::Debug;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use crate::fs::{Fs, FsFile, FsRead, Metadata, Space};

const ENOSPC: i32 = 28;

/// What is about to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Op {
    Create,
    Open,
    Look,
    Rename,
    SyncDir,
    Unlink,
    CreateDir,
    RemoveDir,
    Write,
    Sync,
    SetLen,
    Read,
}

/// Who stands in front.
pub(super) trait Guard: Send + Sync + Debug + 'static {
    /// Whether the operation is done (`true`) or only said to be done.
    fn may(&self, op: Op, path: &Path) -> io::Result<bool>;
}

/// Fails from the operation of a given number on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Fault {
    /// Counted from 1.
    pub(super) at: u64,
    /// Such as `ENOSPC`.
    pub(super) errno: i32,
    /// Until it is healed, or once.
    pub(super) is_lasting: bool,
}

/// Counts operations and lets some fail.
#[derive(Debug, Default)]
pub(super) struct Faults {
    done: AtomicU64,
    fault: std::sync::Mutex<Option<Fault>>,
    was_hit: AtomicBool,
    hit_clip: AtomicBool,
    /// Files of which an fsync failed. The next one says that all is well, and brings nothing to the disk: so it is on
    /// Linux, where what could not be written is forgotten.
    suspect: std::sync::Mutex<BTreeSet<PathBuf>>,
}

impl Faults {
    pub(super) fn set(&self, fault: Option<Fault>) {
        *self.fault.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = fault;
    }

    pub(super) fn done(&self) -> u64 {
        self.done.load(Ordering::Relaxed)
    }

    pub(super) fn was_hit(&self) -> bool {
        self.was_hit.load(Ordering::Relaxed)
    }

    /// What a failed fsync left behind of a file: nothing can be believed of it until it is written from its start.
    fn believe(&self, op: Op, path: &Path, has_failed: bool) -> bool {
        let mut suspect = self.suspect.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        match op {
            Op::Sync if has_failed => drop(suspect.insert(path.to_owned())),
            Op::Sync => return !suspect.contains(path),
            Op::Create | Op::Unlink | Op::SetLen if !has_failed => drop(suspect.remove(path)),
            _ => {}
        }
        true
    }

    /// Whether a write or an fsync of a clip failed since this was asked last.
    pub(super) fn take_hit_clip(&self) -> bool {
        self.hit_clip.swap(false, Ordering::Relaxed)
    }
}

impl Guard for Faults {
    fn may(&self, op: Op, path: &Path) -> io::Result<bool> {
        let n = self.done.fetch_add(1, Ordering::Relaxed) + 1;
        let fault = *self.fault.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let Some(fault) = fault.filter(|fault| n == fault.at || (fault.is_lasting && n > fault.at)) else {
            return Ok(self.believe(op, path, false));
        };
        self.believe(op, path, true);
        self.was_hit.store(true, Ordering::Relaxed);
        // A write on a full disk is done again once there is room, and nothing is lost by it.
        let is_done_again = op == Op::Write && fault.errno == ENOSPC;
        if matches!(op, Op::Write | Op::Sync | Op::SetLen)
            && !is_done_again
            && path.ends_with(crate::layout::CLIP)
        {
            self.hit_clip.store(true, Ordering::Relaxed);
        }
        Err(io::Error::from_raw_os_error(fault.errno))
    }
}

/// The file system behind the guard.
#[derive(Debug, Clone)]
pub(super) struct FaultyFs {
    inner: Arc<dyn Fs>,
    guard: Arc<dyn Guard>,
}

impl FaultyFs {
    pub(super) fn new(inner: Arc<dyn Fs>, guard: Arc<dyn Guard>) -> Self {
        Self { inner, guard }
    }

    fn done(&self, op: Op, path: &Path, act: impl FnOnce() -> io::Result<()>) -> io::Result<()> {
        if self.guard.may(op, path)? { act() } else { Ok(()) }
    }

    fn file(&self, file: Box<dyn FsFile>, path: &Path) -> Box<dyn FsFile> {
        Box::new(FaultyFile { file, guard: Arc::clone(&self.guard), path: path.to_owned() })
    }
}

impl Fs for FaultyFs {
    fn create_new(&self, path: &Path) -> io::Result<Box<dyn FsFile>> {
        self.guard.may(Op::Create, path)?;
        Ok(self.file(self.inner.create_new(path)?, path))
    }

    fn open_write(&self, path: &Path) -> io::Result<Box<dyn FsFile>> {
        self.guard.may(Op::Open, path)?;
        Ok(self.file(self.inner.open_write(path)?, path))
    }

    fn open_read(&self, path: &Path) -> io::Result<Box<dyn FsRead>> {
        self.guard.may(Op::Open, path)?;
        let file = self.inner.open_read(path)?;
        Ok(Box::new(FaultyRead { file, guard: Arc::clone(&self.guard), path: path.to_owned() }))
    }

    fn read(&self, path: &Path, most: u64) -> io::Result<Vec<u8>> {
        self.guard.may(Op::Read, path)?;
        self.inner.read(path, most)
    }

    fn metadata(&self, path: &Path) -> io::Result<Metadata> {
        self.guard.may(Op::Look, path)?;
        self.inner.metadata(path)
    }

    fn rename_replace(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.done(Op::Rename, from, || self.inner.rename_replace(from, to))
    }

    fn rename_noreplace(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.done(Op::Rename, from, || self.inner.rename_noreplace(from, to))
    }

    fn sync_dir(&self, dir: &Path) -> io::Result<()> {
        self.done(Op::SyncDir, dir, || self.inner.sync_dir(dir))
    }

    fn unlink(&self, path: &Path) -> io::Result<()> {
        self.done(Op::Unlink, path, || self.inner.unlink(path))
    }

    fn list(&self, dir: &Path) -> io::Result<Vec<OsString>> {
        self.guard.may(Op::Look, dir)?;
        self.inner.list(dir)
    }

    fn create_dir(&self, dir: &Path) -> io::Result<()> {
        self.done(Op::CreateDir, dir, || self.inner.create_dir(dir))
    }

    fn create_dir_all(&self, dir: &Path) -> io::Result<()> {
        self.done(Op::CreateDir, dir, || self.inner.create_dir_all(dir))
    }

    fn remove_dir(&self, dir: &Path) -> io::Result<()> {
        self.done(Op::RemoveDir, dir, || self.inner.remove_dir(dir))
    }

    fn space(&self, dir: &Path) -> io::Result<Space> {
        self.guard.may(Op::Look, dir)?;
        self.inner.space(dir)
    }

    fn canonical(&self, dir: &Path) -> io::Result<PathBuf> {
        self.inner.canonical(dir)
    }

    fn try_lock(&self, path: &Path) -> io::Result<Option<Box<dyn Debug + Send>>> {
        self.inner.try_lock(path)
    }

    fn lock(&self, path: &Path) -> io::Result<Box<dyn Debug + Send>> {
        self.inner.lock(path)
    }
}

#[derive(Debug)]
struct FaultyFile {
    file: Box<dyn FsFile>,
    guard: Arc<dyn Guard>,
    path: PathBuf,
}

impl Read for FaultyFile {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.guard.may(Op::Read, &self.path)?;
        self.file.read(buffer)
    }
}

impl Seek for FaultyFile {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.file.seek(to)
    }
}

impl Write for FaultyFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.guard.may(Op::Write, &self.path)?;
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl FsFile for FaultyFile {
    fn sync(&mut self) -> io::Result<()> {
        if self.guard.may(Op::Sync, &self.path)? { self.file.sync() } else { Ok(()) }
    }

    fn sync_data(&mut self) -> io::Result<()> {
        if self.guard.may(Op::Sync, &self.path)? { self.file.sync_data() } else { Ok(()) }
    }

    fn set_len(&mut self, len: u64) -> io::Result<()> {
        self.guard.may(Op::SetLen, &self.path)?;
        self.file.set_len(len)
    }
}

#[derive(Debug)]
struct FaultyRead {
    file: Box<dyn FsRead>,
    guard: Arc<dyn Guard>,
    path: PathBuf,
}

impl Read for FaultyRead {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.guard.may(Op::Read, &self.path)?;
        self.file.read(buffer)
    }
}

impl Seek for FaultyRead {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.file.seek(to)
    }
}

impl FsRead for FaultyRead {
    fn into_file(self: Box<Self>) -> Option<std::fs::File> {
        self.file.into_file()
    }
}
