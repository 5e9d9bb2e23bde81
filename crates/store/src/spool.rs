//! A place on the disk for what comes in before anybody can say what it is: an older camera's clip, which may come before
//! the words about it, or in parts of any order.
//!
//! Its file has no name from the moment it is there, so that nothing of it is ever left over, however the program ends.
//! What does not belong here: what is made of it (`intake`).

use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};

use crate::error::StoreError;
use crate::fs::FsFile;
use crate::parcel::sniff_clip;
use crate::store::Store;

#[cfg(test)]
mod tests;

/// Bytes without a name, gone when dropped. Every method may block.
#[derive(Debug)]
pub struct Spool {
    store: Store,
    file: Box<dyn FsFile>,
}

impl Store {
    /// An empty one.
    ///
    /// # Errors
    /// [`StoreError::Missing`] while the disk is not there; else what it says.
    pub fn spool(&self) -> Result<Spool, StoreError> {
        // Nothing is written where the disk should be.
        self.index()?;
        let inner = self.inner();
        let dir = inner.layout.incoming();
        let path = dir.join(format!("{}.spool", self.fresh_id()));
        let made = || -> io::Result<Box<dyn FsFile>> {
            inner.fs.create_dir_all(&dir)?;
            let file = inner.fs.create_new(&path)?;
            inner.fs.unlink(&path)?;
            Ok(file)
        };
        let file = made().map_err(|error| StoreError::io("make room for what comes in", error))?;
        Ok(Spool { store: self.clone(), file })
    }
}

impl Spool {
    /// Writes `bytes` from the byte `at` on. What lies between and was never written is zeros, which take no room.
    ///
    /// # Errors
    /// What the disk says, after room was made if it was full; then how much of them is there nobody knows.
    pub fn write_at(&mut self, at: u64, bytes: &[u8]) -> Result<(), StoreError> {
        match self.put(at, bytes) {
            Err(StoreError::Full) if self.store.make_room() => self.put(at, bytes),
            result => result,
        }
    }

    fn put(&mut self, at: u64, bytes: &[u8]) -> Result<(), StoreError> {
        let put = self.file.seek(SeekFrom::Start(at)).and_then(|_| self.file.write_all(bytes));
        put.map_err(|error| StoreError::io("keep what comes in", error))
    }

    /// Whether the first `len` bytes, which are all there is, are a clip; why they are none, for people: `has no moov box`.
    ///
    /// # Errors
    /// What the disk says.
    pub fn is_clip(&mut self, len: u64) -> Result<Result<(), String>, StoreError> {
        let failed = |error| StoreError::io("read what came in", error);
        let there = self.file.seek(SeekFrom::End(0)).map_err(failed)?;
        if there != len {
            return Ok(Err(format!("has {there} bytes where {len} were said")));
        }
        Ok(sniff_clip(&mut self.file).map_err(failed)?.map(|_| ()))
    }

    /// Reads from the byte `at` on, until `bytes` is full.
    ///
    /// # Errors
    /// What the disk says; fewer bytes than are asked for are an error, too.
    pub fn read_at(&mut self, at: u64, bytes: &mut [u8]) -> Result<(), StoreError> {
        let read = self.file.seek(SeekFrom::Start(at)).and_then(|_| self.file.read_exact(bytes));
        read.map_err(|error| StoreError::io("read what came in", error))
    }
}
