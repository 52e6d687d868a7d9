//! The log: one JSON line a request, written when its response headers are known.
//!
//! A line holds names, numbers and statuses. Never a body, a key, a header value or a client's address.

use serde::Serialize;

use crate::{
    ingress::auth::Opened,
    ledger::message::FailureClass,
    time::Millis,
    trace::{Attempted, Skipped, Trace},
    wire::{Wire, error::Kind},
};

/// How much is written; also how much a line matters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Nothing is.
    Off,
    /// The gateway or its upstreams failed.
    Error,
    /// The request was refused.
    Warn,
    /// It was answered.
    #[default]
    Info,
    /// It was about the gateway itself: health, model lists.
    Debug,
}

impl Level {
    pub const ALL: [Self; 5] = [Self::Off, Self::Error, Self::Warn, Self::Info, Self::Debug];

    pub fn name(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Error => "error",
            Self::Warn => "warn",
            Self::Info => "info",
            Self::Debug => "debug",
        }
    }

    /// In any case; `warning` and `none` are understood.
    pub fn from_name(name: &str) -> Option<Self> {
        match name.to_ascii_lowercase().as_str() {
            "none" => Some(Self::Off),
            "warning" => Some(Self::Warn),
            name => Self::ALL.into_iter().find(|level| level.name() == name),
        }
    }
}

/// A request and its reply.
#[derive(Clone, Debug)]
pub struct Entry<'a> {
    /// As in `x-request-id`.
    pub id: &'a str,
    pub subject: Subject<'a>,
    /// The client's format, where it is known.
    pub wire: Option<Wire>,
    pub status: u16,
    /// What the gateway itself objected to.
    pub error: Option<Kind>,
    /// Whom Cloudflare Access vouches for.
    pub identity: Option<&'a str>,
    /// Why it vouches for nobody.
    pub access: Option<&'static str>,
    /// Which of the gateway's keys opened.
    pub key: Option<Opened>,
    pub trace: &'a Trace,
    pub times: Times,
}

/// What a request was for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject<'a> {
    /// The only one that is worth a line at [`Level::Info`].
    Call,
    Other(&'static str),
    /// Turned away at the door.
    Refused,
    /// The path, of a caller who may know that there is nothing.
    Nowhere(&'a str),
}

/// The runtime's clock moves only while something is waited for, so these are times of waiting.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Times {
    pub began: Millis,
    /// When there were response headers.
    pub ended: Millis,
    pub waits: Waits,
}

/// In ms, over all attempts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Waits {
    /// For provider objects.
    pub reserve_ms: u64,
    /// For upstreams' response headers.
    pub upstream_ms: u64,
}

/// Longest name in a line, in bytes.
const NAME_MAX: usize = 160;

/// Most items of a list. Worst case is 2 * 16 * (160 + 80) bytes: 7.5 KiB, twice that if every character
/// has to be escaped, and `start` prints a line of up to 16 KiB in one piece.
const ITEMS_MAX: usize = 16;

impl Entry<'_> {
    pub fn level(&self) -> Level {
        match (self.status, self.subject) {
            (500.., _) => Level::Error,
            (400.., _) => Level::Warn,
            (_, Subject::Call) => Level::Info,
            _ => Level::Debug,
        }
    }

    /// The line, without its end.
    pub fn line(&self) -> String {
        let Trace { requested, route, skipped, attempts, selected, reason, translation } = self.trace;
        let line = Line {
            time: self.times.ended.iso(),
            level: self.level().name(),
            event: "request",
            id: self.id,
            endpoint: match self.subject {
                Subject::Call => Some("call"),
                Subject::Other(name) => Some(name),
                Subject::Refused | Subject::Nowhere(_) => None,
            },
            path: match self.subject {
                Subject::Nowhere(path) => Some(clipped(path)),
                _ => None,
            },
            format: self.wire.map(Wire::config_name),
            status: self.status,
            error: self.error.map(Kind::name),
            identity: self.identity.map(clipped),
            access: self.access,
            key: self.key.filter(|key| *key == Opened::Previous).map(|_| "previous"),
            requested: requested.as_deref().map(clipped),
            route_type: route.as_ref().map(|route| route.kind.name()),
            route: route.as_ref().map(|route| clipped(&route.name)),
            strategy: route.as_ref().and_then(|route| route.strategy),
            target: selected.as_deref().map(clipped),
            reason: *reason,
            upstream_format: translation.as_ref().map(|made| made.upstream.config_name()),
            skipped: skipped.iter().take(ITEMS_MAX).map(SkippedItem::from).collect(),
            attempts: attempts.iter().take(ITEMS_MAX).map(AttemptedItem::from).collect(),
            omitted: skipped.len().saturating_sub(ITEMS_MAX) + attempts.len().saturating_sub(ITEMS_MAX),
            ms: self.times.ended.since(self.times.began),
            reserve_ms: self.times.waits.reserve_ms,
            upstream_ms: self.times.waits.upstream_ms,
        };
        // Text and numbers: there is nothing in it that could fail.
        serde_json::to_string(&line).unwrap_or_default()
    }
}

