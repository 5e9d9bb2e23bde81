-- The index of events. It holds nothing that the files beside the clips do not say too, except what was deleted
-- and in which order things changed.
--
-- `pos` is an event's place in the list: milliseconds since 1970 when it started × 2^20, plus a number that counts
-- the events of that millisecond as they came. Every index ends in it, so every list comes out in order.

CREATE TABLE events (
  pos            INTEGER PRIMARY KEY,
  id             TEXT NOT NULL CHECK (length(id) = 26),
  day            TEXT NOT NULL,                              -- its folder, YYYY/MM/DD
  camera         TEXT NOT NULL,
  origin         TEXT NOT NULL CHECK (origin IN ('motion', 'manual', 'import')),
  state          TEXT NOT NULL CHECK (state IN ('whole', 'partial', 'pictures')),
  started_ns     INTEGER NOT NULL,                           -- since 1970
  utc_offset     INTEGER NOT NULL,                           -- seconds
  local_day      INTEGER NOT NULL,                           -- since 1970, by utc_offset
  local_hour     INTEGER NOT NULL CHECK (local_hour BETWEEN 0 AND 23),
  duration_ns    INTEGER NOT NULL CHECK (duration_ns >= 0),
  lead_ns        INTEGER NOT NULL CHECK (lead_ns >= 0),
  boot           TEXT,
  mono_ns        INTEGER NOT NULL CHECK (mono_ns >= 0),
  clock_was_set  INTEGER NOT NULL CHECK (clock_was_set IN (0, 1)),
  part           INTEGER NOT NULL CHECK (part >= 1),
  part_of        TEXT,
  label          TEXT NOT NULL,
  confidence     REAL NOT NULL,
  alternatives   TEXT NOT NULL,                              -- [["label", confidence], …]
  direction      TEXT NOT NULL,
  by_person      INTEGER NOT NULL CHECK (by_person IN (0, 1)),
  sentence       TEXT,
  width          INTEGER NOT NULL,
  height         INTEGER NOT NULL,
  frames         INTEGER NOT NULL CHECK (frames >= 0),
  missing        INTEGER NOT NULL CHECK (missing >= 0),
  regions        BLOB NOT NULL,                              -- x, y, w, h as 32 bits each, little end first
  trail          BLOB NOT NULL,                              -- x, y as 32 bit floats
  clip_bytes     INTEGER CHECK (clip_bytes >= 0),            -- NULL: there is no clip
  clip_sha256    BLOB,
  clip_codec     TEXT CHECK (clip_codec IN ('h264', 'mjpeg')),
  clip_degraded  INTEGER NOT NULL CHECK (clip_degraded IN (0, 1)),
  poster         INTEGER NOT NULL CHECK (poster IN (0, 1)),
  thumb          INTEGER NOT NULL CHECK (thumb IN (0, 1)),
  trail_picture  INTEGER NOT NULL CHECK (trail_picture IN (0, 1)),
  thumbnails     INTEGER NOT NULL CHECK (thumbnails >= 0),
  picture_bytes  INTEGER NOT NULL CHECK (picture_bytes >= 0),
  novelty        REAL NOT NULL,
  favourite      INTEGER NOT NULL CHECK (favourite IN (0, 1)),
  note           TEXT NOT NULL,
  seen           INTEGER NOT NULL CHECK (seen IN (0, 1)),
  source_sha256  BLOB,
  source_id      TEXT,
  uploaded       INTEGER NOT NULL DEFAULT 0 CHECK (uploaded IN (0, 1)),
  worth          INTEGER NOT NULL                            -- what is worth least is evicted first
) STRICT;

