//! What is owed to whom: every event to every remote, its pictures first and then its clip.
//!
//! - **Reads** and **writes** errands, which stand in the index beside the events they are about.
//! - **Never** speaks to a remote, nor decides when one is tried again: that is whoever claims an errand.
//!
//! ```text
//!              claim                    settle
//!   owed ──────────────▶ sending ──┬── Sent ──▶ owed (the clip) or done
//!    ▲                     │       ├── Again ─▶ owed, and due later
//!    │◀── the lease lapsed ┘       ├── Refused ▶ failed ── retry ─▶ owed
//!    └──────── GivenBack ──────────┘
//! ```
//!
//! That an errand is being sent is never written down. Whoever claims one holds a lease, in memory, which lapses by
//! itself and is gone with the process or the disk: so nothing is ever stuck in being sent, and claiming wears no card.
//! An errand comes to be in the transaction that makes its event's row and goes with it, and ends as done or as failed
//! only by the word of whoever holds its lease.

use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use jiff::Timestamp;

use crate::error::StoreError;
use crate::event::EventId;
use crate::index::Now;
use crate::store::{Store, locked};

mod cursor;

pub use cursor::{ErrandCursor, NotACursor};

#[cfg(test)]
mod tests;

/// Most errands of one answer.
pub const MOST_ERRANDS: u32 = 200;

/// A due time further ahead than this was written before the clock was set back, and counts as now.
pub const FURTHEST: Duration = Duration::from_secs(60 * 60);

/// What of an event is sent at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Stage {
    /// What is known of it, and its pictures.
    Pictures,
    /// Its clip; all there is of it, where a remote takes nothing before.
    Clip,
}

/// A remote, as far as what is owed to it goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RemoteRule {
    /// Its name in the configuration.
    pub name: String,
    /// It takes pictures before clips; else everything goes at once, in [`Stage::Clip`].
    pub pictures_first: bool,
}

/// One event that is owed to one remote, in the hands of whoever claimed it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Errand {
    /// To whom.
    pub remote: String,
    /// What.
    pub event: EventId,
    /// Which part of it.
    pub stage: Stage,
    /// How many attempts at this part have failed.
    pub attempts: u32,
    /// Where an earlier attempt left off, in the words of whoever made it.
    pub resume: Option<String>,
    /// Tells this claim from every other one.
    pub lease: u64,
}

/// What a remote has said to have.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Receipt {
    /// Of the clip, if the remote has proven to hold it.
    pub sha256: Option<[u8; 32]>,
    /// Where it lies there, for people.
    pub place: String,
}

/// How an attempt ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// This part is there: the next one is owed, or all of it is done.
    Sent(Receipt),
    /// It failed and may well work later.
    Again {
        /// Not before; at most [`FURTHEST`].
        after: Duration,
        /// Of what it failed, for people.
        why: String,
        /// Where the next attempt may go on.
        resume: Option<String>,
    },
    /// It will fail again until somebody does something: only [`Store::retry`] brings it back.
    Refused {
        /// Of what it failed, for people.
        why: String,
    },
    /// It was broken off from here, and counts as no attempt: it is due at once.
    GivenBack {
        /// Where the next attempt may go on.
        resume: Option<String>,
    },
}

/// How an errand stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ErrandState {
    /// It waits for its turn or its time.
    Owed,
    /// Somebody holds its lease.
    Sending,
    /// It was refused, and waits for somebody to look.
    Failed,
    /// All of it is there.
    Done,
}

/// An errand, for people.
#[derive(Debug, Clone, PartialEq)]
pub struct ErrandView {
    /// To whom.
    pub remote: String,
    /// What.
    pub event: EventId,
    /// The event's camera.
    pub camera: String,
    /// When the event started.
    pub started: Timestamp,
    /// Which part of it is owed; the last one once it is done.
    pub stage: Stage,
    /// How it stands.
    pub state: ErrandState,
    /// How many attempts at this part have failed.
    pub attempts: u32,
    /// Until it is due; `None` unless it is owed.
    pub due_in: Option<Duration>,
    /// Of what the last attempt failed.
    pub why: Option<String>,
    /// Bytes that are still owed.
    pub bytes: u64,
    /// When the last of it was there.
    pub done_at: Option<Timestamp>,
}

