//! What came from other machines, and which machines those are, as rows.

use jiff::Timestamp;
use rusqlite::{Row, Transaction, params};

use super::row::{self, Fields};
use super::{Index, Inserted, write};
use crate::arrivals::ArrivalRow;
use crate::devices::{DeviceRow, NewDevice};
use crate::error::StoreError;
use crate::event::{Clip, Event, EventId};

pub(super) mod sql;

/// Milliseconds since 1970.
fn ms(at: Timestamp) -> i64 {
    at.as_millisecond()
}

impl Index {
    /// What is remembered of the arrival of an event.
    pub(crate) fn arrival(&self, id: EventId) -> Result<Option<ArrivalRow>, StoreError> {
        self.arrivals(sql::ARRIVAL, params![id.to_string()]).map(|mut found| found.pop())
    }

    /// The same, by the id it has with an older camera.
    pub(crate) fn arrival_by_source(
        &self,
        device: &str,
        source_id: &str,
    ) -> Result<Option<ArrivalRow>, StoreError> {
        self.arrivals(sql::ARRIVAL_BY_SOURCE, params![device, source_id]).map(|mut found| found.pop())
    }

    /// Those whose clip is still to come and whose event is here, behind the id `after`.
    pub(crate) fn open_arrivals(
        &self,
        after: Option<EventId>,
        limit: u32,
    ) -> Result<Vec<ArrivalRow>, StoreError> {
        let after = after.map(|id| id.to_string()).unwrap_or_default();
        self.arrivals(sql::OPEN_ARRIVALS, params![after, limit])
    }

    fn arrivals(
        &self,
        statement: &'static str,
        values: impl rusqlite::Params,
    ) -> Result<Vec<ArrivalRow>, StoreError> {
        self.read(|connection| {
            let mut statement = connection.prepare_cached(statement)?;
            let mut rows = statement.query(values)?;
            let mut found = Vec::new();
            while let Some(row) = rows.next()? {
                found.push(arrival(row)?);
            }
            Ok(found)
        })
    }

    /// Whether files of a deleted event of that id are still to go.
    pub(crate) fn is_buried(&self, id: EventId) -> Result<bool, StoreError> {
        self.read(|connection| Ok(connection.prepare_cached(sql::IS_BURIED)?.exists([id.to_string()])?))
    }

    /// Adds the event, and that it arrived.
    pub(crate) fn insert_arrived(
        &self,
        event: &Event,
        day: &str,
        arrival: &ArrivalRow,
    ) -> Result<Inserted, StoreError> {
        self.write(|transaction| {
            put_arrival(transaction, arrival)?;
            let is_new = write::insert(transaction, event, day)?;
            let change =
                transaction.prepare_cached(super::sql::CHANGE)?.query_row([], |row| row.get::<_, i64>(0))?;
            Ok(Inserted { change: change.unsigned_abs(), is_new })
        })
    }

    /// Notes that an event arrived which is here already; what was noted of it before goes.
    pub(crate) fn put_arrival(&self, arrival: &ArrivalRow) -> Result<(), StoreError> {
        self.write(|transaction| {
            transaction.prepare_cached(sql::FORGET_ARRIVAL)?.execute([arrival.id.to_string()])?;
            put_arrival(transaction, arrival)
        })
    }

    /// The clip is there: it is the event's, and the arrival is whole. → `None` if the event is gone.
    pub(crate) fn complete(&self, arrival: &ArrivalRow, clip: &Clip) -> Result<Option<Event>, StoreError> {
        let id = arrival.id.to_string();
        self.write(|transaction| {
            let changed = transaction.prepare_cached(sql::COMPLETE)?.execute(params![
                id,
                row::state_word(arrival.state),
                row::count(clip.bytes),
                clip.sha256,
                row::codec_word(clip.codec),
                clip.degraded,
            ])?;
            if changed == 0 {
                return Ok(None);
            }
            transaction.prepare_cached(sql::CLOSE_ARRIVAL)?.execute(params![
                id,
                row::count(clip.bytes),
                clip.sha256,
                row::codec_word(clip.codec),
                clip.degraded,
                ms(arrival.received),
            ])?;
            super::read::get(transaction, arrival.id)
        })
    }

