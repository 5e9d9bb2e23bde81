//! The operating system's file system for what holds events: a symbolic link anywhere in a name is refused.
//!
//! Whoever can write into the data directory (a backup, a share, another program) could otherwise plant a link and
//! have a file of elsewhere read out over HTTP, or deleted by retention. Names must be those of a root that went
//! through [`Fs::canonical`].

use std::ffi::{OsStr, OsString};
use std::fmt::Debug;
use std::fs::File;
use std::io;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, CWD, Dir, Mode, OFlags, RenameFlags, ResolveFlags};
use rustix::io::Errno;

use super::real::{DIR_MODE, FILE_MODE, metadata_of, read_all, space_of};
use super::{Fs, FsFile, FsRead, Metadata, RealFs, Space};

/// The operating system's, which never follows a symbolic link.
#[derive(Debug, Clone, Copy, Default)]
pub struct DataFs;

/// How the files of a file system are opened; everything else follows from it.
pub(super) trait Doors: Send + Sync + Debug + 'static {
    /// Opens without following a link in any part of the name.
    fn open(&self, path: &Path, flags: OFlags, mode: Mode) -> io::Result<OwnedFd>;
    fn canonical(&self, dir: &Path) -> io::Result<PathBuf>;
    fn try_lock(&self, path: &Path) -> io::Result<Option<Box<dyn Debug + Send>>>;
    fn lock(&self, path: &Path) -> io::Result<Box<dyn Debug + Send>>;
}

impl Doors for DataFs {
    fn open(&self, path: &Path, flags: OFlags, mode: Mode) -> io::Result<OwnedFd> {
        let flags = flags | OFlags::CLOEXEC | OFlags::NOFOLLOW;
        let resolve = ResolveFlags::NO_SYMLINKS | ResolveFlags::NO_MAGICLINKS;
        match rustix::fs::openat2(CWD, path, flags, mode, resolve) {
            Ok(fd) => Ok(fd),
            // Linux before 5.6, or a sandbox that does not know the call: at least the last part is not followed.
            Err(Errno::NOSYS | Errno::PERM) => Ok(rustix::fs::openat(CWD, path, flags, mode)?),
            Err(error) => Err(error.into()),
        }
    }

    fn canonical(&self, dir: &Path) -> io::Result<PathBuf> {
        RealFs.canonical(dir)
    }

    fn try_lock(&self, path: &Path) -> io::Result<Option<Box<dyn Debug + Send>>> {
        RealFs.try_lock(path)
    }

    fn lock(&self, path: &Path) -> io::Result<Box<dyn Debug + Send>> {
        RealFs.lock(path)
    }
}

/// The folder a name lies in, held open, and the name within it.
fn within<'a>(doors: &impl Doors, path: &'a Path) -> io::Result<(OwnedFd, &'a OsStr)> {
    let name = path.file_name().ok_or(io::ErrorKind::InvalidInput)?;
    let parent = path.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new("."));
    Ok((doors.open(parent, OFlags::PATH | OFlags::DIRECTORY, Mode::empty())?, name))
}

impl<D: Doors> Fs for D {
    fn create_new(&self, path: &Path) -> io::Result<Box<dyn FsFile>> {
        let fd =
            self.open(path, OFlags::RDWR | OFlags::CREATE | OFlags::EXCL, Mode::from_raw_mode(FILE_MODE))?;
        Ok(Box::new(File::from(fd)))
    }

    fn open_write(&self, path: &Path) -> io::Result<Box<dyn FsFile>> {
        Ok(Box::new(File::from(self.open(path, OFlags::RDWR, Mode::empty())?)))
    }

    fn open_read(&self, path: &Path) -> io::Result<Box<dyn FsRead>> {
        Ok(Box::new(regular(self, path)?))
    }

    fn read(&self, path: &Path, most: u64) -> io::Result<Vec<u8>> {
        read_all(regular(self, path)?, most)
    }

