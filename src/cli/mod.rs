//! The native shell: `llm-router` on a machine of one's own.
//!
//! [`main`] brings what was typed into one spelling (`argv`), turns it into a command (`args`), runs it, and
//! maps its end to an exit status: 0 done, 1 it could not be done, 2 the input has to change first (arguments,
//! config).
//!
//! Only `print` writes to stdout and stderr. Stdout is the answer, stderr is everything said on the way.

#![expect(clippy::disallowed_methods, reason = "native only")]

mod answer;
mod args;
mod argv;
mod cloudflare;
mod completions;
mod config;
mod confirm;
mod demo;
mod deploy;
mod environment;
mod explain;
mod failure;
mod file;
mod http;
mod manager;
mod manual;
mod master_key;
mod presets;
mod print;
mod probe;
mod process;
mod reach;
mod screen;
mod start;
mod startup;
mod status;
mod update;
mod worker_key;

use std::ffi::OsString;
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
    let typed = match std::env::args_os().skip(1).map(OsString::into_string).collect() {
        Ok(typed) => typed,
        Err(word) => {
            let message = format!("{} is not UTF-8 text", word.display());
            return end(&Failure::input(message), false);
        }
    };
    let words = argv::normalize(typed, confirm::is_terminal());
    let json = asks_for_json(&words);
    let arguments =
        match args::Arguments::try_parse_from(std::iter::once("llm-router".to_owned()).chain(words)) {
            Ok(arguments) => arguments,
            Err(error) if json && error.use_stderr() => return end(&Failure::from(error), true),
            Err(error) => return print::clap(&error),
        };
    let json = arguments.json.unwrap_or(false);
    match run(arguments, bundle) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => end(&failure, json),
    }
}

/// Also of arguments that cannot be understood. The last one counts.
fn asks_for_json(words: &[String]) -> bool {
    let last = words.iter().take_while(|word| *word != "--").filter_map(|word| word.strip_prefix("--json"));
    match last.last() {
        None => false,
        Some("") => true,
        Some(value) => value.strip_prefix('=').is_some_and(|value| args::boolean(value) == Ok(true)),
    }
}

/// Says how it failed.
fn end(failure: &Failure, json: bool) -> ExitCode {
    if json {
        print::json(&failure.json());
    } else {
        print::failure(failure);
    }
    failure.exit.into()
}

fn run(arguments: args::Arguments, bundle: Bundle) -> Result<(), Failure> {
    let environment = Environment::of_process();
    let json = arguments.json.unwrap_or(false);
    match arguments.command {
        args::Command::Start(typed) => start(typed, bundle, environment, json),
        args::Command::Status(typed) => runtime()?.block_on(status::run(typed, json, &environment)),
        args::Command::Explain(typed) => runtime()?.block_on(explain::run(typed, json, &environment)),
        args::Command::Deploy(typed) => {
            let deploy = deploy::run(*typed, json, bundle, &environment);
            runtime()?.block_on(deploy).map(|answer| answer.print(json))
        }
        args::Command::WorkerKey(typed) => {
            let change = worker_key::run(*typed, &environment);
            runtime()?.block_on(change).map(|answer| answer.print(json))
        }
        args::Command::Config(typed) if typed.operation.is_none() => {
            match manager::run(typed.config.as_deref(), bundle, &environment)? {
                Some(typed) => start(typed, bundle, environment, json),
                None => Ok(()),
            }
        }
        // Without a runtime: an edit takes milliseconds.
        args::Command::Config(typed) => {
            let ask = confirm::is_terminal() && !json;
            config::run(typed, ask, &environment).map(|answer| answer.print(json))
        }
        args::Command::Stop(typed) => process::stop(&typed, &environment).map(|answer| answer.print(json)),
        args::Command::Reload(typed) => {
            let reload = process::reload(&typed, &environment);
            runtime()?.block_on(reload).map(|answer| answer.print(json))
        }
        args::Command::Update(typed) => {
            let update = update::run(&typed, &environment);
            runtime()?.block_on(update).map(|answer| answer.print(json))
        }
        args::Command::Completions(typed) => {
            completions::run(&typed).print(json);
            Ok(())
        }
        args::Command::Man(typed) => manual::run(&typed).map(|answer| answer.print(json)),
    }
}

fn start(typed: args::Start, bundle: Bundle, environment: Environment, json: bool) -> Result<(), Failure> {
    let options = start::Options::new(typed, &environment)?;
    runtime()?.block_on(start::run(options, bundle, environment, json))
}

/// For the commands that wait for something: signals, the network. They all may speak HTTP.
fn runtime() -> Result<tokio::runtime::Runtime, Failure> {
    prepare_tls();
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2) // the work is in workerd; here are signals, log lines and the demo
        .enable_all()
        .build()
        .map_err(|error| Failure::runtime(format!("cannot start the async runtime: {error}")))
}

/// Chooses who does the cryptography of TLS; without that a client of any URL panics.
fn prepare_tls() {
    // Whoever got there first has chosen the same.
    let _ = rustls::crypto::ring::default_provider().install_default();
}
