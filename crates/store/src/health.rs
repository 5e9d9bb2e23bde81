//! What is wrong with the disk, in words, and what to do about it.

use std::io;

use crate::error::StoreError;

/// How the store is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum StoreState {
    /// Everything is written.
    #[default]
    Ok,
    /// It works as far as it can; the last attempt to write failed, or the disk is all but full.
    Degraded(Problem),
    /// The disk that holds the events is not there: nothing is recorded until it is.
    Missing(Problem),
}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// What is wrong.
    pub what: String,
    /// The one thing to do.
    pub mend: String,
}

impl Problem {
    fn new(what: &str, mend: &str) -> Self {
        Self { what: what.to_owned(), mend: mend.to_owned() }
    }

    /// `None` if the error says nothing of the disk's health.
    pub(crate) fn of(error: &StoreError) -> Option<Self> {
        Some(match error {
            StoreError::Full => Self::full(),
            StoreError::ReadOnly => Self::new(
                "The data directory is read-only.",
                "See in the system's log why it was mounted so; a card at the end of its life does that.",
            ),
            StoreError::Missing(why) => Self::missing(why),
            StoreError::Io { what, source } => Self::of_io(what, source),
            StoreError::Database(_) => Self::new(
                "The index could not be written.",
                "See the log; if it is damaged, `nightjar events reindex` builds it from the clips.",
            ),
            StoreError::Corrupt(_) => Self::new(
                "Something on the disk is damaged.",
                "See the log; check the disk and its file system.",
            ),
            _ => return None,
        })
    }

    pub(crate) fn full() -> Self {
        Self::new(
            "The disk is full.",
            "Free some room, or let events take less of it: [retention] max_size and min_free.",
        )
    }

    pub(crate) fn crowded() -> Self {
        Self::new(
            "Others fill the disk: without a single event it would have less free than [retention] min_free asks for.",
            "Free some room, or ask for less; no event is taken for it.",
        )
    }

    pub(crate) fn missing(why: &str) -> Self {
        Self {
            what: "The disk that holds the events is missing.".to_owned(),
            mend: format!("Nothing is recorded: {why}."),
        }
    }

    fn of_io(what: &str, error: &io::Error) -> Self {
        let mend = match error.raw_os_error() {
            Some(24 | 23) => {
                "Too many files are open: raise the limit (LimitNOFILE), or let fewer clients in."
            }
            _ => "See the system's log; check the disk, its cable and its file system.",
        };
        Self { what: format!("The disk failed to {what}."), mend: mend.to_owned() }
    }
}
