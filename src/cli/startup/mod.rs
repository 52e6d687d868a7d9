//! The gateway as a service that the system starts: a systemd user unit, a launchd agent.
//!
//! ```text
//! install ─ unit | plist (text) ─ service (file, manager's commands) ─ status, uninstall; also stop, reload
//!                └ installed
//! ```
//!
//! No secret is ever in the service's file: keys are in the config and in the environment file.

mod install;
mod installed;
mod plist;
mod service;
mod status;
mod tool;
mod uninstall;
mod unit;
mod variables;

use std::path::PathBuf;

pub(crate) use install::install;
pub(crate) use installed::installed;
pub(crate) use service::{Presence, Service};
pub(crate) use status::status;
pub(crate) use uninstall::uninstall;

/// What a service runs, and with what.
#[derive(Debug)]
struct Job {
    program: PathBuf,
    arguments: Vec<String>,
    /// Nothing secret.
    environment: Vec<(String, String)>,
    /// Read at each start, if it is there then.
    environment_file: PathBuf,
    /// Where launchd puts what is printed; systemd has its journal.
    logs: PathBuf,
}

/// The one thing that `text` cannot have in a unit or a plist: what ends a line, or is no text at all.
fn has_control(text: &str) -> bool {
    text.chars().any(char::is_control)
}
