//! Making a clip whole that was cut short.

use std::io::{self, SeekFrom};
use std::path::Path;
use std::time::Duration;

use super::read::{NotAClip, Walk};
use super::writer::digest;
use super::{index::Index, time_of};
use crate::fs::{Fs, FsFile};

/// What [`repair`] has left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Repaired {
    /// How many.
    pub frames: u64,
    /// From the first frame to the end of the last one.
    pub duration: Duration,
    /// Of the file.
    pub bytes: u64,
    /// Of the whole file.
    pub sha256: [u8; 32],
    /// Bytes that were cut off.
    pub cut: u64,
}

/// Cuts the clip after its last whole fragment, writes its index and length, and syncs it; a clip that is whole
/// stays as it is. Whatever is in the file, at most a few hundred KiB of it are in memory.
///
/// # Errors
/// [`NotAClip`]: then nothing was changed, or an error of writing came in between, and it may be tried again.
pub fn repair(fs: &dyn Fs, path: &Path) -> Result<Repaired, NotAClip> {
    repair_file(&mut *fs.open_write(path)?)
}

/// As [`repair`], of an open file.
///
/// # Errors
/// Those of [`repair`].
pub fn repair_file(file: &mut dyn FsFile) -> Result<Repaired, NotAClip> {
    let mut walk = Walk::new(&mut *file)?;
    let mut index = Index::default();
    let mut frames = 0;
    let mut before = walk.end();
    while let Some(placed) = walk.step(true)? {
        let after = walk.end();
        index.add(after.0 - before.0, placed.moof.ticks(), placed.moof.begins_with_key());
        frames += u64::try_from(placed.moof.frames.len()).unwrap_or(u64::MAX);
        before = after;
    }
    if frames == 0 {
        return Err(NotAClip::Empty);
    }
    let ((bytes, ticks), len) = (walk.end(), walk.len());
    let (_, mut head) = walk.into_parts();
    head.set_duration(ticks);
    if len != bytes {
        file.set_len(bytes)?;
    }
    let wanted = [head.bytes(), &index.reserved()].concat();
    if !begins_with(file, &wanted)? {
        file.seek(SeekFrom::Start(0))?;
        file.write_all(&wanted)?;
    }
    // Also what was there may not have reached the disk.
    file.sync()?;
    let sha256 = digest(file)?;
    Ok(Repaired { frames, duration: time_of(ticks), bytes, sha256, cut: len - bytes })
}

fn begins_with(file: &mut dyn FsFile, wanted: &[u8]) -> io::Result<bool> {
    let mut found = vec![0; wanted.len()];
    file.seek(SeekFrom::Start(0))?;
    file.read_exact(&mut found)?;
    Ok(found == wanted)
}
