//! A hub on a real socket over a store of its own, and cameras that send to it.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use frame::{Clock, SimClock};
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use store::Store;
use store::event::EventId;
use store::fs::RealFs;
use store::keys::{Key, Keys, Secret};
use store::links::LinkSecret;
use store::parcel::Manifest;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_util::task::TaskTracker;
use web::{Access, Front, Hosts, KeyCheck, KeyRecord, Life, Limits, LinkKeeper, Metrics, Scope, Unreadable};

use crate::app::{Hub, Live, Settings, Setup};

// The one that the black-box tests use.
#[path = "../../../tests/support/described.rs"]
#[allow(unreachable_pub, dead_code, reason = "there it is a crate's surface")]
mod described;
// The one that `archive`'s tests use.
#[path = "../../archive/src/testing/made.rs"]
#[allow(dead_code, reason = "there all of it is used")]
pub(crate) mod made;

use described::{Answer, Described};

/// A hang is a failure, not a hung test run.
pub(crate) const DEADLINE: Duration = Duration::from_secs(30);

pub(crate) async fn soon<F: Future>(what: &str, future: F) -> F::Output {
    match tokio::time::timeout(DEADLINE, future).await {
        Ok(output) => output,
        Err(_) => panic!("{what} did not happen within {DEADLINE:?}"),
    }
}

/// Looks again every few milliseconds until it holds.
pub(crate) async fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let mut tick = tokio::time::interval(Duration::from_millis(5));
    soon(what, async {
        while !holds() {
            tick.tick().await;
        }
    })
    .await;
}

fn described() -> &'static Described {
    static DESCRIBED: std::sync::LazyLock<Described> = std::sync::LazyLock::new(|| {
        Described::new(serde_json::to_value(crate::openapi::document("0.0.0")).unwrap())
    });
    &DESCRIBED
}

/// The key file, as the checks want it.
struct FileKeys {
    keys: Arc<Keys>,
    links: FileLinks,
}

/// What signs links, and the clock that they expire by.
struct FileLinks(LinkSecret, Arc<SimClock>);

impl LinkKeeper for FileLinks {
    fn known(&self) -> Option<[u8; 32]> {
        self.0.known()
    }
    fn make(&self) -> Result<[u8; 32], Unreadable> {
        Ok(self.0.make([7; 32])?)
    }
    fn now(&self) -> SystemTime {
        self.1.wall()
    }
}

impl KeyCheck for FileKeys {
    fn any(&self) -> bool {
        !self.keys.known().is_empty()
    }
    fn find(&self, id: &str) -> Option<KeyRecord> {
        let record = |key: &Key| KeyRecord {
            id: key.id.clone(),
            name: key.name.clone(),
            secret_sha256: key.secret_sha256,
            scopes: key.scopes.iter().filter_map(|scope| Scope::named(scope)).collect(),
        };
        self.keys.known().iter().find(|key| key.id == id).map(record)
    }
    fn refresh(&self) -> Result<(), Unreadable> {
        self.links.0.refresh()?;
        Ok(self.keys.refresh()?)
    }
    fn links(&self) -> Option<&dyn LinkKeeper> {
        Some(&self.links)
    }
}

/// Noon of 2023-11-15, UTC.
pub(crate) const NOON: u64 = 1_700_049_600;

pub(crate) fn clock() -> Arc<SimClock> {
    Arc::new(SimClock::at(SystemTime::UNIX_EPOCH + Duration::from_secs(NOON)))
}

pub(crate) struct TestHub {
    pub(crate) address: SocketAddr,
    pub(crate) store: Store,
    pub(crate) clock: Arc<SimClock>,
    pub(crate) hub: Hub,
    /// A key for each scope, under the scope's name.
    pub(crate) keys: Vec<(Scope, String)>,
    /// Two devices: `pond`, which may keep 1 MiB, and `nest`, which may keep what there is room for.
    pub(crate) pond: String,
    pub(crate) nest: String,
    pub(crate) life: Life,
    pub(crate) dir: tempfile::TempDir,
    _serving: tokio::task::JoinHandle<std::io::Result<web::Ended>>,
}

impl TestHub {
    pub(crate) async fn start() -> Self {
        Self::with(Settings { max_event: 8 << 20, ..Settings::default() }, Limits::of_hub()).await
    }

