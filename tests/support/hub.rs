//! A hub, and what a camera sends to it: an event that was really recorded, taken from a data folder's disk and sent by
//! hand, so that a test sees the very bytes and can stop between any two of them.

use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::app::{Setup, TestApp};
use crate::client::{Reply, Request};
use crate::wait::until;

/// A running hub with a key for everything.
#[derive(Debug)]
pub struct TestHub {
    /// The program.
    pub app: TestApp,
    /// A key with the scopes view and control.
    pub key: String,
    /// A key with the scope upload, of a device called `pi`.
    pub device: String,
}

/// `Content-Digest` of these bytes.
#[must_use]
pub fn digest(bytes: &[u8]) -> String {
    format!("sha-256=:{}:", STANDARD.encode(Sha256::digest(bytes)))
}

fn hex(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

impl TestHub {
    /// With this configuration.
    #[must_use]
    #[track_caller]
    pub fn start(config: &str) -> Self {
        let setup = Setup::hub(config);
        let key = Self::add(&setup, &["--name", "me", "--scope", "view", "--scope", "control"]);
        let device = Self::add(&setup, &["--name", "pi", "--scope", "upload"]);
        Self { app: setup.start(), key, device }
    }

    /// A new key of the hub that this setup starts.
    #[must_use]
    #[track_caller]
    pub fn add(setup: &Setup, args: &[&str]) -> String {
        let done = setup.run(&[&["key", "add", "--hub"], args].concat());
        assert_eq!(done.code, 0, "{}", done.err);
        done.out.trim().to_owned()
    }

    /// Kills it and starts it anew on the same folder.
    #[must_use]
    #[track_caller]
    pub fn killed(self) -> Self {
        let Self { app, key, device } = self;
        Self { app: app.killed().start(), key, device }
    }

    /// Where it listens.
    #[must_use]
    pub fn addr(&self) -> SocketAddr {
        self.app.addr
    }

    /// `GET path` as a person.
    #[must_use]
    pub fn get(&self, path: &str) -> Reply {
        Request::new("GET", path).header("X-API-Key", &self.key).send_unchecked(self.addr())
    }

    /// A request of the device's.
    #[must_use]
    pub fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Reply {
        let mut request = Request::new(method, path).header("X-API-Key", &self.device).bytes(body);
        for (name, value) in headers {
            request = request.header(name, value);
        }
        request.send_unchecked(self.addr())
    }
}

/// What a camera sends of an event.
#[derive(Debug, Clone)]
pub struct Sent {
    /// Its id.
    pub id: String,
    /// What belongs to it.
    pub manifest: Value,
    /// The small files.
    pub files: Vec<(String, Vec<u8>)>,
    /// The clip.
    pub clip: Vec<u8>,
}

impl Sent {
    /// The first event that a camera before the scene `fox` records.
    #[must_use]
    #[track_caller]
    pub fn recorded() -> Self {
        let app = Setup::scene("fox").more("[camera.recording]\nmax_duration = \"10s\"\n").start();
        let id = until("an event is recorded", Duration::from_secs(120), || {
            let list = app.json("/api/v1/events");
            Some(list["events"].as_array()?.first()?["id"].as_str()?.to_owned())
        });
        // Held for as long as its folder is read.
        let setup = app.stopped();
        let folder = find(&setup.folder().join("data/events"), &id).expect("the event's folder");
        let metadata: Value =
            serde_json::from_slice(&std::fs::read(folder.join("metadata.json")).unwrap()).unwrap();
        let mut files = Vec::new();
        for entry in std::fs::read_dir(&folder).unwrap().flatten() {
            let name = entry.file_name().into_string().unwrap();
            if name != "metadata.json" && name != "clip.mp4" {
                files.push((name, std::fs::read(entry.path()).unwrap()));
            }
        }
        let clip = std::fs::read(folder.join("clip.mp4")).unwrap();
        let entry = |(name, bytes): &(String, Vec<u8>)| json!({ "name": name, "bytes": bytes.len(), "sha256": hex(bytes) });
        let manifest = json!({
            "metadata": metadata,
            "files": files.iter().map(entry).collect::<Vec<_>>(),
            "clip": { "bytes": clip.len(), "sha256": hex(&clip) },
        });
        Self { id, manifest, files, clip }
    }

    /// The path of something of it.
    #[must_use]
    pub fn path(&self, rest: &str) -> String {
        format!("/api/v1/ingest/{}{rest}", self.id)
    }

    /// Everything but the clip; → how far it has come.
    #[track_caller]
    pub fn pictures(&self, hub: &TestHub) -> Value {
        let kind = [("Content-Type", "application/json")];
        let mut reply = hub.send("PUT", &self.path(""), &kind, self.manifest.to_string().as_bytes());
        for (name, bytes) in &self.files {
            assert_eq!(reply.status, 200, "{}", reply.text());
            let digest = digest(bytes);
            reply =
                hub.send("PUT", &self.path(&format!("/files/{name}")), &[("Content-Digest", &digest)], bytes);
        }
        assert_eq!(reply.status, 200, "{}", reply.text());
        reply.json()
    }

    /// A part of the clip.
    #[must_use]
    pub fn part(&self, hub: &TestHub, offset: usize, end: usize) -> Reply {
        let bytes = &self.clip[offset..end];
        let headers = [("Upload-Offset", &*offset.to_string()), ("Content-Digest", &digest(bytes))];
        hub.send("PATCH", &self.path("/clip"), &headers, bytes)
    }

    /// How far it has come.
    #[must_use]
    pub fn standing(&self, hub: &TestHub) -> Value {
        hub.send("GET", &self.path(""), &[], b"").json()
    }

    /// The end of the clip.
    #[must_use]
    pub fn finish(&self, hub: &TestHub) -> Reply {
        hub.send("POST", &self.path("/finish"), &[], b"")
    }
}

fn find(folder: &Path, id: &str) -> Option<std::path::PathBuf> {
    for entry in std::fs::read_dir(folder).ok()?.flatten().filter(|entry| entry.path().is_dir()) {
        if entry.file_name().to_str() == Some(id) {
            return Some(entry.path());
        }
        if let Some(found) = find(&entry.path(), id) {
            return Some(found);
        }
    }
    None
}
