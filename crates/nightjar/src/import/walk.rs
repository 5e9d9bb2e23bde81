//! What lies in folders, one folder at a time: pictures, clips, and what is neither. Nothing is written, no link is followed.

use std::ffi::OsStr;
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

#[cfg(test)]
mod tests;

/// Folders within folders, at the most.
const DEEPEST: usize = 64;
/// Endings of pictures.
const STILLS: [&str; 3] = ["jpg", "jpeg", "jpe"];
/// Endings of clips, whatever `ffmpeg` then makes of them.
const CLIPS: [&str; 20] = [
    "mp4", "m4v", "mov", "avi", "mkv", "webm", "mjpeg", "mjpg", "ts", "mts", "m2ts", "mpg", "mpeg", "3gp",
    "3g2", "wmv", "asf", "flv", "h264", "264",
];

/// A file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) path: PathBuf,
    /// Bytes.
    pub(super) len: u64,
    /// When it was last written.
    pub(super) changed: SystemTime,
}

/// What lies in one folder, by name.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Folder {
    pub(super) path: PathBuf,
    pub(super) stills: Vec<Entry>,
    pub(super) clips: Vec<Entry>,
    /// Files that are neither.
    pub(super) others: Vec<Entry>,
    /// Links, devices and what else is left alone.
    pub(super) odd: u64,
}

/// What a name says a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Still,
    Clip,
    Other,
}

fn kind(name: &OsStr) -> Kind {
    let path = Path::new(name);
    // What is hidden is some program's own; `._A.JPG` is a Mac's notes about A.JPG.
    if name.to_string_lossy().starts_with('.') {
        return Kind::Other;
    }
    let end = path.extension().map(|end| end.to_string_lossy().to_ascii_lowercase()).unwrap_or_default();
    if STILLS.contains(&end.as_str()) {
        Kind::Still
    } else if CLIPS.contains(&end.as_str()) {
        Kind::Clip
    } else {
        Kind::Other
    }
}

/// Shows `each` folder below `root` and the root itself, parents first, in the order of their names, but not `except`. What
/// cannot be read is `told`.
///
/// # Errors
/// `each`'s.
pub(super) fn folders(
    root: &Path,
    except: Option<&Path>,
    told: &mut dyn FnMut(String),
    each: &mut dyn FnMut(Folder) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let mut open = vec![(root.to_owned(), 0)];
    while let Some((path, depth)) = open.pop() {
        if except.is_some_and(|except| path.canonicalize().is_ok_and(|path| path == except)) {
            continue;
        }
        if depth > DEEPEST {
            told(format!("{} lies too deep; it is left alone", path.display()));
            continue;
        }
        let (folder, mut below) = match list(&path, told) {
            Ok(listed) => listed,
            Err(error) => {
                told(format!("{} cannot be read: {error}", path.display()));
                continue;
            }
        };
        each(folder)?;
        // The last one in is the first one out.
        below.sort_unstable_by(|a, b| b.cmp(a));
        open.extend(below.into_iter().map(|path| (path, depth + 1)));
    }
    Ok(())
}

/// What lies in a folder, and the folders in it.
pub(super) fn list(path: &Path, told: &mut dyn FnMut(String)) -> io::Result<(Folder, Vec<PathBuf>)> {
    let mut folder = Folder { path: path.to_owned(), ..Folder::default() };
    let mut below = Vec::new();
    for entry in std::fs::read_dir(path)? {
        let entry = entry?;
        // Of the entry itself, and not of what a link leads to.
        let metadata = match entry.metadata() {
            Ok(metadata) => metadata,
            Err(error) => {
                told(format!("{} cannot be read: {error}", entry.path().display()));
                continue;
            }
        };
        if metadata.is_dir() {
            below.push(entry.path());
        } else if metadata.is_file() {
            let changed = metadata.modified().unwrap_or(SystemTime::UNIX_EPOCH);
            let file = Entry { path: entry.path(), len: metadata.len(), changed };
            match kind(&entry.file_name()) {
                Kind::Still => folder.stills.push(file),
                Kind::Clip => folder.clips.push(file),
                Kind::Other => folder.others.push(file),
            }
        } else {
            folder.odd += 1;
        }
    }
    for files in [&mut folder.stills, &mut folder.clips, &mut folder.others] {
        files.sort_unstable_by(|a, b| a.path.cmp(&b.path));
    }
    Ok((folder, below))
}
