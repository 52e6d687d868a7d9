//! The config file, as a document that is edited and never rewritten by chance.
//!
//! An edit works on the JSON as it stands: members that nobody asked to change keep their place and value,
//! those that this version does not know included. Reading never writes. An edit holds a lock from before it
//! reads until its result is on disk, so two of them never lose each other's work, and the file is replaced
//! in one step: whoever reads it sees the old one or the new one, whole.

mod store;

use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

use crate::cli::environment::Environment;
use crate::cli::failure::Failure;
use crate::config::{self, Checked};

pub(crate) use store::write_private;
use store::{Lock, read_text};

/// Name of the config file in the home directory.
const DEFAULT_NAME: &str = ".llm-router.json";

/// A config file that may not exist yet.
#[derive(Clone, Debug)]
pub(crate) struct ConfigFile {
    /// Absolute.
    path: PathBuf,
}

/// A config file's content.
#[derive(Clone, Debug)]
pub(crate) struct Document {
    /// Always an object.
    pub(crate) root: Value,
    /// Whether there was a file.
    pub(crate) existed: bool,
}

/// What became of an edit.
#[derive(Debug)]
pub(crate) struct Edited<T> {
    pub(crate) outcome: T,
    /// Whether the file was written: not when it would say the same.
    pub(crate) changed: bool,
    pub(crate) path: PathBuf,
    /// Of the new config.
    pub(crate) warnings: Vec<String>,
}

impl ConfigFile {
    /// `given` is the flag's value, `~` not expanded; without one the file in the home directory is meant.
    pub(crate) fn new(given: Option<&Path>, environment: &Environment) -> Result<Self, Failure> {
        let home = environment.home();
        let path = match (given.filter(|path| !path.as_os_str().is_empty()), home) {
            (Some(path), Some(home)) => match path.strip_prefix("~") {
                Ok(rest) => home.join(rest),
                Err(_) => path.to_owned(),
            },
            (Some(path), None) => path.to_owned(),
            (None, Some(home)) => home.join(DEFAULT_NAME),
            (None, None) => return Err(Failure::input("HOME is not set: name the file with --config")),
        };
        let path = std::path::absolute(&path)
            .map_err(|error| Failure::input(format!("--config {}: {error}", path.display())))?;
        Ok(Self { path })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The document; an empty one if there is no file.
    pub(crate) fn load(&self) -> Result<Document, Failure> {
        let Some(text) = read_text(&self.path)? else {
            return Ok(Document { root: Value::Object(Map::new()), existed: false });
        };
        Document::parse(&text, &self.path)
    }

    /// The validated config; all that is wrong with it otherwise.
    pub(crate) fn check(&self) -> Result<Checked, Failure> {
        let Some(text) = read_text(&self.path)? else {
            return Err(Failure::input(format!("there is no config at {}", self.path.display())).hint(
                "make one with `llm-router config upsert-provider`, or name another file with --config",
            ));
        };
        config::read(&text).map_err(|report| {
            Failure::input(format!("{} is not a valid config", self.path.display())).details(listed(&report))
        })
    }

    /// Changes the document by `change` and writes it, if the result is valid. On any error nothing is
    /// written. A file that was invalid before may be mended step by step: an edit that brings no new
    /// problem is accepted.
    pub(crate) fn edit<T>(
        &self,
        change: impl FnOnce(&mut Document) -> Result<T, Failure>,
    ) -> Result<Edited<T>, Failure> {
        let lock = Lock::take(&self.path)?;
        let before = self.load()?;
        let mut after = before.clone();
        let outcome = change(&mut after)?;
        let warnings = checked(&before, &after, &self.path)?;
        let changed = after.root != before.root || !before.existed;
        if changed {
            lock.replace(after.text().as_bytes())?;
        }
        Ok(Edited { outcome, changed, path: self.path.clone(), warnings })
    }
}

impl Document {
    pub(crate) fn parse(text: &str, path: &Path) -> Result<Self, Failure> {
        let root: Value = serde_json::from_str(text).map_err(|error| {
            Failure::runtime(format!(
                "{} is not valid JSON (line {}, column {})",
                path.display(),
                error.line(),
                error.column()
            ))
            .hint("mend it by hand or restore a backup; nothing was changed")
        })?;
        if !root.is_object() {
            return Err(Failure::runtime(format!("{} does not hold a JSON object", path.display())));
        }
        Ok(Self { root, existed: true })
    }

    /// As it is written: two spaces an indent, and a line break at the end.
    pub(crate) fn text(&self) -> String {
        format!("{:#}\n", self.root)
    }
}

/// Warnings of the new document; its problems, if it has any that the old one had not.
fn checked(before: &Document, after: &Document, path: &Path) -> Result<Vec<String>, Failure> {
    let problems = |document: &Document| match config::read(&document.text()) {
        Ok(checked) => Ok(checked.warnings.iter().map(ToString::to_string).collect::<Vec<_>>()),
        Err(report) => Err(report),
    };
    let report = match problems(after) {
        Ok(warnings) => return Ok(warnings),
        Err(report) => report,
    };
    let known: Vec<String> = match problems(before) {
        Ok(_) => Vec::new(),
        Err(report) if before.existed => listed(&report),
        Err(_) => Vec::new(),
    };
    let all = listed(&report);
    if all.iter().all(|problem| known.contains(problem)) {
        return Ok(all.into_iter().map(|problem| format!("still wrong: {problem}")).collect());
    }
    let refused = format!("{} would not be valid any more", path.display());
    Err(Failure::input(refused).details(listed(&report)).hint("nothing was written"))
}

fn listed(report: &config::Report) -> Vec<String> {
    report.errors.iter().map(ToString::to_string).collect()
}
