//! A remote that does as it is told.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use store::event::EventId;
use tokio::time::Instant;

use crate::bundle::EventBundle;
use crate::ledger::{Receipt, Stage};
use crate::remote::{Failure, Finding, Remote};

/// What one attempt does.
#[derive(Debug, Clone)]
pub(crate) enum Step {
    /// Opens all there is, sends it, and gives a receipt.
    Take,
    /// Sends it and gives a receipt for something else.
    TakeOther,
    Fail(Failure),
    /// Keeps something of it for good, then fails.
    Progress(Failure),
    /// Notes where to go on, and never comes back.
    Hang,
    Panic,
}

/// Does the steps one after the other, and then `rest` for ever.
#[derive(Debug)]
pub(crate) struct Scripted {
    steps: Mutex<VecDeque<Step>>,
    rest: Mutex<Step>,
    seen: Mutex<Vec<Seen>>,
    /// Whether it answers while it fails, and how often it did.
    answers: AtomicBool,
    heard: AtomicU64,
    under_way: Arc<AtomicU32>,
}

/// One attempt.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Seen {
    pub(crate) event: EventId,
    pub(crate) stage: Stage,
    pub(crate) at: Instant,
    pub(crate) resume: Option<String>,
    /// How many were under way when it began, with itself.
    pub(crate) at_once: u32,
}

/// Counts attempts under way.
struct Under(Arc<AtomicU32>);

impl Drop for Under {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Scripted {
    pub(crate) fn new(steps: impl IntoIterator<Item = Step>, rest: Step) -> Arc<Self> {
        Arc::new(Self {
            steps: Mutex::new(steps.into_iter().collect()),
            rest: Mutex::new(rest),
            seen: Mutex::default(),
            answers: AtomicBool::new(false),
            heard: AtomicU64::new(0),
            under_way: Arc::default(),
        })
    }

    /// From now on, after the steps that are left.
    pub(crate) fn then(&self, rest: Step) {
        *self.rest.lock().unwrap() = rest;
    }

    /// From now on it answers while it fails, or does not.
    pub(crate) fn answer(&self, answers: bool) {
        self.answers.store(answers, Ordering::SeqCst);
    }

    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    pub(crate) fn most_at_once(&self) -> u32 {
        self.seen().iter().map(|seen| seen.at_once).max().unwrap_or(0)
    }

    async fn step(&self, bundle: &mut EventBundle) -> Result<Receipt, Failure> {
        let at_once = self.under_way.fetch_add(1, Ordering::SeqCst) + 1;
        let _under = Under(Arc::clone(&self.under_way));
        let errand = bundle.errand();
        let seen = Seen {
            event: errand.event,
            stage: errand.stage,
            at: Instant::now(),
            resume: errand.resume.clone(),
            at_once,
        };
        self.seen.lock().unwrap().push(seen);
        self.heard.fetch_add(self.answers.load(Ordering::SeqCst).into(), Ordering::SeqCst);
        let step = self.steps.lock().unwrap().pop_front();
        let step = step.unwrap_or_else(|| self.rest.lock().unwrap().clone());
        bundle.file("poster.jpg").await?;
        match step {
            Step::Take => self.take(bundle).await,
            Step::TakeOther => Ok(Receipt { sha256: Some([9; 32]), ..self.take(bundle).await? }),
            Step::Fail(failure) => {
                let _open = bundle.clip(0).await?;
                Err(failure)
            }
            Step::Progress(failure) => {
                bundle.progress();
                Err(failure)
            }
            Step::Hang => {
                bundle.note_resume(Some("half of it".to_owned())).await?;
                let _open = bundle.clip(0).await?;
                std::future::pending().await
            }
            Step::Panic => {
                let _open = bundle.clip(0).await?;
                panic!("as it was told to");
            }
        }
    }

    async fn take(&self, bundle: &mut EventBundle) -> Result<Receipt, Failure> {
        if bundle.errand().stage == Stage::Pictures {
            // As long as a request takes.
            tokio::time::sleep(Duration::from_millis(20)).await;
            return Ok(Receipt { sha256: None, place: "there".to_owned() });
        }
        let mut clip = bundle.clip(0).await?;
        let mut whole = sha2::Sha256::default();
        loop {
            let part = clip.part(64 * 1024).await?;
            if part.is_empty() {
                break;
            }
            bundle.sent(part.len() as u64).await;
            sha2::Digest::update(&mut whole, &part);
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
        Ok(Receipt { sha256: Some(sha2::Digest::finalize(whole).into()), place: "there".to_owned() })
    }
}

#[async_trait::async_trait]
impl Remote for Scripted {
    fn heard(&self) -> u64 {
        self.heard.load(Ordering::SeqCst)
    }

    fn kind(&self) -> &'static str {
        "scripted"
    }

    fn pictures_first(&self) -> bool {
        true
    }

    async fn pictures(&self, bundle: &mut EventBundle) -> Result<Receipt, Failure> {
        self.step(bundle).await
    }

    async fn clip(&self, bundle: &mut EventBundle) -> Result<Receipt, Failure> {
        self.step(bundle).await
    }

    async fn tidy(&self) -> Result<u64, Failure> {
        Ok(0)
    }

    async fn probe(&self) -> Vec<Finding> {
        Vec::new()
    }
}
