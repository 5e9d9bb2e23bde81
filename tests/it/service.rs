//! As a service: what the service manager hears, when the watchdog is fed and when not, and the unit file.

use std::os::unix::net::UnixDatagram;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, sync_channel};
use std::time::{Duration, Instant};

use rustix::process::Signal;
use tests::{FakeCamera, Setup, TestApp, nightjar, repository, until};

const SOON: Duration = Duration::from_secs(60);

/// The service manager's end: a socket that takes what `sd_notify` sends, read all the time as systemd does.
struct Manager {
    heard: Receiver<String>,
    folder: tempfile::TempDir,
}

impl Manager {
    fn new() -> Self {
        let folder = tempfile::TempDir::new().unwrap();
        let socket = UnixDatagram::bind(folder.path().join("notify")).unwrap();
        let (tell, heard) = sync_channel(10_000);
        let listen = move || {
            let mut bytes = [0; 4096];
            while let Ok(len @ 1..) = socket.recv(&mut bytes) {
                if tell.send(String::from_utf8_lossy(&bytes[..len]).into_owned()).is_err() {
                    return;
                }
            }
        };
        std::thread::Builder::new().name("manager".into()).spawn(listen).unwrap();
        Self { heard, folder }
    }

    /// The program as the manager starts it, with a watchdog of so many milliseconds.
    fn start(&self, setup: Setup, watchdog_ms: u64) -> TestApp {
        setup
            .env("NOTIFY_SOCKET", self.folder.path().join("notify").to_str().unwrap())
            .env("WATCHDOG_USEC", &(watchdog_ms * 1000).to_string())
            .start()
    }

    fn hears(&self, patience: Duration) -> Option<String> {
        self.heard.recv_timeout(patience).ok()
    }

    /// Everything up to the first that begins so.
    #[track_caller]
    fn hears_of(&self, what: &str) -> Vec<String> {
        let deadline = Instant::now() + SOON;
        let mut all = Vec::new();
        while Instant::now() < deadline {
            let Some(said) = self.hears(Duration::from_secs(1)) else { continue };
            let is_it = said.starts_with(what);
            all.push(said);
            if is_it {
                return all;
            }
        }
        panic!("nothing of {what} within {SOON:?}, but {all:?}");
    }
}

#[test]
fn the_manager_hears_that_it_is_ready_alive_and_stopping() {
    let manager = Manager::new();
    let mut app = manager.start(Setup::scene("calm"), 900);
    assert_eq!(manager.hears_of("READY=1").len(), 1, "first of all");
    assert_eq!(app.get("/healthz").status, 200, "who is ready answers");
    manager.hears_of("STATUS=1 of 1 camera live");
    for _ in 0..5 {
        manager.hears_of("WATCHDOG=1");
    }
    app.signal(Signal::HUP);
    let reload = manager.hears_of("RELOADING=1").pop().unwrap();
    assert!(reload.lines().any(|line| line.starts_with("MONOTONIC_USEC=")), "{reload}");
    manager.hears_of("READY=1");
    app.signal(Signal::TERM);
    manager.hears_of("STOPPING=1");
    assert_eq!(app.ended(SOON).code(), Some(0));
}

#[test]
fn a_lost_camera_is_told_and_does_not_stop_the_feeding() {
    let manager = Manager::new();
    let camera = FakeCamera::scene("calm", 10);
    let app = manager.start(Setup::http(&camera.url()), 600);
    app.wait_for("garden", "live", SOON);
    drop(camera);
    manager.hears_of("STATUS=0 of 1 camera live; garden: lost (");
    for _ in 0..20 {
        manager.hears_of("WATCHDOG=1");
    }
}

/// Holds one thread in its next system call, as a driver or a disk that does not answer would.
struct Wedge(Child);

impl Wedge {
    fn of(app: &TestApp, thread: &str) -> Self {
        let tasks = format!("/proc/{}/task", app.pid().as_raw_nonzero());
        let named = |task: &std::path::Path| {
            std::fs::read_to_string(task.join("comm")).is_ok_and(|name| name.trim() == thread)
        };
        let mut tasks = std::fs::read_dir(tasks).unwrap().map(|task| task.unwrap().path());
        let task = tasks.find(|task| named(task)).expect("the thread is there");
        let hold = ["-e", "inject=all:delay_enter=600000000", "-o", "/dev/null", "-p"];
        let mut strace = Command::new("strace");
        strace.args(hold).arg(task.file_name().unwrap());
        Self(quiet(&mut strace).spawn().unwrap())
    }
}

fn quiet(command: &mut Command) -> &mut Command {
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null())
}

