//! Settings that come from variables (Worker bindings; `start` passes its own `LLM_ROUTER_*` environment).
//!
//! A number out of range is brought into it; one that cannot be read leaves the default in place and is
//! reported, as is a list entry that means nothing.

use super::{allowlist::Allowlist, cors::Origins, observability::Observability};
use crate::{attempt::RetryPolicy, ledger::message::CircuitPolicy};

/// Everything a variable can set, besides the config and the keys.
#[derive(Clone, Debug)]
pub struct Settings {
    pub allowed_ips: Allowlist,
    pub allowed_origins: Origins,
    /// Largest request body, in bytes.
    pub max_body_bytes: usize,
    pub timeouts: Timeouts,
    pub retry: RetryPolicy,
    pub circuit: Option<CircuitPolicy>,
    /// Longest wait for a candidate to recover when all that have quota left are cooling down; 0: none.
    pub cooldown_wait_ms: u64,
    pub observability: Observability,
}

/// In milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timeouts {
    /// Until response headers arrive, for a request that asks for a stream.
    pub headers_stream_ms: u64,
    /// The same for one that does not: most providers send headers only when the whole answer is there.
    pub headers_plain_ms: u64,
    /// Between two chunks of a response body of undeclared length; 0 for no limit.
    pub idle_ms: u64,
}

impl Settings {
    /// Reads every variable through `lookup`. The second part says what was wrong with some of them.
    pub fn read(lookup: impl Fn(&str) -> Option<String>) -> (Self, Vec<String>) {
        let mut variables = Variables { lookup, warnings: Vec::new() };
        let settings = Self {
            allowed_ips: variables.allowed_ips(),
            allowed_origins: variables.allowed_origins(),
            max_body_bytes: variables.max_body_bytes(),
            timeouts: variables.timeouts(),
            retry: variables.retry(),
            circuit: variables.circuit(),
            cooldown_wait_ms: variables.number("LLM_ROUTER_COOLDOWN_WAIT_MS", 3_000).min(30_000),
            observability: variables.observability(),
        };
        (settings, variables.warnings)
    }
}

pub(super) struct Variables<F> {
    lookup: F,
    pub(super) warnings: Vec<String>,
}

impl<F: Fn(&str) -> Option<String>> Variables<F> {
    fn allowed_ips(&mut self) -> Allowlist {
        let list = self.first(&["LLM_ROUTER_ALLOWED_IPS", "LLM_ROUTER_IP_ALLOWLIST"]);
        let (allowlist, unreadable) = Allowlist::parse(list.as_deref().unwrap_or_default());
        if unreadable > 0 {
            self.warnings.push(format!(
                "LLM_ROUTER_ALLOWED_IPS: {unreadable} entries are neither an address nor a CIDR range and match nobody"
            ));
        }
        allowlist
    }

    fn allowed_origins(&mut self) -> Origins {
        if self.flag("LLM_ROUTER_CORS_ALLOW_ALL", false) {
            return Origins::Any;
        }
        let list = self.first(&["LLM_ROUTER_CORS_ALLOWED_ORIGINS", "LLM_ROUTER_ALLOWED_ORIGINS"]);
        Origins::parse(list.as_deref().unwrap_or_default())
    }

    /// 8 MiB unless set: a coding agent's context with images passes 1 MiB every day.
    fn max_body_bytes(&mut self) -> usize {
        let bytes = self.number("LLM_ROUTER_MAX_REQUEST_BODY_BYTES", 8 << 20).clamp(4_096, 20 << 20);
        usize::try_from(bytes).unwrap_or(4_096)
    }

    fn timeouts(&mut self) -> Timeouts {
        let headers = self.set_number("LLM_ROUTER_UPSTREAM_TIMEOUT_MS").map(|ms| ms.clamp(1_000, 300_000));
        Timeouts {
            headers_stream_ms: headers.unwrap_or(60_000),
            headers_plain_ms: headers.unwrap_or(300_000),
            idle_ms: match self.number("LLM_ROUTER_STREAM_IDLE_TIMEOUT_MS", 120_000) {
                0 => 0,
                ms => ms.clamp(1_000, 600_000),
            },
        }
    }

