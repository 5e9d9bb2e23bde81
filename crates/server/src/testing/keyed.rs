//! A server that asks for keys.

use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use frame::SimClock;
use store::fs::RealFs;
use store::keys::{Keys, NewKey, Secret};
use store::links::LinkSecret;
use web::Access;

use super::{TestServer, Wish, made};
use crate::StoredKeys;

pub(crate) struct Keyed {
    pub(crate) server: TestServer,
    pub(crate) keys: Arc<Keys>,
    pub(crate) dir: tempfile::TempDir,
    pub(crate) store: store::Store,
    /// What links expire by.
    pub(crate) clock: Arc<SimClock>,
}

impl Keyed {
    pub(crate) async fn start() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let keys = Arc::new(Keys::new(Arc::new(RealFs), dir.path()));
        let clock = Arc::new(SimClock::at(UNIX_EPOCH + Duration::from_secs(1_700_000_000)));
        let secret = Arc::new(LinkSecret::new(Arc::new(RealFs), dir.path()));
        let stored = StoredKeys::load(keys.clone()).unwrap().with_links(secret, clock.clone());
        let access = Access::new(true, Arc::new(stored));
        let store = made::open(dir.path(), clock.clone());
        let kept = Some(store.clone());
        let server = TestServer::with(Wish { access, store: kept, ..Wish::default() }).await;
        server.garden.configure(|settings| settings.max_clients = 1000);
        Self { server, keys, dir, store, clock }
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

    /// An event that is kept.
    pub(crate) fn event(&self) -> String {
        made::Wish { frames: 3, ..made::Wish::default() }.make(&self.store, &self.clock).id.to_string()
    }

    /// A link to `path` that is good for a minute.
    pub(crate) async fn link(&self, key: &str, path: &str) -> String {
        let body = serde_json::json!({ "path": path, "expires_in_s": 60 }).to_string();
        let headers = [("X-API-Key", key), ("Content-Type", "application/json")];
        let reply = self.server.ask("POST", "/api/v1/links", &headers, &body).await;
        assert_eq!(reply.status, 200, "{reply:?}");
        reply.json()["url"].as_str().unwrap().to_owned()
    }

    /// What a browser that was given the key as a password sends from then on.
    pub(crate) async fn session(&self, key: &str) -> String {
        self.session_at("/", key).await
    }

    /// The same of a key that may not see the page, at what it may.
    pub(crate) async fn session_at(&self, path: &str, key: &str) -> String {
        let headers = [("X-API-Key", key), ("Sec-Fetch-Site", "same-origin")];
        let page = self.server.ask("HEAD", path, &headers, "").await;
        let cookie = page.header("set-cookie").expect("the page opens a session");
        cookie.split(';').next().unwrap().to_owned()
    }
}

pub(crate) fn add(keys: &Keys, scope: &str, seed: u8) -> NewKey {
    let clock = SimClock::at(std::time::SystemTime::UNIX_EPOCH);
    keys.add(scope, &[scope.to_owned()], Secret([seed; 37]), &clock).unwrap()
}