    pub(crate) async fn with(settings: Settings, limits: Limits) -> Self {
        let (dir, clock) = (tempfile::tempdir().unwrap(), clock());
        let keys = Arc::new(Keys::new(Arc::new(RealFs), dir.path()));
        let add = |name: &str, scope: &str, quota: Option<u64>, seed: u8| {
            keys.add_with_quota(name, &[scope.to_owned()], quota, Secret([seed; 37]), &*clock).unwrap().text
        };
        let scopes = Scope::ALL.into_iter().enumerate();
        let texts = scopes.map(|(n, scope)| (scope, add(scope.as_str(), scope.as_str(), None, n as u8 + 1)));
        let texts = texts.collect::<Vec<_>>();
        let (pond, nest) = (add("Pond", "upload", Some(1 << 20), 50), add("Nest", "upload", None, 51));
        keys.refresh().unwrap();
        let store = made::open(dir.path(), clock.clone());
        let (life, metrics) = (Life::default(), Metrics::default());
        let wall = clock.clone();
        let wall: archive::Wall = Arc::new(move || wall.wall());
        let links = FileLinks(LinkSecret::new(Arc::new(RealFs), dir.path()), clock.clone());
        let setup = Setup {
            store: store.clone(),
            keys: keys.clone(),
            archive: archive::Archive::new(archive::Setup {
                store: Some(store.clone()),
                life: life.clone(),
                wall: wall.clone(),
            }),
            settings: Live::new(settings),
            data_dir: dir.path().to_owned(),
            version: "0.0.0",
            wall,
            life: life.clone(),
            front: Front {
                hosts: Hosts::default().of_section("hub"),
                access: Access::new(true, Arc::new(FileKeys { keys, links })),
                limits,
                metrics: metrics.clone(),
            },
        };
        let hub = Hub::new(&setup);
        let router = crate::routes::route(hub.clone(), setup.front);
        let listener = web::bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let address = listener.local_addr().unwrap();
        let served = life.clone();
        let serving = TaskTracker::new().spawn(async move {
            web::serve(listener, router, limits, web::Room::default(), &metrics, &served).await
        });
        Self { address, store, clock, hub, keys: texts, pond, nest, life, dir, _serving: serving }
    }

    pub(crate) fn key(&self, scope: Scope) -> &str {
        &self.keys.iter().find(|(this, _)| *this == scope).unwrap().1
    }

    /// The start of a request, up to the empty line.
    pub(crate) fn head(&self, method: &str, path: &str, headers: &[(&str, &str)]) -> String {
        let mut head = format!("{method} {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n", self.address);
        for (name, value) in headers {
            head += &format!("{name}: {value}\r\n");
        }
        head
    }

    /// One request on a connection of its own; the answer is read to its end and held to the description.
    pub(crate) async fn ask(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Reply {
        let mut request = self.head(method, path, headers).into_bytes();
        if !body.is_empty() {
            request.extend(format!("Content-Length: {}\r\n", body.len()).bytes());
        }
        request.extend(b"\r\n");
        request.extend(body);
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        // Who is refused may be answered before everything is sent.
        stream.write_all(&request).await.unwrap_or_default();
        let mut bytes = Vec::new();
        soon("the end of the answer", stream.read_to_end(&mut bytes)).await.unwrap_or_default();
        let reply = Reply::parse(&bytes);
        reply.check(method, path);
        reply
    }

    pub(crate) async fn get(&self, path: &str) -> Reply {
        self.ask("GET", path, &[("X-API-Key", self.key(Scope::View))], b"").await
    }
}

/// What a camera sends of an event.
#[derive(Debug, Clone)]
pub(crate) struct Sent {
    pub(crate) id: EventId,
    pub(crate) manifest: Manifest,
    pub(crate) files: Vec<(String, Vec<u8>)>,
    pub(crate) clip: Vec<u8>,
}

/// A camera's own store.
pub(crate) struct Camera {
    pub(crate) store: Store,
    pub(crate) clock: Arc<SimClock>,
    _dir: tempfile::TempDir,
}

impl Camera {
    pub(crate) fn new() -> Self {
        let (dir, clock) = (tempfile::tempdir().unwrap(), clock());
        Self { store: made::open(dir.path(), clock.clone()), clock, _dir: dir }
    }

