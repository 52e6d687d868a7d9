//! Which format a request is in, where its path does not say (`POST /`, `/v1`, `/route`, `/router`).
//!
//! Fields that only one format has decide; a request that either format could be is taken for Messages
//! if it sets `max_tokens`, which that format requires, and for Chat Completions otherwise.

use serde_json::Value;

use super::Wire;

/// The format of `body`. `anthropic_version` tells whether the client sent that header, which decides.
pub fn detect(anthropic_version: bool, body: &str) -> Wire {
    if anthropic_version {
        return Wire::Messages;
    }
    let Ok(Value::Object(body)) = serde_json::from_str::<Value>(body) else { return Wire::Messages };
    let has = |field: &str| body.get(field).is_some_and(|value| !value.is_null());
    by_fields(has)
        .or_else(|| items(body.get("tools")).find_map(by_tool))
        .or_else(|| body.get("tool_choice").and_then(by_tool_choice))
        .or_else(|| items(body.get("messages")).find_map(by_message))
        .unwrap_or(if has("max_tokens") { Wire::Messages } else { Wire::Chat })
}

fn by_fields(has: impl Fn(&str) -> bool) -> Option<Wire> {
    const MESSAGES: [&str; 6] =
        ["anthropic_version", "system", "thinking", "stop_sequences", "top_k", "mcp_servers"];
    const CHAT: [&str; 12] = [
        "max_completion_tokens",
        "response_format",
        "n",
        "stream_options",
        "reasoning_effort",
        "frequency_penalty",
        "presence_penalty",
        "logprobs",
        "seed",
        "stop",
        "parallel_tool_calls",
        "functions",
    ];
    if MESSAGES.into_iter().any(&has) {
        return Some(Wire::Messages);
    }
    CHAT.into_iter().any(has).then_some(Wire::Chat)
}

fn by_tool(tool: &Value) -> Option<Wire> {
    if tool.get("input_schema").is_some() {
        return Some(Wire::Messages);
    }
    (tool.get("function").is_some() || text(tool, "type") == Some("function")).then_some(Wire::Chat)
}

fn by_tool_choice(choice: &Value) -> Option<Wire> {
    match choice {
        Value::String(_) => Some(Wire::Chat),
        choice => match text(choice, "type")? {
            "function" => Some(Wire::Chat),
            "any" | "tool" | "auto" | "none" => Some(Wire::Messages),
            _ => None,
        },
    }
}

fn by_message(message: &Value) -> Option<Wire> {
    if matches!(text(message, "role"), Some("system" | "developer" | "tool" | "function"))
        || message.get("tool_calls").is_some()
    {
        return Some(Wire::Chat);
    }
    items(message.get("content")).find_map(|part| match text(part, "type")? {
        "tool_use" | "tool_result" | "thinking" | "redacted_thinking" | "image" | "document" => {
            Some(Wire::Messages)
        }
        "image_url" | "input_audio" | "file" | "input_text" | "input_image" | "refusal" => Some(Wire::Chat),
        _ => None,
    })
}

fn items(value: Option<&Value>) -> impl Iterator<Item = &Value> {
    value.and_then(Value::as_array).into_iter().flatten()
}

fn text<'v>(value: &'v Value, field: &str) -> Option<&'v str> {
    value.get(field).and_then(Value::as_str)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_telling_field_decides() {
        for (body, wire) in [
            (r#"{"messages":[{"role":"user","content":"hi"}]}"#, Wire::Chat),
            (r#"{"max_tokens":9,"messages":[{"role":"user","content":"hi"}]}"#, Wire::Messages),
            (r#"{"max_tokens":9,"messages":[{"role":"system","content":"hi"}]}"#, Wire::Chat),
            (r#"{"max_completion_tokens":9}"#, Wire::Chat),
            (r#"{"system":"be kind","messages":[]}"#, Wire::Messages),
            (r#"{"max_tokens":9,"tools":[{"name":"f","input_schema":{}}]}"#, Wire::Messages),
            (r#"{"max_tokens":9,"tools":[{"type":"function","function":{"name":"f"}}]}"#, Wire::Chat),
            (r#"{"max_tokens":9,"tool_choice":"auto"}"#, Wire::Chat),
            (r#"{"tool_choice":{"type":"any"}}"#, Wire::Messages),
            (r#"{"messages":[{"role":"user","content":[{"type":"tool_result"}]}]}"#, Wire::Messages),
            (r#"{"max_tokens":9,"messages":[{"role":"user","content":[{"type":"image_url"}]}]}"#, Wire::Chat),
            (r#"{"max_tokens":9,"messages":[{"role":"assistant","tool_calls":[]}]}"#, Wire::Chat),
        ] {
            assert_eq!(detect(false, body), wire, "{body}");
            assert_eq!(detect(true, body), Wire::Messages, "{body}");
        }
    }
}
