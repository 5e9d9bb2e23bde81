//! What both drivers' claims need.

use std::fs::File;
use std::os::fd::AsRawFd;
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::Value;
use tests::{Setup, TestApp, Viewer, pause, until};

/// An emulated processor takes its time; what is promised is measured, not what is waited for at the most.
pub(crate) const SOON: Duration = Duration::from_secs(60);
/// What is promised: a camera that is gone is noticed, a silent one is, its next frame is seen when it is back.
pub(crate) const NOTICED: Duration = Duration::from_secs(1);
pub(crate) const SILENCE_NOTICED: Duration = Duration::from_secs(3);
pub(crate) const BACK: Duration = Duration::from_secs(2);
/// How much later a single one may be.
pub(crate) const SLACK: Duration = Duration::from_secs(1);
pub(crate) const CYCLES: usize = 20;

/// The program with one camera `garden` at `node`.
#[track_caller]
pub(crate) fn start(node: &str, more: &str) -> TestApp {
    let camera = format!("[[camera]]\nid = \"garden\"\nsource = \"v4l2\"\ndevice = \"{node}\"\n{more}\n");
    Setup::config(&camera).start()
}

/// The camera's source as the API shows it.
#[track_caller]
pub(crate) fn source(app: &TestApp) -> Value {
    app.json("/api/v1/cameras/garden")["source"].clone()
}

/// The code of what is wrong with it.
#[track_caller]
pub(crate) fn problem(app: &TestApp) -> String {
    source(app)["problem"]["code"].as_str().unwrap_or("none").to_owned()
}

/// Waits until it is lost: how long that took since `since`, and why it is.
#[track_caller]
pub(crate) fn lost(app: &TestApp, since: Instant) -> (Duration, String) {
    lost_after(app, since, &Value::Null)
}

/// The same for a camera that was live since `live`: it may be back before anybody could ask why it was away.
#[track_caller]
pub(crate) fn lost_after(app: &TestApp, since: Instant, live: &Value) -> (Duration, String) {
    until("the camera is lost", SOON, || {
        let source = source(app);
        let told = source["problem"]["code"].as_str().filter(|_| source["state"] == "lost");
        let is_back = !live.is_null() && source["state"] == "live" && source["since"] != *live;
        Some((since.elapsed(), told.or(is_back.then_some("back already"))?.to_owned()))
    })
}

/// Waits until it is live again and the viewer sees a picture that came after that; how long that took since `since`.
#[track_caller]
pub(crate) fn back(app: &TestApp, viewer: &Viewer, since: Instant) -> Duration {
    // Without the first, a picture of before that was still on its way would do.
    app.wait_for("garden", "live", SOON);
    let live = Instant::now();
    viewer.sees_it_again(live, SOON) + live.duration_since(since)
}

/// A viewer who has seen the camera.
#[track_caller]
pub(crate) fn watching(app: &TestApp, is_signal: fn(&[u8]) -> bool) -> Viewer {
    app.wait_for("garden", "live", SOON);
    let viewer = Viewer::open(app.addr, "/stream?raw=1", is_signal);
    until("the viewer sees the camera", SOON, || viewer.signal());
    viewer
}

/// What the program holds.
#[derive(Debug, Clone)]
pub(crate) struct Held {
    descriptors: usize,
    /// The names of its threads.
    threads: Vec<String>,
}

/// Descriptors and threads of the program while its camera is live and nobody asks it anything.
#[track_caller]
pub(crate) fn held(app: &TestApp) -> Held {
    app.wait_for("garden", "live", SOON);
    // What an answer took is given back when it has been read: the fewest of several looks are its own.
    let looks = (0..20).map(|_| {
        pause(Duration::from_millis(50));
        app.holds().0
    });
    let descriptors = looks.min().unwrap_or(0);
    let tasks = std::fs::read_dir(format!("/proc/{}/task", app.pid().as_raw_nonzero())).unwrap();
    let name = |task: std::io::Result<std::fs::DirEntry>| {
        std::fs::read_to_string(task.ok()?.path().join("comm")).ok()
    };
    let mut threads: Vec<_> = tasks.filter_map(name).map(|name| name.trim().to_owned()).collect();
    threads.sort();
    Held { descriptors, threads }
}

