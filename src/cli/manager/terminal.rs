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

/// Options on the screen: of 24 lines the question takes one, its help two, and what is wrong one.
const PAGE: usize = 20;

/// See the module documentation.
pub(super) struct Terminal {
    look: RenderConfig<'static>,
}

impl Terminal {
    pub(super) fn new(environment: &Environment) -> Self {
        let plain = environment.get("NO_COLOR").is_some();
        let look = if plain { RenderConfig::empty() } else { RenderConfig::default_colored() };
        Self { look }
    }
}

impl Prompt for Terminal {
    fn say(&mut self, text: &str) {
        // To where the questions go.
        print::progress(&format!("{}\n", printable(text)));
    }

    fn select(&mut self, question: &str, help: &str, options: &[String], start: usize) -> Asked<usize> {
        let help = with_keys(help, "arrows, type to filter, Enter; Esc goes back");
        let options: Vec<String> = options.iter().map(|option| printable(option)).collect();
        let start = start.min(options.len().saturating_sub(1));
        let select = Select::new(question, options)
            .with_help_message(&help)
            .with_page_size(PAGE)
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
            .with_page_size(PAGE)
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
        let help = with_keys(help, "Esc goes back");
        let text = Text::new(question)
            .with_help_message(&help)
            .with_initial_value(initial)
            .with_validator(validator(&check))
            .with_render_config(self.look);
        answer(text.prompt()).map(|text| text.trim().to_owned())
    }

    fn secret(&mut self, question: &str, help: &str, check: Check) -> Asked<Secret> {
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
