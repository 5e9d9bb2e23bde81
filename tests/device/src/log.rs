//! What was asked of the camera: `$TEST_DEVICE/log`, a line each, with the monotonic time in nanoseconds before it.

use std::fs::OpenOptions;
use std::io::Write;
use std::path::Path;

use crate::system::now_ns;

/// Adds a line. A log that cannot be written is no reason to fail the program that is being watched.
pub(crate) fn note(folder: &Path, what: &str) {
    let line = format!("{} {what}\n", now_ns());
    if let Ok(mut file) = OpenOptions::new().append(true).create(true).open(folder.join("log")) {
        drop(file.write_all(line.as_bytes()));
    }
}