#[derive(Serialize)]
struct Line<'a> {
    time: String,
    level: &'static str,
    event: &'static str,
    id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    endpoint: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    path: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    format: Option<&'static str>,
    status: u16,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    identity: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    access: Option<&'static str>,
    /// Only a key that will soon stop working is worth a word.
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    requested: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    route_type: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    route: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    strategy: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    target: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    upstream_format: Option<&'static str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    skipped: Vec<SkippedItem<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    attempts: Vec<AttemptedItem<'a>>,
    /// Items that the lists would have had more.
    #[serde(skip_serializing_if = "is_zero")]
    omitted: usize,
    ms: u64,
    #[serde(skip_serializing_if = "is_zero")]
    reserve_ms: u64,
    #[serde(skip_serializing_if = "is_zero")]
    upstream_ms: u64,
}

#[derive(Serialize)]
struct SkippedItem<'a> {
    target: &'a str,
    reasons: Vec<&'static str>,
}

impl<'a> From<&'a Skipped> for SkippedItem<'a> {
    fn from(Skipped { target, reasons }: &'a Skipped) -> Self {
        Self { target: clipped(target), reasons: reasons.iter().map(|reason| reason.name()).collect() }
    }
}

#[derive(Serialize)]
struct AttemptedItem<'a> {
    target: &'a str,
    /// `null` when no answer came.
    status: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    class: Option<&'static str>,
    number: u32,
}

impl<'a> From<&'a Attempted> for AttemptedItem<'a> {
    fn from(Attempted { target, status, class, number }: &'a Attempted) -> Self {
        let class = class.map(FailureClass::name);
        Self { target: clipped(target), status: *status, class, number: *number }
    }
}

fn is_zero<N: Default + PartialEq>(number: &N) -> bool {
    *number == N::default()
}

