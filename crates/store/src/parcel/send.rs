//! What a sender needs of an event that is kept here: what to say of it, and its files.

use std::fs::File;
use std::io;

use sha2::{Digest, Sha256};

use super::{ClipEntry, FileEntry, MOST_FILE, Manifest, hex};
use crate::error::StoreError;
use crate::event::{Event, EventId, PictureName};
use crate::layout::{CLIP, METADATA, TRACK};
use crate::metadata;
use crate::store::Store;

/// The small files that an event may have, by its row.
fn names(event: &Event) -> impl Iterator<Item = String> {
    let pictures = event.pictures;
    let single = [
        (pictures.poster, PictureName::Poster),
        (pictures.thumb, PictureName::Thumb),
        (pictures.trail, PictureName::Trail),
    ];
    let single = single.into_iter().filter_map(|(is_there, name)| is_there.then_some(name));
    let numbered = (0..pictures.thumbnails.min(64)).map(PictureName::Thumbnail);
    single.chain(numbered).map(PictureName::file_name).chain([TRACK.to_owned()])
}

impl Store {
    /// What to say of a finished event before it is sent: its metadata, and its files with their hashes; `None` if there
    /// is none such.
    ///
    /// # Errors
    /// The system's or the index's.
    pub fn manifest(&self, id: EventId) -> Result<Option<Manifest>, StoreError> {
        let index = self.index()?;
        let (Some(event), Some(day)) = (index.get(id)?, index.folder(id)?) else { return Ok(None) };
        let dir = self.inner().layout.event(&day, id);
        let there = match self.fs_of().read(&dir.join(METADATA), metadata::MAX_BYTES) {
            Ok(there) => there,
            // Being taken away.
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(StoreError::io("read an event's metadata", error)),
        };
        // The row counts, should the file be behind.
        let metadata = serde_json::from_slice(&metadata::write_over(&event, &there))
            .map_err(|error| StoreError::Corrupt(format!("{METADATA} of {id}: {error}")))?;
        let mut files = Vec::new();
        for name in names(&event) {
            match self.fs_of().read(&dir.join(&name), MOST_FILE) {
                Ok(bytes) => files.push(FileEntry {
                    bytes: bytes.len() as u64,
                    sha256: hex(&Sha256::digest(&bytes)),
                    name,
                }),
                Err(error) if is_left_out(&error) => {}
                Err(error) => return Err(StoreError::io("read a file of an event", error)),
            }
        }
        let clip = event.clip.map(|clip| ClipEntry { bytes: clip.bytes, sha256: hex(&clip.sha256) });
        Ok(Some(Manifest { metadata, files, clip }))
    }

    /// A small file, or the clip (`clip.mp4`), of a finished event, and its bytes; `None` if there is none such. Of a disk
    /// that is a model there never is one.
    ///
    /// # Errors
    /// The system's or the index's.
    pub fn open_file(&self, id: EventId, name: &str) -> Result<Option<(File, u64)>, StoreError> {
        let index = self.index()?;
        let (Some(event), Some(day)) = (index.get(id)?, index.folder(id)?) else { return Ok(None) };
        let is_its = (name == CLIP && event.clip.is_some()) || names(&event).any(|it| it == name);
        if !is_its {
            return Ok(None);
        }
        let path = self.inner().layout.event(&day, id).join(name);
        let opened = self.fs_of().open_read(&path).and_then(|file| {
            let Some(file) = file.into_file() else { return Ok(None) };
            let bytes = file.metadata()?.len();
            Ok(Some((file, bytes)))
        });
        match opened {
            Ok(found) => Ok(found),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(StoreError::io("open a file of an event", error)),
        }
    }
}

/// Not there, or larger than a small file may be: then the event is sent without it.
fn is_left_out(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::FileTooLarge)
}
