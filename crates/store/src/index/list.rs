//! The list: which index leads to a page, and how far a page looks.

use rusqlite::{Connection, params};

use super::row::{self, nanos};
use super::sql::{self, Way};
use super::{Index, read};
use crate::error::StoreError;
use crate::event::Origin;
use crate::query::{Cursor, MOST_A_PAGE, Order, Page, Query};

mod words;

use words::{Common, Words};

/// Entries of an index that a page may look at: what is rare and has no index of its own takes several pages, and
/// each of them is quick. Few in tests, so that pages end early there.
const STEPS: u32 = if cfg!(test) { 7 } else { 20_000 };

/// The same for hits of a word: each is looked up.
const TEXT_STEPS: u32 = if cfg!(test) { 5 } else { 1_000 };

/// Where [`sql::LONG`] begins.
const LONG_NS: i64 = 30_000_000_000;

impl Index {
    /// A page of the events that are asked for, in at most three statements.
    ///
    /// # Errors
    /// [`StoreError::Invalid`] if the question makes no sense; what the disk says.
    pub fn list(&self, query: &Query) -> Result<Page, StoreError> {
        let asked = Asked::new(query)?;
        if asked.low >= asked.high || asked.words.as_ref().is_some_and(Words::is_empty) {
            return Ok(Page::default());
        }
        self.read(|connection| page(connection, query, asked))
    }
}

/// The values of the statements.
struct Asked {
    origin: Option<&'static str>,
    min_ns: Option<i64>,
    /// Places from and to before which is looked.
    low: i64,
    high: i64,
    from_ns: Option<i64>,
    to_ns: Option<i64>,
    words: Option<Words>,
}

fn invalid(what: impl Into<String>) -> StoreError {
    StoreError::Invalid(what.into())
}

impl Asked {
    fn new(query: &Query) -> Result<Self, StoreError> {
        if !(1..=MOST_A_PAGE).contains(&query.limit) {
            return Err(invalid(format!("a page holds 1 to {MOST_A_PAGE} events")));
        }
        let ns = |time: jiff::Timestamp| {
            i64::try_from(time.as_nanosecond()).unwrap_or(if time.as_second() < 0 {
                i64::MIN
            } else {
                i64::MAX
            })
        };
        let place = |ns: i64| ns.div_euclid(1_000_000).saturating_mul(1 << 20);
        let (from_ns, to_ns) = (query.from.map(ns), query.to.map(ns));
        let mut low = from_ns.map_or(i64::MIN, place);
        // The millisecond of `to` itself is looked at: what lies in it is told apart by its nanoseconds.
        let mut high = to_ns.map_or(i64::MAX, |ns| place(ns).saturating_add(1 << 20));
        if let Some(cursor) = query.cursor {
            let place = cursor.place(query).map_err(|error| invalid(error.to_string()))?;
            match query.order {
                Order::Newest => high = high.min(place),
                Order::Oldest => low = low.max(place.saturating_add(1)),
            }
        }
        let words =
            query.text.as_deref().filter(|text| !text.trim().is_empty()).map(Words::new).transpose()?;
        let origin = query.origin.map(row::origin_word);
        Ok(Self { origin, min_ns: query.min_length.map(nanos), low, high, from_ns, to_ns, words })
    }
}

/// The way that is likely to meet few rows in vain, and whether it may meet any.
fn way(connection: &Connection, query: &Query, asked: &Asked) -> Result<(Way, bool), StoreError> {
    let Query { camera, label, favourite, seen, origin, min_length, .. } = query;
    let filters = [
        camera.is_some(),
        label.is_some(),
        favourite.is_some(),
        seen.is_some(),
        origin.is_some(),
        min_length.is_some(),
    ];
    let filters = filters.iter().filter(|is_set| **is_set).count();
    let is_long = asked.min_ns.is_some_and(|ns| ns >= LONG_NS);
    // Those of one filter that the index itself answers.
    let (way, answers) = match (camera, label) {
        _ if asked.words.is_some() => (sql::TEXT, 0),
        _ if *favourite == Some(true) => (sql::FAVOURITE, 1),
        _ if *origin == Some(Origin::Manual) => (sql::MANUAL, 1),
        _ if *seen == Some(false) && filters > 1 && few_unseen(connection)? => (sql::UNSEEN, 1),
        (Some(_), Some(_)) => (sql::CAMERA_LABEL, 2),
        (None, Some(_)) => (sql::LABEL, 1),
        (Some(_), None) => (sql::CAMERA, 1),
        _ if *seen == Some(false) => (sql::UNSEEN, 1),
        _ if is_long => (sql::LONG, 0),
        _ if filters == 0 => (sql::PLAIN, 0),
        _ => (sql::WALK, 0),
    };
    Ok((way, filters > answers))
}

/// So few that all of them can be looked at.
fn few_unseen(connection: &Connection) -> Result<bool, StoreError> {
    Ok(read::totals(connection)?.0.unseen <= u64::from(STEPS))
}

fn page(connection: &Connection, query: &Query, mut asked: Asked) -> Result<Page, StoreError> {
    let order = match query.order {
        Order::Newest => 0,
        Order::Oldest => 1,
    };
    let common =
        asked.words.as_ref().map(|words| words.common(connection, query.order, &asked)).transpose()?;
    let (way, look_for, reached) = match common.flatten() {
        Some(Common { places, reached }) => (sql::WORDS_OFTEN, Some(places), reached),
        None => {
            let (way, may_miss) = way(connection, query, &asked)?;
            let is_one = asked.words.as_ref().is_none_or(Words::is_one);
            let reach = || reach(connection, way.reach[order], query, &asked);
            let reached = if may_miss && is_one { reach()? } else { None };
            (way, asked.words.as_ref().map(Words::all), reached)
        }
    };
    if let Some(place) = reached {
        match query.order {
            Order::Newest => asked.low = asked.low.max(place),
            Order::Oldest => asked.high = asked.high.min(place.saturating_add(1)),
        }
    }
    // One more than wanted tells whether the list goes on.
    let limit = query.limit + 1;
    let mut statement = connection.prepare_cached(way.page[order])?;
    let mut rows = statement.query(params![
        query.camera,
        query.label,
        query.favourite,
        query.seen,
        asked.origin,
        asked.min_ns,
        asked.low,
        asked.high,
        asked.from_ns,
        asked.to_ns,
        look_for,
        limit,
    ])?;
    let mut page = Page::default();
    let (mut met, mut last) = (0, None);
    while let Some(row) = rows.next()? {
        met += 1;
        if met == limit {
            page.next = last.map(|place| Cursor::new(query, place));
            return Ok(page);
        }
        last = Some(row.get(0)?);
        match row::sound(row)? {
            Some((_, event)) => page.events.push(event),
            None => page.skipped += 1,
        }
    }
    page.next = reached.map(|place| Cursor::new(query, place));
    Ok(page)
}

/// The place behind as many entries as a page may look at; `None` if there are not so many.
fn reach(
    connection: &Connection,
    statement: &'static str,
    query: &Query,
    asked: &Asked,
) -> Result<Option<i64>, StoreError> {
    let steps = if asked.words.is_some() { TEXT_STEPS } else { STEPS };
    let mut statement = connection.prepare_cached(statement)?;
    let none: Option<i64> = None;
    let mut rows = statement.query(params![
        query.camera,
        query.label,
        none,
        none,
        none,
        none,
        asked.low,
        asked.high,
        none,
        none,
        asked.words.as_ref().map(Words::all),
        steps,
    ])?;
    Ok(rows.next()?.map(|row| row.get(0)).transpose()?)
}
