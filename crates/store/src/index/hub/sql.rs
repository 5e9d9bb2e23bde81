//! Every statement about what came from other machines.

macro_rules! statements {
    ($($(#[$doc:meta])* $name:ident = $sql:expr;)*) => {
        $($(#[$doc])* pub(super) const $name: &str = $sql;)*
        #[cfg(test)]
        pub(in crate::index) const ALL: &[(&str, &str)] = &[$((stringify!($name), $name)),*];
    };
}

macro_rules! arrival {
    ($tail:literal) => {
        concat!(
            "SELECT id, device, source_id, manifest_sha256, is_open, is_gone, clip_bytes, clip_sha256, clip_codec, \
             clip_degraded, state, received_ms, day FROM arrivals ",
            $tail
        )
    };
}

macro_rules! device {
    ($tail:literal) => {
        concat!(
            "SELECT key, name, first_seen_ms, last_seen_ms, quota, said, clock_offset_ms, events, bytes, owed_bytes \
             FROM devices ",
            $tail
        )
    };
}

statements! {
    ARRIVAL = arrival!("WHERE id = ?1");
    ARRIVAL_BY_SOURCE = arrival!("WHERE device = ?1 AND source_id = ?2");
    OPEN_ARRIVALS = arrival!(
        "INDEXED BY arrivals_open WHERE is_open = 1 AND id > ?1 AND is_gone = 0 ORDER BY id LIMIT ?2"
    );
    IS_BURIED = "SELECT 1 FROM tombstones WHERE id = ?1 AND what = 'event'";
    PUT_ARRIVAL = "INSERT INTO arrivals (id, device, source_id, manifest_sha256, is_open, clip_bytes, clip_sha256, \
                   clip_codec, clip_degraded, state, received_ms, day) \
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)";
    COMPLETE = "UPDATE events SET state = ?2, clip_bytes = ?3, clip_sha256 = ?4, clip_codec = ?5, clip_degraded = ?6 \
                WHERE id = ?1";
    CLOSE_ARRIVAL = "UPDATE arrivals SET is_open = 0, clip_bytes = ?2, clip_sha256 = ?3, clip_codec = ?4, \
                     clip_degraded = ?5, received_ms = ?6 WHERE id = ?1";
    FORGET_ARRIVAL = "DELETE FROM arrivals WHERE id = ?1";
    PRUNE_ARRIVALS = "DELETE FROM arrivals WHERE id IN (SELECT id FROM arrivals INDEXED BY arrivals_gone \
                      WHERE is_gone = 1 AND received_ms < ?1 ORDER BY received_ms LIMIT ?2)";
    NEW_DEVICE = "INSERT OR IGNORE INTO devices (key, name, first_seen_ms, last_seen_ms) VALUES (?1, ?1, ?2, ?2)";
    /// What it did not say this time stays.
    PUT_DEVICE = "INSERT INTO devices (key, name, first_seen_ms, last_seen_ms, quota, said, clock_offset_ms) \
                  VALUES (?1, ?2, ?3, ?3, ?4, ?5, ?6) ON CONFLICT (key) DO UPDATE SET name = excluded.name, \
                  last_seen_ms = max(last_seen_ms, excluded.last_seen_ms), quota = excluded.quota, \
                  said = ifnull(excluded.said, said), \
                  clock_offset_ms = ifnull(excluded.clock_offset_ms, clock_offset_ms)";
    DEVICE = device!("WHERE key = ?1");
    FORGET_DEVICE = "DELETE FROM devices WHERE key = ?1";
    /// There are as many as there are keys.
    DEVICES = device!("WHERE key > '' ORDER BY key");
}
