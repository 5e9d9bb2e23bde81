//! Errands as rows, and who holds which.
//!
//! A lock order: the leases first, then the writer.

use std::collections::BTreeSet;
use std::time::Duration;

use rusqlite::{Connection, Transaction, params};

use super::Index;
use super::row::Fields;
use crate::error::StoreError;
use crate::event::EventId;
use crate::outbox::{Errand, FURTHEST, Outcome, RemoteRule, Stage};
use crate::store::locked;

mod leases;
pub(super) mod sql;
mod views;

#[cfg(test)]
mod tests;

pub(super) use leases::Leases;

/// Events that become owed to a new remote in one transaction. Few in tests, so that there are several.
const AT_ONCE: u32 = if cfg!(test) { 7 } else { 2_000 };

/// Most characters of why an attempt failed.
const MOST_WHY: usize = 500;

/// Behind every id.
const LAST_ID: &str = "~";

/// What time it is.
#[derive(Debug, Clone, Copy)]
pub struct Now {
    /// By the wall clock, milliseconds since 1970.
    pub ms: i64,
    /// By the monotonic clock.
    pub mono: Duration,
}

struct Remote {
    n: i64,
    name: String,
    pictures_first: bool,
}

fn stage_word(stage: Stage) -> &'static str {
    match stage {
        Stage::Pictures => "pictures",
        Stage::Clip => "clip",
    }
}

fn stage(word: &str) -> Stage {
    if word == "pictures" { Stage::Pictures } else { Stage::Clip }
}

fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

/// In how long something is due; what lies too far ahead was written before the clock was set back.
fn until(due_ms: Option<i64>, now: Now) -> Duration {
    let ahead = due_ms.map_or(0, |due| due.saturating_sub(now.ms));
    let ahead = Duration::from_millis(u64::try_from(ahead).unwrap_or(0));
    if ahead > FURTHEST { Duration::ZERO } else { ahead }
}

fn words<T: serde::Serialize>(list: &[T]) -> String {
    serde_json::to_string(list).unwrap_or_else(|_| "[]".to_owned())
}

/// Each of them once.
fn names(ids: impl Iterator<Item = EventId>) -> String {
    let ids: BTreeSet<EventId> = ids.collect();
    words(&ids.iter().map(ToString::to_string).collect::<Vec<_>>())
}

fn shortened(why: &str) -> String {
    why.chars().take(MOST_WHY).collect()
}

impl Index {
    /// Lets these be the remotes. What follows from it is done by [`Index::settle_remotes`].
    ///
    /// # Errors
    /// What the disk says.
    pub fn set_remotes(&self, rules: &[RemoteRule]) -> Result<(), StoreError> {
        self.write(|transaction| {
            let there = remotes(transaction)?;
            for remote in &there {
                match rules.iter().find(|rule| rule.name == remote.name) {
                    None => {
                        transaction.prepare_cached(sql::END_REMOTE)?.execute([remote.n])?;
                    }
                    Some(rule) if rule.pictures_first != remote.pictures_first => {
                        let values = params![remote.n, rule.pictures_first];
                        transaction.prepare_cached(sql::CHANGE_REMOTE)?.execute(values)?;
                        transaction.prepare_cached(sql::RESTAGE)?.execute(values)?;
                    }
                    Some(_) => {}
                }
            }
            for rule in rules.iter().filter(|rule| there.iter().all(|remote| remote.name != rule.name)) {
                let values = params![rule.name, rule.pictures_first];
                transaction.prepare_cached(sql::NEW_REMOTE)?.execute(values)?;
            }
            Ok(())
        })
    }

    /// Does a bunch of what follows from [`Index::set_remotes`]; whether there was any.
    ///
    /// # Errors
    /// What the disk says.
    pub fn settle_remotes(&self) -> Result<bool, StoreError> {
        self.write(|transaction| {
            let mut statement = transaction.prepare_cached(sql::UNSETTLED)?;
            let mut rows = statement.query([])?;
            let Some(row) = rows.next()? else { return Ok(false) };
            let mut fields = Fields::new(row);
            let (n, is_gone, filled_to) = (fields.int()?, fields.flag()?, fields.maybe_text()?);
            match filled_to {
                _ if is_gone => empty(transaction, n)?,
                Some(from) => fill(transaction, n, &from)?,
                None => {}
            }
            Ok(true)
        })
    }

