//! Where keys come from, and how little of them is shown.

use std::io::{self, IsTerminal, Read};

use serde_json::Value;
use url::Url;

use super::field::Object;
use crate::cli::failure::Failure;
use crate::config::Secret;

/// Longest key that is read: tokens of clouds have a few thousand bytes.
const KEY_BYTES_MAX: u64 = 64 << 10;

/// Headers whose values are no secrets. Whatever is not here may be one.
const HARMLESS_HEADERS: [&str; 9] = [
    "user-agent",
    "accept",
    "content-type",
    "referer",
    "http-referer",
    "x-title",
    "anthropic-version",
    "anthropic-beta",
    "openai-beta",
];

/// The key on standard input: one line.
pub(crate) fn from_stdin(flag: &str) -> Result<Secret, Failure> {
    let stdin = io::stdin();
    if stdin.is_terminal() {
        return Err(Failure::input(format!(
            "{flag}: standard input is a terminal, which would show the key"
        ))
        .hint(format!("pipe it in, such as `pass show key | llm-router … {flag}`")));
    }
    let mut text = String::new();
    stdin
        .take(KEY_BYTES_MAX)
        .read_to_string(&mut text)
        .map_err(|error| Failure::runtime(format!("{flag}: {error}")))?;
    let key = text.trim();
    if key.is_empty() || key.contains(char::is_whitespace) {
        return Err(Failure::input(format!("{flag}: standard input must hold the key and nothing else")));
    }
    Ok(Secret::new(key))
}

/// What to say of a key that was given as an argument.
pub(crate) fn argument_warning(flag: &str, instead: &str) -> String {
    format!(
        "{flag} on the command line is visible to other users of this machine and stays in the shell's history; {instead}"
    )
}

/// Enough of a key to recognise it by.
pub(crate) fn masked(key: &str) -> String {
    Secret::new(key).masked()
}

/// Whether a key is one that [`masked`] left: it stands for another.
pub(crate) fn is_masked(text: &str) -> bool {
    let all_hidden = !text.is_empty() && text.chars().all(|c| c == '*');
    all_hidden || (text.chars().count() == 11 && text.chars().skip(4).take(3).all(|c| c == '.'))
}

/// A URL without what may be a secret in it: query and user.
pub(crate) fn masked_url(text: &str) -> String {
    let Ok(mut url) = Url::parse(text) else { return "(not a URL)".to_owned() };
    let hidden = url.query().is_some() || !url.username().is_empty() || url.password().is_some();
    if !hidden {
        return text.to_owned();
    }
    let queried = url.query().is_some();
    url.set_query(None);
    let _ = url.set_username("");
    let _ = url.set_password(None);
    format!("{url}{}", if queried { "?…" } else { "" })
}

/// The headers with their values masked, but for those that are known to be harmless.
pub(crate) fn masked_headers(headers: &Object) -> Object {
    let mask = |(name, value): (&String, &Value)| {
        let harmless = HARMLESS_HEADERS.contains(&name.to_ascii_lowercase().as_str());
        let shown = match value.as_str() {
            Some(text) if !harmless => masked(text).into(),
            _ => value.clone(),
        };
        (name.clone(), shown)
    };
    headers.iter().map(mask).collect()
}

/// Whether a member that is called so may hold a secret.
pub(crate) fn is_telling(name: &str) -> bool {
    let name: String =
        name.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect();
    let names_one = name.ends_with("env") || name.ends_with("name");
    let kinds = ["key", "secret", "token", "password", "credential", "authorization", "cookie"];
    !names_one && kinds.iter().any(|kind| name.contains(kind))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn masked_keys_are_known_as_such() {
        for key in ["short", "sk-0123456789", "exactly-eleven.."] {
            assert!(is_masked(&masked(key)), "{key}");
        }
        for key in ["", "sk-0123456789", "sk-a..b"] {
            assert!(!is_masked(key), "{key}");
        }
    }

    #[test]
    fn urls_and_headers_show_no_secret() {
        assert_eq!(masked_url("https://h.test/v1?key=MARKER"), "https://h.test/v1?…");
        assert_eq!(masked_url("https://u:MARKER@h.test/v1"), "https://h.test/v1");
        assert_eq!(masked_url("https://h.test/v1"), "https://h.test/v1");
        assert!(!masked_url("MARKER").contains("MARKER"));
        assert!(is_telling("api-key") && is_telling("clientSecret") && is_telling("x_token"));
        assert!(!is_telling("apiKeyEnv") && !is_telling("headerName") && !is_telling("id"));
    }
}
