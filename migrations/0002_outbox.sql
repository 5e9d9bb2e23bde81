-- What is owed to which remote. An errand is one event owed to one remote; it comes to be and goes with its event, in
-- the same transaction. Who is sending it at the moment is known to the one process that does, and stands nowhere here.

CREATE TABLE remotes (
  n               INTEGER PRIMARY KEY CHECK (n > 0),
  name            TEXT NOT NULL UNIQUE,
  pictures_first  INTEGER NOT NULL CHECK (pictures_first IN (0, 1)),
  gone            INTEGER NOT NULL DEFAULT 0 CHECK (gone IN (0, 1)),  -- its errands are being taken away
  filled_to       TEXT,                                      -- events from before it: owed up to this id; NULL: all are
  -- Counted by the way, as everything is that is asked for often.
  pictures        INTEGER NOT NULL DEFAULT 0,                -- owed, nothing of them sent yet
  clips           INTEGER NOT NULL DEFAULT 0,                -- owed, of which the clip is left, or which go at once
  bytes           INTEGER NOT NULL DEFAULT 0,                -- of both
  failed          INTEGER NOT NULL DEFAULT 0,
  done            INTEGER NOT NULL DEFAULT 0,
  last_error_ms   INTEGER,                                   -- since 1970
  last_error      TEXT,
  last_sent_ms    INTEGER
) STRICT;

CREATE TABLE outbox (
  id        TEXT NOT NULL CHECK (length(id) = 26),
  remote    INTEGER NOT NULL,
  stage     TEXT NOT NULL CHECK (stage IN ('pictures', 'clip')),
  state     TEXT NOT NULL CHECK (state IN ('owed', 'failed', 'done')),
  by_hand   INTEGER NOT NULL DEFAULT 0 CHECK (by_hand IN (0, 1)),   -- somebody asked for it: it goes first
  attempts  INTEGER NOT NULL DEFAULT 0,                      -- of this stage, that failed
  due_ms    INTEGER,                                         -- since 1970; NULL: at once
  bytes     INTEGER NOT NULL,                                -- that are left to be sent
  resume    TEXT,                                            -- where the next attempt goes on, in the remote's words
  why       TEXT,                                            -- what the last attempt failed of
  sent_ms   INTEGER,                                         -- when the latest stage was there
  sha256    BLOB,                                            -- of the clip, as the remote has proven to hold it
  place     TEXT,                                            -- where it lies there
  PRIMARY KEY (id, remote)
) STRICT, WITHOUT ROWID;

CREATE INDEX outbox_list ON outbox (remote, state, id);
CREATE INDEX outbox_ready ON outbox (remote, by_hand, stage, id) WHERE state = 'owed' AND due_ms IS NULL;
CREATE INDEX outbox_waiting ON outbox (remote, due_ms) WHERE due_ms IS NOT NULL;

-- Events that are no favourites, and of whose clip every remote has proven to hold the same bytes.
CREATE TABLE proven (
  id  TEXT PRIMARY KEY
) STRICT, WITHOUT ROWID;

-- An event without any errand is not uploaded; every other one is as soon as all of them are done.

CREATE TRIGGER event_owed AFTER INSERT ON events BEGIN
  INSERT INTO outbox (id, remote, stage, state, bytes)
  SELECT NEW.id, n, CASE pictures_first WHEN 1 THEN 'pictures' ELSE 'clip' END, 'owed',
         NEW.picture_bytes + ifnull(NEW.clip_bytes, 0)
  FROM remotes WHERE n > 0 AND gone = 0;
END;

CREATE TRIGGER event_not_owed AFTER DELETE ON events BEGIN
  DELETE FROM outbox WHERE id = OLD.id;
  DELETE FROM proven WHERE id = OLD.id;
END;

CREATE TRIGGER event_owed_otherwise AFTER UPDATE OF clip_bytes, clip_sha256, picture_bytes ON events
WHEN (OLD.clip_bytes, OLD.clip_sha256, OLD.picture_bytes) IS NOT
     (NEW.clip_bytes, NEW.clip_sha256, NEW.picture_bytes) BEGIN
  -- The pictures are there and the clip is gone: there is nothing left to be sent.
  UPDATE outbox SET state = 'done', by_hand = 0, due_ms = NULL, resume = NULL, bytes = 0
  WHERE id = NEW.id AND state <> 'done' AND stage = 'clip' AND sent_ms IS NOT NULL AND NEW.clip_bytes IS NULL;
  -- Another clip than the one that was sent.
  UPDATE outbox SET state = 'owed', attempts = 0, resume = NULL, sha256 = NULL
  WHERE id = NEW.id AND state = 'done' AND NEW.clip_sha256 IS NOT NULL AND NEW.clip_sha256 IS NOT OLD.clip_sha256;
  UPDATE outbox SET
    bytes = CASE WHEN sent_ms IS NULL THEN NEW.picture_bytes ELSE 0 END + ifnull(NEW.clip_bytes, 0)
  WHERE id = NEW.id AND state <> 'done';
