//! Signed links: a path with its query that opens without a key until a moment, made by somebody who has one.
//!
//! `<img>` sends no header, and a key in a query ends in logs and histories. The link names the public part of the key
//! that made it and carries a MAC over the path, the query, that key and its hash: it is good for nothing else, dies
//! with the key, with the secret, and at its time. What opened with it, a stream, ends with it.

use std::time::{Duration, SystemTime};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, Mac};
use http::Uri;
use sha2::Sha256;

use crate::{KeyRecord, Unreadable};

#[cfg(test)]
mod tests;

/// The longest that a link may be good for.
const LONGEST: Duration = Duration::from_secs(7 * 24 * 60 * 60);
/// A clock that was set back by more makes links wrong that were made before, rather than good for years.
const SLACK: Duration = Duration::from_secs(24 * 60 * 60);

const EXPIRES: &str = "expires=";
const SIGNATURE: &str = "signature=";

/// Where the secret is kept that links are signed with.
pub trait LinkKeeper: Send + Sync {
    /// The secret as of the last [`crate::KeyCheck::refresh`]; `None` while no link was ever made, or since the secret
    /// was thrown away.
    fn known(&self) -> Option<[u8; 32]>;
    /// The same, made and kept if there is none. May block.
    ///
    /// # Errors
    /// It cannot be kept.
    fn make(&self) -> Result<[u8; 32], Unreadable>;
    /// The wall clock that links expire by.
    fn now(&self) -> SystemTime;
}

/// A link that was just made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// Path and query, the signature last.
    pub url: String,
    /// Until when it opens, whole seconds.
    pub expires: SystemTime,
}

/// What a request shows instead of a key.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Shown<'a> {
    path: &'a str,
    /// The query before the signature.
    query: &'a str,
    pub(crate) key_id: &'a str,
    mac: Vec<u8>,
    expires: u64,
}

/// What became of a link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Flaw {
    /// It was good once.
    Expired,
    /// It never was, or its key or the secret is no more.
    Wrong,
}

/// A good link: by what it was checked, so that what opened with it can be checked again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Opened {
    pub(crate) secret: [u8; 32],
    pub(crate) expires: u64,
}

/// The link that the request is, if it looks like one at all.
pub(crate) fn shown(uri: &Uri) -> Option<Result<Shown<'_>, Flaw>> {
    let query = uri.query()?;
    let is_link = query.split('&').any(|pair| pair.starts_with(SIGNATURE));
    is_link.then(|| parse(uri.path(), query).ok_or(Flaw::Wrong))
}

fn parse<'a>(path: &'a str, query: &'a str) -> Option<Shown<'a>> {
    let (query, signature) = query.rsplit_once('&')?;
    let (key_id, mac) = signature.strip_prefix(SIGNATURE)?.split_once('.')?;
    let mac = URL_SAFE_NO_PAD.decode(mac).ok()?;
    let mut times = query.split('&').filter_map(|pair| pair.strip_prefix(EXPIRES));
    let expires = times.next()?;
    // Numbers that are written in another way, such as +5 or 05, are no time of ours; nor are two.
    let expires = expires.parse::<u64>().ok().filter(|time| time.to_string() == expires)?;
    times.next().is_none().then_some(Shown { path, query, key_id, mac, expires })
}

impl Shown<'_> {
    /// Whether it is one of ours and good at `now`, in constant time for its key and the wrong ones.
    pub(crate) fn check(
        &self,
        key: Option<&KeyRecord>,
        secret: Option<[u8; 32]>,
        now: SystemTime,
    ) -> Result<Opened, Flaw> {
        let (key, nobody) = (key.filter(|key| key.id == self.key_id), nobody());
        let expected = mac(&secret.unwrap_or_default(), self.path, self.query, key.unwrap_or(&nobody));
        let is_ours = expected.verify_slice(&self.mac).is_ok();
        let (Some(secret), Some(_), true) = (secret, key, is_ours) else { return Err(Flaw::Wrong) };
        let opened = Opened { secret, expires: self.expires };
        if opened.is_good(Some(secret), now) { Ok(opened) } else { Err(Flaw::Expired) }
    }
}

impl Opened {
    pub(crate) fn is_good(&self, secret: Option<[u8; 32]>, now: SystemTime) -> bool {
        let now = unix(now);
        let is_in_time = self.expires > now && self.expires - now <= (LONGEST + SLACK).as_secs();
        is_in_time && secret == Some(self.secret)
    }
}

/// A link to `target`, a path with or without a query; `None` if that is none, or has a time or signature already.
pub(crate) fn sign(
    secret: &[u8; 32],
    target: &str,
    key: Option<&KeyRecord>,
    life: Duration,
    now: SystemTime,
) -> Option<Link> {
    let uri = target.parse::<Uri>().ok().filter(|_| target.starts_with('/') && target.is_ascii())?;
    // What the parser has let go, a fragment, is no part of what was asked for.
    let whole = uri.path_and_query().is_some_and(|whole| whole.as_str() == target);
    let given = uri.query().unwrap_or_default();
    let is_taken = given.split('&').any(|pair| pair.starts_with(EXPIRES) || pair.starts_with(SIGNATURE));
    if !whole || is_taken {
        return None;
    }
    let expires = unix(now) + life.min(LONGEST).as_secs();
    let query =
        if given.is_empty() { format!("{EXPIRES}{expires}") } else { format!("{given}&{EXPIRES}{expires}") };
    let nobody = nobody();
    let key = key.unwrap_or(&nobody);
    let mac = URL_SAFE_NO_PAD.encode(mac(secret, uri.path(), &query, key).finalize().into_bytes());
    let url = format!("{}?{query}&{SIGNATURE}{}.{mac}", uri.path(), key.id);
    Some(Link { url, expires: SystemTime::UNIX_EPOCH + Duration::from_secs(expires) })
}

/// Stands for the key where none is asked for, and where none is known.
fn nobody() -> KeyRecord {
    KeyRecord { id: String::new(), name: String::new(), secret_sha256: [0; 32], scopes: Vec::new() }
}

/// None of the parts can hold a zero byte, so no two requests are the same message.
fn mac(secret: &[u8; 32], path: &str, query: &str, key: &KeyRecord) -> Hmac<Sha256> {
    let mut block = [0; 64];
    block[..32].copy_from_slice(secret);
    let mut mac = Hmac::<Sha256>::new(&block.into());
    for part in ["GET", path, query, &key.id] {
        mac.update(part.as_bytes());
        mac.update(&[0]);
    }
    mac.update(&key.secret_sha256);
    mac
}

fn unix(time: SystemTime) -> u64 {
    time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs()
}
