use http::HeaderValue;
use proptest::prelude::*;

use super::*;

const TAG: &str = "\"abc\"";

fn wanted(headers: &[(http::HeaderName, &str)], len: u64) -> Wanted {
    let mut map = HeaderMap::new();
    for (name, value) in headers {
        map.append(name, HeaderValue::from_str(value).unwrap());
    }
    Wanted::of(&map, TAG, len)
}

#[test]
fn one_range_is_read_as_the_standard_has_it() {
    let part = |first, last| Wanted::Part { first, last };
    for (range, expected) in [
        ("bytes=0-0", part(0, 0)),
        ("bytes=0-99", part(0, 99)),
        ("bytes=0-", part(0, 99)),
        ("bytes=10-19", part(10, 19)),
        ("Bytes = 10 - 19", part(10, 19)),
        ("bytes=90-1000", part(90, 99)),
        ("bytes=99-99999999999999999999999", part(99, 99)),
        ("bytes=-1", part(99, 99)),
        ("bytes=-100", part(0, 99)),
        ("bytes=-1000", part(0, 99)),
        ("bytes=100-", Wanted::Nothing),
        ("bytes=100-200", Wanted::Nothing),
        ("bytes=99999999999999999999999-", Wanted::Nothing),
        ("bytes=-0", Wanted::Nothing),
        ("bytes=0-1,5-6", Wanted::Whole),
        ("bytes=5-2", Wanted::Whole),
        ("bytes=-", Wanted::Whole),
        ("bytes=a-b", Wanted::Whole),
        ("bytes=+1-2", Wanted::Whole),
        ("bytes=1--2", Wanted::Whole),
        ("bytes", Wanted::Whole),
        ("bytes=", Wanted::Whole),
        ("lines=1-2", Wanted::Whole),
        ("", Wanted::Whole),
    ] {
        assert_eq!(wanted(&[(RANGE, range)], 100), expected, "{range}");
    }
    assert_eq!(wanted(&[(RANGE, "bytes=0-")], 0), Wanted::Nothing);
    assert_eq!(wanted(&[(RANGE, "bytes=0-1"), (RANGE, "bytes=3-4")], 100), Wanted::Whole);
    assert_eq!(wanted(&[], 100), Wanted::Whole);
}

#[test]
fn a_range_of_another_file_is_answered_with_the_whole() {
    let part = Wanted::Part { first: 1, last: 2 };
    for (tag, expected) in [
        (TAG, part),
        ("\"abd\"", Wanted::Whole),
        ("W/\"abc\"", Wanted::Whole),
        ("Fri, 20 Nov 2026 10:00:00 GMT", Wanted::Whole),
    ] {
        assert_eq!(wanted(&[(RANGE, "bytes=1-2"), (IF_RANGE, tag)], 100), expected, "{tag}");
    }
}

#[test]
fn a_client_that_has_it_is_told_so() {
    for (tags, expected) in [
        (TAG, Wanted::Known),
        ("W/\"abc\"", Wanted::Known),
        ("\"x\", \"abc\"", Wanted::Known),
        ("*", Wanted::Known),
        ("\"abd\"", Wanted::Whole),
        ("abc", Wanted::Whole),
    ] {
        assert_eq!(wanted(&[(IF_NONE_MATCH, tags)], 100), expected, "{tags}");
    }
    assert_eq!(wanted(&[(IF_NONE_MATCH, TAG), (RANGE, "bytes=1-2")], 100), Wanted::Known);
}

proptest! {
    #[test]
    fn whatever_is_asked_for_lies_within_the_file(
        range in "(bytes=)?[0-9]{0,22}-?[0-9]{0,22}(,[0-9]*-)?",
        len in 0..2000u64,
    ) {
        match wanted(&[(RANGE, &range)], len) {
            Wanted::Part { first, last } => prop_assert!(first <= last && last < len),
            other => prop_assert!(matches!(other, Wanted::Whole | Wanted::Nothing)),
        }
    }
}
