//! What a tool takes, as Anthropic's format has it: an object, and at its top nothing but an object.

use serde_json::{Map, Value};

use super::flatten::{Depth, flatten};
use crate::translate::Refusal;

/// A tool's `input_schema` from a function's `parameters` (none: it takes nothing). Alternatives and
/// references at the top are written out; everything below stays as it is, `$defs` and
/// `additionalProperties` included.
pub fn tool_input(parameters: Option<&Value>, path: &str) -> Result<Value, Refusal> {
    let mut schema = match parameters {
        None | Some(Value::Null | Value::Bool(true)) => Map::new(),
        Some(Value::Object(schema)) => schema.clone(),
        Some(_) => return Err(Refusal::new(path, format!("`{path}` must be a JSON schema of an object"))),
    };
    let root = schema.clone();
    flatten(&mut schema, &root, Depth::Alternatives);
    if schema.get("type") != Some(&Value::from("object")) {
        schema.shift_remove("type");
        let rest = std::mem::take(&mut schema);
        schema.insert("type".to_owned(), "object".into());
        schema.extend(rest);
    }
    if !schema.get("properties").is_some_and(Value::is_object) {
        schema.insert("properties".to_owned(), Map::new().into());
    }
    Ok(Value::Object(schema))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn input(schema: &Value) -> Value {
        tool_input(Some(schema), "p").unwrap()
    }

    #[test]
    fn edge_46_always_an_object() {
        let empty = json!({ "type": "object", "properties": {} });
        assert_eq!(tool_input(None, "p").unwrap(), empty);
        for odd in [json!(null), json!({}), json!(true), json!({ "type": "string" }), json!({ "type": null })]
        {
            assert_eq!(input(&odd), empty);
        }
        assert_eq!(
            input(&json!({ "properties": { "a": { "type": "string" } }, "type": ["object", "null"] })),
            json!({ "type": "object", "properties": { "a": { "type": "string" } } }),
        );
        assert!(tool_input(Some(&json!("x")), "p").is_err());
    }

    #[test]
    fn what_is_plain_stays_byte_for_byte() {
        let text = r##"{"$schema":"x","type":"object","properties":{"z":{"$ref":"#/$defs/Z"},"a":{"anyOf":[{"type":"string"},{"type":"null"}]}},"required":["z"],"$defs":{"Z":{"type":"object"}},"additionalProperties":false}"##;
        let schema: Value = serde_json::from_str(text).unwrap();
        assert_eq!(input(&schema).to_string(), text);
    }

    #[test]
    fn edge_46_alternatives_at_the_top() {
        let schema = json!({
            "anyOf": [
                { "type": "object", "properties": { "path": { "type": "string" }, "n": { "type": "integer" } }, "required": ["path", "n"] },
                { "type": "object", "properties": { "url": { "type": "string" }, "n": { "type": "string" } }, "required": ["url", "n"] },
                { "type": "null" },
            ],
        });
        assert_eq!(
            input(&schema),
            json!({
                "type": "object",
                "properties": {
                    "path": { "type": "string" },
                    "n": { "anyOf": [{ "type": "integer" }, { "type": "string" }] },
                    "url": { "type": "string" },
                },
                "required": ["n"],
                "description": "Give one of these sets of properties: path, n; or url, n.",
            }),
        );
    }

    #[test]
    fn edge_46_references_at_the_top() {
        let schema = json!({
            "$ref": "#/$defs/Args",
            "$defs": {
                "Args": { "allOf": [{ "$ref": "#/$defs/Base" }, { "properties": { "b": {} }, "required": ["b"] }] },
                "Base": { "type": "object", "properties": { "a": {} }, "required": ["a"] },
            },
        });
        let flat = input(&schema);
        assert_eq!(flat["properties"], json!({ "a": {}, "b": {} }));
        assert_eq!(flat["required"], json!(["a", "b"]));
        assert!(flat["$defs"]["Base"].is_object() && flat.get("$ref").is_none());
    }

    #[test]
    fn circles_and_multiplying_references_end() {
        let circle = json!({ "$ref": "#/$defs/A", "$defs": { "A": { "$ref": "#/$defs/A" } } });
        assert_eq!(input(&circle)["type"], "object");
        let many = vec![json!({ "$ref": "#/$defs/A" }); 20];
        let bomb = json!({ "anyOf": many.clone(), "$defs": { "A": { "anyOf": many } } });
        assert_eq!(input(&bomb)["type"], "object");
    }
}
