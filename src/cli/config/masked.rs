//! A config without its secrets, and back.

use serde_json::Value;

use super::field::{self, Object};
use super::secrets::{is_masked, is_telling, masked, masked_headers, masked_url};

/// Longest prefix of a key that is shown: `Bearer` and its like.
const PREFIX_MAX: usize = 16;

/// The object with everything masked that may be secret, also in members that nobody knows.
pub(crate) fn object(object: &Object) -> Object {
    object.iter().map(|(name, value)| (name.clone(), member(name, value))).collect()
}

/// A member that is called `name`.
pub(crate) fn member(name: &str, value: &Value) -> Value {
    match value {
        Value::Object(headers) if name == field::HEADERS.name() => Value::Object(masked_headers(headers)),
        Value::Object(inner) => Value::Object(object(inner)),
        Value::Array(items) => items.iter().map(|item| member(name, item)).collect(),
        Value::String(text) if is_telling(name) => masked(text).into(),
        Value::String(text) if name == field::AUTH_PREFIX.name() && !is_scheme(text) => masked(text).into(),
        Value::String(text) if text.contains("://") => masked_url(text).into(),
        other => other.clone(),
    }
}

/// One short word, such as `Bearer `, and no credentials behind it.
fn is_scheme(prefix: &str) -> bool {
    let word = prefix.trim();
    word.len() <= PREFIX_MAX && !word.contains(char::is_whitespace)
}

/// Puts the secrets of `present` where `value` has them masked. Returns the paths of those that stand for
/// something that is not there.
pub(crate) fn restore(value: &mut Value, present: Option<&Value>, path: &str) -> Vec<String> {
    match value {
        Value::Object(object) => {
            let of = |name: &str| present.and_then(|present| present.get(name));
            let restored = object
                .iter_mut()
                .flat_map(|(name, value)| restore(value, of(name), &format!("{path}.{name}")));
            restored.collect()
        }
        Value::Array(items) => {
            let id = |item: &Value| item.get("id").and_then(Value::as_str).map(str::to_owned);
            let twin = |item: &Value| {
                let own = id(item)?;
                present?.as_array()?.iter().find(|other| id(other).as_ref() == Some(&own))
            };
            let each = items.iter_mut().enumerate();
            each.flat_map(|(at, item)| {
                let twin = twin(item);
                restore(item, twin, &format!("{path}[{at}]"))
            })
            .collect()
        }
        Value::String(text) if is_masked(text) || text.ends_with("?…") => {
            let known = present.and_then(Value::as_str);
            match known.filter(|known| masked(known) == *text || masked_url(known) == *text) {
                Some(known) => {
                    known.clone_into(text);
                    Vec::new()
                }
                None => vec![path.to_owned()],
            }
        }
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn sample() -> Value {
        json!({
            "masterKey": "gw_MARKER-0123456789",
            "providers": [{
                "id": "a",
                "baseUrl": "https://a.test/v1?key=MARKER",
                "apiKey": "sk-MARKER-0123456789",
                "auth": { "type": "header", "headerName": "x-key", "prefix": "Basic MARKER" },
                "headers": { "x-account": "MARKER-account", "User-Agent": "me/1" },
                "metadata": { "clientSecret": "MARKER-secret", "note": "fine" },
                "models": ["m"],
            }],
        })
    }

    #[test]
    fn no_secret_is_left_and_all_come_back() {
        let whole = sample();
        let mut shown = Value::Object(object(whole.as_object().unwrap()));
        let text = shown.to_string();
        assert!(!text.contains("MARKER"), "{text}");
        for kept in ["me/1", "x-key", "fine", "https://a.test/v1?…"] {
            assert!(text.contains(kept), "{kept}: {text}");
        }
        assert_eq!(restore(&mut shown, Some(&whole), "$"), Vec::<String>::new());
        assert_eq!(shown, whole);
    }

    #[test]
    fn a_mask_without_a_secret_behind_it_is_named() {
        let whole = sample();
        let mut shown = Value::Object(object(whole.as_object().unwrap()));
        let paths = restore(&mut shown, Some(&json!({ "masterKey": "another" })), "$");
        assert!(
            paths.contains(&"$.masterKey".to_owned()) && paths.contains(&"$.providers[0].apiKey".to_owned()),
            "{paths:?}"
        );
    }
}
