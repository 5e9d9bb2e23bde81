//! Reading of the kinds that are written as text.

use super::{Kind, MASK, Refused, Value, quoted};
use crate::config::problems::nearest;
use crate::config::units::{parse_duration, parse_size};

impl Kind {
    /// # Errors
    /// [`Refused`] with what was found and what is allowed.
    pub(super) fn read_text(self, word: &str) -> Result<Value, Refused> {
        let owned = |fits: bool| fits.then(|| Value::Text(word.to_owned()));
        let read = match self {
            Self::Text { max } => owned(is_plain(word, max)),
            Self::Path => owned(!word.is_empty() && !word.contains('\0')),
            Self::Id => owned(is_id(word)),
            Self::Secret => owned(is_plain(word, 1024)),
            Self::Url => owned(is_url(word)),
            Self::Window => owned(hours(word).is_some()),
            Self::TimeZone => owned(jiff::tz::TimeZone::get(word).is_ok()),
            Self::Choice { works, later } => return self.choose(word, &works(), later),
            Self::Duration { min, max } => {
                parse_duration(word).filter(|it| (min..=max).contains(it)).map(Value::Duration)
            }
            Self::Size { min, max } => {
                parse_size(word).filter(|it| (min..=max).contains(it)).map(Value::Size)
            }
            Self::Address => word.parse().ok().map(Value::Address),
            _ => None,
        };
        match read {
            Some(value) => Ok(value),
            // A URL may hold a password, which no message repeats.
            None if matches!(self, Self::Url) && word.contains('@') => Err(Refused {
                found: "a URL with a user or password in it".into(),
                allowed: self.allowed(),
                nearest: None,
            }),
            None if matches!(self, Self::Url) && !word.is_empty() => {
                self.refuse(&format!("\"{}\"", masked_url(word)))
            }
            None if word.is_empty() => {
                Err(Refused { found: "an empty text".into(), allowed: self.allowed(), nearest: None })
            }
            None if matches!(self, Self::Secret) => self.refuse(word),
            // The quotes tell a text from a number: "25" is not 25.
            None => self.refuse(&format!("\"{word}\"")),
        }
    }

    fn choose(self, word: &str, works: &[&'static str], later: &[&'static str]) -> Result<Value, Refused> {
        if works.contains(&word) {
            return Ok(Value::Text(word.to_owned()));
        }
        let found = if later.contains(&word) {
            format!("`\"{word}\"`, which this version cannot do yet")
        } else {
            quoted(&format!("\"{word}\""))
        };
        Err(Refused { found, allowed: self.allowed(), nearest: nearest(word, works.iter().copied()) })
    }
}

/// From when to when, of `22:00-06:00`; the same time twice is nonsense.
pub(crate) fn hours(word: &str) -> Option<(jiff::civil::Time, jiff::civil::Time)> {
    let time = |word: &str| {
        let (hour, minute) = word.split_once(':')?;
        let digits = |it: &str| it.len() == 2 && it.bytes().all(|b| b.is_ascii_digit());
        (digits(hour) && digits(minute)).then_some(())?;
        jiff::civil::Time::new(hour.parse().ok()?, minute.parse().ok()?, 0, 0).ok()
    };
    let (from, to) = word.split_once('-')?;
    let (from, to) = (time(from.trim())?, time(to.trim())?);
    (from != to).then_some((from, to))
}

/// A URL without what may be a secret in it: user, password, query.
pub(crate) fn masked_url(url: &str) -> String {
    let (front, query) = match url.find(['?', '#']) {
        Some(at) => (&url[..at], format!("{}{MASK}", &url[at..=at])),
        None => (url, String::new()),
    };
    let (scheme, rest) = front.split_once("://").unwrap_or(("", front));
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let host = match authority.rsplit_once('@') {
        Some((_, host)) => format!("{MASK}@{host}"),
        None => authority.to_owned(),
    };
    let colon = if front.contains("://") { "://" } else { "" };
    format!("{scheme}{colon}{host}{path}{query}")
}

fn is_plain(word: &str, max: usize) -> bool {
    !word.trim().is_empty() && word.chars().count() <= max && !word.chars().any(char::is_control)
}

fn is_id(word: &str) -> bool {
    (1..=64).contains(&word.len())
        && word.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

/// Letters, digits, dots and hyphens.
pub(super) fn is_host(word: &str) -> bool {
    (1..=253).contains(&word.len())
        && word.split('.').all(|label| {
            (1..=63).contains(&label.len())
                && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
                && !label.starts_with('-')
                && !label.ends_with('-')
        })
}

fn is_url(word: &str) -> bool {
    let known = ["http://", "https://", "rtsp://", "rtsps://"];
    let Some(rest) = known.iter().find_map(|scheme| word.strip_prefix(scheme)) else { return false };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    if authority.contains('@') || word.len() > 2048 || word.chars().any(|c| c.is_control() || c == ' ') {
        return false;
    }
    let (host, port) = match authority.strip_prefix('[').map(|it| it.split_once(']')) {
        Some(Some((inner, port))) => (inner.parse::<std::net::Ipv6Addr>().is_ok(), port.strip_prefix(':')),
        Some(None) => return false,
        None => {
            let (host, port) =
                authority.split_once(':').map_or((authority, None), |(host, port)| (host, Some(port)));
            (is_host(&host.replace('_', "-")), port)
        }
    };
    host && port.is_none_or(|port| port.parse::<u16>().is_ok_and(|port| port > 0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_name_a_host_and_hold_no_credentials() {
        for good in
            ["http://cam", "https://10.0.0.7:8080/video?x=1", "rtsp://[::1]:81/", "http://my_cam.local/"]
        {
            assert!(is_url(good), "{good}");
        }
        for bad in [
            "",
            "cam",
            "ftp://cam",
            "http://",
            "http://u:p@cam/",
            "http://cam:0/",
            "http://a b/",
            "http://[::1/",
        ] {
            assert!(!is_url(bad), "{bad}");
        }
    }

    #[test]
    fn hours_of_a_day_are_two_different_times() {
        for good in ["22:00-06:00", "00:00-23:59", "09:30 - 17:00"] {
            assert!(hours(good).is_some(), "{good}");
        }
        for bad in
            ["", "22:00", "22-06", "24:00-06:00", "22:60-06:00", "9:00-17:00", "09:00-09:00", "+9:00-17:00"]
        {
            assert!(hours(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn what_may_be_a_secret_in_a_url_is_masked() {
        assert_eq!(masked_url("http://cam:81/a/b"), "http://cam:81/a/b");
        assert_eq!(masked_url("http://cam/v?tok=hunter2&x=1"), "http://cam/v?********");
        assert_eq!(masked_url("http://cam#hunter2"), "http://cam#********");
        assert_eq!(masked_url("http://me:hunter2@cam/a@b"), "http://********@cam/a@b");
        let refused = Kind::Url.read_text("ftp://cam/?tok=hunter2").unwrap_err();
        assert_eq!(refused.found, "`\"ftp://cam/?********\"`");
    }

    #[test]
    fn a_refused_url_does_not_repeat_its_password() {
        let refused = Kind::Url.read_text("http://me:hunter2@cam/").unwrap_err();
        assert!(!refused.found.contains("hunter2"), "{}", refused.found);
    }
}
