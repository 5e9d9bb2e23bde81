-- What came from other machines, and which machines those are. On a camera both stay empty.
--
-- An arrival outlives its event: what was deleted does not come back when it is sent again.

CREATE TABLE devices (
  key             TEXT PRIMARY KEY,                          -- the id of its key
  name            TEXT NOT NULL,
  first_seen_ms   INTEGER NOT NULL,                          -- since 1970, as all times here
  last_seen_ms    INTEGER NOT NULL,
  quota           INTEGER,                                   -- bytes; NULL: none
  said            TEXT,                                      -- what it last said of itself, JSON
  clock_offset_ms INTEGER,                                   -- by how much its clock was ahead then
  -- Counted by the way, as everything is that is asked for often.
  events          INTEGER NOT NULL DEFAULT 0,                -- of it that are here
  bytes           INTEGER NOT NULL DEFAULT 0,                -- of those
  owed_bytes      INTEGER NOT NULL DEFAULT 0                 -- of clips that were announced and are not whole
) STRICT, WITHOUT ROWID;

CREATE TABLE arrivals (
  id               TEXT PRIMARY KEY CHECK (length(id) = 26),
  device           TEXT NOT NULL,
  source_id        TEXT,                                     -- the id it has with an older camera
  manifest_sha256  BLOB NOT NULL CHECK (length(manifest_sha256) = 32),
  is_open          INTEGER NOT NULL CHECK (is_open IN (0, 1)),  -- its clip is still to come
  is_gone          INTEGER NOT NULL DEFAULT 0 CHECK (is_gone IN (0, 1)),  -- the event was deleted
  clip_bytes       INTEGER CHECK (clip_bytes >= 0),          -- as announced; once it is whole, as it was then
  clip_sha256      BLOB CHECK (length(clip_sha256) = 32),
  clip_codec       TEXT CHECK (clip_codec IN ('h264', 'mjpeg')),
  clip_degraded    INTEGER NOT NULL CHECK (clip_degraded IN (0, 1)),
  state            TEXT NOT NULL CHECK (state IN ('whole', 'partial', 'pictures')),  -- once its clip is there
  received_ms      INTEGER NOT NULL,
  day              TEXT NOT NULL                             -- its folder, YYYY/MM/DD
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX arrivals_source ON arrivals (device, source_id) WHERE source_id IS NOT NULL;
CREATE INDEX arrivals_device ON arrivals (device, id);
CREATE INDEX arrivals_open ON arrivals (id) WHERE is_open = 1;
CREATE INDEX arrivals_gone ON arrivals (received_ms) WHERE is_gone = 1;

CREATE TRIGGER device_inserted AFTER INSERT ON devices BEGIN
  UPDATE devices SET
    (events, bytes) = (SELECT count(*), ifnull(sum(ifnull(e.clip_bytes, 0) + e.picture_bytes), 0)
                       FROM arrivals AS a CROSS JOIN events AS e ON e.id = a.id WHERE a.device = NEW.key),
    owed_bytes = (SELECT ifnull(sum(clip_bytes), 0) FROM arrivals
                  WHERE device = NEW.key AND is_open = 1 AND is_gone = 0)
  WHERE key = NEW.key;
END;

-- The device's row is written before, the event's behind it.
CREATE TRIGGER arrival_inserted AFTER INSERT ON arrivals BEGIN
  UPDATE devices SET owed_bytes = owed_bytes + NEW.is_open * ifnull(NEW.clip_bytes, 0) WHERE key = NEW.device;
  UPDATE devices SET
    events = events + 1,
    bytes = bytes + (SELECT ifnull(clip_bytes, 0) + picture_bytes FROM events WHERE id = NEW.id)
  WHERE key = NEW.device AND EXISTS (SELECT 1 FROM events WHERE id = NEW.id);
END;

CREATE TRIGGER arrival_updated AFTER UPDATE OF is_open, is_gone, clip_bytes ON arrivals BEGIN
  UPDATE devices SET
    owed_bytes = owed_bytes - OLD.is_open * (1 - OLD.is_gone) * ifnull(OLD.clip_bytes, 0)
                            + NEW.is_open * (1 - NEW.is_gone) * ifnull(NEW.clip_bytes, 0)
  WHERE key = NEW.device;
END;

CREATE TRIGGER arrival_deleted AFTER DELETE ON arrivals BEGIN
  UPDATE devices SET owed_bytes = owed_bytes - OLD.is_open * (1 - OLD.is_gone) * ifnull(OLD.clip_bytes, 0)
  WHERE key = OLD.device;
  UPDATE devices SET
    events = events - 1,
    bytes = bytes - (SELECT ifnull(clip_bytes, 0) + picture_bytes FROM events WHERE id = OLD.id)
  WHERE key = OLD.device AND EXISTS (SELECT 1 FROM events WHERE id = OLD.id);
END;

CREATE TRIGGER event_arrived AFTER INSERT ON events BEGIN
  UPDATE devices SET events = events + 1, bytes = bytes + ifnull(NEW.clip_bytes, 0) + NEW.picture_bytes
  WHERE key = (SELECT device FROM arrivals WHERE id = NEW.id);
  UPDATE arrivals SET is_gone = 0 WHERE id = NEW.id AND is_gone = 1;
END;

CREATE TRIGGER event_left AFTER DELETE ON events BEGIN
  UPDATE devices SET events = events - 1, bytes = bytes - ifnull(OLD.clip_bytes, 0) - OLD.picture_bytes
  WHERE key = (SELECT device FROM arrivals WHERE id = OLD.id);
  UPDATE arrivals SET is_gone = 1 WHERE id = OLD.id;
END;

CREATE TRIGGER event_grew AFTER UPDATE OF clip_bytes, picture_bytes ON events
WHEN (OLD.clip_bytes, OLD.picture_bytes) IS NOT (NEW.clip_bytes, NEW.picture_bytes) BEGIN
  UPDATE devices SET
    bytes = bytes + ifnull(NEW.clip_bytes, 0) + NEW.picture_bytes - ifnull(OLD.clip_bytes, 0) - OLD.picture_bytes
  WHERE key = (SELECT device FROM arrivals WHERE id = NEW.id);
END;

PRAGMA user_version = 3;
