//! JSON text to a value, and what a value cannot show any more: keys that were written twice.
//!
//! `serde_json` keeps the last of two equal keys. In a config the first one may have been a cap, so it is a
//! problem like any other.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

use super::log::ROOT;
use super::problem::Problem;
use super::walk;

/// The value of `text` and a problem for each repeated key; or why it is not JSON.
pub fn parse(text: &str) -> Result<(Value, Vec<Problem>), Problem> {
    // Editors on Windows like to put a byte order mark in front.
    let text = text.trim_start_matches('\u{feff}');
    let whole_file = |message: String| Problem { path: ROOT.to_owned(), message };
    if text.trim().is_empty() {
        return Err(whole_file("the config is empty; the smallest one is {}".to_owned()));
    }
    let mut repeated = Vec::new();
    let mut json = serde_json::Deserializer::from_str(text);
    Tree { path: ROOT, repeated: &mut repeated }
        .deserialize(&mut json)
        .and_then(|value| json.end().map(|()| value))
        .map(|value| (value, repeated))
        .map_err(|error| whole_file(describe(&error)))
}

/// Only from parts that cannot hold a piece of the text, which may be a key pasted by mistake.
fn describe(error: &serde_json::Error) -> String {
    let reason = match error.classify() {
        serde_json::error::Category::Eof => "it ends too early",
        _ => "there is a syntax error",
    };
    format!("not valid JSON: {reason} at line {} column {}", error.line(), error.column())
}

/// Builds the value found at `path`.
struct Tree<'a> {
    path: &'a str,
    repeated: &'a mut Vec<Problem>,
}

impl<'de> DeserializeSeed<'de> for Tree<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Tree<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Number::from_f64(value).map_or(Value::Null, Value::Number))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
        let mut items = Vec::new();
        loop {
            let path = walk::item_path(self.path, items.len());
            match seq.next_element_seed(Tree { path: &path, repeated: &mut *self.repeated })? {
                Some(item) => items.push(item),
                None => return Ok(Value::Array(items)),
            }
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut fields = Map::new();
        while let Some(key) = map.next_key::<String>()? {
            let path = walk::field_path(self.path, walk::shown_name(&key));
            let value = map.next_value_seed(Tree { path: &path, repeated: &mut *self.repeated })?;
            if fields.insert(key, value).is_some() {
                let message = "written twice in the same object; remove one of the two".to_owned();
                self.repeated.push(Problem { path, message });
            }
        }
        Ok(Value::Object(fields))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn values_are_those_of_serde_json() {
        let text = r#" {"a": [1, -1, 1.5, 1e3, true, null, "x\n\u00e9"], "b": {"c": {}}, "d": 18446744073709551615} "#;
        let (value, repeated) = parse(text).unwrap();
        assert_eq!(value, serde_json::from_str::<Value>(text).unwrap());
        assert_eq!(repeated, []);
        assert_eq!(parse("\u{feff}{}").unwrap().0, Value::Object(Map::new()));
    }

    #[test]
    fn repeated_keys_are_found_where_they_are() {
        let (value, repeated) =
            parse(r#"{"a": 1, "b": [0, {"x-y": 1, "x-y": 2}], "a": 3, "x y": 1, "x y": 2}"#).unwrap();
        assert_eq!(value, serde_json::json!({ "a": 3, "b": [0, { "x-y": 2 }], "x y": 2 }));
        let paths: Vec<&str> = repeated.iter().map(|problem| problem.path.as_str()).collect();
        assert_eq!(paths, [r#"$.b[1]["x-y"]"#, "$.a", r#"$["…"]"#]);
    }

    #[test]
    fn broken_json_is_located_and_never_quoted() {
        for (text, at) in [
            ("sk-live-MARKER", "line 1 column 1"),
            ("\"sk-live-MARKER", "line 1 column 15"),
            ("{\n  \"apiKey\": \"MARKER\",\n}", "line 3 column 1"),
            ("{\"apiKey\": \"MARKER\\q\"}", "line 1 column 20"),
            ("{} MARKER", "line 1 column 4"),
            ("{\"MARKER\" 1}", "line 1 column 11"),
        ] {
            let problem = parse(text).unwrap_err();
            assert_eq!(problem.path, "$");
            assert!(problem.message.ends_with(at), "{text}: {problem}");
            assert!(!problem.message.contains("MARKER"), "{problem}");
        }
        assert!(parse(" \n").unwrap_err().message.contains("empty"));
        assert!(parse(&"[".repeat(100_000)).is_err(), "bounded recursion");
    }

    proptest! {
        #[test]
        fn any_text_is_a_value_or_a_problem(text in ".{0,64}") {
            let bare = text.trim_start_matches('\u{feff}');
            prop_assert_eq!(parse(&text).map(|(value, _)| value).ok(), serde_json::from_str::<Value>(bare).ok());
        }
    }
}
