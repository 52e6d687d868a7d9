//! JSON schemas for models that take only the plainest (Gemini's, which know OpenAPI's keywords).
//!
//! A keyword outside of those is a 400 for the whole request. What it demanded is given up: the model may
//! then answer what the client's own check refuses, which agents are used to.

use serde_json::{Map, Value, json};

const DROPPED: [&str; 14] = [
    "$schema",
    "$id",
    "$comment",
    "additionalProperties",
    "unevaluatedProperties",
    "patternProperties",
    "propertyNames",
    "dependentRequired",
    "dependentSchemas",
    "contains",
    "uniqueItems",
    "if",
    "then",
    "else",
];

/// Rewrites a schema and those in it.
pub fn plain(schema: &mut Value) {
    let Value::Object(schema) = schema else { return };
    schema.retain(|name, _| !DROPPED.contains(&name.as_str()));
    bounds(schema);
    if let Some(only) = schema.shift_remove("const") {
        schema.insert("enum".to_owned(), json!([only]));
    }
    if let Some(Value::Array(some)) = schema.shift_remove("oneOf") {
        schema.insert("anyOf".to_owned(), Value::Array(some));
    }
    let odd = |format: &Value| format != "date-time" && format != "enum";
    if schema.get("type").is_some_and(|kind| kind == "string") && schema.get("format").is_some_and(odd) {
        schema.shift_remove("format");
    }
    for name in ["properties", "$defs", "definitions"] {
        if let Some(Value::Object(inner)) = schema.get_mut(name) {
            inner.values_mut().for_each(plain);
        }
    }
    for name in ["items", "anyOf", "allOf", "not"] {
        match schema.get_mut(name) {
            Some(Value::Array(inner)) => inner.iter_mut().for_each(plain),
            Some(inner) => plain(inner),
            None => {}
        }
    }
}

/// Bounds that exclude become the nearest that do not.
fn bounds(schema: &mut Map<String, Value>) {
    for (strict, loose) in [("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum")] {
        if let Some(bound) = schema.shift_remove(strict)
            && bound.is_number()
            && !schema.contains_key(loose)
        {
            schema.insert(loose.to_owned(), bound);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edge_45_only_plain_keywords_stay() {
        let mut schema = json!({
            "$schema": "x", "type": "object", "additionalProperties": false, "required": ["additionalProperties"],
            "properties": {
                "additionalProperties": { "type": "integer", "exclusiveMinimum": 0 },
                "kind": { "oneOf": [{ "const": "a" }, { "type": "string", "format": "uri" }] },
                "list": { "type": "array", "uniqueItems": true, "items": { "propertyNames": {}, "type": "object" } },
                "when": { "type": "string", "format": "date-time" },
            },
        });
        plain(&mut schema);
        assert_eq!(
            schema,
            json!({
                "type": "object", "required": ["additionalProperties"],
                "properties": {
                    "additionalProperties": { "type": "integer", "minimum": 0 },
                    "kind": { "anyOf": [{ "enum": ["a"] }, { "type": "string" }] },
                    "list": { "type": "array", "items": { "type": "object" } },
                    "when": { "type": "string", "format": "date-time" },
                },
            })
        );
    }
}
