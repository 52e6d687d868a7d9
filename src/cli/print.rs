//! The one place that writes to stdout and stderr.
//!
//! A stream that nobody reads any more is no reason to stop a gateway: write errors are dropped here, and
//! nowhere else.

use std::fmt::Display;
use std::io::{self, Write};
use std::process::ExitCode;

use serde_json::Value;

use super::failure::Failure;

/// The answer to the command, on stdout.
pub(crate) fn answer(text: &str) {
    let mut stdout = io::stdout().lock();
    let _ = stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush());
}

/// The same of an answer that goes on: whether anybody still reads it.
pub(crate) fn frame(text: &str) -> bool {
    let mut stdout = io::stdout().lock();
    stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()).is_ok()
}

/// The same for programs: one object on one line.
pub(crate) fn json(object: &Value) {
    answer(&format!("{object}\n"));
}

/// What should not be missed.
pub(crate) fn note(text: impl Display) {
    stderr(format_args!("note: {text}"));
}

/// Progress and events.
pub(crate) fn log(text: impl Display) {
    stderr(format_args!("llm-router: {text}"));
}

pub(crate) fn warning(text: impl Display) {
    stderr(format_args!("warning: {text}"));
}

pub(crate) fn warnings(texts: &[String]) {
    texts.iter().for_each(warning);
}

/// A line that `workerd` printed.
pub(crate) fn workerd(line: &str) {
    stderr(format_args!("workerd: {line}"));
}

pub(crate) fn failure(failure: &Failure) {
    stderr(format_args!("error: {}", failure.message));
    for detail in &failure.details {
        stderr(format_args!("  {detail}"));
    }
    if let Some(hint) = &failure.hint {
        stderr(format_args!("hint: {hint}"));
    }
}

/// Help and version, or what is wrong with the arguments.
pub(crate) fn clap(error: &clap::Error) -> ExitCode {
    let _ = error.print();
    u8::try_from(error.exit_code()).map_or(ExitCode::FAILURE, ExitCode::from)
}

/// One write a line, so that lines of two threads do not mix.
fn stderr(line: impl Display) {
    let line = format!("{line}\n");
    let _ = io::stderr().lock().write_all(line.as_bytes());
}

/// Progress of something long, on stderr. It comes with its own line breaks, or goes back over its line.
pub(crate) fn progress(text: &str) {
    let mut stderr = io::stderr().lock();
    let _ = stderr.write_all(text.as_bytes()).and_then(|()| stderr.flush());
}
