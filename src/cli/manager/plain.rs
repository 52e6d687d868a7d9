//! Questions on a terminal that cannot move its cursor (`TERM=dumb`): numbered options and lines.

use std::io::{self, Read};

use nix::sys::termios::{LocalFlags, SetArg, Termios, tcgetattr, tcsetattr};

use super::prompt::{Asked, Check, Halt, Prompt};
use super::terminal::printable;
use crate::cli::failure::Failure;
use crate::cli::print;
use crate::config::Secret;

/// What is typed to go back: such a terminal may have no Esc.
const BACK: &str = "<";

/// What is typed to erase what is there, or to choose none.
const NOTHING: &str = "-";

/// See the module documentation.
pub(super) struct Plain;

impl Prompt for Plain {
    fn say(&mut self, text: &str) {
        print::progress(&format!("{}\n", printable(text)));
    }

    fn select(&mut self, question: &str, help: &str, options: &[String], start: usize) -> Asked<usize> {
        self.list(question, options);
        let default = (start + 1).to_string();
        loop {
            let typed = ask("Number", help, &default)?;
            match position(&typed, options.len()) {
                Some(at) => return Ok(at),
                None => self.say(&format!("write a number from 1 to {}", options.len())),
            }
        }
    }

    fn select_many(
        &mut self,
        question: &str,
        help: &str,
        options: &[String],
        chosen: &[usize],
        some: bool,
    ) -> Asked<Vec<usize>> {
        self.list(question, options);
        let before: Vec<String> = chosen.iter().map(|at| (at + 1).to_string()).collect();
        loop {
            let typed = ask("Numbers with spaces between, - for none", help, &before.join(" "))?;
            let words = typed.split_whitespace().filter(|word| *word != NOTHING);
            let read: Option<Vec<usize>> = words.map(|word| position(word, options.len())).collect();
            match read {
                Some(mut read) if !some || !read.is_empty() => {
                    read.sort_unstable();
                    read.dedup();
                    return Ok(read);
                }
                Some(_) => self.say("choose at least one"),
                None => self.say(&format!("write numbers from 1 to {}", options.len())),
            }
        }
    }

    fn text(&mut self, question: &str, help: &str, initial: &str, check: Check) -> Asked<String> {
        // An empty line is what is there, so nothing at all is said by another sign.
        let erasable = !initial.is_empty() && check("").is_ok();
        let help = if erasable { format!("{help}; {NOTHING} for nothing") } else { help.to_owned() };
        loop {
            let mut typed = ask(question, &help, initial)?;
            if erasable && typed == NOTHING {
                typed.clear();
            }
            match check(&typed) {
                Ok(()) => return Ok(typed),
                Err(fault) => self.say(&fault),
            }
        }
    }

    fn secret(&mut self, question: &str, help: &str, check: Check) -> Asked<Secret> {
        loop {
            let typed = unseen(|| show(question, &format!("{help}; nothing is shown, Esc goes back"), ""));
            print::progress("\n");
            let typed = typed?;
            match check(typed.trim()) {
                Ok(()) => return Ok(Secret::new(typed.trim())),
                Err(fault) => self.say(&fault),
            }
        }
    }

    fn confirm(&mut self, question: &str, help: &str, default: bool) -> Asked<bool> {
        loop {
            match ask(question, help, if default { "y" } else { "n" })?.to_lowercase().as_str() {
                "y" | "yes" => return Ok(true),
                "n" | "no" => return Ok(false),
                _ => self.say("write y or n"),
            }
        }
    }
}

impl Plain {
    fn list(&mut self, question: &str, options: &[String]) {
        self.say(question);
        for (at, option) in options.iter().enumerate() {
            self.say(&format!("  {}. {option}", at + 1));
        }
    }
}

fn position(typed: &str, count: usize) -> Option<usize> {
    typed.parse::<usize>().ok().filter(|number| (1..=count).contains(number)).map(|number| number - 1)
}

fn show(question: &str, help: &str, initial: &str) {
    let help = help.trim_start_matches("; ");
    let help = if help.is_empty() { String::new() } else { format!(" ({help})") };
    let initial = if initial.is_empty() { String::new() } else { format!(" [{initial}]") };
    print::progress(&printable(&format!("{question}{help}{initial}: ")));
}

/// A line; an empty one is what is there already.
fn ask(question: &str, help: &str, initial: &str) -> Asked<String> {
    show(question, &format!("{help}; {BACK} goes back"), initial);
    let mut line = String::new();
    match io::stdin().read_line(&mut line) {
        Ok(0) => Err(Halt::Stop(Failure::interrupted())),
        Ok(_) => match line.trim() {
            BACK => Err(Halt::Back),
            "" => Ok(initial.to_owned()),
            text => Ok(text.to_owned()),
        },
        Err(error) => Err(gone(&error)),
    }
}

/// A line that is not echoed, nor is what is typed as soon as the question is shown. Ctrl-C comes as a key here, so
/// that the echo is back before the end.
fn unseen(show: impl FnOnce()) -> Asked<String> {
    let _quiet = Quiet::start().map_err(|error| gone(&error))?;
    show();
    let mut typed = Vec::new();
    for byte in io::stdin().lock().bytes() {
        match byte.map_err(|error| gone(&error))? {
            b'\r' | b'\n' => return Ok(String::from_utf8_lossy(&typed).into_owned()),
            0x03 | 0x04 => return Err(Halt::Stop(Failure::interrupted())),
            0x1b => return Err(Halt::Back),
            0x08 | 0x7f => drop(typed.pop()),
            byte => typed.push(byte),
        }
    }
    Err(Halt::Stop(Failure::interrupted()))
}

fn gone(error: &io::Error) -> Halt {
    Halt::Stop(Failure::runtime(format!("the terminal cannot be used: {error}")))
}

/// Gives the terminal back as it was.
struct Quiet(Termios);

impl Quiet {
    fn start() -> io::Result<Self> {
        let before = tcgetattr(io::stdin())?;
        let mut quiet = before.clone();
        quiet.local_flags &= !(LocalFlags::ECHO | LocalFlags::ICANON | LocalFlags::ISIG);
        tcsetattr(io::stdin(), SetArg::TCSANOW, &quiet)?;
        Ok(Self(before))
    }
}

impl Drop for Quiet {
    fn drop(&mut self) {
        // Nobody could do anything about it.
        let _ = tcsetattr(io::stdin(), SetArg::TCSANOW, &self.0);
    }
}