    fn metadata(&self, path: &Path) -> io::Result<Metadata> {
        metadata_of(&File::from(self.open(path, OFlags::PATH, Mode::empty())?).metadata()?)
    }

    fn rename_replace(&self, from: &Path, to: &Path) -> io::Result<()> {
        let ((from_dir, from), (to_dir, to)) = (within(self, from)?, within(self, to)?);
        Ok(rustix::fs::renameat(from_dir, from, to_dir, to)?)
    }

    fn rename_noreplace(&self, from: &Path, to: &Path) -> io::Result<()> {
        let ((from_dir, from), (to_dir, to)) = (within(self, from)?, within(self, to)?);
        Ok(rustix::fs::renameat_with(from_dir, from, to_dir, to, RenameFlags::NOREPLACE)?)
    }

    fn sync_dir(&self, dir: &Path) -> io::Result<()> {
        Ok(rustix::fs::fsync(self.open(dir, OFlags::RDONLY | OFlags::DIRECTORY, Mode::empty())?)?)
    }

    fn unlink(&self, path: &Path) -> io::Result<()> {
        let (dir, name) = within(self, path)?;
        Ok(rustix::fs::unlinkat(dir, name, AtFlags::empty())?)
    }

    fn list(&self, dir: &Path) -> io::Result<Vec<OsString>> {
        use std::os::unix::ffi::OsStrExt;
        let fd = self.open(dir, OFlags::RDONLY | OFlags::DIRECTORY, Mode::empty())?;
        let mut names = Vec::new();
        for entry in Dir::read_from(fd)? {
            let entry = entry?;
            let name = entry.file_name().to_bytes();
            if name != b"." && name != b".." {
                names.push(OsStr::from_bytes(name).to_owned());
            }
        }
        Ok(names)
    }

    fn create_dir(&self, dir: &Path) -> io::Result<()> {
        let (parent, name) = within(self, dir)?;
        Ok(rustix::fs::mkdirat(parent, name, Mode::from_raw_mode(DIR_MODE))?)
    }

    fn create_dir_all(&self, dir: &Path) -> io::Result<()> {
        // One that is there need not be makeable: what lies above it may be nobody's to touch.
        if self.metadata(dir).is_ok_and(|found| found.is_dir) {
            return Ok(());
        }
        match self.create_dir(dir) {
            Ok(()) => Ok(()),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                if self.metadata(dir)?.is_dir {
                    Ok(())
                } else {
                    Err(error)
                }
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                self.create_dir_all(dir.parent().ok_or(error)?)?;
                self.create_dir(dir)
            }
            Err(error) => Err(error),
        }
    }

    fn remove_dir(&self, dir: &Path) -> io::Result<()> {
        let (parent, name) = within(self, dir)?;
        Ok(rustix::fs::unlinkat(parent, name, AtFlags::REMOVEDIR)?)
    }

    fn space(&self, dir: &Path) -> io::Result<Space> {
        space_of(&rustix::fs::fstatvfs(self.open(dir, OFlags::RDONLY | OFlags::DIRECTORY, Mode::empty())?)?)
    }

    fn canonical(&self, dir: &Path) -> io::Result<PathBuf> {
        Doors::canonical(self, dir)
    }

    fn try_lock(&self, path: &Path) -> io::Result<Option<Box<dyn Debug + Send>>> {
        Doors::try_lock(self, path)
    }

    fn lock(&self, path: &Path) -> io::Result<Box<dyn Debug + Send>> {
        Doors::lock(self, path)
    }
}

/// A plain file, opened to be read; a pipe or a device planted there would make the reader wait for ever.
fn regular(doors: &impl Doors, path: &Path) -> io::Result<File> {
    let file = File::from(doors.open(path, OFlags::RDONLY | OFlags::NONBLOCK, Mode::empty())?);
    if file.metadata()?.is_file() { Ok(file) } else { Err(io::ErrorKind::InvalidInput.into()) }
}
