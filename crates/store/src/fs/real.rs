//! The operating system's file system, as it is.

use std::ffi::OsString;
use std::fmt::Debug;
use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::{Access, Advice, CWD, FlockOperation, RenameFlags, StatVfsMountFlags};
use rustix::io::Errno;

use super::{Fs, FsFile, FsRead, Metadata, Space};

/// Files and folders are for the owner alone.
pub(super) const FILE_MODE: u32 = 0o600;
pub(super) const DIR_MODE: u32 = 0o700;

impl FsFile for File {
    fn sync(&mut self) -> io::Result<()> {
        self.sync_all()
    }

    fn sync_data(&mut self) -> io::Result<()> {
        File::sync_data(self)
    }

    fn begin_sync(&mut self) {
        // What is not needed soon is written now; and a hint that is not taken does no harm.
        rustix::fs::fadvise(&*self, 0, None, Advice::DontNeed).unwrap_or_default();
    }

    fn set_len(&mut self, len: u64) -> io::Result<()> {
        File::set_len(self, len)
    }
}

impl FsRead for File {
    fn into_file(self: Box<Self>) -> Option<File> {
        Some(*self)
    }
}

/// The operating system's. It follows symbolic links; what holds events is read and written through
/// [`DataFs`](super::DataFs).
#[derive(Debug, Clone, Copy, Default)]
pub struct RealFs;

impl Fs for RealFs {
    fn create_new(&self, path: &Path) -> io::Result<Box<dyn FsFile>> {
        let file = OpenOptions::new().read(true).write(true).create_new(true).mode(FILE_MODE).open(path)?;
        Ok(Box::new(file))
    }

    fn open_write(&self, path: &Path) -> io::Result<Box<dyn FsFile>> {
        Ok(Box::new(OpenOptions::new().read(true).write(true).open(path)?))
    }

    fn open_read(&self, path: &Path) -> io::Result<Box<dyn FsRead>> {
        Ok(Box::new(File::open(path)?))
    }

    fn read(&self, path: &Path, most: u64) -> io::Result<Vec<u8>> {
        read_all(File::open(path)?, most)
    }

    fn metadata(&self, path: &Path) -> io::Result<Metadata> {
        metadata_of(&std::fs::metadata(path)?)
    }

    fn rename_replace(&self, from: &Path, to: &Path) -> io::Result<()> {
        std::fs::rename(from, to)
    }

    fn rename_noreplace(&self, from: &Path, to: &Path) -> io::Result<()> {
        Ok(rustix::fs::renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE)?)
    }

    fn sync_dir(&self, dir: &Path) -> io::Result<()> {
        File::open(dir)?.sync_all()
    }

    fn unlink(&self, path: &Path) -> io::Result<()> {
        std::fs::remove_file(path)
    }

    fn list(&self, dir: &Path) -> io::Result<Vec<OsString>> {
        std::fs::read_dir(dir)?.map(|entry| Ok(entry?.file_name())).collect()
    }

    fn create_dir(&self, dir: &Path) -> io::Result<()> {
        DirBuilder::new().mode(DIR_MODE).create(dir)
    }

    fn create_dir_all(&self, dir: &Path) -> io::Result<()> {
        DirBuilder::new().recursive(true).mode(DIR_MODE).create(dir)
    }

    fn remove_dir(&self, dir: &Path) -> io::Result<()> {
        std::fs::remove_dir(dir)
    }

    fn space(&self, dir: &Path) -> io::Result<Space> {
        space_of(&rustix::fs::statvfs(dir)?)
    }

    fn canonical(&self, dir: &Path) -> io::Result<PathBuf> {
        std::fs::canonicalize(dir)
    }

    fn try_lock(&self, path: &Path) -> io::Result<Option<Box<dyn Debug + Send>>> {
        let file = lock_file(path)?;
        match rustix::fs::flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => Ok(Some(Box::new(file))),
            Err(Errno::WOULDBLOCK) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    fn lock(&self, path: &Path) -> io::Result<Box<dyn Debug + Send>> {
        let file = lock_file(path)?;
        rustix::fs::flock(&file, FlockOperation::LockExclusive)?;
        Ok(Box::new(file))
    }
}

fn lock_file(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create(true).truncate(false).mode(FILE_MODE).open(path)
}

/// Everything in the file, unless it is longer than `most` bytes.
pub(super) fn read_all(file: File, most: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    file.take(most.saturating_add(1)).read_to_end(&mut bytes)?;
    let is_too_long = u64::try_from(bytes.len()).is_ok_and(|len| len > most);
    if is_too_long { Err(io::ErrorKind::FileTooLarge.into()) } else { Ok(bytes) }
}

pub(super) fn metadata_of(metadata: &std::fs::Metadata) -> io::Result<Metadata> {
    Ok(Metadata {
        len: metadata.len(),
        modified: metadata.modified()?,
        inode: metadata.ino(),
        is_dir: metadata.is_dir(),
        device: metadata.dev(),
    })
}

#[expect(clippy::unnecessary_wraps, reason = "both callers end in it")]
pub(super) fn space_of(vfs: &rustix::fs::StatVfs) -> io::Result<Space> {
    let bytes = |blocks: u64| blocks.saturating_mul(vfs.f_frsize);
    Ok(Space {
        total: bytes(vfs.f_blocks),
        free: bytes(vfs.f_bavail),
        is_read_only: vfs.f_flag.contains(StatVfsMountFlags::RDONLY),
    })
}

/// Whether this process may write into `dir`; a file system that was mounted read-only after an error shows here.
///
/// # Errors
/// What the system says.
pub fn check_writable(dir: &Path) -> io::Result<()> {
    Ok(rustix::fs::access(dir, Access::WRITE_OK | Access::EXEC_OK)?)
}
