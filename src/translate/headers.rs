//! Headers of an upstream's answer, for a client of another format.
//!
//! Waits and hints for retries mean the same everywhere. Rate limits are named and written in two ways:
//! `anthropic-ratelimit-requests-reset: 2026-11-22T09:00:06Z` is `x-ratelimit-reset-requests: 6s`. What
//! describes bytes that the client does not get, or has no counterpart, stays behind.

use chrono::{DateTime, SecondsFormat};

use super::fault::wait::duration_ms;
use crate::wire::{
    Wire,
    headers::{UPSTREAM_REQUEST_ID, UPSTREAM_REQUEST_IDS, response_passes},
};

/// Meant alike in all formats.
const COMMON: [&str; 5] =
    ["retry-after", "retry-after-ms", "x-should-retry", "content-language", UPSTREAM_REQUEST_ID];
/// OpenAI's own, in both of its formats.
const OPENAI: [&str; 2] = ["openai-processing-ms", "openai-version"];
/// Longest value that is looked at, in bytes: a date or a number.
const VALUE_MAX: usize = 256;

/// The headers (lowercase) that go with a translated answer, success or failure, besides its content type.
/// `now_ms` is in ms since 1970.
pub fn translate_headers(
    upstream: Wire,
    client: Wire,
    headers: Vec<(String, String)>,
    now_ms: u64,
) -> Vec<(String, String)> {
    headers
        .into_iter()
        .filter_map(|(name, value)| {
            if UPSTREAM_REQUEST_IDS.contains(&name.as_str()) {
                return Some((UPSTREAM_REQUEST_ID.to_owned(), value));
            }
            if COMMON.contains(&name.as_str()) {
                return Some((name, value));
            }
            if !response_passes(&name) || value.len() > VALUE_MAX {
                return None;
            }
            match (upstream == Wire::Messages, client == Wire::Messages) {
                (true, true) => Some((name, value)).filter(|(name, _)| name.starts_with("anthropic-")),
                (true, false) => to_openai(&name, value, now_ms),
                (false, true) => to_anthropic(&name, value, now_ms),
                (false, false) => Some((name, value))
                    .filter(|(name, _)| OPENAI.contains(&name.as_str()) || name.starts_with("x-ratelimit-")),
            }
        })
        .collect()
}

/// Input and output tokens have no limits of their own in OpenAI's headers.
fn to_openai(name: &str, value: String, now_ms: u64) -> Option<(String, String)> {
    let (what, field) = name.strip_prefix("anthropic-ratelimit-")?.split_once('-')?;
    let value = match (what, field) {
        ("requests" | "tokens", "limit" | "remaining") => number(value)?,
        ("requests" | "tokens", "reset") => {
            let at = DateTime::parse_from_rfc3339(value.trim()).ok()?.timestamp_millis();
            duration(u64::try_from(at).ok()?.saturating_sub(now_ms))
        }
        _ => return None,
    };
    Some((format!("x-ratelimit-{field}-{what}"), value))
}

fn to_anthropic(name: &str, value: String, now_ms: u64) -> Option<(String, String)> {
    let (field, what) = name.strip_prefix("x-ratelimit-")?.split_once('-')?;
    let value = match (what, field) {
        ("requests" | "tokens", "limit" | "remaining") => number(value)?,
        ("requests" | "tokens", "reset") => {
            let at = now_ms.saturating_add(duration_ms(value.trim())?).div_ceil(1_000);
            let at = DateTime::from_timestamp(i64::try_from(at).ok()?, 0)?;
            at.to_rfc3339_opts(SecondsFormat::Secs, true)
        }
        _ => return None,
    };
    Some((format!("anthropic-ratelimit-{what}-{field}"), value))
}

fn number(value: String) -> Option<String> {
    value.trim().parse::<u64>().ok()?;
    Some(value)
}

