//! Searching for words.
//!
//! One word is its own index, and so are several if one of them is rare. What is left is several words that are
//! each met often: two cameras' names are in half of a million rows each and never in one. There the hits of each
//! are taken up to a place, and what they have in common is looked up. So they are where all hits are few.

use rusqlite::{Connection, params};

use super::{Asked, invalid};
use crate::error::StoreError;
use crate::index::sql;
use crate::query::{MOST_TEXT, Order};

/// A word with fewer hits than this is rare. Few in tests, so that all ways are taken there.
const RARE: u32 = if cfg!(test) { 3 } else { 300 };

/// Hits of the word that is met most often that one page may look at.
const HITS: u32 = if cfg!(test) { 9 } else { 8_000 };

/// Rows that one page may look up.
const ROWS: usize = if cfg!(test) { 5 } else { 500 };

/// More words than these are left to the search: that each of them is met often is not likely.
const FEW: usize = 4;

/// What SQLite is to look for: each word in quotes, so that none is an operator.
pub(super) struct Words(Vec<String>);

/// What words that are all met often have in common.
pub(super) struct Common {
    /// The places, as a list in JSON.
    pub(super) places: String,
    /// How far was looked; `None` if that was all.
    pub(super) reached: Option<i64>,
}

impl Words {
    pub(super) fn new(text: &str) -> Result<Self, StoreError> {
        if text.chars().count() > MOST_TEXT {
            return Err(invalid(format!("a text to search for has at most {MOST_TEXT} characters")));
        }
        let words = text.split(|c: char| c.is_whitespace() || c.is_control());
        let words = words.filter(|word| word.chars().any(char::is_alphanumeric));
        Ok(Self(words.map(|word| format!("\"{}\"", word.replace('"', "\"\""))).collect()))
    }

    /// There is a text, and no word in it.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What the search itself finds one by one.
    pub(super) fn is_one(&self) -> bool {
        self.0.len() == 1
    }

    /// Rows that hold all of them.
    pub(super) fn all(&self) -> String {
        self.0.join(" ")
    }

    /// What a page may look at, if each of several words is met often.
    pub(super) fn common(
        &self,
        connection: &Connection,
        order: Order,
        asked: &Asked,
    ) -> Result<Option<Common>, StoreError> {
        if !(2..=FEW).contains(&self.0.len()) {
            return Ok(None);
        }
        let words = serde_json::to_string(&self.0).unwrap_or_else(|_| "[]".to_owned());
        let (low, high) = (asked.low, asked.high);
        let reach = match order {
            Order::Newest => sql::WORDS_OFTEN.reach[0],
            Order::Oldest => sql::WORDS_OFTEN.reach[1],
        };
        let none: Option<i64> = None;
        let values = params![RARE, none, none, none, none, none, low, high, none, none, words, HITS];
        let (place, are_often): (i64, bool) =
            connection.prepare_cached(reach)?.query_row(values, |row| Ok((row.get(0)?, row.get(1)?)))?;
        let (low, high, is_all) = match order {
            Order::Newest => (place, high, place == low),
            Order::Oldest => (low, place.saturating_add(1), place >= high - 1),
        };
        // Nor does the search by itself stop at the end of a short span.
        if !are_often && !is_all {
            return Ok(None);
        }
        let mut places = in_all(connection, &words, self.0.len(), low, high)?;
        if order == Order::Newest {
            places.reverse();
        }
        let is_more = places.len() > ROWS;
        places.truncate(ROWS);
        let last = places.last().copied().filter(|_| is_more);
        let reached = last.or(if is_all { None } else { Some(place) });
        Ok(Some(Common {
            places: serde_json::to_string(&places).unwrap_or_else(|_| "[]".to_owned()),
            reached,
        }))
    }
}

/// The places between the two at which all of the words are, the smallest first.
fn in_all(
    connection: &Connection,
    words: &str,
    count: usize,
    low: i64,
    high: i64,
) -> Result<Vec<i64>, StoreError> {
    let mut hits = vec![Vec::new(); count];
    let mut statement = connection.prepare_cached(sql::HITS)?;
    let mut rows = statement.query(params![words, low, high])?;
    while let Some(row) = rows.next()? {
        if let Some(hits) = hits.get_mut(usize::from(row.get::<_, u16>(0)?)) {
            hits.push(row.get(1)?);
        }
    }
    hits.iter_mut().for_each(|hits| hits.sort_unstable());
    hits.sort_unstable_by_key(Vec::len);
    let mut hits = hits.into_iter();
    let mut common: Vec<i64> = hits.next().unwrap_or_default();
    for others in hits {
        common.retain(|place| others.binary_search(place).is_ok());
    }
    Ok(common)
}
