//! How single values are read. Everything is strict: `10abc` is no number, `maybe` no boolean.

use std::{fmt::Display, ops::RangeInclusive, str::FromStr};

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};

use crate::cli::config::upsert_provider::Number;
use crate::cli::failure::Failure;
use crate::config::{Leases, ParseWindowError, Strategy, WHOLE_MAX, Window};
use crate::wire::Wire;

/// Version 1's spellings.
pub(crate) fn boolean(text: &str) -> Result<bool, String> {
    match text.to_ascii_lowercase().as_str() {
        "1" | "true" | "yes" | "y" => Ok(true),
        "0" | "false" | "no" | "n" => Ok(false),
        _ => Err("expected one of 1, true, yes, y, 0, false, no, n".to_owned()),
    }
}

/// A boolean beside a key. Whoever writes the key itself there is not quoted: an error of the parser would be.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Discreet(Option<bool>);

impl Discreet {
    /// What a flag says, absent ones included. `flag` is its name.
    pub(crate) fn of(given: Option<Self>, flag: &str) -> Result<bool, Failure> {
        match given {
            None => Ok(false),
            Some(Self(Some(value))) => Ok(value),
            Some(Self(None)) => Err(Failure::input(format!("{flag} takes true or false, not the key"))),
        }
    }
}

#[expect(clippy::unnecessary_wraps, reason = "as parsers are")]
pub(super) fn discreet(text: &str) -> Result<Discreet, String> {
    Ok(Discreet(boolean(text).ok()))
}

/// A format as the config names it.
pub(super) fn format() -> impl TypedValueParser<Value = Wire> {
    let names = Wire::ALL.map(|wire| match wire {
        Wire::Messages => PossibleValue::new(wire.config_name()).alias("anthropic"),
        _ => PossibleValue::new(wire.config_name()),
    });
    PossibleValuesParser::new(names)
        .try_map(|name| Wire::from_config_name(&name).ok_or("not the name of a format"))
}

pub(super) fn strategy() -> impl TypedValueParser<Value = Strategy> {
    let names = Strategy::ALL.map(|strategy| match strategy {
        Strategy::Auto => PossibleValue::new(strategy.name()).aliases(["automatic", "smart"]),
        _ => PossibleValue::new(strategy.name()),
    });
    PossibleValuesParser::new(names)
        .try_map(|name| Strategy::from_name(&name).ok_or("not the name of a strategy"))
}

pub(super) fn window(text: &str) -> Result<Window, String> {
    text.parse().map_err(|error: ParseWindowError| error.to_string())
}

/// A whole number within bounds.
pub(super) fn whole<N>(bounds: RangeInclusive<N>) -> impl Fn(&str) -> Result<N, String> + Clone
where
    N: FromStr + PartialOrd + Display + Clone,
{
    move |text| {
        let number = text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok()).flatten();
        let within = number.filter(|number| bounds.contains(number));
        within.ok_or_else(|| format!("write a whole number from {} to {}", bounds.start(), bounds.end()))
    }
}

/// A whole number from 1 on.
pub(super) fn positive(text: &str) -> Result<u64, String> {
    whole(1..=WHOLE_MAX)(text)
}

/// The requests of a cap. People write `40/min`.
pub(super) fn requests(text: &str) -> Result<u64, String> {
    positive(text).map_err(|error| match text.parse::<Window>() {
        Err(cap @ ParseWindowError::Cap { .. }) => cap.to_string(),
        _ => error,
    })
}

pub(super) fn leases_max(text: &str) -> Result<Number, String> {
    up_to(Leases::MAX, text)
}

pub(super) fn leases_ttl_ms(text: &str) -> Result<Number, String> {
    up_to(Leases::TTL_MAX_MS, text)
}

fn up_to(max: u64, text: &str) -> Result<Number, String> {
    if text == "default" {
        return Ok(Number::Default);
    }
    let number = positive(text).ok().filter(|number| *number <= max);
    number.map(Number::Is).ok_or_else(|| format!("write a whole number from 1 to {max}, or `default`"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_numbers_and_nothing_else() {
        assert_eq!(positive("600"), Ok(600));
        for text in ["10abc", "0", "-1", "+1", "1.5", "1e3", " 1", "1_000", "", "9007199254740992"] {
            assert!(positive(text).is_err(), "{text}");
        }
    }

    #[test]
    fn bounds_are_told() {
        let port = whole(1..=u16::MAX);
        assert_eq!((port("1"), port("65535")), (Ok(1), Ok(65_535)));
        for text in ["abc", "0", "-1", "+80", "65536", ""] {
            assert_eq!(port(text), Err("write a whole number from 1 to 65535".to_owned()), "{text}");
        }
    }

    #[test]
    fn booleans() {
        assert_eq!((boolean("YES"), boolean("n")), (Ok(true), Ok(false)));
        assert!(boolean("on").is_err());
    }
}
