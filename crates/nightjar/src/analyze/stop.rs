//! SIGHUP, SIGINT and SIGTERM while recordings are read: the part that was begun goes, the children go, the program ends.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use anyhow::Context as _;

use crate::run::Signals;
use crate::say;

/// What must not be left behind when the program is stopped.
#[derive(Debug, Clone, Default)]
pub(super) struct Leavings(Arc<Mutex<Option<PathBuf>>>);

impl Leavings {
    /// This file is begun now.
    pub(super) fn begin(&self, path: &Path) {
        *self.lock() = Some(path.to_owned());
    }

    /// The file is done with, by `last`, into which no signal comes.
    pub(super) fn end<T>(&self, last: impl FnOnce() -> T) -> T {
        let mut path = self.lock();
        let done = last();
        *path = None;
        done
    }

    /// Removes what was begun. Nothing is begun or ended from here on while the answer is held.
    pub(super) fn clear(&self) -> MutexGuard<'_, Option<PathBuf>> {
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

/// From now on a signal ends the program as a shell expects it: 130 for SIGINT, 143 for SIGTERM.
///
/// # Errors
/// When the system gives no thread or no signals.
pub(super) fn on_signals(leavings: Leavings) -> anyhow::Result<()> {
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
        let _held = leavings.clear();
        capture::kill_children();
        say::fault(&format!("stopped by {}", which.name()));
        std::process::exit(which.code());
    };
    std::thread::Builder::new().name("signals".into()).spawn(body).context("failed to take the signals")?;
    Ok(())
}
