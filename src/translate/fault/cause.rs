//! The cause of an error, from its status, its words and its text.
//!
//! Where providers use one status for many things (400, 403, 429, 5xx) words and text decide; where the
//! status says it all, it does. Within a stream there is no status, and words come first.

use super::said::Said;
use crate::wire::error::Kind;

/// See the module documentation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cause {
    Kind(Kind),
    /// The provider does not know the gateway's key.
    KeyRefused,
    /// A message with the role `system` where the model takes none.
    SystemRole,
}

/// More input than the context window: what providers and servers say, in lower case.
const CONTEXT: [&str; 32] = [
    "context_length_exceeded",
    "exceed_context_size",
    "contextwindowexceedederror",
    "model_context_window_exceeded",
    "maximum context length",
    "maximum context limit",
    "maximum prompt length",
    "context length exceeded",
    "context window exceeds limit",
    "exceeds the context window",
    "exceed the context window",
    "exceeds the context length",
    "exceed context limit",
    "exceeds the context limit",
    "exceeds the available context size",
    "context exceeds your deployment",
    "longer than the model's context length",
    "longer than the maximum model length",
    "exceeded model token limit",
    "exceeds the maximum number of tokens allowed",
    "tokens in request more than max tokens allowed",
    "but model only supports up to",
    "input tokens exceed",
    "input token length too long",
    "input length exceeds",
    "range of input length should be",
    "input is too long",
    "prompt is too long",
    "prompt exceeds max length",
    "reduce the length of the m",
    "context length of only",
    "`inputs` tokens + `max_new_tokens` must be",
];

/// The role `system` refused, by servers and chat templates.
const SYSTEM_ROLE: [&str; 9] = [
    "role 'system' is not supported",
    "role \"system\" is not supported",
    "unsupported role: system",
    "unexpected role \"system\"",
    "unexpected role 'system'",
    "invalid role: system",
    "input should be 'user' or 'assistant'",
    "system role not supported",
    "system message must be at the beginning",
];

const BILLING: [&str; 13] = [
    "insufficient_quota",
    "billing_error",
    "billing_hard_limit",
    "billing hard limit",
    "insufficient_credits",
    "insufficient_balance",
    "insufficient balance",
    "insufficient credit",
    "not enough credit",
    "out of credits",
    "credit balance",
    "payment required",
    "requires more credits",
];

const POLICY: [&str; 16] = [
    "bio_policy",
    "content_policy",
    "content policy",
    "content_filter",
    "content filter",
    "content management policy",
    "content exists risk",
    "policy_violation",
    "responsibleaipolicyviolation",
    "data_inspection_failed",
    "moderation_blocked",
    "requires moderation",
    "safety system",
    "safety_check",
    "usage policies",
    "flagged as potentially",
];

const KEY: [&str; 7] = [
    "authentication_error",
    "invalid_api_key",
    "api_key_invalid",
    "incorrect api key",
    "invalid api key",
    "invalid x-api-key",
    "api key not valid",
];

const OVERLOADED: [&str; 5] =
    ["overloaded", "slow_down", "at capacity", "currently experiencing high demand", "no available capacity"];

const LIMITED: [&str; 6] = [
    "rate_limit",
    "rate limit",
    "too_many_requests",
    "too many requests",
    "resource_exhausted",
    "throttlingexception",
];

const NO_MODEL: [&str; 4] = ["model_not_found", "model", "deployment", "no endpoints found"];

