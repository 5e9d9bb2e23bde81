//! The key file and the secret that signs links, as the checks before every handler want them.

use std::sync::Arc;
use std::time::SystemTime;

use frame::Clock;
use rand::TryRngCore;
use rand::rngs::OsRng;
use store::keys::{Key, Keys};
use store::links::LinkSecret;
use web::{KeyCheck, KeyRecord, LinkKeeper, Scope, Unreadable};

/// What a data directory knows of who may come in.
#[derive(Debug, Clone)]
pub struct StoredKeys {
    keys: Arc<Keys>,
    links: Option<Links>,
}

#[derive(Clone)]
struct Links {
    secret: Arc<LinkSecret>,
    clock: Arc<dyn Clock>,
}

impl std::fmt::Debug for Links {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.secret.fmt(f)
    }
}

impl StoredKeys {
    /// Reads them for the first time.
    ///
    /// # Errors
    /// If the file is there but cannot be read; a server must not start then.
    pub fn load(keys: Arc<Keys>) -> Result<Self, store::keys::KeyError> {
        keys.refresh()?;
        Ok(Self { keys, links: None })
    }

    /// The keys themselves.
    #[must_use]
    pub fn keys(&self) -> Arc<Keys> {
        self.keys.clone()
    }

    /// Makes links, too, which expire by that clock. A secret that cannot be read makes and opens none.
    #[must_use]
    pub fn with_links(self, secret: Arc<LinkSecret>, clock: Arc<dyn Clock>) -> Self {
        let it = Self { links: Some(Links { secret, clock }), ..self };
        it.refresh_links();
        it
    }

    /// Told but not passed on: it concerns links alone, and keys go on to work.
    fn refresh_links(&self) {
        let Some(links) = &self.links else { return };
        if let Err(error) = links.secret.refresh() {
            tracing::error!(%error, "failed to read what signs links; none works until it is mended or thrown away");
        }
    }
}

impl KeyCheck for StoredKeys {
    fn any(&self) -> bool {
        !self.keys.known().is_empty()
    }

    fn find(&self, id: &str) -> Option<KeyRecord> {
        self.keys.known().iter().find(|key| key.id == id).map(record)
    }

    fn refresh(&self) -> Result<(), Unreadable> {
        self.refresh_links();
        Ok(self.keys.refresh()?)
    }

    fn links(&self) -> Option<&dyn LinkKeeper> {
        self.links.as_ref().map(|links| links as &dyn LinkKeeper)
    }
}

impl LinkKeeper for Links {
    fn known(&self) -> Option<[u8; 32]> {
        self.secret.known()
    }

    fn make(&self) -> Result<[u8; 32], Unreadable> {
        let mut random = [0; 32];
        OsRng.try_fill_bytes(&mut random)?;
        Ok(self.secret.make(random)?)
    }

    fn now(&self) -> SystemTime {
        self.clock.wall()
    }
}

fn record(key: &Key) -> KeyRecord {
    KeyRecord {
        id: key.id.clone(),
        name: key.name.clone(),
        secret_sha256: key.secret_sha256,
        scopes: key.scopes.iter().filter_map(|scope| Scope::named(scope)).collect(),
    }
}
