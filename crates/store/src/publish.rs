//! The one way a small file is replaced: `name.part` → write → fsync → rename → fsync of the folder.
//!
//! After a power cut at any moment there is the old file or the new one, whole. After a failed fsync the part is
//! thrown away; it is never synced again and called good.

use std::io;
use std::path::{Path, PathBuf};

use crate::fs::Fs;

#[cfg(test)]
mod tests;

/// Replaces the file at `path`, for the owner alone. Its folder must exist.
///
/// # Errors
/// What the system says; then the old file is as it was, unless only the folder could not be synced, and then
/// either may be there after a power cut.
pub fn replace(fs: &dyn Fs, path: &Path, bytes: &[u8]) -> io::Result<()> {
    let part = part_of(path);
    // What an earlier attempt that was cut short has left.
    match fs.unlink(&part) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let written = write(fs, &part, bytes).and_then(|()| fs.rename_replace(&part, path));
    if let Err(error) = written {
        // The first error is the one that counts.
        fs.unlink(&part).unwrap_or_default();
        return Err(error);
    }
    fs.sync_dir(path.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new(".")))
}

fn write(fs: &dyn Fs, part: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = fs.create_new(part)?;
    file.write_all(bytes)?;
    file.sync()
}

/// `name.part` beside it.
fn part_of(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".part");
    PathBuf::from(name)
}
