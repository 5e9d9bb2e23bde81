//! The place where events are kept: opened before anything else is started, looked after by a thread of its own.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use anyhow::Context as _;
use frame::Clock;
use store::fs::DataFs;
use store::{NoticeKind, Opening, Retention, Store};

use crate::config;

/// How often it is looked whether the disk is there and takes writes.
const PROBE: Duration = Duration::from_secs(2);
/// How often room is made.
const RETAIN: Duration = Duration::from_secs(60);

/// As the configuration says.
pub(crate) fn limits(limits: config::Retention) -> Retention {
    Retention {
        max_age: Some(limits.max_age),
        max_size: Some(limits.max_size),
        min_free: Some(limits.min_free),
    }
}

/// Opens the place and puts right what the last run left.
///
/// # Errors
/// When another program has it, or a newer one has written it.
pub(crate) fn open(
    data: &Path,
    retention: config::Retention,
    clock: Arc<dyn Clock>,
) -> anyhow::Result<Store> {
    let begun = clock.monotonic();
    let opening = Opening {
        root: data.to_owned(),
        fs: Arc::new(DataFs),
        clock: clock.clone(),
        retention: limits(retention),
    };
    let store =
        Store::open(opening).with_context(|| format!("failed to open the events in {}", data.display()))?;
    let recovered = store.recovered();
    let ms = super::whole_ms(clock.monotonic().saturating_sub(begun));
    tracing::info!(ms, ?recovered, "the events are open");
    Ok(store)
}

/// The thread that looks after it; dropped, it ends.
#[derive(Debug)]
pub(crate) struct Keeper {
    stop: Arc<(Mutex<bool>, Condvar)>,
    thread: Option<JoinHandle<()>>,
}

impl Keeper {
    /// Starts it.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub(crate) fn start(store: Store, clock: Arc<dyn Clock>) -> std::io::Result<Self> {
        let stop = Arc::new((Mutex::new(false), Condvar::new()));
        let told = stop.clone();
        // What came in may be more than there is room for: that is not left to lie for a minute.
        let has_grown = Arc::new(AtomicBool::new(false));
        let grown = has_grown.clone();
        store.on_change(Box::new(move |notice| {
            if notice.kind == NoticeKind::Ended {
                grown.store(true, Ordering::Relaxed);
            }
        }));
        let body = move || {
            let mut due = clock.monotonic();
            loop {
                store.probe();
                if has_grown.swap(false, Ordering::Relaxed) || clock.monotonic() >= due {
                    due = clock.monotonic() + RETAIN;
                    retain(&store);
                }
                let (stopped, changed) = &*told;
                let stopped = stopped.lock().unwrap_or_else(PoisonError::into_inner);
                let waited = changed.wait_timeout_while(stopped, PROBE, |stopped| !*stopped);
                if *waited.unwrap_or_else(PoisonError::into_inner).0 {
                    return;
                }
            }
        };
        let thread = std::thread::Builder::new().name("retention".to_owned()).spawn(body)?;
        Ok(Self { stop, thread: Some(thread) })
    }

    /// Ends it; waits for what it is at, which a sick disk can make long: only up to a bound that the caller sets.
    pub(crate) fn stop(mut self) {
        self.ask();
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the retention thread panicked");
        }
    }

    fn ask(&self) {
        *self.stop.0.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.stop.1.notify_all();
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        self.ask();
    }
}

fn retain(store: &Store) {
    match store.retain() {
        Ok(report) if report.degraded + report.deleted > 0 => {
            tracing::info!(
                degraded = report.degraded,
                deleted = report.deleted,
                bytes = report.freed,
                "room was made among the events"
            );
        }
        Ok(_) => {}
        Err(error) => tracing::warn!(%error, "failed to make room among the events"),
    }
}
