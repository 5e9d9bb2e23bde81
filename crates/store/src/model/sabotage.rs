//! Bugs that a model of a power cut must find, or it finds nothing.

use std::io;
use std::path::Path;

use super::faulty::{Guard, Op};
use crate::layout::{CLIP, METADATA};

/// What is done wrongly.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sabotage {
    /// Nothing.
    None,
    /// No folder is ever synced.
    NoFolderSync,
    /// The folder that an event is moved into is not synced.
    NoDaySync,
    /// The folder of a draft is not synced.
    NoDraftSync,
    /// No clip is ever synced.
    NoClipSync,
    /// The file beside the clip is not synced.
    NoMetadataSync,
    /// Pictures are not synced.
    NoPictureSync,
    /// What came in of a clip is not synced.
    NoPartSync,
    /// The folder that a clip which came in is moved into is not synced.
    NoEventSync,
    /// The row is written before the folder is moved.
    RowBeforeRename,
    /// The files are taken away before the row.
    FilesBeforeTombstone,
    /// The row is dropped without a tombstone, its files after it.
    NoTombstone,
}

impl Sabotage {
    /// All that are bugs.
    pub const BUGS: [Self; 11] = [
        Self::NoFolderSync,
        Self::NoDaySync,
        Self::NoDraftSync,
        Self::NoClipSync,
        Self::NoMetadataSync,
        Self::NoPictureSync,
        Self::NoPartSync,
        Self::NoEventSync,
        Self::RowBeforeRename,
        Self::FilesBeforeTombstone,
        Self::NoTombstone,
    ];
}

impl Guard for Sabotage {
    fn may(&self, op: Op, path: &Path) -> io::Result<bool> {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let is_synced = match (op, self) {
            (Op::SyncDir, Self::NoFolderSync) => false,
            (Op::SyncDir, Self::NoDaySync) => name.len() != 2,
            (Op::SyncDir, Self::NoDraftSync) => !path.parent().is_some_and(|dir| dir.ends_with("drafts")),
            (Op::Sync, Self::NoClipSync) => name != CLIP,
            (Op::Sync, Self::NoMetadataSync) => !name.starts_with(METADATA),
            (Op::Sync, Self::NoPartSync) => !path.parent().is_some_and(|dir| dir.ends_with("incoming")),
            (Op::SyncDir, Self::NoEventSync) => {
                path.starts_with("/data/drafts") || name.parse::<crate::event::EventId>().is_err()
            }
            (Op::Sync, Self::NoPictureSync) => !name.contains(".jpg"),
            _ => true,
        };
        Ok(is_synced)
    }
}
