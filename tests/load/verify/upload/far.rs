//! The other end: what it is, and what is found there in the end.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use serde_json::Value;
use tests::{Proxy, TestHub, pause};

use super::super::crash;
use super::events::hex;
use crate::faults::Served;
use crate::objects::{ACCESS, BUCKET, Objects, SECRET};

/// What nobody needs any more is cleared away within this time: the first look for it comes a minute after the start.
const CLEARED: Duration = Duration::from_secs(150);
/// What was begun so long ago and is not whole is nobody's any more.
const FORGOTTEN: Duration = Duration::from_secs(48 * 3600);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Nightjar,
    Legacy,
    Store,
}

impl Kind {
    pub(super) fn words(self) -> &'static str {
        match self {
            Self::Nightjar => "a hub",
            Self::Legacy => "an older storage server",
            Self::Store => "an object store",
        }
    }
}

/// What was found against what should be there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Found {
    pub(super) missing: u64,
    pub(super) twice: u64,
    pub(super) wrong: u64,
    pub(super) leftovers: u64,
}

/// The other end.
pub(super) struct Far {
    kind: Kind,
    hub: Option<TestHub>,
    store: Option<Store>,
}

struct Store {
    objects: Objects,
    served: Served,
    _runtime: tokio::runtime::Runtime,
}

impl Far {
    pub(super) fn start(kind: Kind) -> Self {
        let is_hub = kind != Kind::Store;
        let hub =
            is_hub.then(|| TestHub::start("[retention]\nmin_free = \"0B\"\n[hub]\nmin_free = \"0B\"\n"));
        Self { kind, hub, store: (!is_hub).then(Store::start) }
    }

    pub(super) fn addr(&self) -> SocketAddr {
        match (&self.hub, &self.store) {
            (Some(hub), _) => hub.addr(),
            (_, Some(store)) => store.served.address,
            _ => unreachable!("it is one or the other"),
        }
    }

    /// Killed, and started anew where it may be.
    pub(super) fn restart(&mut self) {
        self.hub = self.hub.take().map(TestHub::killed);
    }

    /// The camera's configuration for it, with the proxy in between.
    pub(super) fn remote(&self, name: &str, proxy: &Proxy) -> String {
        let url = format!("http://{}", proxy.addr());
        let key = self.hub.as_ref().map_or("", |hub| &hub.device);
        let rest = match self.kind {
            Kind::Nightjar => format!("kind = \"nightjar\"\napi_key = \"{key}\""),
            Kind::Legacy => format!("kind = \"legacy\"\napi_key = \"{key}\"\nchunk_size = \"1MiB\""),
            Kind::Store => format!(
                "kind = \"s3\"\nbucket = \"{BUCKET}\"\naccess_key = \"{ACCESS}\"\nsecret_key = \"{SECRET}\"\nprefix = \"cameras\""
            ),
        };
        format!("[[remote]]\nname = \"{name}\"\nurl = \"{url}\"\nat_once = 2\n{rest}\n")
    }

    /// What there is, once it has had time to clear up.
    pub(super) fn found(&self, clips: &BTreeMap<String, String>) -> Found {
        let end = Instant::now() + CLEARED;
        if let Some(store) = &self.store {
            store.objects.begin_older(FORGOTTEN);
        }
        loop {
            let found = match (&self.hub, &self.store) {
                (Some(hub), _) => self.in_hub(hub, clips),
                (_, Some(store)) => store.found(clips),
                _ => unreachable!("it is one or the other"),
            };
            if found.leftovers == 0 || Instant::now() > end {
                return found;
            }
            pause(Duration::from_millis(500));
        }
    }

    fn in_hub(&self, hub: &TestHub, clips: &BTreeMap<String, String>) -> Found {
        let mut there = Vec::new();
        let mut cursor = String::new();
        loop {
            let page = hub.get(&format!("/api/v1/events?limit=200{cursor}")).json();
            for event in page["events"].as_array().unwrap() {
                let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
                there.push((text(&event["id"]), text(&event["clip"]["sha256"])));
            }
            let Some(next) = page["next"].as_str() else { break };
            cursor = format!("&cursor={next}");
        }
        let root = hub.app.folder().join("hub");
        let folders = crash::folders(&root.join("events"));
        // What lies there, and not what is said of it.
        let lies = |id: &str| {
            let clip = std::fs::read(folders.get(id)?.join("clip.mp4")).ok()?;
            Some(hex(&clip))
        };
        let is_as_said = |(id, sha256): &&(String, String)| lies(id).as_ref() == Some(sha256);
        let mut wrong = there.iter().filter(|event| !is_as_said(event)).count();
        let hashes: BTreeSet<_> = there.iter().map(|(_, sha256)| sha256.as_str()).collect();
        let wanted: BTreeSet<_> = clips.values().map(String::as_str).collect();
        if self.kind == Kind::Nightjar {
            wrong += there.iter().filter(|(id, sha256)| clips.get(id) != Some(sha256)).count();
        } else {
            wrong += hashes.difference(&wanted).count();
        }
        let left = |folder: &str| crash::entries(&root.join(folder)).len();
        Found {
            missing: wanted.difference(&hashes).count() as u64,
            twice: (there.len() - hashes.len()) as u64,
            wrong: wrong as u64,
            leftovers: (left("incoming") + left("drafts") + left("quarantine") + folders.len() - there.len())
                as u64,
        }
    }
}

impl Store {
    fn start() -> Self {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let objects = Objects::new();
        let served = runtime.block_on(objects.serve());
        Self { objects, served, _runtime: runtime }
    }

    fn found(&self, clips: &BTreeMap<String, String>) -> Found {
        let all = self.objects.all();
        let mut found = Found::default();
        let mut there: BTreeMap<&str, u64> = BTreeMap::new();
        for (key, bytes) in all.iter().filter(|(key, _)| key.ends_with("/motion.mp4")) {
            let id = key.rsplit('/').nth(1).unwrap_or_default();
            *there.entry(id).or_default() += 1;
            found.wrong += u64::from(clips.get(id) != Some(&hex(bytes)));
        }
        found.missing = clips.keys().filter(|id| !there.contains_key(id.as_str())).count() as u64;
        found.twice = there.values().map(|count| count - 1).sum();
        found.leftovers = (self.objects.leftovers() + self.objects.look().uploads.len()) as u64;
        found
    }
}
