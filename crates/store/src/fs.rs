//! The operations on files that storing durably needs, behind a trait.
//!
//! Through the trait a model file system can drop, reorder and tear in a test what was not synced. What does not
//! belong here: which files there are.

use std::ffi::OsString;
use std::fmt::Debug;
use std::io::{self, Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

mod beneath;
mod data;
mod real;

pub use beneath::BeneathFs;
pub use data::DataFs;
pub use real::{RealFs, check_writable};

/// What is known of a file without opening it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Metadata {
    /// Bytes.
    pub len: u64,
    /// When it was last written; a change of it means the content may have changed.
    pub modified: SystemTime,
    /// Tells a replaced file from the one before, even within one tick of the clock.
    pub inode: u64,
    /// It is a folder.
    pub is_dir: bool,
    /// The device it lies on: another one than its parent's is a mount point.
    pub device: u64,
}

/// Room on a disk, bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Space {
    /// Of the whole file system.
    pub total: u64,
    /// What this process may still write.
    pub free: u64,
    /// Nothing may be written at all.
    pub is_read_only: bool,
}

/// A file system. Every method may block.
///
/// Every method's error is what the system says.
#[expect(clippy::missing_errors_doc, reason = "said once above for all of them")]
pub trait Fs: Send + Sync + Debug + 'static {
    /// Creates a file that must not exist yet, for the owner alone.
    fn create_new(&self, path: &Path) -> io::Result<Box<dyn FsFile>>;
    /// Opens a file that is there, to be read and written from its start; nothing of it is taken away.
    fn open_write(&self, path: &Path) -> io::Result<Box<dyn FsFile>>;
    /// Opens a file that is there, to be read.
    fn open_read(&self, path: &Path) -> io::Result<Box<dyn FsRead>>;
    /// The whole file, unless it is longer than `most` bytes.
    fn read(&self, path: &Path, most: u64) -> io::Result<Vec<u8>>;
    /// What is known of it.
    fn metadata(&self, path: &Path) -> io::Result<Metadata>;
    /// Renames over whatever is at `to`, in one step.
    fn rename_replace(&self, from: &Path, to: &Path) -> io::Result<()>;
    /// Renames a file or a folder unless something is at `to`, in one step.
    fn rename_noreplace(&self, from: &Path, to: &Path) -> io::Result<()>;
    /// Makes names that were added to or taken from the folder survive a power cut.
    fn sync_dir(&self, dir: &Path) -> io::Result<()>;
    /// Takes the file away.
    fn unlink(&self, path: &Path) -> io::Result<()>;
    /// The names in the folder, in no order.
    fn list(&self, dir: &Path) -> io::Result<Vec<OsString>>;
    /// Makes one folder that must not exist yet, for the owner alone.
    fn create_dir(&self, dir: &Path) -> io::Result<()>;
    /// The folder and those above it, for the owner alone; it may exist already.
    fn create_dir_all(&self, dir: &Path) -> io::Result<()>;
    /// Takes an empty folder away.
    fn remove_dir(&self, dir: &Path) -> io::Result<()>;
    /// Room on the disk the folder lies on.
    fn space(&self, dir: &Path) -> io::Result<Space>;
    /// The same folder's absolute name, without a symbolic link in it.
    fn canonical(&self, dir: &Path) -> io::Result<PathBuf>;
    /// As [`lock`](Self::lock), but does not wait: `None` if somebody else has it.
    fn try_lock(&self, path: &Path) -> io::Result<Option<Box<dyn Debug + Send>>>;
    /// Keeps others who ask for the same lock waiting until the answer is dropped.
    fn lock(&self, path: &Path) -> io::Result<Box<dyn Debug + Send>>;
}

/// A file that is being written, and read again: one place in it for reading, writing and seeking.
pub trait FsFile: Read + Write + Seek + Send + Debug {
    /// Makes its content survive a power cut. After an error the file is suspect, and syncing again proves nothing.
    ///
    /// # Errors
    /// What the system says.
    fn sync(&mut self) -> io::Result<()>;

    /// As [`sync`](Self::sync), without what is only for people, such as the time of the last change.
    ///
    /// # Errors
    /// What the system says.
    fn sync_data(&mut self) -> io::Result<()>;

    /// Begins to bring what was written to the disk, and does not wait: a sync after it is shorter. No promise is made.
    fn begin_sync(&mut self) {}

    /// Cuts the file to `len` bytes, or lengthens it with zeros.
    ///
    /// # Errors
    /// What the system says.
    fn set_len(&mut self, len: u64) -> io::Result<()>;
}

/// A file that is being read.
pub trait FsRead: Read + Seek + Send + Debug {
    /// The operating system's file, if it is one: what can be handed on to be sent.
    fn into_file(self: Box<Self>) -> Option<std::fs::File>;
}
