//! kill -9 at any instant: while events are recorded, published, deleted, found again after a lost index, and while
//! all of that is being recovered. Nothing that the program had told as finished may be lost, whatever it was doing.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use rustix::process::Signal;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use tests::{Setup, TestApp, pause};

use super::{Goal, verdict};

/// Cameras whose recordings are begun and ended as fast as that goes.
const BUSY: [&str; 3] = ["one", "two", "three"];
/// The camera that is recorded without an end, so that there is always an event in progress.
const LONG: &str = "long";
/// The longest life of most cycles, ready or not.
const LIFE: Duration = Duration::from_millis(1500);
/// Every so many cycles live long enough for the event in progress to be synced more than once.
const LONG_LIFE_EVERY: u64 = 10;
/// Every so many cycles begin without an index.
const LOST_INDEX_EVERY: u64 = 15;

/// So many finished events are never deleted at a time.
const KEEP: usize = 60;

/// What the program has told, and what it was told.
#[derive(Default)]
struct Told {
    /// Finished events, as they were listed.
    kept: BTreeMap<String, Kept>,
    /// How many were told as finished in all, deleted ones included.
    finished: u64,
    /// Asked to be deleted; those may be there or not until an answer came.
    doubtful: BTreeSet<String>,
    /// Deleted, and answered so.
    deleted: BTreeSet<String>,
    /// The event in progress of the long camera.
    open: Option<Open>,
}

struct Open {
    id: String,
    since: Instant,
    /// How long it had run when the program was killed.
    ran: Duration,
}

#[derive(Clone, PartialEq)]
struct Kept {
    bytes: u64,
    sha256: String,
}

/// What came out.
#[derive(Default)]
struct Found {
    lost: u64,
    wrong: u64,
    strays: u64,
    returned: u64,
    recovered: u64,
    tail: Duration,
    ready: Duration,
}

/// Prints its line; `false` if something was lost.
pub(super) fn run(cycles: u64) -> bool {
    let mut setup = setup();
    let mut told = Told::default();
    let mut found = Found::default();
    let mut chance = Chance(0x9e37_79b9_7f4a_7c15);
    for cycle in 0..cycles {
        if cycle % LOST_INDEX_EVERY == LOST_INDEX_EVERY - 1 {
            lose_index(&setup);
        }
        let life = match cycle % LONG_LIFE_EVERY {
            0 => Duration::from_millis(3000 + chance.below(3000)),
            _ => Duration::from_millis(chance.below(whole_ms(LIFE))),
        };
        setup = one_life(setup, life, &mut told, &mut found, &mut chance);
    }
    // Once more, to the end, and every byte of it.
    let app = setup.start();
    look(&app, &mut told, &mut found, true);
    drop(app);
    let name = format!(
        "{cycles} × kill -9, {} events told as finished, {} deleted, {} recovered in mid-recording",
        told.finished,
        told.deleted.len(),
        found.recovered
    );
    let count = |n: u64| n as f64;
    verdict(
        &name,
        &[
            Goal { what: "finished events lost", measured: count(found.lost), most: 0.0, unit: "" },
            Goal { what: "rows without their file", measured: count(found.wrong), most: 0.0, unit: "" },
            Goal { what: "files without a row", measured: count(found.strays), most: 0.0, unit: "" },
            Goal { what: "deleted events back", measured: count(found.returned), most: 0.0, unit: "" },
            Goal { what: "tail lost", measured: found.tail.as_secs_f64(), most: 2.0, unit: "s" },
            Goal { what: "ready after", measured: found.ready.as_secs_f64(), most: 3.0, unit: "s" },
        ],
    ) && found.recovered > 0
        && told.finished > 0
}

fn setup() -> Setup {
    let camera = |id: &str| {
        format!(
            "[[camera]]\nid = \"{id}\"\nsource = \"demo\"\nwidth = 320\nheight = 180\nframe_rate = 15\n\
             [camera.motion]\nenabled = false\n\
             [camera.recording]\npre_roll = \"0s\"\npost_roll = \"0s\"\nmin_duration = \"0s\"\n"
        )
    };
    Setup::config(&BUSY.iter().chain([&LONG]).map(|id| camera(id)).collect::<String>())
}

