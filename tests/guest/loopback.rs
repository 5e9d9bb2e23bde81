//! `v4l2loopback`: a camera that another program feeds, and the only one here that gives MJPG.

use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use frame::Size;
use tempfile::TempDir;
use tests::{Stream, number_of, pictures};

use crate::Claim;
use crate::tools::{
    BACK, CYCLES, SILENCE_NOTICED, SOON, back, held, held_as, hold, lost, source, start, watching,
};

/// Says that it captures only while it is fed, and can be fed by ffmpeg only once: 0.12.7 does not notice the end of
/// whoever fed it by `write`.
const ONCE: &str = "/dev/video7";
/// Always says that it captures.
const AGAIN: &str = "/dev/video8";
const SIZE: Size = Size::new(320, 180);
const RATE: u32 = 15;

pub(crate) const CLAIMS: &[Claim] = &[
    ("v4l2loopback: without a feeder it is told what to do", unfed),
    ("v4l2loopback: MJPG comes through byte for byte", exact),
    ("v4l2loopback: 20 times its feeder killed and back", killed),
];

/// Numbered pictures, and what feeds them.
struct Film {
    pictures: Vec<Vec<u8>>,
    folder: TempDir,
}

impl Film {
    fn new() -> Self {
        let pictures = pictures("walker", SIZE, RATE, 2 * RATE);
        let folder = TempDir::new().unwrap();
        std::fs::write(folder.path().join("film.mjpeg"), pictures.concat()).unwrap();
        Self { pictures, folder }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("film.mjpeg")
    }

    /// ffmpeg, which hands the pictures to the driver as they are, in real time.
    fn feed(&self, node: &str) -> Feeder {
        let rate = RATE.to_string();
        let mut ffmpeg = Command::new("ffmpeg");
        ffmpeg.args([
            "-nostdin",
            "-v",
            "error",
            "-re",
            "-stream_loop",
            "-1",
            "-f",
            "mjpeg",
            "-framerate",
            &rate,
            "-i",
        ]);
        ffmpeg.arg(self.path()).args(["-c", "copy", "-f", "v4l2", node]);
        Feeder(ffmpeg.stdin(Stdio::null()).spawn().unwrap())
    }
}

/// Killed when it goes out of scope, as a camera's daemon that crashes.
struct Feeder(Child);

impl Drop for Feeder {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

fn is_numbered(jpeg: &[u8]) -> bool {
    number_of(jpeg).is_some()
}

fn wish() -> String {
    format!("width = {}\nheight = {}\nframe_rate = {RATE}", SIZE.width, SIZE.height)
}

fn exact() -> String {
    let film = Film::new();
    let feeder = film.feed(ONCE);
    let app = start(ONCE, &wish());
    app.wait_for("garden", "live", SOON);
    let mut stream = Stream::open(app.addr, "/stream?raw=1");
    let mut seen = 0;
    for _ in 0..60 {
        let part = stream.next_part().expect("it goes on").body;
        let Some(number) = number_of(&part) else { panic!("{} bytes without a number", part.len()) };
        assert!(part == film.pictures[usize::try_from(number).unwrap()], "picture {number} has other bytes");
        seen += 1;
    }
    let snapshot = app.get("/snapshot.jpg").body;
    assert!(film.pictures.contains(&snapshot), "the snapshot has other bytes");
    let source = source(&app);
    drop(feeder);
    format!("{seen} pictures and a snapshot, {}x{} {}", source["width"], source["height"], source["format"])
}

fn killed() -> String {
    let film = Film::new();
    let mut feeder = Some(film.feed(AGAIN));
    let app = start(AGAIN, &wish());
    let viewer = watching(&app, is_numbered);
    let mut cycle = || {
        let since = Instant::now();
        feeder = None;
        let (noticed, _) = lost(&app, since);
        feeder = Some(film.feed(AGAIN));
        // ffmpeg itself takes a while to start here: what counts is the time since it writes.
        let since = writes(Duration::from_secs(30));
        (noticed, back(&app, &viewer, since))
    };
    // What is only made once is there after a few.
    for _ in 0..3 {
        cycle();
    }
    let before = held(&app);
    let (noticed, back): (Vec<_>, Vec<_>) = (0..CYCLES).map(|_| cycle()).unzip();
    let held = held_as(&app, &before);
    assert!(viewer.is_there(), "the viewer of the beginning is still there");
    drop(feeder);
    format!("{}; {}; {held}", hold("noticed", &noticed, SILENCE_NOTICED), hold("back", &back, BACK))
}

/// When the driver has a format, which it has as soon as somebody feeds it.
fn writes(patience: Duration) -> Instant {
    tests::until("the driver is fed", patience, || {
        let format = std::fs::read("/sys/devices/virtual/video4linux/video8/format").unwrap_or_default();
        (!format.is_empty()).then(Instant::now)
    })
}

fn unfed() -> String {
    let app = start(ONCE, &wish());
    let (_, code) = lost(&app, Instant::now());
    let problem = source(&app)["problem"].clone();
    assert_eq!(code, "no_capture", "{problem:#}");
    problem["mend"].as_str().unwrap_or("").to_owned()
}
