//! `status --watch`: again and again, in place on a terminal, one after the other elsewhere.

use std::time::Duration;

use super::{Question, render};
use crate::cli::environment::Environment;
use crate::cli::failure::Failure;
use crate::cli::print;
use crate::cli::reach::Silence;
use crate::cli::screen::{Line, Paint, Screen};

/// Until Ctrl-C, which is the way to end it and no failure; until nobody reads it; or until there is no point
/// in asking again.
pub(super) async fn run(
    question: &mut Question,
    seconds: f64,
    environment: &Environment,
) -> Result<(), Failure> {
    tokio::select! {
        end = watch(question, Duration::from_secs_f64(seconds), environment) => end,
        _ = tokio::signal::ctrl_c() => Ok(()),
    }
}

async fn watch(question: &mut Question, pause: Duration, environment: &Environment) -> Result<(), Failure> {
    let mut film = Film::default();
    let mut seen = Vec::new();
    let mut answered = false;
    loop {
        let screen = Screen::of_stdout(environment);
        let text = match question.ask().await {
            Ok(answer) if question.json => format!("{}\n", answer.0),
            Ok(answer) => {
                seen = render::status(&answer.read()?, &question.gateway.door.url, &screen);
                film.next(&seen, &screen)
            }
            // A gateway that is started again is worth waiting for, one that was never there is not.
            Err(Silence::Passing(failure)) if answered => match screen.rows {
                Some(_) if !question.json => film.next(&with_trouble(&seen, &failure), &screen),
                _ => {
                    print::warning(&failure.message);
                    String::new()
                }
            },
            Err(silence) => return Err(silence.failure()),
        };
        answered = true;
        if !print::frame(&text) {
            return Ok(());
        }
        tokio::time::sleep(pause).await;
    }
}

/// What was seen last, and that it is no longer true.
fn with_trouble(seen: &[Line], failure: &Failure) -> Vec<Line> {
    let trouble = Line::default().and(Paint::Bad, format!("{}; trying again", failure.message));
    [trouble].into_iter().chain(seen.iter().cloned()).collect()
}

/// Pictures, each in the place of the one before.
#[derive(Default)]
struct Film {
    /// Lines of the last one.
    shown: usize,
    /// There was one.
    begun: bool,
}

impl Film {
    fn next(&mut self, lines: &[Line], screen: &Screen) -> String {
        let Some(rows) = screen.rows else {
            let gap = if self.begun { "\n" } else { "" };
            self.begun = true;
            return format!("{gap}{}", screen.render(lines));
        };
        let text = screen.render(&cropped(lines, rows.saturating_sub(1)));
        // Up to where the last one began, and away with it.
        let back = match self.shown {
            0 => String::new(),
            shown => format!("\u{1b}[{}F\u{1b}[0J", shown.min(rows)),
        };
        self.shown = text.lines().count();
        format!("{back}{text}")
    }
}

/// What scrolls away cannot be redrawn.
fn cropped(lines: &[Line], rows: usize) -> Vec<Line> {
    if lines.len() <= rows {
        return lines.to_vec();
    }
    let kept = rows.saturating_sub(1);
    let note = format!("{} more lines; see one with --provider ID", lines.len() - kept);
    lines.iter().take(kept).cloned().chain([Line::default().and(Paint::Faint, note)]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(count: usize) -> Vec<Line> {
        (0..count).map(|number| Line::plain(number.to_string())).collect()
    }

    #[test]
    fn a_terminal_sees_one_picture_at_a_time() {
        let screen = Screen { colour: false, unicode: false, columns: 80, rows: Some(5) };
        let mut film = Film::default();
        assert_eq!(film.next(&lines(2), &screen), "0\n1\n");
        assert_eq!(film.next(&lines(3), &screen), "\u{1b}[2F\u{1b}[0J0\n1\n2\n");
        let cut = "\u{1b}[3F\u{1b}[0J0\n1\n2\n6 more lines; see one with --provider ID\n";
        assert_eq!(film.next(&lines(9), &screen), cut);
        assert!(film.next(&lines(1), &screen).starts_with("\u{1b}[4F"));
    }

    #[test]
    fn elsewhere_they_follow_one_another() {
        let screen = Screen { colour: false, unicode: false, columns: 80, rows: None };
        let mut film = Film::default();
        assert_eq!(film.next(&lines(1), &screen) + &film.next(&lines(1), &screen), "0\n\n0\n");
    }
}
