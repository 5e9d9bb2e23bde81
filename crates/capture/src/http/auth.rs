//! Answers a camera's demand for credentials: digest where it is offered, else basic.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use digest_auth::{Algorithm, AlgorithmType, AuthContext, WwwAuthenticateHeader};
use reqwest::header::{HeaderMap, HeaderValue, WWW_AUTHENTICATE};

use crate::http::address::Credentials;

/// A header longer than this is no challenge.
const MAX_CHALLENGE: usize = 4 << 10;

/// What the camera asked for.
pub(crate) enum Challenge {
    Basic,
    Digest(Box<WwwAuthenticateHeader>),
}

impl Challenge {
    /// The strongest challenge of an answer that can be met.
    pub(crate) fn of(headers: &HeaderMap) -> Option<Self> {
        let texts = headers.get_all(WWW_AUTHENTICATE).iter().filter_map(|value| value.to_str().ok());
        let mut best: Option<(u8, Self)> = None;
        for text in texts.filter(|text| text.len() <= MAX_CHALLENGE).flat_map(split) {
            let lower = text.to_ascii_lowercase();
            let found = if lower.starts_with("digest ") {
                // The parser takes the rest of the line as it is; a scheme of its own is not among its options.
                digest_auth::parse(text)
                    .ok()
                    .map(|challenge| (strength(challenge.algorithm), Self::Digest(Box::new(challenge))))
            } else if lower.starts_with("basic") {
                Some((0, Self::Basic))
            } else {
                None
            };
            if let Some(found) = found
                && best.as_ref().is_none_or(|best| found.0 > best.0)
            {
                best = Some(found);
            }
        }
        best.map(|(_, challenge)| challenge)
    }

    /// The Authorization header for the next request; digest counts its uses.
    pub(crate) fn answer(&mut self, credentials: &Credentials, uri: &str) -> Option<HeaderValue> {
        let text = match self {
            Self::Basic => {
                let pair = format!("{}:{}", credentials.user, credentials.password);
                format!("Basic {}", STANDARD.encode(pair))
            }
            Self::Digest(challenge) => {
                let context = AuthContext::new(&credentials.user, &credentials.password, uri);
                challenge.respond(&context).ok()?.to_header_string()
            }
        };
        let mut value = HeaderValue::from_str(&text).ok()?;
        value.set_sensitive(true);
        Some(value)
    }

    /// Whether the camera says that only its nonce is too old.
    pub(crate) fn is_stale(&self) -> bool {
        matches!(self, Self::Digest(challenge) if challenge.stale)
    }
}

fn strength(algorithm: Algorithm) -> u8 {
    match algorithm.algo {
        AlgorithmType::MD5 => 1,
        AlgorithmType::SHA2_256 => 2,
        AlgorithmType::SHA2_512_256 => 3,
    }
}

/// Parts two challenges that stand in one header: the second begins behind a comma with its scheme.
fn split(text: &str) -> Vec<&str> {
    let lower = text.to_ascii_lowercase();
    let mut starts: Vec<usize> = [", digest ", ", basic "]
        .iter()
        .flat_map(|scheme| lower.match_indices(scheme).map(|(at, _)| at + 2))
        .collect();
    starts.push(0);
    starts.sort_unstable();
    let ends = starts[1..].iter().map(|at| at - 2).chain([text.len()]);
    starts.iter().zip(ends).map(|(&start, end)| text[start..end].trim()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn headers(values: &[&str]) -> HeaderMap {
        values.iter().map(|value| (WWW_AUTHENTICATE, HeaderValue::from_str(value).unwrap())).collect()
    }

    fn credentials() -> Credentials {
        Credentials { user: "Mufasa".into(), password: "Circle of Life".into() }
    }

    #[test]
    fn the_strongest_scheme_is_taken_wherever_it_stands() {
        let md5 = r#"Digest realm="cam", nonce="abc", qop="auth", algorithm=MD5"#;
        let sha = r#"Digest realm="cam", nonce="abc", qop="auth", algorithm=SHA-256"#;
        let basic = r#"Basic realm="cam""#;
        let both = format!("{basic}, {md5}");
        for table in [vec![basic, md5, sha], vec![sha, md5, basic]] {
            let mut challenge = Challenge::of(&headers(&table)).unwrap();
            let answer = challenge.answer(&credentials(), "/").unwrap();
            assert!(answer.to_str().unwrap().contains("SHA-256"), "{answer:?}");
        }
        assert!(matches!(Challenge::of(&headers(&[&both])).unwrap(), Challenge::Digest(_)));
        assert!(matches!(Challenge::of(&headers(&[basic])).unwrap(), Challenge::Basic));
        assert!(Challenge::of(&headers(&["Negotiate"])).is_none());
    }

    #[test]
    fn basic_is_as_the_standard_has_it() {
        let aladdin = Credentials { user: "Aladdin".into(), password: "open sesame".into() };
        let answer = Challenge::Basic.answer(&aladdin, "/").unwrap();
        assert_eq!(answer.to_str().unwrap(), "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
        assert!(answer.is_sensitive());
    }

    proptest! {
        #[test]
        fn no_challenge_makes_it_panic(tail in "[ -~]{0,120}") {
            for scheme in ["Digest ", "Basic ", "Digest realm=\"a\", nonce=\"b\", ", ""] {
                if let Ok(value) = HeaderValue::from_str(&format!("{scheme}{tail}")) {
                    let map: HeaderMap = [(WWW_AUTHENTICATE, value)].into_iter().collect();
                    if let Some(mut challenge) = Challenge::of(&map) {
                        let _answer = challenge.answer(&credentials(), "/");
                    }
                }
            }
        }
    }
}