    /// As [`Store::claim`](crate::Store::claim).
    ///
    /// # Errors
    /// What the disk says.
    pub fn claim(
        &self,
        remote: &str,
        wanted: Option<Stage>,
        lease: Duration,
        now: Now,
    ) -> Result<Option<Errand>, StoreError> {
        let mut leases = locked(&self.leases);
        leases.lapse(now.mono);
        let sending = names(leases.events_of(remote));
        let claimed = self.write(|transaction| {
            transaction.prepare_cached(sql::WAKE)?.execute(params![remote, now.ms])?;
            let furthest = now.ms.saturating_add(millis(FURTHEST));
            transaction.prepare_cached(sql::WAKE_FAR)?.execute(params![remote, furthest])?;
            let mut statement = transaction.prepare_cached(sql::FIRST)?;
            let mut rows = statement.query(params![remote, wanted.map(stage_word), sending])?;
            let Some(row) = rows.next()? else { return Ok(None) };
            let mut fields = Fields::new(row);
            Ok(Some(Errand {
                remote: remote.to_owned(),
                event: fields.id()?,
                stage: stage(&fields.text()?),
                attempts: fields.number()?,
                resume: fields.maybe_text()?,
                lease: 0,
            }))
        })?;
        Ok(claimed.map(|errand| {
            let lease = leases.take(errand.event, remote, now.mono.saturating_add(lease));
            Errand { lease, ..errand }
        }))
    }

    /// As [`Store::next_due`](crate::Store::next_due).
    ///
    /// # Errors
    /// What the disk says.
    pub fn next_due(&self, remote: &str, now: Now) -> Result<Option<Duration>, StoreError> {
        let (sending, lapse) = {
            let mut leases = locked(&self.leases);
            leases.lapse(now.mono);
            (names(leases.events_of(remote)), leases.first_lapse(remote))
        };
        let (is_due, first, last) = self.read(|connection| {
            let mut statement = connection.prepare_cached(sql::DUE)?;
            let mut rows = statement.query(params![remote, sending])?;
            let Some(row) = rows.next()? else { return Ok((false, None, None)) };
            Ok((row.get::<_, bool>(0)?, row.get::<_, Option<i64>>(1)?, row.get::<_, Option<i64>>(2)?))
        })?;
        if is_due {
            return Ok(Some(Duration::ZERO));
        }
        let waits = [first, last].into_iter().flatten().map(|due| until(Some(due), now));
        Ok(waits.chain(lapse.map(|at| at.saturating_sub(now.mono))).min())
    }

    /// As [`Store::renew`](crate::Store::renew).
    pub fn renew(&self, errand: &Errand, lease: Duration, now: Now) -> bool {
        locked(&self.leases).renew(errand, now.mono, now.mono.saturating_add(lease))
    }

    /// As [`Store::note_resume`](crate::Store::note_resume).
    ///
    /// # Errors
    /// What the disk says.
    pub fn note_resume(&self, errand: &Errand, resume: Option<&str>, now: Now) -> Result<bool, StoreError> {
        let mut leases = locked(&self.leases);
        if !leases.is_held(errand, now.mono) {
            return Ok(false);
        }
        let id = errand.event.to_string();
        self.write(|transaction| {
            let values = params![errand.remote, id, stage_word(errand.stage), resume];
            Ok(transaction.prepare_cached(sql::RESUME)?.execute(values)? > 0)
        })
    }

    /// As [`Store::settle`](crate::Store::settle).
    ///
    /// # Errors
    /// What the disk says.
    pub fn settle(&self, errand: &Errand, outcome: &Outcome, now: Now) -> Result<bool, StoreError> {
        let mut leases = locked(&self.leases);
        if !leases.is_held(errand, now.mono) {
            return Ok(false);
        }
        let settled = self.write(|transaction| settle(transaction, errand, outcome, now))?;
        leases.give_back(errand);
        Ok(settled)
    }

    /// As [`Store::retry`](crate::Store::retry).
    ///
    /// # Errors
    /// What the disk says.
    pub fn retry(&self, event: Option<EventId>, remote: Option<&str>) -> Result<u64, StoreError> {
        self.write(|transaction| {
            let there = remotes(transaction)?;
            let wanted = there.iter().filter(|there| remote.is_none_or(|name| name == there.name));
            let numbers = words(&wanted.map(|remote| remote.n).collect::<Vec<_>>());
            let changed = if let Some(id) = event {
                let values = params![id.to_string(), numbers];
                transaction.prepare_cached(sql::RETRY_ONE)?.execute(values)?
            } else {
                transaction.prepare_cached(sql::RETRY_FAILED)?.execute([&numbers])?
                    + transaction.prepare_cached(sql::RETRY_WAITING)?.execute([&numbers])?
            };
            Ok(changed as u64)
        })
    }

