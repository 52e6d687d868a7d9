//! `update`: a newer llm-router, by what installed this one.
//!
//! ```text
//! origin (who installed this file?) ─ registry (what is newest?) ─ confirm ─ install ─ restart
//! ```
//!
//! Nothing is guessed: a name in a registry may be somebody else's program, so only the installer's own record
//! of this very file counts, and a build from source is never replaced by what has its name elsewhere.

mod origin;
mod registry;

use std::process::{Command, Stdio};

use super::answer::Answer;
use super::args;
use super::confirm::{confirm, is_terminal};
use super::environment::Environment;
use super::failure::Failure;
use super::{print, process, start};

const CURRENT: &str = env!("CARGO_PKG_VERSION");

/// Updates this program.
pub(crate) async fn run(typed: &args::Update, environment: &Environment) -> Result<Answer, Failure> {
    let program = std::env::current_exe()
        .and_then(std::fs::canonicalize)
        .map_err(|error| Failure::runtime(format!("cannot tell where this program is: {error}")))?;
    let state_dir = start::state_directory(typed.state_dir.clone(), environment)?;
    let origin = origin::of(&program);
    if let Some(reason) = origin.hopeless(&program) {
        return Err(reason);
    }
    let yes = typed.yes.unwrap_or(false);
    if !yes && !is_terminal() {
        return Err(Failure::input("a script has to say --yes to let programs be installed"));
    }

    let version = match &typed.version {
        Some(version) => version.clone(),
        None => registry::newest(&origin)?,
    };
    let mut answer = Answer::new("update");
    answer.put("installer", origin.installer()).put("before", CURRENT).put("after", version.as_str());
    // An older one has to be named: a registry may lag behind.
    if version == CURRENT || typed.version.is_none() && !registry::is_newer(&version, CURRENT) {
        answer.line(format!("{CURRENT} is installed, and {version} is the newest")).put("changed", false);
        return Ok(answer);
    }

    let words = origin.install(&version);
    let command = words.join(" ");
    if !yes {
        confirm(&format!("Go from {CURRENT} to {version} with `{command}`?"), true)?;
    }
    install(&words)?;
    answer
        .line(format!("updated from {CURRENT} to {version}"))
        .line(format!("installer={}", origin.installer()))
        .line(format!("command={command}"))
        .put("command", command)
        .put("changed", true);
    // The update is done; what becomes of the gateway does not undo it.
    if let Err(failure) = process::restart_for_update(&state_dir, &mut answer, environment).await {
        answer.note(format!("the running gateway was not started again: {}", failure.message));
    }
    Ok(answer)
}

/// What the installer says is progress: it goes to stderr, where answers are not.
fn install(words: &[String]) -> Result<(), Failure> {
    let Some((program, arguments)) = words.split_first() else {
        return Err(Failure::runtime("there is no command to run"));
    };
    print::log(format_args!("running `{}`", words.join(" ")));
    let status = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(std::io::stderr())
        .status()
        .map_err(|error| Failure::runtime(format!("cannot run {program}: {error}")))?;
    if status.success() {
        Ok(())
    } else {
        Err(Failure::runtime(format!("`{}` failed ({status})", words.join(" ")))
            .hint("what it said is above; the old version is still there unless it says otherwise"))
    }
}
