//! The native shell: `llm-router` on a machine of one's own.
//!
//! [`main`] turns what was typed (`args`) into a command, runs it, and maps its end to an exit status:
//! 0 done, 1 it could not be done, 2 the input has to change first (arguments, config).
//!
//! Only `print` writes to stdout and stderr. Stdout is the answer, stderr is everything said on the way.

#![expect(clippy::disallowed_methods, reason = "native only")]

mod args;
mod demo;
mod environment;
mod explain;
mod failure;
mod print;
mod reach;
mod screen;
mod start;
mod status;

use std::process::ExitCode;

use clap::Parser;

use environment::Environment;
use failure::Failure;

/// The Worker's modules, in the order of [`crate::deployment::MODULES`]. Empty ones mean that it was not built.
#[derive(Clone, Copy)]
pub struct Bundle {
    pub modules: [&'static [u8]; 3],
}

/// Runs the command line of this process.
pub fn main(bundle: Bundle) -> ExitCode {
    // Somebody else's choice, made before, is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let arguments = match args::Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => return print::clap(&error),
    };
    match run(arguments, bundle) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            print::failure(&failure);
            failure.exit.into()
        }
    }
}

fn run(arguments: args::Arguments, bundle: Bundle) -> Result<(), Failure> {
    let environment = Environment::of_process();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2) // the work is in workerd; here are signals, log lines and the demo
        .enable_all()
        .build()
        .map_err(|error| Failure::runtime(format!("cannot start the async runtime: {error}")))?;
    match arguments.command {
        args::Command::Start(typed) => {
            let options = start::Options::new(typed, &environment)?;
            runtime.block_on(start::run(options, bundle, environment))
        }
        args::Command::Status(typed) => runtime.block_on(status::run(typed, &environment)),
        args::Command::Explain(typed) => runtime.block_on(explain::run(typed, &environment)),
    }
}
