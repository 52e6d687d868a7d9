//! Reading a JSON value field by field, noting every problem on the way.
//!
//! A cursor ([`At`]) knows where it is, so a problem has a path without anybody passing one around. Readers
//! return what they could read; whether the whole is usable is asked of the [`Log`] at the end.
//!
//! Not here: what any field means.

use serde_json::{Map, Value};

use super::log::{Log, ROOT};
use super::names;

/// Longest name of a field that is shown unless it is known to be an id. A pasted key is longer.
const FIELD_NAME_MAX: usize = 32;

/// Most whole numbers a JavaScript number can tell apart: counters pass through one.
pub(crate) const WHOLE_MAX: u64 = (1 << 53) - 1;

/// Path of a field: `.name`, or `["na.me"]` where the name needs it.
pub(super) fn field_path(parent: &str, name: &str) -> String {
    let shown: String = name.chars().take(names::QUOTE_MAX).collect();
    if names::is_variable_name(&shown) {
        format!("{parent}.{shown}")
    } else {
        format!("{parent}[{}]", Value::String(shown))
    }
}

/// The name of a field that may be anything, even a key that was pasted into the wrong place.
pub(super) fn shown_name(name: &str) -> &str {
    let plain = name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | '$'));
    if plain && name.len() <= FIELD_NAME_MAX { name } else { "…" }
}

pub(super) fn item_path(parent: &str, index: usize) -> String {
    format!("{parent}[{index}]")
}

/// A value and its place.
#[derive(Clone)]
pub(super) struct At<'a> {
    pub(super) log: &'a Log,
    pub(super) path: String,
    pub(super) value: &'a Value,
}

impl<'a> At<'a> {
    pub(super) fn root(log: &'a Log, value: &'a Value) -> Self {
        Self { log, path: ROOT.to_owned(), value }
    }

    pub(super) fn error(&self, message: impl Into<String>) {
        self.log.error(&self.path, || message.into());
    }

    pub(super) fn warn(&self, message: impl Into<String>) {
        self.log.warn(&self.path, || message.into());
    }

    pub(super) fn wrong_type(&self, wanted: &str) {
        self.error(format!("expected {wanted}, found {}", kind(self.value)));
    }

    pub(super) fn field(&self, name: &str, value: &'a Value) -> Self {
        Self { log: self.log, path: field_path(&self.path, name), value }
    }

    pub(super) fn fields(&self, wanted: &str) -> Option<Fields<'a>> {
        let map = self.object(wanted)?;
        Some(Fields { at: self.clone(), map, known: Vec::new() })
    }

    pub(super) fn object(&self, wanted: &str) -> Option<&'a Map<String, Value>> {
        let map = self.value.as_object();
        if map.is_none() {
            self.wrong_type(wanted);
        }
        map
    }

    /// The items of an array; anything else is an array of itself.
    pub(super) fn items(&self) -> Vec<Self> {
        let Some(items) = self.value.as_array() else { return vec![self.clone()] };
        let cursor = |(index, value)| Self { log: self.log, path: item_path(&self.path, index), value };
        items.iter().enumerate().map(cursor).collect()
    }

    /// Any string. What it holds may be secret: callers must not quote it unless they know better.
    pub(super) fn text(&self) -> Option<&'a str> {
        let text = self.value.as_str();
        if text.is_none() {
            self.wrong_type("a string");
        }
        text
    }

    /// A string to be shown to people: not blank, on one line.
    pub(super) fn label(&self) -> Option<&'a str> {
        let text = self.text()?.trim();
        if text.is_empty() {
            self.error("is empty; write a name or remove the field");
            return None;
        }
        if text.len() > names::ID_MAX || text.contains(char::is_control) {
            self.error(format!("must be one line of at most {} bytes", names::ID_MAX));
            return None;
        }
        Some(text)
    }

    pub(super) fn flag(&self) -> Option<bool> {
        let flag = self.value.as_bool();
        if flag.is_none() {
            self.wrong_type("true or false");
        }
        flag
    }

    /// A whole number from 1 to `max`. `1e3` is one, `"1000"` and `1.5` are not.
    pub(super) fn positive(&self, max: u64) -> Option<u64> {
        let max = max.min(WHOLE_MAX);
        let Value::Number(number) = self.value else {
            self.wrong_type("a whole number");
            return None;
        };
        let whole = number.as_u64().or_else(|| number.as_f64().and_then(as_whole));
        let whole = whole.filter(|whole| (1..=max).contains(whole));
        if whole.is_none() {
            self.error(format!("must be a whole number from 1 to {max}, found {number}"));
        }
        whole
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "only of numbers that are whole and in range"
)]
fn as_whole(number: f64) -> Option<u64> {
    (number.fract() == 0.0 && (0.0..=WHOLE_MAX as f64).contains(&number)).then_some(number as u64)
}

/// The fields of an object: each is asked for once, in all its spellings, and the rest is unknown.
pub(super) struct Fields<'a> {
    at: At<'a>,
    map: &'a Map<String, Value>,
    known: Vec<String>,
}

