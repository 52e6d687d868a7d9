//! The routes: which method and path means what.

use percent_encoding::percent_decode_str;

use crate::wire::Wire;

/// What a request is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Endpoint {
    /// `GET /`
    Info,
    /// Model list in a format's shape; `None`: in the shape that the client's headers suggest.
    Models(Option<Wire>),
    /// One entry of that list; see [`model_name`].
    Model(Option<Wire>),
    /// A request to route; `None`: in the format that its body shows.
    Call(Option<Wire>),
    /// How many tokens a Messages request has.
    CountTokens,
    /// How full every cap is and what is being left alone.
    Status,
    /// Where a request would go now, and why.
    Explain,
    /// Where OpenAI's clients would talk over a WebSocket; they fall back to HTTP.
    WebSocket,
}

/// The endpoint at `path` (without query) for `method`. One trailing slash is ignored.
pub fn endpoint(method: &str, path: &str) -> Option<Endpoint> {
    let path = if path.len() > 1 { path.strip_suffix('/').unwrap_or(path) } else { path };
    // Whoever may read a page may ask whether it is there.
    let method = if method == "HEAD" { "GET" } else { method };
    match (method, path) {
        ("GET", "/" | "") => Some(Endpoint::Info),
        ("GET", "/v1/status") => Some(Endpoint::Status),
        ("GET", "/v1/explain") => Some(Endpoint::Explain),
        ("GET", "/v1/models" | "/models") => Some(Endpoint::Models(None)),
        ("GET", "/openai/v1/models" | "/openai/models") => Some(Endpoint::Models(Some(Wire::Chat))),
        ("GET", "/anthropic/v1/models" | "/anthropic/models") => Some(Endpoint::Models(Some(Wire::Messages))),
        (
            "POST",
            "/v1/messages" | "/messages" | "/anthropic" | "/anthropic/v1/messages" | "/anthropic/messages",
        ) => Some(Endpoint::Call(Some(Wire::Messages))),
        (
            "POST",
            "/v1/chat/completions"
            | "/chat/completions"
            | "/openai"
            | "/openai/v1/chat/completions"
            | "/openai/chat/completions",
        ) => Some(Endpoint::Call(Some(Wire::Chat))),
        (method, "/v1/responses" | "/responses" | "/openai/v1/responses" | "/openai/responses") => {
            match method {
                "POST" => Some(Endpoint::Call(Some(Wire::Responses))),
                "GET" => Some(Endpoint::WebSocket),
                _ => None,
            }
        }
        ("POST", "/v1/completions" | "/completions" | "/openai/v1/completions" | "/openai/completions") => {
            Some(Endpoint::Call(Some(Wire::Completions)))
        }
        (
            "POST",
            "/v1/messages/count_tokens"
            | "/messages/count_tokens"
            | "/anthropic/v1/messages/count_tokens"
            | "/anthropic/messages/count_tokens",
        ) => Some(Endpoint::CountTokens),
        ("POST", "/" | "" | "/v1" | "/route" | "/router") => Some(Endpoint::Call(None)),
        ("GET", _) => model(path).map(|(wire, _)| Endpoint::Model(wire)),
        _ => None,
    }
}

/// Where the entries of model lists are.
const MODEL_PREFIXES: [(&str, Option<Wire>); 6] = [
    ("/v1/models/", None),
    ("/models/", None),
    ("/openai/v1/models/", Some(Wire::Chat)),
    ("/openai/models/", Some(Wire::Chat)),
    ("/anthropic/v1/models/", Some(Wire::Messages)),
    ("/anthropic/models/", Some(Wire::Messages)),
];

fn model(path: &str) -> Option<(Option<Wire>, &str)> {
    let (wire, name) =
        MODEL_PREFIXES.into_iter().find_map(|(prefix, wire)| Some((wire, path.strip_prefix(prefix)?)))?;
    (!name.is_empty()).then_some((wire, name))
}

