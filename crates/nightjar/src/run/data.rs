//! The data directory: made for its owner only, locked against a second server.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::Path;

use anyhow::Context as _;
use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;

/// Holds the directory; another server that wants it is refused until this is dropped.
#[derive(Debug)]
pub(crate) struct DataDir {
    _lock: File,
}

/// Makes the directory, readable by its owner only, if it is not there.
///
/// # Errors
/// With what can be done about it.
pub(crate) fn make(path: &Path) -> anyhow::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(path).with_context(|| mend(path, "made"))?;
    // Whether it can be written is found out now and not with the first change.
    let probe = path.join(".probe");
    let written = File::create(&probe).and_then(|mut file| file.write_all(b"."));
    written.and_then(|()| std::fs::remove_file(&probe)).with_context(|| mend(path, "written to"))
}

fn mend(path: &Path, what: &str) -> String {
    format!(
        "the data directory {} cannot be {what}; choose another with --data DIR or NIGHTJAR_DATA__PATH, or run: \
         sudo install -d -o $USER -m 700 {}",
        path.display(),
        path.display()
    )
}

/// Makes the directory and takes it for this process.
///
/// # Errors
/// When it cannot be used, or another server uses it.
pub(crate) fn open(path: &Path) -> anyhow::Result<DataDir> {
    make(path)?;
    let lock = OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .mode(0o600)
        .open(path.join("lock"))
        .with_context(|| mend(path, "locked"))?;
    match flock(&lock, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(DataDir { _lock: lock }),
        Err(Errno::WOULDBLOCK) => anyhow::bail!(
            "another nightjar uses the data directory {}; stop it, or choose another with --data DIR",
            path.display()
        ),
        // A file system without locks is no reason not to start.
        Err(error) => {
            tracing::warn!(error = %io::Error::from(error), "failed to lock the data directory");
            Ok(DataDir { _lock: lock })
        }
    }
}

/// Replaces a small file, whole or not at all.
///
/// # Errors
/// When the disk does not take it; the old file is as it was.
pub(crate) fn publish(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    store::publish::replace(&store::fs::RealFs, path, bytes)
        .with_context(|| format!("write {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    #[test]
    fn the_directory_is_made_for_its_owner_only() {
        let dir = tempfile::tempdir().unwrap();
        let data = dir.path().join("a/b");
        let _held = open(&data).unwrap();
        assert_eq!(std::fs::metadata(&data).unwrap().permissions().mode() & 0o777, 0o700);
        assert_eq!(std::fs::read_dir(&data).unwrap().count(), 1, "nothing but the lock");
    }

    #[test]
    fn a_second_server_is_refused_until_the_first_is_gone() {
        let dir = tempfile::tempdir().unwrap();
        let first = open(dir.path()).unwrap();
        let told = open(dir.path()).unwrap_err().to_string();
        assert!(told.contains("another nightjar"), "{told}");
        drop(first);
        open(dir.path()).unwrap();
    }

    #[test]
    fn a_directory_that_cannot_be_is_told_with_the_way_out() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("file"), "").unwrap();
        let told = open(&dir.path().join("file/data")).unwrap_err().to_string();
        assert!(told.contains("NIGHTJAR_DATA__PATH") && told.contains("--data"), "{told}");
    }
}
