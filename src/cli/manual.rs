//! `man`: from the definitions of the arguments.

use std::path::Path;

use clap::{Command, CommandFactory};
use clap_mangen::Man;

use super::failure::Failure;
use super::{args, print};

/// Prints a page, or writes all of them.
pub(crate) fn run(typed: &args::Man) -> Result<(), Failure> {
    let mut program = args::Arguments::command();
    program.build(); // gives subcommands their full names
    if let Some(directory) = &typed.dir {
        return write_all(&program, directory);
    }
    let mut command = &program;
    for word in &typed.command {
        command = command
            .find_subcommand(word)
            .ok_or_else(|| Failure::input(format!("there is no command `{}`", typed.command.join(" "))))?;
    }
    print::answer(&page(command)?);
    Ok(())
}

/// `llm-router-config-list` for `llm-router config list`.
fn title(command: &Command) -> String {
    command.get_bin_name().unwrap_or(command.get_name()).replace(' ', "-")
}

fn page(command: &Command) -> Result<String, Failure> {
    let title = title(command);
    let mut text = Vec::new();
    Man::new(command.clone())
        .title(title.to_uppercase())
        .render(&mut text)
        .map_err(|error| Failure::runtime(format!("the page cannot be made: {error}")))?;
    Ok(String::from_utf8_lossy(&text).into_owned())
}

fn write_all(command: &Command, directory: &Path) -> Result<(), Failure> {
    let path = directory.join(format!("{}.1", title(command)));
    let text = page(command)?;
    std::fs::create_dir_all(directory)
        .and_then(|()| std::fs::write(&path, text))
        .map_err(|error| Failure::runtime(format!("{}: {error}", path.display())))?;
    command
        .get_subcommands()
        .filter(|sub| sub.get_name() != "help")
        .try_for_each(|sub| write_all(sub, directory))
}
