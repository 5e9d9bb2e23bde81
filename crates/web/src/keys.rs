//! Keys: how they come in, how they are compared, what they may do.
//!
//! A key is `nj_<id>_<43 characters>`; of the last part only the SHA-256 is known here. 256 random bits need no
//! slow hash, so the check costs microseconds and an unknown id takes as long as a wrong secret.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::HeaderMap;
use http::header::AUTHORIZATION;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

#[cfg(test)]
mod tests;

/// What a route asks for and a key may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Scope {
    /// See pictures and state.
    View,
    /// Change settings.
    Control,
    /// Hand in footage.
    Upload,
    /// Read metrics.
    Metrics,
    /// Everything.
    Admin,
}

impl Scope {
    /// Every one.
    pub const ALL: [Self; 5] = [Self::View, Self::Control, Self::Upload, Self::Metrics, Self::Admin];

    /// As on the command line and in problems.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::View => "view",
            Self::Control => "control",
            Self::Upload => "upload",
            Self::Metrics => "metrics",
            Self::Admin => "admin",
        }
    }

    /// The one of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scope| scope.as_str() == name)
    }
}

/// A key as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyRecord {
    /// Its public part.
    pub id: String,
    /// See [`hash_secret`].
    pub secret_sha256: [u8; 32],
    /// What it may do.
    pub scopes: Vec<Scope>,
}

impl KeyRecord {
    /// Whether it may do what needs `scope`.
    #[must_use]
    pub fn may(&self, scope: Scope) -> bool {
        self.scopes.iter().any(|&has| has == scope || has == Scope::Admin)
    }
}

/// Where keys are kept.
pub trait KeyCheck: Send + Sync + 'static {
    /// Whether there is any key.
    fn any(&self) -> bool;
    /// The key of that id, from memory.
    fn find(&self, id: &str) -> Option<KeyRecord>;
    /// Looks at the disk again, so that a key that was revoked stops to work. May block.
    fn refresh(&self);
}

/// No keys at all.
#[derive(Debug, Clone, Copy)]
pub struct NoKeys;

impl KeyCheck for NoKeys {
    fn any(&self) -> bool {
        false
    }
    fn find(&self, _id: &str) -> Option<KeyRecord> {
        None
    }
    fn refresh(&self) {}
}

/// Who may come in.
pub struct Access {
    always: bool,
    keys: Arc<dyn KeyCheck>,
    started: Instant,
    /// Milliseconds since `started` when the keys were last refreshed.
    refreshed: AtomicU64,
}

impl std::fmt::Debug for Access {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Access").field("always", &self.always).finish_non_exhaustive()
    }
}

/// How long a revoked key may go on to work.
const FRESH: Duration = Duration::from_secs(1);

impl Access {
    /// `always` asks for a key even while there is none, as a bind to a network does; else a key is asked for as
    /// soon as there is one.
    #[must_use]
    pub fn new(always: bool, keys: Arc<dyn KeyCheck>) -> Self {
        Self { always, keys, started: Instant::now(), refreshed: AtomicU64::new(0) }
    }

    /// Everything is open: loopback without keys, and tests.
    #[must_use]
    pub fn open() -> Self {
        Self::new(false, Arc::new(NoKeys))
    }

    /// Whether a request without a key is refused.
    #[must_use]
    pub fn is_required(&self) -> bool {
        self.always || self.keys.any()
    }

    /// Refreshes the keys off the tokio workers if they are older than a second.
    pub(crate) async fn freshen(&self) {
        let now = u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX);
        let fresh = u64::try_from(FRESH.as_millis()).unwrap_or(u64::MAX);
        let last = self.refreshed.load(Ordering::Relaxed);
        let is_stale = now.saturating_sub(last) >= fresh;
        // Only one of those who come at the same time goes to the disk.
        if is_stale
            && self.refreshed.compare_exchange(last, now, Ordering::Relaxed, Ordering::Relaxed).is_ok()
        {
            let keys = self.keys.clone();
            if tokio::task::spawn_blocking(move || keys.refresh()).await.is_err() {
                tracing::error!("failed to refresh the keys: the task panicked");
            }
        }
    }

    /// The key that the request carries, if it is a good one.
    pub(crate) fn check(&self, headers: &HeaderMap) -> Verdict {
        let Some(text) = presented(headers) else { return Verdict::Missing };
        let (id, secret) = parse_key(&text).unwrap_or(("", ""));
        let record = self.keys.find(id);
        let expected = record.as_ref().map_or([0; 32], |record| record.secret_sha256);
        let is_right = bool::from(hash_secret(secret).ct_eq(&expected));
        match record {
            Some(record) if is_right => Verdict::Good(record),
            _ => Verdict::Wrong,
        }
    }
}

/// What became of a request's key.
pub(crate) enum Verdict {
    Missing,
    Wrong,
    Good(KeyRecord),
}

/// The SHA-256 of a key's secret part, as it is kept.
#[must_use]
pub fn hash_secret(secret: &str) -> [u8; 32] {
    Sha256::digest(secret.as_bytes()).into()
}

/// The id and the secret of `nj_<id>_<secret>`.
#[must_use]
pub fn parse_key(text: &str) -> Option<(&str, &str)> {
    text.strip_prefix("nj_")?.split_once('_').filter(|(id, secret)| !id.is_empty() && !secret.is_empty())
}

/// A key in `Authorization` (bearer, or the password of basic) or `X-API-Key`.
fn presented(headers: &HeaderMap) -> Option<String> {
    if let Some(key) = headers.get("x-api-key") {
        return Some(key.to_str().unwrap_or_default().to_owned());
    }
    let (kind, rest) = headers.get(AUTHORIZATION)?.to_str().unwrap_or_default().split_once(' ')?;
    if kind.eq_ignore_ascii_case("bearer") {
        return Some(rest.trim().to_owned());
    }
    if kind.eq_ignore_ascii_case("basic") {
        let plain = STANDARD.decode(rest.trim()).unwrap_or_default();
        let plain = String::from_utf8(plain).unwrap_or_default();
        return Some(plain.split_once(':').map(|(_, password)| password.to_owned()).unwrap_or_default());
    }
    None
}
