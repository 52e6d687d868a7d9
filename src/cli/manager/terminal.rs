//! Questions on a terminal.

use std::rc::Rc;

use inquire::error::{CustomUserError, InquireError, InquireResult};
use inquire::ui::RenderConfig;
use inquire::validator::{ErrorMessage, Validation};
use inquire::{Confirm, MultiSelect, Password, PasswordDisplayMode, Select, Text};

use super::prompt::{Asked, Check, Halt, Prompt};
use crate::cli::environment::Environment;
use crate::cli::failure::Failure;
use crate::cli::print;
use crate::config::Secret;

/// Lines and columns of the smallest terminal.
const LINES: usize = 24;
const COLUMNS: usize = 80;

/// Lines that a question takes besides its options: itself, two of help, what is wrong.
const AROUND: usize = 4;

/// Options that are shown at least; the others come with the arrows.
const OPTIONS: usize = 8;

/// See the module documentation.
pub(super) struct Terminal {
    look: RenderConfig<'static>,
    /// Lines that were said since the last question.
    said: usize,
}

impl Terminal {
    pub(super) fn new(environment: &Environment) -> Self {
        let plain = environment.get("NO_COLOR").is_some();
        let look = if plain { RenderConfig::empty() } else { RenderConfig::default_colored() };
        Self { look, said: 0 }
    }

    /// How many options to show, so that what was just said stays on the screen.
    fn page(&mut self) -> usize {
        let said = std::mem::take(&mut self.said);
        (LINES - AROUND).saturating_sub(said).max(OPTIONS)
    }
}

impl Prompt for Terminal {
    fn say(&mut self, text: &str) {
        self.said += text.lines().map(|line| line.chars().count() / COLUMNS + 1).sum::<usize>().max(1);
        // To where the questions go.
        print::progress(&format!("{}\n", printable(text)));
    }

    fn leave_room(&mut self) {
        self.said = LINES;
    }

    fn select(&mut self, question: &str, help: &str, options: &[String], start: usize) -> Asked<usize> {
        let help = with_keys(help, "arrows, type to filter, Enter; Esc goes back");
        let options: Vec<String> = options.iter().map(|option| printable(option)).collect();
        let start = start.min(options.len().saturating_sub(1));
        let select = Select::new(question, options)
            .with_help_message(&help)
            .with_page_size(self.page())
            .with_starting_cursor(start)
            .with_render_config(self.look);
        answer(select.raw_prompt()).map(|chosen| chosen.index)
    }

    fn select_many(
        &mut self,
        question: &str,
        help: &str,
        options: &[String],
        chosen: &[usize],
        some: bool,
    ) -> Asked<Vec<usize>> {
        let help = with_keys(help, "Space marks, type to filter, Enter; Esc goes back");
        let options: Vec<String> = options.iter().map(|option| printable(option)).collect();
        let mut select = MultiSelect::new(question, options)
            .with_help_message(&help)
            .with_page_size(self.page())
            .with_default(chosen)
            .with_formatter(&|chosen| format!("{} chosen", chosen.len()))
            .with_render_config(self.look);
        if some {
            select = select.with_validator(
                inquire::validator::MinLengthValidator::new(1)
                    .with_message("mark at least one, with the space bar"),
            );
        }
        answer(select.raw_prompt()).map(|chosen| chosen.into_iter().map(|option| option.index).collect())
    }

    fn text(&mut self, question: &str, help: &str, initial: &str, check: Check) -> Asked<String> {
        self.said = 0;
        let help = with_keys(help, "Esc goes back");
        let text = Text::new(question)
            .with_help_message(&help)
            .with_initial_value(initial)
            .with_validator(validator(&check))
            .with_render_config(self.look);
        answer(text.prompt()).map(|text| text.trim().to_owned())
    }

    fn secret(&mut self, question: &str, help: &str, check: Check) -> Asked<Secret> {
        self.said = 0;
        let help = with_keys(help, "nothing is shown, Esc goes back");
        let secret = Password::new(question)
            .with_help_message(&help)
            .with_display_mode(PasswordDisplayMode::Hidden)
            .without_confirmation()
            .with_validator(validator(&check))
            .with_render_config(self.look);
        answer(secret.prompt()).map(|text| Secret::new(text.trim()))
    }

    fn confirm(&mut self, question: &str, help: &str, default: bool) -> Asked<bool> {
        self.said = 0;
        let help = with_keys(help, "y or n, Esc goes back");
        let confirm = Confirm::new(question)
            .with_help_message(&help)
            .with_default(default)
            .with_render_config(self.look);
        answer(confirm.prompt())
    }
}

fn answer<T>(answer: InquireResult<T>) -> Asked<T> {
    answer.map_err(|error| match error {
        InquireError::OperationCanceled => Halt::Back,
        InquireError::OperationInterrupted => Halt::Stop(Failure::interrupted()),
        other => Halt::Stop(Failure::runtime(format!("the terminal cannot be used: {other}"))),
    })
}

fn with_keys(help: &str, keys: &str) -> String {
    if help.is_empty() { keys.to_owned() } else { format!("{help}; {keys}") }
}

fn validator(check: &Check) -> impl Fn(&str) -> Result<Validation, CustomUserError> + Clone + use<> {
    let check = Rc::clone(check);
    move |text| {
        Ok(match check(text.trim()) {
            Ok(()) => Validation::Valid,
            Err(fault) => Validation::Invalid(ErrorMessage::Custom(printable(&fault))),
        })
    }
}

/// A name in a file may hold what would steer the terminal.
pub(super) fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_control() && c != '\n' { '\u{fffd}' } else { c }).collect()
}
