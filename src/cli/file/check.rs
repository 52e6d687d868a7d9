//! What an edit does to the validity of a file.

use std::path::Path;

use super::Document;
use crate::cli::failure::Failure;
use crate::config::{self, Problem, Report};

/// What is odd about `after` and was not about `before`. Fails if `after` has an error that `before` has not.
pub(super) fn compare(before: &Document, after: &Document, path: &Path) -> Result<Vec<String>, Failure> {
    let (old, new) = (report(before), report(after));
    let fresh = news(&old.errors, &new.errors);
    if !fresh.is_empty() {
        let refused = if before.existed {
            format!("{} would not be valid any more", path.display())
        } else {
            format!("{} would not be valid", path.display())
        };
        return Err(Failure::input(refused).details(fresh).hint("nothing was written"));
    }
    let still = new.errors.iter().map(|problem| format!("still wrong: {problem}"));
    Ok(news(&old.warnings, &new.warnings).into_iter().chain(still).collect())
}

fn report(document: &Document) -> Report {
    match config::read(&document.text()) {
        Ok(checked) => Report { errors: Vec::new(), warnings: checked.warnings },
        Err(report) => report,
    }
}

/// The problems of `after` that are not among those of `before`.
fn news(before: &[Problem], after: &[Problem]) -> Vec<String> {
    let mut known: Vec<String> = before.iter().map(shape).collect();
    let mut fresh = Vec::new();
    for problem in after {
        let shape = shape(problem);
        match known.iter().position(|other| *other == shape) {
            Some(at) => drop(known.swap_remove(at)),
            None => fresh.push(problem.to_string()),
        }
    }
    fresh
}

/// A problem without the positions in its path: they move when something before it is removed.
fn shape(problem: &Problem) -> String {
    let path: String = problem.path.split_inclusive('[').map(|part| part.trim_start_matches(digit)).collect();
    format!("{path}: {}", problem.message)
}

fn digit(c: char) -> bool {
    c.is_ascii_digit()
}
