//! The real program, started on a port of the system's choosing with a data folder of its own.

use std::io::{BufRead, BufReader, Read};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use tempfile::TempDir;

use crate::client::{Reply, get};
use crate::wait::{pause, until};

/// A debug build on a loaded two-core machine may take this long to serve; a start has a test of its own.
const START: Duration = Duration::from_secs(120);

/// The repository's root.
#[must_use]
pub fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_path_buf()
}

/// Debian's street footage; `.ci/setup test` sees to it.
#[must_use]
pub fn footage() -> PathBuf {
    let places = [
        PathBuf::from("/usr/share/doc/opencv-doc/examples/data/vtest.avi"),
        repository().join("target/footage/vtest.avi"),
    ];
    places
        .iter()
        .find(|p| p.is_file())
        .cloned()
        .expect("vtest.avi is missing: run `make test`, or `.ci/setup test`")
}

/// The program under test: the one that cargo builds in the same profile as this test. Built on first use, so that
/// a plain `cargo test` needs nothing set by hand and never tests yesterday's program.
#[must_use]
pub fn nightjar() -> PathBuf {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| build(&["--bin", "nightjar"]).join("nightjar")).clone()
}

/// Has cargo build these targets as it built this test; the folder that they are then in.
pub(crate) fn build(targets: &[&str]) -> PathBuf {
    let me = std::env::current_exe().unwrap();
    // target/<profile>/deps/it-0123456789abcdef
    let folder =
        me.parent().and_then(Path::parent).expect("tests run from target/<profile>/deps").to_path_buf();
    // Cargo names itself to what it starts; a test program that is started by hand takes what is there as it is.
    let Some(cargo) = std::env::var_os("CARGO") else { return folder };
    let mut build = Command::new(cargo);
    // The whole workspace is named, so that features are chosen as for `cargo test --workspace`: see tests/Cargo.toml.
    build.current_dir(repository()).args(["build", "--quiet", "--workspace"]).args(targets);
    build.arg("--target-dir").arg(folder.parent().unwrap());
    if folder.ends_with("release") {
        build.arg("--release");
    }
    assert!(build.status().expect("cargo must start").success(), "{targets:?} does not build");
    folder
}

/// What a command printed and how it ended.
#[derive(Debug)]
pub struct Finished {
    /// Its exit code, or -1 after a signal.
    pub code: i32,
    /// Standard output.
    pub out: String,
    /// Standard error.
    pub err: String,
}

/// Runs `nightjar ARGS…` to its end, with nothing of this machine's settings.
#[must_use]
pub fn run(args: &[&str], env: &[(&str, &str)]) -> Finished {
    let home = TempDir::new().unwrap();
    let mut command = bare(home.path());
    let done = command.args(args).envs(env.iter().copied()).output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Finished { code: done.status.code().unwrap_or(-1), out: text(&done.stdout), err: text(&done.stderr) }
}

fn bare(folder: &Path) -> Command {
    let mut command = Command::new(nightjar());
    command.current_dir(folder).stdin(Stdio::null());
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("NIGHTJAR_") {
            command.env_remove(name);
        }
    }
    command
}

/// How the program is to be started.
#[derive(Debug, Clone)]
pub struct Setup {
    word: &'static str,
    config: String,
    env: Vec<(String, String)>,
    args: Vec<String>,
    folder: Arc<TempDir>,
}

impl Setup {
    /// With this configuration file; the port and the data folder are given beside it.
    #[must_use]
    pub fn config(text: &str) -> Self {
        let folder = Arc::new(TempDir::new().unwrap());
        Self { word: "serve", config: text.to_owned(), env: Vec::new(), args: Vec::new(), folder }
    }

    /// A hub with this configuration file; it keeps what it gets in the folder `hub`.
    #[must_use]
    pub fn hub(text: &str) -> Self {
        Self { word: "hub", ..Self::config(text) }
    }

    /// One demo camera `garden` that shows `scene`.
    #[must_use]
    pub fn scene(scene: &str) -> Self {
        Self::config(&format!(
            "[[camera]]\nid = \"garden\"\nsource = \"demo\"\nscene = \"{scene}\"\nwidth = 640\nheight = 360\n"
        ))
    }

    /// One http camera `garden` at `url`.
    #[must_use]
    pub fn http(url: &str) -> Self {
        Self::config(&format!("[[camera]]\nid = \"garden\"\nsource = \"http\"\nurl = \"{url}\"\n"))
    }

    /// Puts `text` before the rest of the configuration.
    #[must_use]
    pub fn with(mut self, text: &str) -> Self {
        self.config = format!("{text}\n{}", self.config);
        self
    }

