//! `completions`: from the definitions of the arguments.

use clap::CommandFactory;

use super::{args, print};

/// Prints the script for a shell.
pub(crate) fn run(typed: &args::Completions) {
    let mut script = Vec::new();
    clap_complete::generate(typed.shell, &mut args::Arguments::command(), "llm-router", &mut script);
    print::answer(&String::from_utf8_lossy(&script));
}
