//! Keys: how they come in, how they are compared, what they may do.
//!
//! A key is `nj_<id>_<43 characters>`; of the last part only the SHA-256 is known here. 256 random bits need no
//! slow hash, so the check costs microseconds and an unknown id takes as long as a wrong secret.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::HeaderMap;
use http::header::AUTHORIZATION;
use sha2::{Digest, Sha256};

use crate::LinkKeeper;

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
    /// What it was given to be recognised by.
    pub name: String,
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
    ///
    /// # Errors
    /// The keys cannot be read; those that were known stay known.
    fn refresh(&self) -> Result<(), Unreadable>;
    /// What links are signed with, looked at by [`KeyCheck::refresh`] as well; `None`: no links are made here.
    fn links(&self) -> Option<&dyn LinkKeeper> {
        None
    }
}

/// Why keys could not be read.
pub type Unreadable = Box<dyn std::error::Error + Send + Sync>;

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
    fn refresh(&self) -> Result<(), Unreadable> {
        Ok(())
    }
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
pub(crate) fn presented(headers: &HeaderMap) -> Option<String> {
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