    /// Forgets that an event arrived.
    pub(crate) fn forget_arrival(&self, id: EventId) -> Result<(), StoreError> {
        self.write(|transaction| {
            transaction.prepare_cached(sql::FORGET_ARRIVAL)?.execute([id.to_string()])?;
            Ok(())
        })
    }

    /// Forgets arrivals from before then whose events were deleted, at most so many. → How many.
    pub(crate) fn prune_arrivals(&self, before: Timestamp, limit: u32) -> Result<u64, StoreError> {
        self.write(|transaction| {
            let gone =
                transaction.prepare_cached(sql::PRUNE_ARRIVALS)?.execute(params![ms(before), limit])?;
            Ok(gone as u64)
        })
    }

    /// All devices, by name.
    pub(crate) fn devices(&self) -> Result<Vec<DeviceRow>, StoreError> {
        self.device_rows(sql::DEVICES, params![])
    }

    /// One device.
    pub(crate) fn device(&self, key: &str) -> Result<Option<DeviceRow>, StoreError> {
        self.device_rows(sql::DEVICE, params![key]).map(|mut found| found.pop())
    }

    fn device_rows(
        &self,
        statement: &'static str,
        values: impl rusqlite::Params,
    ) -> Result<Vec<DeviceRow>, StoreError> {
        self.read(|connection| {
            let mut statement = connection.prepare_cached(statement)?;
            let mut rows = statement.query(values)?;
            let mut found = Vec::new();
            while let Some(row) = rows.next()? {
                found.push(device(row)?);
            }
            Ok(found)
        })
    }

    /// Writes down when devices were heard of and what they said; all or none.
    pub(crate) fn put_devices(&self, devices: &[NewDevice]) -> Result<(), StoreError> {
        self.write(|transaction| {
            for device in devices {
                transaction.prepare_cached(sql::PUT_DEVICE)?.execute(params![
                    device.key,
                    device.name,
                    ms(device.last_seen),
                    device.quota.map(row::count),
                    device.said,
                    device.clock_offset_ms,
                ])?;
            }
            Ok(())
        })
    }

    /// Forgets a device; whether there was one.
    pub(crate) fn forget_device(&self, key: &str) -> Result<bool, StoreError> {
        self.write(|transaction| Ok(transaction.prepare_cached(sql::FORGET_DEVICE)?.execute([key])? > 0))
    }
}

fn put_arrival(transaction: &Transaction<'_>, arrival: &ArrivalRow) -> Result<(), StoreError> {
    let received = ms(arrival.received);
    transaction.prepare_cached(sql::NEW_DEVICE)?.execute(params![arrival.device, received])?;
    let clip = arrival.clip.as_ref();
    transaction.prepare_cached(sql::PUT_ARRIVAL)?.execute(params![
        arrival.id.to_string(),
        arrival.device,
        arrival.source_id,
        arrival.manifest_sha256,
        arrival.is_open,
        clip.map(|clip| row::count(clip.bytes)),
        clip.map(|clip| clip.sha256),
        clip.map(|clip| row::codec_word(clip.codec)),
        clip.is_some_and(|clip| clip.degraded),
        row::state_word(arrival.state),
        received,
        arrival.day,
    ])?;
    Ok(())
}

fn arrival(row: &Row<'_>) -> Result<ArrivalRow, StoreError> {
    let mut fields = Fields::new(row);
    Ok(ArrivalRow {
        id: fields.id()?,
        device: fields.text()?,
        source_id: fields.maybe_text()?,
        manifest_sha256: fields.hash()?,
        is_open: fields.flag()?,
        is_gone: fields.flag()?,
        clip: fields.clip()?,
        state: fields.state()?,
        received: fields.moment()?,
        day: fields.text()?,
    })
}

fn device(row: &Row<'_>) -> Result<DeviceRow, StoreError> {
    let mut fields = Fields::new(row);
    Ok(DeviceRow {
        key: fields.text()?,
        name: fields.text()?,
        first_seen: fields.moment()?,
        last_seen: fields.moment()?,
        quota: fields.maybe_number()?,
        said: fields.maybe_text()?,
        clock_offset_ms: fields.maybe_number()?,
        events: fields.number()?,
        bytes: fields.number()?,
        owed_bytes: fields.number()?,
    })
}