impl Drop for Wedge {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

fn is_there(program: &str) -> bool {
    let is_there = quiet(Command::new(program).arg("--version")).status().is_ok_and(|it| it.success());
    if !is_there {
        eprintln!("skipped: {program} is not installed; .ci/setup test brings it");
    }
    is_there
}

#[test]
fn a_thread_that_hangs_stops_the_feeding_until_it_moves_again() {
    if !is_there("strace") {
        return;
    }
    for thread in ["detect:garden", "capture:garden"] {
        let manager = Manager::new();
        let app = manager.start(Setup::scene("calm"), 600);
        app.wait_for("garden", "live", SOON);
        manager.hears_of("WATCHDOG=1");
        let wedge = Wedge::of(&app, thread);
        until("the word that it hangs", Duration::from_secs(60), || {
            app.log().contains("these hang").then_some(())
        });
        assert!(app.log().contains(thread), "{}", app.log());
        manager.hears_of(&format!("STATUS=1 of 1 camera live; {thread} hangs"));
        let fed =
            std::iter::from_fn(|| manager.hears(Duration::from_secs(2))).filter(|it| it == "WATCHDOG=1");
        assert_eq!(fed.count(), 0, "a watchdog of 0.6 s is not fed for 2 s");
        drop(wedge);
        manager.hears_of("WATCHDOG=1");
    }
}

/// The unit with the program that was built just now in it.
fn unit(name: &str) -> (tempfile::TempDir, std::path::PathBuf) {
    let text = std::fs::read_to_string(repository().join("config").join(name)).unwrap();
    let here = nightjar();
    assert!(text.contains("/usr/local/bin/nightjar"));
    let folder = tempfile::TempDir::new().unwrap();
    let file = folder.path().join(name);
    std::fs::write(&file, text.replace("/usr/local/bin/nightjar", here.to_str().unwrap())).unwrap();
    (folder, file)
}

#[test]
fn the_unit_is_one_that_systemd_understands_and_leaves_little_open() {
    if !is_there("systemd-analyze") {
        return;
    }
    for name in ["nightjar.service", "nightjar-hub.service"] {
        let (_folder, file) = unit(name);
        let verified = Command::new("systemd-analyze").arg("verify").arg(&file).output().unwrap();
        let said = String::from_utf8_lossy(&verified.stderr);
        assert!(verified.status.success() && said.is_empty(), "{said}");
        // In tenths: an exposure above 1.5 of 10 fails.
        let args = ["security", "--offline=true", "--no-pager", "--threshold=15"];
        let measured = Command::new("systemd-analyze").args(args).arg(&file).output().unwrap();
        let said = String::from_utf8_lossy(&measured.stdout);
        assert!(measured.status.success(), "{said}");
    }
}

#[test]
fn the_hubs_unit_says_what_the_program_relies_on() {
    let unit = std::fs::read_to_string(repository().join("config/nightjar-hub.service")).unwrap();
    for line in [
        "Type=notify",
        "ExecStart=/usr/local/bin/nightjar hub",
        "StateDirectory=nightjar-hub",
        "PrivateDevices=yes",
        "RestartPreventExitStatus=78 2",
    ] {
        assert!(unit.lines().any(|it| it == line), "{line}");
    }
    let set = unit.lines().filter_map(|line| line.strip_prefix("Environment="));
    let set: Vec<(&str, &str)> = set.map(|it| it.split_once('=').unwrap()).collect();
    assert_eq!(tests::run(&["config", "check"], &set).code, 0);
    let shown = tests::run(&["config", "show", "--json"], &set).out;
    let shown: serde_json::Value = serde_json::from_str(&shown).unwrap();
    assert_eq!(shown["hub.path"]["value"], "/var/lib/nightjar-hub", "where the unit lets it write");
}

#[test]
fn the_unit_says_what_the_program_relies_on() {
    let unit = std::fs::read_to_string(repository().join("config/nightjar.service")).unwrap();
    for line in [
        "Type=notify",
        "ExecReload=/bin/kill -HUP $MAINPID",
        "SupplementaryGroups=video",
        "DeviceAllow=char-video4linux rw",
        "StateDirectory=nightjar",
        "Restart=on-failure",
        "RestartPreventExitStatus=78 2",
    ] {
        assert!(unit.lines().any(|it| it == line), "{line}");
    }
    // What it sets is what the program knows.
    let set = unit.lines().filter_map(|line| line.strip_prefix("Environment="));
    let set: Vec<(&str, &str)> = set.map(|it| it.split_once('=').unwrap()).collect();
    assert_eq!(tests::run(&["config", "check"], &set).code, 0);
    let bad = tests::run(&["serve"], &[("NIGHTJAR_SERVER__BIND", "everywhere")]);
    assert_eq!(bad.code, 78, "{}", bad.err);
}

#[test]
fn what_is_installed_is_what_the_unit_needs() {
    let dest = tempfile::TempDir::new().unwrap();
    let install = || {
        let mut make = Command::new("make");
        make.arg("install").current_dir(repository()).env("DESTDIR", dest.path()).env("BIN", nightjar());
        let done = make.output().unwrap();
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    };
    install();
    let text = |path: &str| std::fs::read_to_string(dest.path().join(path)).unwrap();
    let unit = text("etc/systemd/system/nightjar.service");
    let start = unit.lines().find_map(|line| line.strip_prefix("ExecStart=/")).unwrap();
    let program = dest.path().join(start.split(' ').next().unwrap());
    assert!(Command::new(program).arg("--version").output().unwrap().status.success());
    for unit in [unit, text("etc/systemd/system/nightjar-hub.service")] {
        let user = unit.lines().find_map(|line| line.strip_prefix("User=")).unwrap();
        assert!(text("usr/lib/sysusers.d/nightjar.conf").contains(&format!("\nu {user} ")));
    }
    // What the owner has written there stays.
    let config = dest.path().join("etc/nightjar/nightjar.toml");
    std::fs::write(&config, "# mine\n").unwrap();
    install();
    assert_eq!(text("etc/nightjar/nightjar.toml"), "# mine\n");
}