/// From a start to a kill.
fn one_life(setup: Setup, life: Duration, told: &mut Told, found: &mut Found, chance: &mut Chance) -> Setup {
    let begun = Instant::now();
    let end = begun + life;
    let Some(app) = setup.clone().start_until(end) else { return setup };
    look(&app, told, found, false);
    let shared = Mutex::new(std::mem::take(told));
    let over = AtomicBool::new(false);
    let seeds: Vec<u64> = BUSY.iter().map(|_| chance.next()).collect();
    std::thread::scope(|scope| {
        for (camera, seed) in BUSY.into_iter().zip(&seeds) {
            scope.spawn(|| busy(app.addr, camera, Chance(*seed), &shared, &over));
        }
        scope.spawn(|| long(app.addr, &shared, &over));
        scope.spawn(|| deletes(app.addr, Chance(seeds[0] ^ seeds[1]), &shared, &over));
        pause(end.saturating_duration_since(Instant::now()));
        over.store(true, Ordering::Relaxed);
        app.signal(Signal::KILL);
        if let Some(open) = &mut shared.lock().unwrap().open {
            open.ran = open.since.elapsed();
        }
    });
    *told = shared.into_inner().unwrap();
    app.killed()
}

/// Holds what is there against what was told.
fn look(app: &TestApp, told: &mut Told, found: &mut Found, whole: bool) {
    let there = all(app);
    found.ready = found.ready.max(app.age());
    let known = std::mem::take(&mut told.kept);
    for (id, kept) in &known {
        match there.get(id) {
            _ if told.doubtful.contains(id) => {}
            Some((event, _)) if event == kept => {}
            Some(_) => found.wrong += 1,
            None => found.lost += 1,
        }
    }
    found.returned += told.deleted.iter().filter(|id| there.contains_key(*id)).count() as u64;
    if let Some(open) = told.open.take() {
        let kept = there.get(&open.id).map(|(_, length)| *length);
        found.recovered += u64::from(kept.is_some());
        found.tail = found.tail.max(open.ran.saturating_sub(kept.unwrap_or_default()));
    }
    let folders = folders(&app.folder().join("data/events"));
    found.strays += folders.keys().filter(|id| !there.contains_key(*id)).count() as u64;
    found.strays += entries(&app.folder().join("data/drafts")).len() as u64;
    for (id, (event, _)) in &there {
        // What was right once is looked at again only at the end: hashing all of it each time would be most of the work.
        if whole || !known.contains_key(id) {
            found.wrong += u64::from(folders.get(id).is_none_or(|folder| !is_whole(folder, event)));
        }
    }
    told.doubtful.clear();
    told.kept = there.into_iter().map(|(id, (kept, _))| (id, kept)).collect();
}

/// Every event that is listed, with its length.
fn all(app: &TestApp) -> BTreeMap<String, (Kept, Duration)> {
    let mut there = BTreeMap::new();
    let mut cursor = String::new();
    loop {
        let page = app.json(&format!("/api/v1/events?limit=200{cursor}"));
        for event in page["events"].as_array().unwrap() {
            let length = Duration::from_secs_f64(event["duration_s"].as_f64().unwrap());
            there.insert(event["id"].as_str().unwrap().to_owned(), (kept(event), length));
        }
        let Some(next) = page["next"].as_str() else { return there };
        cursor = format!("&cursor={next}");
    }
}

fn kept(event: &Value) -> Kept {
    let clip = &event["clip"];
    Kept {
        bytes: clip["bytes"].as_u64().unwrap_or(0),
        sha256: clip["sha256"].as_str().unwrap_or_default().to_owned(),
    }
}

fn is_whole(folder: &Path, event: &Kept) -> bool {
    std::fs::read(folder.join("clip.mp4")).is_ok_and(|clip| {
        let sha256: String = Sha256::digest(&clip).iter().map(|byte| format!("{byte:02x}")).collect();
        clip.len() as u64 == event.bytes && sha256 == event.sha256
    })
}

/// How many events are listed whose clip is not what their row says, or lie there without a row.
pub(super) fn wrong(app: &TestApp) -> usize {
    let (there, folders) = (all(app), folders(&app.folder().join("data/events")));
    let is_wrong = |id: &String, event: &Kept| folders.get(id).is_none_or(|folder| !is_whole(folder, event));
    let wrong = there.iter().filter(|(id, (event, _))| event.bytes > 0 && is_wrong(id, event)).count();
    wrong + folders.keys().filter(|id| !there.contains_key(*id)).count()
}

/// The folders of events, by id: the fourth level below year, month and day.
pub(super) fn folders(root: &Path) -> BTreeMap<String, PathBuf> {
    let mut level = vec![root.to_path_buf()];
    for _ in 0..4 {
        level = level.iter().flat_map(|folder| entries(folder)).filter(|path| path.is_dir()).collect();
    }
    level.into_iter().map(|path| (path.file_name().unwrap().to_string_lossy().into_owned(), path)).collect()
}

