//! From the base URL of a provider to the URL that its requests go to.
//!
//! A base may stop anywhere: at the host, at a version, or at the whole endpoint. Rules apply to the path
//! alone; a query is kept behind it, because some services want an `api-version` or a key there. No message
//! ever shows a URL for that reason.

use url::Url;

use super::format;
use super::walk::{At, Fields};
use crate::wire::{PerWire, Wire};

/// Why a text is not a base URL.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BaseUrlError {
    #[error("not a URL; write one such as https://api.example.com/v1")]
    Syntax,
    #[error("has white space or control characters in it; remove them")]
    Blank,
    #[error("is neither http nor https")]
    Scheme,
    #[error("has a user name or password in it; use `apiKey`, `auth` or `headers` for them")]
    UserInfo,
}

/// A base URL, without its fragment.
pub fn parse_base(text: &str) -> Result<Url, BaseUrlError> {
    // The parser would remove some of these without a word.
    if text.contains(|c: char| c.is_whitespace() || c.is_control()) {
        return Err(BaseUrlError::Blank);
    }
    let mut url = Url::parse(text).map_err(|_| BaseUrlError::Syntax)?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(BaseUrlError::Scheme);
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(BaseUrlError::UserInfo);
    }
    url.set_fragment(None);
    if url.query() == Some("") {
        url.set_query(None);
    }
    Ok(url)
}

/// Where requests of a format go, below `base`.
pub fn url_for(base: &Url, wire: Wire) -> String {
    let path = base.path().trim_end_matches('/');
    let path = match endpoint_of(path) {
        Some(complete) if complete == wire => path.to_owned(),
        None if is_versioned(path) => format!("{path}{}", endpoint(wire)),
        _ => format!("{path}/v1{}", endpoint(wire)),
    };
    let mut url = base.clone();
    url.set_path(&path);
    url.into()
}

/// Where a format is below a version.
pub(crate) fn endpoint(wire: Wire) -> &'static str {
    match wire {
        Wire::Chat => "/chat/completions",
        Wire::Messages => "/messages",
        Wire::Responses => "/responses",
        Wire::Completions => "/completions",
    }
}

/// The format that a path is the complete endpoint of. Chat's ends like Completions', so it comes first.
pub(crate) fn endpoint_of(path: &str) -> Option<Wire> {
    Wire::ALL.into_iter().find(|wire| path.ends_with(endpoint(*wire)))
}

/// Whether a path ends in a version, or in `openai` below one: Google's compatible API is at
/// `/v1beta/openai`, that of others at `/v1/openai`.
pub(crate) fn is_versioned(path: &str) -> bool {
    is_version(last_segment(path.strip_suffix("/openai").unwrap_or(path)))
}

fn last_segment(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or_default()
}

/// `v1`, `v1.5`, `v1beta`, `v1alpha`, `v1beta1`.
fn is_version(segment: &str) -> bool {
    let Some(rest) = segment.strip_prefix('v').and_then(number) else { return false };
    let rest = rest.strip_prefix('.').and_then(number).unwrap_or(rest);
    let stage = rest.strip_prefix("alpha").or_else(|| rest.strip_prefix("beta"));
    stage.map_or(rest, |rest| number(rest).unwrap_or(rest)).is_empty()
}

/// What follows the digits at the start, if there are any.
fn number(text: &str) -> Option<&str> {
    let rest = text.trim_start_matches(|c: char| c.is_ascii_digit());
    (rest.len() < text.len()).then_some(rest)
}

/// The formats of a provider and their URLs.
#[derive(Default)]
pub(super) struct Endpoints {
    /// Preferred first.
    pub(super) formats: Vec<Wire>,
    pub(super) urls: PerWire<Option<String>>,
}

impl Endpoints {
    pub(super) fn read(provider: &At<'_>, fields: &mut Fields<'_>) -> Self {
        let before = provider.log.mistakes();
        let base = fields.get(&["baseUrl", "endpoint"]).as_ref().and_then(read_base);
        let keyed = fields.get(&["baseUrlByFormat", "endpointByFormat", "endpoints"]);
        let keyed = keyed.as_ref().map(format::read_keyed).unwrap_or_default();
        let preferred = fields.get(&["format", "responseFormat"]);
        let listed = fields.get(&["formats"]).map(|field| field.items()).unwrap_or_default();

        let mut formats = Vec::new();
        preferred
            .iter()
            .chain(&listed)
            .filter_map(format::read)
            .for_each(|wire| format::add(&mut formats, wire));
        let mut own_bases: PerWire<Option<Url>> = PerWire::default();
        for (wire, field) in &keyed {
            format::add(&mut formats, *wire);
            *own_bases.get_mut(*wire) = read_base(field);
        }

        // What cannot be told because of an error above is not worth another one.
        let certain = provider.log.mistakes() == before;
        if certain && formats.is_empty() {
            provider.error("needs a format; set `format` to `openai` or `claude`");
        }
        let mut urls = PerWire::default();
        for wire in &formats {
            let name = wire.config_name();
            let Some(base) = own_bases.get(*wire).as_ref().or(base.as_ref()) else {
                if certain {
                    provider.error(format!(
                        "has no URL for format `{name}`; set `baseUrl` or `baseUrlByFormat.{name}`"
                    ));
                }
                continue;
            };
            if endpoint_of(base.path().trim_end_matches('/')).is_some_and(|other| other != *wire) {
                provider.warn(format!(
                    "its URL for format `{name}` is the endpoint of another format; set `baseUrlByFormat.{name}`"
                ));
            }
            *urls.get_mut(*wire) = Some(url_for(base, *wire));
        }
        Self { formats, urls }
    }
}

