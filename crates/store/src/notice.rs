//! What those who listen are told.

use std::sync::Arc;

use crate::event::{Event, EventId};

/// What happened to an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum NoticeKind {
    /// It is being recorded; not in the index yet.
    Started,
    /// It is being recorded still and more is known of it, or a finished one was changed.
    Updated,
    /// It is finished and in the index.
    Ended,
    /// It is gone.
    Deleted,
}

/// One thing that happened.
#[derive(Debug, Clone)]
pub struct Notice {
    /// The index's number of changes after it; only finished events count up.
    pub change: u64,
    /// What happened.
    pub kind: NoticeKind,
    /// To which event.
    pub id: EventId,
    /// How it stands now; `None` once it is gone.
    pub event: Option<Arc<Event>>,
}

/// Whoever listens. It is called on the thread that made the change, off the store's locks, and must not block.
pub type Listener = Box<dyn Fn(&Notice) + Send + Sync>;
