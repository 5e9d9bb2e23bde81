use proptest::prelude::*;

use super::*;
use crate::{Scope, hash_secret};

const SECRET: [u8; 32] = [7; 32];

fn key(secret: &str) -> KeyRecord {
    KeyRecord {
        id: "k1".into(),
        name: "one".into(),
        secret_sha256: hash_secret(secret),
        scopes: vec![Scope::View],
    }
}

fn at(seconds: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000 + seconds)
}

fn link(target: &str) -> String {
    sign(&SECRET, target, Some(&key("s")), Duration::from_secs(60), at(0)).unwrap().url
}

fn check(url: &str, now: SystemTime) -> Result<(), Flaw> {
    check_with(url, Some(&key("s")), Some(SECRET), now)
}

fn check_with(
    url: &str,
    key: Option<&KeyRecord>,
    secret: Option<[u8; 32]>,
    now: SystemTime,
) -> Result<(), Flaw> {
    let uri = url.parse::<Uri>().map_err(|_| Flaw::Wrong)?;
    shown(&uri).unwrap_or(Err(Flaw::Wrong))?.check(key, secret, now).map(|_| ())
}

#[test]
fn a_link_opens_its_own_path_and_query_until_its_time() {
    for target in ["/stream", "/stream?width=640&x", "/a/b/stream?w=%2F&w=1", "/stream?", "/s?&"] {
        let url = link(target);
        assert_eq!(check(&url, at(0)), Ok(()), "{url}");
        assert_eq!(check(&url, at(59)), Ok(()), "{url}");
        assert_eq!(check(&url, at(60)), Err(Flaw::Expired), "{url}");
    }
    let made = sign(&SECRET, "/stream", Some(&key("s")), Duration::from_secs(60), at(0)).unwrap();
    assert!(made.url.starts_with("/stream?expires=1700000060&signature=k1."), "{}", made.url);
    assert_eq!(made.expires, at(60));
}

#[test]
fn it_dies_with_its_key_with_the_secret_and_with_another_key_of_the_same_name() {
    let url = link("/stream");
    let key = key("s");
    assert_eq!(check_with(&url, None, Some(SECRET), at(1)), Err(Flaw::Wrong));
    assert_eq!(check_with(&url, Some(&self::key("t")), Some(SECRET), at(1)), Err(Flaw::Wrong));
    assert_eq!(check_with(&url, Some(&key), Some([8; 32]), at(1)), Err(Flaw::Wrong));
    assert_eq!(check_with(&url, Some(&key), None, at(1)), Err(Flaw::Wrong));
    // Made where no key is asked for: nobody's, so it opens nothing where one is.
    let open = sign(&SECRET, "/stream", None, Duration::from_secs(60), at(0)).unwrap().url;
    assert_eq!(check_with(&open, None, Some(SECRET), at(1)), Err(Flaw::Wrong));
    // Nor does one that was signed with the empty secret that stands in for none.
    let empty = sign(&[0; 32], "/stream", Some(&key), Duration::from_secs(60), at(0)).unwrap().url;
    assert_eq!(check_with(&empty, Some(&key), None, at(1)), Err(Flaw::Wrong));
}

#[test]
fn what_is_no_plain_path_is_not_signed() {
    for target in [
        "",
        "stream",
        "http://evil.example/stream",
        "//evil.example/stream#x",
        "/stream#part",
        "/stream?expires=9",
        "/stream?a&signature=k1.x",
        "/a b",
        "/\u{e9}",
    ] {
        let link = sign(&SECRET, target, Some(&key("s")), Duration::from_secs(60), at(0));
        assert!(link.is_none(), "{target}: {link:?}");
    }
}

#[test]
fn a_link_is_good_for_a_week_at_most_and_a_clock_set_back_makes_no_old_one_good_for_years() {
    let year = Duration::from_secs(365 * 24 * 3600);
    let made = sign(&SECRET, "/stream", Some(&key("s")), year, at(0)).unwrap();
    assert_eq!(made.expires, at(0) + LONGEST);
    assert_eq!(check(&made.url, at(0) - Duration::from_secs(3600)), Ok(()));
    assert_eq!(check(&made.url, at(0) - year), Err(Flaw::Expired));
}

#[test]
fn requests_without_a_signature_are_no_links() {
    for url in ["/stream", "/stream?width=1", "/stream?expires=1", "/stream?xsignature=1"] {
        assert!(shown(&url.parse().unwrap()).is_none(), "{url}");
    }
    let good = link("/stream");
    for changed in [
        good.replace("/stream", "/stream/"),
        good.replace("/stream", "/%73tream"),
        good.replace("expires=17", "expires=+17"),
        good.replace("expires=17", "expires=017"),
        good.replace("expires=17", "expires=1&expires=17"),
        good.replace("?", "?width=9&"),
        format!("{good}&t=1"),
        format!("{good}="),
        good.replace("k1.", "k1"),
        good.replace("signature=k1.", "signature="),
        "/stream?signature=".to_owned(),
        "/stream?expires=1700000060&signature=.".to_owned(),
    ] {
        assert_eq!(check(&changed, at(1)), Err(Flaw::Wrong), "{changed}");
    }
}

proptest! {
    #[test]
    fn no_other_bytes_open_anything(position in 0usize..200, flip in 1u8..128) {
        let good = link("/api/v1/cameras/garden/stream?width=640");
        let mut bytes = good.into_bytes();
        let position = position % bytes.len();
        bytes[position] ^= flip;
        if let Ok(changed) = String::from_utf8(bytes) {
            prop_assert!(check(&changed, at(1)).is_err(), "{}", changed);
        }
    }
}
