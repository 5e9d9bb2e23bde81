//! What changes the index. Each call is one transaction: all of it, or nothing.

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::Timestamp;
use rusqlite::{Transaction, params};

use super::row::{self, Fields, count, finite, nanos};
use super::worth::worth;
use super::{Index, sql};
use crate::error::StoreError;
use crate::event::{Event, EventId};
use crate::query::{Change, LABELS, MOST_NOTE};

/// What became of an insert.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Inserted {
    /// The number of the latest change.
    pub change: u64,
    /// There was no event of this id, nor one whose files are still to be deleted; else nothing was changed.
    pub is_new: bool,
}

/// Files that have to go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tombstone {
    /// Of this event.
    pub id: EventId,
    /// Its folder, `YYYY/MM/DD`.
    pub day: String,
    /// All of them, or the clip alone.
    pub what: What,
}

/// Which files of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum What {
    /// All of them.
    Event,
    /// The clip.
    Clip,
}

impl Index {
    /// Adds the event whose files lie in the folder of `day`, `YYYY/MM/DD`. Doing it twice is doing it once.
    ///
    /// # Errors
    /// [`StoreError::Invalid`] if its label is none of [`LABELS`] or its time lies outside of 1692 to 2262; what
    /// the disk says.
    pub fn insert(&self, event: &Event, day: &str) -> Result<Inserted, StoreError> {
        self.write(|transaction| {
            let is_new = insert(transaction, event, day)?;
            let change =
                transaction.prepare_cached(sql::CHANGE)?.query_row([], |row| row.get::<_, i64>(0))?;
            Ok(Inserted { change: change.unsigned_abs(), is_new })
        })
    }

    /// Adds all of the events with their folders, or none; how many were not there before. A hundred at once cost
    /// little more on disk than one.
    ///
    /// # Errors
    /// As [`Index::insert`].
    pub fn insert_all<'a>(
        &self,
        events: impl IntoIterator<Item = (&'a Event, &'a str)>,
    ) -> Result<u64, StoreError> {
        self.write(|transaction| {
            let mut new = 0;
            for (event, day) in events {
                new += u64::from(insert(transaction, event, day)?);
            }
            Ok(new)
        })
    }

    /// Puts the event in the place of the one with its id; the folder stays.
    ///
    /// # Errors
    /// [`StoreError::NoSuchEvents`]; as [`Index::insert`].
    pub fn replace(&self, event: &Event) -> Result<(), StoreError> {
        self.write(|transaction| {
            if put(transaction, sql::REPLACE, event, "")? == 0 {
                return Err(StoreError::NoSuchEvents(vec![event.id]));
            }
            put_details(transaction, event)
        })
    }

    /// A person's words; the event as it is then, or `None` if there is none.
    ///
    /// # Errors
    /// [`StoreError::Invalid`] if the label is none of [`LABELS`] or the note too long; what the disk says.
    pub fn change(&self, id: EventId, change: &Change) -> Result<Option<Event>, StoreError> {
        check(change)?;
        self.write(|transaction| {
            let Some(before) = super::read::get(transaction, id)? else { return Ok(None) };
            let event = changed(before.clone(), change);
            if event != before {
                let verdict = &event.verdict;
                transaction.prepare_cached(sql::WORDS)?.execute(params![
                    id.to_string(),
                    verdict.label,
                    finite(verdict.confidence),
                    row::alternatives(&verdict.alternatives),
                    verdict.by_person,
                    event.favourite,
                    event.note,
                    event.seen,
                    worth(&event),
                ])?;
            }
            Ok(Some(event))
        })
    }

    /// Moves all of the events to the tombstones, or none: their files may be deleted then.
    ///
    /// # Errors
    /// [`StoreError::NoSuchEvents`] with those that are not there; what the disk says.
    pub fn tombstone(&self, ids: &[EventId]) -> Result<Vec<Tombstone>, StoreError> {
        let list = json(ids);
        self.write(|transaction| {
            let buried = tombstones(transaction, sql::ENTOMB, &list, What::Event)?;
            let there: BTreeSet<EventId> = buried.iter().map(|stone| stone.id).collect();
            let unknown: Vec<EventId> = ids.iter().copied().filter(|id| !there.contains(id)).collect();
            if !unknown.is_empty() {
                return Err(StoreError::NoSuchEvents(unknown));
            }
            transaction.prepare_cached(sql::DELETE)?.execute([&list])?;
            Ok(buried)
        })
    }

    /// Takes the clips of all these events, or of none; those that have none stay as they are and are not in the
    /// answer.
    ///
    /// # Errors
    /// As [`Index::tombstone`].
    pub fn degrade(&self, ids: &[EventId]) -> Result<Vec<Tombstone>, StoreError> {
        let ids = json(ids);
        self.write(|transaction| {
            all_there(transaction, &ids)?;
            let buried = tombstones(transaction, sql::ENTOMB_CLIPS, &ids, What::Clip)?;
            transaction.prepare_cached(sql::DEGRADE)?.execute([&ids])?;
            Ok(buried)
        })
    }

    /// Forgets tombstones: their files are gone.
    ///
    /// # Errors
    /// What the disk says.
    pub fn bury(&self, ids: &[EventId]) -> Result<(), StoreError> {
        self.write(|transaction| {
            transaction.prepare_cached(sql::BURY)?.execute([json(ids)])?;
            Ok(())
        })
    }

    /// Deletes rows whose files were found to be gone. No tombstone is left; ids that are not there do no harm.
    ///
    /// # Errors
    /// What the disk says.
    pub fn forget(&self, ids: &[EventId]) -> Result<u64, StoreError> {
        self.write(|transaction| Ok(transaction.prepare_cached(sql::DELETE)?.execute([json(ids)])? as u64))
    }

    /// Remembers the data directory that this is the index of.
    ///
    /// # Errors
    /// What the disk says.
    pub fn set_root(&self, root: &str) -> Result<(), StoreError> {
        self.write(|transaction| {
            transaction.prepare_cached(sql::SET_ROOT)?.execute([root])?;
            Ok(())
        })
    }

    /// Moves the events of that boot which were stamped before the clock was set; their folders stay. `when` gives the
    /// right time of one that is said to have started then, so long after the boot. Gives those that were moved.
    ///
    /// # Errors
    /// [`StoreError::Invalid`] if one would start outside of 1692 to 2262; what the disk says.
    pub fn restamp(
        &self,
        boot: &str,
        when: impl Fn(Timestamp, Duration) -> Option<Timestamp>,
    ) -> Result<Vec<EventId>, StoreError> {
        if !self.read(|connection| Ok(connection.prepare_cached(sql::UNSET)?.exists([boot])?))? {
            return Ok(Vec::new());
        }
        self.write(|transaction| {
            let mut unset = Vec::new();
            let mut statement = transaction.prepare_cached(sql::UNSET)?;
            let mut rows = statement.query([boot])?;
            while let Some(row) = rows.next()? {
                let mut fields = Fields::new(row);
                unset.push((fields.id()?, fields.time()?, fields.number::<i32>()?, fields.duration()?));
            }
            let mut restamp = transaction.prepare_cached(sql::RESTAMP)?;
            for (id, started, utc_offset, mono) in &unset {
                let started = when(*started, *mono).ok_or_else(outside)?;
                let when = When::new(started, *utc_offset)?;
                restamp.execute(params![when.ms, id.to_string(), when.ns, when.day, when.hour])?;
            }
            Ok(unset.into_iter().map(|(id, ..)| id).collect())
        })
    }
}

