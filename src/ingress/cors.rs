//! Which web pages may call the gateway from a browser.

use crate::trace;

/// Origins that get CORS headers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origins {
    Any,
    Only(Vec<String>),
}

/// Response headers that pages may read besides the safelisted ones.
const EXPOSED: &str =
    "request-id, x-request-id, x-upstream-request-id, retry-after, retry-after-ms, x-should-retry";

/// Request headers a preflight allows when it does not say which it wants.
const ALLOWED: &str = "Content-Type, Authorization, x-api-key, anthropic-version";

impl Origins {
    /// Reads a comma-separated list of exact origins; `*` is any.
    pub fn parse(list: &str) -> Self {
        let origins: Vec<String> =
            list.split(',').map(str::trim).filter(|origin| !origin.is_empty()).map(str::to_owned).collect();
        if origins.iter().any(|origin| origin == "*") { Self::Any } else { Self::Only(origins) }
    }

    pub fn allow(&self, origin: &str) -> bool {
        match self {
            Self::Any => true,
            Self::Only(origins) => origins.iter().any(|allowed| allowed == origin),
        }
    }

    /// Headers for a response to a page of `origin`; none if it is not allowed. With `debug`, pages may read
    /// the debug headers too.
    pub fn headers(&self, origin: Option<&str>, debug: bool) -> Vec<(&'static str, String)> {
        let Some(origin) = origin.filter(|origin| self.allow(origin)) else { return Vec::new() };
        let exposed = if debug {
            format!("{EXPOSED}, {}", trace::headers::NAMES.join(", "))
        } else {
            EXPOSED.to_owned()
        };
        let mut headers = vec![("access-control-expose-headers", exposed)];
        if matches!(self, Self::Any) {
            headers.push(("access-control-allow-origin", "*".to_owned()));
        } else {
            headers.push(("access-control-allow-origin", origin.to_owned()));
            headers.push(("vary", "Origin".to_owned()));
        }
        headers
    }

    /// Headers for the answer to a preflight. `requested` is its `access-control-request-headers`, which is
    /// granted as asked: the SDKs send a dozen headers of their own.
    pub fn preflight_headers(
        &self,
        origin: Option<&str>,
        requested: Option<&str>,
    ) -> Vec<(&'static str, String)> {
        let mut headers = self.headers(origin, false);
        if !headers.is_empty() {
            let requested = requested.filter(|list| is_name_list(list)).unwrap_or(ALLOWED);
            headers.push(("access-control-allow-methods", "GET, POST, OPTIONS".to_owned()));
            headers.push(("access-control-allow-headers", requested.to_owned()));
            headers.push(("access-control-max-age", "600".to_owned()));
        }
        headers
    }
}

fn is_name_list(list: &str) -> bool {
    let name_byte = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b',' | b' ');
    !list.is_empty() && list.len() <= 1_024 && list.bytes().all(name_byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_listed_origins_get_headers() {
        let origins = Origins::parse("https://a.example, https://b.example");
        assert!(origins.headers(Some("https://c.example"), true).is_empty());
        assert!(origins.headers(None, true).is_empty());
        let headers = origins.headers(Some("https://b.example"), false);
        assert!(headers.contains(&("access-control-allow-origin", "https://b.example".to_owned())));
        assert!(headers.contains(&("vary", "Origin".to_owned())));
    }

    #[test]
    fn pages_read_debug_headers_where_they_are_on() {
        for debug in [false, true] {
            let headers = Origins::Any.headers(Some("https://a.example"), debug);
            let exposed = headers.iter().find(|(name, _)| *name == "access-control-expose-headers");
            let (_, exposed) = exposed.unwrap();
            assert!(exposed.starts_with("request-id, "), "{exposed}");
            assert_eq!(exposed.contains(", x-llm-router-attempts"), debug, "{exposed}");
        }
    }

    #[test]
    fn a_preflight_grants_the_names_it_asks_for() {
        let granted = |requested| {
            Origins::Any
                .preflight_headers(Some("https://a.example"), requested)
                .into_iter()
                .find(|(name, _)| *name == "access-control-allow-headers")
                .map(|(_, value)| value)
        };
        assert_eq!(granted(Some("x-stainless-os, x-api-key")).as_deref(), Some("x-stainless-os, x-api-key"));
        assert_eq!(granted(Some("x\r\nset-cookie: a")).as_deref(), Some(ALLOWED));
        assert_eq!(granted(None).as_deref(), Some(ALLOWED));
    }
}
