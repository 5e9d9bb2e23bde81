//! What was put aside: counted, kept as long as there is room, and then the oldest goes first.

use crate::error::StoreError;
use crate::event::EventId;
use crate::remove::take_folder;
use crate::store::Store;

impl Store {
    /// Bytes of all that was put aside.
    pub(crate) fn quarantined_bytes(&self) -> Result<u64, StoreError> {
        let ids = self.ids_in(&self.inner().layout.quarantine())?;
        ids.iter().map(|id| self.bytes_aside(*id)).sum()
    }

    fn bytes_aside(&self, id: EventId) -> Result<u64, StoreError> {
        let dir = self.inner().layout.quarantine().join(id.to_string());
        let fs = self.fs_of();
        let names = fs.list(&dir).map_err(|error| StoreError::io("look at what was put aside", error))?;
        Ok(names.iter().map(|name| fs.metadata(&dir.join(name)).map_or(0, |file| file.len)).sum())
    }

    /// The oldest goes, for good; → its bytes, or `None` if there is nothing.
    pub(crate) fn drop_oldest_quarantined(&self) -> Result<Option<u64>, StoreError> {
        let quarantine = self.inner().layout.quarantine();
        let Some(id) = self.ids_in(&quarantine)?.into_iter().min() else { return Ok(None) };
        let bytes = self.bytes_aside(id)?;
        let gone = take_folder(self.fs_of(), &quarantine.join(id.to_string()), &quarantine);
        gone.map_err(|error| StoreError::io("delete what was put aside", error))?;
        tracing::warn!(%id, bytes, "what had been put aside was deleted to make room");
        Ok(Some(bytes))
    }
}
