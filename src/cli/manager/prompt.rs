//! What a guided operation asks of a person, whoever shows the questions.

use std::rc::Rc;

use crate::cli::args;
use crate::cli::failure::Failure;
use crate::config::Secret;

/// The answer to a question, or why there is none.
pub(super) type Asked<T> = Result<T, Halt>;

/// Why a person did not answer.
#[derive(Debug)]
pub(super) enum Halt {
    /// Esc: to the question before.
    Back,
    /// Nothing of this is wanted: to the menu.
    Leave,
    /// The menu ends, and this terminal is the gateway's from then on.
    Start(Box<args::Start>),
    /// Ctrl-C, or a terminal that is gone.
    Stop(Failure),
}

/// What is wrong with a text, if anything is.
pub(super) type Check = Rc<dyn Fn(&str) -> Result<(), String>>;

/// Shows questions and takes answers.
pub(super) trait Prompt {
    /// Tells something.
    fn say(&mut self, text: &str);

    /// Something was shown that was not said here: the next question leaves it on the screen.
    fn leave_room(&mut self) {}

    /// One of `options`, by its position.
    fn select(&mut self, question: &str, help: &str, options: &[String], start: usize) -> Asked<usize>;

    /// Any of `options`, in their order; at least one if `some` is set.
    fn select_many(
        &mut self,
        question: &str,
        help: &str,
        options: &[String],
        chosen: &[usize],
        some: bool,
    ) -> Asked<Vec<usize>>;

    /// A text without white space around it, which `check` accepts. `initial` is there to be edited.
    fn text(&mut self, question: &str, help: &str, initial: &str, check: Check) -> Asked<String>;

    /// The same, but it is not shown.
    fn secret(&mut self, question: &str, help: &str, check: Check) -> Asked<Secret>;

    fn confirm(&mut self, question: &str, help: &str, default: bool) -> Asked<bool>;
}

/// Whoever fails here has to be told, and can then mend what was typed.
pub(super) fn in_words(failure: &Failure) -> String {
    let mut lines = vec![failure.message.clone()];
    lines.extend(failure.details.iter().map(|detail| format!("  {detail}")));
    lines.join("\n")
}
