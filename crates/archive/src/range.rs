//! Which bytes of a file a request wants: one range, as players ask for. Several at once are answered with the whole.

use http::HeaderMap;
use http::header::{IF_NONE_MATCH, IF_RANGE, RANGE};

#[cfg(test)]
mod tests;

/// What is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// 200.
    Whole,
    /// 206: from the first to the last, both included.
    Part { first: u64, last: u64 },
    /// 304: the client has it already.
    Known,
    /// 416: nothing of what is asked for is there.
    Nothing,
}

impl Wanted {
    /// Of a file of `len` bytes whose strong tag is `etag`, quotes and all.
    pub(crate) fn of(headers: &HeaderMap, etag: &str, len: u64) -> Self {
        if is_known(headers, etag) {
            return Self::Known;
        }
        let is_same = headers.get(IF_RANGE).is_none_or(|tag| tag.as_bytes() == etag.as_bytes());
        let mut ranges = headers.get_all(RANGE).iter();
        match (ranges.next().and_then(|range| range.to_str().ok()), ranges.next()) {
            (Some(range), None) if is_same => Self::parse(range, len),
            _ => Self::Whole,
        }
    }

    /// What cannot be read is as good as not there.
    fn parse(range: &str, len: u64) -> Self {
        let Some((unit, range)) = range.split_once('=') else { return Self::Whole };
        let is_bytes = unit.trim().eq_ignore_ascii_case("bytes");
        let Some((first, last)) = range.trim().split_once('-').filter(|_| is_bytes) else {
            return Self::Whole;
        };
        match (number(first.trim()), number(last.trim())) {
            (Number::None, Number::Is(suffix)) => match suffix.min(len) {
                0 => Self::Nothing,
                suffix => Self::Part { first: len - suffix, last: len - 1 },
            },
            (Number::Is(first), Number::None) if first < len => Self::Part { first, last: len - 1 },
            (Number::Is(first), Number::Is(last)) if last < first => Self::Whole,
            (Number::Is(first), Number::Is(last)) if first < len => {
                Self::Part { first, last: last.min(len - 1) }
            }
            (Number::Is(_), Number::Is(_) | Number::None) => Self::Nothing,
            _ => Self::Whole,
        }
    }
}

/// Whether `If-None-Match` names it.
pub(crate) fn is_known(headers: &HeaderMap, etag: &str) -> bool {
    let tags = headers.get_all(IF_NONE_MATCH).iter().filter_map(|tags| tags.to_str().ok());
    let mut tags = tags.flat_map(|tags| tags.split(',')).map(|tag| tag.trim().trim_start_matches("W/"));
    tags.any(|tag| tag == etag || tag == "*")
}

enum Number {
    None,
    Is(u64),
    Bad,
}

/// Digits alone; more of them than fit are as many as can be.
fn number(text: &str) -> Number {
    match text.parse() {
        _ if text.is_empty() => Number::None,
        _ if !text.bytes().all(|byte| byte.is_ascii_digit()) => Number::Bad,
        Ok(number) => Number::Is(number),
        Err(_) => Number::Is(u64::MAX),
    }
}
