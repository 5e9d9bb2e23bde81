//! What is done for a remote beside the errands: telling it how this camera is, clearing away what attempts left behind
//! there, and asking again for what was refused because of a key.

use std::sync::Arc;
use std::time::Duration;

use frame::Clock;
use jiff::Timestamp;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::bundle::off_thread;
use crate::desk::Desk;
use crate::ledger::{Beat, ErrandQuery, ErrandState, Ledger};
use crate::remote::{Failure, Remote};

/// A remote is told how this camera is so often.
const BEAT: Duration = Duration::from_secs(60);
/// What was left behind there is cleared away soon after the start, and then so often.
const TIDY: Duration = Duration::from_secs(6 * 60 * 60);
const FIRST_TIDY: Duration = Duration::from_secs(60);
/// What the words of an errand begin with that failed because of our key.
pub(crate) const KEY_REFUSED: &str = "the remote takes no key of ours: ";
/// Errands of a page.
const PAGE: u32 = 200;

/// How this camera is: everything but its backlog, the time, and where people see it live.
pub type Vitals = Arc<dyn Fn() -> Beat + Send + Sync>;

/// What the chores of one remote are done with.
pub(crate) struct Chores {
    pub(crate) ledger: Arc<dyn Ledger>,
    pub(crate) remote: Arc<dyn Remote>,
    pub(crate) desk: Arc<Desk>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) vitals: Vitals,
    pub(crate) live_url: Option<String>,
    pub(crate) stop: CancellationToken,
}

impl Chores {
    /// Does them until told to stop.
    pub(crate) async fn run(self) {
        let mut tidies = Instant::now() + FIRST_TIDY;
        let stop = self.stop.clone();
        let work = async {
            loop {
                self.beat().await;
                if Instant::now() >= tidies {
                    tidies = Instant::now() + TIDY;
                    self.tidy().await;
                }
                tokio::select! {
                    () = tokio::time::sleep(BEAT) => {}
                    () = self.desk.all_sent.notified() => {}
                }
            }
        };
        tokio::select! {
            () = stop.cancelled() => {}
            () = work => {}
        }
    }

    async fn beat(&self) {
        let (ledger, vitals, name) =
            (Arc::clone(&self.ledger), Arc::clone(&self.vitals), self.desk.name.clone());
        let found =
            off_thread(move || Ok((vitals(), ledger.backlog()?.into_iter().find(|of| of.remote == name))));
        let Ok((mut beat, backlog)) = found.await else { return };
        if let Some(backlog) = backlog {
            beat.backlog.events = backlog.pictures + backlog.clips;
            beat.backlog.bytes = backlog.bytes;
            beat.backlog.oldest = backlog.oldest.map(|at| at.to_string());
        }
        beat.now = Timestamp::try_from(self.clock.wall()).unwrap_or(Timestamp::UNIX_EPOCH).to_string();
        beat.live_url.clone_from(&self.live_url);
        match self.remote.beat(&beat).await {
            Ok(()) if self.remote.hears_beats() => self.desk.heard(),
            Ok(()) => {}
            // Errands tell of what is wrong, once and loud enough.
            Err(failure) => tracing::debug!(
                remote = self.desk.name,
                why = failure.why(),
                "failed to tell how this camera is"
            ),
        }
    }

    async fn tidy(&self) {
        match self.remote.tidy().await {
            Ok(0) => {}
            Ok(count) => {
                tracing::info!(remote = self.desk.name, count, "cleared away what uploads had left behind")
            }
            Err(failure) => {
                tracing::debug!(remote = self.desk.name, why = failure.why(), "failed to clear up")
            }
        }
    }
}

/// Makes due what was refused because of a key that may be another one now, or be accepted now.
pub(crate) async fn ask_anew(ledger: &Arc<dyn Ledger>, remote: &str) {
    let (ledger, name) = (Arc::clone(ledger), remote.to_owned());
    let asked: Result<u64, Failure> = off_thread(move || {
        let mut query = ErrandQuery {
            remote: Some(name.clone()),
            state: Some(ErrandState::Failed),
            limit: PAGE,
            cursor: None,
        };
        let mut count = 0;
        loop {
            let (errands, next) = ledger.errands(&query)?;
            for errand in errands {
                if errand.why.is_some_and(|why| why.starts_with(KEY_REFUSED)) {
                    count += ledger.retry(Some(errand.event), Some(&name))?;
                }
            }
            match next {
                Some(_) => query.cursor = next,
                None => return Ok(count),
            }
        }
    })
    .await;
    match asked {
        Ok(0) => {}
        Ok(count) => tracing::info!(remote, count, "what a key had been refused for is tried again"),
        Err(failure) => tracing::debug!(remote, why = failure.why(), "failed to ask for refused uploads"),
    }
}
