//! What cameras of the older system ask for and nobody else does.

use jiff::civil::Date;

use crate::error::StoreError;
use crate::event::Event;
use crate::store::Store;

impl Store {
    /// At most `limit` events behind the first `offset`, the newest first, and how many there are; of that device alone
    /// if one is named (the id of its key), and of that day alone, by the local time of each event itself.
    ///
    /// # Errors
    /// The index's.
    pub fn older_list(
        &self,
        device: Option<&str>,
        day: Option<Date>,
        limit: u32,
        offset: u32,
    ) -> Result<(Vec<Event>, u64), StoreError> {
        self.index()?.older_list(device, day, limit, offset)
    }
}
