//! What is wrong with a config, and where.

use std::fmt;

/// One thing to fix.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// JSON path of the value, `$` is the whole file: `$.providers[0].rateLimits[1].window.unit`.
    pub path: String,
    /// What is wrong and what to write instead. Never holds a secret.
    pub message: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path, self.message)
    }
}

/// All that a reader found, part by part, references between them last. `errors` make a config unusable,
/// `warnings` do not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    pub errors: Vec<Problem>,
    pub warnings: Vec<Problem>,
}

/// A line for each problem, errors first.
impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let errors = self.errors.iter().map(|problem| ("error", problem));
        let warnings = self.warnings.iter().map(|problem| ("warning", problem));
        for (index, (kind, problem)) in errors.chain(warnings).enumerate() {
            let separator = if index == 0 { "" } else { "\n" };
            write!(f, "{separator}{kind}: {problem}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Report {}
