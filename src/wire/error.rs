//! An error of the gateway's own, in the words of the client's format.
//!
//! Shapes and type names are those that the formats' official SDKs raise their exception classes from.

use serde_json::json;

use super::Wire;

/// What went wrong, as far as a client can act on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    InvalidRequest,
    /// The caller's own key is missing or wrong.
    Authentication,
    Permission,
    NotFound,
    ModelNotFound,
    TooLarge,
    RateLimit,
    /// The gateway or every provider failed.
    Api,
    Unavailable,
    Timeout,
    /// The gateway's config is broken or missing.
    Configuration,
    /// The provider's: no credit.
    Billing,
    /// The provider's: more input than the model's context window.
    ContextLength,
    /// The provider's: its content policy.
    ContentPolicy,
    /// The provider's: too much load.
    Overloaded,
}

/// An error and all that a client is told of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientError {
    pub status: u16,
    pub kind: Kind,
    /// For people: what was wrong and what to do.
    pub message: String,
    /// The request field at fault.
    pub param: Option<&'static str>,
    /// When to try again, in ms.
    pub retry_after_ms: Option<u64>,
}

impl ClientError {
    pub fn new(kind: Kind, message: impl Into<String>) -> Self {
        Self { status: kind.status(), kind, message: message.into(), param: None, retry_after_ms: None }
    }

    #[must_use]
    pub fn status(self, status: u16) -> Self {
        Self { status, ..self }
    }

    #[must_use]
    pub fn param(self, param: &'static str) -> Self {
        Self { param: Some(param), ..self }
    }

    #[must_use]
    pub fn retry_after_ms(self, ms: Option<u64>) -> Self {
        Self { retry_after_ms: ms, ..self }
    }

    /// The response body.
    pub fn body(&self, wire: Wire, request_id: &str) -> String {
        match wire {
            Wire::Messages => json!({
                "type": "error",
                "error": { "type": self.kind.messages_type(), "message": self.message },
                "request_id": request_id,
            }),
            Wire::Chat | Wire::Responses | Wire::Completions => {
                let (kind, code) = self.kind.chat_type();
                json!({ "error": { "message": self.message, "type": kind, "param": self.param, "code": code } })
            }
        }
        .to_string()
    }

    /// Response headers besides the content type.
    pub fn headers(&self) -> Vec<(&'static str, String)> {
        let Some(ms) = self.retry_after_ms else { return Vec::new() };
        // Whole seconds, rounded up: a client that waits this long finds the window open.
        vec![
            ("retry-after", ms.div_ceil(1_000).max(1).to_string()),
            ("retry-after-ms", ms.max(1).to_string()),
        ]
    }
}

impl Kind {
    /// In log lines.
    pub fn name(self) -> &'static str {
        match self {
            Self::InvalidRequest => "invalid_request",
            Self::Authentication => "authentication",
            Self::Permission => "permission",
            Self::NotFound => "not_found",
            Self::ModelNotFound => "model_not_found",
            Self::TooLarge => "too_large",
            Self::RateLimit => "rate_limit",
            Self::Api => "api",
            Self::Unavailable => "unavailable",
            Self::Timeout => "timeout",
            Self::Configuration => "configuration",
            Self::Billing => "billing",
            Self::ContextLength => "context_length",
            Self::ContentPolicy => "content_policy",
            Self::Overloaded => "overloaded",
        }
    }

    fn status(self) -> u16 {
        match self {
            Self::InvalidRequest | Self::ContextLength | Self::ContentPolicy => 400,
            Self::Authentication => 401,
            Self::Permission => 403,
            Self::NotFound | Self::ModelNotFound => 404,
            Self::TooLarge => 413,
            Self::RateLimit => 429,
            Self::Billing => 402,
            Self::Overloaded => 529,
            Self::Configuration => 500,
            Self::Api => 502,
            Self::Unavailable => 503,
            Self::Timeout => 504,
        }
    }

    fn messages_type(self) -> &'static str {
        match self {
            Self::InvalidRequest | Self::ContextLength | Self::ContentPolicy => "invalid_request_error",
            Self::Authentication => "authentication_error",
            Self::Permission => "permission_error",
            Self::NotFound | Self::ModelNotFound => "not_found_error",
            Self::TooLarge => "request_too_large",
            Self::RateLimit => "rate_limit_error",
            Self::Api | Self::Unavailable | Self::Configuration => "api_error",
            Self::Timeout => "timeout_error",
            Self::Billing => "billing_error",
            Self::Overloaded => "overloaded_error",
        }
    }

    /// Chat Completions' `type` and `code`.
    fn chat_type(self) -> (&'static str, Option<&'static str>) {
        match self {
            Self::InvalidRequest | Self::NotFound | Self::TooLarge => ("invalid_request_error", None),
            Self::Authentication => ("invalid_request_error", Some("invalid_api_key")),
            Self::Permission => ("permission_error", None),
            Self::ModelNotFound => ("invalid_request_error", Some("model_not_found")),
            Self::RateLimit => ("rate_limit_error", Some("rate_limit_exceeded")),
            Self::Api | Self::Unavailable => ("server_error", None),
            Self::Timeout => ("server_error", Some("timeout")),
            Self::Configuration => ("server_error", Some("configuration_error")),
            Self::Billing => ("insufficient_quota", Some("insufficient_quota")),
            Self::ContextLength => ("invalid_request_error", Some("context_length_exceeded")),
            Self::ContentPolicy => ("invalid_request_error", Some("content_policy_violation")),
            Self::Overloaded => ("server_error", Some("server_is_overloaded")),
        }
    }
}

/// What ends a stream that cannot go on: an error event of its format, then the format's end. A blank line
/// first closes an event that was cut in the middle.
pub fn stream_error(wire: Wire, message: &str) -> String {
    match wire {
        Wire::Messages => {
            let error = json!({ "type": "error", "error": { "type": "api_error", "message": message } });
            format!("\n\nevent: error\ndata: {error}\n\n")
        }
        Wire::Chat | Wire::Completions => {
            let error = json!({ "error": { "message": message, "type": "server_error", "param": null, "code": null } });
            format!("\n\ndata: {error}\n\ndata: [DONE]\n\n")
        }
        Wire::Responses => {
            let failed = json!({
                "type": "response.failed",
                "response": {
                    "id": "resp_interrupted",
                    "object": "response",
                    "status": "failed",
                    "error": { "code": "server_error", "message": message },
                    "output": [],
                    "usage": null,
                },
            });
            format!("\n\nevent: response.failed\ndata: {failed}\n\n")
        }
    }
}
