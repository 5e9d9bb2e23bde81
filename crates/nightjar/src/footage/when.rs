//! When footage was taken: what its container, its EXIF data, its name or its file says, in this order.

use std::path::Path;
use std::time::{Duration, SystemTime};

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

#[cfg(test)]
mod tests;

/// A clock that nobody has set says a time before this: 2001-01-01.
const SET: i64 = 978_307_200;
/// Two of these are the same moment, written twice.
const SAME: i64 = 2;

/// Who says when it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum By {
    /// The container's creation time.
    Container,
    /// What the camera wrote into the picture.
    Exif,
    /// The file's name.
    Name,
    /// The file's last change.
    Change,
    /// The system it comes from.
    Record,
}

impl By {
    /// In words.
    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::Container => "by the container",
            Self::Exif => "by EXIF",
            Self::Name => "by the file's name",
            Self::Change => "by the file's last change",
            Self::Record => "by its metadata",
        }
    }

    /// For programs.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Container => "container",
            Self::Exif => "exif",
            Self::Name => "name",
            Self::Change => "change",
            Self::Record => "metadata",
        }
    }
}

/// A moment, and who says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct When {
    /// The moment.
    pub(crate) at: Timestamp,
    /// Seconds that local time was ahead of UTC.
    pub(crate) utc_offset: i32,
    /// Who says so.
    pub(crate) by: By,
}

impl When {
    /// A moment in this machine's zone.
    pub(crate) fn here(at: Timestamp, by: By) -> Self {
        Self { at, utc_offset: TimeZone::system().to_offset(at).seconds(), by }
    }

    /// Whether the clock that said so had been set.
    pub(crate) fn is_set(&self) -> bool {
        self.at.as_second() >= SET
    }

    /// For the store.
    pub(crate) fn wall(&self) -> SystemTime {
        self.at.into()
    }

    /// `2026-11-20 10:00:00+01:00`
    pub(crate) fn words(&self) -> String {
        let offset = jiff::tz::Offset::from_seconds(self.utc_offset).unwrap_or(jiff::tz::Offset::UTC);
        let text = self.at.display_with_offset(offset).to_string();
        let (date, rest) = text.split_once('T').unwrap_or((&text, ""));
        let (time, zone) = rest.split_at(rest.len().saturating_sub(6));
        format!("{date} {}{zone}", time.split('.').next().unwrap_or(time))
    }

    /// RFC 3339.
    pub(crate) fn rfc3339(&self) -> String {
        let offset = jiff::tz::Offset::from_seconds(self.utc_offset).unwrap_or(jiff::tz::Offset::UTC);
        self.at.display_with_offset(offset).to_string()
    }
}

/// When a clip's first frame was taken. `created` is what its container says, `length` how long it plays.
pub(crate) fn of_clip(path: &Path, created: Option<&str>, length: Duration, changed: SystemTime) -> When {
    let named = path.file_name().and_then(|name| in_name(&name.to_string_lossy()));
    if let Some(when) = created.and_then(|text| container(text, named)).filter(When::is_set) {
        return when;
    }
    if let Some(when) = named.and_then(|civil| local(civil, By::Name)).filter(When::is_set) {
        return when;
    }
    of_change(changed, length)
}

/// By the last change of a file, which was at its end.
pub(crate) fn of_change(changed: SystemTime, length: Duration) -> When {
    let changed = Timestamp::try_from(changed).unwrap_or(Timestamp::UNIX_EPOCH);
    let length = SignedDuration::try_from(length).unwrap_or_default();
    When::here(changed.checked_sub(length).unwrap_or(changed), By::Change)
}

/// A time of day without an offset, as the clocks of this machine's zone showed it.
pub(crate) fn local(civil: DateTime, by: By) -> Option<When> {
    let zoned = TimeZone::system().to_ambiguous_zoned(civil).compatible().ok()?;
    Some(When { at: zoned.timestamp(), utc_offset: zoned.offset().seconds(), by })
}

/// A container's time is UTC; but many a camera writes its local time there, which shows where its file's name has it, too.
fn container(text: &str, named: Option<DateTime>) -> Option<When> {
    let Ok(at) = text.parse::<Timestamp>() else {
        return local(text.trim().replace(' ', "T").parse().ok()?, By::Container);
    };
    let written = TimeZone::UTC.to_datetime(at);
    let is_local = named.is_some_and(|named| named.duration_since(written).as_secs().abs() <= SAME);
    if is_local { local(written, By::Container) } else { Some(When::here(at, By::Container)) }
}

/// The first date with a time in a name: `20261120_101530`, `2026-11-20 10.15.30`, `IMG-2026.11.20T1015` …
pub(crate) fn in_name(name: &str) -> Option<DateTime> {
    let bytes = name.as_bytes();
    (0..bytes.len())
        .filter(|at| *at == 0 || !bytes[at - 1].is_ascii_digit())
        .find_map(|at| moment_at(&bytes[at..]))
}

fn moment_at(bytes: &[u8]) -> Option<DateTime> {
    let mut rest = bytes;
    let year = number(&mut rest, 4)?;
    skip(&mut rest, b"-_.:", 1);
    let month = number(&mut rest, 2)?;
    skip(&mut rest, b"-_.:", 1);
    let day = number(&mut rest, 2)?;
    skip(&mut rest, b"-_. Tt@", 3);
    let hour = number(&mut rest, 2)?;
    skip(&mut rest, b"-_.:h", 1);
    let minute = number(&mut rest, 2)?;
    skip(&mut rest, b"-_.:m", 1);
    let second = number(&mut rest, 2).unwrap_or(0);
    let small = |n: i16| i8::try_from(n).ok();
    if !(1990..2100).contains(&year) {
        return None;
    }
    DateTime::new(year, small(month)?, small(day)?, small(hour)?, small(minute)?, small(second.min(59))?, 0)
        .ok()
}

fn number(rest: &mut &[u8], digits: usize) -> Option<i16> {
    let head = rest.get(..digits).filter(|head| head.iter().all(u8::is_ascii_digit))?;
    let number = std::str::from_utf8(head).ok()?.parse().ok()?;
    *rest = &rest[digits..];
    Some(number)
}

fn skip(rest: &mut &[u8], allowed: &[u8], most: usize) {
    let count = rest.iter().take(most).take_while(|byte| allowed.contains(byte)).count();
    *rest = &rest[count..];
}