/// At most [`NAME_MAX`] bytes of a name that may be a client's.
fn clipped(name: &str) -> &str {
    name.get(..name.floor_char_boundary(NAME_MAX)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::{
        trace::{Route, RouteKind, SkipReason, Translation},
        translate::Notes,
    };

    fn entry(trace: &Trace) -> Entry<'_> {
        let began = Millis(1_795_338_000_000);
        Entry {
            id: "req_1",
            subject: Subject::Call,
            wire: Some(Wire::Chat),
            status: 200,
            error: None,
            identity: None,
            access: None,
            key: Some(Opened::Current),
            trace,
            times: Times { began, ended: began.after(150), waits: Waits { reserve_ms: 2, upstream_ms: 147 } },
        }
    }

    fn read(entry: &Entry<'_>) -> Value {
        let line = entry.line();
        assert!(!line.contains('\n'), "{line}");
        serde_json::from_str(&line).unwrap()
    }

    #[test]
    fn a_line_says_what_happened() {
        let attempted = |status, class, number| Attempted { target: "a/x".to_owned(), status, class, number };
        let trace = Trace {
            requested: Some("fast".to_owned()),
            route: Some(Route { kind: RouteKind::Alias, name: "fast".to_owned(), strategy: Some("ordered") }),
            skipped: vec![Skipped { target: "b/y".to_owned(), reasons: vec![SkipReason::Cooldown] }],
            attempts: vec![attempted(None, Some(FailureClass::Timeout), 1), attempted(Some(200), None, 2)],
            selected: Some("a/x".to_owned()),
            reason: Some("first of ordered"),
            translation: Some(Translation { upstream: Wire::Messages, notes: Notes::default() }),
        };
        assert_eq!(
            read(&entry(&trace)),
            json!({
                "time": "2026-11-22T09:00:00.150Z", "level": "info", "event": "request", "id": "req_1",
                "endpoint": "call", "format": "openai", "status": 200, "requested": "fast",
                "route_type": "alias", "route": "fast", "strategy": "ordered", "target": "a/x",
                "reason": "first of ordered", "upstream_format": "claude", "skipped": [{ "target": "b/y", "reasons": ["cooldown"] }],
                "attempts": [
                    { "target": "a/x", "status": null, "class": "timeout", "number": 1 },
                    { "target": "a/x", "status": 200, "number": 2 },
                ],
                "ms": 150, "reserve_ms": 2, "upstream_ms": 147,
            })
        );
    }

    #[test]
    fn a_client_that_has_not_switched_keys_can_be_found() {
        let trace = Trace::default();
        let late = read(&Entry { key: Some(Opened::Previous), ..entry(&trace) });
        assert_eq!(late["key"], "previous");
        assert_eq!(read(&entry(&trace))["key"], Value::Null);
    }

    #[test]
    fn the_level_is_how_much_a_request_matters() {
        let trace = Trace::default();
        for (status, subject, level) in [
            (200, Subject::Call, Level::Info),
            (404, Subject::Call, Level::Warn),
            (429, Subject::Call, Level::Warn),
            (529, Subject::Call, Level::Error),
            (200, Subject::Other("health"), Level::Debug),
            (200, Subject::Other("models"), Level::Debug),
            (204, Subject::Other("preflight"), Level::Debug),
            (403, Subject::Other("preflight"), Level::Warn),
            (401, Subject::Refused, Level::Warn),
            (503, Subject::Refused, Level::Error),
            (404, Subject::Nowhere("/v2"), Level::Warn),
        ] {
            let entry = Entry { subject, status, ..entry(&trace) };
            assert_eq!(entry.level(), level, "{status} {subject:?}");
        }
    }

    #[test]
    fn a_path_is_told_only_where_nothing_is() {
        let trace = Trace::default();
        let nowhere = read(&Entry { status: 404, subject: Subject::Nowhere("/v2\n"), ..entry(&trace) });
        assert_eq!((&nowhere["path"], &nowhere["endpoint"]), (&json!("/v2\n"), &Value::Null));
        let refused = Entry {
            status: 401,
            subject: Subject::Refused,
            error: Some(Kind::Authentication),
            wire: None,
            ..entry(&trace)
        };
        let refused = read(&refused);
        assert_eq!((&refused["path"], &refused["error"]), (&Value::Null, &json!("authentication")));
    }

    #[test]
    fn a_hostile_request_gets_one_line_of_bounded_length() {
        let name = format!("\"\\{}", "\u{1f600}\n".repeat(1 << 16));
        let attempt = Attempted {
            target: "\\".repeat(400),
            status: Some(503),
            class: Some(FailureClass::ConfigurationError),
            number: 4_000_000_000,
        };
        let reasons = vec![SkipReason::FormatIncompatible, SkipReason::QuotaExhausted];
        let trace = Trace {
            requested: Some(name.clone()),
            skipped: vec![Skipped { target: "\"".repeat(400), reasons }; 1_000],
            attempts: vec![attempt; 1_000],
            ..Trace::default()
        };
        let line = read(&Entry { identity: Some(&name), ..entry(&trace) });
        assert_eq!(line["identity"], line["requested"]);
        assert!(line.to_string().len() < 16 << 10, "{}", line.to_string().len());
        assert_eq!(line["omitted"], 2_000 - 2 * ITEMS_MAX);
        assert_eq!(line["requested"].as_str().map(str::len), Some(157), "whole characters");
    }
}
