//! One attempt at one errand: everything it opens is in one scope, and whichever way it ends, what became of the errand
//! is settled as the scope lets go of the lease, last of all.

use std::any::Any;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::FutureExt as _;
use tokio::sync::OwnedSemaphorePermit;

use crate::bundle::{EventBundle, Gear, Noted, off_thread};
use crate::ledger::{Errand, Ledger, Outcome, Receipt, Stage};
use crate::remote::{Failure, Remote};
use crate::scope::Scope;

/// An errand is ours for so long without a word; renewed well before.
pub(crate) const LEASE: Duration = Duration::from_secs(120);
/// An attempt in which no byte moves for so long, though it may, is given up.
const HUNG: Duration = Duration::from_secs(30 * 60);

/// How an attempt went.
#[derive(Debug)]
pub(crate) enum End {
    Sent(Receipt),
    Failed(Failure),
    /// Files of the event could not be read: no word about the remote.
    Unreadable(Failure),
    Panicked(String),
    /// The errand is no longer ours, or its event is gone.
    Lost,
}

/// What an attempt left behind.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) end: End,
    /// Something of it is there for good.
    pub(crate) progressed: bool,
    /// Still holds everything but the remote; dropped once the outcome is decided.
    pub(crate) verdict: Verdict,
    scope: Held,
}

#[derive(Debug)]
enum Held {
    Bundle(Box<EventBundle>),
    Scope { _scope: Scope },
}

impl Ended {
    /// Where the next attempt may go on.
    pub(crate) fn resume(&self, errand: &Errand) -> Option<String> {
        match &self.scope {
            Held::Bundle(bundle) => bundle.resume().map(ToOwned::to_owned),
            Held::Scope { .. } => errand.resume.clone(),
        }
    }

    /// Lets go of everything, the lease last: that settles the errand. Blocks.
    pub(crate) fn close(self, outcome: Outcome) {
        self.verdict.decide(outcome);
        drop(self.scope);
    }
}

/// What is to become of the errand once its lease is let go of; given back until something else is decided.
#[derive(Debug, Clone)]
pub(crate) struct Verdict(Arc<Mutex<Option<Outcome>>>);

impl Verdict {
    fn decide(&self, outcome: Outcome) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(outcome);
    }
}

/// The hold on an errand.
struct Lease {
    ledger: Arc<dyn Ledger>,
    errand: Errand,
    verdict: Verdict,
    /// Where the next attempt may go on.
    noted: Noted,
}

impl Drop for Lease {
    fn drop(&mut self) {
        let decided = self.verdict.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        let resume = || self.noted.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let outcome = decided.unwrap_or_else(|| Outcome::GivenBack { resume: resume() });
        match self.ledger.settle(&self.errand, outcome) {
            Ok(true) => {}
            Ok(false) => {
                tracing::debug!(remote = self.errand.remote, event = %self.errand.event, "an errand was lost")
            }
            // The lease lapses by itself, and the errand is done again: every remote knows what it has.
            Err(error) => tracing::warn!(
                remote = self.errand.remote, event = %self.errand.event, %error, "failed to note how an upload ended"
            ),
        }
    }
}

/// Makes one attempt. Dropped before its end, it gives the errand back.
pub(crate) async fn attempt(
    ledger: Arc<dyn Ledger>,
    remote: Arc<dyn Remote>,
    errand: Errand,
    permit: OwnedSemaphorePermit,
    gear: Gear,
    broken_off: impl Future<Output = ()>,
) -> Ended {
    let verdict = Verdict(Arc::default());
    let mut scope = Scope::default();
    scope.enter(Lease {
        ledger: Arc::clone(&ledger),
        errand: errand.clone(),
        verdict: verdict.clone(),
        noted: Arc::clone(&gear.noted),
    });
    scope.enter(permit);
    let stage = errand.stage;
    let mut bundle = match EventBundle::within(scope, Arc::clone(&ledger), errand.clone(), gear.clone()).await
    {
        Ok(bundle) => Box::new(bundle),
        Err((scope, failure)) => {
            let end = failure.map_or(End::Lost, End::Unreadable);
            return Ended { end, progressed: false, verdict, scope: Held::Scope { _scope: scope } };
        }
    };
    let end = {
        let work = async {
            match stage {
                Stage::Pictures => remote.pictures(&mut bundle).await,
                Stage::Clip => remote.clip(&mut bundle).await,
            }
        };
        tokio::select! {
            biased;
            () = broken_off => End::Failed(Failure::Cancelled),
            done = AssertUnwindSafe(work).catch_unwind() => match done {
                Ok(Ok(receipt)) => End::Sent(receipt),
                Ok(Err(failure)) => End::Failed(failure),
                Err(panic) => End::Panicked(words(&*panic)),
            },
            end = hold_on(ledger, errand, gear) => end,
        }
    };
    let end = proved(end, stage, &bundle);
    let progressed = bundle.progressed();
    Ended { end, progressed, verdict, scope: Held::Bundle(bundle) }
}

/// A receipt for other bytes than ours is none.
fn proved(end: End, stage: Stage, bundle: &EventBundle) -> End {
    let End::Sent(receipt) = end else { return end };
    let ours = bundle.event().clip.as_ref().map(|clip| clip.sha256);
    match (stage, ours, receipt.sha256) {
        (Stage::Clip, Some(ours), Some(theirs)) if ours != theirs => {
            End::Failed(Failure::again("the remote's receipt is for another clip than ours"))
        }
        _ => End::Sent(receipt),
    }
}

/// Renews the lease as long as it can; comes back when the errand is lost, or nothing has moved for too long.
async fn hold_on(ledger: Arc<dyn Ledger>, errand: Errand, gear: Gear) -> End {
    let (mut moved, mut still) = (gear.meter.total(), Duration::ZERO);
    let pause = LEASE / 4;
    loop {
        tokio::time::sleep(pause).await;
        let (ledger, errand) = (Arc::clone(&ledger), errand.clone());
        // A disk that fails now may be well before the lease has lapsed.
        if let Ok(false) = off_thread(move || ledger.renew(&errand, LEASE)).await {
            return End::Lost;
        }
        let total = gear.meter.total();
        still = if total == moved { still + pause } else { Duration::ZERO };
        moved = total;
        if still >= HUNG {
            return End::Failed(Failure::again("nothing moved for half an hour"));
        }
    }
}

/// What a panic said.
fn words(panic: &(dyn Any + Send)) -> String {
    let said = panic.downcast_ref::<&str>().copied();
    said.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("no words").to_owned()
}
