//! Nothing secret in a report.

use url::Url;

use super::request::ProbeRequest;

/// As much of a secret as may be seen: providers quote the end of a key to tell it by.
const RUN: usize = 8;
/// Shortest secret that is looked for; anything is found in a text if it is short enough.
const SHORT: usize = 4;
/// Longest text of a provider that is kept, in characters.
const TEXT_MAX: usize = 240;

/// Knows the secrets of a request and takes them out of texts.
pub(super) struct Scrub(Vec<Vec<char>>);

impl Scrub {
    pub(super) fn of(request: &ProbeRequest) -> Self {
        let key = request.key.iter().map(|key| key.expose().to_owned());
        // A custom header or a query may be a second key: nothing says which are.
        let headers = request.headers.iter().map(|(_, value)| value.clone());
        let queries = request.endpoints.iter().flat_map(|endpoint| {
            endpoint.base.query_pairs().map(|(_, value)| value.into_owned()).collect::<Vec<_>>()
        });
        let secrets = key.chain(headers).chain(queries).map(|secret| secret.chars().collect::<Vec<_>>());
        Self(secrets.filter(|secret| secret.len() >= SHORT).collect())
    }

    /// On one line, not long, and without any secret or a long piece of one.
    pub(super) fn clean(&self, text: &str) -> String {
        let text = text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty());
        let mut chars: Vec<char> = text.collect::<Vec<_>>().join(" ").chars().collect();
        for secret in &self.0 {
            chars = without(&chars, secret);
        }
        if chars.len() > TEXT_MAX {
            chars.truncate(TEXT_MAX);
            chars.push('…');
        }
        chars.into_iter().collect()
    }
}

/// `text` with every piece of `secret` of a telling length as `***`.
fn without(text: &[char], secret: &[char]) -> Vec<char> {
    let run = RUN.min(secret.len());
    let mut hidden = vec![false; text.len()];
    for piece in secret.windows(run) {
        for (at, window) in text.windows(run).enumerate() {
            if window == piece {
                hidden.iter_mut().skip(at).take(run).for_each(|hidden| *hidden = true);
            }
        }
    }
    let mut clean = Vec::new();
    let mut before = false;
    for (c, hidden) in text.iter().zip(hidden) {
        match (hidden, before) {
            (false, _) => clean.push(*c),
            (true, false) => clean.extend("***".chars()),
            (true, true) => {}
        }
        before = hidden;
    }
    clean
}

/// A URL to look at: its query may hold a key.
pub(super) fn shown(url: &Url) -> String {
    let mut bare = url.clone();
    bare.set_query(None);
    bare.set_fragment(None);
    let query = if url.query().is_some() { "?…" } else { "" };
    format!("{bare}{query}")
}

#[cfg(test)]
mod tests {
    use super::super::request::Endpoint;
    use super::*;
    use crate::config::Secret;

    #[test]
    fn secrets_and_long_pieces_of_them_are_hidden() {
        let base = Url::parse("https://h/v1?code=querysecret99").unwrap();
        let mut request =
            ProbeRequest::new(vec![Endpoint::new(base.clone())], Some(Secret::new("sk-0123456789abcdef")));
        request.headers = vec![("x-team".to_owned(), "teamsecret".to_owned())];
        let scrub = Scrub::of(&request);
        for (text, clean) in [
            ("Incorrect API key provided: sk-0123456789abcdef.", "Incorrect API key provided: ***."),
            ("key 0123456789ab… is unknown", "key ***… is unknown"),
            ("key sk-01*****cdef", "key sk-01*****cdef"),
            ("teamsecret\nand querysecret99", "*** and ***"),
            ("a \u{1b}[31m b", "a [31m b"),
        ] {
            assert_eq!(scrub.clean(text), clean);
        }
        assert_eq!(scrub.clean(&"x".repeat(300)).chars().count(), TEXT_MAX + 1);
        assert_eq!(shown(&base), "https://h/v1?…");
    }
}
