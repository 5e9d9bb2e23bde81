//! A place that events go to, and how an attempt to bring one there may fail.
//!
//! What does not belong here: when an attempt is made and what follows from its failure (`courier`), and how one kind
//! of remote is spoken to (the modules below).

use std::fmt::Debug;
use std::sync::Arc;
use std::time::Duration;

use frame::Clock;

use crate::bundle::EventBundle;
use crate::http::{Patience, SetupError};
use crate::ledger::Receipt;
use crate::settings::{Kind, RemoteSettings};

pub use crate::ledger::Beat;

mod doubt;
mod legacy;
mod nightjar;
mod reach;
mod s3;
mod wire;

/// One remote. An attempt may be dropped at any await: whatever was begun there is taken up or cleared away by a later one.
#[async_trait::async_trait]
pub trait Remote: Send + Sync + Debug + 'static {
    /// `nightjar`, `legacy`, `s3`.
    fn kind(&self) -> &'static str;

    /// Whether it takes pictures before the clip. If not, all goes in one with the clip.
    fn pictures_first(&self) -> bool;

    /// Brings metadata, pictures and `track.json` there; an event without a clip is done then.
    ///
    /// # Errors
    /// Why not, and whether trying again helps.
    async fn pictures(&self, bundle: &mut EventBundle) -> Result<Receipt, Failure>;

    /// Brings the clip there; for a remote that takes no pictures before it, everything.
    ///
    /// # Errors
    /// Why not, and whether trying again helps.
    async fn clip(&self, bundle: &mut EventBundle) -> Result<Receipt, Failure>;

    /// Clears away at the remote what earlier attempts left unfinished; → how many.
    ///
    /// # Errors
    /// Why not, and whether trying again helps.
    async fn tidy(&self) -> Result<u64, Failure>;

    /// Tries the remote without leaving anything there; → what was found, in order.
    async fn probe(&self) -> Vec<Finding>;

    /// How often it has answered so far without a fault of its own: one that did of late is there, whatever failed.
    fn heard(&self) -> u64 {
        0
    }

    /// Tells the remote how this camera is. Most have no ear for it.
    ///
    /// # Errors
    /// Why not.
    async fn beat(&self, _beat: &Beat) -> Result<(), Failure> {
        Ok(())
    }

    /// Whether a beat that went well means that the remote was reached.
    fn hears_beats(&self) -> bool {
        false
    }
}

/// The remote of those settings; nothing is asked of it yet.
///
/// # Errors
/// What is wrong with the settings.
pub fn connect(
    settings: &RemoteSettings,
    patience: Patience,
    clock: Arc<dyn Clock>,
) -> Result<Arc<dyn Remote>, SetupError> {
    Ok(match &settings.kind {
        Kind::Nightjar { url, key, .. } => {
            Arc::new(nightjar::Nightjar::new(settings, url, key, patience, clock)?)
        }
        Kind::Legacy { .. } => Arc::new(legacy::Legacy::new(settings, patience, clock)?),
        Kind::S3 { .. } => Arc::new(s3::S3::new(settings, patience, clock)?),
    })
}

/// Why an attempt came to nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failure {
    /// This errand did not work now: an answer was lost, the remote was busy or faulty. Counted, and tried again.
    Again {
        /// For people.
        why: String,
        /// What the remote asked for by `Retry-After`.
        after: Option<Duration>,
    },
    /// There is no way to the remote at present. Says nothing about the errand, which is not counted; the whole remote waits.
    Unreachable {
        /// For people.
        why: String,
    },
    /// The remote does not take our key. The errand has failed, and the whole remote waits.
    Denied {
        /// For people.
        why: String,
    },
    /// The remote will never take this one as it is. Failed until somebody asks for it again.
    Refused {
        /// For people.
        why: String,
    },
    /// We were told to stop.
    Cancelled,
}

impl Failure {
    /// Counted, and tried again after the usual back-off.
    #[must_use]
    pub fn again(why: impl Into<String>) -> Self {
        Self::Again { why: why.into(), after: None }
    }

    /// Failed until somebody asks for it again.
    #[must_use]
    pub fn refused(why: impl Into<String>) -> Self {
        Self::Refused { why: why.into() }
    }

    /// What to tell people.
    #[must_use]
    pub fn why(&self) -> &str {
        match self {
            Self::Again { why, .. }
            | Self::Unreachable { why }
            | Self::Denied { why }
            | Self::Refused { why } => why,
            Self::Cancelled => "it was stopped",
        }
    }
}

/// One thing that a probe of a remote looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What was looked at and what was found, in a sentence.
    pub what: String,
    /// Whether that is well.
    pub state: FindingState,
    /// The one thing to do about it.
    pub mend: Option<String>,
}

/// Whether what was found is well.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FindingState {
    /// It is.
    Ok,
    /// It works, but not as it should.
    Warning,
    /// It does not work.
    Bad,
}

impl Finding {
    /// All is well.
    #[must_use]
    pub fn ok(what: impl Into<String>) -> Self {
        Self { what: what.into(), state: FindingState::Ok, mend: None }
    }

    /// It works, but not as it should.
    #[must_use]
    pub fn warning(what: impl Into<String>, mend: impl Into<String>) -> Self {
        Self { what: what.into(), state: FindingState::Warning, mend: Some(mend.into()) }
    }

    /// It does not work.
    #[must_use]
    pub fn bad(what: impl Into<String>, mend: impl Into<String>) -> Self {
        Self { what: what.into(), state: FindingState::Bad, mend: Some(mend.into()) }
    }
}
