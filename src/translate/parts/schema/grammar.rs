//! Schemas that an answer is held to, within the language that Anthropic compiles to a grammar.
//!
//! It knows structure and not size: lengths, ranges and the like are an error there. They are moved into the
//! description, where the model reads them at least; Anthropic's own SDKs do the same.

use serde_json::{Map, Value};

use super::flatten::{Depth, describe, flatten, is_object};

/// String formats that the grammar knows.
const FORMATS: [&str; 10] =
    ["date-time", "time", "date", "duration", "email", "hostname", "uri", "ipv4", "ipv6", "uuid"];

/// What the grammar does not support in patterns: looking around, word boundaries, back references.
const PATTERN_LIMITS: [&str; 9] = ["(?=", "(?!", "(?<", "\\b", "\\B", "\\1", "\\2", "\\3", "\\k"];

/// What a request's schemas may weigh together before Anthropic refuses to compile them.
pub const LIMITS: Weight = Weight { optional: 24, unions: 16 };

/// What makes a grammar large.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Weight {
    /// Properties that are not required.
    pub optional: usize,
    /// `anyOf`s and lists of types.
    pub unions: usize,
}

impl Weight {
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self {
            optional: self.optional.saturating_add(other.optional),
            unions: self.unions.saturating_add(other.unions),
        }
    }

    pub fn fits(self, limits: Self) -> bool {
        self.optional <= limits.optional && self.unions <= limits.unions
    }
}

/// A schema within the grammar's language.
#[derive(Clone, Debug, PartialEq)]
pub struct Grammar {
    pub schema: Value,
    pub weight: Weight,
    /// Something that the schema demanded is only told now, or not at all.
    pub loosened: bool,
}

/// Brings a schema into the grammar's language.
pub fn for_grammar(schema: &Map<String, Value>) -> Grammar {
    let mut work = Work { root: schema, weight: Weight::default(), loosened: false };
    let mut top = schema.clone();
    flatten(&mut top, schema, Depth::Exact);
    let schema = work.object(top);
    Grammar { schema, weight: work.weight, loosened: work.loosened }
}

struct Work<'a> {
    root: &'a Map<String, Value>,
    weight: Weight,
    loosened: bool,
}

impl Work<'_> {
    fn any(&mut self, schema: Value) -> Value {
        let Value::Object(mut schema) = schema else { return schema };
        if let Some(reference) = sole_reference(&schema) {
            return Map::from_iter([("$ref".to_owned(), reference)]).into();
        }
        if schema.contains_key("allOf") {
            flatten(&mut schema, self.root, Depth::Exact);
        }
        self.object(schema)
    }

    fn object(&mut self, schema: Map<String, Value>) -> Value {
        let about_objects = is_object(&schema);
        self.weigh(&schema);
        let mut out = Map::new();
        let mut told = Vec::new();
        for (key, value) in schema {
            match key.as_str() {
                "$schema" | "$id" | "$comment" | "$anchor" => {}
                "properties" | "$defs" | "definitions" => {
                    out.insert(key, self.each_member(value));
                }
                "anyOf" | "oneOf" => {
                    out.insert("anyOf".to_owned(), self.each(value));
                }
                "items" if value.is_object() => {
                    out.insert(key, self.any(value));
                }
                // Whatever it was, it must be false; what it demanded of other members is told.
                "additionalProperties" if !value.is_object() => {}
                _ if is_known(&key, &value) => {
                    out.insert(key, value);
                }
                _ => told.push(format!("{key}: {value}")),
            }
        }
        if about_objects {
            out.insert("additionalProperties".to_owned(), false.into());
        }
        if !told.is_empty() {
            self.loosened = true;
            describe(&mut out, &format!("({})", told.join(", ")));
        }
        out.into()
    }

    fn each_member(&mut self, members: Value) -> Value {
        let Value::Object(members) = members else { return members };
        members.into_iter().map(|(name, member)| (name, self.any(member))).collect::<Map<_, _>>().into()
    }

    fn each(&mut self, list: Value) -> Value {
        let Value::Array(list) = list else { return list };
        list.into_iter().map(|member| self.any(member)).collect::<Vec<_>>().into()
    }

    fn weigh(&mut self, schema: &Map<String, Value>) {
        let union = ["anyOf", "oneOf"].iter().any(|key| schema.contains_key(*key));
        let types = schema.get("type").is_some_and(Value::is_array);
        let required = schema.get("required").and_then(Value::as_array).map_or(0, Vec::len);
        let properties = schema.get("properties").and_then(Value::as_object).map_or(0, Map::len);
        self.weight = self.weight.and(Weight {
            optional: properties.saturating_sub(required),
            unions: usize::from(union) + usize::from(types),
        });
    }
}

