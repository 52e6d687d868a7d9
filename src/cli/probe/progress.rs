//! A probe as it runs, on a terminal or in a log.
//!
//! A terminal gets one line that is written over; everything else gets a line for what is worth one. Nothing
//! is coloured, so there is nothing for `NO_COLOR` to take away.

use std::io::{IsTerminal, stderr};
use std::time::Duration;

use super::event::{ProbeEvent, Reason, Step};
use super::wait;
use crate::cli::environment::Environment;
use crate::cli::print;

/// Back to the start of the line, and clear it.
const CLEAR: &str = "\r\x1b[2K";
/// Columns of a terminal that does not say.
const COLUMNS: usize = 80;
/// Waits that are not worth a line in a log.
const SHORT: Duration = Duration::from_secs(5);

/// Turns events into text.
pub(crate) struct Progress {
    /// Columns of the terminal, `None` if it is none.
    columns: Option<usize>,
    endpoint: String,
    sent: usize,
}

impl Progress {
    /// For the stderr of this process.
    pub(crate) fn of_stderr(environment: &Environment) -> Self {
        // A terminal that cannot go back gets lines as a log does.
        let can_clear = environment.get("TERM").is_some_and(|term| term != "dumb");
        let columns = environment.get("COLUMNS").and_then(|columns| columns.parse().ok());
        let terminal = stderr().is_terminal() && can_clear;
        Self::new(terminal.then_some(columns.unwrap_or(COLUMNS)))
    }

    fn new(columns: Option<usize>) -> Self {
        Self { columns, endpoint: String::new(), sent: 0 }
    }

    /// Shows an event on stderr.
    pub(crate) fn show(&mut self, event: &ProbeEvent) {
        if let Some(text) = self.text(event) {
            print::progress(&text);
        }
    }

    /// What to write, as it is.
    fn text(&mut self, event: &ProbeEvent) -> Option<String> {
        match event {
            ProbeEvent::Endpoint { url, number, of } => {
                self.endpoint = if *of > 1 { format!("{number}/{of} {url}") } else { url.clone() };
            }
            ProbeEvent::Trying { .. } => self.sent += 1,
            _ => {}
        }
        match self.columns {
            Some(columns) => self.on_terminal(event, columns),
            None => line(event).map(|line| format!("{line}\n")),
        }
    }

    fn on_terminal(&self, event: &ProbeEvent, columns: usize) -> Option<String> {
        let now = match event {
            // What stays on the screen.
            ProbeEvent::Plan { .. } => return line(event).map(|line| format!("{line}\n")),
            ProbeEvent::Done { .. } => return Some(CLEAR.to_owned()),
            ProbeEvent::Endpoint { .. } => "connecting".to_owned(),
            ProbeEvent::Trying { step, format, model, .. } => {
                what(*step, format.config_name(), model.as_deref())
            }
            ProbeEvent::Tried { format, model, conclusion, .. } => {
                format!("{}: {conclusion}", model.as_deref().unwrap_or(format.config_name()))
            }
            ProbeEvent::Waiting { reason: Reason::Pace, .. } => return None,
            ProbeEvent::Waiting { reason: Reason::RateLimit, wait } => {
                format!("rate limited, waiting {}", wait::text(*wait))
            }
        };
        let text = format!("Probing {} · {} requests · {now}", self.endpoint, self.sent);
        // A line that is full would wrap, and only its last part would be cleared.
        Some(format!("{CLEAR}{}", text.chars().take(columns.saturating_sub(1)).collect::<String>()))
    }
}

fn line(event: &ProbeEvent) -> Option<String> {
    Some(match event {
        ProbeEvent::Plan { requests: 0 } => "This probe asks nothing that a provider bills.".to_owned(),
        ProbeEvent::Plan { requests } => {
            format!("This probe asks models for one token each: at most {requests} requests that are billed.")
        }
        ProbeEvent::Endpoint { url, number, of } => format!("probing {url} ({number} of {of})"),
        ProbeEvent::Tried { step, format, model, conclusion } => {
            format!("  {}: {conclusion}", what(*step, format.config_name(), model.as_deref()))
        }
        ProbeEvent::Waiting { reason: Reason::RateLimit, wait } => {
            format!("  rate limited, waiting {}", wait::text(*wait))
        }
        ProbeEvent::Waiting { reason: Reason::Pace, wait } if *wait >= SHORT => {
            format!("  waiting {} for the pace that was asked for", wait::text(*wait))
        }
        ProbeEvent::Waiting { .. } | ProbeEvent::Trying { .. } | ProbeEvent::Done { .. } => return None,
    })
}

fn what(step: Step, format: &str, model: Option<&str>) -> String {
    match step {
        Step::List => format!("list of models ({format})"),
        Step::Format => format!("format {format}"),
        Step::NoPath => "a path that is not there".to_owned(),
        Step::Model => format!("{} in {format}", model.unwrap_or("model")),
        Step::NoModel => "a model that does not exist".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::variant::Variant;
    use super::*;
    use crate::wire::Wire;

    fn events() -> Vec<ProbeEvent> {
        let model = Some("some-model".to_owned());
        vec![
            ProbeEvent::Plan { requests: 3 },
            ProbeEvent::Endpoint { url: "https://api.example.test/v1".to_owned(), number: 1, of: 1 },
            ProbeEvent::Waiting { reason: Reason::Pace, wait: Duration::from_millis(500) },
            ProbeEvent::Trying {
                step: Step::Model,
                format: Wire::Chat,
                auth: Variant::Bearer,
                model: model.clone(),
            },
            ProbeEvent::Waiting { reason: Reason::RateLimit, wait: Duration::from_secs(7) },
            ProbeEvent::Tried {
                step: Step::Model,
                format: Wire::Chat,
                model,
                conclusion: "answers".to_owned(),
            },
            ProbeEvent::Done { ok: true, requests: 1 },
        ]
    }

    fn shown(columns: Option<usize>) -> String {
        let mut progress = Progress::new(columns);
        events().iter().filter_map(|event| progress.text(event)).collect()
    }

    #[test]
    fn a_log_gets_plain_lines() {
        insta::assert_snapshot!(shown(None), @r"
        This probe asks models for one token each: at most 3 requests that are billed.
        probing https://api.example.test/v1 (1 of 1)
          rate limited, waiting 7 s
          some-model in openai: answers
        ");
    }

    #[test]
    fn a_terminal_gets_one_line_that_is_cleared_in_the_end() {
        let text = shown(Some(60));
        assert_eq!(text.matches('\n').count(), 1, "only the plan stays: {text:?}");
        assert!(text.ends_with(CLEAR));
        for written in text.split(CLEAR).skip(1) {
            assert!(written.chars().count() < 60, "{written:?}");
        }
        assert!(!text.contains("\x1b[3"), "no colour");
    }
}
