//! Where an endpoint may serve a format.
//!
//! A base URL is what people have at hand: a host, a version, an endpoint of another format. The place that
//! the config's own rules make of it comes first, then what a known provider has, then the habits of others.

use url::Url;

use crate::cli::presets;
use crate::config::endpoint::{endpoint, endpoint_of, is_versioned, url_for};
use crate::wire::Wire;

/// Where models are listed, below a version.
const LIST: &str = "/models";

/// One place to ask.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Candidate {
    /// What to write into a config, so that `url` comes out.
    pub(super) base: Url,
    /// The complete endpoint.
    pub(super) url: Url,
    /// Not what the config's rules make of what was typed.
    pub(super) guessed: bool,
}

/// Places for `wire`, each once, the likeliest first.
pub(super) fn candidates(typed: &Url, wire: Wire) -> Vec<Candidate> {
    let stem = stem(typed);
    let mut found: Vec<Candidate> = Vec::new();
    let mut add = |base: Option<Url>, guessed| {
        let Some(candidate) = base.and_then(|base| Candidate::at(base, wire, guessed)) else { return };
        if !found.iter().any(|known| known.url == candidate.url) {
            found.push(candidate);
        }
    };
    let path = trimmed(typed);
    let is_own = endpoint_of(path).is_none_or(|own| own == wire) && !path.ends_with(LIST);
    add(is_own.then(|| typed.clone()), false);
    add(Some(stem.clone()), !is_own);
    for base in presets::bases_at(typed, wire) {
        add(Some(base), true);
    }
    let path = trimmed(&stem);
    let root = without_version(path);
    if wire == Wire::Messages {
        // Providers of other formats keep Anthropic's beside them.
        add(with_path(&stem, &format!("{root}/anthropic")), true);
    } else if let Some(root) = root.strip_suffix("/anthropic") {
        add(with_path(&stem, &format!("{root}/v1")), true);
    }
    if !is_versioned(path) {
        // Some serve it without a version; a config names such an endpoint whole.
        add(with_path(&stem, &format!("{path}{}", endpoint(wire))), true);
    }
    if path.is_empty() {
        add(with_path(&stem, "/api/v1"), true);
    }
    found
}

impl Candidate {
    fn at(base: Url, wire: Wire, guessed: bool) -> Option<Self> {
        let url = Url::parse(&url_for(&base, wire)).ok()?;
        Some(Self { base, url, guessed })
    }

    /// The place that a redirect named, if a config can name it too.
    pub(super) fn moved(to: &Url, wire: Wire) -> Option<Self> {
        // The shortest base that leads there: it serves the other formats as well.
        let stem = stem(to);
        let short = Self::at(stem, wire, true).filter(|short| short.url == *to);
        short.or_else(|| Self::at(to.clone(), wire, true).filter(|whole| whole.url == *to))
    }

    /// Where the models of this place are listed.
    pub(super) fn models_url(&self) -> Url {
        let path = self.url.path();
        let root = endpoint_of(path).and_then(|wire| path.strip_suffix(endpoint(wire))).unwrap_or(path);
        with_path(&self.url, &format!("{root}{LIST}")).unwrap_or_else(|| self.url.clone())
    }

    /// A place beside this one where nothing is.
    pub(super) fn nowhere(&self) -> Url {
        let path = self.url.path();
        let root = endpoint_of(path).and_then(|wire| path.strip_suffix(endpoint(wire))).unwrap_or(path);
        with_path(&self.url, &format!("{root}/llm-router-probe-nothing-here"))
            .unwrap_or_else(|| self.url.clone())
    }
}

/// The base without a complete endpoint, and without the model list that people copy too.
fn stem(typed: &Url) -> Url {
    let path = trimmed(typed);
    let whole = endpoint_of(path).map_or(LIST, endpoint);
    with_path(typed, path.strip_suffix(whole).unwrap_or(path)).unwrap_or_else(|| typed.clone())
}

fn trimmed(url: &Url) -> &str {
    url.path().trim_end_matches('/')
}

fn without_version(path: &str) -> &str {
    if !is_versioned(path) {
        return path;
    }
    let path = path.strip_suffix("/openai").unwrap_or(path);
    path.rsplit_once('/').map_or("", |(root, _)| root)
}

fn with_path(url: &Url, path: &str) -> Option<Url> {
    let mut url = url.clone();
    url.set_path(path);
    (!url.cannot_be_a_base()).then_some(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn urls(typed: &str, wire: Wire) -> Vec<String> {
        let typed = Url::parse(typed).unwrap();
        let found = candidates(&typed, wire);
        for candidate in &found {
            assert_eq!(url_for(&candidate.base, wire), candidate.url.as_str(), "a config can say it");
        }
        found.iter().map(|candidate| candidate.url.path().to_owned()).collect()
    }

    #[test]
    fn a_base_may_stop_anywhere() {
        for (typed, wire, paths) in [
            (
                "https://h",
                Wire::Chat,
                &["/v1/chat/completions", "/chat/completions", "/api/v1/chat/completions"][..],
            ),
            ("https://h/v1", Wire::Chat, &["/v1/chat/completions"]),
            ("https://h/v1", Wire::Messages, &["/v1/messages", "/anthropic/v1/messages"]),
            ("https://h/v1/messages", Wire::Messages, &["/v1/messages", "/anthropic/v1/messages"]),
            ("https://h/v1/messages", Wire::Chat, &["/v1/chat/completions"]),
            ("https://h/v1/chat/completions", Wire::Responses, &["/v1/responses"]),
            ("https://h/v1/models", Wire::Chat, &["/v1/chat/completions"]),
            (
                "https://h/anthropic",
                Wire::Chat,
                &["/anthropic/v1/chat/completions", "/v1/chat/completions", "/anthropic/chat/completions"],
            ),
            ("https://h/api/v4", Wire::Messages, &["/api/v4/messages", "/api/anthropic/v1/messages"]),
            ("https://h/v1beta/openai", Wire::Chat, &["/v1beta/openai/chat/completions"]),
        ] {
            assert_eq!(urls(typed, wire), paths, "{typed} {wire:?}");
        }
    }

    #[test]
    fn what_was_typed_is_no_guess() {
        let typed = Url::parse("https://h/v1?api-version=3").unwrap();
        let first = candidates(&typed, Wire::Chat).remove(0);
        assert!(!first.guessed);
        assert_eq!(first.base, typed);
        assert_eq!(first.models_url().as_str(), "https://h/v1/models?api-version=3");
        let other = candidates(&Url::parse("https://h/v1/messages").unwrap(), Wire::Chat).remove(0);
        assert!(other.guessed, "a config that has only this base would ask elsewhere");
    }

    #[test]
    fn a_known_provider_keeps_formats_in_its_own_places() {
        let typed = "https://api.z.ai/api/paas/v4";
        assert!(urls(typed, Wire::Messages).contains(&"/api/anthropic/v1/messages".to_owned()));
        assert!(urls("https://api.groq.com", Wire::Chat).contains(&"/openai/v1/chat/completions".to_owned()));
    }
}
