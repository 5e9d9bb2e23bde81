//! The shapes that go over the wire. Nothing else in this crate derives `Serialize`.

use std::fmt::Write;

pub(crate) mod event;
pub(crate) mod legacy;
pub(crate) mod list;
pub(crate) mod overview;
pub(crate) mod schema;
pub(crate) mod time;
pub(crate) mod track;

/// What an event may be called, as people are told.
pub(crate) const LABEL_WORDS: [&str; 5] = ["person", "vehicle", "animal", "environment", "unknown"];

/// Hexadecimal, lower case.
pub(crate) fn hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        // Writing to a String cannot fail.
        write!(text, "{byte:02x}").unwrap_or_default();
    }
    text
}

/// MiB with two digits behind the point.
pub(crate) fn mebibytes(bytes: u64) -> f64 {
    (bytes as f64 / 1_048_576.0 * 100.0).round() / 100.0
}
