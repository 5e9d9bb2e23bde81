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

/// What is wrong with the disk, from `begin` to `end`. It is mounted at the first path, and shown at the second one.
struct Fault {
    name: &'static str,
    begin: fn(&Path, &Path),
    end: fn(&Path, &Path),
}

const FAULTS: [Fault; 2] = [
    Fault {
        name: "full disk",
        begin: |disk, _| fill(disk),
        end: |disk, _| std::fs::remove_file(disk.join("ballast")).unwrap(),
    },
    Fault {
        name: "disk gone",
        begin: |_, data| assert!(unmount(data)),
        end: |disk, data| {
            assert!(crash::entries(data).is_empty(), "something was written where the disk should be");
            assert!(bind(disk, data));
        },
    },
];

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
    let before = whole(&app);
    record(&app, "start");
    pause(Duration::from_secs(3));
    (fault.begin)(&disk, &data);
    let begun = Instant::now();
    let noticed = until("it says what is wrong", SOON, || (!is_ready(&app)).then(|| begun.elapsed()));
    let (frames, since) = (frames(&app), Instant::now());
    pause(BAD.saturating_sub(begun.elapsed()));
    let shown = (self::frames(&app) - frames) as f64 / since.elapsed().as_secs_f64();
    assert_eq!(app.get("/snapshot.jpg").status, 200, "the live view goes on");
    assert!(!is_ready(&app), "it goes on saying what is wrong");
    (fault.end)(&disk, &data);
    let ended = Instant::now();
    until("it is ready again", SOON, || is_ready(&app).then_some(()));
    let resumed = ended.elapsed();
    record(&app, "stop");
    let id = until("it records again", SOON, || record(&app, "start"));
    pause(Duration::from_secs(1));
    record(&app, "stop");
    until("the next event is whole", SOON, || {
        (app.json(&format!("/api/v1/events/{id}"))["state"] == "whole").then_some(())
    });
    let wrong = crash::wrong(&app);
    verdict(
        &format!("{} in mid-event, {} events whole before, {} after", fault.name, before, whole(&app)),
        &[
            Goal { what: "noticed after", measured: noticed.as_secs_f64(), most: 5.0, unit: "s" },
            Goal { what: "frames not shown", measured: (1.0 - shown / 15.0) * 100.0, most: 5.0, unit: "%" },
            Goal { what: "ready again after", measured: resumed.as_secs_f64(), most: 5.0, unit: "s" },
            Goal { what: "events that are not what they say", measured: wrong as f64, most: 0.0, unit: "" },
        ],
    )
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

fn whole(app: &TestApp) -> usize {
    let events = app.json("/api/v1/events?limit=200")["events"].as_array().unwrap().clone();
    events.iter().filter(|event: &&Value| event["state"] == "whole").count()
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
