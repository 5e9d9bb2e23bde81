//! Which data directory this is, so that an unmounted or swapped disk is noticed and not written over.
//!
//! `nightjar.id` lies in the root and again in `events/`; the index knows the same word. Only a root in which nothing of
//! ours lies is a first start.

use std::io;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::error::StoreError;
use crate::event::EventId;
use crate::fs::Fs;
use crate::layout::Layout;
use crate::publish;

#[cfg(test)]
mod tests;

/// An identity is a hundred bytes.
const MAX_BYTES: u64 = 4096;

#[derive(Debug, Serialize, Deserialize)]
struct Shape {
    format: u32,
    root: String,
}

/// What the root looks like.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Found {
    /// It is the one it says it is.
    Known(String),
    /// Nothing of ours is in it.
    Fresh,
    /// It should hold events and does not; why, and what to do.
    Missing(String),
}

/// Looks, and writes nothing.
pub(crate) fn look(fs: &dyn Fs, layout: &Layout) -> Result<Found, StoreError> {
    let root = read(fs, &layout.identity())?;
    let events = read(fs, &layout.identity_of_events())?;
    Ok(match (root, events) {
        (Some(root), Some(events)) if root == events => Found::Known(root),
        (Some(_), Some(_)) => {
            Found::Missing("the folder of the events is another root's; mount the right disk".to_owned())
        }
        (Some(root), None) if is_begun(fs, layout, &root)? => Found::Known(root),
        (Some(_), None) => {
            Found::Missing("the folder of the events is empty; mount the disk they are kept on".to_owned())
        }
        (None, Some(_)) => {
            Found::Missing(format!("{} is gone from the data directory", crate::layout::IDENTITY))
        }
        (None, None) if exists(fs, &layout.index())? => Found::Missing(format!(
            "there is an index but no {}; was another disk mounted here?",
            crate::layout::IDENTITY
        )),
        (None, None) => Found::Fresh,
    })
}

/// A first start that was cut short between the two files: no events, no index.
fn is_begun(fs: &dyn Fs, layout: &Layout, _root: &str) -> Result<bool, StoreError> {
    Ok(!exists(fs, &layout.index())?)
}

/// Makes the folders and the identity where there are none. Done again it does nothing.
pub(crate) fn settle(
    fs: &dyn Fs,
    layout: &Layout,
    root: Option<String>,
    fresh: EventId,
) -> Result<String, StoreError> {
    let root_word = root.unwrap_or_else(|| fresh.to_string());
    let made = || -> io::Result<()> {
        for dir in [layout.drafts(), layout.events(), layout.quarantine()] {
            fs.create_dir_all(&dir)?;
        }
        let bytes = serde_json::to_vec(&Shape { format: 1, root: root_word.clone() }).unwrap_or_default();
        for path in [layout.identity(), layout.identity_of_events()] {
            put(fs, &path, &bytes)?;
        }
        fs.sync_dir(layout.root())?;
        sync_above(fs, layout.root())
    };
    made().map_err(|error| StoreError::io("make the data directory", error))?;
    Ok(root_word)
}

/// The root's own name lasts, if it was made just now; a folder above that nobody may read is not ours.
fn sync_above(fs: &dyn Fs, root: &Path) -> io::Result<()> {
    match root.parent().map(|above| fs.sync_dir(above)) {
        Some(Err(error)) if error.kind() != io::ErrorKind::PermissionDenied => Err(error),
        _ => Ok(()),
    }
}

fn put(fs: &dyn Fs, path: &Path, bytes: &[u8]) -> io::Result<()> {
    match fs.read(path, MAX_BYTES) {
        Ok(there) if there == bytes => Ok(()),
        Ok(_) => publish::replace(fs, path, bytes),
        Err(error) if error.kind() == io::ErrorKind::NotFound => publish::replace(fs, path, bytes),
        Err(error) => Err(error),
    }
}

fn read(fs: &dyn Fs, path: &Path) -> Result<Option<String>, StoreError> {
    let bytes = match fs.read(path, MAX_BYTES) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(StoreError::io("read the identity of the data directory", error)),
    };
    let shape: Shape = serde_json::from_slice(&bytes)
        .map_err(|error| StoreError::Corrupt(format!("{}: {error}", crate::layout::IDENTITY)))?;
    Ok(Some(shape.root))
}

fn exists(fs: &dyn Fs, path: &Path) -> Result<bool, StoreError> {
    match fs.metadata(path) {
        Ok(_) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(StoreError::io("look at the data directory", error)),
    }
}
