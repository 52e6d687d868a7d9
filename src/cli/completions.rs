//! `completions`: from the definitions of the arguments.

use clap::CommandFactory;

use super::answer::Answer;
use super::args;

/// The script for a shell.
pub(crate) fn run(typed: &args::Completions) -> Answer {
    let mut script = Vec::new();
    clap_complete::generate(typed.shell, &mut args::Arguments::command(), "llm-router", &mut script);
    let script = String::from_utf8_lossy(&script).into_owned();
    let mut answer = Answer::new("completions");
    answer.put("shell", typed.shell.to_string()).put("script", script.as_str());
    answer.verbatim(script);
    answer
}
