//! Typed reading of a request's members. `null` is absence; a wrong type is refused by its path.

use serde_json::{Map, Value};

use crate::translate::Refusal;

/// `path.key`, or `key` at the top.
pub fn join(path: &str, key: &str) -> String {
    if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") }
}

/// An object of these members, moved in: `json!` copies what it is given, and contents are megabytes.
pub fn object_of<const N: usize>(members: [(&str, Value); N]) -> Value {
    members.into_iter().map(|(key, value)| (key.to_owned(), value)).collect::<Map<_, _>>().into()
}

/// What is there and not `null`.
pub fn get<'a>(map: &'a Map<String, Value>, key: &str) -> Option<&'a Value> {
    map.get(key).filter(|value| !value.is_null())
}

pub fn string<'a>(map: &'a Map<String, Value>, key: &str, path: &str) -> Result<Option<&'a str>, Refusal> {
    typed(map, key, path, "a string", Value::as_str)
}

pub fn boolean(map: &Map<String, Value>, key: &str, path: &str) -> Result<Option<bool>, Refusal> {
    typed(map, key, path, "true or false", Value::as_bool)
}

pub fn number(map: &Map<String, Value>, key: &str, path: &str) -> Result<Option<f64>, Refusal> {
    typed(map, key, path, "a number", Value::as_f64)
}

/// A whole number from 0. `5.0` is one: some languages know only floats.
pub fn whole(map: &Map<String, Value>, key: &str, path: &str) -> Result<Option<u64>, Refusal> {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "checked to be whole and in range"
    )]
    let of_float =
        |float: f64| (float.fract() == 0.0 && (0.0..1e15).contains(&float)).then_some(float as u64);
    typed(map, key, path, "a whole number, 0 or more", |value| {
        value.as_u64().or_else(|| value.as_f64().and_then(of_float))
    })
}

pub fn array<'a>(
    map: &'a Map<String, Value>,
    key: &str,
    path: &str,
) -> Result<Option<&'a Vec<Value>>, Refusal> {
    typed(map, key, path, "an array", Value::as_array)
}

pub fn object<'a>(
    map: &'a Map<String, Value>,
    key: &str,
    path: &str,
) -> Result<Option<&'a Map<String, Value>>, Refusal> {
    typed(map, key, path, "an object", Value::as_object)
}

/// An element that must be an object.
pub fn as_object<'a>(value: &'a Value, path: &str) -> Result<&'a Map<String, Value>, Refusal> {
    value.as_object().ok_or_else(|| Refusal::new(path, format!("`{path}` must be an object")))
}

fn typed<'a, T>(
    map: &'a Map<String, Value>,
    key: &str,
    path: &str,
    expected: &str,
    read: impl Fn(&'a Value) -> Option<T>,
) -> Result<Option<T>, Refusal> {
    let Some(value) = get(map, key) else { return Ok(None) };
    read(value).map(Some).ok_or_else(|| {
        let at = join(path, key);
        Refusal::new(at.as_str(), format!("`{at}` must be {expected}"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wrong_types_are_named() {
        let Value::Object(map) = serde_json::json!({ "a": 1, "b": null, "c": 2.0, "d": 2.5, "e": -1 }) else {
            panic!()
        };
        assert_eq!(string(&map, "b", ""), Ok(None));
        assert_eq!(string(&map, "z", ""), Ok(None));
        assert_eq!(whole(&map, "c", ""), Ok(Some(2)));
        assert!(whole(&map, "d", "").is_err() && whole(&map, "e", "").is_err());
        let refusal = string(&map, "a", "messages[0]").unwrap_err();
        assert_eq!(refusal.param, "messages[0].a");
        assert_eq!(refusal.message, "`messages[0].a` must be a string");
    }
}
