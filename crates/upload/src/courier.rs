//! What carries errands to one remote: claim, attempt, settle, over and over; woken by time or by a nudge.
//!
//! Two kinds of waiting are kept apart. An errand that failed waits by itself, and the others go on. A remote that cannot
//! be reached, or fails one errand after the other, is left alone as a whole, and then tried with a single errand: ten
//! thousand errands that are owed make no more noise than one.
//!
//! What does not belong here: what one attempt does (`attempt`), and what may be sent at all (`gate`).

use std::sync::Arc;
use std::time::Duration;

use rand::SeedableRng as _;
use rand::rngs::SmallRng;
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::attempt::{Ended, LEASE, attempt};
use crate::bundle::{Gear, off_thread};
use crate::chores;
use crate::desk::Desk;
use crate::gate::Gate;
use crate::ledger::{Errand, Ledger, Outcome};
use crate::remote::{Failure, Remote};
use crate::settings::{Secret, Settings};
use crate::throttle::Throttle;
use crate::view::Waiting;

mod judge;
#[cfg(test)]
mod tests;

use judge::Health;

/// What the index could not tell is asked again after this.
const DISK_PAUSE: Duration = Duration::from_secs(5);
/// Due times go by the wall clock, which may be set: they are looked at again after this at the latest.
const LONGEST_SLEEP: Duration = Duration::from_secs(30);
/// Errands that wait are not made due more often than this, however often the remote falls and gets up.
const HASTE: Duration = Duration::from_secs(5);
/// Clips that are safe are taken away with each one that becomes so, a few at a time.
const FREED_AT_ONCE: u32 = 4;

/// What a courier goes with.
#[derive(Debug)]
pub(crate) struct Courier {
    pub(crate) ledger: Arc<dyn Ledger>,
    pub(crate) remote: Arc<dyn Remote>,
    pub(crate) desk: Arc<Desk>,
    pub(crate) at_once: u32,
    pub(crate) throttle: Arc<Throttle>,
    pub(crate) gate: watch::Receiver<Gate>,
    pub(crate) settings: watch::Receiver<Settings>,
    /// What never stands in a log or on a page.
    pub(crate) secrets: Vec<Secret>,
    pub(crate) stop: CancellationToken,
}

impl Courier {
    /// Carries until told to stop; then breaks off what is under way and gives it back.
    pub(crate) async fn run(mut self) {
        let mut health = Health::new(SmallRng::from_os_rng());
        let permits = Arc::new(Semaphore::new(self.at_once.clamp(1, 2) as usize));
        let mut attempts: JoinSet<(Errand, Ended)> = JoinSet::new();
        // Refused with the key of an earlier configuration, perhaps.
        chores::ask_anew(&self.ledger, &self.desk.name).await;
        loop {
            let wake = self.claim_all(&mut health, &permits, &mut attempts).await;
            tokio::select! {
                biased;
                () = self.stop.cancelled() => break,
                Some(done) = attempts.join_next() => match done {
                    Ok((errand, ended)) => self.settle(errand, ended, &mut health).await,
                    // Nothing in it can panic but our own code, and then it has given its errand back.
                    Err(error) => tracing::error!(remote = self.desk.name, %error, "an upload was lost"),
                },
                changed = self.gate.changed() => if changed.is_err() { break },
                () = self.desk.nudge.notified() => {}
                () = tokio::time::sleep_until(wake) => {}
            }
        }
        // Each of them sees the token too, and ends at its next await.
        while let Some(done) = attempts.join_next().await {
            if let Ok((errand, ended)) = done {
                self.settle(errand, ended, &mut health).await;
            }
        }
    }

