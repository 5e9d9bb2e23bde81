//! What is asked of the index besides the list.

use std::time::Duration;

use jiff::civil::Date;
use rusqlite::{Connection, Params, params};

use super::row::{self, COLUMNS, Fields};
use super::write::{Tombstone, What};
use super::{Index, sql, tally};
use crate::error::StoreError;
use crate::event::{Event, EventId};
use crate::query::{Activity, ChangeKind, Changed, Changes, Evictable, MOST_DAYS, Span, Timeline, Totals};

/// What the one row of totals holds besides them.
pub(super) struct Facts {
    last_id: Option<EventId>,
    root: Option<String>,
    longest: Duration,
}

impl Index {
    /// The event, whole.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] if its row makes no sense; what the disk says.
    pub fn get(&self, id: EventId) -> Result<Option<Event>, StoreError> {
        self.read(|connection| get(connection, id))
    }

    /// The folder that an event lies in, `YYYY/MM/DD`: the day it was first stored under, whatever its time is now.
    ///
    /// # Errors
    /// What the disk says.
    pub fn folder(&self, id: EventId) -> Result<Option<String>, StoreError> {
        self.read(|connection| one(connection, sql::FOLDER, [id.to_string()], |mut fields| fields.text()))
    }

    /// How much there is of everything.
    ///
    /// # Errors
    /// What the disk says.
    pub fn totals(&self) -> Result<Totals, StoreError> {
        Ok(self.read(totals)?.0)
    }

    /// The largest id ever stored, of deleted events too.
    ///
    /// # Errors
    /// What the disk says.
    pub fn last_id(&self) -> Result<Option<EventId>, StoreError> {
        Ok(self.read(totals)?.1.last_id)
    }

    /// The data directory that this is the index of, if anybody has said so.
    ///
    /// # Errors
    /// What the disk says.
    pub fn root(&self) -> Result<Option<String>, StoreError> {
        Ok(self.read(totals)?.1.root)
    }

    /// Files that still have to go, those of ids behind `after`.
    ///
    /// # Errors
    /// What the disk says.
    pub fn tombstones(&self, after: Option<EventId>, limit: u32) -> Result<Vec<Tombstone>, StoreError> {
        self.read(|connection| {
            all(connection, sql::TOMBSTONES, params![text(after), limit], |mut fields| {
                let (id, day) = (fields.id()?, fields.text()?);
                let what = if fields.text()? == "clip" { What::Clip } else { What::Event };
                Ok(Tombstone { id, day, what })
            })
        })
    }

    /// Ids behind `after`, the smallest first.
    ///
    /// # Errors
    /// What the disk says.
    pub fn ids(&self, after: Option<EventId>, limit: u32) -> Result<Vec<EventId>, StoreError> {
        self.read(|connection| {
            all(connection, sql::IDS, params![text(after), limit], |mut fields| fields.id())
        })
    }

    /// Ids of the events in the folder of that day, the smallest first.
    ///
    /// # Errors
    /// What the disk says.
    pub fn names(&self, day: &str) -> Result<Vec<EventId>, StoreError> {
        self.read(|connection| all(connection, sql::NAMES, [day], |mut fields| fields.id()))
    }

    /// The first folder with events behind `after`, by name; `""` is before all of them.
    ///
    /// # Errors
    /// What the disk says.
    pub fn next_day(&self, after: &str) -> Result<Option<String>, StoreError> {
        self.read(|connection| one(connection, sql::NEXT_DAY, [after], |mut fields| fields.text()))
    }

    /// The event that was imported from the file with that hash.
    ///
    /// # Errors
    /// What the disk says.
    pub fn find_source(&self, sha256: &[u8; 32]) -> Result<Option<EventId>, StoreError> {
        self.read(|connection| one(connection, sql::SOURCE, params![sha256], |mut fields| fields.id()))
    }

    /// The event that had that id in the system it was imported from.
    ///
    /// # Errors
    /// What the disk says.
    pub fn find_source_id(&self, id: &str) -> Result<Option<EventId>, StoreError> {
        self.read(|connection| one(connection, sql::SOURCE_ID, [id], |mut fields| fields.id()))
    }

    /// Events whose clips may be taken, those worth least first; never a favourite.
    ///
    /// # Errors
    /// What the disk says.
    pub fn evictable_clips(&self, limit: u32) -> Result<Vec<Evictable>, StoreError> {
        self.read(|connection| all(connection, sql::EVICT_CLIPS, [limit], evictable))
    }

    /// Events without a clip that may be forgotten, those worth least first; never a favourite.
    ///
    /// # Errors
    /// What the disk says.
    pub fn evictable_rest(&self, limit: u32) -> Result<Vec<Evictable>, StoreError> {
        self.read(|connection| all(connection, sql::EVICT_REST, [limit], evictable))
    }

    /// Events that may be forgotten, those stored first first, behind the id `after`; never a favourite.
    ///
    /// # Errors
    /// What the disk says.
    pub fn evictable_oldest(&self, after: Option<EventId>, limit: u32) -> Result<Vec<Evictable>, StoreError> {
        self.read(|connection| all(connection, sql::EVICT_OLDEST, params![text(after), limit], evictable))
    }

