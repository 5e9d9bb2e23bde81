//! The load client of `make bench`: what a viewer costs, beside a bare axum relay of the same bytes in the same run.
//!
//! `load` alone measures and writes docs/performance.md. `load relay URL` is the reference: an axum handler that hands
//! every part of URL's stream on to all who ask, and does nothing else. `load verify [CLAIM[=AMOUNT]…]` holds what is
//! claimed of the program's safety, a line of figures each; without a name all of them.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a measurement that went wrong must end, loudly")]

// The network and the object store that the remotes are tested with.
#[path = "../../crates/upload/tests/remotes/faults.rs"]
#[allow(dead_code, reason = "there are tests of each of its faults")]
mod faults;
mod feed;
#[path = "../../crates/upload/tests/remotes/objects.rs"]
#[allow(dead_code, reason = "there are tests of all its manners")]
mod objects;
mod peers;
mod process;
mod relay;
mod report;
mod verify;
mod viewers;

use std::time::Duration;

use process::Measured;
use report::{Fanout, Report, Slow};
use tests::{Setup, TestApp, get, until};
use viewers::Crowd;

/// Frames a second of the camera that is passed on.
const FPS: u32 = 15;
/// How long each crowd is watched.
const WATCHED: Duration = Duration::from_secs(8);
/// Relay and server take turns so often, so that a busy moment of the machine hits both.
const TURNS: usize = 2;

fn main() {
    let args: Vec<String> = std::env::args().collect();
    let after = |word| args.iter().position(|arg| arg == word).map(|at| args.get(at + 1).cloned());
    if let Some(url) = after("relay") {
        relay::run(&url.expect("relay URL"));
    } else if let Some(at) = args.iter().position(|arg| arg == "verify") {
        // Cargo adds a word of its own to what it starts as a bench.
        let claims = args[at + 1..].iter().filter(|arg| !arg.starts_with('-')).cloned().collect::<Vec<_>>();
        std::process::exit(if verify::run(&claims) { 0 } else { 1 });
    } else {
        measure();
    }
}

fn measure() {
    let feed = feed::Feed::start(FPS);
    let report = Report {
        picture_bytes: feed.picture_bytes(),
        fps: FPS,
        fanouts: [50, 200].map(|viewers| fanout(&feed, viewers)).into(),
        slow: slow(&feed),
        detection_ms: detection(&feed),
        first_frame: first_frame(),
        peers: peers::compare(),
        benches: report::criterion(&tests::repository().join("target/criterion")),
    };
    let path = tests::repository().join("docs/performance.md");
    std::fs::write(&path, report.to_string()).unwrap();
    eprintln!("{report}\nwritten to docs/performance.md");
}

fn server(feed: &feed::Feed, motion: bool) -> TestApp {
    let app = Setup::http(&feed.url())
        .with("[server]\nmax_clients = 1000\n")
        // A small ring that is full before anything is measured, or its filling would be taken for the viewers' memory.
        .more(&format!("ring_size = \"4MiB\"\n[camera.motion]\nenabled = {motion}\n"))
        .start();
    app.wait_for("garden", "live", Duration::from_secs(10));
    tests::pause(Duration::from_secs(3));
    app
}

fn fanout(feed: &feed::Feed, viewers: usize) -> Fanout {
    let (mut ours, mut bare) = (Measured::default(), Measured::default());
    for _ in 0..TURNS {
        let relay = relay::Relay::start(&feed.url());
        bare.add(&watch(relay.addr, relay.pid(), viewers));
        drop(relay);
        let app = server(feed, false);
        ours.add(&watch(app.addr, app.pid().as_raw_nonzero().get(), viewers));
    }
    let (ours_us, bare_us) = (ours.cpu_us_a_frame(), bare.cpu_us_a_frame());
    eprintln!("{viewers} viewers: {ours_us:.0} µs of CPU a delivered frame, the relay {bare_us:.0} µs");
    Fanout { viewers, ours, bare }
}

fn watch(addr: std::net::SocketAddr, pid: i32, viewers: usize) -> Measured {
    let rss_before = process::rss_kib(pid);
    let mut crowd = Crowd::gather(addr, viewers);
    crowd.watch(Duration::from_secs(2));
    let serving = |thread: &str| !process::detects(thread);
    let before = process::cpu(pid, serving);
    let ages = crowd.watch(WATCHED);
    let cpu = process::cpu(pid, serving).saturating_sub(before);
    let rss = process::rss_kib(pid).saturating_sub(rss_before);
    Measured::of(cpu, ages, rss as f64 / viewers as f64)
}

fn slow(feed: &feed::Feed) -> Slow {
    let app = server(feed, false);
    let mut crowd = Crowd::gather(app.addr, 50);
    crowd.watch(Duration::from_secs(2));
    let alone = Measured::of(Duration::ZERO, crowd.watch(WATCHED), 0.0);
    let idlers = viewers::stopped(app.addr, 20);
    let beside = Measured::of(Duration::ZERO, crowd.watch(WATCHED), 0.0);
    drop(idlers);
    Slow {
        alone_p99_ms: alone.p99_ms(),
        beside_p99_ms: beside.p99_ms(),
        alone_frames: alone.frames(),
        beside_frames: beside.frames(),
    }
}

/// CPU milliseconds that a frame costs the thread that looks for motion, decoding included.
fn detection(feed: &feed::Feed) -> f64 {
    let app = server(feed, true);
    let pid = app.pid().as_raw_nonzero().get();
    let (cpu, done) = (process::cpu(pid, process::detects), analysed(&app));
    tests::pause(WATCHED);
    let (cpu, frames) = (process::cpu(pid, process::detects).saturating_sub(cpu), analysed(&app) - done);
    assert!(frames > 0.0, "/metrics counts the frames that were looked at");
    cpu.as_secs_f64() * 1000.0 / frames
}

fn analysed(app: &TestApp) -> f64 {
    let metrics = app.get("/metrics").text();
    let counts = metrics.lines().filter(|l| l.starts_with("nightjar_detect_frames_total"));
    counts.filter_map(|l| l.rsplit(' ').next()?.parse::<f64>().ok()).sum()
}

/// From process start until the first demo picture has been fetched, the median of five starts.
fn first_frame() -> Duration {
    let mut times: Vec<_> = (0..5)
        .map(|_| {
            let app = Setup::config("").start();
            until("the first picture", Duration::from_secs(10), || {
                (get(app.addr, "/snapshot.jpg").status == 200).then_some(())
            });
            app.age()
        })
        .collect();
    times.sort();
    times[2]
}
