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

use super::args;
use super::config::probing;
use super::environment::Environment;
use super::failure::Failure;
use super::file::ConfigFile;
use desk::Desk;
use plain::Plain;
use prompt::{Halt, Prompt};
use terminal::Terminal;

/// Guides a person on a terminal. Returns the gateway that is to run there now, if one is.
pub(crate) fn run(config: Option<&Path>, environment: &Environment) -> Result<Option<args::Start>, Failure> {
    let file = ConfigFile::new(config, environment)?;
    // One that cannot move its cursor gets lines.
    let lines = environment.get("TERM").is_none_or(|term| term == "dumb");
    let mut prompt: Box<dyn Prompt> =
        if lines { Box::new(Plain) } else { Box::new(Terminal::new(environment)) };
    let mut desk = Desk {
        file: &file,
        environment,
        prompt: prompt.as_mut(),
        probing: &|question| probing::run(question, environment),
    };
    match menu::run(&mut desk) {
        Ok(()) | Err(Halt::Back | Halt::Leave) => Ok(None),
        Err(Halt::Start(typed)) => Ok(Some(*typed)),
        Err(Halt::Stop(failure)) => Err(failure),
    }
}

#[cfg(test)]
#[path = "../../../tests/native/cli/manager/mod.rs"]
mod tests;