CREATE UNIQUE INDEX events_id ON events (id);
CREATE INDEX events_day ON events (day, id);
-- What filters ask about stands in the index itself: a row is only read if it is wanted.
CREATE INDEX events_walk ON events (pos, camera, label, favourite, seen, origin, duration_ns, lead_ns);
CREATE INDEX events_camera ON events (camera, pos, label, favourite, seen, origin, duration_ns, lead_ns);
CREATE INDEX events_label ON events (label, pos, camera, favourite, seen, origin, duration_ns);
CREATE INDEX events_camera_label ON events (camera, label, pos, favourite, seen, origin, duration_ns);
-- What is rare among many: they hold nothing but it.
CREATE INDEX events_favourite ON events (pos, camera, label, seen, origin, duration_ns) WHERE favourite = 1;
CREATE INDEX events_unseen ON events (pos, camera, label, favourite, origin, duration_ns) WHERE seen = 0;
CREATE INDEX events_manual ON events (pos, camera, label, favourite, seen, duration_ns) WHERE origin = 'manual';
CREATE INDEX events_long ON events (pos, camera, label, favourite, seen, origin, duration_ns)
  WHERE duration_ns >= 30000000000;
CREATE INDEX events_unset ON events (boot, pos) WHERE clock_was_set = 0 AND boot IS NOT NULL;
CREATE INDEX events_source ON events (source_sha256) WHERE source_sha256 IS NOT NULL;
CREATE INDEX events_source_id ON events (source_id) WHERE source_id IS NOT NULL;
-- What retention takes from, in the order it does: clips, then what is left of events.
CREATE INDEX events_clips ON events (uploaded DESC, worth, id) WHERE favourite = 0 AND clip_bytes IS NOT NULL;
CREATE INDEX events_rest ON events (uploaded DESC, worth, id) WHERE favourite = 0 AND clip_bytes IS NULL;

-- Only asked for with a single event: up to 2 kB each would make every list slow.
CREATE TABLE details (
  pos        INTEGER PRIMARY KEY REFERENCES events (pos) ON DELETE CASCADE ON UPDATE CASCADE,
  numbers    BLOB NOT NULL,                                  -- 12 floats and a count of 32 bits each
  histogram  BLOB NOT NULL,                                  -- their count, a bit for each that is not 0, and those
  signature  TEXT NOT NULL
) STRICT;

CREATE VIRTUAL TABLE search USING fts5 (
  note, label, camera, sentence,
  content = '', contentless_delete = 1, tokenize = "porter unicode61 remove_diacritics 2"
);

-- Files that have to go: of an event that was deleted, or a clip alone.
CREATE TABLE tombstones (
  id    TEXT PRIMARY KEY CHECK (length(id) = 26),
  day   TEXT NOT NULL,
  what  TEXT NOT NULL CHECK (what IN ('event', 'clip'))
) STRICT, WITHOUT ROWID;

-- The latest 10,000 changes.
CREATE TABLE changes (
  change  INTEGER PRIMARY KEY,
  kind    TEXT NOT NULL CHECK (kind IN ('ended', 'updated', 'deleted')),
  id      TEXT NOT NULL
) STRICT;

CREATE TABLE totals (
  one              INTEGER PRIMARY KEY CHECK (one = 1),
  root             TEXT,                                     -- the data directory that this is the index of
  change           INTEGER NOT NULL,
  last_id          TEXT,                                     -- the largest ever stored, deleted ones too
  longest_ns       INTEGER NOT NULL,                         -- no event was ever longer
  events           INTEGER NOT NULL,
  favourites       INTEGER NOT NULL,
  unseen           INTEGER NOT NULL,
  clip_bytes       INTEGER NOT NULL,
  picture_bytes    INTEGER NOT NULL,
  favourite_bytes  INTEGER NOT NULL
) STRICT;
INSERT INTO totals VALUES (1, NULL, 0, NULL, 0, 0, 0, 0, 0, 0, 0);

