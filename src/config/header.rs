//! Custom headers of a provider.
//!
//! Values are never quoted in a message, and names only once they are known to be names: either may be a key.

use super::names;
use super::walk::{At, Fields};

/// Headers that belong to a connection, not to a request, or that the host sets.
const BLOCKED: [&str; 9] = [
    "connection",
    "content-length",
    "host",
    "proxy-authenticate",
    "proxy-authorization",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// Cloudflare's own headers; a Worker cannot set most of them.
const BLOCKED_PREFIX: &str = "cf-";

#[derive(Default)]
pub(super) struct Headers {
    pub(super) list: Vec<(String, String)>,
    pub(super) user_agent: Option<String>,
}

impl Headers {
    pub(super) fn read(fields: &mut Fields<'_>) -> Self {
        let mut headers = Self::default();
        let Some(at) = fields.get(&["headers"]) else { return headers };
        for (written, value) in at.object("an object of strings").into_iter().flatten() {
            let Some(name) = read_name(&at, written) else { continue };
            let field = at.field(written, value);
            let Some(value) = read_value(&field) else { continue };
            let repeated = headers.list.iter().any(|(other, _)| *other == name)
                || (name == "user-agent" && headers.user_agent.is_some());
            if repeated {
                field.error("is set twice, in different cases; remove one of the two");
            } else if name == "user-agent" {
                headers.user_agent = Some(value);
            } else if !value.is_empty() {
                headers.list.push((name, value));
            }
        }
        headers
    }
}

/// A header name in lowercase, if it may be configured. `at` is where it stands.
pub(super) fn read_name(at: &At<'_>, name: &str) -> Option<String> {
    if !names::is_header_name(name) {
        at.error("holds something that is not a header name; use letters, digits and dashes");
        return None;
    }
    let name = name.to_ascii_lowercase();
    if BLOCKED.contains(&name.as_str()) || name.starts_with(BLOCKED_PREFIX) {
        at.error(format!("header {} cannot be configured; remove it", names::quote(&name)));
        return None;
    }
    Some(name)
}

/// A header value; `""` where nothing is to be sent.
fn read_value(at: &At<'_>) -> Option<String> {
    match at.value {
        serde_json::Value::Null | serde_json::Value::Bool(false) => Some(String::new()),
        serde_json::Value::String(value) => is_sendable(at, value).then(|| value.clone()),
        _ => {
            at.wrong_type("a string (or false to leave the header out)");
            None
        }
    }
}

/// A string that is sent as a header value or as a part of one.
pub(super) fn read_text(at: &At<'_>) -> Option<String> {
    at.text().filter(|text| is_sendable(at, text)).map(str::to_owned)
}

fn is_sendable(at: &At<'_>, value: &str) -> bool {
    if value.contains(|c: char| c.is_control() && c != '\t') {
        at.error("has a line break or another control character in it; remove it");
        return false;
    }
    if value.contains(|c: char| u32::from(c) > 0xff) {
        at.error("has a character in it that a header cannot carry; use Latin-1 only");
        return false;
    }
    true
}