fn read_base(at: &At<'_>) -> Option<Url> {
    parse_base(at.text()?).map_err(|error| at.error(error.to_string())).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_for_both_formats() {
        #[rustfmt::skip]
        let cases = [
            // base, openai, claude
            ("https://h", "https://h/v1/chat/completions", "https://h/v1/messages"),
            ("https://h/", "https://h/v1/chat/completions", "https://h/v1/messages"),
            ("http://h:8080//", "http://h:8080/v1/chat/completions", "http://h:8080/v1/messages"),
            ("https://h/v1", "https://h/v1/chat/completions", "https://h/v1/messages"),
            ("https://h/v1///", "https://h/v1/chat/completions", "https://h/v1/messages"),
            ("https://h/api/paas/v4", "https://h/api/paas/v4/chat/completions", "https://h/api/paas/v4/messages"),
            ("https://h/v1.5", "https://h/v1.5/chat/completions", "https://h/v1.5/messages"),
            ("https://h/v1beta", "https://h/v1beta/chat/completions", "https://h/v1beta/messages"),
            ("https://h/v1alpha", "https://h/v1alpha/chat/completions", "https://h/v1alpha/messages"),
            ("https://h/v1beta1", "https://h/v1beta1/chat/completions", "https://h/v1beta1/messages"),
            ("https://h/v1beta/openai", "https://h/v1beta/openai/chat/completions", "https://h/v1beta/openai/messages"),
            ("https://h/v1beta/openai/", "https://h/v1beta/openai/chat/completions", "https://h/v1beta/openai/messages"),
            ("https://h/v1/openai", "https://h/v1/openai/chat/completions", "https://h/v1/openai/messages"),
            ("https://h/openai", "https://h/openai/v1/chat/completions", "https://h/openai/v1/messages"),
            ("https://h/openai/v1", "https://h/openai/v1/chat/completions", "https://h/openai/v1/messages"),
            ("https://h/anthropic", "https://h/anthropic/v1/chat/completions", "https://h/anthropic/v1/messages"),
            ("https://h/dev1", "https://h/dev1/v1/chat/completions", "https://h/dev1/v1/messages"),
            ("https://h/v", "https://h/v/v1/chat/completions", "https://h/v/v1/messages"),
            ("https://h/v1.", "https://h/v1./v1/chat/completions", "https://h/v1./v1/messages"),
            ("https://h/v1gamma", "https://h/v1gamma/v1/chat/completions", "https://h/v1gamma/v1/messages"),
            ("https://h/v1betax", "https://h/v1betax/v1/chat/completions", "https://h/v1betax/v1/messages"),
            ("https://h/v1/chat/completions", "https://h/v1/chat/completions", "https://h/v1/chat/completions/v1/messages"),
            ("https://h/v1/chat/completions/", "https://h/v1/chat/completions", "https://h/v1/chat/completions/v1/messages"),
            ("https://h/v1/messages", "https://h/v1/messages/v1/chat/completions", "https://h/v1/messages"),
            ("https://h/api/messages", "https://h/api/messages/v1/chat/completions", "https://h/api/messages"),
            ("https://h/v1?x=1", "https://h/v1/chat/completions?x=1", "https://h/v1/messages?x=1"),
            ("https://h/v1/?x=/v2/&y=%2F#f", "https://h/v1/chat/completions?x=/v2/&y=%2F", "https://h/v1/messages?x=/v2/&y=%2F"),
            ("https://h?x=1", "https://h/v1/chat/completions?x=1", "https://h/v1/messages?x=1"),
            ("https://h/v1/chat/completions?api-version=3", "https://h/v1/chat/completions?api-version=3", "https://h/v1/chat/completions/v1/messages?api-version=3"),
            ("https://h/v1?#/v9", "https://h/v1/chat/completions", "https://h/v1/messages"),
            ("https://h/a%20b/v1", "https://h/a%20b/v1/chat/completions", "https://h/a%20b/v1/messages"),
            ("HTTPS://H.EXAMPLE/v1", "https://h.example/v1/chat/completions", "https://h.example/v1/messages"),
        ];
        for (base, chat, messages) in cases {
            let url = parse_base(base).unwrap();
            assert_eq!(url_for(&url, Wire::Chat), chat, "{base}");
            assert_eq!(url_for(&url, Wire::Messages), messages, "{base}");
        }
    }

    #[test]
    fn refused_bases() {
        use BaseUrlError::{Blank, Scheme, Syntax, UserInfo};
        for (text, want) in [
            ("", Syntax),
            ("api.example.com", Syntax),
            ("/v1", Syntax),
            ("https://", Syntax),
            ("ftp://h/", Scheme),
            ("file:///etc/passwd", Scheme),
            ("data:text/plain,x", Scheme),
            ("https://user@h/", UserInfo),
            ("https://:pass@h/", UserInfo),
            ("https://h/v1 ", Blank),
            ("https://h/\nv1", Blank),
        ] {
            assert_eq!(parse_base(text), Err(want), "{text:?}");
        }
    }
}
