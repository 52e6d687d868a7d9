//! Assistant messages of a Chat history: thinking, words, calls.

use serde_json::{Map, Value, json};

use super::content::{Holds, Reader, text};
use crate::translate::{
    Notes, Refusal, Scene,
    parts::{
        cache, custom_tool,
        fields::{self, join},
        turns::Turns,
    },
    seal,
    tools::{ClientTool, upstream_name},
};

/// The member that holds arguments which are not a JSON object.
const RAW: &str = "_raw";

/// The id of a call from before calls had ids.
pub(in crate::translate::request) fn old_id(name: &str) -> String {
    format!("function_call_{name}")
}

/// A message's blocks and calls, in Anthropic's order.
pub(super) fn read(
    message: &Map<String, Value>,
    path: &str,
    scene: &Scene<'_>,
    turns: &mut Turns,
    notes: &mut Notes,
) -> Result<(), Refusal> {
    let mut blocks = thinking(message, scene, notes);
    let words = Reader { traits: scene.traits, notes }.message(message, Holds::Text, path)?;
    let thinks = blocks.len();
    blocks.extend(words);
    if let Some(refusal) = fields::string(message, "refusal", path)? {
        blocks.push(text(refusal));
    }
    if fields::get(message, "audio").is_some() {
        notes.add("audio of the history dropped");
    }
    let mut calls = calls(message, path, notes)?;
    match (cache::of_part(message), calls.last_mut()) {
        (Some(control), Some(call)) => call.control = Some(control),
        (Some(control), None) if blocks.len() > thinks => {
            blocks.last_mut().into_iter().for_each(|block| cache::mark(block, control.clone()));
        }
        _ => {}
    }
    turns.assistant(blocks);
    for Call { id, name, input, control } in calls {
        turns.call(&id, &name, input, control);
    }
    Ok(())
}

struct Call {
    id: String,
    /// The provider's.
    name: String,
    input: Value,
    control: Option<Value>,
}

fn calls(message: &Map<String, Value>, path: &str, notes: &mut Notes) -> Result<Vec<Call>, Refusal> {
    let mut calls = Vec::new();
    for (at, call) in fields::array(message, "tool_calls", path)?.into_iter().flatten().enumerate() {
        let path = format!("{path}.tool_calls[{at}]");
        calls.push(call_of(fields::as_object(call, &path)?, &path, notes)?);
    }
    if let Some(function) = fields::object(message, "function_call", path)? {
        let path = join(path, "function_call");
        let name = name_of(function, &path)?;
        let input = arguments(function.get("arguments"), &join(&path, "arguments"), notes)?;
        calls.push(Call { id: old_id(name), name: upstream(name), input, control: None });
    }
    Ok(calls)
}

fn call_of(call: &Map<String, Value>, path: &str, notes: &mut Notes) -> Result<Call, Refusal> {
    let id = fields::string(call, "id", path)?.unwrap_or_default().to_owned();
    if let Some(custom) = fields::object(call, "custom", path)? {
        let path = join(path, "custom");
        let input = fields::string(custom, "input", &path)?.unwrap_or_default();
        let name = upstream(name_of(custom, &path)?);
        return Ok(Call { id, name, input: custom_tool::wrapped(input), control: None });
    }
    let path = join(path, "function");
    let function = fields::as_object(call.get("function").unwrap_or(&Value::Null), &path)?;
    let input = arguments(function.get("arguments"), &join(&path, "arguments"), notes)?;
    Ok(Call { id, name: upstream(name_of(function, &path)?), input, control: None })
}

fn name_of<'a>(function: &'a Map<String, Value>, path: &str) -> Result<&'a str, Refusal> {
    let name = fields::string(function, "name", path)?.filter(|name| !name.is_empty());
    name.ok_or_else(|| {
        let path = join(path, "name");
        Refusal::new(path.as_str(), format!("`{path}` must be a name"))
    })
}

fn upstream(name: &str) -> String {
    upstream_name(&ClientTool::function(name))
}

/// The object that arguments are. What is none is kept as text rather than lost: models do write broken
/// JSON, and see from it what they did.
fn arguments(arguments: Option<&Value>, path: &str, notes: &mut Notes) -> Result<Value, Refusal> {
    let written = match arguments {
        None | Some(Value::Null) => return Ok(Map::new().into()),
        Some(Value::Object(object)) => return Ok(object.clone().into()),
        Some(Value::String(written)) => written,
        Some(_) => return Err(Refusal::new(path, format!("`{path}` must be a string of JSON"))),
    };
    if written.trim().is_empty() {
        return Ok(Map::new().into());
    }
    Ok(match serde_json::from_str(written) {
        Ok(Value::Object(object)) => object.into(),
        Ok(Value::Null) => Map::new().into(),
        _ => {
            notes.add("arguments that are no JSON object kept as text");
            json!({ RAW: written })
        }
    })
}

/// Thinking that this provider's model signed. Any other is refused there, so it is dropped.
fn thinking(message: &Map<String, Value>, scene: &Scene<'_>, notes: &mut Notes) -> Vec<Value> {
    let details = message.get("reasoning_details").and_then(Value::as_array);
    let mut blocks = Vec::new();
    for detail in details.into_iter().flatten() {
        match block_of(detail, scene) {
            Some(block) => blocks.push(block),
            None => notes.add("thinking of another model dropped"),
        }
    }
    let unsigned = ["reasoning_content", "reasoning"];
    let unsigned =
        unsigned.iter().any(|key| message.get(*key).and_then(Value::as_str).is_some_and(|t| !t.is_empty()));
    if details.is_none() && unsigned {
        notes.add("thinking without a signature dropped");
    }
    blocks
}

fn block_of(detail: &Value, scene: &Scene<'_>) -> Option<Value> {
    let text = |key: &str| detail.get(key).and_then(Value::as_str);
    let open = |sealed: Option<&str>| seal::open(sealed?, scene.provider, scene.model);
    match text("type")? {
        "reasoning.text" => {
            let signature = open(text("signature")).filter(|signature| !signature.is_empty())?;
            let thinking = text("text").unwrap_or_default();
            Some(json!({ "type": "thinking", "thinking": thinking, "signature": signature }))
        }
        "reasoning.encrypted" => {
            let data = open(text("data")).filter(|data| !data.is_empty())?;
            Some(json!({ "type": "redacted_thinking", "data": data }))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn broken_arguments_are_never_lost() {
        let of = |value: Value| arguments(Some(&value), "p", &mut Notes::default()).unwrap();
        assert_eq!(of(json!("{\"b\":1,\"a\":2}")).to_string(), r#"{"b":1,"a":2}"#);
        for empty in [json!(""), json!(" \n"), json!("{}"), json!("null"), json!(null), json!({})] {
            assert_eq!(of(empty), json!({}));
        }
        for broken in ["{\"a\":", "[1]", "\"x\"", "7"] {
            assert_eq!(of(json!(broken)), json!({ "_raw": broken }));
        }
        assert_eq!(of(json!({ "a": 1 })), json!({ "a": 1 }));
        assert!(arguments(Some(&json!(1)), "p", &mut Notes::default()).is_err());
    }
}
