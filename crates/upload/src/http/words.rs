//! What a remote said, as it may stand in a log or on a page: short, without control characters, without our secrets;
//! and when it said that we may come again.

use std::time::Duration;

use jiff::Timestamp;
use reqwest::header::{DATE, HeaderMap, RETRY_AFTER};

use super::trouble::without_code;
use crate::settings::Secret;

/// Characters of a remote's own words, at most.
const MOST_WORDS: usize = 256;
/// No remote makes us wait for longer than that.
pub(crate) const LONGEST_WAIT: Duration = Duration::from_secs(60 * 60);

/// A remote's words, for people.
pub(crate) fn clean(said: &[u8], secrets: &[Secret]) -> String {
    let text = problem(said)
        .unwrap_or_else(|| String::from_utf8_lossy(said.get(..4096).unwrap_or(said)).into_owned());
    redact(&text, secrets)
}

/// Without secrets, control characters, the system's numbers of errors, and what is too long.
pub(crate) fn redact(text: &str, secrets: &[Secret]) -> String {
    let mut text = without_code(text.trim());
    for secret in secrets.iter().map(Secret::reveal).filter(|secret| !secret.is_empty()) {
        text = text.replace(secret, "***");
    }
    let mut clean = String::new();
    for (n, c) in text.chars().enumerate() {
        if n >= MOST_WORDS {
            clean.push('…');
            break;
        }
        if c.is_control() || is_unseen(c) {
            clean.extend(c.escape_default());
        } else {
            clean.push(c);
        }
    }
    clean
}

/// Characters that turn the order of others round or are not seen.
fn is_unseen(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

/// The sentence in a problem document, or in what older servers send in its place.
fn problem(said: &[u8]) -> Option<String> {
    let said: serde_json::Value = serde_json::from_slice(said).ok()?;
    let words = ["detail", "title", "message", "error"].iter().find_map(|key| said.get(key)?.as_str())?;
    Some(words.to_owned())
}

/// What `Retry-After` asks for: seconds, or a date that is held against the remote's own clock if it tells its time.
pub(crate) fn retry_after(headers: &HeaderMap, now: Timestamp) -> Option<Duration> {
    let value = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    let wait = match value.parse::<u64>() {
        Ok(seconds) => Duration::from_secs(seconds),
        Err(_) if !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit()) => LONGEST_WAIT,
        Err(_) => {
            let date = date(value)?;
            let now = headers.get(DATE).and_then(|now| self::date(now.to_str().ok()?)).unwrap_or(now);
            Duration::try_from(date.duration_since(now)).unwrap_or_default()
        }
    };
    Some(wait.min(LONGEST_WAIT))
}

/// `Sun, 06 Nov 1994 08:49:37 GMT`.
fn date(text: &str) -> Option<Timestamp> {
    jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(value: &str, date: Option<&str>) -> Option<u64> {
        let mut headers = HeaderMap::new();
        headers.insert(RETRY_AFTER, value.parse().unwrap());
        if let Some(date) = date {
            headers.insert(DATE, date.parse().unwrap());
        }
        let now = "2026-11-20T10:00:00Z".parse().unwrap();
        retry_after(&headers, now).map(|wait| wait.as_secs())
    }

    #[test]
    fn a_remote_may_ask_for_seconds_or_a_date_and_at_most_an_hour() {
        assert_eq!(asked("7", None), Some(7));
        assert_eq!(asked(" 0 ", None), Some(0));
        assert_eq!(asked("86400", None), Some(3600));
        assert_eq!(asked("99999999999999999999999", None), Some(3600));
        assert_eq!(asked("Fri, 20 Nov 2026 10:00:30 GMT", None), Some(30));
        assert_eq!(asked("Fri, 20 Nov 2026 09:00:00 GMT", None), Some(0));
        assert_eq!(asked("Fri, 20 Nov 2037 09:00:00 GMT", None), Some(3600));
        // Our clock may be wrong by years; the difference to its own is what it meant.
        let its = Some("Thu, 01 Jan 2032 00:00:00 GMT");
        assert_eq!(asked("Thu, 01 Jan 2032 00:00:09 GMT", its), Some(9));
        for nonsense in ["-1", "soon", "1.5", ""] {
            assert_eq!(asked(nonsense, None), None, "{nonsense}");
        }
    }

    #[test]
    fn what_a_remote_said_is_short_and_tells_no_secret() {
        let secrets = [Secret::new("nj_abc_secret")];
        let said = clean(b"no \x1b[31mway\r\nX: y \xff nj_abc_secret", &secrets);
        assert_eq!(said, "no \\u{1b}[31mway\\r\\nX: y \u{fffd} ***");
        assert_eq!(clean(&[b'a'; 9000], &[]).chars().count(), MOST_WORDS + 1);
        assert_eq!(
            clean(br#"{"title":"Gone","detail":"it was \u202e deleted"}"#, &[]),
            "it was \\u{202e} deleted"
        );
        assert_eq!(clean(br#"{"error":"full"}"#, &[]), "full");
        assert_eq!(clean(b"", &[]), "");
    }
}
