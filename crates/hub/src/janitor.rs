//! The thread that clears up behind cameras that did not come back, and writes down when devices were seen.

use std::io;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crate::app::Hub;

/// Between two rounds.
const ROUND: Duration = Duration::from_secs(15);
/// Between two looks for clips that nobody goes on with.
const SWEEP: Duration = Duration::from_secs(600);
/// What is in memory only is held for so long at most.
const PENDING: Duration = Duration::from_secs(300);

/// What is to be done beside answering.
#[derive(Debug)]
pub struct Chores(pub(crate) Hub);

/// The thread; dropped, it ends.
#[derive(Debug)]
pub struct Janitor {
    stop: Arc<(Mutex<bool>, Condvar)>,
    thread: Option<JoinHandle<()>>,
}

impl Janitor {
    /// Starts it.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn start(chores: Chores) -> io::Result<Self> {
        let hub = chores.0;
        let stop = Arc::new((Mutex::new(false), Condvar::new()));
        let told = stop.clone();
        let body = move || {
            let mut due = Instant::now();
            loop {
                hub.pending.expire(PENDING.min(hub.settings.get().incomplete_for));
                hub.legacy.expire(hub.settings.get().incomplete_for);
                if Instant::now() >= due {
                    due = Instant::now() + SWEEP;
                    sweep(&hub);
                }
                flush(&hub);
                let (stopped, changed) = &*told;
                let stopped = stopped.lock().unwrap_or_else(PoisonError::into_inner);
                let waited = changed.wait_timeout_while(stopped, ROUND, |stopped| !*stopped);
                if *waited.unwrap_or_else(PoisonError::into_inner).0 {
                    return flush(&hub);
                }
            }
        };
        let thread = std::thread::Builder::new().name("janitor".to_owned()).spawn(body)?;
        Ok(Self { stop, thread: Some(thread) })
    }

    /// Ends it, and waits for what it is at.
    pub fn stop(mut self) {
        self.ask();
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the janitor panicked");
        }
    }

    fn ask(&self) {
        *self.stop.0.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.stop.1.notify_all();
    }
}

impl Drop for Janitor {
    fn drop(&mut self) {
        self.ask();
    }
}

fn sweep(hub: &Hub) {
    match hub.store.sweep_incoming(hub.settings.get().incomplete_for) {
        Ok(0) => {}
        Ok(clips) => tracing::info!(clips, "threw away what was begun of clips and not gone on with"),
        Err(error) => tracing::warn!(%error, "failed to clear up what was begun and not gone on with"),
    }
}

fn flush(hub: &Hub) {
    if let Err(error) = hub.store.flush_devices() {
        tracing::warn!(%error, "failed to write down when devices were seen");
    }
}