/// As OpenAI writes durations: `12ms`, `1.5s`, `6m0s`, `1h0m0s`.
fn duration(ms: u64) -> String {
    let (seconds, ms) = (ms / 1_000, ms % 1_000);
    if seconds == 0 && ms > 0 {
        return format!("{ms}ms");
    }
    let (hours, minutes) = (seconds / 3_600, seconds / 60 % 60);
    let mut text = String::new();
    if hours > 0 {
        text = format!("{hours}h");
    }
    if hours > 0 || minutes > 0 {
        text = format!("{text}{minutes}m");
    }
    let fraction = match ms {
        0 => String::new(),
        ms => format!(".{ms:03}").trim_end_matches('0').to_owned(),
    };
    format!("{text}{}{fraction}s", seconds % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-11-22T09:00:00Z
    const NOW_MS: u64 = 1_795_338_000_000;

    fn translated(upstream: Wire, client: Wire, headers: &[(&str, &str)]) -> Vec<(String, String)> {
        let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        translate_headers(upstream, client, headers, NOW_MS)
    }

    fn one(upstream: Wire, client: Wire, name: &str, value: &str) -> Option<String> {
        let headers = translated(upstream, client, &[(name, value)]);
        headers.into_iter().next().map(|(name, value)| format!("{name}: {value}"))
    }

    #[test]
    fn limits_change_their_names_and_clocks() {
        for (messages, chat) in [
            ("anthropic-ratelimit-requests-limit: 50", "x-ratelimit-limit-requests: 50"),
            ("anthropic-ratelimit-tokens-remaining: 0", "x-ratelimit-remaining-tokens: 0"),
            ("anthropic-ratelimit-requests-reset: 2026-11-22T09:06:00Z", "x-ratelimit-reset-requests: 6m0s"),
            ("anthropic-ratelimit-tokens-reset: 2026-11-22T10:00:01Z", "x-ratelimit-reset-tokens: 1h0m1s"),
            ("anthropic-ratelimit-tokens-reset: 2026-11-22T09:00:00Z", "x-ratelimit-reset-tokens: 0s"),
        ] {
            let (messages_name, messages_value) = messages.split_once(": ").unwrap();
            let (chat_name, chat_value) = chat.split_once(": ").unwrap();
            assert_eq!(one(Wire::Messages, Wire::Chat, messages_name, messages_value).as_deref(), Some(chat));
            assert_eq!(one(Wire::Chat, Wire::Messages, chat_name, chat_value).as_deref(), Some(messages));
        }
        let reset = |value| one(Wire::Chat, Wire::Messages, "x-ratelimit-reset-requests", value);
        assert_eq!(
            reset("12ms").as_deref(),
            Some("anthropic-ratelimit-requests-reset: 2026-11-22T09:00:01Z"),
            "whole seconds, not too early"
        );
        assert_eq!(reset("soon"), None);
        let reset = |value| one(Wire::Messages, Wire::Responses, "anthropic-ratelimit-tokens-reset", value);
        assert_eq!(reset("2026-11-22T09:00:01.5Z").as_deref(), Some("x-ratelimit-reset-tokens: 1.5s"));
        assert_eq!(reset("2026-11-22T09:00:00.012Z").as_deref(), Some("x-ratelimit-reset-tokens: 12ms"));
        assert_eq!(reset("2020-01-01T00:00:00Z").as_deref(), Some("x-ratelimit-reset-tokens: 0s"));
        assert_eq!(reset("1795338000"), None);
    }

    #[test]
    fn what_has_no_counterpart_stays_behind() {
        for name in [
            "anthropic-ratelimit-input-tokens-limit",
            "anthropic-ratelimit-unified-5h-status",
            "anthropic-organization-id",
            "content-type",
            "content-length",
            "set-cookie",
            "openai-processing-ms",
            "openai-model",
            "x-ratelimit-limit-requests",
        ] {
            assert_eq!(one(Wire::Messages, Wire::Chat, name, "1"), None, "{name}");
        }
        for name in ["openai-processing-ms", "openai-model", "openai-organization", "x-ratelimit-reset"] {
            assert_eq!(one(Wire::Chat, Wire::Messages, name, "1"), None, "{name}");
        }
        assert_eq!(one(Wire::Chat, Wire::Messages, "x-ratelimit-limit-requests", "many"), None);
    }

    #[test]
    fn edge_68_waits_pass_as_they_are() {
        let headers = [
            ("retry-after", "Sun, 22 Nov 2026 09:02:00 GMT"),
            ("retry-after-ms", "1500"),
            ("x-should-retry", "true"),
            ("x-upstream-request-id", "req_1"),
        ];
        for (upstream, client) in [(Wire::Chat, Wire::Messages), (Wire::Messages, Wire::Responses)] {
            let passed = translated(upstream, client, &headers);
            assert_eq!(passed.len(), headers.len());
        }
        assert_eq!(
            one(Wire::Messages, Wire::Chat, "request-id", "req_1").as_deref(),
            Some("x-upstream-request-id: req_1")
        );
        // Two formats of one house.
        for name in ["x-ratelimit-reset-tokens", "openai-processing-ms"] {
            assert_eq!(one(Wire::Chat, Wire::Responses, name, "6m0s"), Some(format!("{name}: 6m0s")));
        }
    }
}
