//! A request's name in the log, in the answer and in every problem.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::{HeaderMap, HeaderName, HeaderValue};

/// The header it comes and goes in.
pub(crate) const HEADER: HeaderName = HeaderName::from_static("x-request-id");

/// 8 to 64 of `[A-Za-z0-9-]`: nothing that could break a log line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestId(HeaderValue);

impl RequestId {
    /// The client's own if it is harmless, else a new one.
    #[must_use]
    pub fn of(headers: &HeaderMap) -> Self {
        match headers.get(HEADER) {
            Some(value) if is_harmless(value.as_bytes()) => Self(value.clone()),
            _ => Self::random(),
        }
    }

    fn random() -> Self {
        let text = URL_SAFE_NO_PAD.encode(rand::random::<[u8; 12]>()).replace('_', "-");
        Self(HeaderValue::from_str(&text).unwrap_or_else(|_| HeaderValue::from_static("unnamed0")))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.to_str().unwrap_or_default()
    }

    pub(crate) fn value(&self) -> HeaderValue {
        self.0.clone()
    }
}

fn is_harmless(bytes: &[u8]) -> bool {
    (8..=64).contains(&bytes.len()) && bytes.iter().all(|&byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_harmless_id_is_kept_and_any_other_replaced() {
        for (given, kept) in [
            ("abcd-1234", true),
            ("short", false),
            ("has space", false),
            ("tab\tinside", false),
            ("under_score", false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(HEADER, HeaderValue::from_bytes(given.as_bytes()).unwrap());
            assert_eq!(RequestId::of(&headers).as_str() == given, kept, "{given}");
        }
        assert!(!is_harmless(&[b'a'; 65]));
    }

    #[test]
    fn a_new_id_is_itself_harmless() {
        for _ in 0..100 {
            assert!(is_harmless(RequestId::of(&HeaderMap::new()).as_str().as_bytes()));
        }
    }
}
