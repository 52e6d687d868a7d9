//! Windows of a bucket: what the config says. When they open and close is the ledger's business.

use std::fmt;
use std::str::FromStr;

/// A calendar-aligned UTC window: `size` units long.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Window {
    pub unit: WindowUnit,
    /// At least 1.
    pub size: u32,
}

impl Window {
    /// Largest size of a configured window: 10,000 days are 27 years.
    pub const SIZE_MAX: u32 = 10_000;
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum WindowUnit {
    Second,
    Minute,
    Hour,
    Day,
    /// ISO week, from Monday.
    Week,
    Month,
}

impl WindowUnit {
    pub const ALL: [Self; 6] = [Self::Second, Self::Minute, Self::Hour, Self::Day, Self::Week, Self::Month];

    /// The stored spelling.
    pub fn name(self) -> &'static str {
        match self {
            Self::Second => "second",
            Self::Minute => "minute",
            Self::Hour => "hour",
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
        }
    }

    /// The unit of any accepted spelling, in any case. `m` is a minute.
    pub fn from_name(name: &str) -> Option<Self> {
        Some(match name.to_ascii_lowercase().as_str() {
            "s" | "sec" | "second" | "seconds" => Self::Second,
            "m" | "min" | "minute" | "minutes" => Self::Minute,
            "h" | "hr" | "hour" | "hours" => Self::Hour,
            "d" | "day" | "days" => Self::Day,
            "w" | "wk" | "week" | "weeks" => Self::Week,
            "mo" | "mon" | "month" | "months" => Self::Month,
            _ => return None,
        })
    }
}

/// `hour:6`. This spelling is part of persisted counter keys.
impl fmt::Display for Window {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.unit.name(), self.size)
    }
}

/// Why a text is not a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParseWindowError {
    #[error("not a window; write a unit and a size, such as month:1, hour:6 or 2 weeks")]
    Shape,
    #[error("unknown unit; write second, minute, hour, day, week or month")]
    Unit,
    /// As people write a cap.
    #[error("a whole cap; write its requests ({requests}) and its window (1 {}) apart", unit.name())]
    Cap { requests: u64, unit: WindowUnit },
    #[error("the size must be a whole number from 1 to {}", Window::SIZE_MAX)]
    Size,
}

/// Unit first (`month:1`, `hour 6`, `hour/6`, `hour-6`, `hour x6`, `s1`) or size first (`1w`, `2 weeks`).
impl FromStr for Window {
    type Err = ParseWindowError;

    fn from_str(text: &str) -> Result<Self, ParseWindowError> {
        let text = text.trim();
        let (unit, size) = if text.starts_with(|c: char| c.is_ascii_digit()) {
            let (size, unit) = split_after(text, |c| c.is_ascii_digit());
            (unit.trim_start(), size)
        } else {
            let (unit, rest) = split_after(text, |c| c.is_ascii_alphabetic());
            (unit, after_separator(rest))
        };
        let is = |text: &str, class: fn(&char) -> bool| !text.is_empty() && text.chars().all(|c| class(&c));
        if !is(unit, char::is_ascii_alphabetic) || !is(size, char::is_ascii_digit) {
            return Err(cap(text).unwrap_or(ParseWindowError::Shape));
        }
        let unit = WindowUnit::from_name(unit).ok_or(ParseWindowError::Unit)?;
        let size = size.parse().ok().filter(|size| (1..=Self::SIZE_MAX).contains(size));
        Ok(Self { unit, size: size.ok_or(ParseWindowError::Size)? })
    }
}

/// `40/min`, or `40 / min`.
fn cap(text: &str) -> Option<ParseWindowError> {
    let (requests, unit) = text.split_once('/')?;
    let requests = requests.trim_end().parse().ok()?;
    Some(ParseWindowError::Cap { requests, unit: WindowUnit::from_name(unit.trim_start())? })
}

fn split_after(text: &str, class: impl Fn(char) -> bool) -> (&str, &str) {
    let end = text.find(|c| !class(c)).unwrap_or(text.len());
    text.split_at(end)
}

/// What follows `:`, `/`, `-` or, after a space only, `x`; all of them may be missing.
fn after_separator(text: &str) -> &str {
    let rest = text.trim_start();
    let spaced = rest.len() < text.len();
    let stripped = rest.strip_prefix([':', '/', '-']);
    stripped.or_else(|| rest.strip_prefix(['x', 'X']).filter(|_| spaced)).map_or(rest, str::trim_start)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn accepted_spellings() {
        for (text, want) in [
            ("month:1", "month:1"),
            ("hour:5", "hour:5"),
            ("hour 6", "hour:6"),
            ("hour/6", "hour:6"),
            ("hour-6", "hour:6"),
            ("hour x6", "hour:6"),
            ("hour x 6", "hour:6"),
            ("hour  :  6", "hour:6"),
            ("s1", "second:1"),
            ("1w", "week:1"),
            ("7day", "day:7"),
            ("2 weeks", "week:2"),
            ("90sec", "second:90"),
            ("5m", "minute:5"),
            ("5MO", "month:5"),
            (" Month:1 ", "month:1"),
            ("10000h", "hour:10000"),
            ("007d", "day:7"),
        ] {
            assert_eq!(
                text.parse::<Window>().map(|window| window.to_string()),
                Ok(want.to_owned()),
                "{text}"
            );
        }
    }

    #[test]
    fn refused_spellings() {
        use ParseWindowError::{Cap, Shape, Size, Unit};
        for (text, want) in [
            ("", Shape),
            ("month", Shape),
            ("6", Shape),
            ("6/hour", Cap { requests: 6, unit: WindowUnit::Hour }),
            ("20000 / mo", Cap { requests: 20_000, unit: WindowUnit::Month }),
            ("6/hour/2", Shape),
            ("/hour", Shape),
            ("1.5h", Shape),
            ("hourx6", Unit),
            ("hour:x6", Shape),
            ("hour::6", Shape),
            ("hour:-6", Shape),
            ("hour:6:7", Shape),
            ("heure é6", Shape),
            ("year:1", Unit),
            ("3 secs", Unit),
            ("3 mins", Unit),
            ("0h", Size),
            ("day:10001", Size),
            ("day:99999999999999999999", Size),
        ] {
            assert_eq!(text.parse::<Window>(), Err(want), "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_is_displayed_is_parsed(unit in 0..6_usize, size in 1..=Window::SIZE_MAX) {
            let window = Window { unit: WindowUnit::ALL[unit], size };
            prop_assert_eq!(window.to_string().parse(), Ok(window));
        }

        #[test]
        fn any_text_is_a_window_or_an_error(text in "[a-zA-Z0-9 :/x.é-]{0,12}") {
            if let Ok(window) = text.parse::<Window>() {
                prop_assert!((1..=Window::SIZE_MAX).contains(&window.size));
            }
        }
    }
}
