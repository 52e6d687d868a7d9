//! URLs out of whatever was pasted: a list, a piece of a manual, something half typed. What is mended is said.

use url::Url;

use crate::cli::failure::Failure;
use crate::config::endpoint::parse_base;

/// The URLs found, each once, and what was done to get them.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Found {
    pub(crate) urls: Vec<String>,
    pub(crate) notes: Vec<String>,
}

/// What comes before and after a URL in prose.
const PUNCTUATION: [char; 15] = ['.', ',', ';', ':', '!', ')', '(', ']', '[', '}', '{', '>', '<', '"', '\''];

/// Finds every URL in `text`.
pub(crate) fn find(flag: &str, text: &str) -> Result<Found, Failure> {
    let mut found = Found::default();
    let mut ignored = Vec::new();
    for word in text.split(|c: char| matches!(c, ',' | ';') || c.is_whitespace()) {
        for piece in back_to_back(word) {
            let piece = piece.trim_matches(PUNCTUATION);
            let Some(url) = mended(piece) else {
                ignored.extend(Some(piece).filter(|piece| !piece.is_empty()));
                continue;
            };
            parse_base(&url).map_err(|error| Failure::input(format!("{flag}: {}", shown(&url, &error))))?;
            if url != piece {
                found.notes.push(format!("{flag}: read {} as {}", without_query(piece), without_query(&url)));
            }
            if !found.urls.contains(&url) {
                found.urls.push(url);
            }
        }
    }
    if found.urls.is_empty() {
        return Err(Failure::input(format!("{flag}: no URL in it"))
            .hint("write one such as https://api.example.com/v1"));
    }
    if !ignored.is_empty() {
        found.notes.push(format!("{flag}: left out what is no URL ({} words)", ignored.len()));
    }
    Ok(found)
}

/// `https://ahttps://b` as two.
fn back_to_back(word: &str) -> Vec<&str> {
    let mut pieces = Vec::new();
    let mut rest = word;
    loop {
        let later = rest.char_indices().skip(1).map(|(at, _)| at);
        let mut starts = later.filter(|at| {
            rest.get(*at..).is_some_and(|tail| tail.starts_with("https://") || tail.starts_with("http://"))
        });
        let Some(at) = starts.next() else { break };
        let (piece, tail) = rest.split_at(at);
        pieces.push(piece);
        rest = tail;
    }
    pieces.push(rest);
    pieces
}

/// The URL that was meant, if one was.
fn mended(piece: &str) -> Option<String> {
    let lower = piece.to_ascii_lowercase();
    if lower.starts_with("https://") || lower.starts_with("http://") {
        return Some(piece.to_owned());
    }
    for (slip, scheme) in [
        ("https//", "https://"),
        ("http//", "http://"),
        ("https:/", "https://"),
        ("http:/", "http://"),
        ("ttps://", "https://"),
        ("ttp://", "http://"),
        ("htps://", "https://"),
        ("htttps://", "https://"),
    ] {
        if lower.starts_with(slip) {
            return piece.get(slip.len()..).map(|rest| format!("{scheme}{}", rest.trim_start_matches('/')));
        }
    }
    if piece.contains("://") {
        return Some(piece.to_owned()); // another scheme, which is refused with a reason
    }
    let host = piece.split(['/', ':', '?']).next().unwrap_or_default();
    if host.eq_ignore_ascii_case("localhost") || host == "127.0.0.1" {
        return Some(format!("http://{piece}"));
    }
    let named = host.contains('.')
        && host.split('.').all(|label| !label.is_empty())
        && host.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-'))
        && host
            .rsplit('.')
            .next()
            .is_some_and(|last| last.len() >= 2 && last.chars().all(|c| c.is_ascii_alphabetic()));
    named.then(|| format!("https://{piece}"))
}

fn shown(url: &str, error: &dyn std::fmt::Display) -> String {
    format!("`{}` {error}", without_query(url))
}

/// Neither query nor user: there may be a key in either.
fn without_query(text: &str) -> String {
    let plain = text.split('?').next().unwrap_or_default();
    match Url::parse(plain) {
        Ok(url) if !url.username().is_empty() || url.password().is_some() => {
            format!("{}://…@{}", url.scheme(), url.host_str().unwrap_or_default())
        }
        _ => plain.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_found_in_what_people_paste() {
        for (text, urls) in [
            (
                "https://a.test/v1, https://b.test/anthropic",
                &["https://a.test/v1", "https://b.test/anthropic"][..],
            ),
            ("https://a.test/v1https://b.test", &["https://a.test/v1", "https://b.test"]),
            ("https//a.test/v1", &["https://a.test/v1"]),
            ("ttps://a.test", &["https://a.test"]),
            ("https:/a.test", &["https://a.test"]),
            ("api.a.test/v1", &["https://api.a.test/v1"]),
            ("localhost:11434/v1", &["http://localhost:11434/v1"]),
            ("Use (https://a.test/v1). Or https://b.test!", &["https://a.test/v1", "https://b.test"]),
            ("https://a.test https://a.test", &["https://a.test"]),
        ] {
            assert_eq!(find("--endpoints", text).unwrap().urls, urls, "{text}");
        }
    }

    #[test]
    fn what_is_mended_is_said_without_keys() {
        let found = find("--endpoints", "see ttps://a.test/v1?key=MARKER").unwrap();
        assert_eq!(found.urls, ["https://a.test/v1?key=MARKER"]);
        assert_eq!(
            found.notes,
            [
                "--endpoints: read ttps://a.test/v1 as https://a.test/v1",
                "--endpoints: left out what is no URL (1 words)"
            ]
        );
        for text in ["nothing here", "", "ftp://a.test", "https://user:MARKER@a.test"] {
            assert!(
                find("--endpoints", text).is_err_and(|failure| !failure.message.contains("MARKER")),
                "{text}"
            );
        }
    }
}
