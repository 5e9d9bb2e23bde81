//! What the end of an attempt means: for its errand, and for the remote as a whole.

use std::time::Duration;

use rand::rngs::SmallRng;
use tokio::time::Instant;

use super::{Courier, LONGEST_SLEEP};
use crate::attempt::{End, Ended};
use crate::backoff;
use crate::chores::KEY_REFUSED;
use crate::http::redact;
use crate::ledger::{Errand, Outcome};
use crate::remote::Failure;
use crate::view::{Counts, Waiting};

/// One errand may fail for reasons of its own; so many in a row are the remote's.
const IN_A_ROW: u32 = 3;
/// Refusals are the errands' own fault more often than not: a remote that refuses all is asked so often at least.
const LONGEST_AFTER_REFUSAL: Duration = Duration::from_secs(60);

/// A remote that answers is there, whatever fails: it is left alone as after so many failures, for 1 s to 4 s.
const MOST_IF_HEARD: u32 = IN_A_ROW + 1;

/// How the remote has been of late.
#[derive(Debug)]
pub(super) struct Health {
    /// Errands in a row that failed.
    failures: u32,
    /// Tries in a row that did not reach it, or that it did not let in.
    unreached: u32,
    /// How often it had answered when something failed last.
    heard: u64,
    /// Errands in a row that went well.
    flow: u32,
    /// It did not take our key, and nothing went well since.
    pub(super) denied: bool,
    /// When waiting errands were last made due.
    pub(super) hastened: Option<Instant>,
    rng: SmallRng,
}

impl Health {
    pub(super) fn new(rng: SmallRng) -> Self {
        Self { failures: 0, unreached: 0, heard: 0, flow: 0, denied: false, hastened: None, rng }
    }

    /// Whether it may be given more than one errand at a time.
    pub(super) fn is_well(&self) -> bool {
        self.unreached == 0 && self.failures < IN_A_ROW
    }

    /// Whether so many went well in a row that what failed before had better not wait.
    pub(super) fn is_flowing(&self) -> bool {
        self.flow >= IN_A_ROW
    }

    pub(super) fn ended(&mut self, is_sent: bool) {
        self.flow = if is_sent { self.flow.saturating_add(1) } else { 0 };
    }

    /// One errand failed, of a remote that has answered so often until now; → how long it is left alone for it.
    fn failed_after(&mut self, heard: u64) -> Option<Duration> {
        if heard > std::mem::replace(&mut self.heard, heard) {
            self.failures = self.failures.min(MOST_IF_HEARD - 1);
        }
        self.failed()
    }

    /// One errand failed; → how long the remote is left alone for it.
    fn failed(&mut self) -> Option<Duration> {
        self.failures = self.failures.saturating_add(1);
        let more = self.failures.checked_sub(IN_A_ROW)?;
        Some(backoff::wait(more.saturating_add(1), &mut self.rng))
    }

    fn unreached(&mut self) -> Duration {
        self.unreached = self.unreached.saturating_add(1);
        backoff::wait(self.unreached, &mut self.rng)
    }
}

impl Courier {
    pub(super) fn judge(
        &self,
        errand: &Errand,
        ended: &Ended,
        resume: Option<String>,
        health: &mut Health,
    ) -> Outcome {
        match &ended.end {
            End::Sent(receipt) => {
                (health.failures, health.unreached) = (0, 0);
                self.desk.sent();
                Outcome::Sent(receipt.clone())
            }
            End::Failed(Failure::Again { why, after }) => {
                let progressed = ended.progressed;
                self.again(errand, self.shown(why), *after, progressed, resume, health)
            }
            End::Failed(Failure::Unreachable { why }) => {
                let why = self.shown(why);
                if health.unreached == 0 {
                    tracing::warn!(remote = self.desk.name, why, "the remote cannot be reached");
                }
                self.desk.failed(why, |counts: &mut Counts| &mut counts.unreachable);
                self.desk.hold(Waiting::Offline, health.unreached());
                Outcome::GivenBack { resume }
            }
            End::Failed(Failure::Denied { why }) => {
                let why = self.shown(why);
                tracing::warn!(remote = self.desk.name, event = %errand.event, why, "the remote takes no key of ours");
                self.desk.failed(why.clone(), |counts| &mut counts.refused);
                health.denied = true;
                self.desk.hold(Waiting::Denied, health.unreached());
                Outcome::Refused { why: format!("{KEY_REFUSED}{why}") }
            }
            End::Failed(Failure::Refused { why }) => self.refused(errand, self.shown(why), health),
            End::Failed(Failure::Cancelled) => {
                self.desk.count(|counts| &mut counts.given_back);
                Outcome::GivenBack { resume }
            }
            End::Lost => {
                self.desk.count(|counts| &mut counts.given_back);
                // Should it be there still after all, it is not asked about in a circle.
                Outcome::Again {
                    after: LONGEST_SLEEP,
                    why: "the event was not there to be sent".to_owned(),
                    resume,
                }
            }
            End::Unreadable(failure) => {
                let why = self.shown(failure.why());
                tracing::warn!(event = %errand.event, why, "an event could not be read to be sent");
                self.desk.count(|counts| &mut counts.again);
                let after = backoff::wait(errand.attempts.saturating_add(1), &mut health.rng);
                Outcome::Again { after, why, resume }
            }
            End::Panicked(words) => {
                tracing::error!(remote = self.desk.name, event = %errand.event, words, "a fault of this program ended an upload");
                self.desk.count(|counts| &mut counts.panics);
                let why = "a fault of this program ended the attempt".to_owned();
                self.again(errand, why, None, false, resume, health)
            }
        }
    }

    fn refused(&self, errand: &Errand, why: String, health: &mut Health) -> Outcome {
        tracing::warn!(remote = self.desk.name, event = %errand.event, why, "an event was refused");
        self.desk.failed(why.clone(), |counts| &mut counts.refused);
        if let Some(wait) = health.failed() {
            self.desk.hold(Waiting::BackOff, wait.min(LONGEST_AFTER_REFUSAL));
        }
        Outcome::Refused { why }
    }

    fn again(
        &self,
        errand: &Errand,
        why: String,
        asked: Option<Duration>,
        progressed: bool,
        resume: Option<String>,
        health: &mut Health,
    ) -> Outcome {
        tracing::info!(remote = self.desk.name, event = %errand.event, why, "an upload has to be repeated");
        self.desk.failed(why.clone(), |counts| &mut counts.again);
        health.unreached = 0;
        // Where something goes forward, the remote is slow or the way is bad; neither gets better by waiting.
        if progressed {
            health.failures = 0;
        }
        let wait = if progressed { None } else { health.failed_after(self.remote.heard()) };
        if let Some(wait) = asked.or(wait) {
            self.desk.hold(Waiting::BackOff, wait);
        }
        let attempts = if progressed { 1 } else { errand.attempts.saturating_add(1) };
        let after = asked.unwrap_or_else(|| backoff::wait(attempts, &mut health.rng));
        Outcome::Again { after, why, resume }
    }

    fn shown(&self, words: &str) -> String {
        redact(words, &self.secrets)
    }
}
