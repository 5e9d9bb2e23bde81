//! What the uploader asks of `store`, as a trait: the loop is tested against a ledger in memory, under simulated time.
//!
//! All of these block for as long as the index or the disk takes; they are called off the runtime's thread.

use std::fmt::Debug;
use std::fs::File;
use std::sync::Arc;
use std::time::Duration;

use store::event::{Event, EventId};
use store::{Store, StoreError};

pub use store::outbox::{
    Backlog, Errand, ErrandCursor, ErrandQuery, ErrandState, ErrandView, Outcome, Receipt, RemoteRule, Stage,
};
pub use store::parcel::{Beat, ClipEntry, FileEntry, Manifest};

/// What is owed to whom, and the files of it.
pub trait Ledger: Send + Sync + Debug + 'static {
    /// From now on these are the remotes.
    ///
    /// # Errors
    /// The index's.
    fn set_remotes(&self, rules: &[RemoteRule]) -> Result<(), StoreError>;

    /// The next errand that is due, for nobody else as long as the lease lasts.
    ///
    /// # Errors
    /// The index's.
    fn claim(
        &self,
        remote: &str,
        stage: Option<Stage>,
        lease: Duration,
    ) -> Result<Option<Errand>, StoreError>;

    /// How long until the next one is due; `None`: nothing is owed.
    ///
    /// # Errors
    /// The index's.
    fn next_due(&self, remote: &str) -> Result<Option<Duration>, StoreError>;

    /// Holds on to an errand; → whether it is still ours.
    ///
    /// # Errors
    /// The index's.
    fn renew(&self, errand: &Errand, lease: Duration) -> Result<bool, StoreError>;

    /// Notes where a later attempt may go on; → whether the errand is still ours.
    ///
    /// # Errors
    /// The index's.
    fn note_resume(&self, errand: &Errand, resume: Option<&str>) -> Result<bool, StoreError>;

    /// Ends an attempt; → whether the errand was still ours, else nothing was changed.
    ///
    /// # Errors
    /// The index's.
    fn settle(&self, errand: &Errand, outcome: Outcome) -> Result<bool, StoreError>;

    /// How much is owed to whom.
    ///
    /// # Errors
    /// The index's.
    fn backlog(&self) -> Result<Vec<Backlog>, StoreError>;

    /// A page of errands, the newest event first.
    ///
    /// # Errors
    /// The index's.
    fn errands(&self, query: &ErrandQuery) -> Result<(Vec<ErrandView>, Option<ErrandCursor>), StoreError>;

    /// Makes what was refused and what waits for its time due now; → how many.
    ///
    /// # Errors
    /// The index's.
    fn retry(&self, event: Option<EventId>, remote: Option<&str>) -> Result<u64, StoreError>;

    /// Makes what waits for its time due now, to a remote that is well again; → how many.
    ///
    /// # Errors
    /// The index's.
    fn hasten(&self, remote: &str) -> Result<u64, StoreError>;

    /// Takes away clips that every remote has proved to hold; → how many.
    ///
    /// # Errors
    /// The index's or the system's.
    fn free_sent(&self, limit: u32) -> Result<u64, StoreError>;

    /// One event; `None` if it is gone.
    ///
    /// # Errors
    /// The index's.
    fn event(&self, id: EventId) -> Result<Option<Arc<Event>>, StoreError>;

    /// Its metadata, and its files with their hashes; `None` if it is gone.
    ///
    /// # Errors
    /// The index's or the system's.
    fn manifest(&self, id: EventId) -> Result<Option<Manifest>, StoreError>;

    /// One of its files and how long it is; `None` if there is none such.
    ///
    /// # Errors
    /// The index's or the system's.
    fn open_file(&self, id: EventId, name: &str) -> Result<Option<(File, u64)>, StoreError>;

    /// `nudge` is called when something new is owed.
    fn on_owed(&self, nudge: Box<dyn Fn() + Send + Sync>);
}

impl Ledger for Store {
    fn set_remotes(&self, rules: &[RemoteRule]) -> Result<(), StoreError> {
        self.set_remotes(rules)
    }

    fn claim(
        &self,
        remote: &str,
        stage: Option<Stage>,
        lease: Duration,
    ) -> Result<Option<Errand>, StoreError> {
        self.claim(remote, stage, lease)
    }

    fn next_due(&self, remote: &str) -> Result<Option<Duration>, StoreError> {
        self.next_due(remote)
    }

    fn renew(&self, errand: &Errand, lease: Duration) -> Result<bool, StoreError> {
        self.renew(errand, lease)
    }

    fn note_resume(&self, errand: &Errand, resume: Option<&str>) -> Result<bool, StoreError> {
        self.note_resume(errand, resume)
    }

    fn settle(&self, errand: &Errand, outcome: Outcome) -> Result<bool, StoreError> {
        self.settle(errand, outcome)
    }

    fn backlog(&self) -> Result<Vec<Backlog>, StoreError> {
        self.backlog()
    }

    fn errands(&self, query: &ErrandQuery) -> Result<(Vec<ErrandView>, Option<ErrandCursor>), StoreError> {
        self.errands(query)
    }

    fn retry(&self, event: Option<EventId>, remote: Option<&str>) -> Result<u64, StoreError> {
        self.retry(event, remote)
    }

    fn hasten(&self, remote: &str) -> Result<u64, StoreError> {
        self.hasten(remote)
    }

    fn free_sent(&self, limit: u32) -> Result<u64, StoreError> {
        self.free_sent(limit)
    }

    fn event(&self, id: EventId) -> Result<Option<Arc<Event>>, StoreError> {
        self.get(id)
    }

    fn manifest(&self, id: EventId) -> Result<Option<Manifest>, StoreError> {
        self.manifest(id)
    }

    fn open_file(&self, id: EventId, name: &str) -> Result<Option<(File, u64)>, StoreError> {
        self.open_file(id, name)
    }

    fn on_owed(&self, nudge: Box<dyn Fn() + Send + Sync>) {
        self.on_owed(nudge);
    }
}