/// What is owed to one remote, all of it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Backlog {
    /// To whom.
    pub remote: String,
    /// Errands of which nothing was sent yet and the pictures come first; those being sent are among them.
    pub pictures: u64,
    /// Errands of which the clip is owed, or everything at once; those being sent are among them.
    pub clips: u64,
    /// Bytes of both.
    pub bytes: u64,
    /// Errands that somebody holds the lease of.
    pub sending: u64,
    /// Errands that were refused.
    pub failed: u64,
    /// Errands that are done, of events that are still here.
    pub done: u64,
    /// When the event started that came first of those owed.
    pub oldest: Option<Timestamp>,
    /// Of what the last attempt failed that failed, and when.
    pub last_error: Option<(Timestamp, String)>,
    /// When something was last sent.
    pub last_sent: Option<Timestamp>,
}

/// Which errands are wanted, the newest event first; what is `None` is not asked about.
#[derive(Debug, Clone, PartialEq)]
pub struct ErrandQuery {
    /// To this remote.
    pub remote: Option<String>,
    /// That stand so.
    pub state: Option<ErrandState>,
    /// At most so many, 1 to [`MOST_ERRANDS`].
    pub limit: u32,
    /// Behind the errand that an earlier answer ended with.
    pub cursor: Option<ErrandCursor>,
}

impl Default for ErrandQuery {
    fn default() -> Self {
        Self { remote: None, state: None, limit: 50, cursor: None }
    }
}

/// Whoever wants to know that something new is owed. It must not block.
pub type Nudge = Box<dyn Fn() + Send + Sync>;

