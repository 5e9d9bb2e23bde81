use proptest::prelude::*;

use super::*;
use crate::{Scope, hash_secret};

fn record(secret: &str) -> KeyRecord {
    KeyRecord {
        id: "k1".into(),
        name: "one".into(),
        secret_sha256: hash_secret(secret),
        scopes: vec![Scope::View],
    }
}

fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
    let pairs = pairs
        .iter()
        .map(|(name, value)| (http::HeaderName::from_static(name), HeaderValue::from_str(value).unwrap()));
    pairs.collect()
}

const HOUR: Duration = Duration::from_secs(3600);

/// The name and value that a browser would send back.
fn opened(sessions: &Sessions, request: &HeaderMap) -> (String, String) {
    let cookie = sessions.cookie(&record("s"), Duration::ZERO, request).unwrap();
    let text = cookie.to_str().unwrap().to_owned();
    (text.split(';').next().unwrap().to_owned(), text)
}

fn left(sessions: &Sessions, cookie: &str, now: Duration) -> Option<Duration> {
    let found = sessions.find(&headers(&[("cookie", cookie)]), now, |id| (id == "k1").then(|| record("s")));
    found.map(|(key, left)| {
        assert_eq!(key, record("s"));
        left
    })
}

#[test]
fn a_session_is_good_for_twelve_hours_in_the_process_that_opened_it() {
    let sessions = Sessions::new();
    let (cookie, _) = opened(&sessions, &HeaderMap::new());
    assert_eq!(left(&sessions, &cookie, Duration::ZERO), Some(12 * HOUR));
    assert_eq!(left(&sessions, &format!("a=b; {cookie}; c=d"), HOUR), Some(11 * HOUR));
    assert_eq!(left(&sessions, &format!("nightjar=stale; {cookie}"), HOUR), Some(11 * HOUR));
    assert_eq!(left(&sessions, &cookie, 12 * HOUR), None);
    assert_eq!(left(&Sessions::new(), &cookie, Duration::ZERO), None, "another process");
    assert!(is_due(11 * HOUR) && !is_due(12 * HOUR));
}

#[test]
fn it_ends_with_its_key_and_with_another_secret_under_the_same_id() {
    let sessions = Sessions::new();
    let (cookie, _) = opened(&sessions, &HeaderMap::new());
    let request = headers(&[("cookie", &cookie)]);
    assert!(sessions.find(&request, HOUR, |_| None).is_none());
    assert!(sessions.find(&request, HOUR, |_| Some(record("other"))).is_none());
}

#[test]
fn it_is_kept_from_scripts_and_from_other_sites_and_from_the_wire_where_there_is_tls() {
    let sessions = Sessions::new();
    let (_, plain) = opened(&sessions, &HeaderMap::new());
    for part in ["HttpOnly", "SameSite=Lax", "Path=/", "Max-Age=43200"] {
        assert!(plain.split("; ").any(|this| this == part), "{plain}");
    }
    assert!(!plain.contains("Secure"));
    for (name, value, expected) in [
        ("x-forwarded-proto", "https", true),
        ("x-forwarded-proto", "HTTPS, http", true),
        ("x-forwarded-proto", "http, https", false),
        ("forwarded", "for=1.2.3.4;proto=https;host=x", true),
        ("forwarded", "proto=http", false),
    ] {
        let (_, text) = opened(&sessions, &headers(&[(name, value)]));
        assert_eq!(text.contains("; Secure"), expected, "{name}: {value}");
    }
}

#[test]
fn servers_on_one_machine_and_under_one_proxy_keep_their_sessions_apart() {
    let sessions = Sessions::new();
    let name = |host| opened(&sessions, &headers(&[("host", host)])).0.split('=').next().unwrap().to_owned();
    assert_eq!(
        [name("perch:8000"), name("perch:8001"), name("perch"), name("[::1]")],
        ["nightjar-8000", "nightjar-8001", "nightjar", "nightjar"]
    );
    for (prefix, path) in
        [("/cam", "Path=/cam;"), ("/a;b", "Path=/;"), ("cam", "Path=/;"), ("/\u{e9}", "Path=/;")]
    {
        let (_, text) = opened(&sessions, &headers(&[("x-forwarded-prefix", prefix)]));
        assert!(text.contains(path), "{prefix}: {text}");
    }
}

proptest! {
    #[test]
    fn no_other_cookie_opens_it(at in 0usize..200, flip in 1u8..128, text in "[ -~]{0,120}") {
        let sessions = Sessions::new();
        let (cookie, _) = opened(&sessions, &HeaderMap::new());
        let mut bytes = cookie.clone().into_bytes();
        let at = at % bytes.len();
        bytes[at] ^= flip;
        if let Ok(changed) = HeaderValue::from_bytes(&bytes) {
            let request = HeaderMap::from_iter([(COOKIE, changed)]);
            prop_assert!(sessions.find(&request, HOUR, |id| (id == "k1").then(|| record("s"))).is_none());
        }
        prop_assert_eq!(left(&sessions, &format!("nightjar={text}"), HOUR), None);
    }
}