-- By the local day and hour an event started in.
CREATE TABLE tallies (
  day     INTEGER NOT NULL,                                  -- since 1970
  camera  TEXT NOT NULL,
  label   TEXT NOT NULL,
  visits  INTEGER NOT NULL,
  bytes   INTEGER NOT NULL,
  h0  INTEGER NOT NULL, h1  INTEGER NOT NULL, h2  INTEGER NOT NULL, h3  INTEGER NOT NULL,
  h4  INTEGER NOT NULL, h5  INTEGER NOT NULL, h6  INTEGER NOT NULL, h7  INTEGER NOT NULL,
  h8  INTEGER NOT NULL, h9  INTEGER NOT NULL, h10 INTEGER NOT NULL, h11 INTEGER NOT NULL,
  h12 INTEGER NOT NULL, h13 INTEGER NOT NULL, h14 INTEGER NOT NULL, h15 INTEGER NOT NULL,
  h16 INTEGER NOT NULL, h17 INTEGER NOT NULL, h18 INTEGER NOT NULL, h19 INTEGER NOT NULL,
  h20 INTEGER NOT NULL, h21 INTEGER NOT NULL, h22 INTEGER NOT NULL, h23 INTEGER NOT NULL,
  PRIMARY KEY (day, camera, label)
) STRICT, WITHOUT ROWID;

-- Whatever changes an event keeps search, tallies, totals and the log of changes true, in the same transaction.

CREATE TRIGGER event_inserted AFTER INSERT ON events BEGIN
  UPDATE totals SET
    change = change + 1,
    last_id = max(ifnull(last_id, ''), NEW.id),
    longest_ns = max(longest_ns, NEW.duration_ns),
    events = events + 1,
    favourites = favourites + NEW.favourite,
    unseen = unseen + 1 - NEW.seen,
    clip_bytes = clip_bytes + ifnull(NEW.clip_bytes, 0),
    picture_bytes = picture_bytes + NEW.picture_bytes,
    favourite_bytes = favourite_bytes + NEW.favourite * (ifnull(NEW.clip_bytes, 0) + NEW.picture_bytes)
  WHERE one = 1;
  INSERT INTO changes SELECT change, 'ended', NEW.id FROM totals WHERE one = 1;
  DELETE FROM changes WHERE change <= (SELECT change - 10000 FROM totals WHERE one = 1);
  INSERT INTO search (rowid, note, label, camera, sentence)
  VALUES (NEW.pos, NEW.note, NEW.label, NEW.camera, NEW.sentence);
  INSERT INTO tallies VALUES (
    NEW.local_day, NEW.camera, NEW.label, 1, ifnull(NEW.clip_bytes, 0) + NEW.picture_bytes,
    NEW.local_hour = 0, NEW.local_hour = 1, NEW.local_hour = 2, NEW.local_hour = 3,
    NEW.local_hour = 4, NEW.local_hour = 5, NEW.local_hour = 6, NEW.local_hour = 7,
    NEW.local_hour = 8, NEW.local_hour = 9, NEW.local_hour = 10, NEW.local_hour = 11,
    NEW.local_hour = 12, NEW.local_hour = 13, NEW.local_hour = 14, NEW.local_hour = 15,
    NEW.local_hour = 16, NEW.local_hour = 17, NEW.local_hour = 18, NEW.local_hour = 19,
    NEW.local_hour = 20, NEW.local_hour = 21, NEW.local_hour = 22, NEW.local_hour = 23
  ) ON CONFLICT DO UPDATE SET
    visits = visits + 1, bytes = bytes + excluded.bytes,
    h0 = h0 + excluded.h0, h1 = h1 + excluded.h1, h2 = h2 + excluded.h2,
    h3 = h3 + excluded.h3, h4 = h4 + excluded.h4, h5 = h5 + excluded.h5,
    h6 = h6 + excluded.h6, h7 = h7 + excluded.h7, h8 = h8 + excluded.h8,
    h9 = h9 + excluded.h9, h10 = h10 + excluded.h10, h11 = h11 + excluded.h11,
    h12 = h12 + excluded.h12, h13 = h13 + excluded.h13, h14 = h14 + excluded.h14,
    h15 = h15 + excluded.h15, h16 = h16 + excluded.h16, h17 = h17 + excluded.h17,
    h18 = h18 + excluded.h18, h19 = h19 + excluded.h19, h20 = h20 + excluded.h20,
    h21 = h21 + excluded.h21, h22 = h22 + excluded.h22, h23 = h23 + excluded.h23;
END;

