//! Every statement there is. None is put together at run time; which one is asked follows from enums.

/// Declares statements, and a list of all of them for the test that none scans.
macro_rules! statements {
    ($($(#[$doc:meta])* $name:ident = $sql:expr;)*) => {
        $($(#[$doc])* pub(super) const $name: &str = $sql;)*
        #[cfg(test)]
        pub(super) const ALL: &[(&str, &str)] = &[$((stringify!($name), $name)),*];
    };
}

/// What [`row::event`](super::row::event) reads, in this order.
macro_rules! columns {
    () => {
        "e.pos, e.id, e.camera, e.origin, e.state, e.started_ns, e.utc_offset, e.duration_ns, e.lead_ns, e.boot, \
         e.mono_ns, e.clock_was_set, e.part, e.part_of, e.label, e.confidence, e.alternatives, e.direction, \
         e.by_person, e.sentence, e.width, e.height, e.frames, e.missing, e.regions, e.trail, e.clip_bytes, \
         e.clip_sha256, e.clip_codec, e.clip_degraded, e.poster, e.thumb, e.trail_picture, e.thumbnails, \
         e.picture_bytes, e.novelty, e.favourite, e.note, e.seen, e.source_sha256, e.source_id"
    };
}

macro_rules! whole {
    ($tail:literal) => {
        concat!(
            "SELECT ",
            columns!(),
            ", d.numbers, d.histogram, d.signature FROM events AS e LEFT JOIN details AS d USING (pos) ",
            $tail
        )
    };
}

/// The place for an event that starts in the millisecond `?1`: behind those of the same millisecond.
macro_rules! place {
    () => {
        "(SELECT ifnull(max(pos) + 1, ?1 << 20) FROM events WHERE pos >= ?1 << 20 AND pos < (?1 + 1) << 20)"
    };
}

macro_rules! evictable {
    ($tail:literal) => {
        concat!(
            "SELECT id, camera, started_ns, clock_was_set, label, by_person, novelty, duration_ns, uploaded, \
             state, ifnull(clip_bytes, 0), picture_bytes FROM events ",
            $tail
        )
    };
}

statements! {
    INSERT = concat!(
        "INSERT INTO events (pos, id, day, local_day, local_hour, worth, camera, origin, state, started_ns, \
         utc_offset, duration_ns, lead_ns, boot, mono_ns, clock_was_set, part, part_of, label, confidence, \
         alternatives, direction, by_person, sentence, width, height, frames, missing, regions, trail, \
         clip_bytes, clip_sha256, clip_codec, clip_degraded, poster, thumb, trail_picture, thumbnails, \
         picture_bytes, novelty, favourite, note, seen, source_sha256, source_id) SELECT ",
        place!(),
        ", ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22, ?23, \
         ?24, ?25, ?26, ?27, ?28, ?29, ?30, ?31, ?32, ?33, ?34, ?35, ?36, ?37, ?38, ?39, ?40, ?41, ?42, ?43, ?44, \
         ?45 WHERE NOT EXISTS (SELECT 1 FROM tombstones WHERE id = ?2) ON CONFLICT (id) DO NOTHING"
    );
    /// As INSERT; `?3`, the folder, stays what it was.
    REPLACE = concat!(
        "UPDATE events SET pos = CASE WHEN pos >= ?1 << 20 AND pos < (?1 + 1) << 20 THEN pos ELSE ",
        place!(),
        " END, local_day = ?4, local_hour = ?5, worth = ?6, camera = ?7, origin = ?8, state = ?9, \
         started_ns = ?10, utc_offset = ?11, duration_ns = ?12, lead_ns = ?13, boot = ?14, mono_ns = ?15, \
         clock_was_set = ?16, part = ?17, part_of = ?18, label = ?19, confidence = ?20, alternatives = ?21, \
         direction = ?22, by_person = ?23, sentence = ?24, width = ?25, height = ?26, frames = ?27, missing = ?28, \
         regions = ?29, trail = ?30, clip_bytes = ?31, clip_sha256 = ?32, clip_codec = ?33, clip_degraded = ?34, \
         poster = ?35, thumb = ?36, trail_picture = ?37, thumbnails = ?38, picture_bytes = ?39, novelty = ?40, \
         favourite = ?41, note = ?42, seen = ?43, source_sha256 = ?44, source_id = ?45 WHERE id = ?2"
    );
    PUT_DETAILS = "INSERT OR REPLACE INTO details SELECT pos, ?2, ?3, ?4 FROM events WHERE id = ?1";
    DROP_DETAILS = "DELETE FROM details WHERE pos = (SELECT pos FROM events WHERE id = ?1)";
    WORDS = "UPDATE events SET label = ?2, confidence = ?3, alternatives = ?4, by_person = ?5, favourite = ?6, \
             note = ?7, seen = ?8, worth = ?9 WHERE id = ?1";
    GET = whole!("WHERE e.id = ?1");
    FOLDER = "SELECT day FROM events WHERE id = ?1";
    CHANGE = "SELECT change FROM totals WHERE one = 1";
    TOTALS = "SELECT events, favourites, unseen, clip_bytes, picture_bytes, favourite_bytes, change, longest_ns, \
              last_id, root FROM totals WHERE one = 1";
    SET_ROOT = "UPDATE totals SET root = ?1 WHERE one = 1";

    UNKNOWN = "SELECT value FROM json_each(?1) WHERE NOT EXISTS (SELECT 1 FROM events WHERE id = value)";
    ENTOMB = "INSERT OR REPLACE INTO tombstones \
              SELECT id, day, 'event' FROM events WHERE id IN (SELECT value FROM json_each(?1)) \
              RETURNING id, day";
    DELETE = "DELETE FROM events WHERE id IN (SELECT value FROM json_each(?1))";
    ENTOMB_CLIPS = "INSERT OR IGNORE INTO tombstones SELECT id, day, 'clip' FROM events \
                    WHERE id IN (SELECT value FROM json_each(?1)) AND clip_bytes IS NOT NULL RETURNING id, day";
    DEGRADE = "UPDATE events SET state = 'pictures', clip_bytes = NULL, clip_sha256 = NULL, clip_codec = NULL, \
               clip_degraded = 0 WHERE id IN (SELECT value FROM json_each(?1)) AND clip_bytes IS NOT NULL";
    TOMBSTONES = "SELECT id, day, what FROM tombstones WHERE id > ?1 ORDER BY id LIMIT ?2";
    BURY = "DELETE FROM tombstones WHERE id IN (SELECT value FROM json_each(?1))";

    IDS = "SELECT id FROM events WHERE id > ?1 ORDER BY id LIMIT ?2";
    NAMES = "SELECT id FROM events WHERE day = ?1 ORDER BY id";
    NEXT_DAY = "SELECT day FROM events WHERE day > ?1 ORDER BY day LIMIT 1";
    SOURCE = "SELECT id FROM events WHERE source_sha256 = ?1 LIMIT 1";
    SOURCE_ID = "SELECT id FROM events WHERE source_id = ?1 LIMIT 1";
    /// `uploaded` is never below 0; it says where in the index to begin.
    EVICT_CLIPS = evictable!(
        "INDEXED BY events_clips WHERE uploaded >= 0 AND favourite = 0 AND clip_bytes IS NOT NULL \
         ORDER BY uploaded DESC, worth, id LIMIT ?1"
    );
    EVICT_REST = evictable!(
        "INDEXED BY events_rest WHERE uploaded >= 0 AND favourite = 0 AND clip_bytes IS NULL \
         ORDER BY uploaded DESC, worth, id LIMIT ?1"
    );
    EVICT_OLDEST = evictable!("INDEXED BY events_id WHERE id > ?1 AND favourite = 0 ORDER BY id LIMIT ?2");

    TIMELINE = "SELECT camera, pos, duration_ns, lead_ns FROM events INDEXED BY events_walk \
                WHERE pos >= ?1 AND pos < ?2 ORDER BY pos";
    TIMELINE_OF = "SELECT camera, pos, duration_ns, lead_ns FROM events INDEXED BY events_camera \
                   WHERE camera = ?3 AND pos >= ?1 AND pos < ?2 ORDER BY pos";
    ACTIVITY = "SELECT day, label, visits, bytes, h0, h1, h2, h3, h4, h5, h6, h7, h8, h9, h10, h11, h12, h13, h14, \
                h15, h16, h17, h18, h19, h20, h21, h22, h23 FROM tallies WHERE day >= ?1 AND day <= ?2";

    OLDEST_CHANGE = "SELECT ifnull(min(change), 0), (SELECT change FROM totals WHERE one = 1) FROM changes";
    CHANGES = concat!(
        "SELECT ",
        columns!(),
        ", c.change, c.kind, c.id FROM changes AS c LEFT JOIN events AS e ON e.id = c.id \
         WHERE c.change > ?1 ORDER BY c.change LIMIT ?2"
    );

    /// The hits of each word between two places, the smallest first.
    HITS = "SELECT json_each.key, search.rowid FROM json_each(?1) CROSS JOIN search \
            WHERE search MATCH json_each.value AND search.rowid >= ?2 AND search.rowid < ?3";
    UNSET = "SELECT id, started_ns, utc_offset, mono_ns FROM events WHERE boot = ?1 AND clock_was_set = 0 ORDER BY pos";
    RESTAMP = concat!(
        "UPDATE events SET pos = CASE WHEN pos >= ?1 << 20 AND pos < (?1 + 1) << 20 THEN pos ELSE ",
        place!(),
        " END, started_ns = ?3, local_day = ?4, local_hour = ?5, clock_was_set = 1 WHERE id = ?2"
    );
}

/// What is asked of every row, whichever index led to it. `?7` and `?8` are the places between which it lies.
macro_rules! asked {
    () => {
        "(?1 IS NULL OR e.camera = ?1) AND (?2 IS NULL OR e.label = ?2) AND (?3 IS NULL OR e.favourite = ?3) \
         AND (?4 IS NULL OR e.seen = ?4) AND (?5 IS NULL OR e.origin = ?5) AND (?6 IS NULL OR e.duration_ns >= ?6) \
         AND (?9 IS NULL OR e.started_ns >= ?9) AND (?10 IS NULL OR e.started_ns < ?10)"
    };
}

/// The statements of one way to a page: the page itself, and the place that is reached after `?12` steps.
macro_rules! way {
    ($from:literal, $steps:literal, $key:literal, $where:literal) => {
        Way {
            page: [way!(page $from, $key, $where, " DESC"), way!(page $from, $key, $where, " ASC")],
            reach: [way!(reach $steps, $key, $where, " DESC"), way!(reach $steps, $key, $where, " ASC")],
        }
    };
    (page $from:literal, $key:literal, $where:literal, $order:literal) => {
        concat!(
            "SELECT ", columns!(), " FROM ", $from, " WHERE ", $where, $key, " >= ?7 AND ", $key, " < ?8 AND ",
            asked!(), " ORDER BY ", $key, $order, " LIMIT ?12"
        )
    };
    (reach $steps:literal, $key:literal, $where:literal, $order:literal) => {
        concat!(
            "SELECT ", $key, " FROM ", $steps, " WHERE ", $where, $key, " >= ?7 AND ", $key, " < ?8 ORDER BY ",
            $key, $order, " LIMIT 1 OFFSET ?12"
        )
    };
}

/// One way to the rows of a page, newest first and oldest first.
#[derive(Debug, Clone, Copy)]
pub(super) struct Way {
    pub(super) page: [&'static str; 2],
    pub(super) reach: [&'static str; 2],
}

/// Through the rows themselves: nothing is asked but when.
pub(super) const PLAIN: Way = way!("events AS e NOT INDEXED", "events AS e NOT INDEXED", "e.pos", "");
pub(super) const WALK: Way =
    way!("events AS e INDEXED BY events_walk", "events AS e INDEXED BY events_walk", "e.pos", "");
pub(super) const CAMERA: Way = way!(
    "events AS e INDEXED BY events_camera",
    "events AS e INDEXED BY events_camera",
    "e.pos",
    "e.camera = ?1 AND "
);
pub(super) const LABEL: Way = way!(
    "events AS e INDEXED BY events_label",
    "events AS e INDEXED BY events_label",
    "e.pos",
    "e.label = ?2 AND "
);
pub(super) const CAMERA_LABEL: Way = way!(
    "events AS e INDEXED BY events_camera_label",
    "events AS e INDEXED BY events_camera_label",
    "e.pos",
    "e.camera = ?1 AND e.label = ?2 AND "
);
pub(super) const FAVOURITE: Way = way!(
    "events AS e INDEXED BY events_favourite",
    "events AS e INDEXED BY events_favourite",
    "e.pos",
    "e.favourite = 1 AND "
);
pub(super) const UNSEEN: Way = way!(
    "events AS e INDEXED BY events_unseen",
    "events AS e INDEXED BY events_unseen",
    "e.pos",
    "e.seen = 0 AND "
);
pub(super) const MANUAL: Way = way!(
    "events AS e INDEXED BY events_manual",
    "events AS e INDEXED BY events_manual",
    "e.pos",
    "e.origin = 'manual' AND "
);
pub(super) const LONG: Way = way!(
    "events AS e INDEXED BY events_long",
    "events AS e INDEXED BY events_long",
    "e.pos",
    "e.duration_ns >= 30000000000 AND "
);
/// What the filters ask about is in the index that is walked: a row is only read if it is wanted.
pub(super) const TEXT: Way = way!(
    "search CROSS JOIN events AS e INDEXED BY events_walk ON e.pos = search.rowid",
    "search",
    "search.rowid",
    "search MATCH ?11 AND "
);

/// The way to rows with several words each of which is met often, and all together perhaps never: the search by
/// itself would not stop before the end. `page` takes the places that were found as `?11`.
pub(super) const WORDS_OFTEN: Way = Way {
    page: [
        way!(page "events AS e", "e.pos", "e.pos IN (SELECT value FROM json_each(?11)) AND ", " DESC"),
        way!(page "events AS e", "e.pos", "e.pos IN (SELECT value FROM json_each(?11)) AND ", " ASC"),
    ],
    // The place after `?12` hits of the word that is met most often, and whether each has more than `?1` hits.
    reach: [
        "SELECT max(ifnull((SELECT rowid FROM search WHERE search MATCH value AND rowid >= ?7 AND rowid < ?8 \
         ORDER BY rowid DESC LIMIT 1 OFFSET ?12), ?7)), min((SELECT 1 FROM search WHERE search MATCH value \
         AND rowid >= ?7 AND rowid < ?8 ORDER BY rowid DESC LIMIT 1 OFFSET ?1) IS NOT NULL) FROM json_each(?11)",
        "SELECT min(ifnull((SELECT rowid FROM search WHERE search MATCH value AND rowid >= ?7 AND rowid < ?8 \
         ORDER BY rowid LIMIT 1 OFFSET ?12), ?8 - 1)), min((SELECT 1 FROM search WHERE search MATCH value \
         AND rowid >= ?7 AND rowid < ?8 ORDER BY rowid LIMIT 1 OFFSET ?1) IS NOT NULL) FROM json_each(?11)",
    ],
};

/// For the test that none scans.
#[cfg(test)]
pub(super) const WAYS: &[(&str, Way)] = &[
    ("PLAIN", PLAIN),
    ("WALK", WALK),
    ("CAMERA", CAMERA),
    ("LABEL", LABEL),
    ("CAMERA_LABEL", CAMERA_LABEL),
    ("FAVOURITE", FAVOURITE),
    ("UNSEEN", UNSEEN),
    ("MANUAL", MANUAL),
    ("LONG", LONG),
    ("TEXT", TEXT),
    ("WORDS_OFTEN", WORDS_OFTEN),
];