    /// As [`Store::hasten`](crate::Store::hasten).
    ///
    /// # Errors
    /// What the disk says.
    pub fn hasten(&self, remote: &str) -> Result<u64, StoreError> {
        self.write(|transaction| {
            let there = remotes(transaction)?;
            let wanted = there.iter().filter(|there| there.name == remote);
            let numbers = words(&wanted.map(|remote| remote.n).collect::<Vec<_>>());
            Ok(transaction.prepare_cached(sql::RETRY_WAITING)?.execute([&numbers])? as u64)
        })
    }

    /// Events whose clip every remote has proven to hold, the smallest id first; no favourites. None while a remote
    /// is so new that not everything is owed to it yet.
    ///
    /// # Errors
    /// What the disk says.
    pub fn proven(&self, limit: u32) -> Result<Vec<EventId>, StoreError> {
        self.read(|connection| {
            let mut statement = connection.prepare_cached(sql::PROVEN)?;
            let mut rows = statement.query([limit])?;
            let mut ids = Vec::new();
            while let Some(row) = rows.next()? {
                ids.push(Fields::new(row).id()?);
            }
            Ok(ids)
        })
    }
}

fn remotes(connection: &Connection) -> Result<Vec<Remote>, StoreError> {
    let mut statement = connection.prepare_cached(sql::REMOTES)?;
    let mut rows = statement.query([])?;
    let mut remotes = Vec::new();
    while let Some(row) = rows.next()? {
        let mut fields = Fields::new(row);
        remotes.push(Remote { n: fields.int()?, name: fields.text()?, pictures_first: fields.flag()? });
    }
    Ok(remotes)
}

/// The next events from before a remote are owed to it.
fn fill(transaction: &Transaction<'_>, n: i64, from: &str) -> Result<(), StoreError> {
    let mut end = transaction.prepare_cached(sql::FILL_END)?;
    let end: Option<String> =
        end.query(params![from, AT_ONCE - 1])?.next()?.map(|row| row.get(0)).transpose()?;
    let to = end.as_deref().unwrap_or(LAST_ID);
    transaction.prepare_cached(sql::FILL)?.execute(params![n, from, to])?;
    transaction.prepare_cached(sql::FILLED_TO)?.execute(params![n, end])?;
    Ok(())
}

/// The next errands of a remote that is gone go, at last the remote itself.
fn empty(transaction: &Transaction<'_>, n: i64) -> Result<(), StoreError> {
    if transaction.prepare_cached(sql::EMPTY)?.execute(params![n, AT_ONCE])? == 0 {
        transaction.prepare_cached(sql::FORGET_REMOTE)?.execute([n])?;
    }
    Ok(())
}

fn settle(
    transaction: &Transaction<'_>,
    errand: &Errand,
    outcome: &Outcome,
    now: Now,
) -> Result<bool, StoreError> {
    let (remote, id, stage) = (&errand.remote, errand.event.to_string(), stage_word(errand.stage));
    let changed = match outcome {
        Outcome::Sent(receipt) if errand.stage == Stage::Pictures => {
            let values = params![remote, id, stage, now.ms, receipt.place];
            transaction.prepare_cached(sql::SENT_PICTURES)?.execute(values)?
        }
        Outcome::Sent(receipt) => {
            let values = params![remote, id, stage, now.ms, receipt.place, receipt.sha256];
            transaction.prepare_cached(sql::SENT_CLIP)?.execute(values)?
        }
        Outcome::Again { after, why, resume } => {
            let due = now.ms.saturating_add(millis((*after).min(FURTHEST)));
            let values = params![remote, id, stage, due, shortened(why), resume];
            transaction.prepare_cached(sql::AGAIN)?.execute(values)?
        }
        Outcome::Refused { why } => {
            let values = params![remote, id, stage, shortened(why)];
            transaction.prepare_cached(sql::REFUSED)?.execute(values)?
        }
        Outcome::GivenBack { resume } => {
            let values = params![remote, id, stage, resume];
            transaction.prepare_cached(sql::RESUME)?.execute(values)?
        }
    };
    match outcome {
        _ if changed == 0 => {}
        Outcome::Sent(_) => {
            transaction.prepare_cached(sql::WAS_SENT)?.execute(params![remote, now.ms])?;
        }
        Outcome::Again { why, .. } | Outcome::Refused { why } => {
            let values = params![remote, now.ms, shortened(why)];
            transaction.prepare_cached(sql::WENT_WRONG)?.execute(values)?;
        }
        Outcome::GivenBack { .. } => {}
    }
    Ok(changed > 0)
}