/// The model that a path to [`Endpoint::Model`] names. Its slashes may be encoded (the SDKs do) or not.
pub fn model_name(path: &str) -> String {
    let path = path.strip_suffix('/').unwrap_or(path);
    let name = model(path).map_or("", |(_, name)| name);
    percent_decode_str(name).decode_utf8_lossy().into_owned()
}

impl Endpoint {
    /// In log lines.
    pub fn name(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Models(_) => "models",
            Self::Model(_) => "model",
            Self::Call(_) => "call",
            Self::CountTokens => "count_tokens",
            Self::Status => "status",
            Self::Explain => "explain",
            Self::WebSocket => "websocket",
        }
    }
}

/// `/health`, for any method.
pub fn is_health(path: &str) -> bool {
    matches!(path, "/health" | "/health/")
}

/// What agents ask to see whether anybody is there: `HEAD /`, `/api/hello`. Answered to everyone.
pub fn is_greeting(method: &str, path: &str) -> bool {
    matches!((method, path), ("HEAD", "/" | "") | ("HEAD" | "GET", "/api/hello" | "/api/hello/"))
}

/// The format to report an error in before anything but method, path and headers is known.
pub fn error_format(path: &str, anthropic_version: bool) -> Wire {
    let messages = anthropic_version || path.starts_with("/anthropic") || path.contains("/messages");
    if messages { Wire::Messages } else { Wire::Chat }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn routes_are_the_published_ones() {
        for (route, expected) in [
            ("POST /v1/messages", Some(Endpoint::Call(Some(Wire::Messages)))),
            ("POST /anthropic/", Some(Endpoint::Call(Some(Wire::Messages)))),
            ("POST /openai/chat/completions", Some(Endpoint::Call(Some(Wire::Chat)))),
            ("POST /router", Some(Endpoint::Call(None))),
            ("POST /", Some(Endpoint::Call(None))),
            ("GET /", Some(Endpoint::Info)),
            ("POST /v1/messages/count_tokens", Some(Endpoint::CountTokens)),
            ("POST /openai/v1/responses", Some(Endpoint::Call(Some(Wire::Responses)))),
            ("POST /responses/", Some(Endpoint::Call(Some(Wire::Responses)))),
            ("GET /v1/responses", Some(Endpoint::WebSocket)),
            ("DELETE /v1/responses", None),
            ("POST /v1/completions", Some(Endpoint::Call(Some(Wire::Completions)))),
            ("HEAD /v1/models", Some(Endpoint::Models(None))),
            ("GET /models/", Some(Endpoint::Models(None))),
            ("GET /anthropic/models", Some(Endpoint::Models(Some(Wire::Messages)))),
            ("GET /v1/models/alpha%2Fgpt-a", Some(Endpoint::Model(None))),
            ("GET /v1/models/alpha/gpt-a/", Some(Endpoint::Model(None))),
            ("GET /openai/models/fast", Some(Endpoint::Model(Some(Wire::Chat)))),
            ("GET /anthropic/v1/models/fast", Some(Endpoint::Model(Some(Wire::Messages)))),
            ("GET /v1/models//", None),
            ("DELETE /v1/models/fast", None),
            ("GET /v1/status", Some(Endpoint::Status)),
            ("GET /v1/explain/", Some(Endpoint::Explain)),
            ("POST /v1/status", None),
            ("GET /status", None),
            ("GET /v1/messages", None),
            ("POST /v1/models", None),
            ("POST /v1/messages//", None),
            ("PUT /", None),
        ] {
            let (method, path) = route.split_once(' ').unwrap();
            assert_eq!(endpoint(method, path), expected, "{route}");
        }
    }
    #[test]
    fn a_model_is_named_with_or_without_encoded_slashes() {
        for (path, name) in [
            ("/v1/models/alpha%2Fgpt-a", "alpha/gpt-a"),
            ("/models/alpha/org%2Fx%3Afree", "alpha/org/x:free"),
            ("/anthropic/models/fast/", "fast"),
            ("/v1/models/a%252Fb", "a%2Fb"),
            ("/v1/models/%FF", "\u{fffd}"),
            ("/v1/models/", ""),
        ] {
            assert_eq!(model_name(path), name, "{path}");
        }
    }
}
