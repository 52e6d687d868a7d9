//! Whether a JSON schema is one that OpenAI's strict mode takes.
//!
//! Strict mode refuses the whole request over a schema outside its subset, and making a schema fit would
//! change what it means (every optional property would become required). So `strict` is asked for only where
//! the schema fits as it is.

use serde_json::{Map, Value};

/// Keywords that strict mode knows.
const KNOWN: [&str; 20] = [
    "type",
    "title",
    "description",
    "properties",
    "required",
    "additionalProperties",
    "items",
    "enum",
    "const",
    "anyOf",
    "$ref",
    "$defs",
    "definitions",
    "pattern",
    "multipleOf",
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "format",
];
/// The same, with numbers in a list.
const LISTS: [&str; 2] = ["minItems", "maxItems"];

const FORMATS: [&str; 9] =
    ["date-time", "time", "date", "duration", "email", "hostname", "ipv4", "ipv6", "uuid"];

/// Deepest nesting of objects that strict mode takes.
const DEPTH_MAX: usize = 10;

pub fn fits(schema: &Value) -> bool {
    schema.get("type").is_some_and(|kind| kind == "object") && node(schema, 0)
}

fn node(schema: &Value, depth: usize) -> bool {
    let Value::Object(schema) = schema else { return false };
    let typed = ["type", "anyOf", "$ref"].iter().any(|name| schema.contains_key(*name));
    let known = |name: &String| KNOWN.contains(&name.as_str()) || LISTS.contains(&name.as_str());
    let format = schema.get("format").is_none_or(|format| FORMATS.iter().any(|known| format == known));
    depth <= DEPTH_MAX
        && typed
        && format
        && schema.keys().all(known)
        && (!is_object(schema) || closed(schema))
        && inner(schema).all(|schema| node(schema, depth + 1))
}

fn is_object(schema: &Map<String, Value>) -> bool {
    let named = match schema.get("type") {
        Some(Value::Array(types)) => types.iter().any(|kind| kind == "object"),
        Some(kind) => kind == "object",
        None => false,
    };
    named || schema.contains_key("properties")
}

/// Every property is required and there are no others.
fn closed(schema: &Map<String, Value>) -> bool {
    let required: Vec<&str> = schema
        .get("required")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    let all = |properties: &Map<String, Value>| {
        properties.len() == required.len()
            && properties.keys().zip(0_usize..).all(|(name, at)| {
                // Usually in the same order; a search through long lists is the exception.
                required.get(at) == Some(&name.as_str()) || required.contains(&name.as_str())
            })
    };
    schema.get("additionalProperties").is_some_and(|other| other == false)
        && schema.get("properties").and_then(Value::as_object).is_some_and(all)
}

fn inner(schema: &Map<String, Value>) -> impl Iterator<Item = &Value> {
    let maps = ["properties", "$defs", "definitions"];
    let named = maps.into_iter().filter_map(|name| schema.get(name)?.as_object()).flat_map(Map::values);
    let any = schema.get("anyOf").and_then(Value::as_array).into_iter().flatten();
    named.chain(any).chain(schema.get("items"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn only_the_subset_fits() {
        let object = |properties: Value, required: Value| {
            json!({ "type": "object", "properties": properties, "required": required,
                    "additionalProperties": false })
        };
        let string = || json!({ "type": "string" });
        let cases = [
            (object(json!({}), json!([])), true),
            (object(json!({ "a": string(), "b": string() }), json!(["b", "a"])), true),
            (object(json!({ "a": string(), "b": string() }), json!(["a"])), false),
            (object(json!({ "a": string(), "b": string() }), json!(["a", "a"])), false),
            (object(json!({ "a": { "anyOf": [string(), { "type": "null" }] } }), json!(["a"])), true),
            (object(json!({ "a": { "type": "array", "items": { "type": "object" } } }), json!(["a"])), false),
            (object(json!({ "a": { "type": "string", "minLength": 1 } }), json!(["a"])), false),
            (object(json!({ "a": { "type": "string", "format": "uri" } }), json!(["a"])), false),
            (object(json!({ "a": { "type": "string", "format": "date" } }), json!(["a"])), true),
            (object(json!({ "a": {} }), json!(["a"])), false),
            (object(json!({ "a": true }), json!(["a"])), false),
            (json!({ "type": "object", "properties": {}, "required": [] }), false),
            (json!({ "anyOf": [] }), false),
            (json!(null), false),
        ];
        for (schema, expected) in cases {
            assert_eq!(fits(&schema), expected, "{schema}");
        }
    }
}
