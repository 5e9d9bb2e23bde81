//! The index: one SQLite file that finds an event among a million.
//!
//! - **Reads** and **writes** `index.sqlite` and what SQLite lays beside it, nothing else.
//! - **Never** touches a clip or a picture: that a row has its files is the store's word.
//!
//! One connection writes, behind a lock; up to four read, and can do nothing else. Everything in it can be built
//! again from the files of the events.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use r2d2_sqlite::SqliteConnectionManager;
use rusqlite::hooks::Action;
use rusqlite::{Connection, Transaction, TransactionBehavior};

use crate::error::StoreError;

mod check;
mod error;
mod hub;
mod list;
mod older;
mod open;
mod outbox;
mod read;
mod row;
mod sql;
mod tally;
mod worth;
mod write;

#[cfg(test)]
mod tests;

pub use outbox::Now;
pub use write::{Inserted, Tombstone, What};

/// How long a reader may wait for a connection.
const PATIENCE: Duration = Duration::from_secs(2);

/// The rows of all events.
#[derive(Debug)]
pub struct Index {
    // Closed before the writer, which then leaves one file behind and no log.
    readers: Readers,
    writer: Mutex<Connection>,
    /// The number of the latest change that was committed, and of the latest that the writer has made.
    change: AtomicU64,
    made: Arc<AtomicU64>,
    set_aside: Option<PathBuf>,
    /// Who is sending what.
    leases: Mutex<outbox::Leases>,
}

#[derive(Debug)]
enum Readers {
    Pool(r2d2::Pool<SqliteConnectionManager>),
    /// A database in memory has one connection.
    Writer,
}

impl Index {
    fn new(readers: Readers, writer: Connection) -> Result<Self, StoreError> {
        let change: i64 = writer.query_row(sql::CHANGE, [], |row| row.get(0))?;
        let made = Arc::new(AtomicU64::new(change.unsigned_abs()));
        let note = Arc::clone(&made);
        // The triggers number each change in a table of its own: so nobody has to ask for the number.
        writer.update_hook(Some(move |action, _: &str, table: &str, row: i64| {
            if action == Action::SQLITE_INSERT && table == "changes" {
                note.store(row.unsigned_abs(), Ordering::Relaxed);
            }
        }))?;
        let change = AtomicU64::new(change.unsigned_abs());
        Ok(Self {
            readers,
            writer: Mutex::new(writer),
            change,
            made,
            set_aside: None,
            leases: Mutex::default(),
        })
    }

    /// The number of the latest change; 0 if nothing was ever changed.
    #[must_use]
    pub fn newest_change(&self) -> u64 {
        self.change.load(Ordering::Relaxed)
    }

    /// Where an index that could not be read was moved to when this one was opened; this one is empty then.
    #[must_use]
    pub fn set_aside(&self) -> Option<&Path> {
        self.set_aside.as_deref()
    }

    /// The lock protects nothing but the connection, and whoever panics leaves a transaction that rolls back.
    fn writer(&self) -> MutexGuard<'_, Connection> {
        self.writer.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn read<T>(&self, f: impl FnOnce(&Connection) -> Result<T, StoreError>) -> Result<T, StoreError> {
        match &self.readers {
            Readers::Pool(pool) => f(&*pool.get_timeout(PATIENCE).map_err(|_| StoreError::Busy)?),
            Readers::Writer => f(&self.writer()),
        }
    }

    /// All of what `f` does, or nothing.
    fn write<T>(&self, f: impl FnOnce(&Transaction<'_>) -> Result<T, StoreError>) -> Result<T, StoreError> {
        let mut writer = self.writer();
        // One that was rolled back has made none.
        self.made.store(self.newest_change(), Ordering::Relaxed);
        let transaction = writer.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let answer = f(&transaction)?;
        transaction.commit()?;
        self.change.store(self.made.load(Ordering::Relaxed), Ordering::Relaxed);
        Ok(answer)
    }
}
