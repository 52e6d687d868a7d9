//! Whether a schema is within the subset that OpenAI takes with `strict: true`.

use serde_json::{Map, Value};

/// Keywords of the subset. Others may be taken by some models; without them strict is simply not asked for.
const KEYWORDS: [&str; 22] = [
    "type",
    "properties",
    "required",
    "additionalProperties",
    "items",
    "anyOf",
    "$ref",
    "$defs",
    "definitions",
    "enum",
    "const",
    "title",
    "description",
    "pattern",
    "format",
    "multipleOf",
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "minItems",
    "maxItems",
];

/// Whether `schema` may be sent with `strict: true`: an object at the top, and every object closed with all
/// of its properties required. To make it so would change what it means.
pub fn openai_strict(schema: &Value) -> bool {
    let Value::Object(top) = schema else { return false };
    top.get("type").is_some_and(|kind| kind == "object") && !top.contains_key("anyOf") && fits(schema)
}

fn fits(schema: &Value) -> bool {
    let Value::Object(schema) = schema else { return false };
    let shaped = ["type", "anyOf", "$ref", "enum", "const"].iter().any(|key| schema.contains_key(*key));
    shaped
        && schema.keys().all(|key| KEYWORDS.contains(&key.as_str()))
        && (!super::flatten::is_object(schema) || is_closed(schema))
        && ["properties", "$defs", "definitions"].iter().all(|key| match schema.get(*key) {
            Some(Value::Object(members)) => members.values().all(fits),
            other => other.is_none(),
        })
        && schema.get("items").is_none_or(fits)
        && match schema.get("anyOf") {
            Some(Value::Array(options)) => options.iter().all(fits),
            other => other.is_none(),
        }
}

fn is_closed(schema: &Map<String, Value>) -> bool {
    let required = schema.get("required").and_then(Value::as_array);
    let all_required = match schema.get("properties") {
        Some(Value::Object(properties)) => properties
            .keys()
            .all(|name| required.is_some_and(|list| list.iter().any(|other| other == name.as_str()))),
        other => other.is_none(),
    };
    all_required && schema.get("additionalProperties") == Some(&Value::Bool(false))
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
        ] {
            assert!(!openai_strict(&bad), "{bad}");
        }
    }
}