    /// An event that was recorded.
    pub(crate) fn record(&self, wish: &made::Wish) -> Sent {
        self.clock.advance(Duration::from_secs(60));
        let id = wish.make(&self.store, &self.clock).id;
        let manifest = self.store.manifest(id).unwrap().expect("a manifest");
        let read = |name: &str| {
            let (mut file, _) = self.store.open_file(id, name).unwrap().expect(name);
            let mut bytes = Vec::new();
            std::io::Read::read_to_end(&mut file, &mut bytes).unwrap();
            bytes
        };
        let files = manifest.files.iter().map(|file| (file.name.clone(), read(&file.name))).collect();
        Sent { id, manifest, files, clip: read("clip.mp4") }
    }
}

/// `Content-Digest`.
pub(crate) fn digest(bytes: &[u8]) -> String {
    format!("sha-256=:{}:", STANDARD.encode(Sha256::digest(bytes)))
}

impl Sent {
    pub(crate) fn path(&self, rest: &str) -> String {
        format!("/api/v1/ingest/{}{rest}", self.id)
    }

    pub(crate) async fn announce(&self, hub: &TestHub, key: &str) -> Reply {
        let headers = [("X-API-Key", key), ("Content-Type", "application/json")];
        hub.ask("PUT", &self.path(""), &headers, &serde_json::to_vec(&self.manifest).unwrap()).await
    }

    pub(crate) async fn file(&self, hub: &TestHub, key: &str, name: &str, bytes: &[u8]) -> Reply {
        let path = self.path(&format!("/files/{name}"));
        hub.ask("PUT", &path, &[("X-API-Key", key), ("Content-Digest", &digest(bytes))], bytes).await
    }

    /// All small files.
    pub(crate) async fn pictures(&self, hub: &TestHub, key: &str) -> Value {
        let mut standing = self.announce(hub, key).await.json();
        for (name, bytes) in &self.files {
            let reply = self.file(hub, key, name, bytes).await;
            assert_eq!(reply.status, 200, "{reply:?}");
            standing = reply.json();
        }
        standing
    }

    pub(crate) async fn part(&self, hub: &TestHub, key: &str, offset: usize, bytes: &[u8]) -> Reply {
        let (offset, digest) = (offset.to_string(), digest(bytes));
        let headers = [("X-API-Key", key), ("Upload-Offset", &*offset), ("Content-Digest", &*digest)];
        hub.ask("PATCH", &self.path("/clip"), &headers, bytes).await
    }

    pub(crate) async fn finish(&self, hub: &TestHub, key: &str) -> Reply {
        hub.ask("POST", &self.path("/finish"), &[("X-API-Key", key)], b"").await
    }

    pub(crate) async fn standing(&self, hub: &TestHub, key: &str) -> Value {
        hub.ask("GET", &self.path(""), &[("X-API-Key", key)], b"").await.json()
    }

    /// All of it; → the receipt.
    pub(crate) async fn send(&self, hub: &TestHub, key: &str) -> Value {
        assert_eq!(self.pictures(hub, key).await["state"], "clip");
        let part = self.part(hub, key, 0, &self.clip).await;
        assert_eq!((part.status, &part.json()["offset"]), (200, &Value::from(self.clip.len())), "{part:?}");
        let done = self.finish(hub, key).await;
        assert_eq!((done.status, &done.json()["state"]), (200, &"stored".into()), "{done:?}");
        done.json()["receipt"].clone()
    }
}

/// A whole answer.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

impl Reply {
    pub(crate) fn parse(bytes: &[u8]) -> Self {
        let end = bytes.windows(4).position(|four| four == b"\r\n\r\n").expect("an answer's head");
        let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        Self { status, head, body: bytes[end + 4..].to_vec() }
    }

    #[track_caller]
    fn check(&self, method: &str, path: &str) {
        let (status, content_type) = (self.status, self.header("content-type"));
        let answer = Answer { method, path, status, content_type, body: Some(&self.body) };
        if let Err(no) = described().check(&answer) {
            panic!("{method} {path} is answered as nobody described: {no}\n{self:?}");
        }
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut lines = self.head.lines().skip(1).filter_map(|line| line.split_once(": "));
        lines.find(|(this, _)| this.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error} in {self:?}"))
    }

    /// Status and code of a problem.
    #[track_caller]
    pub(crate) fn problem(&self) -> (u16, String) {
        (self.status, self.json()["code"].as_str().unwrap_or_default().to_owned())
    }
}
