//! The key file, as the checks before every handler want it.

use std::sync::Arc;

use store::keys::Keys;
use web::{KeyCheck, KeyRecord, Scope, Unreadable};

/// The keys of a data directory.
#[derive(Debug, Clone)]
pub struct StoredKeys(Arc<Keys>);

impl StoredKeys {
    /// Reads them for the first time.
    ///
    /// # Errors
    /// If the file is there but cannot be read; a server must not start then.
    pub fn load(keys: Arc<Keys>) -> Result<Self, store::keys::KeyError> {
        keys.refresh()?;
        Ok(Self(keys))
    }
}

impl KeyCheck for StoredKeys {
    fn any(&self) -> bool {
        !self.0.known().is_empty()
    }

    fn find(&self, id: &str) -> Option<KeyRecord> {
        let known = self.0.known();
        let key = known.iter().find(|key| key.id == id)?;
        Some(KeyRecord {
            id: key.id.clone(),
            secret_sha256: key.secret_sha256,
            scopes: key.scopes.iter().filter_map(|scope| Scope::named(scope)).collect(),
        })
    }

    fn refresh(&self) -> Result<(), Unreadable> {
        Ok(self.0.refresh()?)
    }
}