/// Holds descriptors and threads against what they were. The runtime's pool may have one or two more after a busy time:
/// they come with what is asked at once and not with the cycles, of which there were twenty.
#[track_caller]
pub(crate) fn held_as(app: &TestApp, before: &Held) -> String {
    let after = held(app);
    let own = |held: &Held| held.threads.iter().filter(|name| *name != "tokio").count();
    assert!(
        after.descriptors <= before.descriptors
            && own(&after) <= own(before)
            && after.threads.len() <= before.threads.len() + 2,
        "{before:?} became {after:?}"
    );
    format!(
        "descriptors {} → {}, threads {} → {}",
        before.descriptors,
        after.descriptors,
        before.threads.len(),
        after.threads.len()
    )
}

/// Holds many times against what is promised. On an emulated processor a single one may be late, most may not.
#[track_caller]
pub(crate) fn hold(what: &str, times: &[Duration], promised: Duration) -> String {
    let late = times.iter().filter(|t| **t > promised).count();
    let said = format!("{what} {}, {late} of {} after {promised:?}", spread(times.to_vec()), times.len());
    assert!(late * 10 <= times.len() && times.iter().all(|t| *t < promised + SLACK), "{said}");
    said
}

/// The middle and the worst of many times, in milliseconds.
fn spread(mut times: Vec<Duration>) -> String {
    times.sort();
    let ms = |at: usize| times[at].as_millis();
    format!("median {} ms, worst {} ms", ms(times.len() / 2), ms(times.len() - 1))
}

/// The controls of `vivid` that break it, by their numbers: starting `v4l2-ctl` takes longer here than what is measured.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Break {
    /// Percent of the buffers that are dropped.
    Dropped = 0x00f0_f040,
    /// Pulls the plug.
    Disconnect = 0x00f0_f041,
    /// Marks the next buffer as damaged.
    Buffer = 0x00f0_f042,
    /// Lets the next `VIDIOC_REQBUFS` fail.
    Request = 0x00f0_f043,
    /// Lets the next `VIDIOC_QBUF` fail.
    Queue = 0x00f0_f044,
    /// Lets the next `VIDIOC_STREAMON` fail.
    Start = 0x00f0_f045,
    /// Ends the stream with an error that lasts until it is begun anew.
    Fatal = 0x00f0_f046,
}

/// Sets it; when that was done.
#[track_caller]
#[expect(
    unsafe_code,
    reason = "there is no safe ioctl, and a child process would take longer than what is measured"
)]
pub(crate) fn set(node: &str, what: Break, value: i32) -> Instant {
    const VIDIOC_S_CTRL: libc::Ioctl = 0xc008_561c;
    let device = File::options().read(true).write(true).open(node).unwrap();
    let mut control = [what as i32, value];
    let since = Instant::now();
    // SAFETY: `v4l2_control` is an id and a value of four bytes each, and outlives the call.
    let answer = unsafe { libc::ioctl(device.as_raw_fd(), VIDIOC_S_CTRL, control.as_mut_ptr()) };
    assert_eq!(answer, 0, "{what:?}: {}", std::io::Error::last_os_error());
    since
}

/// Runs `v4l2-ctl` on a node.
#[track_caller]
pub(crate) fn ctl(node: &str, arg: &str) -> String {
    let done = Command::new("v4l2-ctl").args(["-d", node, arg]).output().unwrap();
    assert!(done.status.success(), "v4l2-ctl {arg}: {}", String::from_utf8_lossy(&done.stderr));
    String::from_utf8_lossy(&done.stdout).into_owned()
}
