//! Does a place speak a format? Asked with a request that no provider can bill.
//!
//! The request names a model that does not exist and has no conversation. Whoever speaks the format says what
//! is missing; whoever does not says something else. A status alone tells little: a 404 may be about the
//! model, and a 200 may be a web page.

use serde_json::{Value, json};

use super::answer::{Answer, Outcome};
use super::shape;
use crate::wire::Wire;
use crate::wire::error::Kind;

/// A model that nobody has.
pub(super) const NO_MODEL: &str = "llm-router-probe-no-such-model";

/// What such a request is answered with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Check {
    /// The way the format refuses. Not `sure`: the words fit, their shape is that of another format.
    Speaks {
        sure: bool,
    },
    /// As if it had been a good request: this place takes anything.
    TakesAnything,
    /// The key is fine, and has nothing to spend.
    NoCredit,
    KeyRefused,
    /// Nothing is there.
    NoPath,
    /// Where the answer is to be had instead.
    Moved(String),
    Busy,
    TimedOut,
    /// The reason, for people.
    Unclear(String),
    Unreachable(String),
}

/// The body of such a request.
pub(super) fn body() -> Value {
    json!({ "model": NO_MODEL })
}

impl Check {
    /// For people.
    pub(super) fn said(&self) -> String {
        match self {
            Self::Speaks { sure: true } => "speaks it".to_owned(),
            Self::Speaks { sure: false } => "may speak it: right words, wrong shape".to_owned(),
            Self::TakesAnything => "takes anything".to_owned(),
            Self::NoCredit => "key valid, no credit".to_owned(),
            Self::KeyRefused => "key refused".to_owned(),
            Self::NoPath => "nothing there".to_owned(),
            Self::Moved(_) => "moved".to_owned(),
            Self::Busy => "busy".to_owned(),
            Self::TimedOut => "no answer in time".to_owned(),
            Self::Unclear(said) => format!("unclear ({said})"),
            Self::Unreachable(reason) => format!("unreachable: {reason}"),
        }
    }
}

pub(super) fn read(wire: Wire, outcome: &Outcome) -> Check {
    match outcome {
        Outcome::Unreachable(reason) => Check::Unreachable(reason.clone()),
        Outcome::TimedOut(_) => Check::TimedOut,
        Outcome::Broken(reason) => Check::Unclear(reason.clone()),
        Outcome::Answer(answer) => read_answer(wire, answer),
    }
}

fn read_answer(wire: Wire, answer: &Answer) -> Check {
    if let (300..=399, Some(location)) = (answer.status, &answer.location) {
        return Check::Moved(location.clone());
    }
    if let Some(document) = answer.good() {
        let fits = shape::is_answer(wire, document);
        return if fits { Check::TakesAnything } else { Check::NoPath };
    }
    let Some(kind) = answer.kind() else {
        // A web page that says 200, or nothing at all.
        return Check::NoPath;
    };
    match kind {
        // A wall in front of the provider, which does not know any key.
        Kind::Permission if answer.is_page => Check::Unclear(format!("{} that refuses it", answer.said())),
        Kind::Authentication | Kind::Permission => Check::KeyRefused,
        Kind::Billing => Check::NoCredit,
        _ if answer.is_busy() => Check::Busy,
        _ if names_no_path(answer) => Check::NoPath,
        _ if answer.is_page => Check::Unclear(answer.said()),
        _ => refusal(wire, answer),
    }
}

/// A refusal that is about what is missing in the request, or about its model.
fn refusal(wire: Wire, answer: &Answer) -> Check {
    let about_fields = shape::own_fields(wire).iter().any(|field| answer.text.contains(field));
    let about_model = answer.text.contains(NO_MODEL) || answer.kind() == Some(Kind::ModelNotFound);
    let own_shape = answer.document.as_ref().is_some_and(|document| shape::is_error_of(wire, document));
    match (own_shape, about_fields, about_model) {
        (true, true, _) | (true, _, true) => Check::Speaks { sure: true },
        // Anthropic's shape is nobody else's.
        (true, ..) if wire == Wire::Messages && answer.status < 500 => Check::Speaks { sure: true },
        (false, true, _) | (false, _, true) => Check::Speaks { sure: false },
        _ => Check::Unclear(answer.said()),
    }
}

