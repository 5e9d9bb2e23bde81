//! Every statement about errands.

macro_rules! statements {
    ($($(#[$doc:meta])* $name:ident = $sql:expr;)*) => {
        $($(#[$doc])* pub(super) const $name: &str = $sql;)*
        #[cfg(test)]
        pub(in crate::index) const ALL: &[(&str, &str)] = &[$((stringify!($name), $name)),*];
    };
}

/// The number of the remote named `?1`.
macro_rules! remote {
    () => {
        "(SELECT n FROM remotes WHERE name = ?1 AND gone = 0)"
    };
}

/// The first errand of one stage that nobody is sending: `?2` is the stage that is asked for, if any, and `?3` the
/// events that are being sent.
macro_rules! first {
    ($by_hand:literal, $stage:literal, $order:literal) => {
        concat!(
            "(SELECT id FROM outbox INDEXED BY outbox_ready WHERE remote = ",
            remote!(),
            " AND state = 'owed' AND due_ms IS NULL AND by_hand = ",
            $by_hand,
            " AND stage = '",
            $stage,
            "' AND ifnull(?2, '",
            $stage,
            "') = '",
            $stage,
            "' AND id NOT IN (SELECT value FROM json_each(?3)) ORDER BY id ",
            $order,
            " LIMIT 1)"
        )
    };
}

/// The errand of the event `?2` as it was claimed, in the stage `?3`.
macro_rules! claimed {
    () => {
        concat!(" WHERE id = ?2 AND remote = ", remote!(), " AND state = 'owed' AND stage = ?3")
    };
}

/// What a view is made of.
macro_rules! view {
    () => {
        "SELECT o.id, o.remote, e.camera, e.started_ns, o.stage, o.state, o.attempts, o.due_ms, o.why, o.bytes, \
         o.sent_ms"
    };
}

statements! {
    REMOTES = "SELECT n, name, pictures_first FROM remotes WHERE n > 0 AND gone = 0 ORDER BY n";
    /// Its name is free for another one at once.
    END_REMOTE = "UPDATE remotes SET gone = 1, filled_to = NULL, name = '/' || n WHERE n = ?1";
    NEW_REMOTE = "INSERT INTO remotes (name, pictures_first, filled_to) VALUES (?1, ?2, '')";
    CHANGE_REMOTE = "UPDATE remotes SET pictures_first = ?2 WHERE n = ?1";
    /// Pictures that were sent stay sent.
    RESTAGE = "UPDATE outbox SET resume = NULL, \
               stage = CASE WHEN ?2 AND sent_ms IS NULL THEN 'pictures' ELSE 'clip' END \
               WHERE remote = ?1 AND state IN ('owed', 'failed')";
    UNSETTLED = "SELECT n, gone, filled_to FROM remotes WHERE n > 0 AND (gone = 1 OR filled_to IS NOT NULL) LIMIT 1";
    FILL_END = "SELECT id FROM events WHERE id > ?1 ORDER BY id LIMIT 1 OFFSET ?2";
    FILL = "INSERT OR IGNORE INTO outbox (id, remote, stage, state, bytes) \
            SELECT e.id, r.n, CASE r.pictures_first WHEN 1 THEN 'pictures' ELSE 'clip' END, 'owed', \
            e.picture_bytes + ifnull(e.clip_bytes, 0) FROM remotes AS r CROSS JOIN events AS e \
            WHERE r.n = ?1 AND e.id > ?2 AND e.id <= ?3";
    FILLED_TO = "UPDATE remotes SET filled_to = ?2 WHERE n = ?1";
    EMPTY = "DELETE FROM outbox WHERE remote = ?1 AND id IN \
             (SELECT id FROM outbox INDEXED BY outbox_list WHERE remote = ?1 LIMIT ?2)";
    FORGET_REMOTE = "DELETE FROM remotes WHERE n = ?1";

    WAKE = concat!(
        "UPDATE outbox INDEXED BY outbox_waiting SET due_ms = NULL WHERE remote = ",
        remote!(),
        " AND due_ms <= ?2"
    );
    /// The clock was set back since.
    WAKE_FAR = concat!(
        "UPDATE outbox INDEXED BY outbox_waiting SET due_ms = NULL WHERE remote = ",
        remote!(),
        " AND due_ms > ?2"
    );
    FIRST = concat!(
        "SELECT id, stage, attempts, resume FROM outbox WHERE remote = ",
        remote!(),
        " AND id = coalesce(",
        first!("1", "pictures", "DESC"), ", ", first!("1", "clip", "ASC"), ", ",
        first!("0", "pictures", "DESC"), ", ", first!("0", "clip", "ASC"), ")"
    );
    /// Whether something is due at once, and when the first and the last of the rest are.
    DUE = concat!(
        "SELECT EXISTS (SELECT 1 FROM outbox INDEXED BY outbox_ready WHERE remote = ", remote!(),
        " AND state = 'owed' AND due_ms IS NULL AND id NOT IN (SELECT value FROM json_each(?2))), \
         (SELECT min(due_ms) FROM outbox INDEXED BY outbox_waiting WHERE remote = ", remote!(),
        " AND due_ms IS NOT NULL), \
         (SELECT max(due_ms) FROM outbox INDEXED BY outbox_waiting WHERE remote = ", remote!(),
        " AND due_ms IS NOT NULL)"
    );
    SENT_PICTURES = concat!(
        "UPDATE outbox SET stage = 'clip', attempts = 0, due_ms = NULL, resume = NULL, why = NULL, sent_ms = ?4, \
         place = ?5, \
         state = CASE WHEN (SELECT clip_bytes FROM events WHERE id = ?2) IS NULL THEN 'done' ELSE 'owed' END, \
         by_hand = CASE WHEN (SELECT clip_bytes FROM events WHERE id = ?2) IS NULL THEN 0 ELSE by_hand END, \
         bytes = ifnull((SELECT clip_bytes FROM events WHERE id = ?2), 0)",
        claimed!()
    );
    SENT_CLIP = concat!(
        "UPDATE outbox SET state = 'done', attempts = 0, due_ms = NULL, resume = NULL, why = NULL, by_hand = 0, \
         bytes = 0, sent_ms = ?4, place = ?5, sha256 = ?6",
        claimed!()
    );
    AGAIN = concat!(
        "UPDATE outbox SET attempts = attempts + 1, due_ms = ?4, why = ?5, resume = ?6",
        claimed!()
    );
    REFUSED = concat!(
        "UPDATE outbox SET state = 'failed', attempts = attempts + 1, due_ms = NULL, why = ?4, resume = NULL, \
         by_hand = 0",
        claimed!()
    );
    RESUME = concat!("UPDATE outbox SET resume = ?4", claimed!());
    WAS_SENT = "UPDATE remotes SET last_sent_ms = ?2 WHERE name = ?1 AND gone = 0";
    WENT_WRONG = "UPDATE remotes SET last_error_ms = ?2, last_error = ?3 WHERE name = ?1 AND gone = 0";

    BACKLOG = "SELECT name, pictures, clips, bytes, failed, done, (SELECT started_ns FROM events WHERE id = \
               (SELECT min(id) FROM outbox INDEXED BY outbox_list WHERE remote = n AND state = 'owed')), \
               last_error_ms, last_error, last_sent_ms FROM remotes WHERE n > 0 AND gone = 0 ORDER BY n";
    /// The newest of each remote of `?1` in each state of `?2`, from the event `?3` on; sorted by whoever asks.
    LIST = concat!(
        view!(),
        " FROM json_each(?1) AS r CROSS JOIN json_each(?2) AS s CROSS JOIN outbox AS o CROSS JOIN events AS e \
         WHERE o.remote = r.value AND e.id = o.id AND o.id IN (SELECT id FROM outbox INDEXED BY outbox_list \
         WHERE remote = r.value AND state = s.value AND id <= ?3 ORDER BY id DESC LIMIT ?4)"
    );
    OF = concat!(
        view!(),
        ", m.name FROM json_each(?1) AS i CROSS JOIN outbox AS o CROSS JOIN remotes AS m CROSS JOIN events AS e \
         WHERE o.id = i.value AND m.n = o.remote AND m.gone = 0 AND e.id = o.id"
    );

    RETRY_ONE = "UPDATE outbox SET state = 'owed', by_hand = 1, attempts = 0, due_ms = NULL \
                 WHERE id = ?1 AND remote IN (SELECT value FROM json_each(?2)) AND state <> 'done'";
    RETRY_FAILED = "UPDATE outbox SET state = 'owed', attempts = 0 \
                    WHERE remote IN (SELECT value FROM json_each(?1)) AND state = 'failed'";
    RETRY_WAITING = "UPDATE outbox INDEXED BY outbox_waiting SET due_ms = NULL, attempts = 0 \
                     WHERE remote IN (SELECT value FROM json_each(?1)) AND due_ms IS NOT NULL";
    PROVEN = "SELECT id FROM proven WHERE id > '' AND NOT EXISTS \
              (SELECT 1 FROM remotes WHERE n > 0 AND filled_to IS NOT NULL) ORDER BY id LIMIT ?1";
}
