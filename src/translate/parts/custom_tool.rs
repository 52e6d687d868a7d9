//! Tools that take text, for providers whose tools all take JSON: a function with one string, `input`.
//!
//! The wrapper is the gateway's own: the client's tool never heard of it, so it must not get to see it.

use serde_json::{Value, json};

/// The schema of such a function.
pub fn schema() -> Value {
    json!({
        "type": "object",
        "properties": { "input": { "type": "string" } },
        "required": ["input"],
        "additionalProperties": false,
    })
}

/// A call's text as the function's arguments.
pub fn wrapped(input: &str) -> Value {
    json!({ "input": input })
}

/// The text in a function's arguments. A model that writes JSON where text is meant has written that JSON; what
/// has no `input` is taken as it is: the tool says best what is wrong with it.
pub fn unwrapped(arguments: &str) -> String {
    match serde_json::from_str(arguments) {
        Ok(Value::String(input)) => input,
        Ok(Value::Object(fields)) => match fields.get("input") {
            Some(Value::String(input)) => input.clone(),
            Some(Value::Null) => String::new(),
            Some(input) => input.to_string(),
            None if fields.is_empty() => String::new(),
            None => arguments.to_owned(),
        },
        _ => arguments.to_owned(),
    }
}

/// What a model is told of such a tool. A grammar cannot be enforced, so it is told; `format` is Chat's
/// (`{"type":"grammar","grammar":{"syntax","definition"}}`) or Responses' (without the nesting).
pub fn description(description: Option<&str>, format: Option<&Value>) -> Option<String> {
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

    #[test]
    fn inputs_are_unwrapped() {
        for (arguments, input) in [
            (r#"{"input":"*** Begin\n\"x\""}"#, "*** Begin\n\"x\""),
            (r#" {"input":""} "#, ""),
            (r#"{"input":{"b":1,"a":2}}"#, r#"{"b":1,"a":2}"#),
            (r#"{"input":["ls","-l"]}"#, r#"["ls","-l"]"#),
            (r#"{"input":7}"#, "7"),
            (r#"{"input":null}"#, ""),
            (r#"{"input":"x","note":"y"}"#, "x"),
            (r#""bare""#, "bare"),
            ("7", "7"),
            ("{}", ""),
            (r#"{"patch":"x"}"#, r#"{"patch":"x"}"#),
            (r#"{"input":"cut"#, r#"{"input":"cut"#),
            ("ls -l", "ls -l"),
            ("", ""),
        ] {
            assert_eq!(unwrapped(arguments), input, "{arguments}");
        }
        let text = "a \"quote\"\n{}";
        assert_eq!(unwrapped(&wrapped(text).to_string()), text);
    }

    #[test]
    fn grammars_are_told() {
        let chat = json!({ "type": "grammar", "grammar": { "syntax": "lark", "definition": "start: A" } });
        let responses = json!({ "type": "grammar", "syntax": "lark", "definition": "start: A" });
        let expected = "Runs.\n\n`input` must match this lark grammar:\nstart: A";
        for format in [chat, responses] {
            assert_eq!(description(Some("Runs."), Some(&format)).as_deref(), Some(expected));
        }
        let text = json!({ "type": "text" });
        assert_eq!(description(Some("Runs."), Some(&text)).as_deref(), Some("Runs."));
        assert_eq!(description(None, None), None);
    }
}