CREATE TRIGGER event_deleted AFTER DELETE ON events BEGIN
  UPDATE totals SET
    change = change + 1,
    events = events - 1,
    favourites = favourites - OLD.favourite,
    unseen = unseen - 1 + OLD.seen,
    clip_bytes = clip_bytes - ifnull(OLD.clip_bytes, 0),
    picture_bytes = picture_bytes - OLD.picture_bytes,
    favourite_bytes = favourite_bytes - OLD.favourite * (ifnull(OLD.clip_bytes, 0) + OLD.picture_bytes)
  WHERE one = 1;
  INSERT INTO changes SELECT change, 'deleted', OLD.id FROM totals WHERE one = 1;
  DELETE FROM changes WHERE change <= (SELECT change - 10000 FROM totals WHERE one = 1);
  DELETE FROM search WHERE rowid = OLD.pos;
  UPDATE tallies SET
    visits = visits - 1, bytes = bytes - ifnull(OLD.clip_bytes, 0) - OLD.picture_bytes,
    h0 = h0 - (OLD.local_hour = 0), h1 = h1 - (OLD.local_hour = 1), h2 = h2 - (OLD.local_hour = 2),
    h3 = h3 - (OLD.local_hour = 3), h4 = h4 - (OLD.local_hour = 4), h5 = h5 - (OLD.local_hour = 5),
    h6 = h6 - (OLD.local_hour = 6), h7 = h7 - (OLD.local_hour = 7), h8 = h8 - (OLD.local_hour = 8),
    h9 = h9 - (OLD.local_hour = 9), h10 = h10 - (OLD.local_hour = 10), h11 = h11 - (OLD.local_hour = 11),
    h12 = h12 - (OLD.local_hour = 12), h13 = h13 - (OLD.local_hour = 13), h14 = h14 - (OLD.local_hour = 14),
    h15 = h15 - (OLD.local_hour = 15), h16 = h16 - (OLD.local_hour = 16), h17 = h17 - (OLD.local_hour = 17),
    h18 = h18 - (OLD.local_hour = 18), h19 = h19 - (OLD.local_hour = 19), h20 = h20 - (OLD.local_hour = 20),
    h21 = h21 - (OLD.local_hour = 21), h22 = h22 - (OLD.local_hour = 22), h23 = h23 - (OLD.local_hour = 23)
  WHERE day = OLD.local_day AND camera = OLD.camera AND label = OLD.label;
  DELETE FROM tallies WHERE day = OLD.local_day AND camera = OLD.camera AND label = OLD.label AND visits = 0;
END;

CREATE TRIGGER event_updated AFTER UPDATE ON events BEGIN
  UPDATE totals SET
    change = change + 1,
    longest_ns = max(longest_ns, NEW.duration_ns),
    favourites = favourites + NEW.favourite - OLD.favourite,
    unseen = unseen + OLD.seen - NEW.seen,
    clip_bytes = clip_bytes + ifnull(NEW.clip_bytes, 0) - ifnull(OLD.clip_bytes, 0),
    picture_bytes = picture_bytes + NEW.picture_bytes - OLD.picture_bytes,
    favourite_bytes = favourite_bytes + NEW.favourite * (ifnull(NEW.clip_bytes, 0) + NEW.picture_bytes)
                                      - OLD.favourite * (ifnull(OLD.clip_bytes, 0) + OLD.picture_bytes)
  WHERE one = 1;
  INSERT INTO changes SELECT change, 'updated', NEW.id FROM totals WHERE one = 1;
  DELETE FROM changes WHERE change <= (SELECT change - 10000 FROM totals WHERE one = 1);
END;

CREATE TRIGGER event_reworded AFTER UPDATE OF pos, note, label, camera, sentence ON events
WHEN (OLD.pos, OLD.note, OLD.label, OLD.camera, OLD.sentence) IS NOT
     (NEW.pos, NEW.note, NEW.label, NEW.camera, NEW.sentence) BEGIN
  DELETE FROM search WHERE rowid = OLD.pos;
  INSERT INTO search (rowid, note, label, camera, sentence)
  VALUES (NEW.pos, NEW.note, NEW.label, NEW.camera, NEW.sentence);
END;

