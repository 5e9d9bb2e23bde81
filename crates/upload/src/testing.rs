//! What tests stand on: a ledger in memory that goes by the runtime's time, and a remote that does as it is told.

mod hub;
mod scripted;
mod shelf;

pub(crate) use hub::{FakeHub, Fault};
pub(crate) use scripted::{Scripted, Step};
pub(crate) use shelf::{Shelf, event_id};

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use frame::Clock;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::courier::Courier;
use crate::desk::Desk;
use crate::gate::{self, Gate};
use crate::settings::{Secret, Settings};
use crate::throttle::Throttle;

/// A clock that goes with the runtime's, paused or not.
#[derive(Debug)]
pub(crate) struct RuntimeClock {
    began: Instant,
    wall: SystemTime,
}

impl RuntimeClock {
    pub(crate) fn at(wall: &str) -> Arc<Self> {
        let wall: jiff::Timestamp = wall.parse().unwrap();
        Arc::new(Self { began: Instant::now(), wall: wall.into() })
    }
}

impl Clock for RuntimeClock {
    fn monotonic(&self) -> Duration {
        self.began.elapsed()
    }

    fn wall(&self) -> SystemTime {
        self.wall + self.began.elapsed()
    }
}

/// A courier at work.
pub(crate) struct Road {
    pub(crate) shelf: Arc<Shelf>,
    pub(crate) remote: Arc<Scripted>,
    pub(crate) desk: Arc<Desk>,
    pub(crate) settings: watch::Sender<Settings>,
    pub(crate) gate: watch::Receiver<Gate>,
    stop: CancellationToken,
    courier: JoinHandle<()>,
}

impl Road {
    pub(crate) fn new(shelf: Arc<Shelf>, remote: Arc<Scripted>, at_once: u32, settings: Settings) -> Self {
        let clock = RuntimeClock::at("2026-11-20T12:00:00Z");
        let stop = CancellationToken::new();
        let throttle = Arc::new(Throttle::new(None));
        let now = jiff::Timestamp::try_from(clock.wall()).unwrap();
        let (first, _) = gate::look(&settings, now, None);
        throttle.set(first.rate);
        let (gate_tx, gate) = watch::channel(first);
        let (settings, seen) = watch::channel(settings);
        let desk = Arc::new(Desk::new("hub".to_owned(), "scripted"));
        let nudged = Arc::clone(&desk);
        crate::ledger::Ledger::on_owed(&*shelf, Box::new(move || nudged.nudge.notify_one()));
        let courier = Courier {
            ledger: Arc::clone(&shelf) as _,
            remote: Arc::clone(&remote) as _,
            desk: Arc::clone(&desk),
            at_once,
            throttle: Arc::clone(&throttle),
            gate: gate.clone(),
            settings: seen.clone(),
            secrets: vec![Secret::new("nj_secret")],
            stop: stop.clone(),
        };
        let handle = tokio::runtime::Handle::current();
        handle.spawn(gate::keep(seen, gate_tx, throttle, clock, stop.clone()));
        let courier = handle.spawn(courier.run());
        Self { shelf, remote, desk, settings, gate, stop, courier }
    }

    /// Lets the runtime's time go on.
    pub(crate) async fn wait(&self, time: Duration) {
        tokio::time::sleep(time).await;
    }

    /// Until nothing is owed; → how long that took.
    pub(crate) async fn until_done(&self) -> Duration {
        let began = Instant::now();
        while !self.shelf.is_all_done() {
            assert!(began.elapsed() < Duration::from_secs(14 * 86400), "nothing comes of it");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        began.elapsed()
    }

    pub(crate) async fn stop(self) {
        self.stop.cancel();
        self.courier.await.unwrap();
    }
}
