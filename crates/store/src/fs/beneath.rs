//! A file system beneath one folder: the kernel itself refuses every name that would lead out of it.
//!
//! The folder is opened once, and every name is looked up from there by `openat2` with `RESOLVE_BENEATH` and without
//! following a symbolic link in any part of it. So neither `..` nor a link that somebody planted, nor one that is planted
//! between a check and its use, leads elsewhere. What does not belong here: `index.sqlite`, which SQLite opens by its
//! name in the same folder.

use std::fmt::Debug;
use std::fs::File;
use std::io;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustix::fs::{CWD, FlockOperation, Mode, OFlags, ResolveFlags};
use rustix::io::Errno;

use super::data::Doors;
use super::real::FILE_MODE;
use super::{Fs, RealFs};

#[cfg(test)]
mod tests;

/// Everything beneath one folder, and nothing else.
#[derive(Debug, Clone)]
pub struct BeneathFs {
    root: Arc<OwnedFd>,
    /// As it was given, and as it is without a link in it.
    given: PathBuf,
    path: PathBuf,
}

impl BeneathFs {
    /// Opens the folder, which is made if it is not there. A link that leads to it is followed once, here.
    ///
    /// # Errors
    /// [`io::ErrorKind::Unsupported`] where the kernel has no `openat2` (Linux before 5.6, or a sandbox that does not let
    /// it be used); else what the system says.
    pub fn open(root: &Path) -> io::Result<Self> {
        RealFs.create_dir_all(root)?;
        let path = RealFs.canonical(root)?;
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let fd = rustix::fs::openat(CWD, &path, flags, Mode::empty())?;
        let beneath = Self { root: Arc::new(fd), given: root.to_owned(), path };
        match beneath.open_beneath(Path::new("."), flags, Mode::empty()) {
            Ok(_) => Ok(beneath),
            Err(Errno::NOSYS | Errno::PERM) => Err(io::Error::new(
                io::ErrorKind::Unsupported,
                "the kernel or the sandbox lacks openat2 (Linux 5.6), without which nothing keeps what is sent here in \
                 its folder",
            )),
            Err(error) => Err(error.into()),
        }
    }

    fn open_beneath(&self, name: &Path, flags: OFlags, mode: Mode) -> Result<OwnedFd, Errno> {
        let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS | ResolveFlags::NO_MAGICLINKS;
        loop {
            match rustix::fs::openat2(&*self.root, name, flags, mode, resolve) {
                // Something was renamed meanwhile, and the kernel could not be sure; or a signal came.
                Err(Errno::AGAIN | Errno::INTR) => {}
                other => return other,
            }
        }
    }

    /// The name from the folder on; everything elsewhere is nobody's to touch.
    fn within<'a>(&self, path: &'a Path) -> io::Result<&'a Path> {
        let name = if path.is_absolute() || !self.given.is_absolute() {
            path.strip_prefix(&self.path).or_else(|_| path.strip_prefix(&self.given))
        } else {
            Ok(path)
        };
        match name {
            Ok(name) if name.as_os_str().is_empty() => Ok(Path::new(".")),
            Ok(name) => Ok(name),
            Err(_) => Err(io::ErrorKind::PermissionDenied.into()),
        }
    }

    fn lock_file(&self, path: &Path) -> io::Result<File> {
        let flags = OFlags::WRONLY | OFlags::CREATE;
        Ok(File::from(Doors::open(self, path, flags, Mode::from_raw_mode(FILE_MODE))?))
    }
}

impl Doors for BeneathFs {
    fn open(&self, path: &Path, flags: OFlags, mode: Mode) -> io::Result<OwnedFd> {
        let flags = flags | OFlags::CLOEXEC | OFlags::NOFOLLOW;
        Ok(self.open_beneath(self.within(path)?, flags, mode)?)
    }

    /// Of the folder itself, as it was given too; no other one has a name here.
    fn canonical(&self, dir: &Path) -> io::Result<PathBuf> {
        let name = self.within(dir)?;
        if name == Path::new(".") {
            return Ok(self.path.clone());
        }
        Doors::open(self, dir, OFlags::PATH | OFlags::DIRECTORY, Mode::empty())?;
        Ok(self.path.join(name))
    }

    fn try_lock(&self, path: &Path) -> io::Result<Option<Box<dyn Debug + Send>>> {
        let file = self.lock_file(path)?;
        match rustix::fs::flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => Ok(Some(Box::new(file))),
            Err(Errno::WOULDBLOCK) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    fn lock(&self, path: &Path) -> io::Result<Box<dyn Debug + Send>> {
        let file = self.lock_file(path)?;
        rustix::fs::flock(&file, FlockOperation::LockExclusive)?;
        Ok(Box::new(file))
    }
}
