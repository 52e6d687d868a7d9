//! Text for a terminal: lines of painted pieces, cut to a width, with colour where it is wanted.

pub(crate) mod when;

use std::fmt::Write;
use std::io::{self, IsTerminal};

use unicode_width::UnicodeWidthChar;

use super::environment::Environment;

/// Columns that everything has to fit into.
pub(crate) const COLUMNS: usize = 80;

/// How a piece looks. Never the only sign of anything: many see no colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Paint {
    Plain,
    Strong,
    Faint,
    Good,
    Warning,
    Bad,
}

/// A line, piece by piece.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Line(Vec<(Paint, String)>);

/// What the output is shown on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Screen {
    pub(crate) colour: bool,
    /// Bars and dashes may be of more than ASCII.
    pub(crate) unicode: bool,
    pub(crate) columns: usize,
    /// Of a terminal, whose cursor can be moved.
    pub(crate) rows: Option<usize>,
}

impl Screen {
    pub(crate) fn of_stdout(environment: &Environment) -> Self {
        let terminal = io::stdout().is_terminal() && environment.get("TERM") != Some("dumb");
        let size = if terminal { terminal_size::terminal_size() } else { None };
        let locale = ["LC_ALL", "LC_CTYPE", "LANG"].iter().find_map(|name| environment.get(name));
        let unicode = locale.is_some_and(|locale| {
            let locale = locale.to_ascii_lowercase();
            locale.contains("utf-8") || locale.contains("utf8")
        });
        Self {
            colour: terminal && environment.get("NO_COLOR").is_none(),
            unicode,
            columns: size.map_or(COLUMNS, |(width, _)| usize::from(width.0).clamp(20, COLUMNS)),
            rows: terminal.then(|| size.map_or(24, |(_, height)| usize::from(height.0).max(4))),
        }
    }

    /// All lines, each with its end.
    pub(crate) fn render(&self, lines: &[Line]) -> String {
        lines.iter().map(|line| line.render(self) + "\n").collect()
    }
}

impl Line {
    pub(crate) fn plain(text: impl Into<String>) -> Self {
        Self::default().and(Paint::Plain, text)
    }

    #[must_use]
    pub(crate) fn and(mut self, paint: Paint, text: impl Into<String>) -> Self {
        self.0.push((paint, text.into()));
        self
    }

    /// Cut where the screen ends; no piece can do more than show itself.
    fn render(&self, screen: &Screen) -> String {
        let mut text = String::new();
        let mut left = screen.columns;
        for (paint, piece) in &self.0 {
            let piece = shown(piece);
            let cut = fit(&piece, left, screen.unicode);
            left -= width(&cut).min(left);
            let whole = cut == piece;
            match (screen.colour, paint.code()) {
                (true, Some(code)) if !cut.is_empty() => {
                    let _ = write!(text, "\u{1b}[{code}m{cut}\u{1b}[0m");
                }
                _ => text.push_str(&cut),
            }
            if !whole {
                break;
            }
        }
        text.trim_end().to_owned()
    }
}

impl Paint {
    fn code(self) -> Option<&'static str> {
        match self {
            Self::Plain => None,
            Self::Strong => Some("1"),
            Self::Faint => Some("2"),
            Self::Good => Some("32"),
            Self::Warning => Some("33"),
            Self::Bad => Some("31"),
        }
    }
}

/// Names come from configs and gateways: none may move the cursor.
fn shown(text: &str) -> String {
    let hidden = |c: char| {
        c.is_control()
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    text.chars().map(|c| if hidden(c) { '?' } else { c }).collect()
}

pub(crate) fn width(text: &str) -> usize {
    text.chars().map(|c| c.width().unwrap_or(0)).sum()
}

/// As much of `text` as fits, with a sign where it was cut.
pub(crate) fn fit(text: &str, columns: usize, unicode: bool) -> String {
    if width(text) <= columns {
        return text.to_owned();
    }
    let sign = if unicode { '…' } else { '~' };
    let mut cut = String::new();
    let mut left = columns.saturating_sub(1);
    for c in text.chars() {
        let wide = c.width().unwrap_or(0);
        if wide > left {
            break;
        }
        left -= wide;
        cut.push(c);
    }
    if columns > 0 {
        cut.push(sign);
    }
    cut
}

/// `text` in exactly so many columns.
pub(crate) fn column(text: &str, columns: usize, unicode: bool) -> String {
    let text = fit(&shown(text), columns, unicode);
    let gap = columns.saturating_sub(width(&text));
    format!("{text}{}", " ".repeat(gap))
}

/// The same, at the right.
pub(crate) fn right(text: &str, columns: usize) -> String {
    let gap = columns.saturating_sub(width(text));
    format!("{}{text}", " ".repeat(gap))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCREEN: Screen = Screen { colour: false, unicode: true, columns: 10, rows: None };

    #[test]
    fn lines_end_where_the_screen_does() {
        let line = Line::plain("abcdef").and(Paint::Bad, "ghijkl").and(Paint::Plain, "m");
        assert_eq!(line.render(&SCREEN), "abcdefghi…");
        let coloured = Screen { colour: true, ..SCREEN };
        assert_eq!(line.render(&coloured), "abcdef\u{1b}[31mghi…\u{1b}[0m");
        assert_eq!(Line::plain("模型模型模型").render(&SCREEN), "模型模型…");
        assert_eq!(Line::plain("0123456789").render(&SCREEN), "0123456789");
    }

    #[test]
    fn names_do_nothing_but_show_themselves() {
        assert_eq!(Line::plain("a\u{1b}[2J\nb\u{202e}").render(&SCREEN), "a?[2J?b?");
    }

    #[test]
    fn columns_line_up() {
        assert_eq!(column("模型", 6, true), "模型  ");
        assert_eq!(column("abcdefgh", 6, false), "abcde~");
        assert_eq!(right("7", 3), "  7");
    }
}
