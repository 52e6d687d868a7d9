//! The routes: which method and path means what.

use crate::wire::Wire;

/// What a request is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Endpoint {
    /// `GET /`
    Info,
    /// Model list in a format's shape; `None`: in the shape that the client's headers suggest.
    Models(Option<Wire>),
    /// A request to route; `None`: in the format that its body shows.
    Call(Option<Wire>),
}

/// The endpoint at `path` (without query) for `method`. One trailing slash is ignored.
pub fn endpoint(method: &str, path: &str) -> Option<Endpoint> {
    let path = if path.len() > 1 { path.strip_suffix('/').unwrap_or(path) } else { path };
    match (method, path) {
        ("GET", "/" | "") => Some(Endpoint::Info),
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
        ("POST", "/" | "" | "/v1" | "/route" | "/router") => Some(Endpoint::Call(None)),
        _ => None,
    }
}

/// `/health`, for any method.
pub fn is_health(path: &str) -> bool {
    matches!(path, "/health" | "/health/")
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
            ("GET /models/", Some(Endpoint::Models(None))),
            ("GET /anthropic/models", Some(Endpoint::Models(Some(Wire::Messages)))),
            ("GET /v1/messages", None),
            ("POST /v1/models", None),
            ("POST /v1/messages//", None),
            ("PUT /", None),
        ] {
            let (method, path) = route.split_once(' ').unwrap();
            assert_eq!(endpoint(method, path), expected, "{route}");
        }
    }
}