CREATE TRIGGER event_recounted
AFTER UPDATE OF local_day, local_hour, camera, label, clip_bytes, picture_bytes ON events
WHEN (OLD.local_day, OLD.local_hour, OLD.camera, OLD.label, OLD.clip_bytes, OLD.picture_bytes) IS NOT
     (NEW.local_day, NEW.local_hour, NEW.camera, NEW.label, NEW.clip_bytes, NEW.picture_bytes) BEGIN
  UPDATE tallies SET
    visits = visits - 1, bytes = bytes - ifnull(OLD.clip_bytes, 0) - OLD.picture_bytes,
    h0 = h0 - (OLD.local_hour = 0), h1 = h1 - (OLD.local_hour = 1), h2 = h2 - (OLD.local_hour = 2),
    h3 = h3 - (OLD.local_hour = 3), h4 = h4 - (OLD.local_hour = 4), h5 = h5 - (OLD.local_hour = 5),
    h6 = h6 - (OLD.local_hour = 6), h7 = h7 - (OLD.local_hour = 7), h8 = h8 - (OLD.local_hour = 8),
    h9 = h9 - (OLD.local_hour = 9), h10 = h10 - (OLD.local_hour = 10), h11 = h11 - (OLD.local_hour = 11),
    h12 = h12 - (OLD.local_hour = 12), h13 = h13 - (OLD.local_hour = 13), h14 = h14 - (OLD.local_hour = 14),
    h15 = h15 - (OLD.local_hour = 15), h16 = h16 - (OLD.local_hour = 16), h17 = h17 - (OLD.local_hour = 17),
    h18 = h18 - (OLD.local_hour = 18), h19 = h19 - (OLD.local_hour = 19), h20 = h20 - (OLD.local_hour = 20),
    h21 = h21 - (OLD.local_hour = 21), h22 = h22 - (OLD.local_hour = 22), h23 = h23 - (OLD.local_hour = 23)
  WHERE day = OLD.local_day AND camera = OLD.camera AND label = OLD.label;
  DELETE FROM tallies WHERE day = OLD.local_day AND camera = OLD.camera AND label = OLD.label AND visits = 0;
  INSERT INTO tallies VALUES (
    NEW.local_day, NEW.camera, NEW.label, 1, ifnull(NEW.clip_bytes, 0) + NEW.picture_bytes,
    NEW.local_hour = 0, NEW.local_hour = 1, NEW.local_hour = 2, NEW.local_hour = 3,
    NEW.local_hour = 4, NEW.local_hour = 5, NEW.local_hour = 6, NEW.local_hour = 7,
    NEW.local_hour = 8, NEW.local_hour = 9, NEW.local_hour = 10, NEW.local_hour = 11,
    NEW.local_hour = 12, NEW.local_hour = 13, NEW.local_hour = 14, NEW.local_hour = 15,
    NEW.local_hour = 16, NEW.local_hour = 17, NEW.local_hour = 18, NEW.local_hour = 19,
    NEW.local_hour = 20, NEW.local_hour = 21, NEW.local_hour = 22, NEW.local_hour = 23
  ) ON CONFLICT DO UPDATE SET
    visits = visits + 1, bytes = bytes + excluded.bytes,
    h0 = h0 + excluded.h0, h1 = h1 + excluded.h1, h2 = h2 + excluded.h2,
    h3 = h3 + excluded.h3, h4 = h4 + excluded.h4, h5 = h5 + excluded.h5,
    h6 = h6 + excluded.h6, h7 = h7 + excluded.h7, h8 = h8 + excluded.h8,
    h9 = h9 + excluded.h9, h10 = h10 + excluded.h10, h11 = h11 + excluded.h11,
    h12 = h12 + excluded.h12, h13 = h13 + excluded.h13, h14 = h14 + excluded.h14,
    h15 = h15 + excluded.h15, h16 = h16 + excluded.h16, h17 = h17 + excluded.h17,
    h18 = h18 + excluded.h18, h19 = h19 + excluded.h19, h20 = h20 + excluded.h20,
    h21 = h21 + excluded.h21, h22 = h22 + excluded.h22, h23 = h23 + excluded.h23;
END;

PRAGMA user_version = 1;
