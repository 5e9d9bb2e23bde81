//! A disk that fails while an event is recorded: full, and gone from where it was mounted. The live view goes on, the
//! program says what is wrong, calls nothing whole that is not, writes nothing where the disk should be, and records
//! again once the disk is well.
//!
//! The disk is a small file system of its own, which only root may mount; without it this says that it was skipped.
//! Every single place that writes, with every error, is held in the process by `store`'s own faulty file system.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tests::{Setup, TestApp, pause, post, until};

use super::{Goal, crash, verdict};

const SOON: Duration = Duration::from_secs(60);
/// How long the disk stays bad.
const BAD: Duration = Duration::from_secs(8);
/// How long is recorded before.
const BEFORE: Duration = Duration::from_secs(3);
/// What takes longer is missed, and nobody waits for it.
const PATIENCE: Duration = Duration::from_secs(15);

/// What is wrong with the disk, from `begin` to `end`. It is mounted at the first path, and shown at the second one.
struct Fault {
    name: &'static str,
    begin: fn(&Path, &Path),
    /// → How much was written meanwhile where the disk should have been.
    end: fn(&Path, &Path) -> usize,
}

const FAULTS: [Fault; 2] = [
    Fault {
        name: "full disk",
        begin: |disk, _| fill(disk),
        end: |disk, _| {
            std::fs::remove_file(disk.join("ballast")).unwrap();
            0
        },
    },
    Fault {
        name: "disk gone",
        begin: |_, data| assert!(unmount(data)),
        end: |disk, data| {
            let strays = crash::entries(data).len();
            assert!(bind(disk, data));
            strays
        },
    },
];

/// What came out. Of what never came to be, the time is how long it was waited for.
struct Figures {
    noticed: Duration,
    /// Looks while the disk was bad at which all was said to be well.
    denied: usize,
    not_shown: f64,
    strays: usize,
    ready: Duration,
    records: Duration,
    /// Seconds from before the fault.
    lost: f64,
    wrong: usize,
}

pub(super) fn run(_: u64) -> bool {
    FAULTS.iter().map(one).collect::<Vec<_>>().into_iter().all(|held| held)
}

fn one(fault: &Fault) -> bool {
    let setup = setup();
    let (disk, data) = (setup.folder().join("disk"), setup.folder().join("data"));
    std::fs::create_dir(&disk).unwrap();
    std::fs::create_dir(&data).unwrap();
    if !mount(&["-t", "tmpfs", "-o", "size=48m,mode=0700", "tmpfs"], &disk) {
        eprintln!("skipped: {}: only root may mount a file system", fault.name);
        return true;
    }
    let _mounted = [Mounted(disk.clone()), Mounted(data.clone())];
    assert!(bind(&disk, &data));
    let app = setup.start();
    app.wait_for("garden", "live", SOON);
    let it = suffered(&app, fault, &disk, &data);
    verdict(
        &format!("{} in mid-event", fault.name),
        &[
            Goal { what: "noticed after", measured: it.noticed.as_secs_f64(), most: 5.0, unit: "s" },
            Goal { what: "said to be well meanwhile", measured: it.denied as f64, most: 0.0, unit: "times" },
            Goal { what: "frames not shown", measured: it.not_shown, most: 5.0, unit: "%" },
            Goal { what: "written beside the disk", measured: it.strays as f64, most: 0.0, unit: "files" },
            Goal { what: "ready again after", measured: it.ready.as_secs_f64(), most: 5.0, unit: "s" },
            Goal {
                what: "the next event whole after",
                measured: it.records.as_secs_f64(),
                most: 8.0,
                unit: "s",
            },
            Goal { what: "lost of what was before", measured: it.lost, most: 2.5, unit: "s" },
            Goal {
                what: "events that are not what they say",
                measured: it.wrong as f64,
                most: 0.0,
                unit: "",
            },
        ],
    )
}

/// An event, a fault in the middle of it, and one more event after it.
fn suffered(app: &TestApp, fault: &Fault, disk: &Path, data: &Path) -> Figures {
    let cut = until("it is recorded", SOON, || record(app, "start"));
    let started = Instant::now();
    pause(BEFORE);
    (fault.begin)(disk, data);
    let (shown, begun) = (frames(app), Instant::now());
    let noticed = waited(|| !is_ready(app));
    let mut denied = 0;
    while begun.elapsed() < BAD {
        denied += usize::from(is_ready(app));
        pause(Duration::from_millis(100));
    }
    let shown = (frames(app) - shown) as f64 / begun.elapsed().as_secs_f64();
    assert_eq!(app.get("/snapshot.jpg").status, 200, "the live view goes on");
    let strays = (fault.end)(disk, data);
    let ready = waited(|| is_ready(app));
    record(app, "stop");
    let ran = started.elapsed();
    let records = waited(|| is_recorded(app));
    let (lost, wrong) = if records < PATIENCE { kept(app, &cut, ran) } else { (BEFORE.as_secs_f64(), 0) };
    Figures { noticed, denied, not_shown: (1.0 - shown / 15.0) * 100.0, strays, ready, records, lost, wrong }
}

