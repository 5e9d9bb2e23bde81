//! A hub under load: 10 MB clips as fast as a disk takes them, and many cameras at once in bounded memory and with fair
//! shares.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Barrier};
use std::thread::{Builder, JoinHandle};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use tests::{Sent, TestHub, digest, pause};

use super::{Goal, verdict};
use crate::process;

/// Bytes of a clip.
const CLIP: usize = 10_000_000;
/// Bytes of a part, as a camera sends them.
const PART: usize = 8 << 20;
/// Clips that are sent one after the other, and written to the same disk.
const CLIPS: u64 = 20;
/// Bytes of a clip where many send at once.
const SMALL: usize = 1_000_000;

/// With so many cameras at once.
pub(super) fn run(cameras: u64) -> bool {
    let sent = Sent::recorded();
    let (hub, devices) = hub(cameras);
    let fast = speed(&hub, &sent);
    let fair = shares(&hub, &sent, &devices);
    fast && fair
}

/// A hub and the keys of its devices.
fn hub(cameras: u64) -> (TestHub, Vec<String>) {
    let setup = tests::Setup::hub("");
    let key = TestHub::add(&setup, &["--name", "me", "--scope", "view"]);
    let add = |n| TestHub::add(&setup, &["--name", &format!("camera {n}"), "--scope", "upload"]);
    let devices = (0..cameras).map(add).collect::<Vec<_>>();
    let hub = TestHub { app: setup.start(), key, device: devices[0].clone() };
    (hub, devices)
}

/// One clip's parts, ready to be sent.
struct Ready {
    id: String,
    manifest: Vec<u8>,
    files: Vec<(String, Vec<u8>)>,
    parts: Vec<(Vec<u8>, String)>,
}

/// The recorded event under another id, its clip padded to so many bytes by a box that players pass over.
fn ready(sent: &Sent, n: u64, bytes: usize) -> Ready {
    let id = format!("{}{n:06}", &sent.id[..20]);
    let mut clip = sent.clip.clone();
    let pad = bytes.max(clip.len() + 16) - clip.len();
    clip.extend(u32::try_from(pad).unwrap().to_be_bytes());
    clip.extend(b"free");
    clip.extend((8..pad as u64).map(|byte| (byte * 31 + n) as u8));
    let sha256 = Sha256::digest(&clip).iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let mut manifest = sent.manifest.clone();
    manifest["metadata"]["id"] = json!(id);
    for entry in ["/clip", "/metadata/clip"] {
        let entry = manifest.pointer_mut(entry).unwrap();
        entry["bytes"] = json!(clip.len());
        entry["sha256"] = json!(sha256);
    }
    let parts = clip.chunks(PART).map(|part| (part.to_vec(), digest(part))).collect();
    Ready { id, manifest: manifest.to_string().into_bytes(), files: sent.files.clone(), parts }
}

/// A connection that is kept, as a camera keeps it.
struct Line {
    wire: TcpStream,
    addr: SocketAddr,
    key: String,
}

impl Line {
    fn new(addr: SocketAddr, key: &str) -> Self {
        let wire = TcpStream::connect(addr).unwrap();
        wire.set_nodelay(true).unwrap();
        wire.set_read_timeout(Some(Duration::from_secs(300))).unwrap();
        Self { wire, addr, key: key.to_owned() }
    }

    /// Sends it until it is not told to come again.
    fn ask(&mut self, method: &str, path: &str, headers: &str, body: &[u8]) -> Value {
        loop {
            let (status, answer) = self.once(method, path, headers, body);
            match status {
                200 => return answer,
                503 => pause(Duration::from_millis(200)),
                _ => panic!("{method} {path}: {status} {answer}"),
            }
            *self = Self::new(self.addr, &self.key);
        }
    }

    fn once(&mut self, method: &str, path: &str, headers: &str, body: &[u8]) -> (u16, Value) {
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: {}\r\nX-API-Key: {}\r\nContent-Length: {}\r\n{headers}\r\n",
            self.addr,
            self.key,
            body.len()
        );
        self.wire.write_all(head.as_bytes()).unwrap();
        // Who is told to come again is not read to the end.
        drop(self.wire.write_all(body));
        let mut head = Vec::new();
        let mut byte = [0];
        while !head.ends_with(b"\r\n\r\n") {
            self.wire.read_exact(&mut byte).expect("an answer");
            head.push(byte[0]);
        }
        let head = String::from_utf8(head).unwrap().to_ascii_lowercase();
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap();
        let mut answer = vec![0; length.trim().parse().unwrap()];
        self.wire.read_exact(&mut answer).unwrap();
        (head[9..12].parse().unwrap(), serde_json::from_slice(&answer).unwrap_or_default())
    }

    fn pictures(&mut self, event: &Ready) {
        let path = format!("/api/v1/ingest/{}", event.id);
        self.ask("PUT", &path, "Content-Type: application/json\r\n", &event.manifest);
        for (name, bytes) in &event.files {
            self.ask("PUT", &format!("{path}/files/{name}"), "", bytes);
        }
    }

    fn clip(&mut self, event: &Ready) {
        let path = format!("/api/v1/ingest/{}", event.id);
        let mut offset = 0;
        for (part, digest) in &event.parts {
            let headers = format!("Upload-Offset: {offset}\r\nContent-Digest: {digest}\r\n");
            self.ask("PATCH", &format!("{path}/clip"), &headers, part);
            offset += part.len();
        }
        let done = self.ask("POST", &format!("{path}/finish"), "", b"");
        assert_eq!(done["state"], "stored", "{done}");
    }
}

