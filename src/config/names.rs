//! Names in a config: which are valid, how they are shown, which one was probably meant.

/// Longest provider id: it names a Durable Object and is part of every counter key.
pub const PROVIDER_ID_MAX: usize = 64;

/// Longest id of an alias, a bucket or a model, in bytes. The longest model names in use have about 100.
pub const ID_MAX: usize = 256;

/// Longest piece of a config that a message quotes, in characters.
pub(super) const QUOTE_MAX: usize = 60;

/// `^[a-z][a-zA-Z0-9-]*$`, up to [`PROVIDER_ID_MAX`].
pub fn is_provider_id(text: &str) -> bool {
    text.len() <= PROVIDER_ID_MAX
        && text.starts_with(|c: char| c.is_ascii_lowercase())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
}

/// `^[A-Za-z0-9][A-Za-z0-9._:-]*$`, up to [`ID_MAX`].
pub fn is_alias_id(text: &str) -> bool {
    text.len() <= ID_MAX
        && text.starts_with(|c: char| c.is_ascii_alphanumeric())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | ':' | '-'))
}

/// A model's id or model-level alias: anything that a reference can hold.
pub fn is_model_name(text: &str) -> bool {
    !text.is_empty() && text.len() <= ID_MAX && !text.contains(|c: char| c.is_whitespace() || c.is_control())
}

/// `^[A-Za-z_][A-Za-z0-9_]*$`
pub fn is_variable_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

/// An HTTP token (RFC 9110 §5.6.2).
pub fn is_header_name(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c))
}

/// `text` in lowercase with everything else than letters and digits as single dashes between them.
pub fn slug(text: &str) -> String {
    let lower = text.to_ascii_lowercase();
    let words: Vec<&str> =
        lower.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty()).collect();
    words.join("-")
}

/// The valid provider id nearest to `text`, if there is anything to make one of.
pub fn suggest_provider_id(text: &str) -> Option<String> {
    let mut id = slug(text);
    if id.starts_with(|c: char| c.is_ascii_digit()) {
        id.insert_str(0, "p-");
    }
    id.truncate(PROVIDER_ID_MAX);
    let id = id.trim_end_matches('-');
    is_provider_id(id).then(|| id.to_owned())
}

/// `text` as a message shows it: in backticks, on one line, not too long.
pub fn quote(text: &str) -> String {
    let mut shown = String::from("`");
    let mut chars = text.chars();
    for c in chars.by_ref().take(QUOTE_MAX) {
        if c.is_control() {
            shown.extend(c.escape_default());
        } else {
            shown.push(c);
        }
    }
    if chars.next().is_some() {
        shown.push('…');
    }
    shown.push('`');
    shown
}

/// The candidate that `name` is most likely a slip of. Case, dashes and underscores do not count.
pub fn closest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    if name.is_empty() || name.len() > ID_MAX {
        return None;
    }
    let name = folded(name);
    let tail = format!("/{name}");
    candidates
        .into_iter()
        .filter_map(|candidate| {
            let other = folded(candidate);
            // A third of it may be wrong, at most three characters.
            let allowed = (name.len().max(other.len()) / 3).clamp(1, 3);
            let near = name.len().abs_diff(other.len()) <= allowed;
            let distance = if other.ends_with(&tail) {
                1 // whose owner was left out: `gpt-5` of `openai/gpt-5`
            } else if near {
                strsim::osa_distance(&name, &other)
            } else {
                usize::MAX
            };
            (distance <= allowed).then_some((distance, candidate))
        })
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// The end of a message: `; did you mean …?`, or nothing.
pub fn did_you_mean(suggestion: Option<&str>) -> String {
    suggestion.map_or_else(String::new, |name| format!("; did you mean {}?", quote(name)))
}

/// Whether a field called `name` was probably meant to be `rateLimits`.
pub(super) fn resembles_rate_limits(name: &str) -> bool {
    let folded = folded(name);
    matches!(folded.as_str(), "limit" | "limits" | "buckets" | "quota" | "quotas" | "cap" | "caps")
        || strsim::osa_distance(&folded, "ratelimits") <= 2
}

fn folded(name: &str) -> String {
    name.chars().filter(|c| !matches!(c, '-' | '_')).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn provider_ids() {
        for id in ["a", "openai", "myProvider", "a-1", &"a".repeat(64)] {
            assert!(is_provider_id(id), "{id}");
        }
        for id in ["", "A", "1a", "-a", "a_b", "a.b", "a/b", "a b", "é", &"a".repeat(65)] {
            assert!(!is_provider_id(id), "{id}");
        }
    }

    #[test]
    fn slugs() {
        assert_eq!(slug("  My Provider (EU)! "), "my-provider-eu");
        assert_eq!(suggest_provider_id("My_Provider").as_deref(), Some("my-provider"));
        assert_eq!(suggest_provider_id("01.AI").as_deref(), Some("p-01-ai"));
        assert_eq!(suggest_provider_id("人工智能"), None);
        let long = format!("{} b", "a".repeat(63));
        assert_eq!(suggest_provider_id(&long), Some("a".repeat(63)));
    }

    #[test]
    fn quotes_are_short_and_on_one_line() {
        assert_eq!(quote("gpt-4o"), "`gpt-4o`");
        assert_eq!(quote("a\n\u{1b}[31m"), "`a\\n\\u{1b}[31m`");
        assert_eq!(quote(&"é".repeat(61)), format!("`{}…`", "é".repeat(60)));
    }

    #[test]
    fn near_names_are_found_and_far_ones_are_not() {
        let fields = ["id", "name", "models", "requests", "window"];
        assert_eq!(closest("request", fields), Some("requests"));
        assert_eq!(closest("Windows", fields), Some("window"));
        assert_eq!(closest("model", fields), Some("models"));
        assert_eq!(closest("note", fields), None);
        assert_eq!(closest("x", fields), None);
        assert_eq!(closest("", ["x"]), None);
        assert_eq!(closest("gpt-5", ["openai/gpt-5-mini", "openai/gpt-5"]), Some("openai/gpt-5"));
        assert_eq!(closest("base_url", ["baseUrl"]), Some("baseUrl"));
    }

    #[test]
    fn slips_of_rate_limits() {
        for name in
            ["rateLimit", "rate_limits", "ratelimits", "limits", "rateLimis", "RateLimits", "rate-limit"]
        {
            assert!(resembles_rate_limits(name), "{name}");
        }
        for name in ["metadata", "models", "region", "label"] {
            assert!(!resembles_rate_limits(name), "{name}");
        }
    }
}
