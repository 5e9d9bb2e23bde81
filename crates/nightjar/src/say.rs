//! The program's own words: answers to standard output, faults to standard error.

use std::io::{self, Write as _};

/// A line of an answer.
///
/// # Errors
/// When nobody takes it, as with `nightjar config show | head -1`.
pub(crate) fn line(line: &str) -> io::Result<()> {
    text(&format!("{line}\n"))
}

/// An answer as it stands.
///
/// # Errors
/// When nobody takes it.
pub(crate) fn text(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()
}

/// A word beside the answer, for a person; scripts that read standard output do not see it.
pub(crate) fn note(text: &str) {
    io::stderr().lock().write_all(format!("{text}\n").as_bytes()).unwrap_or_default();
}

/// What went wrong. There is nobody to tell when this fails.
pub(crate) fn fault(text: &str) {
    io::stderr().lock().write_all(format!("nightjar: {text}\n").as_bytes()).unwrap_or_default();
}
