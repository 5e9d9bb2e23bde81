//! What is asked about errands, for people and for figures. Nothing is changed.

use std::cmp::Reverse;

use jiff::Timestamp;
use rusqlite::{Connection, params};

use super::{LAST_ID, Now, names, remotes, sql, stage, until, words};
use crate::error::StoreError;
use crate::event::EventId;
use crate::index::Index;
use crate::index::row::{Fields, count};
use crate::outbox::{Backlog, ErrandCursor, ErrandQuery, ErrandState, ErrandView, MOST_ERRANDS};
use crate::store::locked;

impl Index {
    /// As [`Store::backlog`](crate::Store::backlog).
    ///
    /// # Errors
    /// What the disk says.
    pub fn backlog(&self, now: Now) -> Result<Vec<Backlog>, StoreError> {
        let sending = self.sending(now);
        self.read(|connection| {
            let mut statement = connection.prepare_cached(sql::BACKLOG)?;
            let mut rows = statement.query([])?;
            let mut backlog = Vec::new();
            while let Some(row) = rows.next()? {
                let mut fields = Fields::new(row);
                let mut of = Backlog {
                    remote: fields.text()?,
                    pictures: fields.number()?,
                    clips: fields.number()?,
                    bytes: fields.number()?,
                    failed: fields.number()?,
                    done: fields.number()?,
                    ..Backlog::default()
                };
                let oldest: Option<i64> = row.get(6)?;
                of.oldest = oldest.and_then(|ns| Timestamp::from_nanosecond(ns.into()).ok());
                let error = instant(row.get(7)?).zip(row.get(8)?);
                (of.last_error, of.last_sent) = (error, instant(row.get(9)?));
                of.sending = sending.iter().filter(|(_, remote)| *remote == of.remote).count() as u64;
                backlog.push(of);
            }
            Ok(backlog)
        })
    }

    /// As [`Store::errands`](crate::Store::errands).
    ///
    /// # Errors
    /// [`StoreError::Invalid`] for a limit out of bounds; what the disk says.
    pub fn errands(
        &self,
        query: &ErrandQuery,
        now: Now,
    ) -> Result<(Vec<ErrandView>, Option<ErrandCursor>), StoreError> {
        if !(1..=MOST_ERRANDS).contains(&query.limit) {
            return Err(StoreError::Invalid(format!("a page holds 1 to {MOST_ERRANDS} errands")));
        }
        let sending = self.sending(now);
        let states: &[&str] = match query.state {
            None => &["owed", "failed", "done"],
            Some(ErrandState::Owed | ErrandState::Sending) => &["owed"],
            Some(ErrandState::Failed) => &["failed"],
            Some(ErrandState::Done) => &["done"],
        };
        self.read(|connection| {
            let mut remotes = remotes(connection)?;
            remotes.retain(|remote| query.remote.as_ref().is_none_or(|name| *name == remote.name));
            let mut found = if query.state == Some(ErrandState::Sending) {
                let ids = names(sending.iter().map(|(id, _)| *id));
                of(connection, &ids, &sending, now)?
            } else {
                let from = query.cursor.map_or(LAST_ID.to_owned(), |cursor| cursor.event.to_string());
                let numbers = words(&remotes.iter().map(|remote| remote.n).collect::<Vec<_>>());
                // One that the cursor stands on, one that tells whether there are more, those that are being sent.
                let limit = u64::from(query.limit) + 2 + sending.len() as u64;
                let mut statement = connection.prepare_cached(sql::LIST)?;
                let mut rows = statement.query(params![numbers, words(states), from, count(limit)])?;
                let mut found = Vec::new();
                while let Some(row) = rows.next()? {
                    let n: i64 = row.get(1)?;
                    let name = remotes.iter().find(|remote| remote.n == n).map(|remote| &remote.name);
                    found.push((n, view(row, name.cloned().unwrap_or_default(), &sending, now)?));
                }
                found
            };
            found.retain(|(n, view)| {
                query.state.is_none_or(|state| state == view.state)
                    && remotes.iter().any(|remote| remote.n == *n)
                    && query.cursor.is_none_or(|cursor| {
                        (Reverse(view.event), *n) > (Reverse(cursor.event), cursor.remote)
                    })
            });
            found.sort_by_key(|(n, view)| (Reverse(view.event), *n));
            let has_more = found.len() > query.limit as usize;
            found.truncate(query.limit as usize);
            let last = found.last().filter(|_| has_more);
            let next = last.map(|(remote, view)| ErrandCursor { event: view.event, remote: *remote });
            Ok((found.into_iter().map(|(_, view)| view).collect(), next))
        })
    }

    /// As [`Store::errands_of`](crate::Store::errands_of).
    ///
    /// # Errors
    /// What the disk says.
    pub fn errands_of(&self, ids: &[EventId], now: Now) -> Result<Vec<ErrandView>, StoreError> {
        let sending = self.sending(now);
        let ids = names(ids.iter().copied());
        let found = self.read(|connection| of(connection, &ids, &sending, now))?;
        Ok(found.into_iter().map(|(_, view)| view).collect())
    }

    fn sending(&self, now: Now) -> Vec<(EventId, String)> {
        let mut leases = locked(&self.leases);
        leases.lapse(now.mono);
        leases.all()
    }
}

fn instant(ms: Option<i64>) -> Option<Timestamp> {
    Timestamp::from_millisecond(ms?).ok()
}

fn of(
    connection: &Connection,
    ids: &str,
    sending: &[(EventId, String)],
    now: Now,
) -> Result<Vec<(i64, ErrandView)>, StoreError> {
    let mut statement = connection.prepare_cached(sql::OF)?;
    let mut rows = statement.query([ids])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push((row.get(1)?, view(row, row.get(11)?, sending, now)?));
    }
    Ok(found)
}

fn view(
    row: &rusqlite::Row<'_>,
    remote: String,
    sending: &[(EventId, String)],
    now: Now,
) -> Result<ErrandView, StoreError> {
    let mut fields = Fields::new(row);
    let event = fields.id()?;
    fields.skip_to(2);
    let (camera, started, stage) = (fields.text()?, fields.time()?, stage(&fields.text()?));
    let state = match fields.text()?.as_str() {
        "done" => ErrandState::Done,
        "failed" => ErrandState::Failed,
        _ if sending.iter().any(|(id, to)| *id == event && *to == remote) => ErrandState::Sending,
        _ => ErrandState::Owed,
    };
    let (attempts, due_ms) = (fields.number()?, row.get(7)?);
    fields.skip_to(8);
    let (why, bytes, sent_ms) = (fields.maybe_text()?, fields.number()?, row.get(10)?);
    Ok(ErrandView {
        remote,
        event,
        camera,
        started,
        stage,
        state,
        attempts,
        due_in: (state == ErrandState::Owed).then(|| until(due_ms, now)),
        why,
        bytes,
        done_at: instant(sent_ms).filter(|_| state == ErrandState::Done),
    })
}
