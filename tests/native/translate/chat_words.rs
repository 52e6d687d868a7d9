//! What requests of Chat are made of.

use serde_json::{Value, json};

pub(super) fn user(text: &str) -> Value {
    json!({ "role": "user", "content": text })
}

pub(super) fn call(id: &str, name: &str, arguments: &str) -> Value {
    json!({ "id": id, "type": "function", "function": { "name": name, "arguments": arguments } })
}

pub(super) fn calling(calls: &[Value]) -> Value {
    json!({ "role": "assistant", "content": null, "tool_calls": calls })
}

pub(super) fn tool(id: &str, content: &str) -> Value {
    json!({ "role": "tool", "tool_call_id": id, "content": content })
}

pub(super) fn function(name: &str) -> Value {
    let parameters = json!({ "type": "object", "properties": { "a": { "type": "string" } } });
    json!({ "type": "function", "function": { "name": name, "parameters": parameters } })
}
