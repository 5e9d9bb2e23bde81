//! A server that asks for keys.

use std::sync::Arc;

use frame::SimClock;
use store::fs::RealFs;
use store::keys::{Keys, NewKey, Secret};
use web::Access;

use super::{TestServer, Wish};
use crate::StoredKeys;

pub(crate) struct Keyed {
    pub(crate) server: TestServer,
    pub(crate) keys: Arc<Keys>,
    pub(crate) dir: tempfile::TempDir,
}

impl Keyed {
    pub(crate) async fn start() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let keys = Arc::new(Keys::new(Arc::new(RealFs), dir.path()));
        let access = Access::new(true, Arc::new(StoredKeys::load(keys.clone()).unwrap()));
        Self { server: TestServer::with(Wish { access, ..Wish::default() }).await, keys, dir }
    }

    /// Makes a key and waits until the server knows it.
    pub(crate) async fn add(&self, scope: &str, seed: u8) -> NewKey {
        let key = add(&self.keys, scope, seed);
        let header = [("X-API-Key", key.text.as_str())];
        // Not so often that the server takes it for guessing.
        let mut tick = tokio::time::interval(std::time::Duration::from_millis(200));
        super::soon("the key is known", async {
            while matches!(self.server.ask("GET", "/nothing", &header, "").await.status, 401 | 429) {
                tick.tick().await;
            }
        })
        .await;
        key
    }

    /// What a browser that was given the key as a password sends from then on.
    pub(crate) async fn session(&self, key: &str) -> String {
        let page = self.server.ask("GET", "/", &[("X-API-Key", key)], "").await;
        let cookie = page.header("set-cookie").expect("the page opens a session");
        cookie.split(';').next().unwrap().to_owned()
    }
}

pub(crate) fn add(keys: &Keys, scope: &str, seed: u8) -> NewKey {
    let clock = SimClock::at(std::time::SystemTime::UNIX_EPOCH);
    keys.add(scope, &[scope.to_owned()], Secret([seed; 37]), &clock).unwrap()
}
