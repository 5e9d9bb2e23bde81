//! The secret that signed links are made with: `<data>/links.key`, 256 random bits.
//!
//! Made when the first link is. Whoever throws the file away makes every link worthless within a second; the next one
//! gets a new secret. A damaged file is never written over and signs nothing.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::fs::{Fs, Metadata};
use crate::publish;

#[cfg(test)]
mod tests;

/// 43 characters and a line's end.
const MAX_BYTES: u64 = 64;

/// Why the secret could not be read or made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LinkError {
    /// The file is there but not as it was written.
    #[error("the file {path}, which signs links, is damaged; move it away and make the links again")]
    Damaged {
        /// The file.
        path: String,
    },
    /// The system said no.
    #[error("failed to {what} {path}: {source}")]
    Io {
        /// `read`, `write` …
        what: &'static str,
        /// The file or folder.
        path: String,
        /// What the system said.
        source: io::Error,
    },
}

/// The secret of one data directory.
pub struct LinkSecret {
    fs: Arc<dyn Fs>,
    dir: PathBuf,
    cached: Mutex<Cached>,
}

#[derive(Default)]
struct Cached {
    /// Of the file when it was read.
    metadata: Option<Metadata>,
    secret: Option<[u8; 32]>,
}

impl std::fmt::Debug for LinkSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LinkSecret").field("dir", &self.dir).finish_non_exhaustive()
    }
}

impl LinkSecret {
    /// Nothing is read yet, nothing made.
    #[must_use]
    pub fn new(fs: Arc<dyn Fs>, dir: &Path) -> Self {
        Self { fs, dir: dir.to_owned(), cached: Mutex::default() }
    }

    /// The secret as of the last [`LinkSecret::refresh`] or [`LinkSecret::make`], if there is one.
    #[must_use]
    pub fn known(&self) -> Option<[u8; 32]> {
        self.cached().secret
    }

    /// Looks whether the file was changed and reads it again if so. One that cannot be read signs nothing: links can be
    /// made again, and throwing the file away must count.
    ///
    /// # Errors
    /// Why it could not be read.
    pub fn refresh(&self) -> Result<(), LinkError> {
        let metadata = self.fs.metadata(&self.path()).ok();
        if metadata == self.cached().metadata {
            return Ok(());
        }
        let read = self.read();
        let mut cached = self.cached();
        cached.metadata = metadata;
        cached.secret = *read.as_ref().unwrap_or(&None);
        read.map(|_| ())
    }

    /// The secret; `random` becomes it and is kept if there is none yet.
    ///
    /// # Errors
    /// [`LinkError`]; then nothing was changed.
    pub fn make(&self, random: [u8; 32]) -> Result<[u8; 32], LinkError> {
        self.fs.create_dir_all(&self.dir).map_err(|source| io_error("make", &self.dir, source))?;
        let lock = self.dir.join("links.lock");
        let _lock = self.fs.lock(&lock).map_err(|source| io_error("lock", &lock, source))?;
        let secret = match self.read()? {
            Some(secret) => secret,
            None => {
                let text = URL_SAFE_NO_PAD.encode(random) + "\n";
                publish::replace(self.fs.as_ref(), &self.path(), text.as_bytes())
                    .map_err(|source| io_error("write", &self.path(), source))?;
                random
            }
        };
        let metadata = self.fs.metadata(&self.path()).ok();
        *self.cached() = Cached { metadata, secret: Some(secret) };
        Ok(secret)
    }

    fn read(&self) -> Result<Option<[u8; 32]>, LinkError> {
        let path = self.path();
        match self.fs.read(&path, MAX_BYTES) {
            Ok(bytes) => {
                let secret = parse(&bytes);
                secret.map(Some).ok_or_else(|| LinkError::Damaged { path: path.display().to_string() })
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(source) => Err(io_error("read", &path, source)),
        }
    }

    fn path(&self) -> PathBuf {
        self.dir.join("links.key")
    }

    fn cached(&self) -> MutexGuard<'_, Cached> {
        self.cached.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn parse(bytes: &[u8]) -> Option<[u8; 32]> {
    URL_SAFE_NO_PAD.decode(bytes.strip_suffix(b"\n")?).ok()?.try_into().ok()
}

fn io_error(what: &'static str, path: &Path, source: io::Error) -> LinkError {
    LinkError::Io { what, path: path.display().to_string(), source }
}
