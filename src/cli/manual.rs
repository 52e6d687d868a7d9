//! `man`: from the definitions of the arguments.

use std::path::Path;

use clap::{Command, CommandFactory};
use clap_mangen::Man;

use super::answer::Answer;
use super::args;
use super::failure::Failure;

/// A page, or all of them written into a directory.
pub(crate) fn run(typed: &args::Man) -> Result<Answer, Failure> {
    let mut program = args::Arguments::command();
    program.build(); // gives subcommands their full names
    let mut answer = Answer::new("man");
    if let Some(directory) = &typed.dir {
        let mut pages = Vec::new();
        write_all(&program, directory, &mut pages)?;
        answer.put("pages", pages);
        return Ok(answer);
    }
    let mut command = &program;
    for word in &typed.command {
        command = command
            .find_subcommand(word)
            .ok_or_else(|| Failure::input(format!("there is no command `{}`", typed.command.join(" "))))?;
    }
    let page = page(command)?;
    answer.put("page", page.as_str());
    answer.verbatim(page);
    Ok(answer)
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

fn write_all(command: &Command, directory: &Path, pages: &mut Vec<String>) -> Result<(), Failure> {
    let path = directory.join(format!("{}.1", title(command)));
    let text = page(command)?;
    std::fs::create_dir_all(directory)
        .and_then(|()| std::fs::write(&path, text))
        .map_err(|error| Failure::runtime(format!("{}: {error}", path.display())))?;
    pages.push(path.display().to_string());
    command
        .get_subcommands()
        .filter(|sub| sub.get_name() != "help")
        .try_for_each(|sub| write_all(sub, directory, pages))
}
