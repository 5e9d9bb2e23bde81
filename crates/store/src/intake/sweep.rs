//! What was begun and not gone on with.

use std::io;
use std::time::Duration;

use jiff::SignedDuration;

use crate::error::StoreError;
use crate::event::EventId;
use crate::store::Store;

/// For so long it is remembered that a deleted event had come: no camera is offline for longer.
const REMEMBERED: SignedDuration = SignedDuration::from_hours(400 * 24);
/// Arrivals that are forgotten in one sweep.
const AT_ONCE: u32 = 5_000;

fn failed(error: io::Error) -> StoreError {
    StoreError::io("look at what came in", error)
}

impl Store {
    /// Gives up an event that is not whole: what is there of it goes, and it may be sent again. → Whether there was one.
    ///
    /// # Errors
    /// [`StoreError::Busy`] while somebody writes it; else what the disk says.
    pub fn abandon(&self, id: EventId) -> Result<bool, StoreError> {
        let index = self.index()?;
        let _turn = self.turn_of(id)?;
        let Some(row) = index.arrival(id)?.filter(|row| row.is_open) else { return Ok(false) };
        let given_up = self.drop_part(id).and_then(|()| index.forget_arrival(id));
        self.told(given_up)?;
        if !row.is_gone && index.get(id)?.is_some() {
            self.delete(&[id])?;
        }
        Ok(true)
    }

    /// Throws away what was begun of clips and not gone on with for so long; their events stay, and the clips may be sent
    /// from the start again. To be called every hour or so. → How many.
    ///
    /// # Errors
    /// What the disk says.
    pub fn sweep_incoming(&self, older: Duration) -> Result<u64, StoreError> {
        self.sweep(older).inspect_err(|error| self.tell(error))
    }

    fn sweep(&self, older: Duration) -> Result<u64, StoreError> {
        let index = self.index()?;
        let dir = self.inner().layout.incoming();
        let names = match self.fs_of().list(&dir) {
            Ok(names) => names,
            Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
            Err(error) => return Err(failed(error)),
        };
        let mut swept = 0;
        for name in names {
            let id = name.to_str().and_then(|name| name.strip_suffix(".part")?.parse::<EventId>().ok());
            let Some(id) = id else { continue };
            // Somebody is writing it.
            let Ok(_turn) = self.turn_of(id) else { continue };
            let is_wanted = index.arrival(id)?.is_none_or(|row| row.is_open && !row.is_gone);
            if is_wanted && !self.is_older(&dir.join(&name), older)? {
                continue;
            }
            self.drop_part(id)?;
            swept += 1;
        }
        if let Ok(before) = self.now().checked_sub(REMEMBERED) {
            index.prune_arrivals(before, AT_ONCE)?;
        }
        Ok(swept)
    }

    fn is_older(&self, path: &std::path::Path, older: Duration) -> Result<bool, StoreError> {
        let changed = self.fs_of().metadata(path).map_err(failed)?.modified;
        // One from the future is as new as can be.
        let age = self.inner().clock.wall().duration_since(changed).unwrap_or_default();
        Ok(age >= older)
    }
}
