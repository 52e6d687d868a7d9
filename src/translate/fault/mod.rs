//! Errors of upstreams, in words that a client of another format acts on.
//!
//! Every provider words its errors its own way, also those who share a format; agents go by status, code and
//! a few sentences. So the cause is found first (`cause`), from the status, the words in `code` and `type`
//! and the text; then it is told the way the client's format tells it ([`ClientError`]), with the sentence
//! that Messages clients recognise it by (`sentence`).

mod cause;
mod said;
mod sentence;
pub(super) mod wait;

use serde_json::Value;

use crate::wire::{
    Wire,
    error::{ClientError, Kind},
};
use cause::Cause;
use said::Said;

/// Fields of a request that have one name and meaning in all formats.
const SHARED_PARAMS: [&str; 7] =
    ["model", "temperature", "top_p", "tools", "tool_choice", "stream", "service_tier"];

/// The `error` of a body or stream event of Chat or Responses, whatever it is. `status` is the HTTP answer's,
/// `None` within a stream.
pub fn from_chat_error(error: &Value, status: Option<u16>) -> ClientError {
    build(&Said::read(error), status)
}

/// The `error` of a Messages body or stream event, whatever it is. `status` is the HTTP answer's, `None`
/// within a stream.
pub fn from_messages_error(error: &Value, status: Option<u16>) -> ClientError {
    // What providers of either format say differs less than what two providers of one format say.
    build(&Said::read(error), status)
}

/// A whole failed answer. Of the headers (lowercase), those are read that tell when to come back; the
/// client gets them from [`super::headers::translate_headers`], and what [`ClientError::headers`] has
/// replaces them.
pub fn from_failure(upstream: Wire, status: u16, headers: &[(String, String)], body: &[u8]) -> ClientError {
    let error = match serde_json::from_slice::<Value>(body) {
        Ok(body) if body.is_object() || body.is_array() => match upstream {
            Wire::Messages => from_messages_error(error_of(&body), Some(status)),
            Wire::Chat | Wire::Responses | Wire::Completions => {
                from_chat_error(error_of(&body), Some(status))
            }
        },
        _ => build(&Said::plain(&said::text_of_page(body)), Some(status)),
    };
    let header = |name| headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str());
    let wait = wait::of_headers(header("retry-after-ms"), header("retry-after"));
    let retry_after_ms = wait.or(error.retry_after_ms);
    let said = header("x-should-retry").and_then(|value| value.trim().parse().ok());
    // What is hopeless stays so, whatever the upstream thinks.
    let should_retry = error.should_retry.or(said);
    ClientError { retry_after_ms, should_retry, ..error }
}

/// An error as the owner of the key reads it, who has to hear of a refused key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// [`Kind::Authentication`]: the key was refused.
    pub kind: Kind,
    /// In the provider's words, on one line; empty if it gave no reason.
    pub message: String,
    /// The message and the words beside it (`code`, `type`, …), in lower case.
    pub text: String,
    /// When to come back, if the text says it.
    pub retry_after_ms: Option<u64>,
}

/// Reads the body of a failed answer, or of one that says so with a `status` below 400.
pub fn told(status: u16, body: &[u8]) -> Told {
    let said = match serde_json::from_slice::<Value>(body) {
        Ok(body) if body.is_object() || body.is_array() => Said::read(error_of(&body)),
        _ => Said::plain(&said::text_of_page(body)),
    };
    let status = Some(status).filter(|status| (400..=599).contains(status)).or(said.status);
    let kind = match cause::of(&said, status) {
        Cause::KeyRefused => Kind::Authentication,
        Cause::SystemRole => Kind::InvalidRequest,
        Cause::Kind(kind) => kind,
    };
    Told { kind, retry_after_ms: wait::of_text(&said.text), message: said.message, text: said.text }
}

/// The error in a body: most wrap it, some in an array as well.
fn error_of(body: &Value) -> &Value {
    let body = body.as_array().and_then(|list| list.first()).unwrap_or(body);
    body.get("error").filter(|error| !error.is_null()).unwrap_or(body)
}

fn build(said: &Said, status: Option<u16>) -> ClientError {
    // A status below 400 came with the error all the same: it says nothing.
    let status = status.filter(|status| (400..=599).contains(status)).or(said.status);
    let error = match cause::of(said, status) {
        Cause::KeyRefused => {
            // The caller's own key is fine; 401 would make people change the wrong one.
            let message = "The provider refused the key that this gateway has for it";
            ClientError::new(Kind::Api, message).should_retry(false)
        }
        Cause::SystemRole => ClientError::new(Kind::InvalidRequest, message(said, status))
            .sentence("role 'system' is not supported on this model"),
        Cause::Kind(kind) => {
            let error = ClientError::new(kind, message(said, status));
            match kind {
                Kind::ContextLength => error.sentence(sentence::context(&said.text)),
                Kind::MaxTokens => error.sentence(sentence::max_tokens(&said.text)),
                _ => error,
            }
        }
    };
    let error = with_status(error, status);
    let retry_after_ms = is_passing(error.kind).then(|| wait::of_text(&said.text)).flatten();
    let error = error.retry_after_ms(retry_after_ms);
    match &said.param {
        Some(param) if error.kind == Kind::InvalidRequest && SHARED_PARAMS.contains(&param.as_str()) => {
            error.param(param.clone())
        }
        _ => error,
    }
}

/// The upstream's status, where the kind has more than one.
fn with_status(error: ClientError, status: Option<u16>) -> ClientError {
    match (error.kind, status) {
        // The latter are 500, 502 and what proxies invent beyond 504; not the 401 of a key of ours.
        (Kind::InvalidRequest, Some(status @ 405..=499)) | (Kind::Api, Some(status @ 500..=599)) => {
            error.status(status)
        }
        _ => error,
    }
}

fn is_passing(kind: Kind) -> bool {
    matches!(kind, Kind::RateLimit | Kind::Overloaded | Kind::ProviderUnavailable | Kind::Api)
}

fn message(said: &Said, status: Option<u16>) -> String {
    if !said.message.is_empty() {
        return said.message.clone();
    }
    match status {
        Some(status) => format!("The provider answered with status {status} and no reason"),
        None => "The provider reported an error without a reason".to_owned(),
    }
}

#[cfg(test)]
mod tests;
#[cfg(test)]
mod wordings;