/// When an event started, in the numbers a row holds.
struct When {
    ns: i64,
    ms: i64,
    /// Since 1970, local.
    day: i64,
    /// 0 to 23, local.
    hour: i64,
}

fn outside() -> StoreError {
    StoreError::Invalid("an event starts between the years 1692 and 2247".to_owned())
}

impl When {
    fn new(started: Timestamp, utc_offset: i32) -> Result<Self, StoreError> {
        let ns = i64::try_from(started.as_nanosecond()).map_err(|_| outside())?;
        let ms = ns.div_euclid(1_000_000);
        // A place is 2^20 times as much.
        ms.checked_mul(1 << 20).ok_or_else(outside)?;
        let hours = (ns.div_euclid(1_000_000_000) + i64::from(utc_offset)).div_euclid(3600);
        Ok(Self { ns, ms, day: hours.div_euclid(24), hour: hours.rem_euclid(24) })
    }
}

/// Whether it was not there before.
pub(super) fn insert(transaction: &Transaction<'_>, event: &Event, day: &str) -> Result<bool, StoreError> {
    let is_new = put(transaction, sql::INSERT, event, day)? > 0;
    if is_new && event.analysis.is_some() {
        put_details(transaction, event)?;
    }
    Ok(is_new)
}

/// Runs INSERT or REPLACE, which take the same values; how many rows it changed.
fn put(
    transaction: &Transaction<'_>,
    statement: &'static str,
    event: &Event,
    day: &str,
) -> Result<usize, StoreError> {
    if !LABELS.contains(&event.verdict.label.as_str()) {
        return Err(StoreError::Invalid(format!("{:?} is no label", event.verdict.label)));
    }
    let when = When::new(event.started, event.utc_offset)?;
    let (verdict, clip, pictures) = (&event.verdict, event.clip.as_ref(), &event.pictures);
    let changed = transaction.prepare_cached(statement)?.execute(params![
        when.ms,
        event.id.to_string(),
        day,
        when.day,
        when.hour,
        worth(event),
        event.camera,
        row::origin_word(event.origin),
        row::state_word(event.state),
        when.ns,
        event.utc_offset,
        nanos(event.duration),
        nanos(event.lead),
        event.boot,
        nanos(event.mono),
        event.clock_was_set,
        event.part,
        event.part_of.map(|id| id.to_string()),
        verdict.label,
        finite(verdict.confidence),
        row::alternatives(&verdict.alternatives),
        verdict.direction,
        verdict.by_person,
        event.sentence,
        event.size.width,
        event.size.height,
        count(event.frames),
        count(event.missing),
        row::regions(&event.regions),
        row::trail(&event.trail),
        clip.map(|clip| count(clip.bytes)),
        clip.map(|clip| clip.sha256),
        clip.map(|clip| row::codec_word(clip.codec)),
        clip.is_some_and(|clip| clip.degraded),
        pictures.poster,
        pictures.thumb,
        pictures.trail,
        pictures.thumbnails,
        count(pictures.bytes),
        finite(event.novelty),
        event.favourite,
        event.note,
        event.seen,
        event.source_sha256,
        event.source_id,
    ])?;
    Ok(changed)
}