    fn retry(&mut self) -> RetryPolicy {
        let base_delay_ms = self.number("LLM_ROUTER_ORIGIN_RETRY_BASE_DELAY_MS", 250).min(60_000);
        let attempts = self.number("LLM_ROUTER_ORIGIN_RETRY_ATTEMPTS", 3).clamp(1, 10);
        RetryPolicy {
            attempts: u32::try_from(attempts).unwrap_or(1),
            base_delay_ms,
            max_delay_ms: self
                .number("LLM_ROUTER_ORIGIN_RETRY_MAX_DELAY_MS", 3_000)
                .clamp(base_delay_ms, 60_000),
            fallback_cooldown_ms: self.number("LLM_ROUTER_ORIGIN_FALLBACK_COOLDOWN_MS", 45_000),
            rate_limit_cooldown_ms: self.number("LLM_ROUTER_ORIGIN_RATE_LIMIT_COOLDOWN_MS", 30_000),
            billing_cooldown_ms: self.number("LLM_ROUTER_ORIGIN_BILLING_COOLDOWN_MS", 15 * 60_000),
            auth_cooldown_ms: self.number("LLM_ROUTER_ORIGIN_AUTH_COOLDOWN_MS", 10 * 60_000),
            policy_cooldown_ms: self.number("LLM_ROUTER_ORIGIN_POLICY_COOLDOWN_MS", 2 * 60_000),
            allow_policy_fallback: self.flag("LLM_ROUTER_ALLOW_POLICY_FALLBACK", false),
        }
    }

    fn circuit(&mut self) -> Option<CircuitPolicy> {
        let failures = self.number("LLM_ROUTER_FALLBACK_CIRCUIT_FAILURES", 2).min(1_000);
        let cooldown_ms = self.number("LLM_ROUTER_FALLBACK_CIRCUIT_COOLDOWN_MS", 30_000);
        let failures = u32::try_from(failures).unwrap_or(0);
        (failures > 0 && cooldown_ms > 0).then_some(CircuitPolicy { failures, cooldown_ms })
    }

    fn first(&self, names: &[&str]) -> Option<String> {
        names.iter().find_map(|name| self.set(name))
    }

    pub(super) fn set(&self, name: &str) -> Option<String> {
        (self.lookup)(name).map(|value| value.trim().to_owned()).filter(|value| !value.is_empty())
    }

    fn number(&mut self, name: &str, default: u64) -> u64 {
        self.set_number(name).unwrap_or(default)
    }

    fn set_number(&mut self, name: &str) -> Option<u64> {
        let value = self.set(name)?;
        let number = value.parse().ok();
        if number.is_none() {
            self.warnings.push(format!("{name}: not a whole number, the default is used"));
        }
        number
    }

    pub(super) fn flag(&mut self, name: &str, default: bool) -> bool {
        match self.set(name).map(|value| value.to_ascii_lowercase()).as_deref() {
            None => default,
            Some("1" | "true" | "yes" | "y" | "on") => true,
            Some("0" | "false" | "no" | "n" | "off") => false,
            Some(_) => {
                self.warnings.push(format!("{name}: neither true nor false, {default} is used"));
                default
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with<'a>(pairs: &'a [(&'a str, &'a str)]) -> (Settings, Vec<String>) {
        Settings::read(|name| {
            pairs.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn numbers_are_brought_into_range() {
        for (value, bytes) in
            [("", 8 << 20), ("1", 4_096), ("5000", 5_000), ("99999999999", 20 << 20), ("x", 8 << 20)]
        {
            let (settings, warnings) = with(&[("LLM_ROUTER_MAX_REQUEST_BODY_BYTES", value)]);
            assert_eq!(settings.max_body_bytes, bytes, "{value:?}");
            assert_eq!(warnings.len(), usize::from(value == "x"), "{value:?}");
        }
    }

    #[test]
    fn one_timeout_variable_sets_both_waits_for_headers() {
        let (settings, _) = with(&[("LLM_ROUTER_UPSTREAM_TIMEOUT_MS", "5")]);
        assert_eq!((settings.timeouts.headers_stream_ms, settings.timeouts.headers_plain_ms), (1_000, 1_000));
        let (settings, _) = with(&[]);
        assert_eq!(
            (settings.timeouts.headers_stream_ms, settings.timeouts.headers_plain_ms),
            (60_000, 300_000)
        );
    }

    #[test]
    fn the_longest_delay_is_never_below_the_first() {
        let (settings, _) = with(&[
            ("LLM_ROUTER_ORIGIN_RETRY_BASE_DELAY_MS", "900"),
            ("LLM_ROUTER_ORIGIN_RETRY_MAX_DELAY_MS", "1"),
        ]);
        assert_eq!((settings.retry.base_delay_ms, settings.retry.max_delay_ms), (900, 900));
    }

    #[test]
    fn a_circuit_of_zero_is_off() {
        assert!(with(&[("LLM_ROUTER_FALLBACK_CIRCUIT_FAILURES", "0")]).0.circuit.is_none());
        assert_eq!(with(&[]).0.circuit, Some(CircuitPolicy { failures: 2, cooldown_ms: 30_000 }));
    }

    #[test]
    fn an_unreadable_allowlist_lets_nobody_in() {
        let (settings, warnings) = with(&[("LLM_ROUTER_ALLOWED_IPS", "localhost")]);
        assert!(!settings.allowed_ips.admits(Some("127.0.0.1")));
        assert_eq!(warnings.len(), 1);
    }
}
