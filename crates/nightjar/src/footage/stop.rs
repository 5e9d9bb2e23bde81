//! SIGHUP, SIGINT and SIGTERM while recordings are read: what was begun goes, the children go, the program ends.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::Context as _;

use super::clip::Stop;
use crate::run::Signals;
use crate::say;

/// What is being written gets so long to be taken back.
const GRACE: Duration = Duration::from_secs(20);

/// What must not be left behind when the program is stopped.
#[derive(Debug, Clone, Default)]
pub(crate) struct Leavings(Arc<Mutex<Option<PathBuf>>>);

impl Leavings {
    /// This file is begun now.
    pub(crate) fn begin(&self, path: &Path) {
        *self.lock() = Some(path.to_owned());
    }

    /// The file is done with, by `last`, into which no signal comes.
    pub(crate) fn end<T>(&self, last: impl FnOnce() -> T) -> T {
        let mut path = self.lock();
        let done = last();
        *path = None;
        done
    }

    /// Removes what was begun. Nothing is begun or ended from here on while the answer is held.
    pub(crate) fn clear(&self) -> MutexGuard<'_, Option<PathBuf>> {
        let mut path = self.lock();
        if let Some(part) = path.take()
            && let Err(error) = std::fs::remove_file(&part)
        {
            say::fault(&format!("failed to remove {}: {error}", part.display()));
        }
        path
    }

    fn lock(&self) -> MutexGuard<'_, Option<PathBuf>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// From now on a signal ends the program as a shell expects it: 130 for SIGINT, 143 for SIGTERM. With `stop` the program
/// is asked first, to take back what it was writing.
///
/// # Errors
/// When the system gives no thread or no signals.
pub(crate) fn on_signals(leavings: Leavings, stop: Option<Stop>) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("failed to take the signals")?;
    let mut signals = {
        let _inside = runtime.enter();
        Signals::new().context("failed to take the signals")?
    };
    let body = move || {
        let which = runtime.block_on(signals.any());
        let held = leavings.clear();
        say::fault(&format!("stopped by {}", which.name()));
        if let Some(stop) = stop {
            drop(held);
            stop.ask(which.code());
            capture::kill_children();
            // The program ends by itself now, unless somebody insists.
            let insisted = runtime.block_on(async { tokio::time::timeout(GRACE, signals.any()).await });
            capture::kill_children();
            std::process::exit(insisted.unwrap_or(which).code());
        }
        capture::kill_children();
        std::process::exit(which.code());
    };
    std::thread::Builder::new().name("signals".into()).spawn(body).context("failed to take the signals")?;
    Ok(())
}
