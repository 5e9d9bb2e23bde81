//! What is wrong with a configuration: all of it at once, each with its place and its mend.

use std::fmt;
use std::path::PathBuf;

use super::kind::Refused;
use crate::say::plain;

/// Problems that are printed; whoever has more has one that makes the others.
const PRINTED: usize = 50;
/// Characters of a name or value that are repeated in a message.
const ECHOED: usize = 64;

/// Where a value comes from, lowest first: a higher one wins.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Origin {
    /// Built in.
    Default,
    /// The configuration file.
    File {
        /// As it was named.
        path: PathBuf,
        /// From 1; 0 for the file as a whole.
        line: usize,
        /// From 1.
        column: usize,
    },
    /// `settings.toml` in the data directory: changed over HTTP.
    Changed {
        /// The file.
        path: PathBuf,
        /// From 1.
        line: usize,
        /// From 1.
        column: usize,
    },
    /// A variable of the environment.
    Environment(String),
    /// A flag of the command line.
    Flag(&'static str),
}

impl Origin {
    /// Which layer it is; a higher one wins.
    pub(crate) fn rank(&self) -> u8 {
        match self {
            Self::Default => 0,
            Self::File { .. } => 1,
            Self::Changed { .. } => 2,
            Self::Environment(_) => 3,
            Self::Flag(_) => 4,
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File { path, line, column } | Self::Changed { path, line, column } => {
                f.write_str(&plain(&path.display().to_string()))?;
                if *line > 0 { write!(f, ":{line}:{column}") } else { Ok(()) }
            }
            Self::Environment(name) => write!(f, "environment {}", short(name)),
            Self::Flag(name) => write!(f, "flag {name}"),
        }
    }
}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Problem {
    /// Where.
    pub(crate) origin: Origin,
    /// Which key, or empty if it is about the file.
    pub(crate) key: String,
    /// What was found, a fragment: "found `200`", "unknown key".
    pub(crate) what: String,
    /// What is allowed or what to do, a fragment.
    pub(crate) mend: String,
    /// What may have been meant.
    pub(crate) nearest: Option<String>,
}

impl Problem {
    /// A value that the key does not allow.
    pub(crate) fn refused(origin: Origin, key: String, refused: Refused) -> Self {
        let Refused { found, allowed, nearest } = refused;
        Self { origin, key, what: format!("found {found}"), mend: format!("allowed: {allowed}"), nearest }
    }

    /// A name that a later version will know.
    pub(crate) fn later(origin: Origin, key: impl Into<String>, what: &str) -> Self {
        Self::new(origin, key, format!("this version cannot do {what} yet"), "take it away")
    }

    /// Anything else.
    pub(crate) fn new(
        origin: Origin,
        key: impl Into<String>,
        what: impl Into<String>,
        mend: impl Into<String>,
    ) -> Self {
        Self { origin, key: key.into(), what: what.into(), mend: mend.into(), nearest: None }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.origin)?;
        if !self.key.is_empty() {
            write!(f, "{}: ", plain(&self.key))?;
        }
        f.write_str(&plain(&self.what))?;
        if let Some(nearest) = &self.nearest {
            write!(f, "; did you mean `{nearest}`?")?;
        }
        if !self.mend.is_empty() {
            write!(f, "; {}", plain(&self.mend))?;
        }
        Ok(())
    }
}

/// Everything that is wrong with a configuration. Never empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Problems(pub(crate) Vec<Problem>);

impl Problems {
    /// A line each, as many as are worth printing.
    pub(crate) fn lines(&self) -> impl Iterator<Item = String> {
        self.0.iter().take(PRINTED).map(ToString::to_string)
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.len() {
            1 => f.write_str("the configuration has a problem:")?,
            n => write!(f, "the configuration has {n} problems:")?,
        }
        for problem in self.0.iter().take(PRINTED) {
            write!(f, "\n  {problem}")?;
        }
        match self.0.len().saturating_sub(PRINTED) {
            0 => Ok(()),
            more => write!(f, "\n  and {more} more"),
        }
    }
}

impl std::error::Error for Problems {}

impl Problems {
    /// In the order of the layers, and within a file of its lines.
    pub(crate) fn ordered(mut problems: Vec<Problem>) -> Self {
        problems.sort_by_key(|problem| match &problem.origin {
            Origin::File { line, column, .. } | Origin::Changed { line, column, .. } => {
                (problem.origin.rank(), *line, *column)
            }
            other => (other.rank(), 0, 0),
        });
        Self(problems)
    }
}

/// A name or a value as a message repeats it: plain, and cut where it is long.
pub(crate) fn short(text: &str) -> String {
    let mut letters = text.chars();
    let mut shown = plain(&letters.by_ref().take(ECHOED).collect::<String>());
    if letters.next().is_some() {
        shown.push('…');
    }
    shown
}

/// The word of `known` that `word` was most likely meant to be; none if nothing is close.
pub(crate) fn nearest<'a>(word: &str, known: impl Iterator<Item = &'a str>) -> Option<String> {
    let word = word.to_ascii_lowercase();
    // A word that a known name ends in (`timeout` for `client_timeout`) counts as close.
    let part = |name: &str| word.len() > 3 && name.ends_with(&format!("_{word}"));
    known
        .map(|name| (name.to_ascii_lowercase(), name))
        .map(|(low, name)| (if part(&low) { 0.9 } else { strsim::jaro_winkler(&word, &low) }, name))
        .filter(|(score, _)| *score > 0.75)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, name)| name.to_owned())
}
