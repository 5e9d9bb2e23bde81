//! How full it is, and how it will go on.

use std::time::Duration;

use super::{Retention, age, plan};
use crate::error::StoreError;
use crate::forecast::{Facts, Forecast, forecast};
use crate::fs::Space;
use crate::health::StoreState;
use crate::index::Index;
use crate::query::Totals;
use crate::store::{Store, locked};

/// Days that the forecast looks back on.
const LOOK_BACK: u32 = 8;
const DAY: Duration = Duration::from_secs(86_400);

/// Bytes of a disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Disk {
    /// All.
    pub total: u64,
    /// What may still be written.
    pub free: u64,
}

/// What is kept, how much room it takes, and when that will be used up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StorageView {
    /// How the store is.
    pub state: StoreState,
    /// Events that are finished.
    pub events: u64,
    /// Those that retention never deletes.
    pub favourites: u64,
    /// Those that nobody has looked at.
    pub unseen: u64,
    /// Folders that were put aside.
    pub quarantined: u64,
    /// Bytes of clips.
    pub clip_bytes: u64,
    /// Bytes of pictures.
    pub picture_bytes: u64,
    /// Bytes of the index.
    pub index_bytes: u64,
    /// The disk, as far as it tells.
    pub disk: Disk,
    /// The limits.
    pub retention: Retention,
    /// When the first limit will be reached; `None` as long as too little is known.
    pub forecast: Option<Forecast>,
}

impl Store {
    /// What is kept, and how it will go on. Three statements and a look at the disk. Never fails: what cannot be
    /// told is zero, and `state` says why.
    #[must_use]
    pub fn storage(&self) -> StorageView {
        let inner = self.inner();
        let retention = locked(&inner.retention).clone();
        let space = self.space().unwrap_or_default();
        let index = self.index().ok();
        let totals = index.as_ref().and_then(|index| index.totals().ok()).unwrap_or_default();
        let forecast =
            index.and_then(|index| self.foretell(&index, &retention, totals, space).ok().flatten());
        let bytes_of =
            |name: &str| self.fs_of().metadata(&inner.layout.root().join(name)).map_or(0, |file| file.len);
        StorageView {
            state: self.state(),
            events: totals.events,
            favourites: totals.favourites,
            unseen: totals.unseen,
            quarantined: self.ids_in(&inner.layout.quarantine()).map_or(0, |ids| ids.len() as u64),
            clip_bytes: totals.clip_bytes,
            picture_bytes: totals.picture_bytes,
            index_bytes: bytes_of("index.sqlite") + bytes_of("index.sqlite-wal"),
            disk: Disk { total: space.total, free: space.free },
            retention,
            forecast,
        }
    }

    fn foretell(
        &self,
        index: &Index,
        retention: &Retention,
        totals: Totals,
        space: Space,
    ) -> Result<Option<Forecast>, StoreError> {
        let now = self.now();
        let Some(oldest) = index.evictable_oldest(None, 1)?.into_iter().next() else { return Ok(None) };
        let oldest = age(now, oldest.started);
        let grown = index.bytes_of_days(self.today(), LOOK_BACK)?;
        let over = oldest.min(DAY * LOOK_BACK.saturating_sub(1));
        Ok(forecast(&Facts {
            grown,
            over,
            used: plan::used(totals),
            max_size: retention.max_size,
            free: space.free,
            min_free: retention.min_free,
            oldest,
            max_age: retention.max_age,
        }))
    }
}