    /// Puts `text` behind the rest of the configuration.
    #[must_use]
    pub fn more(mut self, text: &str) -> Self {
        self.config.push_str(text);
        self
    }

    /// One more environment variable.
    #[must_use]
    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.env.push((name.into(), value.into()));
        self
    }

    /// One more argument behind `serve`.
    #[must_use]
    pub fn arg(mut self, arg: &str) -> Self {
        self.args.push(arg.into());
        self
    }

    /// The folder whose `data` the program will use.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Runs another command on the same data folder and configuration, before the start.
    #[must_use]
    pub fn run(&self, args: &[&str]) -> Finished {
        let done = self.command().args(args).output().unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Finished { code: done.status.code().unwrap_or(-1), out: text(&done.stdout), err: text(&done.stderr) }
    }

    fn command(&self) -> Command {
        std::fs::write(self.folder().join("nightjar.toml"), &self.config).unwrap();
        let mut command = bare(self.folder());
        command.env("NIGHTJAR_SERVER__BIND", "127.0.0.1:0").env("NIGHTJAR_DATA__PATH", "./data");
        command.env("NIGHTJAR_HUB__BIND", "127.0.0.1:0").env("NIGHTJAR_HUB__PATH", "./hub");
        command.envs(self.env.iter().map(|(n, v)| (n, v)));
        command
    }

    /// Starts `nightjar serve` and waits for the line with its URL.
    #[must_use]
    #[track_caller]
    pub fn start(self) -> TestApp {
        let mut app = self.spawn();
        app.addr = until("the line with the URL", START, || app.address());
        app
    }

    /// Starts it, and kills it if it does not serve by `end`: `None` then.
    #[must_use]
    #[track_caller]
    pub fn start_until(self, end: Instant) -> Option<TestApp> {
        let mut app = self.spawn();
        while Instant::now() < end {
            if let Some(addr) = app.address() {
                app.addr = addr;
                return Some(app);
            }
            pause(Duration::from_millis(1));
        }
        None
    }

    fn spawn(self) -> TestApp {
        let mut command = self.command();
        command.arg(self.word).args(&self.args).stdout(Stdio::piped()).stderr(Stdio::piped());
        let begun = Instant::now();
        let mut child = command.spawn().unwrap();
        let out = collect(child.stdout.take().unwrap(), "out");
        let log = collect(child.stderr.take().unwrap(), "err");
        TestApp { child, out, log, begun, addr: ([127, 0, 0, 1], 0).into(), setup: self }
    }
}

/// Standard output has one line: where it listens.
fn url(out: &str) -> Option<SocketAddr> {
    let rest = out.lines().find_map(|line| line.split_once("http://"))?.1;
    rest.split(['/', ' ']).next()?.parse().ok()
}

fn collect(pipe: impl Read + Send + 'static, name: &str) -> Arc<Mutex<String>> {
    let all = Arc::new(Mutex::new(String::new()));
    let into = Arc::clone(&all);
    let read = move || {
        for line in BufReader::new(pipe).lines().map_while(Result::ok) {
            let mut all = into.lock().unwrap();
            all.push_str(&line);
            all.push('\n');
        }
    };
    std::thread::Builder::new().name(format!("collect-{name}")).spawn(read).unwrap();
    all
}

/// The running program. Fields are dropped in this order after `Drop` has ended the program, so that nothing
/// still writes into the folder when it is removed.
#[derive(Debug)]
pub struct TestApp {
    child: Child,
    out: Arc<Mutex<String>>,
    log: Arc<Mutex<String>>,
    begun: Instant,
    /// Where it listens.
    pub addr: SocketAddr,
    /// Must be the last field: removing its folder comes after everything that uses it.
    setup: Setup,
}

impl TestApp {
    /// `GET path`.
    #[must_use]
    pub fn get(&self, path: &str) -> Reply {
        get(self.addr, path)
    }

    /// `GET path`, which must answer 200 with JSON.
    #[must_use]
    #[track_caller]
    pub fn json(&self, path: &str) -> Value {
        let reply = self.get(path);
        assert_eq!(reply.status, 200, "{path}: {}", reply.text());
        reply.json()
    }

