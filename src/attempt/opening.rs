//! Streams that begin badly: a success by their status, an error by their first event, or nothing at all.
//!
//! Both formats put the error that they would have answered with into an event; some providers invent
//! statuses of their own inside. What cannot be told is taken for a passing trouble of the provider.

use super::{Diagnosis, RetryPolicy, of_class};
use crate::{ledger::message::FailureClass, ports::Opening};

/// A stream that began with an error, as if it had been an answer of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadOpening {
    /// That the provider would have answered with, had it known earlier.
    pub status: u16,
    /// The error's document; empty when the stream was.
    pub body: Vec<u8>,
    pub diagnosis: Diagnosis,
}

/// Diagnoses the beginning of a stream whose status was a success. `None`: it is one.
pub fn diagnose_opening(opening: &Opening, policy: &RetryPolicy) -> Option<BadOpening> {
    let text = String::from_utf8_lossy(&opening.bytes).replace("\r\n", "\n").replace('\r', "\n");
    let Some((named, data)) = first_event(text.trim_start_matches('\u{feff}')) else {
        // Nothing but comments: whether that is all decides. A stream that has only shown for long that it is alive
        // may still be a good one.
        let diagnosis = of_class(FailureClass::TemporaryError, None, policy);
        return opening.ended.then_some(BadOpening { status: 502, body: Vec::new(), diagnosis });
    };
    let document: serde_json::Value = serde_json::from_str(&data).unwrap_or_default();
    let error = document.get("error").filter(|error| !error.is_null());
    if !(named || error.is_some() || document.get("type").is_some_and(|kind| kind == "error")) {
        return None;
    }
    let class = class_of_error(error.unwrap_or(&document));
    let diagnosis = of_class(class, None, policy);
    Some(BadOpening { status: status_of(class), body: data.into_bytes(), diagnosis })
}

/// Whether the first event of a stream is called an error, and its data. Comments are no events.
fn first_event(text: &str) -> Option<(bool, String)> {
    text.split("\n\n").find_map(|block| {
        let mut named = None;
        let mut data: Vec<&str> = Vec::new();
        for line in block.lines() {
            let (field, value) = line.split_once(':').unwrap_or((line, ""));
            let value = value.strip_prefix(' ').unwrap_or(value);
            match field {
                "event" => named = Some(value == "error"),
                "data" => data.push(value),
                _ => {}
            }
        }
        (named.is_some() || !data.is_empty()).then(|| (named == Some(true), data.join("\n")))
    })
}

/// What an error document is about, by the words that the formats have for it.
fn class_of_error(error: &serde_json::Value) -> FailureClass {
    use FailureClass::{
        AuthFailed, BillingExhausted, InvalidRequest, NotFound, PolicyBlocked, RateLimited, TemporaryError,
    };
    let words = ["code", "type"].map(|field| error.get(field).and_then(serde_json::Value::as_str));
    let class = |word: &str| match word {
        "insufficient_quota" | "billing_error" | "billing_hard_limit_reached" | "insufficient_credits" => {
            Some(BillingExhausted)
        }
        "rate_limit_error" | "rate_limit_exceeded" | "requests" | "tokens" => Some(RateLimited),
        "authentication_error" | "permission_error" | "invalid_api_key" => Some(AuthFailed),
        "content_policy_violation" | "content_filter" | "policy_violation" => Some(PolicyBlocked),
        "not_found_error" | "model_not_found" => Some(NotFound),
        "invalid_request_error" | "request_too_large" | "context_length_exceeded" => Some(InvalidRequest),
        _ => None,
    };
    // Some say the status that it would have been.
    let status = ["code", "status"].into_iter().find_map(|field| error.get(field)?.as_u64());
    let by_status = || match status? {
        400 | 413 | 422 => Some(InvalidRequest),
        401 | 403 => Some(AuthFailed),
        402 => Some(BillingExhausted),
        404 => Some(NotFound),
        429 => Some(RateLimited),
        _ => None,
    };
    words.into_iter().flatten().find_map(class).or_else(by_status).unwrap_or(TemporaryError)
}

fn status_of(class: FailureClass) -> u16 {
    use FailureClass::{AuthFailed, BillingExhausted, InvalidRequest, NotFound, PolicyBlocked, RateLimited};
    match class {
        InvalidRequest => 400,
        AuthFailed => 401,
        BillingExhausted => 402,
        PolicyBlocked => 403,
        NotFound => 404,
        RateLimited => 429,
        _ => 503,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use FailureClass::*;

    #[test]
    fn how_streams_begin_badly() {
        let policy = crate::ingress::Settings::read(|_| None).0.retry;
        let begin = |text: &str, ended| {
            let opening = Opening { bytes: text.as_bytes().to_vec(), ended };
            diagnose_opening(&opening, &policy)
                .map(|bad| (bad.diagnosis.class, bad.status, bad.diagnosis.retry))
        };
        let messages = |kind: &str| {
            format!("event: error\r\ndata: {{\"type\":\"error\",\"error\":{{\"type\":\"{kind}\"}}}}\r\n\r\n")
        };
        let chat = |error: &str| format!("data: {{\"error\":{error}}}\n\ndata: [DONE]\n\n");
        for (text, expected) in [
            (messages("overloaded_error"), (TemporaryError, 503, true)),
            (messages("api_error"), (TemporaryError, 503, true)),
            (messages("rate_limit_error"), (RateLimited, 429, false)),
            (messages("authentication_error"), (AuthFailed, 401, false)),
            (messages("permission_error"), (AuthFailed, 401, false)),
            (messages("invalid_request_error"), (InvalidRequest, 400, false)),
            (messages("billing_error"), (BillingExhausted, 402, false)),
            (chat(r#"{"type":"server_error","code":null}"#), (TemporaryError, 503, true)),
            (chat(r#"{"type":"requests","code":"rate_limit_exceeded"}"#), (RateLimited, 429, false)),
            (
                chat(r#"{"type":"insufficient_quota","code":"insufficient_quota"}"#),
                (BillingExhausted, 402, false),
            ),
            (chat(r#"{"code":429,"message":"slow down"}"#), (RateLimited, 429, false)),
            (chat(r#""broken""#), (TemporaryError, 503, true)),
            ("event: error\ndata: what\n\n".to_owned(), (TemporaryError, 503, true)),
            (format!(": one moment\n\n{}", chat("{}")), (TemporaryError, 503, true)),
        ] {
            assert_eq!(begin(&text, false), Some(expected), "{text}");
        }
        for text in ["", "\n\n", ": keep-alive\n\n"] {
            assert_eq!(begin(text, true), Some((TemporaryError, 502, true)), "{text:?}");
            assert_eq!(begin(text, false), None, "{text:?}");
        }
        for text in [
            "event: message_start\ndata: {\"type\":\"message_start\"}\n\n",
            "event: ping\ndata: {\"type\":\"ping\"}\n\n",
            "data: {\"choices\":[],\"error\":null}\n\n",
            "data: [DONE]\n\n",
            "data: {\"choi",
        ] {
            assert_eq!(begin(text, false), None, "{text}");
            assert_eq!(begin(text, true), None, "{text}");
        }
    }
}
