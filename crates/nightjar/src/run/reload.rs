//! `SIGHUP` while it runs: the configuration is read again and said what became of it.

use std::sync::Arc;

use tokio::task::JoinHandle;

use super::changes::{Ledger, Report};
use super::logs;
use super::manager::Manager;
use super::signals::{Signals, Which};
use crate::config::{self, Inputs};

/// What it takes to read the configuration again.
#[derive(Debug)]
pub(crate) struct Reloading {
    /// Where settings are taken over.
    pub(crate) ledger: Arc<Ledger>,
    /// What the configuration is read from, as at the start.
    pub(crate) inputs: Inputs,
    /// Who is told.
    pub(crate) manager: Arc<Manager>,
}

impl Reloading {
    /// Waits for the signal that asks for the end, and reads the configuration again whenever one asks for that.
    pub(crate) async fn until_the_end(self: &Arc<Self>, signals: &mut Signals) -> Which {
        let mut running: Option<JoinHandle<()>> = None;
        let mut once_more = false;
        loop {
            tokio::select! {
                which = signals.any() => match which {
                    Which::Hangup if running.is_some() => once_more = true,
                    Which::Hangup => running = Some(self.start()),
                    which => return which,
                },
                () = over(&mut running) => {
                    running = std::mem::take(&mut once_more).then(|| self.start());
                }
            }
        }
    }

    fn start(self: &Arc<Self>) -> JoinHandle<()> {
        let reloading = self.clone();
        tokio::task::spawn_blocking(move || reloading.run())
    }

    /// Touches the disk.
    fn run(&self) {
        tracing::info!("SIGHUP: reading the configuration again");
        self.manager.reloading();
        match self.ledger.reload(|| config::load(self.inputs.clone())) {
            Ok(report) => tell(&report),
            Err(problems) => {
                tracing::error!("the configuration was not taken over; what was in force stays");
                problems.lines().for_each(|line| tracing::error!("{line}"));
            }
        }
        self.manager.ready();
    }
}

async fn over(running: &mut Option<JoinHandle<()>>) {
    match running {
        Some(task) => {
            if let Err(error) = task.await {
                tracing::error!(%error, "reading the configuration again came to no end");
            }
        }
        None => std::future::pending().await,
    }
}

/// Names at the most in one line of the log.
const NAMED: usize = 20;

fn tell(report: &Report) {
    logs::follow(&report.log);
    report.warnings.iter().for_each(|warning| tracing::warn!("{warning}"));
    let changed = report.changed.iter().take(NAMED).cloned().collect::<Vec<_>>().join(", ");
    tracing::info!(count = report.changed.len(), changed, "the configuration was read again");
    for what in &report.pending {
        tracing::warn!(what, "this waits for a restart; until then the old value is in force");
    }
}
