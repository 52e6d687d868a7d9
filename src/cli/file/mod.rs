//! The config file, as a document that is edited and never rewritten by chance.
//!
//! An edit works on the JSON as it stands: members that nobody asked to change keep their place and value,
//! those that this version does not know included. Reading never writes. An edit holds a lock from before it
//! reads until its result is on disk, so two of them never lose each other's work, and the file is replaced
//! in one step: whoever reads it sees the old one or the new one, whole.

mod check;
mod numbers;
mod store;

use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

use crate::cli::environment::Environment;
use crate::cli::failure::Failure;
use crate::config::{self, Checked};

use numbers::Numbers;
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
    pub(crate) root: Map<String, Value>,
    /// Whether there was a file.
    pub(crate) existed: bool,
    /// How its numbers are written there.
    numbers: Numbers,
}

/// What became of an edit.
#[derive(Debug)]
pub(crate) struct Edited<T> {
    pub(crate) outcome: T,
    /// Whether the file was written: not when it would say the same.
    pub(crate) changed: bool,
    pub(crate) path: PathBuf,
    /// Of the new config, as far as they are new; and what was wrong with the old one and still is.
    pub(crate) warnings: Vec<String>,
    /// The old file, if it was to be kept and there was one.
    pub(crate) backup: Option<PathBuf>,
}

/// Whether an edit keeps the old file beside the new one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Backup {
    Keep,
    None,
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
        self.document(self.text()?.as_deref())
    }

    /// What is in the file; `None` if there is none.
    pub(crate) fn text(&self) -> Result<Option<String>, Failure> {
        read_text(&self.path)
    }

    fn document(&self, text: Option<&str>) -> Result<Document, Failure> {
        match text {
            Some(text) => Document::parse(text, &self.path),
            None => Ok(Document { root: Map::new(), existed: false, numbers: Numbers::default() }),
        }
    }

    /// The validated config; all that is wrong with it otherwise.
    pub(crate) fn check(&self) -> Result<Checked, Failure> {
        let Some(text) = read_text(&self.path)? else {
            return Err(Failure::input(format!(
                "there is no config at {}, or an empty one",
                self.path.display()
            ))
            .hint("make one with `llm-router config upsert-provider`, or name another file with --config"));
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
        self.edit_keeping(Backup::None, change)
    }

    /// The same; with a copy of the old file if asked for, and if there is anything to write.
    pub(crate) fn edit_keeping<T>(
        &self,
        keep: Backup,
        change: impl FnOnce(&mut Document) -> Result<T, Failure>,
    ) -> Result<Edited<T>, Failure> {
        let lock = Lock::take(&self.path)?;
        let text = self.text()?;
        let before = self.document(text.as_deref())?;
        let mut after = before.clone();
        if !before.existed {
            after.root.insert("version".to_owned(), config::VERSION.into());
        }
        let outcome = change(&mut after)?;
        let warnings = check::compare(&before, &after, &self.path)?;
        let changed = after.root != before.root || !before.existed;
        let mut backup = None;
        if changed {
            if let Some(text) = text.filter(|_| keep == Backup::Keep) {
                backup = Some(store::back_up(&self.path, text.as_bytes())?);
            }
            lock.replace(after.text().as_bytes())?;
        }
        Ok(Edited { outcome, changed, path: self.path.clone(), warnings, backup })
    }
}

impl Document {
    pub(crate) fn parse(text: &str, path: &Path) -> Result<Self, Failure> {
        let unchanged = "mend it by hand or restore a backup; nothing was changed";
        let (root, repeated) = config::parse_json(text).map_err(|problem| {
            Failure::runtime(format!("{} is {}", path.display(), problem.message)).hint(unchanged)
        })?;
        if !repeated.is_empty() {
            let details = repeated.iter().map(ToString::to_string).collect();
            return Err(Failure::runtime(format!("{} has keys that are written twice", path.display()))
                .details(details)
                .hint(unchanged));
        }
        match root {
            Value::Object(root) => Ok(Self { root, existed: true, numbers: Numbers::of(text) }),
            _ => {
                Err(Failure::runtime(format!("{} does not hold a JSON object", path.display()))
                    .hint(unchanged))
            }
        }
    }

    /// The same document with something else in it.
    pub(crate) fn with(self, root: Map<String, Value>) -> Self {
        Self { root, ..self }
    }

    /// As it is written: two spaces an indent, and a line break at the end.
    pub(crate) fn text(&self) -> String {
        self.numbers.write(&self.root) + "\n"
    }
}

/// A line for each error.
fn listed(report: &config::Report) -> Vec<String> {
    report.errors.iter().map(ToString::to_string).collect()
}
