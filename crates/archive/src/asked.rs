//! What a query asks for, name by name: a name that is not known, one given twice and a value that cannot be read are
//! each refused by name, with what is allowed.

use std::borrow::Cow;
use std::str::FromStr;
use std::time::Duration;

use http::StatusCode;
use jiff::Timestamp;
use store::event::EventId;
use web::Problem;

/// The longest text that is shown again in a problem.
const SHOWN: usize = 80;

/// The names and values of a query, each name known and there once.
#[derive(Debug)]
pub(crate) struct Asked<'a>(Vec<(Cow<'a, str>, Cow<'a, str>)>);

impl<'a> Asked<'a> {
    /// # Errors
    /// 400 that names the parameter.
    pub(crate) fn read(query: Option<&'a str>, known: &[&str]) -> Result<Self, Problem> {
        let mut pairs: Vec<(Cow<'a, str>, Cow<'a, str>)> = Vec::new();
        for (name, value) in form_urlencoded::parse(query.unwrap_or_default().as_bytes()) {
            if !known.contains(&&*name) {
                let found = shown(&name);
                let allowed = known.join(", ");
                let detail = match allowed.as_str() {
                    "" => format!("{found} is not known here; this path takes no parameters."),
                    _ => format!("{found} is not known here; allowed are {allowed}."),
                };
                let problem = Problem::bad_request("unknown_parameter", detail);
                return Err(problem.with("field", found).with("allowed", known.to_vec()));
            }
            if pairs.iter().any(|(other, _)| *other == name) {
                let detail = format!("{name} is given twice.");
                return Err(Problem::bad_request("twice", detail).with("field", name.into_owned()));
            }
            pairs.push((name, value));
        }
        Ok(Self(pairs))
    }

