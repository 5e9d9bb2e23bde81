//! What hostile clients cost the honest ones.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use tests::{Slow, Storm, TestApp, get, pause};

use super::{Goal, verdict};
use crate::feed::{self, Feed};
use crate::process::rss_kib;
use crate::viewers::{Crowd, stopped};

/// Between two looks at what is going on.
const LOOK: Duration = Duration::from_millis(250);

/// `storm` seconds of slow clients, then viewers that stop reading.
pub(super) fn run(storm: u64) -> bool {
    let feed = Feed::start(crate::FPS);
    // Each by itself, so that what the first one left behind is not taken for the second one's.
    let held = [slow_clients(&feed, Duration::from_secs(storm)), stopped_viewers(&feed)];
    held.into_iter().all(|held| held)
}

/// 500 half-sent heads, 100 slow bodies, 100 slow readers, half of them of the stream.
fn slow_clients(feed: &Feed, time: Duration) -> bool {
    let app = server(feed);
    let pid = app.pid().as_raw_nonzero().get();
    // Once everything has been asked for, so that nothing is made for the first time meanwhile.
    honest(app.addr, &AtomicBool::new(true));
    let (before, frames, sent) = (rss_kib(pid), frames(&app), feed::sent());
    let of_each = [(Slow::Head, 500), (Slow::Body, 100), (Slow::Viewer, 50), (Slow::Reader, 50)];
    let storm = Storm::begin(app.addr, &of_each);
    let over = AtomicBool::new(false);
    let (mut most, mut oldest, mut held) = (before, Duration::ZERO, 0);
    let mut answers = std::thread::scope(|scope| {
        let honest = scope.spawn(|| honest(app.addr, &over));
        let end = Instant::now() + time;
        while Instant::now() < end {
            pause(LOOK);
            let now = storm.held();
            (oldest, held, most) = (oldest.max(now.1), held.max(now.0), most.max(rss_kib(pid)));
        }
        over.store(true, Ordering::Relaxed);
        honest.join().unwrap()
    });
    let lost = lost(self::frames(&app) - frames, feed::sent() - sent);
    drop(storm);
    answers.sort();
    let p99 = answers[(answers.len() - 1) * 99 / 100];
    let name = format!(
        "{held} of 700 slow clients held at most, for {} s, {} honest requests",
        time.as_secs(),
        answers.len()
    );
    verdict(
        &name,
        &[
            Goal { what: "honest requests p99", measured: p99.as_secs_f64() * 1e3, most: 250.0, unit: "ms" },
            Goal { what: "the last was cut after", measured: oldest.as_secs_f64(), most: 15.0, unit: "s" },
            Goal { what: "frames lost", measured: lost, most: 1.0, unit: "%" },
            Goal { what: "memory", measured: mib(most, before), most: 20.0, unit: "MiB more" },
        ],
    )
}

/// 50 viewers that stop reading, beside 10 that read.
fn stopped_viewers(feed: &Feed) -> bool {
    let app = server(feed);
    let pid = app.pid().as_raw_nonzero().get();
    let mut readers = Crowd::gather(app.addr, 10);
    readers.watch(Duration::from_secs(2));
    let before = rss_kib(pid);
    let wires = stopped(app.addr, 50);
    let begun = Instant::now();
    let over = AtomicBool::new(false);
    let (most, gone, ages) = std::thread::scope(|scope| {
        let look = scope.spawn(|| {
            let (mut most, mut gone) = (before, None);
            while !over.load(Ordering::Relaxed) {
                pause(Duration::from_millis(100));
                most = most.max(rss_kib(pid));
                if gone.is_none() && viewers(&app) <= 10 {
                    gone = Some(begun.elapsed());
                }
            }
            (most, gone)
        });
        let ages = readers.watch(Duration::from_secs(15));
        over.store(true, Ordering::Relaxed);
        let (most, gone) = look.join().unwrap();
        (most, gone, ages)
    });
    drop(wires);
    let mut ages = ages;
    ages.sort_by(f32::total_cmp);
    let p99 = f64::from(ages[(ages.len() - 1) * 99 / 100]);
    let gone = gone.map_or(f64::INFINITY, |gone| gone.as_secs_f64());
    verdict(
        "50 viewers that stop reading beside 10 that read",
        &[
            Goal { what: "memory", measured: mib(most, before), most: 10.0, unit: "MiB more" },
            Goal { what: "the last was gone after", measured: gone, most: 10.0, unit: "s" },
            Goal {
                what: "the others' frame age p99",
                measured: p99,
                most: 2000.0 / f64::from(crate::FPS),
                unit: "ms",
            },
        ],
    )
}

fn server(feed: &Feed) -> TestApp {
    crate::server(feed, false)
}

/// How long each answer took, one request after the other, until `over`; at least one of each kind.
fn honest(addr: SocketAddr, over: &AtomicBool) -> Vec<Duration> {
    let paths = ["/status", "/snapshot.jpg", "/api/v1/cameras", "/"];
    let mut took = Vec::new();
    for path in paths.into_iter().cycle() {
        if over.load(Ordering::Relaxed) && took.len() >= paths.len() {
            break;
        }
        let begun = Instant::now();
        let reply = get(addr, path);
        // One that was turned away is as bad as one that was never answered.
        took.push(if reply.status == 200 { begun.elapsed() } else { Duration::from_secs(60) });
        pause(Duration::from_millis(40));
    }
    took
}

fn frames(app: &TestApp) -> u64 {
    app.json("/api/v1/cameras/garden")["source"]["frames"].as_u64().unwrap()
}

fn viewers(app: &TestApp) -> u64 {
    app.json("/api/v1/cameras/garden")["viewers"].as_u64().unwrap()
}

/// Per cent; the one that is under way at either end is not lost.
fn lost(taken: u64, sent: u64) -> f64 {
    sent.saturating_sub(taken + 1) as f64 * 100.0 / sent as f64
}

fn mib(most: usize, before: usize) -> f64 {
    most.saturating_sub(before) as f64 / 1024.0
}
