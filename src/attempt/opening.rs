//! Streams that begin badly: a success by their status, an error by their first event, or nothing at all.
//!
//! All formats put the error that they would have answered with into an event; some providers invent
//! statuses of their own inside. What cannot be told is taken for a passing trouble of the provider.
//! Responses announces every answer before it begins, also one that fails, and Messages pings: those events
//! say nothing.

use serde_json::{Value, json};

use super::{Diagnosis, RetryPolicy, of_class};
use crate::{ledger::message::FailureClass, ports::Opening};

/// A stream that began with an error, as if it had been an answer of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadOpening {
    /// That the provider would have answered with, had it known earlier.
    pub status: u16,
    /// The error's document; empty when there is none.
    pub body: Vec<u8>,
    pub diagnosis: Diagnosis,
}

/// Diagnoses the beginning of a stream whose status was a success. `None`: it is one.
pub fn diagnose_opening(opening: &Opening, policy: &RetryPolicy) -> Option<BadOpening> {
    let text = String::from_utf8_lossy(&opening.bytes).replace("\r\n", "\n").replace('\r', "\n");
    let Some((name, data, document)) = first_event(text.trim_start_matches('\u{feff}')) else {
        // Nothing but comments and announcements: whether that is all decides. A stream that has only shown for
        // long that it is alive may still be a good one.
        let diagnosis = of_class(FailureClass::TemporaryError, None, policy);
        return opening.ended.then_some(BadOpening { status: 502, body: Vec::new(), diagnosis });
    };
    let kind = document.get("type").and_then(Value::as_str).unwrap_or(&name);
    let error = match kind {
        "response.failed" => document.pointer("/response/error").or(Some(&Value::Null)),
        _ => document.get("error").filter(|error| !error.is_null()),
    };
    if !(name == "error" || kind == "error" || error.is_some()) {
        return None;
    }
    let class = class_of_error(error.unwrap_or(&document));
    let diagnosis = of_class(class, None, policy);
    // As it would be in an answer of its own.
    let body = match &document {
        // It failed, and that is all that it says.
        _ if error == Some(&Value::Null) => String::new(),
        Value::Object(fields) if !fields.contains_key("error") => {
            json!({ "error": error.unwrap_or(&document) }).to_string()
        }
        _ => data,
    };
    Some(BadOpening { status: status_of(class), body: body.into_bytes(), diagnosis })
}

/// The first event of a stream that says something: its name, its data, and the JSON in that. Comments are no
/// events.
fn first_event(text: &str) -> Option<(String, String, Value)> {
    let announces =
        |kind: &str| matches!(kind, "ping" | "response.created" | "response.queued" | "response.in_progress");
    text.split("\n\n").find_map(|block| {
        let mut name = None;
        let mut data: Vec<&str> = Vec::new();
        for line in block.lines() {
            let (field, value) = line.split_once(':').unwrap_or((line, ""));
            let value = value.strip_prefix(' ').unwrap_or(value);
            match field {
                "event" => name = Some(value),
                "data" => data.push(value),
                _ => {}
            }
        }
        if name.is_none() && data.is_empty() || name.is_some_and(announces) {
            return None;
        }
        let data = data.join("\n");
        let document: Value = serde_json::from_str(&data).unwrap_or_default();
        let announced = document.get("type").and_then(Value::as_str).is_some_and(announces);
        (!announced).then(|| (name.unwrap_or_default().to_owned(), data, document))
    })
}

/// What an error document is about, by the words that the formats have for it.
fn class_of_error(error: &Value) -> FailureClass {
    use FailureClass::{
        AuthFailed, BillingExhausted, InvalidRequest, NotFound, PolicyBlocked, RateLimited, TemporaryError,
    };
    let words = ["code", "type"].map(|field| error.get(field).and_then(Value::as_str));
    let class = |word: &str| match word {
        "insufficient_quota" | "billing_error" | "billing_hard_limit_reached" | "insufficient_credits" => {
            Some(BillingExhausted)
        }
        "rate_limit_error" | "rate_limit_exceeded" | "requests" | "tokens" => Some(RateLimited),
        "authentication_error" | "permission_error" | "invalid_api_key" => Some(AuthFailed),
        "content_policy_violation" | "content_filter" | "policy_violation" | "bio_policy" => {
            Some(PolicyBlocked)
        }
        "not_found_error" | "model_not_found" => Some(NotFound),
        "invalid_request_error" | "invalid_prompt" | "request_too_large" | "context_length_exceeded" => {
            Some(InvalidRequest)
        }
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
        let failed = |code: &str| {
            let event = json!({ "type": "response.failed", "response": { "error": { "code": code } } });
            format!("event: response.failed\ndata: {event}\n\n")
        };
        let announced = |text: &str| {
            format!(
                "event: response.created\ndata: {{}}\n\ndata: {{\"type\":\"response.in_progress\"}}\n\n{text}"
            )
        };
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
            (failed("server_error"), (TemporaryError, 503, true)),
            (failed("rate_limit_exceeded"), (RateLimited, 429, false)),
            (failed("context_length_exceeded"), (InvalidRequest, 400, false)),
            (announced(&failed("invalid_prompt")), (InvalidRequest, 400, false)),
            (announced(&failed("insufficient_quota")), (BillingExhausted, 402, false)),
            (announced("data: {\"type\":\"response.failed\"}\n\n"), (TemporaryError, 503, true)),
            (
                announced("data: {\"type\":\"error\",\"code\":\"model_not_found\",\"message\":\"x\"}\n\n"),
                (NotFound, 404, false),
            ),
        ] {
            assert_eq!(begin(&text, false), Some(expected), "{text}");
        }
        let ping = "event: ping\ndata: {\"type\":\"ping\"}\n\n";
        for text in ["", "\n\n", ": keep-alive\n\n", ping, &announced("")] {
            assert_eq!(begin(text, true), Some((TemporaryError, 502, true)), "{text:?}");
            assert_eq!(begin(text, false), None, "{text:?}");
        }
        for text in [
            &announced(
                "event: response.output_item.added\ndata: {\"type\":\"response.output_item.added\"}\n\n",
            ),
            &announced("event: response.fai"),
            "data: {\"type\":\"response.incomplete\",\"response\":{\"error\":null}}\n\n",
            "event: message_start\ndata: {\"type\":\"message_start\"}\n\n",
            "data: {\"choices\":[],\"error\":null}\n\n",
            "data: [DONE]\n\n",
            "data: {\"choi",
        ] {
            assert_eq!(begin(text, false), None, "{text}");
            assert_eq!(begin(text, true), None, "{text}");
        }
    }

    #[test]
    fn errors_are_told_as_answers_of_their_own() {
        let policy = crate::ingress::Settings::read(|_| None).0.retry;
        let error = json!({ "code": "server_error", "message": "no" });
        let flat = json!({ "type": "error", "code": "server_error", "message": "no" });
        for (event, body) in [
            (json!({ "error": error }), json!({ "error": error })),
            (json!({ "type": "error", "error": error }), json!({ "type": "error", "error": error })),
            (
                json!({ "type": "response.failed", "response": { "id": "r", "error": error } }),
                json!({ "error": error }),
            ),
            (json!({ "type": "response.failed", "response": null }), Value::Null),
            (flat.clone(), json!({ "error": flat })),
        ] {
            let opening = Opening { bytes: format!("data: {event}\n\n").into_bytes(), ended: false };
            let bad = diagnose_opening(&opening, &policy).unwrap();
            assert_eq!(serde_json::from_slice::<Value>(&bad.body).unwrap_or_default(), body);
        }
    }
}