/// A reference, alone or the one member of `allOf` (as generators write it to add a description). What
/// stands beside it must go.
fn sole_reference(schema: &Map<String, Value>) -> Option<Value> {
    let local = |schema: &Map<String, Value>| schema.get("$ref").filter(|value| value.is_string()).cloned();
    local(schema).or_else(|| match schema.get("allOf").and_then(Value::as_array)?.as_slice() {
        [Value::Object(only)] if !schema.contains_key("properties") => local(only),
        _ => None,
    })
}

/// Whether the grammar takes a keyword with this value.
fn is_known(key: &str, value: &Value) -> bool {
    match key {
        "type" | "required" | "enum" | "const" | "default" | "title" | "description" => true,
        "format" => value.as_str().is_some_and(|format| FORMATS.contains(&format)),
        "minItems" => matches!(value.as_u64(), Some(0 | 1)),
        "pattern" => {
            value.as_str().is_some_and(|text| !PATTERN_LIMITS.iter().any(|limit| text.contains(limit)))
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn cleaned(schema: Value) -> Grammar {
        let Value::Object(schema) = schema else { panic!("an object") };
        for_grammar(&schema)
    }

    #[test]
    fn constraints_move_into_the_description() {
        let grammar = cleaned(json!({
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "type": "object",
            "properties": {
                "name": { "type": "string", "minLength": 1, "maxLength": 9, "description": "A name" },
                "age": { "type": "integer", "minimum": 0 },
                "tags": { "type": "array", "items": { "type": "string", "format": "color" }, "minItems": 1 },
                "two": { "type": "array", "minItems": 2 },
                "day": { "type": "string", "format": "date" },
                "maximum": { "type": "number" },
            },
            "required": ["name", "age", "tags", "two", "day", "maximum"],
        }));
        assert!(grammar.loosened);
        assert_eq!(
            grammar.schema,
            json!({
                "type": "object",
                "properties": {
                    "name": { "type": "string", "description": "A name\n\n(minLength: 1, maxLength: 9)" },
                    "age": { "type": "integer", "description": "(minimum: 0)" },
                    "tags": {
                        "type": "array",
                        "items": { "type": "string", "description": "(format: \"color\")" },
                        "minItems": 1,
                    },
                    "two": { "type": "array", "description": "(minItems: 2)" },
                    "day": { "type": "string", "format": "date" },
                    "maximum": { "type": "number" },
                },
                "required": ["name", "age", "tags", "two", "day", "maximum"],
                "additionalProperties": false,
            }),
        );
    }

    #[test]
    fn alternatives_references_and_maps() {
        let grammar = cleaned(json!({
            "type": "object",
            "properties": {
                "a": { "oneOf": [{ "type": "string" }, { "type": "object", "properties": {} }] },
                "b": { "$ref": "#/$defs/B", "description": "goes" },
                "c": { "allOf": [{ "$ref": "#/$defs/B" }], "description": "goes" },
                "d": { "allOf": [{ "$ref": "#/$defs/B" }, { "properties": { "y": {} }, "required": ["y"] }] },
                "map": { "type": "object", "additionalProperties": { "type": "string" } },
                "maybe": { "type": ["string", "null"], "pattern": "^a+$" },
            },
            "$defs": { "B": { "type": "object", "properties": { "x": {} }, "required": ["x"] } },
        }));
        let of = |name: &str| grammar.schema["properties"][name].clone();
        let closed = json!({ "type": "object", "properties": {}, "additionalProperties": false });
        assert_eq!(of("a"), json!({ "anyOf": [{ "type": "string" }, closed] }));
        assert_eq!(of("b"), json!({ "$ref": "#/$defs/B" }));
        assert_eq!(of("c"), json!({ "$ref": "#/$defs/B" }));
        assert_eq!(of("d")["required"], json!(["x", "y"]));
        assert_eq!(of("map")["additionalProperties"], false);
        assert_eq!(of("map")["description"], "(additionalProperties: {\"type\":\"string\"})");
        assert_eq!(of("maybe"), json!({ "type": ["string", "null"], "pattern": "^a+$" }));
        assert_eq!(grammar.schema["$defs"]["B"]["additionalProperties"], false);
        assert_eq!(grammar.weight, Weight { optional: 6, unions: 2 });
        assert!(grammar.weight.fits(LIMITS) && !Weight { optional: 25, unions: 0 }.fits(LIMITS));
    }

    #[test]
    fn a_reference_at_the_top_is_written_out() {
        let grammar = cleaned(json!({
            "$ref": "#/$defs/Top",
            "$defs": { "Top": { "type": "object", "properties": { "a": { "type": "string" } }, "required": ["a"] } },
        }));
        assert_eq!(grammar.schema["type"], "object");
        assert_eq!(grammar.schema["additionalProperties"], false);
        assert!(!grammar.loosened);
    }
}
