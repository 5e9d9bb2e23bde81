//! The clip's file of a draft, which remembers what became of it.

use std::io::{self, Read, Seek, SeekFrom, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::fs::FsFile;
use crate::store::Store;

/// What became of the clip's file so far; shared with whoever writes it.
#[derive(Debug, Default)]
pub(super) struct Marks {
    /// A write or an fsync failed.
    pub(super) suspect: AtomicBool,
    /// Something was written since the last fsync.
    pub(super) dirty: AtomicBool,
    /// Something of it would survive a power cut.
    pub(super) synced: AtomicBool,
}

/// The clip's file, which remembers what became of it.
#[derive(Debug)]
pub(super) struct ClipFile {
    pub(super) file: Box<dyn FsFile>,
    pub(super) marks: Arc<Marks>,
    pub(super) store: Store,
}

impl ClipFile {
    fn noted<T>(&self, result: io::Result<T>, what: &'static str) -> io::Result<T> {
        if let Err(error) = &result
            && error.kind() != io::ErrorKind::Interrupted
        {
            self.marks.suspect.store(true, Ordering::Relaxed);
            self.store.tell_problem(what, error);
        }
        result
    }
}

impl Read for ClipFile {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read(buffer);
        self.noted(read, "read a clip")
    }
}

impl Seek for ClipFile {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.file.seek(to)
    }
}

impl Write for ClipFile {
    /// When the disk is full, room is made once before the error is handed on.
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.marks.dirty.store(true, Ordering::Relaxed);
        let written = match self.file.write(bytes) {
            Err(error) if error.kind() == io::ErrorKind::StorageFull && self.store.make_room() => {
                self.file.write(bytes)
            }
            other => other,
        };
        self.noted(written, "write a clip")
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl FsFile for ClipFile {
    fn sync(&mut self) -> io::Result<()> {
        let synced = self.file.sync();
        self.after_sync(synced)
    }

    fn sync_data(&mut self) -> io::Result<()> {
        let synced = self.file.sync_data();
        self.after_sync(synced)
    }

    fn set_len(&mut self, len: u64) -> io::Result<()> {
        self.marks.dirty.store(true, Ordering::Relaxed);
        let cut = self.file.set_len(len);
        self.noted(cut, "cut a clip")
    }
}

impl ClipFile {
    fn after_sync(&self, synced: io::Result<()>) -> io::Result<()> {
        self.noted(synced, "sync a clip")?;
        self.marks.dirty.store(false, Ordering::Relaxed);
        self.marks.synced.store(true, Ordering::Relaxed);
        Ok(())
    }
}