/// The same bytes hashed, written and synced by a plain program in the same folder; bytes a second.
fn plain(folder: &Path, clips: &[Ready]) -> f64 {
    let begun = Instant::now();
    let mut bytes = 0;
    for clip in clips {
        let path = folder.join(format!("plain-{}", clip.id));
        let mut file = std::fs::File::create(&path).unwrap();
        let mut hash = Sha256::new();
        for (part, _) in &clip.parts {
            for piece in part.chunks(128 * 1024) {
                hash.update(piece);
                file.write_all(piece).unwrap();
                bytes += piece.len();
            }
        }
        file.sync_all().unwrap();
        std::hint::black_box(hash.finalize());
        drop(file);
        std::fs::remove_file(&path).unwrap();
    }
    bytes as f64 / begun.elapsed().as_secs_f64()
}

fn speed(hub: &TestHub, sent: &Sent) -> bool {
    let folder = hub.app.folder().join("hub");
    let (mut ours, mut bare) = (Vec::new(), Vec::new());
    // Turn by turn, so that a busy moment of the machine hits both.
    for turn in 0..4 {
        let clips = (0..CLIPS / 4).map(|n| ready(sent, turn * 1000 + n, CLIP)).collect::<Vec<_>>();
        let mut line = Line::new(hub.addr(), &hub.device);
        clips.iter().for_each(|clip| line.pictures(clip));
        let begun = Instant::now();
        clips.iter().for_each(|clip| line.clip(clip));
        let bytes = clips.iter().flat_map(|clip| &clip.parts).map(|(part, _)| part.len()).sum::<usize>();
        ours.push(bytes as f64 / begun.elapsed().as_secs_f64());
        bare.push(plain(&folder, &clips));
    }
    let median = |all: &mut Vec<f64>| {
        all.sort_by(f64::total_cmp);
        (all[1] + all[2]) / 2.0 / 1e6
    };
    let (ours, bare) = (median(&mut ours), median(&mut bare));
    verdict(
        &format!(
            "{CLIPS} clips of 10 MB over loopback at {ours:.0} MB/s, plain write, fsync and SHA-256 {bare:.0} MB/s"
        ),
        &[Goal { what: "as long as the plain way, times", measured: bare / ours, most: 1.0 / 0.7, unit: "" }],
    )
}

fn named<T: Send + 'static>(name: &str, run: impl FnOnce() -> T + Send + 'static) -> JoinHandle<T> {
    Builder::new().name(name.to_owned()).spawn(run).unwrap()
}

/// All at once, each as fast as it is let.
fn shares(hub: &TestHub, sent: &Sent, devices: &[String]) -> bool {
    let pid = hub.app.pid().as_raw_nonzero().get();
    let (addr, together) = (hub.addr(), Arc::new(Barrier::new(devices.len() + 1)));
    let left = Arc::new(AtomicUsize::new(devices.len()));
    let peak = Arc::new(AtomicUsize::new(0));
    let over = Arc::new(AtomicBool::new(false));
    let watch = {
        let (peak, over) = (peak.clone(), over.clone());
        named("watch", move || {
            while !over.load(Ordering::Relaxed) {
                peak.fetch_max(process::rss_kib(pid), Ordering::Relaxed);
                pause(Duration::from_millis(20));
            }
        })
    };
    let threads = devices.iter().enumerate().map(|(n, key)| {
        let event = ready(sent, 100_000 + n as u64, SMALL);
        let (key, together, left) = (key.clone(), together.clone(), left.clone());
        named("camera", move || {
            let mut line = Line::new(addr, &key);
            line.pictures(&event);
            together.wait();
            let begun = Instant::now();
            line.clip(&event);
            left.fetch_sub(1, Ordering::Relaxed);
            begun.elapsed().as_secs_f64()
        })
    });
    let threads = threads.collect::<Vec<_>>();
    together.wait();
    let mut took = threads.into_iter().map(|thread| thread.join().unwrap()).collect::<Vec<_>>();
    over.store(true, Ordering::Relaxed);
    watch.join().unwrap();
    assert_eq!(left.load(Ordering::Relaxed), 0);
    took.sort_by(f64::total_cmp);
    let (first, median, last) = (took[0], took[took.len() / 2], took[took.len() - 1]);
    let rate = devices.len() as f64 * SMALL as f64 / last / 1e6;
    verdict(
        &format!(
            "{} cameras at once at {rate:.0} MB/s together; the first is done after {first:.1} s, half of them after \
             {median:.1} s, the last after {last:.1} s",
            devices.len()
        ),
        &[
            Goal {
                what: "memory",
                measured: peak.load(Ordering::Relaxed) as f64 / 1024.0,
                most: 256.0,
                unit: "MiB",
            },
            Goal {
                what: "the last takes as long as the median, times",
                measured: last / median,
                most: 2.0,
                unit: "",
            },
        ],
    )
}
