//! What can go wrong, and what each format calls it.

use crate::wire::Wire;

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
    /// The gateway itself cannot serve right now.
    Unavailable,
    Timeout,
    /// The gateway's config is broken or missing.
    Configuration,
    /// The provider's: no credit.
    Billing,
    /// The provider's: more input than the model's context window.
    ContextLength,
    /// The provider's: more output asked for than the model writes.
    MaxTokens,
    /// The provider's: its content policy.
    ContentPolicy,
    /// The provider's: too much load.
    Overloaded,
    /// The provider's: it cannot serve right now.
    ProviderUnavailable,
    /// The provider's: the request took too long to arrive.
    RequestTimeout,
    /// The provider's: something else is being done to the same thing.
    Conflict,
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
            Self::MaxTokens => "max_tokens",
            Self::ContentPolicy => "content_policy",
            Self::Overloaded => "overloaded",
            Self::ProviderUnavailable => "provider_unavailable",
            Self::RequestTimeout => "request_timeout",
            Self::Conflict => "conflict",
        }
    }

    /// The HTTP status that a format has for it.
    pub(super) fn status(self, wire: Wire) -> u16 {
        match self {
            Self::InvalidRequest | Self::ContextLength | Self::MaxTokens | Self::ContentPolicy => 400,
            Self::Authentication => 401,
            Self::Billing if wire == Wire::Messages => 402,
            Self::Permission => 403,
            Self::NotFound | Self::ModelNotFound => 404,
            Self::RequestTimeout => 408,
            Self::Conflict => 409,
            Self::TooLarge => 413,
            Self::RateLimit | Self::Billing => 429,
            Self::Configuration => 500,
            Self::Api => 502,
            Self::Overloaded if wire == Wire::Messages => 529,
            Self::Unavailable | Self::ProviderUnavailable | Self::Overloaded => 503,
            Self::Timeout => 504,
        }
    }

    pub(super) fn messages_type(self) -> &'static str {
        match self {
            Self::InvalidRequest | Self::ContextLength | Self::MaxTokens | Self::ContentPolicy => {
                "invalid_request_error"
            }
            Self::Authentication => "authentication_error",
            Self::Permission => "permission_error",
            Self::NotFound | Self::ModelNotFound => "not_found_error",
            Self::Conflict => "conflict_error",
            Self::TooLarge => "request_too_large",
            Self::RateLimit => "rate_limit_error",
            Self::Api | Self::Unavailable | Self::ProviderUnavailable | Self::Configuration => "api_error",
            Self::Timeout | Self::RequestTimeout => "timeout_error",
            Self::Billing => "billing_error",
            Self::Overloaded => "overloaded_error",
        }
    }

    /// OpenAI's `type` and `code`, in Chat Completions and in Responses.
    pub(super) fn openai_type(self) -> (&'static str, Option<&'static str>) {
        match self {
            Self::InvalidRequest | Self::NotFound | Self::TooLarge | Self::Conflict => {
                ("invalid_request_error", None)
            }
            Self::Authentication => ("invalid_request_error", Some("invalid_api_key")),
            Self::Permission => ("permission_error", None),
            Self::ModelNotFound => ("invalid_request_error", Some("model_not_found")),
            Self::RateLimit => ("rate_limit_error", Some("rate_limit_exceeded")),
            Self::Api | Self::Unavailable => ("server_error", None),
            Self::Timeout => ("server_error", Some("timeout")),
            Self::RequestTimeout => ("timeout", None),
            Self::Configuration => ("server_error", Some("configuration_error")),
            Self::Billing => ("insufficient_quota", Some("insufficient_quota")),
            Self::ContextLength => ("invalid_request_error", Some("context_length_exceeded")),
            Self::MaxTokens => ("invalid_request_error", Some("invalid_value")),
            Self::ContentPolicy => ("invalid_request_error", Some("content_policy_violation")),
            Self::Overloaded | Self::ProviderUnavailable => ("server_error", Some("server_is_overloaded")),
        }
    }

    /// `response.error.code` of a Responses stream. Agents tell by it whether to try again: what is wrong
    /// with the request is `invalid_prompt`.
    pub(super) fn responses_code(self) -> &'static str {
        match self {
            Self::RateLimit => "rate_limit_exceeded",
            Self::Billing => "insufficient_quota",
            Self::Overloaded | Self::ProviderUnavailable => "server_is_overloaded",
            Self::ContextLength => "context_length_exceeded",
            Self::InvalidRequest
            | Self::MaxTokens
            | Self::ContentPolicy
            | Self::TooLarge
            | Self::NotFound
            | Self::ModelNotFound => "invalid_prompt",
            _ => "server_error",
        }
    }

    /// The request field at fault, where the kind tells.
    pub(super) fn param(self, wire: Wire) -> Option<&'static str> {
        match (self, wire) {
            (Self::MaxTokens, Wire::Responses) => Some("max_output_tokens"),
            (Self::MaxTokens, _) => Some("max_tokens"),
            _ => None,
        }
    }

    /// Whether only a person can mend it, although its status asks for retries.
    pub(super) fn is_hopeless(self) -> bool {
        matches!(self, Self::Billing | Self::Configuration)
    }
}