impl<'a> Fields<'a> {
    /// The field, unless it is absent or null. Each spelling may also be written with dashes.
    pub(super) fn get(&mut self, spellings: &[&str]) -> Option<At<'a>> {
        self.get_even_null(spellings).filter(|at| !at.value.is_null())
    }

    pub(super) fn get_even_null(&mut self, spellings: &[&str]) -> Option<At<'a>> {
        #[cfg(test)]
        self.at.log.asks(&self.at.path, spellings);
        let mut found: Option<(String, At<'a>)> = None;
        for spelling in spellings.iter().flat_map(|name| twins(name)) {
            if let Some(value) = self.map.get(&spelling) {
                if let Some((first, _)) = &found {
                    self.at.error(format!(
                        "`{first}` and `{spelling}` are two spellings of one field; remove one of them"
                    ));
                } else {
                    found = Some((spelling.clone(), self.at.field(&spelling, value)));
                }
            }
            self.known.push(spelling);
        }
        found.map(|(_, at)| at)
    }

    /// Marks fields as known that hold anything and mean nothing here.
    pub(super) fn skip(&mut self, names: &[&str]) {
        #[cfg(test)]
        for name in names {
            self.at.log.asks(&self.at.path, &[name]);
        }
        self.known.extend(names.iter().flat_map(|name| twins(name)));
    }

    /// Warns of fields that nobody asked for.
    pub(super) fn finish(self) {
        for name in self.unknown() {
            if names::resembles_rate_limits(name) {
                let here = self.known.iter().any(|known| known == "rateLimits");
                let advice =
                    if here { "write `rateLimits`" } else { "move it to the provider's `rateLimits`" };
                self.at.log.error(&field_path(&self.at.path, name), || {
                    format!(
                        "unknown field that looks like a cap, and ignoring it would remove the cap; {advice}"
                    )
                });
            } else {
                self.warn_unknown(name);
            }
        }
    }

    /// Like [`Self::finish`] for the parts of a cap: a field that looks like a slip of a known one is an error.
    pub(super) fn finish_strictly(self) {
        for name in self.unknown() {
            let Some(meant) = self.closest(name) else {
                self.warn_unknown(name);
                continue;
            };
            self.at.log.error(&field_path(&self.at.path, name), || {
                format!("unknown field, and ignoring it could change the cap; did you mean `{meant}`?")
            });
        }
    }

    fn unknown(&self) -> impl Iterator<Item = &'a String> {
        self.map.keys().filter(|name| !self.known.contains(name))
    }

    fn closest(&self, name: &str) -> Option<&str> {
        names::closest(name, self.known.iter().map(String::as_str))
    }

    fn warn_unknown(&self, name: &str) {
        if self.at.log.expects_unknown_fields() {
            return;
        }
        let suggestion = names::did_you_mean(self.closest(name));
        let path = field_path(&self.at.path, shown_name(name));
        self.at.log.warn(&path, || format!("unknown field, ignored{suggestion}"));
    }
}

/// A name and, if it differs, the same with dashes: `baseUrl`, `base-url`.
fn twins(name: &str) -> impl Iterator<Item = String> {
    let mut dashed = String::with_capacity(name.len() + 4);
    for c in name.chars() {
        if c.is_ascii_uppercase() {
            dashed.push('-');
        }
        dashed.push(c.to_ascii_lowercase());
    }
    let dashed = Some(dashed).filter(|dashed| dashed != name);
    std::iter::once(name.to_owned()).chain(dashed)
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn paths_are_quoted_where_they_need_it() {
        assert_eq!(field_path("$", "baseUrl"), "$.baseUrl");
        assert_eq!(field_path("$", "base-url"), r#"$["base-url"]"#);
        assert_eq!(field_path("$", "a\"\n"), r#"$["a\"\n"]"#);
        assert_eq!(item_path("$.a", 3), "$.a[3]");
    }

    #[test]
    fn a_field_is_read_once_in_whatever_spelling() {
        let log = Log::default();
        let value = json!({ "base-url": 1, "endpoint": 2, "name": null, "nmae": 3 });
        let mut fields = At::root(&log, &value).fields("an object").unwrap();
        assert_eq!(fields.get(&["baseUrl", "endpoint"]).unwrap().path, r#"$["base-url"]"#);
        assert!(fields.get(&["name"]).is_none());
        fields.finish();
        let report = log.into_report();
        assert_eq!(
            report.to_string(),
            "error: $: `base-url` and `endpoint` are two spellings of one field; remove one of them\n\
             warning: $.nmae: unknown field, ignored; did you mean `name`?"
        );
    }

    #[test]
    fn whole_numbers() {
        let log = Log::default();
        let read = |value: &Value| At::root(&log, value).positive(1_000_000);
        for (value, want) in [(json!(1), 1), (json!(1e6), 1_000_000), (json!(2.0), 2)] {
            assert_eq!(read(&value), Some(want));
        }
        for value in [
            json!(0),
            json!(-1),
            json!(-0.0),
            json!(1.5),
            json!(1e300),
            json!(1_000_001),
            json!("1"),
            json!(null),
        ] {
            assert_eq!(read(&value), None, "{value}");
        }
        assert_eq!(log.into_report().errors.len(), 8);
    }
}
