//! Numbers as they were written: `1e6` stays `1e6` where nobody changed it, `1.50` stays `1.50`, and a number
//! with more digits than a program can hold keeps them.
//!
//! A value only tells how much a number is. How it was written is taken from the text once more, by amount and,
//! where the same amount is written in several ways, in the order of the text.

use std::collections::{BTreeMap, VecDeque};
use std::io::{self, Write};

use serde::Serialize;
use serde_json::ser::{Formatter, PrettyFormatter, Serializer};
use serde_json::{Map, Value};

/// The spellings in a text, by the bits of their amount. Whole numbers that fit are written in one way only, so
/// they are not among them.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Numbers(BTreeMap<u64, VecDeque<String>>);

impl Numbers {
    /// Of a text that is valid JSON.
    pub(super) fn of(text: &str) -> Self {
        let mut spellings: BTreeMap<u64, VecDeque<String>> = BTreeMap::new();
        let mut rest = text;
        while let Some(at) = rest.find(|c: char| c == '"' || c == '-' || c.is_ascii_digit()) {
            let (_, found) = rest.split_at(at);
            if found.starts_with('"') {
                rest = after_string(found);
                continue;
            }
            let end = found.find(|c: char| !is_of_number(c)).unwrap_or(found.len());
            let (number, after) = found.split_at(end);
            if let Ok(Value::Number(value)) = serde_json::from_str(number)
                && value.is_f64()
                && let Some(amount) = value.as_f64()
            {
                spellings.entry(amount.to_bits()).or_default().push_back(number.to_owned());
            }
            rest = after;
        }
        Self(spellings)
    }

    /// The object with two spaces an indent, its numbers as they were written.
    pub(super) fn write(&self, object: &Map<String, Value>) -> String {
        let mut text = Vec::new();
        let formatter = AsWritten { pretty: PrettyFormatter::new(), numbers: self.clone() };
        let written = object.serialize(&mut Serializer::with_formatter(&mut text, formatter));
        let text = written.ok().and_then(|()| String::from_utf8(text).ok());
        // Memory takes all that is written, and JSON is text; an empty file would be worse than other spellings.
        text.unwrap_or_else(|| format!("{:#}", Value::Object(object.clone())))
    }

    fn take(&mut self, amount: f64) -> Option<String> {
        let spellings = self.0.get_mut(&amount.to_bits())?;
        if spellings.len() > 1 { spellings.pop_front() } else { spellings.front().cloned() }
    }
}

/// What follows the string that `text` begins with.
fn after_string(text: &str) -> &str {
    let mut escaped = false;
    let mut chars = text.char_indices().skip(1);
    let end = chars.find(|(_, c)| {
        let ends = *c == '"' && !escaped;
        escaped = *c == '\\' && !escaped;
        ends
    });
    end.and_then(|(at, _)| text.get(at + 1..)).unwrap_or_default()
}

fn is_of_number(c: char) -> bool {
    c.is_ascii_digit() || matches!(c, '-' | '+' | '.' | 'e' | 'E')
}

struct AsWritten {
    pretty: PrettyFormatter<'static>,
    numbers: Numbers,
}

impl Formatter for AsWritten {
    fn write_f64<W: ?Sized + Write>(&mut self, writer: &mut W, amount: f64) -> io::Result<()> {
        match self.numbers.take(amount) {
            Some(spelling) => writer.write_all(spelling.as_bytes()),
            None => self.pretty.write_f64(writer, amount),
        }
    }

    fn begin_array<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.pretty.begin_array(writer)
    }

    fn end_array<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.pretty.end_array(writer)
    }

    fn begin_array_value<W: ?Sized + Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        self.pretty.begin_array_value(writer, first)
    }

    fn end_array_value<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.pretty.end_array_value(writer)
    }

    fn begin_object<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.pretty.begin_object(writer)
    }

    fn end_object<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.pretty.end_object(writer)
    }

    fn begin_object_key<W: ?Sized + Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        self.pretty.begin_object_key(writer, first)
    }

    fn begin_object_value<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.pretty.begin_object_value(writer)
    }

    fn end_object_value<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.pretty.end_object_value(writer)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn numbers_stay_as_they_were_written() {
        let text = r#"{
  "cost": { "in": 1e6, "out": 1.50, "none": -0, "long": 3.14159265358979323846, "huge": 123456789012345678901234567890 },
  "text": "not 1E6, \" and not 2.50",
  "again": [1E6, 1e6, 0.5, 12, -7]
}"#;
        let value: Value = serde_json::from_str(text).unwrap();
        let written = Numbers::of(text).write(value.as_object().unwrap());
        for part in [
            "1e6,",
            "1.50,",
            "-0,",
            "3.14159265358979323846,",
            "123456789012345678901234567890\n",
            "1E6,\n    1e6,",
            "12,",
        ] {
            assert!(written.contains(part), "{part}: {written}");
        }
        assert_eq!(serde_json::from_str::<Value>(&written).unwrap(), value);
        let new = json!({ "new": 1e6 });
        assert_eq!(Numbers::of("{}").write(new.as_object().unwrap()), "{\n  \"new\": 1000000.0\n}");
    }

    proptest! {
        /// Whatever the spellings come from, what is written means the same.
        #[test]
        fn nothing_changes_its_meaning(
            numbers in prop::collection::vec(any::<f64>().prop_filter("JSON", |n| n.is_finite()), 0..8),
            strings in prop::collection::vec(".{0,8}", 0..4),
            other in prop::collection::vec(-3..3_i8, 0..8),
        ) {
            let text = json!([numbers, strings, other]).to_string();
            let value: Value = serde_json::from_str(&text).unwrap();
            let other: Vec<f64> = other.into_iter().map(f64::from).collect();
            let after = json!({ "a": strings, "b": value, "c": other });
            let written = Numbers::of(&text).write(after.as_object().unwrap());
            prop_assert_eq!(serde_json::from_str::<Value>(&written).unwrap(), after);
        }
    }
}
