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
        Self { code, what: what.into(), mend: mend.into() }
    }
}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.what, self.mend)
    }
}