pub(super) fn of(said: &Said, status: Option<u16>) -> Cause {
    let kind = match status {
        None => return of_stream(said),
        Some(401) => return Cause::KeyRefused,
        Some(402) => Kind::Billing,
        Some(403) if said.says(&KEY) => return Cause::KeyRefused,
        Some(403 | 429) if said.says(&BILLING) => Kind::Billing,
        Some(403) if said.says(&POLICY) => Kind::ContentPolicy,
        Some(403) => Kind::Permission,
        Some(404 | 410) if said.says(&NO_MODEL) => Kind::ModelNotFound,
        Some(404) => Kind::NotFound,
        Some(408) => Kind::RequestTimeout,
        Some(409) => Kind::Conflict,
        // Some limits on tokens a minute are told as 413 as well.
        Some(413) if said.says(&CONTEXT) && !said.says(&LIMITED) => Kind::ContextLength,
        Some(413) => Kind::TooLarge,
        Some(429) => Kind::RateLimit,
        Some(400..=499) => return of_request(said),
        Some(504) => Kind::Timeout,
        Some(529) => Kind::Overloaded,
        // Some servers say 500 to what is wrong with the request.
        Some(500) if is_about_length(said) => return of_request(said),
        Some(_) if said.says(&OVERLOADED) => Kind::Overloaded,
        Some(503) => Kind::ProviderUnavailable,
        Some(_) => Kind::Api,
    };
    Cause::Kind(kind)
}

fn is_about_length(said: &Said) -> bool {
    said.says(&CONTEXT) || is_max_tokens(&said.text)
}

/// What is wrong with a request: most statuses between 400 and 499 say no more than that.
fn of_request(said: &Said) -> Cause {
    let missing = |word: &String| matches!(word.as_str(), "model_not_found" | "not_found_error");
    Cause::Kind(if is_max_tokens(&said.text) {
        Kind::MaxTokens
    } else if said.says(&CONTEXT) {
        Kind::ContextLength
    } else if said.says(&SYSTEM_ROLE) {
        return Cause::SystemRole;
    } else if said.says(&KEY) {
        return Cause::KeyRefused;
    } else if said.says(&BILLING) {
        Kind::Billing
    } else if said.says(&POLICY) {
        Kind::ContentPolicy
    } else if said.words.iter().any(missing) {
        Kind::ModelNotFound
    } else {
        Kind::InvalidRequest
    })
}

/// More output than the model writes; not: more than the context window leaves, unless the text says that
/// `max_tokens` alone is at fault.
fn is_max_tokens(text: &str) -> bool {
    let named = ["max_tokens", "max_completion_tokens", "max_output_tokens", "max_new_tokens"]
        .into_iter()
        .any(|name| text.contains(name));
    let over = [
        "is too large",
        "which is the maximum allowed number of output tokens",
        "valid range of max_tokens",
        "must be less than or equal to",
        "supports at most",
        "exceeds the maximum allowed",
        "exceeds model's maximum output",
    ];
    named && over.into_iter().any(|wording| text.contains(wording))
}

/// An error event. The words of the formats first, then what the text says.
fn of_stream(said: &Said) -> Cause {
    let kind = said.words.iter().find_map(|word| {
        Some(match word.as_str() {
            "overloaded_error" | "server_is_overloaded" | "engine_overloaded_error" | "slow_down" => {
                Kind::Overloaded
            }
            "rate_limit_error" | "rate_limit_exceeded" | "requests" | "tokens" => Kind::RateLimit,
            "permission_error" => Kind::Permission,
            "not_found_error" | "model_not_found" => Kind::ModelNotFound,
            "request_too_large" => Kind::TooLarge,
            "timeout_error" | "timeout" => Kind::Timeout,
            "conflict_error" => Kind::Conflict,
            _ => return None,
        })
    });
    if let Some(kind) = kind {
        return Cause::Kind(kind);
    }
    // Responses has a word for each thing that can be wrong with a picture.
    let invalid =
        |word: &String| word.starts_with("invalid_") || word.contains("image") || word == "bad_request";
    match of_request(said) {
        Cause::Kind(Kind::InvalidRequest) if said.words.iter().any(invalid) => {
            Cause::Kind(Kind::InvalidRequest)
        }
        Cause::Kind(Kind::InvalidRequest) if said.says(&OVERLOADED) => Cause::Kind(Kind::Overloaded),
        Cause::Kind(Kind::InvalidRequest) if said.says(&LIMITED) => Cause::Kind(Kind::RateLimit),
        Cause::Kind(Kind::InvalidRequest) => Cause::Kind(Kind::Api),
        cause => cause,
    }
}