impl Store {
    /// The remotes there are from now on. Everything that is kept is owed to a new one; what was owed to one that is
    /// gone is no longer. Takes seconds for 100,000 events and a new remote, and others may use the store meanwhile;
    /// cut short, it is taken up again by the next call.
    ///
    /// While the disk is missing they are only remembered, and hold as soon as it is there.
    ///
    /// # Errors
    /// [`StoreError::Invalid`] if two have the same name; what the disk says: it is tried again by itself.
    pub fn set_remotes(&self, rules: &[RemoteRule]) -> Result<(), StoreError> {
        for (n, rule) in rules.iter().enumerate() {
            if rules.iter().skip(n + 1).any(|other| other.name == rule.name) {
                return Err(StoreError::Invalid(format!("there are two remotes {:?}", rule.name)));
            }
        }
        *locked(&self.inner().remotes) = Some(rules.to_vec());
        self.inner().must_settle_remotes.store(true, Ordering::Relaxed);
        match self.index() {
            Ok(index) => self.told(self.settle_remotes(&index)),
            Err(StoreError::Missing(_)) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Lets what is owed follow the remotes that were set last; nothing, in most cases.
    pub(crate) fn settle_remotes(&self, index: &crate::index::Index) -> Result<(), StoreError> {
        if !self.inner().must_settle_remotes.swap(false, Ordering::Relaxed) {
            return Ok(());
        }
        let settled = self.try_settle_remotes(index);
        if settled.is_err() {
            self.inner().must_settle_remotes.store(true, Ordering::Relaxed);
        }
        settled
    }

    fn try_settle_remotes(&self, index: &crate::index::Index) -> Result<(), StoreError> {
        let Some(rules) = locked(&self.inner().remotes).clone() else { return Ok(()) };
        {
            // No clip is freed between the coming of a remote and its being owed it.
            let _removing = locked(&self.inner().retaining);
            self.with_index_room(|| index.set_remotes(&rules))?;
        }
        while self.with_index_room(|| index.settle_remotes())? {
            self.owes();
        }
        Ok(())
    }

    /// The same for an index that holds nothing yet.
    pub(crate) fn begin_remotes(&self, index: &crate::index::Index) -> Result<(), StoreError> {
        let Some(rules) = locked(&self.inner().remotes).clone() else { return Ok(()) };
        index.set_remotes(&rules)?;
        while index.settle_remotes()? {}
        Ok(())
    }

    /// Takes the errand whose turn it is: what somebody asked for by hand, then pictures, the newest event first, then
    /// clips, the oldest first; `stage` leaves only one of them. `None` if nothing is due. Nobody else gets it until
    /// it is settled or `lease` is over.
    ///
    /// # Errors
    /// What the disk says.
    pub fn claim(
        &self,
        remote: &str,
        stage: Option<Stage>,
        lease: Duration,
    ) -> Result<Option<Errand>, StoreError> {
        let index = self.index()?;
        let claimed = self.with_index_room(|| index.claim(remote, stage, lease, self.both_times()));
        self.told_if_bad(claimed)
    }

    /// In how long there is something to claim; `None` if nothing is owed.
    ///
    /// # Errors
    /// What the disk says.
    pub fn next_due(&self, remote: &str) -> Result<Option<Duration>, StoreError> {
        self.index()?.next_due(remote, self.both_times())
    }

    /// Holds the lease for `lease` from now on. `false` if it was lost: somebody else may be at it.
    ///
    /// # Errors
    /// Only if there is no index at present.
    pub fn renew(&self, errand: &Errand, lease: Duration) -> Result<bool, StoreError> {
        Ok(self.index()?.renew(errand, lease, self.both_times()))
    }

    /// Remembers where an attempt may go on should this one be cut short. `false` if the lease was lost.
    ///
    /// # Errors
    /// What the disk says.
    pub fn note_resume(&self, errand: &Errand, resume: Option<&str>) -> Result<bool, StoreError> {
        let index = self.index()?;
        let noted = self.with_index_room(|| index.note_resume(errand, resume, self.both_times()));
        self.told_if_bad(noted)
    }

    /// Ends a claim. `false` if the lease was lost or the event deleted: nothing was changed then.
    ///
    /// # Errors
    /// What the disk says; the lease is held as before, and it may be tried again.
    pub fn settle(&self, errand: &Errand, outcome: Outcome) -> Result<bool, StoreError> {
        let index = self.index()?;
        let settled = self.with_index_room(|| index.settle(errand, &outcome, self.both_times()));
        self.told_if_bad(settled)
    }

    /// How much is owed to each remote, in the order they came. One statement whatever there is.
    ///
    /// # Errors
    /// What the disk says.
    pub fn backlog(&self) -> Result<Vec<Backlog>, StoreError> {
        self.index()?.backlog(self.both_times())
    }

    /// A page of errands, and the place behind it if there are more.
    ///
    /// # Errors
    /// [`StoreError::Invalid`] if the limit is 0 or above [`MOST_ERRANDS`]; what the disk says.
    pub fn errands(
        &self,
        query: &ErrandQuery,
    ) -> Result<(Vec<ErrandView>, Option<ErrandCursor>), StoreError> {
        self.index()?.errands(query, self.both_times())
    }

    /// All errands of these events, in one statement, in no order.
    ///
    /// # Errors
    /// What the disk says.
    pub fn errands_of(&self, ids: &[EventId]) -> Result<Vec<ErrandView>, StoreError> {
        self.index()?.errands_of(ids, self.both_times())
    }

    /// What was refused and what waits for its time is due now, of one event or of all, to one remote or to all. A
    /// single event goes before all others. → How many that are.
    ///
    /// # Errors
    /// What the disk says.
    pub fn retry(&self, event: Option<EventId>, remote: Option<&str>) -> Result<u64, StoreError> {
        let index = self.index()?;
        let count = self.told_if_bad(self.with_index_room(|| index.retry(event, remote)))?;
        if count > 0 {
            self.owes();
        }
        Ok(count)
    }

    /// What waits for its time is due now, to a remote that is well again. What was refused stays so. → How many.
    ///
    /// # Errors
    /// What the disk says.
    pub fn hasten(&self, remote: &str) -> Result<u64, StoreError> {
        let index = self.index()?;
        self.told_if_bad(self.with_index_room(|| index.hasten(remote)))
    }

    /// Takes the clips of at most `limit` events of which every remote has proven to hold the same bytes; their
    /// pictures stay. Never a favourite's, and none while a new remote is not owed everything yet. → How many.
    ///
    /// # Errors
    /// What the disk says; what was done until then is done.
    pub fn free_sent(&self, limit: u32) -> Result<u64, StoreError> {
        let index = self.index()?;
        // Nobody takes events away meanwhile, nor does a remote come.
        let _removing = locked(&self.inner().retaining);
        let ids = index.proven(limit)?;
        if !ids.is_empty() {
            self.degrade_now(&index, &ids)?;
        }
        Ok(ids.len() as u64)
    }

    /// Calls `nudge` whenever something new is owed, on the thread that made it so; it must not block.
    pub fn on_owed(&self, nudge: Nudge) {
        self.inner().nudges.write().unwrap_or_else(PoisonError::into_inner).push(Arc::from(nudge));
    }

    /// Something new may be owed.
    pub(crate) fn owes(&self) {
        let has_remotes = locked(&self.inner().remotes).as_ref().is_some_and(|rules| !rules.is_empty());
        if !has_remotes {
            return;
        }
        let nudges = self.inner().nudges.read().unwrap_or_else(PoisonError::into_inner).clone();
        for nudge in nudges {
            nudge();
        }
    }

    /// Leases go by the monotonic clock, due times, which outlive the process, by the wall's.
    fn both_times(&self) -> Now {
        Now { ms: self.now().as_millisecond(), mono: self.inner().clock.monotonic() }
    }

    /// Only a failure says anything of the disk: most calls write nothing.
    fn told_if_bad<T>(&self, result: Result<T, StoreError>) -> Result<T, StoreError> {
        if let Err(error) = &result {
            self.tell(error);
        }
        result
    }
}
