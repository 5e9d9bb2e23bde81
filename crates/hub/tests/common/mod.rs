//! A hub on a real socket over a data directory of its own, and a client that may send anything.
#![allow(dead_code, reason = "each test program takes what it needs")]

use std::io::{Read, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use archive::Archive;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use frame::{Clock, SimClock};
use hub::{Settings, Setup};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use store::fs::{BeneathFs, DataFs};
use store::keys::{Keys, Secret};
use store::{Opening, Retention, Store};
use web::{Access, Front, Hosts, KeyCheck, KeyRecord, Life, Limits, Metrics, Scope, Unreadable};

/// Noon of 2026-11-20, UTC.
pub(crate) const NOON: u64 = 1_795_176_000;

struct KeysOf(Arc<Keys>);

impl KeyCheck for KeysOf {
    fn any(&self) -> bool {
        !self.0.known().is_empty()
    }
    fn find(&self, id: &str) -> Option<KeyRecord> {
        self.0.known().iter().find(|key| key.id == id).map(|key| KeyRecord {
            id: key.id.clone(),
            name: key.name.clone(),
            secret_sha256: key.secret_sha256,
            scopes: key.scopes.iter().filter_map(|scope| Scope::named(scope)).collect(),
        })
    }
    fn refresh(&self) -> Result<(), Unreadable> {
        Ok(self.0.refresh()?)
    }
}

/// The hub. Dropped, it ends.
pub(crate) struct Server {
    pub(crate) addr: SocketAddr,
    pub(crate) store: Store,
    /// What lies around the data directory, which is `data` in it.
    pub(crate) around: tempfile::TempDir,
    pub(crate) keys: Arc<Keys>,
    pub(crate) clock: Arc<SimClock>,
    life: Life,
    runtime: Option<tokio::runtime::Runtime>,
}

impl Server {
    pub(crate) fn start(settings: Settings) -> Self {
        let around = tempfile::tempdir().unwrap();
        let data = around.path().join("data");
        std::fs::create_dir(&data).unwrap();
        let clock = Arc::new(SimClock::at(SystemTime::UNIX_EPOCH + Duration::from_secs(NOON)));
        let retention = Retention { min_free: None, max_age: None, ..Retention::default() };
        let fs = Arc::new(BeneathFs::open(&data).unwrap());
        let opening = Opening { root: data.clone(), fs, clock: clock.clone(), retention };
        let store = Store::open(opening).unwrap();
        let keys = Arc::new(Keys::new(Arc::new(DataFs), &data));
        let (life, metrics) = (Life::default(), Metrics::default());
        let wall: archive::Wall = {
            let clock = clock.clone();
            Arc::new(move || clock.wall())
        };
        let archive = Archive::new(archive::Setup {
            store: Some(store.clone()),
            life: life.clone(),
            wall: wall.clone(),
        });
        let limits = Limits { body: Duration::from_secs(3), ..Limits::of_hub() };
        let front = Front {
            hosts: Hosts::default(),
            access: Access::new(true, Arc::new(KeysOf(keys.clone()))),
            limits,
            metrics: metrics.clone(),
        };
        let setup = Setup {
            store: store.clone(),
            keys: keys.clone(),
            archive,
            settings: hub::Live::new(settings),
            data_dir: data,
            version: "0.0.0",
            wall,
            life: life.clone(),
            front,
        };
        let (router, _hub) = hub::router(setup);
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let listener = web::bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let addr = listener.local_addr().unwrap();
        let served = life.clone();
        let serve = async move {
            drop(web::serve(listener, router, limits, web::Room::default(), &metrics, &served).await)
        };
        drop(life.tracker.spawn_on(serve, runtime.handle()));
        Self { addr, store, around, keys, clock, life, runtime: Some(runtime) }
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.around.path().join("data")
    }

    /// A new key.
    pub(crate) fn key(&self, name: &str, scopes: &[&str]) -> Client {
        self.key_with(name, scopes, None)
    }

    pub(crate) fn key_with(&self, name: &str, scopes: &[&str], quota: Option<u64>) -> Client {
        let scopes = scopes.iter().map(|scope| (*scope).to_owned()).collect::<Vec<_>>();
        let seed: [u8; 32] = Sha256::digest(format!("{name}{:?}", self.keys.known().len()).as_bytes()).into();
        let mut random = [0; 37];
        random[..32].copy_from_slice(&seed);
        random[32..].copy_from_slice(&seed[..5]);
        let new = self.keys.add_with_quota(name, &scopes, quota, Secret(random), &*self.clock).unwrap();
        self.keys.refresh().unwrap();
        Client { addr: self.addr, key: new.text, id: new.key.id }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.life.token.cancel();
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_timeout(Duration::from_secs(5));
        }
    }
}