    /// Begins as many attempts as may be; → when to look again.
    async fn claim_all(
        &mut self,
        health: &mut Health,
        permits: &Arc<Semaphore>,
        attempts: &mut JoinSet<(Errand, Ended)>,
    ) -> Instant {
        let latest = Instant::now() + LONGEST_SLEEP;
        loop {
            if self.gate.borrow_and_update().shut.is_some() {
                return self.desk.held_until().map_or(latest, |until| until.min(latest));
            }
            if let Some(until) = self.desk.held_until() {
                return until.min(latest);
            }
            // A remote that is not well gets one at a time.
            if !health.is_well() && !attempts.is_empty() {
                return latest;
            }
            let Ok(permit) = Arc::clone(permits).try_acquire_owned() else { return latest };
            match self.claim().await {
                Ok(Ok(errand)) => {
                    self.desk.began(errand.event);
                    let (ledger, remote) = (Arc::clone(&self.ledger), Arc::clone(&self.remote));
                    let gear = Gear {
                        throttle: Arc::clone(&self.throttle),
                        meter: Arc::clone(&self.desk.meter),
                        noted: Arc::default(),
                    };
                    let stop = self.broken_off();
                    attempts.spawn(async move {
                        let ended = attempt(ledger, remote, errand.clone(), permit, gear, stop).await;
                        (errand, ended)
                    });
                }
                Ok(Err(due)) => {
                    if due.is_none() && attempts.is_empty() {
                        self.desk.drained();
                    }
                    // What failed on its own waits in vain where all else goes well and nothing else is left to do.
                    if due.is_some() && health.is_flowing() && self.hasten(health).await {
                        continue;
                    }
                    return due.map_or(latest, |due| (Instant::now() + due).min(latest));
                }
                Err(failure) => {
                    tracing::debug!(
                        remote = self.desk.name,
                        why = failure.why(),
                        "failed to claim an upload"
                    );
                    self.desk.hold(Waiting::Disk, DISK_PAUSE);
                }
            }
        }
    }

    /// The next errand, or how long until there is one.
    async fn claim(&self) -> Result<Result<Errand, Option<Duration>>, Failure> {
        let (ledger, name) = (Arc::clone(&self.ledger), self.desk.name.clone());
        off_thread(move || match ledger.claim(&name, None, LEASE)? {
            Some(errand) => Ok(Ok(errand)),
            None => Ok(Err(ledger.next_due(&name)?)),
        })
        .await
    }

    /// Comes back when an attempt has to be broken off: at the end, or when the gate shuts.
    fn broken_off(&self) -> impl Future<Output = ()> + Send + 'static {
        let (stop, mut gate) = (self.stop.clone(), self.gate.clone());
        async move {
            tokio::select! {
                () = stop.cancelled() => {}
                _shut = gate.wait_for(|gate| gate.shut.is_some()) => {}
            }
        }
    }

    /// Lets what became of the errand be noted, and goes by what it says of the remote.
    async fn settle(&mut self, errand: Errand, ended: Ended, health: &mut Health) {
        let resume = ended.resume(&errand);
        let was_well = health.is_well() && !health.denied;
        self.desk.ended(errand.event);
        let outcome = self.judge(&errand, &ended, resume, health);
        let is_sent = matches!(outcome, Outcome::Sent(_));
        health.ended(is_sent);
        let frees = is_sent && !self.settings.borrow().keep_clips;
        let (ledger, name) = (Arc::clone(&self.ledger), self.desk.name.clone());
        // The lease goes last, and takes the outcome to the index.
        let closed = off_thread(move || {
            ended.close(outcome);
            if frees { ledger.free_sent(FREED_AT_ONCE) } else { Ok(0) }
        });
        if let Err(failure) = closed.await {
            tracing::warn!(remote = name, why = failure.why(), "failed to free a clip that is safe");
        }
        // What an earlier run of the program has left waiting is as good as what waited for the remote.
        if is_sent && (!was_well || health.hastened.is_none()) {
            self.well_again(health).await;
        }
    }

    /// What waits for its time because the remote was not well need not wait any longer.
    async fn well_again(&self, health: &mut Health) {
        if std::mem::take(&mut health.denied) {
            chores::ask_anew(&self.ledger, &self.desk.name).await;
        }
        if self.hasten(health).await {
            tracing::info!(remote = self.desk.name, "the remote is well, and what waited for it goes");
        }
    }

    /// What waits for its time is due now, unless that was so a moment ago; → whether anything waited.
    async fn hasten(&self, health: &mut Health) -> bool {
        let now = Instant::now();
        if health.hastened.is_some_and(|last| now < last + HASTE) {
            return false;
        }
        health.hastened = Some(now);
        let (ledger, name) = (Arc::clone(&self.ledger), self.desk.name.clone());
        let hastened = off_thread(move || ledger.hasten(&name)).await;
        hastened.unwrap_or_else(|failure| {
            tracing::debug!(remote = self.desk.name, why = failure.why(), "failed to hasten what is owed");
            0
        }) > 0
    }
}
