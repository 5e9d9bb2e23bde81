//! The operations on files that publishing durably needs, behind a trait.
//!
//! Through the trait a model file system can drop, reorder and tear in a test what was not synced. What does not
//! belong here: which files there are.

use std::ffi::OsString;
use std::fmt::Debug;
use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;
use std::time::SystemTime;

use rustix::fs::{Access, CWD, FlockOperation, RenameFlags};

/// Files and folders are for the owner alone.
const FILE_MODE: u32 = 0o600;
const DIR_MODE: u32 = 0o700;

/// What is known of a file without opening it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Metadata {
    /// Bytes.
    pub len: u64,
    /// When it was last written; a change of it means the content may have changed.
    pub modified: SystemTime,
    /// Tells a replaced file from the one before, even within one tick of the clock.
    pub inode: u64,
}

/// A file system. Every method may block.
///
/// Every method's error is what the system says.
#[expect(clippy::missing_errors_doc, reason = "said once above for all of them")]
pub trait Fs: Send + Sync + Debug + 'static {
    /// Creates a file that must not exist yet, for the owner alone.
    fn create_new(&self, path: &Path) -> io::Result<Box<dyn FsFile>>;
    /// The whole file, unless it is longer than `most` bytes.
    fn read(&self, path: &Path, most: u64) -> io::Result<Vec<u8>>;
    /// What is known of it.
    fn metadata(&self, path: &Path) -> io::Result<Metadata>;
    /// Renames over whatever is at `to`, in one step.
    fn rename_replace(&self, from: &Path, to: &Path) -> io::Result<()>;
    /// Renames unless something is at `to`, in one step.
    fn rename_noreplace(&self, from: &Path, to: &Path) -> io::Result<()>;
    /// Makes names that were added to or taken from the folder survive a power cut.
    fn sync_dir(&self, dir: &Path) -> io::Result<()>;
    /// Takes the file away.
    fn unlink(&self, path: &Path) -> io::Result<()>;
    /// The names in the folder, in no order.
    fn list(&self, dir: &Path) -> io::Result<Vec<OsString>>;
    /// The folder and those above it, for the owner alone; it may exist already.
    fn create_dir_all(&self, dir: &Path) -> io::Result<()>;
    /// Keeps others who ask for the same lock waiting until the answer is dropped.
    fn lock(&self, path: &Path) -> io::Result<Box<dyn Debug + Send>>;
}

/// A file that is being written.
pub trait FsFile: Write + Send + Debug {
    /// Makes its content survive a power cut. After an error the file is suspect, and syncing again proves nothing.
    ///
    /// # Errors
    /// What the system says.
    fn sync(&mut self) -> io::Result<()>;
}

impl FsFile for File {
    fn sync(&mut self) -> io::Result<()> {
        self.sync_all()
    }
}

/// The operating system's.
#[derive(Debug, Clone, Copy, Default)]
pub struct RealFs;

impl Fs for RealFs {
    fn create_new(&self, path: &Path) -> io::Result<Box<dyn FsFile>> {
        let file = OpenOptions::new().write(true).create_new(true).mode(FILE_MODE).open(path)?;
        Ok(Box::new(file))
    }

    fn read(&self, path: &Path, most: u64) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        File::open(path)?.take(most + 1).read_to_end(&mut bytes)?;
        let is_too_long = u64::try_from(bytes.len()).is_ok_and(|len| len > most);
        if is_too_long { Err(io::ErrorKind::FileTooLarge.into()) } else { Ok(bytes) }
    }

    fn metadata(&self, path: &Path) -> io::Result<Metadata> {
        let metadata = std::fs::metadata(path)?;
        let inode = std::os::unix::fs::MetadataExt::ino(&metadata);
        Ok(Metadata { len: metadata.len(), modified: metadata.modified()?, inode })
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

    fn create_dir_all(&self, dir: &Path) -> io::Result<()> {
        DirBuilder::new().recursive(true).mode(DIR_MODE).create(dir)
    }

    fn lock(&self, path: &Path) -> io::Result<Box<dyn Debug + Send>> {
        let file = OpenOptions::new().write(true).create(true).truncate(false).mode(FILE_MODE).open(path)?;
        rustix::fs::flock(&file, FlockOperation::LockExclusive)?;
        Ok(Box::new(file))
    }
}

/// Whether this process may write into `dir`; a file system that was mounted read-only after an error shows here.
///
/// # Errors
/// What the system says.
pub fn check_writable(dir: &Path) -> io::Result<()> {
    Ok(rustix::fs::access(dir, Access::WRITE_OK | Access::EXEC_OK)?)
}
