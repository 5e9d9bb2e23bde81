//! What only the models ask of an index.

use std::path::Path;

use rusqlite::Connection;

use super::{MIGRATIONS, create, migrate, prepare};
use crate::error::StoreError;
use crate::event::Event;
use crate::index::{Index, Readers};

impl Index {
    /// Looks into its tables.
    pub(crate) fn look<T>(
        &self,
        f: impl FnOnce(&Connection) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        self.read(f)
    }

    /// How sure its writes are to be.
    pub(crate) fn set_sync(&self, how: &str) -> Result<(), StoreError> {
        Ok(self.writer().pragma_update(None, "synchronous", how)?)
    }

    /// Makes one as the first version of the program left it, with these events.
    pub(crate) fn make_old(file: &Path, events: &[Event]) -> Result<(), StoreError> {
        create(file).map_err(|error| StoreError::io("make an index", error))?;
        let mut connection = Connection::open(file)?;
        prepare(&connection)?;
        migrate(&mut connection, Some(file), MIGRATIONS.get(..1).unwrap_or_default())?;
        let index = Self::new(Readers::Writer, connection)?;
        index.insert_all(events.iter().map(|event| (event, "2026/11/20"))).map(drop)
    }
}