    /// The value of that name; an empty one is none, as forms send them.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        let pair = self.0.iter().find(|(this, value)| this == name && !value.is_empty());
        pair.map(|(_, value)| &**value)
    }

    /// A value that `read` makes something of.
    ///
    /// # Errors
    /// 422 that names the parameter and says what is `allowed`.
    pub(crate) fn value<T>(
        &self,
        name: &str,
        allowed: &str,
        read: impl FnOnce(&str) -> Option<T>,
    ) -> Result<Option<T>, Problem> {
        let value = self.text(name);
        value.map(|value| read(value).ok_or_else(|| invalid(name, value, allowed))).transpose()
    }

    /// `true`, `false`, `1` or `0`.
    pub(crate) fn flag(&self, name: &str) -> Result<Option<bool>, Problem> {
        self.value(name, "true or false", |value| match value {
            "1" | "true" => Some(true),
            "0" | "false" => Some(false),
            _ => None,
        })
    }

    /// A whole number of that range.
    pub(crate) fn whole<T>(
        &self,
        name: &str,
        range: std::ops::RangeInclusive<T>,
    ) -> Result<Option<T>, Problem>
    where
        T: FromStr + PartialOrd + std::fmt::Display,
    {
        let allowed = format!("a whole number from {} to {}", range.start(), range.end());
        let is_plain = |value: &str| value.bytes().all(|byte| byte.is_ascii_digit());
        let read = |value: &str| value.parse().ok().filter(|number| range.contains(number));
        self.value(name, &allowed, |value| read(value).filter(|_| is_plain(value)))
    }

    /// A moment. A `+` that came unescaped, as a space, is one all the same.
    pub(crate) fn time(&self, name: &str) -> Result<Option<Timestamp>, Problem> {
        let allowed = "a time with an offset, such as 2026-11-20T10:00:00+01:00";
        self.value(name, allowed, |value| value.replace(' ', "+").parse().ok())
    }

    /// Seconds, with a fraction or without.
    pub(crate) fn seconds(&self, name: &str, most: f64) -> Result<Option<Duration>, Problem> {
        let allowed = format!("seconds from 0 to {most}");
        self.value(name, &allowed, |value| {
            let seconds = value.parse::<f64>().ok().filter(|seconds| (0.0..=most).contains(seconds))?;
            Duration::try_from_secs_f64(seconds).ok()
        })
    }

    /// One of these words.
    pub(crate) fn word(&self, name: &str, words: &[&'static str]) -> Result<Option<&'static str>, Problem> {
        let allowed = words.join(", ");
        self.value(name, &allowed, |value| words.iter().copied().find(|word| *word == value))
    }

    /// A camera's id. Which cameras there are, or were, is not held against it.
    pub(crate) fn camera(&self) -> Result<Option<String>, Problem> {
        let allowed = "a camera's id: up to 64 of a to z, 0 to 9 and -";
        self.value("camera", allowed, |value| {
            let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
            (value.len() <= 64 && value.bytes().all(is_plain)).then(|| value.to_owned())
        })
    }
}

/// 422 for a value that is not one of those allowed.
pub(crate) fn invalid(name: &str, found: &str, allowed: &str) -> Problem {
    let found = shown(found);
    let detail = format!("{name} is {found}; allowed is {allowed}.");
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid_value", detail)
        .with("field", name)
        .with("found", found)
        .with("allowed", allowed)
}

/// An event's id in a path: what is none names nothing.
///
/// # Errors
/// 404.
pub(crate) fn event_id(text: &str) -> Result<EventId, Problem> {
    text.parse().map_err(|_| no_event(&shown(text)))
}

/// 404 for an event that is not there.
pub(crate) fn no_event(id: &str) -> Problem {
    Problem::not_found(format!("There is no event {id}; it may have been deleted."))
}

fn shown(text: &str) -> String {
    text.chars().take(SHOWN).filter(|c| !c.is_control()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const KNOWN: [&str; 4] = ["limit", "from", "favourite", "camera"];

    fn asked(query: &str) -> Result<Asked<'_>, Problem> {
        Asked::read(Some(query), &KNOWN)
    }

    #[test]
    fn a_stranger_and_a_second_value_are_refused_by_name() {
        for (query, field) in [("limits=1", "limits"), ("limit=1&%00=2", ""), ("limit=1&limit=2", "limit")] {
            let problem = asked(query).unwrap_err();
            assert_eq!(problem.status(), 400, "{query}");
            assert_eq!(problem, problem.clone().with("field", field), "{query}");
        }
        assert!(Asked::read(Some("x=1"), &[]).is_err());
        assert!(asked("").is_ok() && Asked::read(None, &[]).is_ok());
    }

    #[test]
    fn values_are_read_or_refused_with_what_is_allowed() {
        let whole = |query| asked(query).unwrap().whole::<u32>("limit", 1..=200);
        assert_eq!(
            (whole("limit=200").unwrap(), whole("limit=").unwrap(), whole("").unwrap()),
            (Some(200), None, None)
        );
        for query in ["limit=0", "limit=201", "limit=-1", "limit=%2B1", "limit=x", "limit=99999999999"] {
            let problem = whole(query).unwrap_err();
            assert_eq!((problem.status().as_u16(), problem.code()), (422, "invalid_value"), "{query}");
            assert_eq!(problem, problem.clone().with("allowed", "a whole number from 1 to 200"), "{query}");
        }
        let camera = |query| asked(query).unwrap().camera();
        assert_eq!(camera("camera=back-yard2").unwrap().as_deref(), Some("back-yard2"));
        for query in ["camera=Garden", "camera=a%00", "camera=..%2F", "camera=a'%20OR%201"] {
            assert!(camera(query).is_err(), "{query}");
        }
        assert_eq!(asked("favourite=1").unwrap().flag("favourite").unwrap(), Some(true));
        assert!(asked("favourite=yes").unwrap().flag("favourite").is_err());
    }

    #[test]
    fn a_time_has_an_offset_and_its_plus_may_come_unescaped() {
        let time = |query| asked(query).unwrap().time("from");
        let expected = "2026-11-20T09:00:00Z".parse::<Timestamp>().unwrap();
        for query in [
            "from=2026-11-20T10:00:00%2B01:00",
            "from=2026-11-20T10:00:00+01:00",
            "from=2026-11-20T09:00:00Z",
        ] {
            assert_eq!(time(query).unwrap(), Some(expected), "{query}");
        }
        for query in ["from=2026-11-20", "from=2026-11-20T10:00:00", "from=now", "from=99999-01-01T00:00:00Z"]
        {
            assert!(time(query).is_err(), "{query}");
        }
    }
}
