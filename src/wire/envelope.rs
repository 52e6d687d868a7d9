//! The few fields of a request that the gateway itself reads, and where to change its model.
//!
//! A body is never parsed into a tree and printed again: that would reorder keys and rewrite numbers, which
//! breaks prompt caches and signatures. Only `model` changes, by splicing, and nothing of the body is kept
//! here: bodies are megabytes, and a Worker has 128 of them for all its requests.

use std::{fmt, ops::Range};

use serde::de::{Deserialize, Deserializer, Error, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::conversation::Parts;

/// Deepest nesting of a request body. Real requests stay below 30; serde_json itself refuses 128, which
/// bounds the stack of every later parse.
pub const DEPTH_MAX: usize = 100;

/// A request as the gateway sees it.
#[derive(Debug)]
pub struct Envelope {
    /// The requested model, trimmed; `None` when absent, `null` or blank.
    pub model: Option<String>,
    /// Whether the answer is to be a stream.
    pub stream: bool,
    /// Equal for the requests of one conversation.
    pub conversation: Option<u64>,
    slot: Slot,
}

/// Where the name of the model goes.
#[derive(Debug)]
enum Slot {
    /// In place of this value, which is written so.
    Value(Range<usize>, String),
    /// As the first member of the object whose members begin here.
    First { at: usize, alone: bool },
    /// In place of a blank body.
    Blank(usize),
}

/// A change of a body: these bytes of it become `text`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Splice {
    pub at: Range<usize>,
    pub text: String,
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

/// Members of a body that mean something to the gateway.
#[derive(Default)]
struct Fields<'a> {
    stream: Option<&'a RawValue>,
    /// The model among them.
    parts: Parts<'a>,
}

impl<'de: 'a, 'a> Deserialize<'de> for Fields<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(FieldsVisitor)
    }
}

struct FieldsVisitor;

impl<'de> Visitor<'de> for FieldsVisitor {
    type Value = Fields<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Fields<'de>, M::Error> {
        let mut fields = Fields::default();
        while let Some(Key(key)) = map.next_key()? {
            let (slot, unique) = match key {
                Some("model") => (&mut fields.parts.model, true),
                Some("stream") => (&mut fields.stream, true),
                Some("prompt_cache_key") => (&mut fields.parts.prompt_cache_key, false),
                Some("metadata") => (&mut fields.parts.metadata, false),
                Some("user") => (&mut fields.parts.user, false),
                Some("system") => (&mut fields.parts.system, false),
                Some("messages") => (&mut fields.parts.messages, false),
                _ => {
                    map.next_value::<IgnoredAny>()?;
                    continue;
                }
            };
            if unique && slot.is_some() {
                return Err(M::Error::custom(format_args!("duplicate field `{}`", key.unwrap_or_default())));
            }
            *slot = Some(map.next_value()?); // even a `null` is there
        }
        Ok(fields)
    }
}

/// A member's name if it is one of those above.
struct Key(Option<&'static str>);

impl<'de> Deserialize<'de> for Key {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_identifier(KeyVisitor)
    }
}

struct KeyVisitor;

impl Visitor<'_> for KeyVisitor {
    type Value = Key;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name")
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<Key, E> {
        const KNOWN: [&str; 7] =
            ["model", "stream", "prompt_cache_key", "metadata", "user", "system", "messages"];
        Ok(Key(KNOWN.into_iter().find(|known| *known == name)))
    }
}

impl Envelope {
    /// Reads a body. An empty one counts as `{}`.
    pub fn read(body: &[u8]) -> Result<Self, Malformed> {
        let body = std::str::from_utf8(body).map_err(|_| Malformed::NotUtf8)?;
        if body.trim().is_empty() {
            return Ok(Self {
                model: None,
                stream: false,
                conversation: None,
                slot: Slot::Blank(body.len()),
            });
        }
        if depth(body) > DEPTH_MAX {
            return Err(Malformed::TooDeep);
        }
        let Some(members) = body.trim_start().strip_prefix('{') else {
            // Still say "not JSON" of something that is not.
            return Err(serde_json::from_str::<&RawValue>(body)
                .map_or_else(|error| not_json(&error), |_| Malformed::NotAnObject));
        };
        let fields: Fields<'_> = serde_json::from_str(body).map_err(|error| wrong_fields(&error))?;
        let model = fields.parts.model;
        let slot = match model.map(RawValue::get) {
            // A slice of `body`: its distance from the start is its offset.
            Some(value) => {
                let start = value.as_ptr().addr() - body.as_ptr().addr();
                Slot::Value(start..start + value.len(), value.to_owned())
            }
            None => {
                Slot::First { at: body.len() - members.len(), alone: members.trim_start().starts_with('}') }
            }
        };
        Ok(Self {
            model: model_name(model)?,
            stream: stream_flag(fields.stream)?,
            conversation: fields.parts.key(),
            slot,
        })
    }

