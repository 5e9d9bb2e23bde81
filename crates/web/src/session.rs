//! The session that a key opens in a browser.
//!
//! Safari sends the password of basic auth with requests but not with WebSockets, so the page would never go live
//! there; a cookie goes with both. Nothing is kept here: the cookie names the key and says until when, under a MAC
//! that only this process can make, so a restart ends every session.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, Mac};
use http::header::{COOKIE, HOST};
use http::{HeaderMap, HeaderValue};
use sha2::Sha256;

use crate::KeyRecord;

#[cfg(test)]
mod tests;

/// How long a session is good for when it is not used.
pub(crate) const LIFE: Duration = Duration::from_secs(12 * 60 * 60);
/// With less than this left it is renewed; not with every answer, which would be many.
const RENEW: Duration = Duration::from_secs(11 * 60 * 60 + 30 * 60);

pub(crate) struct Sessions {
    /// A whole block of SHA-256.
    secret: [u8; 64],
}

impl Sessions {
    pub(crate) fn new() -> Self {
        Self { secret: key() }
    }

    /// The key whose session one of the cookies is, and how long it is still good for. `now` counts from the start of
    /// the process.
    pub(crate) fn find(
        &self,
        headers: &HeaderMap,
        now: Duration,
        find: impl Fn(&str) -> Option<KeyRecord>,
    ) -> Option<(KeyRecord, Duration)> {
        let name = name(headers);
        let cookies = headers.get_all(COOKIE).iter().filter_map(|line| line.to_str().ok());
        let mut pairs = cookies.flat_map(|line| line.split(';')).filter_map(|one| one.trim().split_once('='));
        pairs.find_map(|(this, value)| (this == name).then(|| self.open(value, now, &find)).flatten())
    }

    fn open(
        &self,
        value: &str,
        now: Duration,
        find: impl Fn(&str) -> Option<KeyRecord>,
    ) -> Option<(KeyRecord, Duration)> {
        let (rest, mac) = value.rsplit_once('.')?;
        let (id, expiry) = rest.rsplit_once('.')?;
        let mac = URL_SAFE_NO_PAD.decode(mac).ok()?;
        let record = find(id)?;
        let expiry = expiry.parse::<u64>().ok()?;
        // Compares in constant time.
        self.mac(&record, expiry).verify_slice(&mac).ok()?;
        let left = Duration::from_secs(expiry).checked_sub(now).filter(|left| !left.is_zero())?;
        Some((record, left))
    }

    /// `Set-Cookie` for a new session of that key.
    pub(crate) fn cookie(&self, key: &KeyRecord, now: Duration, request: &HeaderMap) -> Option<HeaderValue> {
        let expiry = (now + LIFE).as_secs();
        let mac = URL_SAFE_NO_PAD.encode(self.mac(key, expiry).finalize().into_bytes());
        let (name, path, life) = (name(request), path(request), LIFE.as_secs());
        let secure = if is_tls(request) { "; Secure" } else { "" };
        let id = &key.id;
        let cookie = format!(
            "{name}={id}.{expiry}.{mac}; Path={path}; Max-Age={life}; HttpOnly; SameSite=Lax{secure}"
        );
        HeaderValue::from_str(&cookie).ok()
    }

    /// Over the key's hash, too: another key of the same id has nothing of it.
    fn mac(&self, key: &KeyRecord, expiry: u64) -> Hmac<Sha256> {
        let mut mac = Hmac::<Sha256>::new(&self.secret.into());
        mac.update(&key.secret_sha256);
        mac.update(&expiry.to_be_bytes());
        mac.update(key.id.as_bytes());
        mac
    }
}

fn key() -> [u8; 64] {
    let mut key = [0; 64];
    rand::fill(&mut key[..]);
    key
}

/// Whether a session with so much left gets a new cookie.
pub(crate) fn is_due(left: Duration) -> bool {
    left < RENEW
}

/// Cookies do not know ports: two servers on one machine must not take each other's away.
fn name(headers: &HeaderMap) -> String {
    let host = headers.get(HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    match host.rsplit_once(':') {
        Some((_, port)) if port.parse::<u16>().is_ok() => format!("nightjar-{port}"),
        _ => "nightjar".to_owned(),
    }
}

/// The folder that a proxy serves this under, if it says so and it is plain.
fn path(headers: &HeaderMap) -> &str {
    let prefix = headers.get("x-forwarded-prefix").and_then(|prefix| prefix.to_str().ok()).unwrap_or("/");
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/-_.~".contains(&byte);
    if prefix.starts_with('/') && prefix.len() <= 128 && prefix.bytes().all(plain) { prefix } else { "/" }
}

/// Whether the browser spoke TLS with the proxy in front.
fn is_tls(headers: &HeaderMap) -> bool {
    let text =
        |name| headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok()).unwrap_or_default();
    let proto = text("x-forwarded-proto").split(',').next().unwrap_or_default().trim();
    let forwarded = text("forwarded").split(',').next().unwrap_or_default();
    let says_https = |part: &str| {
        let (name, value) = part.trim().split_once('=').unwrap_or_default();
        name.eq_ignore_ascii_case("proto") && value.trim_matches('"').eq_ignore_ascii_case("https")
    };
    proto.eq_ignore_ascii_case("https") || forwarded.split(';').any(says_https)
}