/// Who asks.
#[derive(Clone)]
pub(crate) struct Client {
    pub(crate) addr: SocketAddr,
    pub(crate) key: String,
    pub(crate) id: String,
}

/// A whole answer.
#[derive(Debug, Clone)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

impl Reply {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|no| panic!("{no} in {}: {}", self.status, self.text()))
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut lines = self.head.lines().filter_map(|line| line.split_once(": "));
        lines.find(|(this, _)| this.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    #[track_caller]
    pub(crate) fn ok(&self) -> Value {
        assert_eq!(self.status, 200, "{}", self.text());
        self.json()
    }
}

impl Client {
    pub(crate) fn ask(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Reply {
        let mut head = format!(
            "{method} {path} HTTP/1.1\r\nHost: localhost\r\nX-API-Key: {}\r\nConnection: close\r\n",
            self.key
        );
        for (name, value) in headers {
            head += &format!("{name}: {value}\r\n");
        }
        let has_length = headers.iter().any(|(name, _)| {
            name.eq_ignore_ascii_case("content-length") || name.eq_ignore_ascii_case("transfer-encoding")
        });
        if !has_length && (!body.is_empty() || method != "GET") {
            head += &format!("Content-Length: {}\r\n", body.len());
        }
        self.raw(&[head.as_bytes(), b"\r\n", body].concat())
    }

    /// These very bytes. An answer that is cut off before its head is as good as status 0.
    pub(crate) fn raw(&self, bytes: &[u8]) -> Reply {
        let mut wire = TcpStream::connect(self.addr).unwrap();
        wire.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        wire.set_nodelay(true).unwrap();
        // One who refuses a body need not take all of it.
        let sender = {
            let (mut half, bytes) = (wire.try_clone().unwrap(), bytes.to_vec());
            std::thread::Builder::new()
                .name("send".into())
                .spawn(move || drop(half.write_all(&bytes)))
                .unwrap()
        };
        let mut all = Vec::new();
        drop(wire.read_to_end(&mut all));
        drop(wire);
        sender.join().unwrap();
        let Some(end) = all.windows(4).position(|four| four == b"\r\n\r\n") else {
            return Reply { status: 0, head: String::new(), body: all };
        };
        let head = String::from_utf8_lossy(&all[..end]).into_owned();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        let mut body = all[end + 4..].to_vec();
        if head.to_lowercase().contains("transfer-encoding: chunked") {
            body = unchunked(&body);
        }
        Reply { status, head, body }
    }

    pub(crate) fn get(&self, path: &str) -> Reply {
        self.ask("GET", path, &[], b"")
    }

    pub(crate) fn post(&self, path: &str, body: &Value) -> Reply {
        self.ask("POST", path, &[("Content-Type", "application/json")], body.to_string().as_bytes())
    }

    pub(crate) fn form(&self, parts: &[Part<'_>]) -> Reply {
        let (kind, body) = form(parts);
        self.ask("POST", "/storage", &[("Content-Type", &kind)], &body)
    }

    /// The whole of an event in chunks.
    pub(crate) fn chunked(&self, said: &Value, clip: &[u8], chunk: usize, thumbnails: &[Vec<u8>]) -> Reply {
        let begun = self.post("/storage/chunked/init", &init(said, clip, chunk, thumbnails)).ok();
        let id = begun["upload_id"].as_str().unwrap();
        for (index, bytes) in clip.chunks(chunk).enumerate() {
            let taken = self.post("/storage/chunked/upload", &chunk_of(id, index, bytes)).ok();
            assert_eq!(taken, json!({ "success": true, "chunk_index": index }));
        }
        self.post("/storage/chunked/finalize", &json!({ "upload_id": id }))
    }
}

fn unchunked(mut rest: &[u8]) -> Vec<u8> {
    let mut body = Vec::new();
    while let Some(end) = rest.windows(2).position(|two| two == b"\r\n") {
        let size = usize::from_str_radix(&String::from_utf8_lossy(&rest[..end]), 16).unwrap_or(0);
        if size == 0 || rest.len() < end + 4 + size {
            break;
        }
        body.extend_from_slice(&rest[end + 2..end + 2 + size]);
        rest = &rest[end + 4 + size..];
    }
    body
}

/// One part of a form.
pub(crate) struct Part<'a> {
    pub(crate) name: &'a str,
    pub(crate) file: Option<&'a str>,
    pub(crate) bytes: &'a [u8],
}

pub(crate) fn part<'a>(name: &'a str, bytes: &'a [u8]) -> Part<'a> {
    Part { name, file: Some("a.bin"), bytes }
}

/// Its kind and its bytes.
pub(crate) fn form(parts: &[Part<'_>]) -> (String, Vec<u8>) {
    let mut body = Vec::new();
    for Part { name, file, bytes } in parts {
        let file = file.map(|file| format!("; filename=\"{file}\"")).unwrap_or_default();
        body.extend(
            format!("--edge\r\nContent-Disposition: form-data; name=\"{name}\"{file}\r\n\r\n").bytes(),
        );
        body.extend_from_slice(bytes);
        body.extend(b"\r\n");
    }
    body.extend(b"--edge--\r\n");
    ("multipart/form-data; boundary=edge".to_owned(), body)
}

pub(crate) fn init(said: &Value, clip: &[u8], chunk: usize, thumbnails: &[Vec<u8>]) -> Value {
    json!({
        "metadata": said.to_string(), "file_size": clip.len(), "chunk_size": chunk,
        "total_chunks": clip.len().div_ceil(chunk),
        "thumbnails": thumbnails.iter().map(|bytes| STANDARD.encode(bytes)).collect::<Vec<_>>(),
    })
}

pub(crate) fn chunk_of(id: &str, index: usize, bytes: &[u8]) -> Value {
    json!({ "upload_id": id, "chunk_index": index, "chunk_data": STANDARD.encode(bytes) })
}

pub(crate) fn digest_of(bytes: &[u8]) -> String {
    format!("sha-256=:{}:", STANDARD.encode(Sha256::digest(bytes)))
}

/// What an older camera says of an event.
pub(crate) fn said(id: &str) -> Value {
    json!({
        "id": id, "start_time": "2026-11-20T10:10:10.5", "end_time": "2026-11-20T10:10:15.5", "duration": 5.0,
        "regions": [[10, 20, 30, 40]], "frame_count": 75, "resolution": {"width": 1280, "height": 720},
        "has_thumbnails": true, "processed": false,
        "motion_analysis": {
            "classification": {"label": "animal", "confidence": 0.75, "alternatives": [{"label": "person", "confidence": 0.25}]},
            "motion_characteristics": {"mean_magnitude": 1.5, "dominant_direction": 10.0},
            "temporal_features": {"direction_changes": 3},
            "signature_hash": "0123456789abcdef",
        },
        "a_key_of_its_own": {"kept": true},
    })
}

/// The smallest thing that is a clip: bytes between the boxes that it has to have.
pub(crate) fn clip(seed: u64, len: usize) -> Vec<u8> {
    let boxed = |kind: &[u8; 4], content: &[u8]| {
        let mut bytes = u32::try_from(content.len() + 8).unwrap().to_be_bytes().to_vec();
        bytes.extend_from_slice(kind);
        bytes.extend_from_slice(content);
        bytes
    };
    let frames = (0..len as u64).map(|n| ((n * 31 + seed * 7 + n / 251) % 256) as u8).collect::<Vec<_>>();
    [boxed(b"ftyp", b"isom\0\0\x02\0isomavc1"), boxed(b"mdat", &frames), boxed(b"moov", b"....avc1....")]
        .concat()
}

pub(crate) fn jpeg(seed: u8) -> Vec<u8> {
    let mut bytes = vec![0xff, 0xd8];
    bytes.extend((0..500u32).map(|n| (n % 200) as u8 ^ seed));
    bytes.extend([0xff, 0xd9]);
    bytes
}

/// Every name below a folder, with what a file holds or a link names.
pub(crate) fn listing(root: &Path, but: &Path) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    let mut folders = vec![root.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if path == but {
                continue;
            }
            let kind = entry.file_type().unwrap();
            let what = if kind.is_symlink() {
                format!("link to {}", std::fs::read_link(&path).unwrap().display())
            } else if kind.is_dir() {
                folders.push(path.clone());
                "folder".to_owned()
            } else {
                format!("{:x}", Sha256::digest(std::fs::read(&path).unwrap_or_default()))
            };
            found.push((path, what));
        }
    }
    found.sort();
    found
}