pub(super) fn entries(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    entries.flatten().map(|entry| entry.path()).collect()
}

/// The index is gone, as after a card was mended on another machine; the events are not.
fn lose_index(setup: &Setup) {
    for path in entries(&setup.folder().join("data")) {
        if path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("index.sqlite")) {
            std::fs::remove_file(path).unwrap();
        }
    }
}

/// Records short events one after the other, and believes the program only once it says that one is finished.
fn busy(to: SocketAddr, camera: &str, mut chance: Chance, told: &Mutex<Told>, over: &AtomicBool) {
    let order = |action| record(to, camera, action);
    while !over.load(Ordering::Relaxed) {
        let Some(id) = order("start") else { continue };
        pause(Duration::from_millis(chance.below(250)));
        order("stop");
        while !over.load(Ordering::Relaxed) {
            let Some((200, event)) = ask(to, "GET", &format!("/api/v1/events/{id}"), None) else { break };
            if event["state"] == "whole" {
                let mut told = told.lock().unwrap();
                told.kept.insert(id, kept(&event));
                told.finished += 1;
                break;
            }
            pause(Duration::from_millis(5));
        }
    }
}

fn long(to: SocketAddr, told: &Mutex<Told>, over: &AtomicBool) {
    while !over.load(Ordering::Relaxed) {
        if let Some(id) = record(to, LONG, "start") {
            told.lock().unwrap().open = Some(Open { id, since: Instant::now(), ran: Duration::ZERO });
            return;
        }
        pause(Duration::from_millis(20));
    }
}

fn record(to: SocketAddr, camera: &str, action: &str) -> Option<String> {
    let path = format!("/api/v1/cameras/{camera}/recording");
    let (status, answer) = ask(to, "POST", &path, Some(&json!({ "action": action })))?;
    (status == 202).then(|| answer["event"].as_str().map(str::to_owned)).flatten()
}

/// Deletes every now and then, one or several at once.
fn deletes(to: SocketAddr, mut chance: Chance, told: &Mutex<Told>, over: &AtomicBool) {
    while !over.load(Ordering::Relaxed) {
        pause(Duration::from_millis(chance.below(200)));
        let ids: Vec<String> = {
            let mut told = told.lock().unwrap();
            // Enough are left that could be lost.
            let wanted = told.kept.len().saturating_sub(KEEP).min(1 + chance.below(4) as usize);
            let from = chance.below(told.kept.len().max(1) as u64) as usize;
            let ids: Vec<String> = told.kept.keys().skip(from).take(wanted).cloned().collect();
            told.doubtful.extend(ids.iter().cloned());
            ids
        };
        if ids.is_empty() {
            continue;
        }
        let answer = ask(to, "POST", "/api/v1/events/delete", Some(&json!({ "ids": ids })));
        if answer.is_some_and(|(status, _)| status == 200) {
            let mut told = told.lock().unwrap();
            for id in ids {
                told.doubtful.remove(&id);
                told.kept.remove(&id);
                told.deleted.insert(id);
            }
        }
    }
}

/// Asks a program that may be dead before it answers: `None` then.
fn ask(to: SocketAddr, method: &str, path: &str, body: Option<&Value>) -> Option<(u16, Value)> {
    let body = body.map(Value::to_string).unwrap_or_default();
    let mut wire = TcpStream::connect(to).ok()?;
    wire.set_read_timeout(Some(Duration::from_secs(10))).ok()?;
    let head = format!(
        "{method} {path} HTTP/1.1\r\nHost: {to}\r\nConnection: close\r\nContent-Type: application/json\r\n"
    );
    wire.write_all(format!("{head}Content-Length: {}\r\n\r\n{body}", body.len()).as_bytes()).ok()?;
    let mut all = String::new();
    wire.read_to_string(&mut all).ok()?;
    let (head, body) = all.split_once("\r\n\r\n")?;
    let status = head.split(' ').nth(1)?.parse().ok()?;
    // Half an answer is none.
    let length =
        head.lines().find_map(|line| line.to_lowercase().strip_prefix("content-length: ")?.parse().ok());
    (length == Some(body.len())).then(|| (status, serde_json::from_str(body).unwrap_or(Value::Null)))
}

fn whole_ms(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap()
}

/// The same chances in every run, so that a failure can be looked for again.
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        // xorshift64*
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    fn below(&mut self, most: u64) -> u64 {
        self.next() % most.max(1)
    }
}
