//! The list that cameras of the older system ask for: by number, of one day, of one device.

use jiff::civil::Date;
use rusqlite::params;

use super::Index;
use super::read::{all, get};
use crate::error::StoreError;
use crate::event::Event;

macro_rules! statements {
    ($($name:ident = $sql:expr;)*) => {
        $(const $name: &str = $sql;)*
        #[cfg(test)]
        pub(super) const ALL: &[(&str, &str)] = &[$((stringify!($name), $name)),*];
    };
}

statements! {
    LISTED = "SELECT id FROM events WHERE id > '' ORDER BY id DESC LIMIT ?1 OFFSET ?2";
    OF_DAY = "SELECT id FROM events INDEXED BY events_day WHERE day = ?3 ORDER BY id DESC LIMIT ?1 OFFSET ?2";
    COUNT_OF_DAY = "SELECT count(*) FROM events INDEXED BY events_day WHERE day = ?1";
    OF_DEVICE = "SELECT id FROM arrivals INDEXED BY arrivals_device WHERE device = ?3 AND is_gone = 0 \
                 AND (?4 IS NULL OR day = ?4) ORDER BY id DESC LIMIT ?1 OFFSET ?2";
    COUNT_OF_DEVICE = "SELECT count(*) FROM arrivals INDEXED BY arrivals_device WHERE device = ?1 AND is_gone = 0 \
                       AND (?2 IS NULL OR day = ?2)";
}

impl Index {
    /// At most `limit` events behind the first `offset`, those with the largest ids first, and how many there are: of that
    /// device, of that day by the time where each was recorded, of both, of all.
    pub(crate) fn older_list(
        &self,
        device: Option<&str>,
        day: Option<Date>,
        limit: u32,
        offset: u32,
    ) -> Result<(Vec<Event>, u64), StoreError> {
        let day = day.map(|day| format!("{:04}/{:02}/{:02}", day.year().max(0), day.month(), day.day()));
        let total = match (device, &day) {
            (None, None) => self.totals()?.events,
            _ => self.read(|connection| {
                let count: i64 = match device {
                    Some(device) => {
                        let mut count = connection.prepare_cached(COUNT_OF_DEVICE)?;
                        count.query_row(params![device, day], |row| row.get(0))?
                    }
                    None => {
                        connection.prepare_cached(COUNT_OF_DAY)?.query_row(params![day], |row| row.get(0))?
                    }
                };
                Ok(count.unsigned_abs())
            })?,
        };
        self.read(|connection| {
            let ids = match (device, &day) {
                (Some(device), day) => {
                    all(connection, OF_DEVICE, params![limit, offset, device, day], |mut fields| fields.id())
                }
                (None, Some(day)) => {
                    all(connection, OF_DAY, params![limit, offset, day], |mut fields| fields.id())
                }
                (None, None) => all(connection, LISTED, params![limit, offset], |mut fields| fields.id()),
            }?;
            let mut events = Vec::with_capacity(ids.len());
            for id in ids {
                // One that is damaged is told of where it is asked for.
                events.extend(get(connection, id).unwrap_or_default());
            }
            Ok((events, total))
        })
    }
}
