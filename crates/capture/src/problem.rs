//! What is wrong with a source, in words for the person who can mend it.

/// Why a source gives no pictures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// For programs: never changes once released.
    pub code: &'static str,
    /// What was found, one sentence, without credentials.
    pub what: String,
    /// One thing to do about it.
    pub mend: String,
}

impl Problem {
    pub(crate) fn new(code: &'static str, what: impl Into<String>, mend: impl Into<String>) -> Self {
        let (what, mend) = (without_code(&what.into()), mend.into());
        // The page shows this sentence as it is; `what` may quote a file's name.
        debug_assert!(!mend.contains('`'), "marks of markup in {mend}");
        Self { code, what, mend }
    }
}

/// Words of the system's without its number for them: " (os error 111)" tells people nothing.
fn without_code(words: &str) -> String {
    let mut parts = words.split(" (os error ");
    let mut clean = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let rest = part.trim_start_matches(|c: char| c.is_ascii_digit());
        clean.push_str(rest.strip_prefix(')').unwrap_or(rest));
    }
    clean
}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.what, self.mend)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_the_system_are_left_out() {
        let error = std::io::Error::from_raw_os_error(12);
        assert!(error.to_string().contains("os error"), "{error}");
        for (what, shown) in [
            (format!("It could not be run: {error}."), "It could not be run: Cannot allocate memory."),
            (format!("{error}; {error}"), "Cannot allocate memory; Cannot allocate memory"),
            ("It is gone.".to_owned(), "It is gone."),
        ] {
            assert_eq!(Problem::new("system", what, "Look.").what, shown);
        }
    }
}