    /// When something moved before which camera.
    ///
    /// # Errors
    /// [`StoreError::Invalid`] if the span is empty, or cut into too many bins; what the disk says.
    pub fn timeline(&self, span: &Span) -> Result<Timeline, StoreError> {
        let bins = tally::Bins::new(span)?;
        self.read(|connection| bins.fill(connection, span, totals(connection)?.1.longest))
    }

    /// How much happened on the `days` days up to and with `last`.
    ///
    /// # Errors
    /// [`StoreError::Invalid`] if there are none or more than [`MOST_DAYS`]; what the disk says.
    pub fn activity(&self, last: Date, days: u32) -> Result<Activity, StoreError> {
        if !(1..=MOST_DAYS).contains(&days) {
            return Err(StoreError::Invalid(format!("an activity has 1 to {MOST_DAYS} days")));
        }
        self.read(|connection| {
            let unseen = totals(connection)?.0.unseen;
            Ok(Activity { unseen, ..tally::activity(connection, last, days)? })
        })
    }

    /// Bytes of all events of the `days` days up to and with `last`.
    ///
    /// # Errors
    /// What the disk says.
    pub fn bytes_of_days(&self, last: Date, days: u32) -> Result<u64, StoreError> {
        let activity = self.read(|connection| tally::activity(connection, last, days))?;
        Ok(activity.days.iter().map(|day| day.bytes).sum())
    }

    /// At most `limit` changes behind the number `after`.
    ///
    /// # Errors
    /// What the disk says.
    pub fn changes_after(&self, after: u64, limit: u32) -> Result<Changes, StoreError> {
        self.read(|connection| changes_after(connection, after, limit))
    }
}

fn text(id: Option<EventId>) -> String {
    id.map(|id| id.to_string()).unwrap_or_default()
}

pub(super) fn all<T>(
    connection: &Connection,
    statement: &'static str,
    values: impl Params,
    read: impl Fn(Fields<'_, '_>) -> Result<T, StoreError>,
) -> Result<Vec<T>, StoreError> {
    let mut statement = connection.prepare_cached(statement)?;
    let mut rows = statement.query(values)?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push(read(Fields::new(row))?);
    }
    Ok(found)
}

fn one<T>(
    connection: &Connection,
    statement: &'static str,
    values: impl Params,
    read: impl Fn(Fields<'_, '_>) -> Result<T, StoreError>,
) -> Result<Option<T>, StoreError> {
    Ok(all(connection, statement, values, read)?.pop())
}

pub(super) fn get(connection: &Connection, id: EventId) -> Result<Option<Event>, StoreError> {
    let mut statement = connection.prepare_cached(sql::GET)?;
    let mut rows = statement.query([id.to_string()])?;
    let Some(row) = rows.next()? else { return Ok(None) };
    let (_, mut event) = row::event(row)?;
    let mut fields = Fields::new(row);
    fields.skip_to(COLUMNS);
    event.analysis = fields.analysis()?;
    Ok(Some(event))
}

pub(super) fn totals(connection: &Connection) -> Result<(Totals, Facts), StoreError> {
    let read = |mut fields: Fields<'_, '_>| {
        let totals = Totals {
            events: fields.number()?,
            favourites: fields.number()?,
            unseen: fields.number()?,
            clip_bytes: fields.number()?,
            picture_bytes: fields.number()?,
            favourite_bytes: fields.number()?,
            change: fields.number()?,
        };
        let longest = fields.duration()?;
        Ok((totals, Facts { last_id: fields.maybe_id()?, root: fields.maybe_text()?, longest }))
    };
    one(connection, sql::TOTALS, [], read)?
        .ok_or_else(|| StoreError::Corrupt("the index has no totals".to_owned()))
}

fn evictable(mut fields: Fields<'_, '_>) -> Result<Evictable, StoreError> {
    Ok(Evictable {
        id: fields.id()?,
        camera: fields.text()?,
        started: fields.time()?,
        clock_was_set: fields.flag()?,
        label: fields.text()?,
        by_person: fields.flag()?,
        novelty: fields.share()?,
        duration: fields.duration()?,
        uploaded: fields.flag()?,
        state: fields.state()?,
        clip_bytes: fields.number()?,
        picture_bytes: fields.number()?,
    })
}

fn changes_after(connection: &Connection, after: u64, limit: u32) -> Result<Changes, StoreError> {
    let after = row::count(after);
    let ends = |mut fields: Fields<'_, '_>| Ok((fields.int()?, fields.int()?));
    let (oldest, newest) = one(connection, sql::OLDEST_CHANGE, [], ends)?.unwrap_or_default();
    let mut found = Changes {
        gap: after > newest || after + 1 < oldest,
        newest: newest.unsigned_abs(),
        ..Changes::default()
    };
    let mut statement = connection.prepare_cached(sql::CHANGES)?;
    let mut rows = statement.query(params![after, limit])?;
    while let Some(row) = rows.next()? {
        let mut fields = Fields::new(row);
        fields.skip_to(COLUMNS);
        let (change, kind, id) = (fields.number()?, fields.text()?, fields.id()?);
        let kind = match kind.as_str() {
            "ended" => ChangeKind::Ended,
            "updated" => ChangeKind::Updated,
            _ => ChangeKind::Deleted,
        };
        let is_there = row.get::<_, Option<i64>>(0)?.is_some();
        let event = if is_there { row::sound(row)?.map(|(_, event)| event) } else { None };
        found.changes.push(Changed { change, kind, id, event });
    }
    Ok(found)
}
