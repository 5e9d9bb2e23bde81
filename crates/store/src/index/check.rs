//! Whether the index agrees with itself: what it counts, what it finds by words, and the file.

use rusqlite::Connection;

use super::Index;
use crate::error::StoreError;

/// Each says how many rows are wrong, and reads everything there is.
const RULES: &[(&str, &str)] = &[
    (
        "totals that are not those of the events",
        "SELECT count(*) FROM totals AS t WHERE (t.events, t.favourites, t.unseen, t.clip_bytes, t.picture_bytes, \
         t.favourite_bytes) IS NOT (SELECT count(*), total(favourite), total(1 - seen), total(clip_bytes), \
         total(picture_bytes), total(favourite * (ifnull(clip_bytes, 0) + picture_bytes)) FROM events)",
    ),
    (
        "tallies that are not those of the events",
        "SELECT count(*) FROM (SELECT day, camera, label, visits, bytes, h0 + h1 + h2 + h3 + h4 + h5 + h6 + h7 + h8 \
         + h9 + h10 + h11 + h12 + h13 + h14 + h15 + h16 + h17 + h18 + h19 + h20 + h21 + h22 + h23 AS hours \
         FROM tallies EXCEPT SELECT local_day, camera, label, count(*), \
         sum(ifnull(clip_bytes, 0) + picture_bytes), count(*) FROM events GROUP BY local_day, camera, label)",
    ),
    (
        "days with events and without a tally",
        "SELECT count(*) FROM (SELECT local_day, camera, label FROM events EXCEPT \
         SELECT day, camera, label FROM tallies)",
    ),
    (
        "events that are not where their time says",
        "SELECT count(*) FROM events WHERE pos >> 20 <> started_ns / 1000000 - (started_ns % 1000000 < 0) \
         OR local_day * 24 + local_hour <> (started_ns / 1000000000 - (started_ns % 1000000000 < 0) + utc_offset + \
         7200000000000) / 3600 - 2000000000",
    ),
    (
        "events that are not looked through for words",
        "SELECT abs((SELECT count(*) FROM events) - (SELECT count(*) FROM search_docsize))",
    ),
    (
        "numbers of events that are gone",
        "SELECT count(*) FROM details WHERE pos NOT IN (SELECT pos FROM events)",
    ),
    (
        "tombstones of events that are there",
        "SELECT count(*) FROM tombstones JOIN events USING (id) WHERE what = 'event'",
    ),
    (
        "clips that were buried and are there",
        "SELECT count(*) FROM tombstones JOIN events USING (id) WHERE what = 'clip' AND clip_bytes IS NOT NULL",
    ),
    (
        "errands of events that are gone",
        "SELECT count(*) FROM outbox WHERE id NOT IN (SELECT id FROM events)",
    ),
    (
        "errands to remotes that there are not",
        "SELECT count(*) FROM outbox WHERE remote NOT IN (SELECT n FROM remotes)",
    ),
    (
        "events that a remote is not owed",
        "SELECT count(*) FROM remotes AS r JOIN events AS e WHERE r.gone = 0 AND r.filled_to IS NULL \
         AND NOT EXISTS (SELECT 1 FROM outbox AS o WHERE o.id = e.id AND o.remote = r.n)",
    ),
    (
        "remotes whose counts are not those of their errands",
        "SELECT count(*) FROM remotes AS r WHERE (r.pictures, r.clips, r.bytes, r.failed, r.done) IS NOT \
         (SELECT total(state = 'owed' AND stage = 'pictures'), total(state = 'owed' AND stage = 'clip'), \
         total(bytes * (state = 'owed')), total(state = 'failed'), total(state = 'done') \
         FROM outbox WHERE remote = r.n)",
    ),
    (
        "errands that are to be sent later and are not owed",
        "SELECT count(*) FROM outbox WHERE due_ms IS NOT NULL AND state <> 'owed'",
    ),
    (
        "events of which it is not true whether they are uploaded",
        "SELECT count(*) FROM events AS e WHERE uploaded <> (EXISTS (SELECT 1 FROM outbox AS o WHERE o.id = e.id) \
         AND NOT EXISTS (SELECT 1 FROM outbox AS o WHERE o.id = e.id AND o.state <> 'done'))",
    ),
    (
        "events of which it is not true whether every remote has their clip",
        "SELECT count(*) FROM events AS e WHERE EXISTS (SELECT 1 FROM proven AS p WHERE p.id = e.id) <> \
         (e.favourite = 0 AND e.clip_sha256 IS NOT NULL AND e.uploaded = 1 AND NOT EXISTS \
         (SELECT 1 FROM outbox AS o WHERE o.id = e.id AND o.sha256 IS NOT e.clip_sha256))",
    ),
    (
        "changes that have not happened yet",
        "SELECT count(*) FROM changes WHERE change > (SELECT change FROM totals)",
    ),
];

impl Index {
    /// What is wrong, in words; empty if nothing is. Reads all of it, seconds for a million events.
    ///
    /// # Errors
    /// What the disk says.
    pub fn check(&self) -> Result<Vec<String>, StoreError> {
        // By the one connection that may write: checking the words counts as writing.
        let writer = self.writer();
        let mut wrong = whole(&writer)?;
        for (what, rule) in RULES {
            let rows: i64 = writer.query_row(rule, [], |row| row.get(0))?;
            if rows != 0 {
                wrong.push(format!("the index has {rows} {what}"));
            }
        }
        Ok(wrong)
    }
}

fn whole(connection: &Connection) -> Result<Vec<String>, StoreError> {
    let mut statement = connection.prepare("PRAGMA integrity_check(10)")?;
    let mut rows = statement.query([])?;
    let mut wrong = Vec::new();
    while let Some(row) = rows.next()? {
        let found: String = row.get(0)?;
        if found != "ok" {
            wrong.push(format!("the index: {found}"));
        }
    }
    Ok(wrong)
}
