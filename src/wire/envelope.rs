//! The few fields of a request that the gateway itself reads, borrowed from its bytes.
//!
//! A body is never parsed into a tree and printed again: that would reorder keys and rewrite numbers, which
//! breaks prompt caches and signatures. Only `model` changes, by splicing.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

/// Deepest nesting of a request body. Real requests stay below 30; serde_json itself refuses 128, which
/// bounds the stack of every later parse.
pub const DEPTH_MAX: usize = 100;

/// A request as the gateway sees it.
#[derive(Debug)]
pub struct Envelope<'a> {
    body: &'a str,
    /// The requested model, trimmed; `None` when absent, `null` or blank.
    pub model: Option<String>,
    /// Whether the answer is to be a stream.
    pub stream: bool,
    model_value: Option<&'a str>,
}

/// Why a body is not a request. The message names the fault and never repeats the body.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    #[error("the request body is not valid UTF-8")]
    NotUtf8,
    #[error("the request body is nested deeper than {DEPTH_MAX} levels")]
    TooDeep,
    #[error("the request body must be a JSON object")]
    NotAnObject,
    #[error("the request body is not valid JSON (line {line}, column {column})")]
    NotJson { line: usize, column: usize },
    #[error("`{field}` must be {expected}")]
    WrongType { field: &'static str, expected: &'static str },
    #[error("the request body has more than one `{field}`")]
    Twice { field: &'static str },
}

#[derive(Deserialize)]
struct Fields<'a> {
    #[serde(borrow, default)]
    model: Option<&'a RawValue>,
    #[serde(borrow, default)]
    stream: Option<&'a RawValue>,
}

impl<'a> Envelope<'a> {
    /// Reads a body. An empty one counts as `{}`.
    pub fn read(body: &'a [u8]) -> Result<Self, Malformed> {
        let body = std::str::from_utf8(body).map_err(|_| Malformed::NotUtf8)?;
        let body = if body.trim().is_empty() { "{}" } else { body };
        if depth(body) > DEPTH_MAX {
            return Err(Malformed::TooDeep);
        }
        if !body.trim_start().starts_with('{') {
            // Still say "not JSON" of something that is not.
            return Err(
                serde_json::from_str::<&RawValue>(body).map_or_else(|error| not_json(&error), |_| Malformed::NotAnObject)
            );
        }
        let fields: Fields<'a> = serde_json::from_str(body).map_err(|error| wrong_fields(&error))?;
        Ok(Self {
            body,
            model: model_name(fields.model)?,
            stream: stream_flag(fields.stream)?,
            model_value: fields.model.map(RawValue::get),
        })
    }

    /// The body as text, byte for byte.
    pub fn body(&self) -> &'a str {
        self.body
    }

    /// The body with `model` in place of the requested one; borrowed when they are equal.
    pub fn with_model(&self, model: &str) -> Cow<'a, str> {
        let name = serde_json::Value::from(model).to_string();
        let Some(old) = self.model_value else { return Cow::Owned(insert_first(self.body, &name)) };
        if old == name {
            return Cow::Borrowed(self.body);
        }
        // `old` is a slice of `body`: its distance from the start is its offset.
        let offset = old.as_ptr().addr() - self.body.as_ptr().addr();
        let (head, rest) = self.body.split_at(offset);
        let (_, tail) = rest.split_at(old.len());
        Cow::Owned([head, &name, tail].concat())
    }
}

fn insert_first(body: &str, name: &str) -> String {
    let (head, tail) = body.split_once('{').unwrap_or(("", "}"));
    let comma = if tail.trim_start().starts_with('}') { "" } else { "," };
    format!("{head}{{\"model\":{name}{comma}{tail}")
}

fn model_name(value: Option<&RawValue>) -> Result<Option<String>, Malformed> {
    let wrong = |_| Malformed::WrongType { field: "model", expected: "a string" };
    let name: Option<String> =
        value.map_or(Ok(None), |raw| serde_json::from_str(raw.get())).map_err(wrong)?;
    Ok(name.map(|name| name.trim().to_owned()).filter(|name| !name.is_empty()))
}

fn stream_flag(value: Option<&RawValue>) -> Result<bool, Malformed> {
    let wrong = |_| Malformed::WrongType { field: "stream", expected: "true or false" };
    let flag: Option<bool> = value.map_or(Ok(None), |raw| serde_json::from_str(raw.get())).map_err(wrong)?;
    Ok(flag.unwrap_or(false))
}