    /// The address as a browser takes it.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}/", self.addr)
    }

    /// Standard output so far.
    #[must_use]
    pub fn out(&self) -> String {
        self.out.lock().unwrap().clone()
    }

    /// Everything it has logged so far.
    #[must_use]
    pub fn log(&self) -> String {
        self.log.lock().unwrap().clone()
    }

    /// The folder that holds `data` and `nightjar.toml`.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.setup.folder()
    }

    /// Ends it by SIGTERM and starts it anew on the same folder.
    #[must_use]
    #[track_caller]
    pub fn again(self) -> Self {
        self.stopped().start()
    }

    /// Ends it as a service manager would; what comes back starts it again.
    #[must_use]
    #[track_caller]
    pub fn stopped(mut self) -> Setup {
        self.signal(Signal::TERM);
        assert_eq!(self.ended(Duration::from_secs(60)).code(), Some(0), "{}", self.log());
        self.setup.clone()
    }

    /// Kills it, as a power cut would end it but for what the system has in memory; what comes back starts it again.
    #[must_use]
    pub fn killed(mut self) -> Setup {
        self.signal(Signal::KILL);
        drop(self.child.wait());
        self.setup.clone()
    }

    /// Where it listens, once it says so.
    #[track_caller]
    fn address(&mut self) -> Option<SocketAddr> {
        let ended = self.child.try_wait().unwrap();
        assert!(ended.is_none(), "ended with {ended:?} instead of serving:\n{}", self.log());
        url(&self.out())
    }

    /// Since the process was started.
    #[must_use]
    pub fn age(&self) -> Duration {
        self.begun.elapsed()
    }

    /// Waits until a camera that is lost was tried so often that a back-off which goes on doubling is at half a minute.
    pub fn tries_in_vain(&self, camera: &str) {
        let (mut waits, mut left) = (0, 0);
        until("many tries in vain", Duration::from_secs(60), || {
            let source = self.json(&format!("/api/v1/cameras/{camera}"))["source"].clone();
            let now = source["next_try_in_ms"].as_u64()?;
            // What is left grows only when another wait begins.
            waits += u32::from(now > left);
            left = now;
            (waits > 7).then_some(())
        });
    }

    /// The camera's state as the API gives it: `live`, `lost` …
    #[must_use]
    pub fn state(&self, camera: &str) -> String {
        let camera = self.json(&format!("/api/v1/cameras/{camera}"));
        camera["source"]["state"].as_str().unwrap_or("none").to_owned()
    }

    /// Waits until the camera is in `state`.
    #[track_caller]
    pub fn wait_for(&self, camera: &str, state: &str, patience: Duration) {
        let what = format!("{camera} is {state}");
        until(&what, patience, || (self.state(camera) == state).then_some(()));
    }

    /// Waits until it answers at all, which needs no key.
    #[track_caller]
    pub fn wait_for_open(&self, patience: Duration) {
        until("/healthz answers", patience, || (self.get("/healthz").status == 200).then_some(()));
    }

    /// Sends it a signal.
    pub fn signal(&self, signal: Signal) {
        kill_process(self.pid(), signal).unwrap();
    }

    /// Its process id.
    #[must_use]
    pub fn pid(&self) -> Pid {
        Pid::from_child(&self.child)
    }

    /// Waits for its end.
    #[track_caller]
    pub fn ended(&mut self, patience: Duration) -> ExitStatus {
        until("the program ends", patience, || self.child.try_wait().unwrap())
    }

    /// How many descriptors, threads and KiB of memory it holds for its cameras and viewers. What it has open in its
    /// data folder comes and goes with the events, and threads of the runtime's pool with what is asked at once.
    #[must_use]
    pub fn holds(&self) -> (usize, usize, usize) {
        let proc = PathBuf::from(format!("/proc/{}", self.child.id()));
        let count = |part: &str, counts: &dyn Fn(&Path) -> bool| {
            let entries = std::fs::read_dir(proc.join(part)).into_iter().flatten().flatten();
            entries.filter(|entry| counts(&entry.path())).count()
        };
        let data = std::fs::canonicalize(self.folder().join("data")).unwrap_or_default();
        let fds = count("fd", &|fd| std::fs::read_link(fd).is_ok_and(|what| !what.starts_with(&data)));
        let threads = count("task", &|task| {
            std::fs::read_to_string(task.join("comm")).is_ok_and(|name| name.trim() != "tokio")
        });
        let status = std::fs::read_to_string(proc.join("status")).unwrap_or_default();
        let rss =
            status.lines().find_map(|l| l.strip_prefix("VmRSS:")).and_then(|v| v.trim().split(' ').next());
        (fds, threads, rss.and_then(|v| v.parse().ok()).unwrap_or(0))
    }

    /// Whether a new connection is still taken.
    #[must_use]
    pub fn accepts(&self) -> bool {
        TcpStream::connect_timeout(&self.addr, Duration::from_secs(1)).is_ok()
    }
}

impl Drop for TestApp {
    fn drop(&mut self) {
        // Already ended is fine: what counts is that nothing is left behind.
        drop(self.child.kill());
        drop(self.child.wait());
        if std::thread::panicking() {
            eprintln!("--- what the program said:\n{}", self.log());
        }
    }
}
