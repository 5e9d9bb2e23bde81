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
    let text = lines(text);
    io::stderr().lock().write_all(format!("{text}\n").as_bytes()).unwrap_or_default();
}

/// What went wrong. There is nobody to tell when this fails.
pub(crate) fn fault(text: &str) {
    let text = lines(text);
    io::stderr().lock().write_all(format!("nightjar: {text}\n").as_bytes()).unwrap_or_default();
}

/// With control characters shown as what they are (`\\x1b`), so that nothing that was found in a file, or is a file's
/// name, can steer the terminal or forge a line.
pub(crate) fn plain(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' => shown.push_str("\\n"),
            '\t' => shown.push_str("\\t"),
            c if c.is_control() => shown.push_str(&format!("\\x{:02x}", u32::from(c))),
            // Those turn the direction of what follows.
            '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => shown.extend(c.escape_unicode()),
            c => shown.push(c),
        }
    }
    shown
}

/// The same for a text of several lines.
fn lines(text: &str) -> String {
    text.split('\n').map(plain).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_steers_a_terminal_is_shown_instead() {
        assert_eq!(plain("a\x1b[2Jb\r\n\u{9b}\u{202e}é"), "a\\x1b[2Jb\\x0d\\n\\x9b\\u{202e}é");
        assert_eq!(lines("one\n\x07two"), "one\n\\x07two");
    }
}
