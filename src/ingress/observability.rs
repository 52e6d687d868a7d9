//! What operators get to see of requests, by variable.

use super::settings::Variables;
use crate::log::Level;

/// Debug headers and log lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Observability {
    /// Whether replies say how they were routed.
    pub debug_headers: bool,
    /// Log lines below this are not written.
    pub log_level: Level,
}

impl<F: Fn(&str) -> Option<String>> Variables<F> {
    pub(super) fn observability(&mut self) -> Observability {
        let debug = ["LLM_ROUTER_DEBUG_ROUTING", "LLM_ROUTER_DEBUG"];
        Observability {
            debug_headers: match debug.into_iter().find(|name| self.set(name).is_some()) {
                Some(name) => self.flag(name, false),
                None => false,
            },
            log_level: self.log_level(),
        }
    }

    fn log_level(&mut self) -> Level {
        let name = "LLM_ROUTER_LOG_LEVEL";
        let Some(value) = self.set(name) else { return Level::default() };
        Level::from_name(&value).unwrap_or_else(|| {
            let (known, default) = (Level::ALL.map(Level::name).join(", "), Level::default().name());
            self.warnings.push(format!("{name}: none of {known}; {default} is used"));
            Level::default()
        })
    }
}

#[cfg(test)]
mod tests {
    use crate::{ingress::Settings, log::Level};

    fn with(pairs: &[(&str, &str)]) -> (bool, Level, usize) {
        let lookup =
            |name: &str| pairs.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned());
        let (Settings { observability, .. }, warnings) = Settings::read(lookup);
        (observability.debug_headers, observability.log_level, warnings.len())
    }

    #[test]
    fn the_first_debug_variable_that_is_set_decides() {
        let (routing, debug) = ("LLM_ROUTER_DEBUG_ROUTING", "LLM_ROUTER_DEBUG");
        for (pairs, on, warnings) in [
            (&[][..], false, 0),
            (&[(routing, "on")][..], true, 0),
            (&[(debug, "1")][..], true, 0),
            (&[(routing, " "), (debug, "true")][..], true, 0),
            (&[(routing, "off"), (debug, "1")][..], false, 0),
            (&[(routing, "YES"), (debug, "0")][..], true, 0),
            (&[(routing, "maybe"), (debug, "1")][..], false, 1),
        ] {
            let (debug_headers, _, warned) = with(pairs);
            assert_eq!((debug_headers, warned), (on, warnings), "{pairs:?}");
        }
    }

    #[test]
    fn a_level_that_is_none_leaves_the_default() {
        for (value, level, warnings) in [
            ("", Level::Info, 0),
            ("off", Level::Off, 0),
            (" Debug ", Level::Debug, 0),
            ("warning", Level::Warn, 0),
            ("loud", Level::Info, 1),
        ] {
            let (_, read, warned) = with(&[("LLM_ROUTER_LOG_LEVEL", value)]);
            assert_eq!((read, warned), (level, warnings), "{value:?}");
        }
    }
}
