//! How a command fails: what went wrong, what to do about it, whose turn it is.

use std::process::ExitCode;

/// The end of a command that did not do what it was asked for.
#[derive(Debug)]
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
}

impl Failure {
    pub(crate) fn runtime(message: impl Into<String>) -> Self {
        Self::new(Exit::Runtime, message.into())
    }

    pub(crate) fn input(message: impl Into<String>) -> Self {
        Self::new(Exit::Input, message.into())
    }

    pub(crate) fn hint(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }

    pub(crate) fn details(self, details: Vec<String>) -> Self {
        Self { details, ..self }
    }

    fn new(exit: Exit, message: String) -> Self {
        Self { exit, message, details: Vec::new(), hint: None }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        match exit {
            Exit::Runtime => Self::from(1),
            Exit::Input => Self::from(2),
        }
    }
}
