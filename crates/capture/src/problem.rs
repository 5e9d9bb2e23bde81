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
        let (what, mend) = (what.into(), mend.into());
        // The page shows this sentence as it is; `what` may quote a file's name.
        debug_assert!(!mend.contains('`'), "marks of markup in {mend}");
        Self { code, what, mend }
    }
}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.what, self.mend)
    }
}