/// Whether the answer is that nothing is served here. Servers say so in JSON as well, and some with 200.
fn names_no_path(answer: &Answer) -> bool {
    const PATH: [&str; 9] = [
        "unknown request url",
        "unknown_url",
        "invalid url",
        "cannot post",
        "no route",
        "route not found",
        "path not found",
        "no such endpoint",
        "endpoint not found",
    ];
    let about_model = answer.text.contains(NO_MODEL)
        || answer.told.as_ref().is_some_and(|told| told.text.contains("model_not_found"));
    let about_path = PATH.iter().any(|words| answer.text.contains(words));
    match answer.status {
        404 | 405 | 410 | 501 => about_path || !about_model,
        200..=299 => !about_model && (answer.text.contains("not found") || answer.text.contains("not_found")),
        _ => about_path && !about_model,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(wire: Wire, status: u16, body: &str) -> Check {
        read(wire, &Outcome::Answer(Box::new(Answer::new(status, body.as_bytes()))))
    }

    #[test]
    #[rustfmt::skip]
    fn what_real_providers_say() {
        use Check::{KeyRefused, NoCredit, NoPath, Speaks, TakesAnything};
        let (sure, weak) = (Speaks { sure: true }, Speaks { sure: false });
        for (wire, status, body, expected) in [
            (Wire::Chat, 400, r#"{"error":{"message":"Missing required parameter: 'messages'.","type":"invalid_request_error","param":"messages","code":"missing_required_parameter"}}"#, &sure),
            (Wire::Chat, 404, r#"{"error":{"message":"The model `llm-router-probe-no-such-model` does not exist or you do not have access to it.","type":"invalid_request_error","param":null,"code":"model_not_found"}}"#, &sure),
            (Wire::Chat, 422, r#"{"detail":[{"type":"missing","loc":["body","messages"],"msg":"Field required"}]}"#, &sure),
            (Wire::Chat, 500, r#"{"error":{"code":500,"message":"'messages' is required","type":"server_error"}}"#, &sure),
            (Wire::Messages, 400, r#"{"type":"error","error":{"type":"invalid_request_error","message":"max_tokens: Field required"},"request_id":"r"}"#, &sure),
            (Wire::Messages, 404, r#"{"type":"error","error":{"type":"not_found_error","message":"model: llm-router-probe-no-such-model"}}"#, &sure),
            (Wire::Messages, 400, r#"{"error":{"message":"messages: Field required"}}"#, &weak),
            (Wire::Responses, 400, r#"{"error":{"message":"Missing required parameter: 'input'.","param":"input"}}"#, &sure),
            // W52: a 404 with an error message is not an endpoint.
            (Wire::Chat, 404, r#"{"error":{"message":"Not found"}}"#, &NoPath),
            (Wire::Chat, 404, r#"{"error":{"message":"No model is served at this path","type":"invalid_request_error"}}"#, &NoPath),
            (Wire::Messages, 404, r#"{"error":{"message":"Unknown request URL: POST /v1/messages. Please check the URL for typos.","type":"invalid_request_error","param":null,"code":"unknown_url"}}"#, &NoPath),
            (Wire::Messages, 404, r#"{"type":"error","error":{"type":"not_found_error","message":"Not found"}}"#, &NoPath),
            (Wire::Chat, 404, "<html><title>404 Not Found</title></html>", &NoPath),
            (Wire::Chat, 404, r#"{"detail":"Not Found"}"#, &NoPath),
            (Wire::Chat, 404, "404 page not found", &NoPath),
            (Wire::Chat, 405, r#"{"detail":"Method Not Allowed"}"#, &NoPath),
            (Wire::Chat, 200, r#"{"code":500,"msg":"404 NOT_FOUND","success":false}"#, &NoPath),
            (Wire::Chat, 200, "<!doctype html><title>App</title>", &NoPath),
            (Wire::Chat, 200, r#"{"ok":true}"#, &NoPath),
            (Wire::Chat, 200, r#"{"choices":[{"message":{"content":"hi"}}]}"#, &TakesAnything),
            (Wire::Chat, 401, r#"{"error":{"message":"Incorrect API key provided"}}"#, &KeyRefused),
            (Wire::Chat, 400, r#"[{"error":{"code":400,"message":"API key not valid. Please pass a valid API key.","status":"INVALID_ARGUMENT"}}]"#, &KeyRefused),
            (Wire::Chat, 402, r#"{"error":{"message":"Insufficient Balance"}}"#, &NoCredit),
            (Wire::Chat, 429, r#"{"error":{"message":"You exceeded your current quota","type":"insufficient_quota","code":"insufficient_quota"}}"#, &NoCredit),
            (Wire::Chat, 200, r#"{"base_resp":{"status_code":1008,"status_msg":"insufficient balance"}}"#, &NoCredit),
        ] {
            assert_eq!(check(wire, status, body), *expected, "{wire:?} {status} {body}");
        }
        assert_eq!(check(Wire::Chat, 429, "{}"), Check::Busy);
        assert!(matches!(check(Wire::Chat, 500, "{}"), Check::Unclear(_)));
        assert!(matches!(check(Wire::Chat, 400, r#"{"error":{"message":"bad request"}}"#), Check::Unclear(_)));
    }
}