END;

CREATE TRIGGER event_proven_otherwise AFTER UPDATE OF clip_sha256, favourite ON events
WHEN (OLD.clip_sha256, OLD.favourite) IS NOT (NEW.clip_sha256, NEW.favourite) BEGIN
  DELETE FROM proven WHERE id = NEW.id;
  INSERT INTO proven SELECT id FROM events AS e WHERE id = NEW.id AND favourite = 0 AND clip_sha256 IS NOT NULL
    AND EXISTS (SELECT 1 FROM outbox AS o WHERE o.id = e.id)
    AND NOT EXISTS (SELECT 1 FROM outbox AS o
                    WHERE o.id = e.id AND (o.state <> 'done' OR o.sha256 IS NOT e.clip_sha256));
END;

CREATE TRIGGER errand_inserted AFTER INSERT ON outbox BEGIN
  UPDATE remotes SET
    pictures = pictures + (NEW.stage = 'pictures'), clips = clips + (NEW.stage = 'clip'), bytes = bytes + NEW.bytes
  WHERE n = NEW.remote;
  UPDATE events SET uploaded = 0 WHERE id = NEW.id AND uploaded = 1;
  DELETE FROM proven WHERE id = NEW.id;
END;

CREATE TRIGGER errand_updated AFTER UPDATE OF stage, state, bytes ON outbox
WHEN (OLD.stage, OLD.state, OLD.bytes) IS NOT (NEW.stage, NEW.state, NEW.bytes) BEGIN
  UPDATE remotes SET
    pictures = pictures - (OLD.state = 'owed' AND OLD.stage = 'pictures')
                        + (NEW.state = 'owed' AND NEW.stage = 'pictures'),
    clips = clips - (OLD.state = 'owed' AND OLD.stage = 'clip') + (NEW.state = 'owed' AND NEW.stage = 'clip'),
    bytes = bytes - OLD.bytes * (OLD.state = 'owed') + NEW.bytes * (NEW.state = 'owed'),
    failed = failed - (OLD.state = 'failed') + (NEW.state = 'failed'),
    done = done - (OLD.state = 'done') + (NEW.state = 'done')
  WHERE n = NEW.remote;
END;

CREATE TRIGGER errand_settled AFTER UPDATE OF state ON outbox
WHEN (OLD.state = 'done') IS NOT (NEW.state = 'done') BEGIN
  UPDATE events SET uploaded = 1 - uploaded
  WHERE id = NEW.id AND uploaded = EXISTS (SELECT 1 FROM outbox WHERE id = NEW.id AND state <> 'done');
  DELETE FROM proven WHERE id = NEW.id;
  INSERT INTO proven SELECT id FROM events AS e WHERE id = NEW.id AND favourite = 0 AND clip_sha256 IS NOT NULL
    AND NOT EXISTS (SELECT 1 FROM outbox AS o
                    WHERE o.id = e.id AND (o.state <> 'done' OR o.sha256 IS NOT e.clip_sha256));
END;

CREATE TRIGGER errand_deleted AFTER DELETE ON outbox BEGIN
  UPDATE remotes SET
    pictures = pictures - (OLD.state = 'owed' AND OLD.stage = 'pictures'),
    clips = clips - (OLD.state = 'owed' AND OLD.stage = 'clip'),
    bytes = bytes - OLD.bytes * (OLD.state = 'owed'),
    failed = failed - (OLD.state = 'failed'),
    done = done - (OLD.state = 'done')
  WHERE n = OLD.remote;
  UPDATE events SET uploaded = 1 - uploaded
  WHERE id = OLD.id AND uploaded <> (
    EXISTS (SELECT 1 FROM outbox WHERE id = OLD.id)
    AND NOT EXISTS (SELECT 1 FROM outbox WHERE id = OLD.id AND state <> 'done')
  );
  DELETE FROM proven WHERE id = OLD.id;
  INSERT INTO proven SELECT id FROM events AS e WHERE id = OLD.id AND favourite = 0 AND clip_sha256 IS NOT NULL
    AND EXISTS (SELECT 1 FROM outbox AS o WHERE o.id = e.id)
    AND NOT EXISTS (SELECT 1 FROM outbox AS o
                    WHERE o.id = e.id AND (o.state <> 'done' OR o.sha256 IS NOT e.clip_sha256));
END;

-- That an event was uploaded is no change of it: nobody has to be told, and the log would hold nothing else.
DROP TRIGGER event_updated;
CREATE TRIGGER event_updated AFTER UPDATE ON events WHEN OLD.uploaded = NEW.uploaded BEGIN
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

PRAGMA user_version = 2;
