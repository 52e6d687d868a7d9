//! The menu of bare `llm-router`: every operation on the config, guided.
//!
//! ```text
//! menu ─ an operation (steps of `walk`) ─ desk ─┬ prompt ─ terminal
//!                                               └ the functions of `config`, and their file
//! ```
//!
//! A guided operation only asks. What it changes it changes by the function that the command of the same name
//! calls, so there is nothing that one can do here and not in a script.

mod alias;
mod buckets;
mod choose;
mod cloudflare;
mod default_model;
mod desk;
mod fallbacks;
mod gateway;
mod listen;
mod master_key;
mod menu;
mod models;
mod plain;
mod prompt;
mod provider;
mod remove;
mod service;
mod switch;
mod terminal;
mod walk;

use std::path::Path;
use std::rc::Rc;

use super::config::buckets::BucketChange;
use super::config::probing;
use super::environment::Environment;
use super::failure::Failure;
use super::file::ConfigFile;
use super::{Bundle, args};
use crate::config::Secret;
use desk::Desk;
use plain::Plain;
use prompt::{Check, Halt, Prompt};
use terminal::Terminal;

/// Guides a person on a terminal. Returns the gateway that is to run there now, if one is.
pub(crate) fn run(
    config: Option<&Path>,
    bundle: Bundle,
    environment: &Environment,
) -> Result<Option<args::Start>, Failure> {
    let file = ConfigFile::new(config, environment)?;
    let mut prompt = prompt_of(environment);
    let mut desk = Desk {
        file: &file,
        environment,
        bundle,
        prompt: prompt.as_mut(),
        probing: &|question| probing::run(question, environment),
    };
    match menu::run(&mut desk) {
        Ok(()) | Err(Halt::Back | Halt::Leave) => Ok(None),
        Err(Halt::Start(typed)) => Ok(Some(*typed)),
        Err(Halt::Stop(failure)) => Err(failure),
    }
}

/// Asks for what a new bucket lacks, and for its provider if that is not named, outside of the menu.
pub(crate) fn ask_bucket(
    file: &ConfigFile,
    provider: Option<&str>,
    bucket: &BucketChange,
    environment: &Environment,
) -> Result<(String, BucketChange), Failure> {
    let mut prompt = prompt_of(environment);
    let mut desk = Desk {
        file,
        environment,
        // Nothing is deployed here.
        bundle: Bundle { modules: [&[]; 3] },
        prompt: prompt.as_mut(),
        probing: &|question| probing::run(question, environment),
    };
    buckets::complete(&mut desk, provider, bucket).map_err(given_up)
}

/// Asks for something that is not shown, outside of the menu.
pub(crate) fn ask_secret(question: &str, help: &str, environment: &Environment) -> Result<Secret, Failure> {
    let check: Check = Rc::new(|text| if text.is_empty() { Err("it is empty".to_owned()) } else { Ok(()) });
    prompt_of(environment).secret(question, help, check).map_err(given_up)
}

/// Asks for a line, outside of the menu.
pub(crate) fn ask_text(
    question: &str,
    help: &str,
    initial: &str,
    check: impl Fn(&str) -> Result<(), String> + 'static,
    environment: &Environment,
) -> Result<String, Failure> {
    prompt_of(environment).text(question, help, initial, Rc::new(check)).map_err(given_up)
}

/// Asks for one of `options`, by its position, outside of the menu.
pub(crate) fn ask_choice(
    question: &str,
    options: &[String],
    environment: &Environment,
) -> Result<usize, Failure> {
    prompt_of(environment).select(question, "", options, 0).map_err(given_up)
}

fn given_up(halt: Halt) -> Failure {
    match halt {
        // Only the menu starts a gateway.
        Halt::Back | Halt::Leave | Halt::Start(_) => Failure::runtime("nothing was done"),
        Halt::Stop(failure) => failure,
    }
}

/// A terminal that cannot move its cursor gets lines.
fn prompt_of(environment: &Environment) -> Box<dyn Prompt> {
    let lines = environment.get("TERM").is_none_or(|term| term == "dumb");
    if lines { Box::new(Plain) } else { Box::new(Terminal::new(environment)) }
}

#[cfg(test)]
#[path = "../../../tests/native/cli/manager/mod.rs"]
mod tests;
