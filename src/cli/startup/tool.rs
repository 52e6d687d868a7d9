//! Running the service manager's own command.

use std::path::Path;
use std::process::{Command, Stdio};

use crate::cli::environment::Environment;
use crate::cli::failure::Failure;

/// How a run ended.
#[derive(Debug)]
pub(super) struct Said {
    pub(super) ok: bool,
    pub(super) stdout: String,
    /// What it complained of, in one line.
    pub(super) complaint: String,
}

/// Whether there is a program of this name.
pub(super) fn exists(program: &str, environment: &Environment) -> bool {
    let places = environment.get("PATH").into_iter().flat_map(std::env::split_paths);
    places.map(|place| place.join(program)).any(|path| Path::is_file(&path))
}

/// Runs it to its end, whatever that is.
pub(super) fn ask(words: &[&str]) -> Result<Said, Failure> {
    let Some((program, arguments)) = words.split_first() else {
        return Err(Failure::runtime("there is no command to run"));
    };
    let output = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .output()
        .map_err(|error| Failure::runtime(format!("cannot run {program}: {error}")))?;
    let stderr = String::from_utf8_lossy(&output.stderr);
    let complaint: Vec<&str> = stderr.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    Ok(Said {
        ok: output.status.success(),
        stdout: String::from_utf8_lossy(&output.stdout).trim().to_owned(),
        complaint: if complaint.is_empty() { output.status.to_string() } else { complaint.join("; ") },
    })
}

/// Runs what has to succeed.
pub(super) fn run(words: &[&str]) -> Result<(), Failure> {
    let said = ask(words)?;
    if said.ok {
        return Ok(());
    }
    let failure = Failure::runtime(format!("`{}` failed: {}", words.join(" "), said.complaint));
    Err(if said.complaint.contains("bus") {
        failure.hint("log in as this user directly: `su` and `sudo` start no session of the service manager")
    } else {
        failure
    })
}