fn put_details(transaction: &Transaction<'_>, event: &Event) -> Result<(), StoreError> {
    let id = event.id.to_string();
    match &event.analysis {
        Some(analysis) => {
            let (numbers, histogram) = row::details(analysis);
            let values = params![id, numbers, histogram, analysis.signature_hash];
            transaction.prepare_cached(sql::PUT_DETAILS)?.execute(values)?;
        }
        None => {
            transaction.prepare_cached(sql::DROP_DETAILS)?.execute([id])?;
        }
    }
    Ok(())
}

fn check(change: &Change) -> Result<(), StoreError> {
    if let Some(label) = change.label.as_deref().filter(|label| !LABELS.contains(label)) {
        return Err(StoreError::Invalid(format!("{label:?} is no label: {}", LABELS.join(", "))));
    }
    let is_too_long = change.note.as_ref().is_some_and(|note| note.chars().count() > MOST_NOTE);
    if is_too_long {
        return Err(StoreError::Invalid(format!("a note has at most {MOST_NOTE} characters")));
    }
    Ok(())
}

/// The event with the person's words. What the detector had said becomes the likeliest alternative.
fn changed(mut event: Event, change: &Change) -> Event {
    if let Some(label) = &change.label {
        let verdict = &mut event.verdict;
        verdict.alternatives.retain(|(other, _)| other != label);
        if !verdict.by_person && verdict.label != *label {
            verdict.alternatives.insert(0, (verdict.label.clone(), verdict.confidence));
        }
        verdict.label.clone_from(label);
        verdict.confidence = 1.0;
        verdict.by_person = true;
    }
    event.favourite = change.favourite.unwrap_or(event.favourite);
    event.seen = change.seen.unwrap_or(event.seen);
    if let Some(note) = &change.note {
        event.note.clone_from(note);
    }
    event
}

/// One value for a statement, however many ids there are.
fn json(ids: &[EventId]) -> String {
    let mut text = String::with_capacity(2 + ids.len() * 29);
    for id in ids {
        text.push(if text.is_empty() { '[' } else { ',' });
        text.push('"');
        text.push_str(&id.to_string());
        text.push('"');
    }
    if text.is_empty() { "[]".to_owned() } else { text + "]" }
}

fn all_there(transaction: &Transaction<'_>, ids: &str) -> Result<(), StoreError> {
    let mut statement = transaction.prepare_cached(sql::UNKNOWN)?;
    let mut rows = statement.query([ids])?;
    let mut unknown = Vec::new();
    while let Some(row) = rows.next()? {
        unknown.push(Fields::new(row).id()?);
    }
    if unknown.is_empty() { Ok(()) } else { Err(StoreError::NoSuchEvents(unknown)) }
}

fn tombstones(
    transaction: &Transaction<'_>,
    statement: &'static str,
    ids: &str,
    what: What,
) -> Result<Vec<Tombstone>, StoreError> {
    let mut statement = transaction.prepare_cached(statement)?;
    let mut rows = statement.query([ids])?;
    let mut made = Vec::new();
    while let Some(row) = rows.next()? {
        let mut fields = Fields::new(row);
        made.push(Tombstone { id: fields.id()?, day: fields.text()?, what });
    }
    Ok(made)
}
