//! What may go wrong with what is kept.

use std::io;

use crate::event::EventId;

/// Why something could not be stored, found, changed or deleted.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// There are no such events; nothing was changed.
    #[error("there is no event {}", names(.0))]
    NoSuchEvents(Vec<EventId>),
    /// The disk is full, and retention found nothing more to give.
    #[error("the disk is full")]
    Full,
    /// The file system lets nothing be written.
    #[error("the data directory is read-only")]
    ReadOnly,
    /// The disk that holds the events is not there, or another one is in its place.
    #[error("the disk that holds the events is missing: {0}")]
    Missing(String),
    /// The index was in use for longer than anybody waits.
    #[error("the index is busy")]
    Busy,
    /// Something on disk is not as it was written.
    #[error("damaged: {0}")]
    Corrupt(String),
    /// A newer program has written it.
    #[error("the index is of version {found}, this program knows up to {known}; use the newer program")]
    Newer {
        /// The version found.
        found: u32,
        /// The newest this program knows.
        known: u32,
    },
    /// The text of a question or a change is too long or not allowed.
    #[error("{0}")]
    Invalid(String),
    /// The system said no.
    #[error("failed to {what}: {source}")]
    Io {
        /// What was tried, such as `write a clip`.
        what: &'static str,
        /// What the system said.
        source: io::Error,
    },
    /// The index said no.
    #[error("the index failed: {0}")]
    Database(String),
}

impl StoreError {
    /// Something lies in the data directory that nobody of ours has put there: a link, or a file in the place of a folder.
    #[must_use]
    pub fn is_tampered(&self) -> bool {
        use rustix::io::Errno;
        let Self::Io { source, .. } = self else { return false };
        let told =
            [Errno::LOOP, Errno::XDEV, Errno::NOTDIR, Errno::EXIST].map(|errno| Some(errno.raw_os_error()));
        told.contains(&source.raw_os_error())
    }

    /// The error of a system call, sorted by what can be done about it.
    #[must_use]
    pub fn io(what: &'static str, source: io::Error) -> Self {
        match source.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::Full,
            io::ErrorKind::ReadOnlyFilesystem => Self::ReadOnly,
            _ => Self::Io { what, source },
        }
    }
}

/// The first few of them.
fn names(ids: &[EventId]) -> String {
    let mut text: Vec<String> = ids.iter().take(3).map(ToString::to_string).collect();
    if ids.len() > text.len() {
        text.push(format!("and {} more", ids.len() - text.len()));
    }
    text.join(", ")
}
