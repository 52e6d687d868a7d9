//! A question that is answered with yes or no. Only a person is asked.

use std::io::{self, BufRead, IsTerminal};

use super::failure::Failure;
use super::print;

/// Whether somebody is there to answer. Questions go to stderr, so that a person has to see that one, too.
pub(crate) fn is_terminal() -> bool {
    io::stdin().is_terminal() && io::stdout().is_terminal() && io::stderr().is_terminal()
}

/// Asks until the answer is clear; an empty one is `default`. A no is a failure, as in version 1.
pub(crate) fn confirm(question: &str, default: bool) -> Result<(), Failure> {
    let choices = if default { "Y/n" } else { "y/N" };
    loop {
        print::progress(&format!("{question} [{choices}] "));
        let mut line = String::new();
        let read = io::stdin().lock().read_line(&mut line);
        let agreed = match line.trim().to_ascii_lowercase().as_str() {
            "" if read.is_ok_and(|bytes| bytes > 0) => default,
            "y" | "yes" => true,
            "" | "n" | "no" => false,
            _ => continue,
        };
        return if agreed { Ok(()) } else { Err(Failure::runtime("nothing was done")) };
    }
}
