//! Times as they go over the wire: RFC 3339 with the offset that local time had.

use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::{Offset, TimeZone};

/// `2026-11-20T10:11:12.123+01:00`.
pub(crate) fn rfc3339(at: Timestamp, utc_offset: i32) -> String {
    let offset = Offset::from_seconds(utc_offset).unwrap_or(Offset::UTC);
    at.to_zoned(TimeZone::fixed(offset)).strftime("%Y-%m-%dT%H:%M:%S%.3f%:z").to_string()
}

/// The same with the offset of the server's own zone at that time.
pub(crate) fn local(at: Timestamp) -> String {
    rfc3339(at, zone().to_offset(at).seconds())
}

/// The server's zone, read once, so that no request waits for the disk.
pub(crate) fn zone() -> &'static TimeZone {
    static ZONE: std::sync::OnceLock<TimeZone> = std::sync::OnceLock::new();
    ZONE.get_or_init(TimeZone::system)
}

/// Seconds with three digits behind the point.
pub(crate) fn seconds(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 1e3).round() / 1e3
}

/// A share with four digits behind the point; what is no number is none.
pub(crate) fn share(value: f32) -> f64 {
    let rounded = (f64::from(value) * 1e4).round() / 1e4;
    if rounded.is_finite() { rounded } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_carries_the_offset_it_was_taken_with() {
        let at = Timestamp::from_millisecond(1_795_000_000_123).unwrap();
        assert_eq!(rfc3339(at, 3600), "2026-11-18T12:06:40.123+01:00");
        assert_eq!(rfc3339(at, -12_600), "2026-11-18T07:36:40.123-03:30");
        assert_eq!(rfc3339(at, 0), "2026-11-18T11:06:40.123+00:00");
        assert_eq!(rfc3339(at, i32::MAX), rfc3339(at, 0), "an offset that is none");
        assert_eq!(local(at).parse::<Timestamp>().unwrap(), at);
    }

    #[test]
    fn figures_are_short_and_finite() {
        assert!((seconds(Duration::from_micros(1_234_567)) - 1.235).abs() < 1e-9);
        assert_eq!((share(0.123_456), share(f32::NAN), share(f32::INFINITY)), (0.1235, 0.0, 0.0));
    }
}
