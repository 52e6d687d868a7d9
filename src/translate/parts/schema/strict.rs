//! Whether a schema is within the subset that OpenAI takes with `strict: true`.
//!
//! Strict mode refuses the whole request over a schema outside its subset, and making a schema fit would
//! change what it means (every optional property would become required). So `strict` is asked for only where
//! the schema fits as it is.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

/// Keywords that strict mode knows.
const KNOWN: [&str; 22] = [
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
    "minItems",
    "maxItems",
];

const FORMATS: [&str; 9] =
    ["date-time", "time", "date", "duration", "email", "hostname", "ipv4", "ipv6", "uuid"];

/// Deepest nesting of objects that strict mode takes.
const DEPTH_MAX: usize = 10;

/// Whether `schema` may be sent with `strict: true`: an object at the top, and every object closed with all
/// of its properties required.
pub fn openai_strict(schema: &Value) -> bool {
    schema.get("type").is_some_and(|kind| kind == "object") && node(schema, 0)
}

fn node(schema: &Value, depth: usize) -> bool {
    let Value::Object(schema) = schema else { return false };
    let typed = ["type", "anyOf", "$ref"].iter().any(|name| schema.contains_key(*name));
    let known = |name: &String| KNOWN.contains(&name.as_str());
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
    let required = schema.get("required").and_then(Value::as_array).into_iter().flatten();
    let required: BTreeSet<&str> = required.filter_map(Value::as_str).collect();
    let all = |properties: &Map<String, Value>| {
        properties.len() == required.len() && properties.keys().all(|name| required.contains(name.as_str()))
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
    use serde_json::json;

    use super::*;

    #[test]
    fn only_what_is_closed_and_required_all_the_way() {
        let object = |properties: Value, required: Value| json!({ "type": "object", "properties": properties, "required": required, "additionalProperties": false });
        let inner = object(json!({ "x": { "type": ["string", "null"] } }), json!(["x"]));
        assert!(openai_strict(&object(json!({}), json!([]))));
        assert!(openai_strict(&object(
            json!({ "a": inner, "b": { "type": "array", "items": inner } }),
            json!(["a", "b"])
        )));
        let open = json!({ "type": "object", "properties": {} });
        for bad in [
            json!({}),
            json!(true),
            open.clone(),
            json!({ "anyOf": [inner] }),
            object(json!({ "a": { "type": "string" } }), json!([])),
            object(json!({ "a": open }), json!(["a"])),
            object(json!({ "a": {} }), json!(["a"])),
            object(json!({ "a": { "type": "string", "minLength": 1 } }), json!(["a"])),
            object(json!({ "a": { "type": "string", "default": "x" } }), json!(["a"])),
            object(json!({ "a": { "oneOf": [] } }), json!(["a"])),
            object(json!({ "a": { "type": "string" }, "b": { "type": "string" } }), json!(["a", "a"])),
            object(json!({ "a": { "type": "string", "format": "uri" } }), json!(["a"])),
            object(json!({ "a": true }), json!(["a"])),
        ] {
            assert!(!openai_strict(&bad), "{bad}");
        }
    }
}
