//! How a command fails: what went wrong, what to do about it, whose turn it is.

use std::process::ExitCode;

use serde_json::{Value, json};

/// The end of a command that did not do what it was asked for.
#[derive(Clone, Debug)]
pub(crate) struct Failure {
    pub(crate) exit: Exit,
    /// What went wrong, one line; for a list of problems, its heading.
    pub(crate) message: String,
    /// All that is wrong, each with its place. Empty for most failures.
    pub(crate) details: Vec<String>,
    /// What to do now.
    pub(crate) hint: Option<String>,
}

/// Whose turn it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Status 1: the input was fine, the machine was not.
    Runtime,
    /// Status 2: the arguments or the config have to change first.
    Input,
    /// Status 130: somebody pressed Ctrl-C.
    Interrupted,
}

impl Failure {
    pub(crate) fn runtime(message: impl Into<String>) -> Self {
        Self::new(Exit::Runtime, message.into())
    }

    pub(crate) fn input(message: impl Into<String>) -> Self {
        Self::new(Exit::Input, message.into())
    }

    pub(crate) fn interrupted() -> Self {
        Self::new(Exit::Interrupted, "cancelled; what was saved before stays".to_owned())
    }

    pub(crate) fn hint(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }

    pub(crate) fn details(self, details: Vec<String>) -> Self {
        Self { details, ..self }
    }

    /// Adds to what is wrong.
    pub(crate) fn details_also(mut self, details: Vec<String>) -> Self {
        self.details.extend(details);
        self
    }

    /// As documented in the README.
    pub(crate) fn json(&self) -> Value {
        json!({
            "ok": false,
            "error": { "message": self.message, "details": self.details, "hint": self.hint },
            "exitCode": self.exit.status(),
        })
    }

    fn new(exit: Exit, message: String) -> Self {
        Self { exit, message, details: Vec::new(), hint: None }
    }
}

impl Exit {
    fn status(self) -> u8 {
        match self {
            Self::Runtime => 1,
            Self::Input => 2,
            Self::Interrupted => 130,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.status())
    }
}

/// What is wrong with the arguments: the first line says it, tips are hints.
impl From<clap::Error> for Failure {
    fn from(error: clap::Error) -> Self {
        let text = error.render().to_string();
        let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
        let message = lines.next().unwrap_or_default();
        let message = message.strip_prefix("error: ").unwrap_or(message);
        let mut failure = Self::input(message);
        for line in lines {
            match line.strip_prefix("tip: ") {
                Some(tip) if failure.hint.is_none() => failure.hint = Some(tip.to_owned()),
                _ => failure.details.push(line.to_owned()),
            }
        }
        failure
    }
}