fn not_json(error: &serde_json::Error) -> Malformed {
    Malformed::NotJson { line: error.line(), column: error.column() }
}

fn wrong_fields(error: &serde_json::Error) -> Malformed {
    let text = error.to_string();
    for field in ["model", "stream"] {
        if text.starts_with(&format!("duplicate field `{field}`")) {
            return Malformed::Twice { field };
        }
    }
    Malformed::NotJson { line: error.line(), column: error.column() }
}

/// Deepest nesting of objects and arrays, by bytes: strings are skipped, nothing else is checked.
fn depth(json: &str) -> usize {
    let (mut depth, mut deepest) = (0_usize, 0);
    let mut in_string = false;
    let mut escaped = false;
    for byte in json.bytes() {
        if in_string {
            match byte {
                _ if escaped => escaped = false,
                b'\\' => escaped = true,
                b'"' => in_string = false,
                _ => {}
            }
            continue;
        }
        match byte {
            b'"' => in_string = true,
            b'{' | b'[' => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b'}' | b']' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_model_changes() {
        let body =
            "{ \"z\": 1.10,\n\"model\" : \"a/b\" ,\"n\":12345678901234567890123, \"s\":\"\\u00e9 é\" }";
        let envelope = Envelope::read(body.as_bytes()).unwrap();
        assert_eq!(envelope.model.as_deref(), Some("a/b"));
        assert_eq!(envelope.with_model("b"), body.replace("\"a/b\"", "\"b\""));
        assert!(matches!(envelope.with_model("a/b"), Cow::Borrowed(_)));
    }

    #[test]
    fn a_missing_model_is_put_first() {
        for (body, expected) in [
            ("{}", r#"{"model":"m"}"#),
            ("", r#"{"model":"m"}"#),
            (" { } ", r#" {"model":"m" } "#),
            (r#"{"a":1}"#, r#"{"model":"m","a":1}"#),
        ] {
            assert_eq!(Envelope::read(body.as_bytes()).unwrap().with_model("m"), expected);
        }
        let null = Envelope::read(br#"{"model":null}"#).unwrap();
        assert_eq!((null.model.as_deref(), null.with_model("m").as_ref()), (None, r#"{"model":"m"}"#));
    }

    #[test]
    fn a_model_name_is_escaped() {
        let envelope = Envelope::read(br#"{"model":"\u0061"}"#).unwrap();
        assert_eq!(envelope.model.as_deref(), Some("a"));
        assert_eq!(envelope.with_model("q\"\\"), r#"{"model":"q\"\\"}"#);
    }

    #[test]
    fn faults_are_named() {
        use Malformed::{NotAnObject, NotJson, NotUtf8, TooDeep, Twice, WrongType};
        let deep = format!("{{\"a\":{}{}}}", "[".repeat(10_000), "]".repeat(10_000));
        for (body, fault) in [
            (&b"{\"a\":\"\xff\"}"[..], NotUtf8),
            (deep.as_bytes(), TooDeep),
            (b"[1]", NotAnObject),
            (b"nonsense", NotJson { line: 1, column: 2 }),
            (b"{\"model\":", NotJson { line: 1, column: 9 }),
            (b"{} {}", NotJson { line: 1, column: 4 }),
            (br#"{"model":7}"#, WrongType { field: "model", expected: "a string" }),
            (br#"{"stream":"yes"}"#, WrongType { field: "stream", expected: "true or false" }),
            (br#"{"model":"a","model":"b"}"#, Twice { field: "model" }),
        ] {
            let shown = String::from_utf8_lossy(body.get(..20.min(body.len())).unwrap()).into_owned();
            assert_eq!(Envelope::read(body).err(), Some(fault), "{shown}");
        }
    }

    #[test]
    fn brackets_in_strings_do_not_nest() {
        assert_eq!(depth(r#"{"a":"[[[[\"[","b":[{}]}"#), 3);
    }

    proptest::proptest! {
        #[test]
        fn no_bytes_panic(body in proptest::collection::vec(proptest::num::u8::ANY, 0..200)) {
            if let Ok(envelope) = Envelope::read(&body) {
                let _ = envelope.with_model("m");
            }
        }
    }
}