/// How long it took; as long as anybody waits, if it never was so.
fn waited(mut is_so: impl FnMut() -> bool) -> Duration {
    let begun = Instant::now();
    while !is_so() && begun.elapsed() < PATIENCE {
        pause(Duration::from_millis(20));
    }
    begun.elapsed()
}

/// Whether an event of a second is recorded, and whole.
fn is_recorded(app: &TestApp) -> bool {
    let Some(id) = record(app, "start") else { return false };
    pause(Duration::from_secs(1));
    record(app, "stop");
    let is_whole = || state(app, &id).as_deref() == Some("whole");
    waited(is_whole) < PATIENCE
}

/// How many seconds from before the fault are not in the event that it cut, and how many events are not what they say:
/// that one among them, if it is said to be whole and is shorter than it ran. (A disk that is taken away while a file on it
/// is open may well be back before anything is lost.)
fn kept(app: &TestApp, cut: &str, ran: Duration) -> (f64, usize) {
    let events = app.json("/api/v1/events?limit=200")["events"].as_array().unwrap().clone();
    let there = events.iter().find(|event| event["id"] == cut);
    let lasted = there.map_or(0.0, |event| event["duration_s"].as_f64().unwrap());
    let is_short = lasted + 1.0 < ran.as_secs_f64();
    let is_called_whole = is_short && there.is_some_and(|event| event["state"] == "whole");
    let folders = crash::folders(&app.folder().join("data/events"));
    let holds = |event: &Value| {
        let folder = folders.get(event["id"].as_str().unwrap());
        folder.and_then(|folder| frames_in(&folder.join("clip.mp4"))) == event["frames"].as_u64()
    };
    let hollow = events.iter().filter(|event| !holds(event)).count();
    let lost = (BEFORE.as_secs_f64() - lasted).max(0.0);
    (lost, crash::wrong(app) + hollow + usize::from(is_called_whole))
}

/// As many as can be read out of the file.
fn frames_in(clip: &Path) -> Option<u64> {
    let mut probe = Command::new("ffprobe");
    probe.args([
        "-v",
        "error",
        "-count_packets",
        "-show_entries",
        "stream=nb_read_packets",
        "-of",
        "csv=p=0",
    ]);
    let done = probe.arg(clip).output().expect("ffprobe must be installed: `.ci/setup test`");
    String::from_utf8_lossy(&done.stdout).trim().parse().ok()
}

fn setup() -> Setup {
    Setup::config(
        "[retention]\nmin_free = \"0B\"\n[[camera]]\nid = \"garden\"\nsource = \"demo\"\nwidth = 320\nheight = 180\n\
         [camera.motion]\nenabled = false\n[camera.recording]\npost_roll = \"0s\"\nmin_duration = \"0s\"\n",
    )
}

fn record(app: &TestApp, action: &str) -> Option<String> {
    let answer = post(app.addr, "/api/v1/cameras/garden/recording", &json!({ "action": action }));
    answer.json()["event"].as_str().map(str::to_owned)
}

fn is_ready(app: &TestApp) -> bool {
    app.get("/readyz").status == 200
}

fn frames(app: &TestApp) -> u64 {
    app.json("/api/v1/cameras/garden")["source"]["frames"].as_u64().unwrap()
}

fn state(app: &TestApp, id: &str) -> Option<String> {
    let answer = app.get(&format!("/api/v1/events/{id}"));
    (answer.status == 200).then(|| answer.json()["state"].as_str().map(str::to_owned))?
}

/// Until not a byte more fits.
fn fill(disk: &Path) {
    use std::io::Write as _;
    let mut file = std::fs::File::create(disk.join("ballast")).unwrap();
    let block = vec![0; 64 << 10];
    while file.write_all(&block).is_ok() {}
    while file.write_all(&[0]).is_ok() {}
}

fn mount(words: &[&str], at: &Path) -> bool {
    Command::new("mount").args(words).arg(at).output().is_ok_and(|done| done.status.success())
}

fn bind(disk: &Path, at: &Path) -> bool {
    mount(&["--bind", &disk.display().to_string()], at)
}

/// Taken away at once, whatever still uses it.
fn unmount(at: &Path) -> bool {
    Command::new("umount").arg("-l").arg(at).output().is_ok_and(|done| done.status.success())
}

/// Taken away in the end.
struct Mounted(PathBuf);

impl Drop for Mounted {
    fn drop(&mut self) {
        unmount(&self.0);
    }
}
