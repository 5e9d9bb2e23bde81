//! Durations (`10s`, `5m`, `7d`, `500ms`) and sizes (`500MB`, `2GiB`) as people write them.

use std::time::Duration;

const DURATIONS: [(&str, u64); 5] =
    [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1)];
const SIZES: [(&str, u64); 9] = [
    ("TiB", 1 << 40),
    ("GiB", 1 << 30),
    ("MiB", 1 << 20),
    ("KiB", 1 << 10),
    ("TB", 1_000_000_000_000),
    ("GB", 1_000_000_000),
    ("MB", 1_000_000),
    ("kB", 1_000),
    ("B", 1),
];

/// A number with one unit behind it; a fraction (`1.5s`) is allowed as long as it comes out whole.
fn parse(text: &str, units: &[(&str, u64)], ignore_case: bool) -> Option<u64> {
    let text = text.trim();
    let end = text.find(|c: char| !(c.is_ascii_digit() || c == '.'))?;
    let (number, unit) = (&text[..end], text[end..].trim_start());
    let same = |name: &str| if ignore_case { name.eq_ignore_ascii_case(unit) } else { name == unit };
    let scale = units.iter().find(|(name, _)| same(name))?.1;
    let (whole, fraction) = number.split_once('.').unwrap_or((number, "0"));
    if whole.is_empty() || fraction.is_empty() || fraction.len() > 6 || fraction.contains('.') {
        return None;
    }
    let parts = u32::try_from(fraction.len()).ok()?;
    let fine = fraction.parse::<u64>().ok()?.checked_mul(scale)?;
    let divisor = 10_u64.checked_pow(parts)?;
    let coarse = whole.parse::<u64>().ok()?.checked_mul(scale)?;
    fine.is_multiple_of(divisor).then(|| coarse.checked_add(fine / divisor))?
}

/// The largest unit that holds the value whole.
fn format(value: u64, units: &[(&str, u64)], zero: &str) -> String {
    if value == 0 {
        return zero.into();
    }
    units
        .iter()
        .find(|(_, scale)| value.is_multiple_of(*scale))
        .map_or_else(|| value.to_string(), |(unit, scale)| format!("{}{unit}", value / scale))
}

/// `10s`, `5m`, `7d`, `500ms`; anything else, a bare number too, is `None`.
pub(crate) fn parse_duration(text: &str) -> Option<Duration> {
    parse(text, &DURATIONS, false).map(Duration::from_millis)
}

/// The shortest way to write it; below a millisecond is cut.
pub(crate) fn format_duration(value: Duration) -> String {
    format(u64::try_from(value.as_millis()).unwrap_or(u64::MAX), &DURATIONS, "0s")
}

/// `500MB` (powers of ten), `2GiB` (powers of two), in bytes.
pub(crate) fn parse_size(text: &str) -> Option<u64> {
    parse(text, &SIZES, true)
}

/// The shortest way to write so many bytes.
pub(crate) fn format_size(value: u64) -> String {
    format(value, &SIZES, "0B")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_units_of_the_handbook_are_read() {
        let ms = |text| parse_duration(text).map(|d| d.as_millis());
        assert_eq!(ms("10s"), Some(10_000));
        assert_eq!(ms("5m"), Some(300_000));
        assert_eq!(ms("7d"), Some(604_800_000));
        assert_eq!(ms("500ms"), Some(500));
        assert_eq!(ms("1.5s"), Some(1_500));
        assert_eq!(parse_size("500MB"), Some(500_000_000));
        assert_eq!(parse_size("2GiB"), Some(2 << 30));
        assert_eq!(parse_size("1.5 gib"), Some(3 << 29));
    }

    #[test]
    fn what_has_no_unit_or_no_number_is_refused() {
        for text in
            ["", "10", "s", "-1s", "1.s", ".5s", "1s2m", "1..5s", "1e3s", "9999999999999999999d", "1M"]
        {
            assert_eq!(parse_duration(text), None, "{text}");
        }
        for text in ["", "10", "MB", "1.5B", "-1GB", "1 GBs", "999999999999TiB"] {
            assert_eq!(parse_size(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn a_duration_survives_being_written_and_read(ms in 0u64..10_000_000_000) {
            let value = Duration::from_millis(ms);
            prop_assert_eq!(parse_duration(&format_duration(value)), Some(value));
        }

        #[test]
        fn a_size_survives_being_written_and_read(bytes in 0u64..u64::MAX / 2) {
            prop_assert_eq!(parse_size(&format_size(bytes)), Some(bytes));
        }

        #[test]
        fn no_text_makes_the_parsers_panic(text in "\\PC{0,24}") {
            let _ = (parse_duration(&text), parse_size(&text));
        }
    }
}
