//! Events on their way over a network that fails, sent by a program that is killed again and again, to each kind of
//! remote: a hub, a hub that is spoken to as an older storage server, an object store. In the end each of them is there once
//! and as it was, nothing else is, and what was left when the faults ended went as fast as without them.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use tests::{Chance, Faults, Proxy, Setup, Tally, TestApp, pause};

use super::{Goal, verdict};

mod events;
mod far;

use far::{Far, Kind};

/// How long all of it may take without faults, and once they are over; a run that comes to no end is one that failed.
const PATIENCE: Duration = Duration::from_secs(1800);
/// How long all events take over the line that is imitated.
const ALL: Duration = Duration::from_secs(15);
/// Between two looks.
const LOOK: Duration = Duration::from_millis(50);
/// The hub is killed and started anew once in so many lives of the sender,
const RESTARTED_EVERY: u64 = 10;
/// and so often while the sender lives on.
const RESTARTED_AFTER: Duration = Duration::from_secs(20);

/// So many events to a hub.
pub(super) fn hub(events: u64) -> bool {
    run(Kind::Nightjar, events)
}

/// The same to an older storage server.
pub(super) fn older(events: u64) -> bool {
    run(Kind::Legacy, events)
}

/// The same to an object store.
pub(super) fn store(events: u64) -> bool {
    run(Kind::Store, events)
}

/// A fifth as many kills where there are a thousand events, else a tenth.
fn run(kind: Kind, events: u64) -> bool {
    let made = &events::Made::new(events);
    let kills = if events >= 1000 { events / 5 } else { (events / 10).max(3) };
    let (ideal, start) = ideal(kind, made);
    let mut far = Far::start(kind);
    let proxy = Proxy::start(far.addr(), Faults::STORM, 0x5eed_0000 + kills);
    let setup = slow(made).more(&far.remote("storm", &proxy));
    let restarts = kill(&setup, &mut far, &proxy, kills);
    let app = setup.clone().start();
    let more = weather(&app, made.count() / 2, &mut far, &proxy);
    let (restarts, killed) = (restarts + more, kills);
    let tally = proxy.tally();
    let Backlog { owed, bytes, .. } = backlog(&app, "storm");
    proxy.set(Faults::NONE);
    let begun = Instant::now();
    let left = drained(&app, "storm", made.count());
    let took = begun.elapsed();
    drop(app);
    // What was left behind is looked for a minute after a start, and then for hours no more.
    let app = setup.start();
    let found = far.found(made.clips());
    let share = bytes as f64 / made.bytes() as f64;
    let fair = start + ideal.saturating_sub(start).mul_f64(share);
    drop(app);
    told(kind, &tally, made.count() - owed);
    eprintln!("{}: {ideal:.1?} for all of it without faults, {took:.1?} for the rest", kind.words());
    let count = |n: u64| n as f64;
    verdict(
        &format!(
            "{} events to {}, {} faults, {killed} × kill -9, {restarts} restarts; {owed} left when they ended",
            made.count(),
            kind.words(),
            tally.faults()
        ),
        &[
            Goal { what: "not there", measured: count(found.missing), most: 0.0, unit: "" },
            Goal { what: "there twice", measured: count(found.twice), most: 0.0, unit: "" },
            Goal { what: "not as they were", measured: count(found.wrong), most: 0.0, unit: "" },
            Goal { what: "left over", measured: count(found.leftovers), most: 0.0, unit: "" },
            Goal { what: "given up", measured: count(made.count() - left.done), most: 0.0, unit: "" },
            Goal {
                what: "the rest took",
                measured: took.as_secs_f64() / fair.as_secs_f64(),
                most: 2.0,
                unit: "times what it takes without faults",
            },
        ],
    ) && tally.faults() > 0
}

/// A camera whose line takes about [`ALL`] for all of it, as one over a radio does: over the loopback alone 40 events take
/// half a second, and nobody waits less than that before trying again.
fn slow(made: &events::Made) -> Setup {
    let rate = made.bytes() / ALL.as_secs().max(1);
    made.setup().env("NIGHTJAR_UPLOAD__RATE", &format!("{rate}B"))
}