    /// What to change so that the body asks for `model`; nothing if it does.
    pub fn splice(&self, model: &str) -> Option<Splice> {
        let name = serde_json::Value::from(model).to_string();
        match &self.slot {
            Slot::Value(_, written) if *written == name => None,
            Slot::Value(at, _) => Some(Splice { at: at.clone(), text: name }),
            Slot::First { at, alone } => {
                let comma = if *alone { "" } else { "," };
                Some(Splice { at: *at..*at, text: format!("\"model\":{name}{comma}") })
            }
            Slot::Blank(length) => Some(Splice { at: 0..*length, text: format!("{{\"model\":{name}}}") }),
        }
    }
}

impl Splice {
    /// `body`, changed.
    pub fn apply(&self, body: &[u8]) -> Vec<u8> {
        let head = body.get(..self.at.start).unwrap_or_default();
        let tail = body.get(self.at.end..).unwrap_or_default();
        [head, self.text.as_bytes(), tail].concat()
    }
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

/// Deepest nesting of objects and arrays. Strings are skipped; nothing else is checked.
fn depth(json: &str) -> usize {
    let mut rest = json.as_bytes();
    let (mut depth, mut deepest) = (0_usize, 0);
    while let Some((byte, tail)) = rest.split_first() {
        rest = match byte {
            b'"' => after_string(tail),
            b'{' | b'[' => {
                depth += 1;
                deepest = deepest.max(depth);
                tail
            }
            b'}' | b']' => {
                depth = depth.saturating_sub(1);
                tail
            }
            _ => tail,
        };
    }
    deepest
}

/// What follows the string that `rest` is inside of.
fn after_string(mut rest: &[u8]) -> &[u8] {
    while let Some(at) = memchr::memchr2(b'"', b'\\', rest) {
        let escape = rest.get(at) == Some(&b'\\');
        rest = rest.get(at + 1 + usize::from(escape)..).unwrap_or_default();
        if !escape {
            return rest;
        }
    }
    &[]
}

/// The first of the comma-separated values in the array whose elements begin here, and what follows it.
/// `None` at the array's end. The text is known to be JSON.
pub(super) fn first_element(array: &str) -> Option<(&str, &str)> {
    let array = array.trim_start_matches(|c: char| c == ',' || c.is_ascii_whitespace());
    if array.is_empty() || array.starts_with(']') {
        return None;
    }
    let mut rest = array.as_bytes();
    let mut depth = 0_usize;
    while let Some((byte, tail)) = rest.split_first() {
        match byte {
            b'"' => rest = after_string(tail),
            b',' | b']' if depth == 0 => break,
            b'{' | b'[' => (depth, rest) = (depth + 1, tail),
            b'}' | b']' => (depth, rest) = (depth.saturating_sub(1), tail),
            _ => rest = tail,
        }
    }
    // Between ASCII bytes, so at a boundary of characters.
    let (element, tail) = array.split_at_checked(array.len() - rest.len())?;
    Some((element.trim_end(), tail))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with_model(body: &str, model: &str) -> String {
        let splice = Envelope::read(body.as_bytes()).unwrap().splice(model);
        splice.map_or(body.to_owned(), |splice| String::from_utf8(splice.apply(body.as_bytes())).unwrap())
    }

    #[test]
    fn only_the_model_changes() {
        let body =
            "{ \"z\": 1.10,\n\"model\" : \"a/b\" ,\"n\":12345678901234567890123, \"s\":\"\\u00e9 é\" }";
        let envelope = Envelope::read(body.as_bytes()).unwrap();
        assert_eq!(envelope.model.as_deref(), Some("a/b"));
        assert_eq!(with_model(body, "b"), body.replace("\"a/b\"", "\"b\""));
        assert_eq!(envelope.splice("a/b"), None);
    }

    #[test]
    fn a_missing_model_is_put_first() {
        for (body, expected) in [
            ("{}", r#"{"model":"m"}"#),
            ("", r#"{"model":"m"}"#),
            (" \n", r#"{"model":"m"}"#),
            (" { } ", r#" {"model":"m" } "#),
            (r#"{"a":1}"#, r#"{"model":"m","a":1}"#),
            (r#"{"model":null}"#, r#"{"model":"m"}"#),
        ] {
            assert_eq!(with_model(body, "m"), expected);
            assert_eq!(Envelope::read(body.as_bytes()).unwrap().model, None);
        }
    }

    #[test]
    fn a_model_name_is_escaped() {
        let envelope = Envelope::read(br#"{"model":"\u0061"}"#).unwrap();
        assert_eq!(envelope.model.as_deref(), Some("a"));
        assert_eq!(with_model(r#"{"model":"\u0061"}"#, "q\"\\"), r#"{"model":"q\"\\"}"#);
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
                let changed = envelope.splice("m").unwrap().apply(&body);
                let again = Envelope::read(&changed).unwrap();
                proptest::prop_assert_eq!(again.model.as_deref(), Some("m"));
            }
        }
    }
}
