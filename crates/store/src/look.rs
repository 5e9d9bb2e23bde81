//! The events of a data directory that another process may be writing: found, and nothing else.

use std::path::Path;

use crate::error::StoreError;
use crate::event::{Event, EventId};
use crate::fs::DataFs;
use crate::identity::{self, Found};
use crate::index::Index;
use crate::layout::Layout;
use crate::query::{Page, Query};

/// A look at what is kept. Nothing is made, locked, recovered or changed by it.
#[derive(Debug)]
pub struct Look {
    index: Index,
}

impl Look {
    /// Opens the index of the data directory to read it. One that was never used holds nothing: `None`.
    ///
    /// # Errors
    /// [`StoreError::Missing`] if the disk that holds the events is not there, [`StoreError::Newer`] if a newer program
    /// has written it, [`StoreError::Invalid`] if an older one has and this one has not been started since; else what
    /// the system says.
    pub fn at(root: &Path) -> Result<Option<Self>, StoreError> {
        let layout = Layout::new(root.to_owned());
        match identity::look(&DataFs, &layout)? {
            Found::Missing(why) => Err(StoreError::Missing(why)),
            Found::Known(_) if layout.index().exists() => {
                Ok(Some(Self { index: Index::open_to_look(&layout.index())? }))
            }
            Found::Known(_) | Found::Fresh => Ok(None),
        }
    }

    /// One page of the events that match.
    ///
    /// # Errors
    /// As [`Store::list`](crate::Store::list).
    pub fn list(&self, query: &Query) -> Result<Page, StoreError> {
        self.index.list(query)
    }

    /// One event.
    ///
    /// # Errors
    /// The index's.
    pub fn get(&self, id: EventId) -> Result<Option<Event>, StoreError> {
        self.index.get(id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::tests::Place;

    #[test]
    fn events_are_found_while_somebody_else_writes_them_and_nothing_is_made() {
        let place = Place::new();
        let store = place.open();
        let first = place.record(&store).id;
        let look = Look::at(store.root()).unwrap().expect("there are events");
        assert_eq!(look.list(&Query::default()).unwrap().events.len(), 1);
        let second = place.record(&store).id;
        assert_eq!(look.list(&Query::default()).unwrap().events.len(), 2);
        assert_eq!(look.get(second).unwrap().unwrap().id, second);
        store.delete(&[first]).unwrap();
        assert!(look.get(first).unwrap().is_none());
    }

    #[test]
    fn a_folder_without_events_stays_as_it_is() {
        let dir = tempfile::tempdir().unwrap();
        assert!(Look::at(dir.path()).unwrap().is_none());
        assert!(Look::at(&dir.path().join("nowhere")).unwrap().is_none());
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
    }
}