/// How long all of it takes over a network that does not fail, and how much of that until the first is sent.
fn ideal(kind: Kind, made: &events::Made) -> (Duration, Duration) {
    let far = Far::start(kind);
    let proxy = Proxy::start(far.addr(), Faults::NONE, 1);
    let setup = slow(made).more(&far.remote("ideal", &proxy));
    let begun = Instant::now();
    let app = setup.start();
    let start = begun.elapsed();
    drained(&app, "ideal", made.count());
    let took = begun.elapsed();
    let found = far.found(made.clips());
    assert_eq!(found, far::Found::default(), "without faults all is well, or nothing else need be looked at");
    drop(app);
    (took, start)
}

/// Lives and kills, until all kills are done. → How often the other end was started anew.
fn kill(setup: &Setup, far: &mut Far, proxy: &Proxy, kills: u64) -> u64 {
    let mut chance = Chance::new(0xc0ff_ee00 + kills);
    let mut restarts = 0;
    for cycle in 0..kills {
        let app = setup.clone().start();
        let end = Instant::now() + Duration::from_millis(300 + chance.below(2200));
        if cycle % RESTARTED_EVERY == RESTARTED_EVERY / 2 {
            pause(Duration::from_millis(chance.below(300)));
            restarts += restart(far, proxy);
        }
        pause(end.saturating_duration_since(Instant::now()));
        drop(app.killed());
    }
    restarts
}

/// Lets it send through the same faults, without kills, until no more than `few` are owed. → As [`kill`].
fn weather(app: &TestApp, few: u64, far: &mut Far, proxy: &Proxy) -> u64 {
    let (end, mut restarts, mut due) = (Instant::now() + PATIENCE, 0, Instant::now() + RESTARTED_AFTER);
    while backlog(app, "storm").owed > few && Instant::now() < end {
        pause(LOOK);
        if Instant::now() > due {
            due = Instant::now() + RESTARTED_AFTER;
            restarts += restart(far, proxy);
        }
    }
    restarts
}

fn restart(far: &mut Far, proxy: &Proxy) -> u64 {
    far.restart();
    proxy.aim(far.addr());
    1
}

/// How much is owed to a remote, and how much of it was given up.
#[derive(Debug, Clone, Copy)]
struct Backlog {
    owed: u64,
    /// Of the clips that are owed.
    bytes: u64,
    failed: u64,
    done: u64,
}

fn backlog(app: &TestApp, remote: &str) -> Backlog {
    let uploads = app.json("/api/v1/uploads");
    let remotes = uploads["remotes"].as_array().unwrap();
    let this = remotes.iter().find(|this| this["name"] == remote).unwrap();
    let number = |name: &str| this["backlog"][name].as_u64().unwrap();
    Backlog { owed: number("events"), bytes: number("bytes"), failed: number("failed"), done: number("done") }
}

/// Waits until so many were owed and nothing is any more.
fn drained(app: &TestApp, remote: &str, count: u64) -> Backlog {
    let end = Instant::now() + PATIENCE;
    loop {
        let backlog = backlog(app, remote);
        let is_over = backlog.owed == 0 && backlog.done + backlog.failed >= count;
        if is_over || Instant::now() > end {
            if !is_over || backlog.failed > 0 {
                let errands = app.json("/api/v1/uploads/errands?state=failed&limit=5");
                eprintln!("{backlog:?}: {errands:#}");
            }
            return backlog;
        }
        pause(LOOK);
    }
}

fn told(kind: Kind, tally: &Tally, sent: u64) {
    let by_kind: BTreeMap<_, _> = [
        ("resets", tally.resets),
        ("lost answers", tally.lost),
        ("5xx", tally.errors),
        ("429", tally.busy),
        ("black holes", tally.holes),
        ("flipped bits", tally.flips),
    ]
    .into();
    eprintln!(
        "{}: {} requests in the storm, {by_kind:?}, {sent} events through it",
        kind.words(),
        tally.requests
    );
}
