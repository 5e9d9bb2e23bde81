//! Events to be sent: as many as are wanted, made of two that were really recorded, and taken in as a user takes them in.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use tests::{Setup, TestApp, pause, post, until};

const SOON: Duration = Duration::from_secs(60);
/// Every so many events one is large: more than an object store takes at once.
const LARGE_EVERY: u64 = 50;
/// What an object store takes at once.
const LARGE: usize = 9 << 20;

/// A camera's data folder full of them.
pub(super) struct Made {
    setup: Setup,
    /// SHA-256 of each one's clip, by the event's id.
    clips: BTreeMap<String, String>,
    bytes: u64,
}

impl Made {
    /// So many.
    pub(super) fn new(count: u64) -> Self {
        let (small, picture) = recorded("h264", 320, 180, Duration::from_secs(2));
        let (large, _) = recorded("mjpeg", 1280, 720, Duration::from_secs(8));
        assert!(large.len() > LARGE, "{} bytes are no large clip", large.len());
        let setup = Setup::config(
            "[retention]\nmin_free = \"0B\"\n[[camera]]\nid = \"garden\"\nsource = \"demo\"\nwidth = 320\nheight = 180\n\
             [camera.motion]\nenabled = false\n",
        );
        let older = setup.folder().join("older");
        let now = jiff::Timestamp::from_second(unix_now()).unwrap();
        for n in 0..count {
            let folder = older.join(format!("event-{n:05}"));
            std::fs::create_dir_all(folder.join("thumbnails")).unwrap();
            let start = now - jiff::SignedDuration::from_secs(60 * i64::try_from(count - n).unwrap());
            let said = json!({
                "id": format!("event-{n:05}"), "start_time": start.strftime("%Y-%m-%dT%H:%M:%S+00:00").to_string(), "duration": 2.0,
                "frame_count": 30, "resolution": {"width": 320, "height": 180}, "regions": [[10, 20, 30, 40]],
                "motion_analysis": {"classification": {"label": "animal", "confidence": 0.5, "alternatives": []}},
            });
            std::fs::write(folder.join("metadata.json"), said.to_string()).unwrap();
            let clip = if n % LARGE_EVERY == LARGE_EVERY / 2 { &large } else { &small };
            std::fs::write(folder.join("motion.mp4"), numbered(clip, n)).unwrap();
            std::fs::write(folder.join("thumbnails/thumb_0.jpg"), &picture).unwrap();
        }
        let done = setup.run(&["import", "--legacy", older.to_str().unwrap(), "--camera", "garden"]);
        assert_eq!(done.code, 0, "{}{}", done.out, done.err);
        std::fs::remove_dir_all(&older).unwrap();
        let app = setup.clone().start();
        let (clips, bytes) = listed(&app);
        drop(app);
        assert_eq!(clips.len() as u64, count, "all of them were taken in");
        Self { setup, clips, bytes }
    }

    /// What starts the camera that has them.
    pub(super) fn setup(&self) -> Setup {
        self.setup.clone()
    }

    pub(super) fn clips(&self) -> &BTreeMap<String, String> {
        &self.clips
    }

    pub(super) fn count(&self) -> u64 {
        self.clips.len() as u64
    }

    /// Of all clips.
    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }
}

/// Ids and hashes, and bytes of all clips.
fn listed(app: &TestApp) -> (BTreeMap<String, String>, u64) {
    let (mut clips, mut bytes, mut cursor) = (BTreeMap::new(), 0, String::new());
    loop {
        let page = app.json(&format!("/api/v1/events?limit=200{cursor}"));
        for event in page["events"].as_array().unwrap() {
            let text = |value: &Value| value.as_str().unwrap().to_owned();
            clips.insert(text(&event["id"]), text(&event["clip"]["sha256"]));
            bytes += event["clip"]["bytes"].as_u64().unwrap();
        }
        let Some(next) = page["next"].as_str() else { return (clips, bytes) };
        cursor = format!("&cursor={next}");
    }
}

/// A clip of that length and one of its pictures, as the program itself records them.
fn recorded(encoder: &str, width: u32, height: u32, length: Duration) -> (Vec<u8>, Vec<u8>) {
    let app = Setup::config(&format!(
        "[[camera]]\nid = \"garden\"\nsource = \"demo\"\nwidth = {width}\nheight = {height}\n[camera.motion]\nenabled = false\n\
         [camera.recording]\npre_roll = \"0s\"\npost_roll = \"0s\"\nmin_duration = \"0s\"\nencoder = \"{encoder}\"\n"
    ))
    .start();
    let order =
        |action: &str| post(app.addr, "/api/v1/cameras/garden/recording", &json!({ "action": action }));
    let id = until("it is recorded", SOON, || order("start").json()["event"].as_str().map(str::to_owned));
    pause(length);
    order("stop");
    until("it is whole", SOON, || {
        (app.json(&format!("/api/v1/events/{id}"))["state"] == "whole").then_some(())
    });
    let folder = folder_of(&app.folder().join("data/events"), &id).expect("the event's folder");
    (std::fs::read(folder.join("clip.mp4")).unwrap(), std::fs::read(folder.join("thumb_0.jpg")).unwrap())
}

/// Where below a root the event lies.
fn folder_of(root: &Path, id: &str) -> Option<PathBuf> {
    for entry in std::fs::read_dir(root).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.ends_with(id) {
            return Some(path);
        }
        if let Some(found) = path.is_dir().then(|| folder_of(&path, id)).flatten() {
            return Some(found);
        }
    }
    None
}

/// The same clip with a number among the bytes of its first picture, so that no two are alike.
fn numbered(clip: &[u8], n: u64) -> Vec<u8> {
    let mut clip = clip.to_vec();
    let at = clip.windows(4).position(|four| four == b"mdat").expect("a clip has pictures") + 4 + 200;
    clip[at..at + 8].copy_from_slice(&(n + 1).to_be_bytes());
    clip
}

/// SHA-256 in hexadecimal digits.
pub(super) fn hex(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[expect(clippy::disallowed_methods, reason = "the machine's own clock, which the program reads, too")]
fn unix_now() -> i64 {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    i64::try_from(now.as_secs()).unwrap()
}
