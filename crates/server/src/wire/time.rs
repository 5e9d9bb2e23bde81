//! Wall times as people and programs read them.

use std::sync::OnceLock;
use std::time::SystemTime;

use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};

/// Milliseconds since 1970, with fractions.
pub(crate) fn unix_ms(at: SystemTime) -> f64 {
    at.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs_f64() * 1e3
}

/// Seconds since 1970 with six digits behind the point.
pub(crate) fn unix_seconds(at: SystemTime) -> String {
    let since = at.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    format!("{}.{:06}", since.as_secs(), since.subsec_micros())
}

/// RFC 3339 with the local offset: `2026-11-20T10:11:12.123+01:00`.
pub(crate) fn rfc3339(at: SystemTime) -> String {
    local(at).strftime("%Y-%m-%dT%H:%M:%S%.3f%:z").to_string()
}

/// `2026-11-20 10:11:12`, local, as scripts parse it.
pub(crate) fn plain(at: SystemTime) -> String {
    local(at).strftime("%Y-%m-%d %H:%M:%S").to_string()
}

/// The zone is read once, so that no request waits for the disk.
fn local(at: SystemTime) -> Zoned {
    static ZONE: OnceLock<TimeZone> = OnceLock::new();
    let zone = ZONE.get_or_init(TimeZone::system).clone();
    Timestamp::try_from(at).unwrap_or(Timestamp::UNIX_EPOCH).to_zoned(zone)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn times_are_written_as_documented_and_read_back_the_same() {
        let at = SystemTime::UNIX_EPOCH + Duration::from_millis(1_795_000_000_123);
        let text = rfc3339(at);
        assert_eq!(text.parse::<Timestamp>().unwrap(), Timestamp::try_from(at).unwrap(), "{text}");
        assert!(text.len() == 29 && !text.ends_with('Z'), "{text}");
        let plain = plain(at);
        assert_eq!(plain.replace(' ', "T"), text[..19], "{plain}");
        assert_eq!(unix_seconds(at), "1795000000.123000");
        assert!((unix_ms(at) - 1_795_000_000_123.0).abs() < 0.01);
    }
}
