//! What a tool takes, as Anthropic's format has it: an object, and at its top nothing but an object.

use serde_json::{Map, Value, json};

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

/// The schema of a tool that takes text: one string, `input`.
pub fn text_tool_input() -> Value {
    json!({
        "type": "object",
        "properties": { "input": { "type": "string" } },
        "required": ["input"],
        "additionalProperties": false,
    })
}

/// The description of a tool that takes text. A grammar cannot be enforced, so it is told; `format` is
/// Chat's (`{"type":"grammar","grammar":{"syntax","definition"}}`) or Responses' (without the nesting).
pub fn text_tool_description(description: Option<&str>, format: Option<&Value>) -> Option<String> {
    let description = description.filter(|text| !text.trim().is_empty());
    let grammar = format.filter(|format| format.get("type").and_then(Value::as_str) == Some("grammar"));
    let grammar = grammar.map(|format| format.get("grammar").unwrap_or(format));
    let text = |key| grammar.and_then(|grammar| grammar.get(key)).and_then(Value::as_str);
    let told = text("definition").map(|definition| {
        let syntax = text("syntax").unwrap_or("formal");
        format!("`input` must match this {syntax} grammar:\n{definition}")
    });
    match (description, told) {
        (Some(description), Some(told)) => Some(format!("{description}\n\n{told}")),
        (description, told) => told.or_else(|| description.map(str::to_owned)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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

    #[test]
    fn grammars_are_told() {
        let chat = json!({ "type": "grammar", "grammar": { "syntax": "lark", "definition": "start: A" } });
        let responses = json!({ "type": "grammar", "syntax": "lark", "definition": "start: A" });
        let expected = "Runs.\n\n`input` must match this lark grammar:\nstart: A";
        for format in [chat, responses] {
            assert_eq!(text_tool_description(Some("Runs."), Some(&format)).as_deref(), Some(expected));
        }
        let text = json!({ "type": "text" });
        assert_eq!(text_tool_description(Some("Runs."), Some(&text)).as_deref(), Some("Runs."));
        assert_eq!(text_tool_description(None, None), None);
    }
}
