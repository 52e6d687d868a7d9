//! A guess at how many tokens a request is, without the model's tokenizer.
//!
//! For what clients show before the true number is known, and for `count_tokens` in front of providers
//! without it. It works on the bodies of all formats, because it goes by what a member is and not by where:
//! text counts, and so do names, arguments and schemas; ids, signatures and markers do not; media have a flat
//! price. Off by a fifth is usual: enough to decide when to compact a conversation.

use serde_json::{Map, Value};

/// A quarter of a token is the price of one byte of ASCII: about 4 bytes a token.
const QUARTERS: u64 = 4;

/// What Anthropic charges for an image at full size (1.15 megapixels / 750).
const IMAGE_TOKENS: u64 = 1_600;
/// A PDF of unknown length: a page is 1,500 to 3,000.
const DOCUMENT_TOKENS: u64 = 3_000;
/// A role and what separates messages.
const MESSAGE_TOKENS: u64 = 4;

/// Members of a body that the model reads, whatever the format.
const READ: [&str; 11] = [
    "system",
    "messages",
    "instructions",
    "input",
    "prompt",
    "tools",
    "functions",
    "response_format",
    "output_config",
    "output_format",
    "text",
];

/// Members of messages, blocks, parts and items that no model reads as text.
const UNREAD: [&str; 18] = [
    "type",
    "id",
    "role",
    "status",
    "tool_use_id",
    "tool_call_id",
    "call_id",
    "cache_control",
    "prompt_cache_breakpoint",
    "signature",
    "encrypted_content",
    "encrypted_index",
    "citations",
    "annotations",
    "logprobs",
    "media_type",
    "detail",
    "reasoning_details",
];

/// The tokens of a request's body in any format.
pub fn input_tokens(body: &Value) -> u64 {
    let Value::Object(body) = body else { return 0 };
    let read = body.iter().filter(|(name, _)| READ.contains(&name.as_str()));
    let quarters = read.fold(0_u64, |sum, (name, value)| {
        sum.saturating_add(match name.as_str() {
            "tools" | "functions" | "response_format" | "output_config" | "output_format" | "text" => {
                json(value)
            }
            _ => messages(value),
        })
    });
    quarters.div_ceil(QUARTERS)
}

/// A list of messages, blocks or items, or a text instead of it.
fn messages(value: &Value) -> u64 {
    let Value::Array(list) = value else { return content(value) };
    sum(list.iter().map(|message| content(message).saturating_add(MESSAGE_TOKENS * QUARTERS)))
}

/// Everything that is read in a message or a part of one.
fn content(value: &Value) -> u64 {
    match value {
        Value::String(string) => text(string),
        Value::Array(list) => sum(list.iter().map(content)),
        Value::Object(block) => media(block).unwrap_or_else(|| members(block)),
        Value::Null | Value::Bool(_) | Value::Number(_) => 0,
    }
}

fn members(block: &Map<String, Value>) -> u64 {
    let redacted = block.get("type").is_some_and(|kind| kind == "redacted_thinking");
    sum(block.iter().filter(|(name, _)| !UNREAD.contains(&name.as_str())).map(|(name, value)| {
        match (name.as_str(), value) {
            // The arguments of a call, and tools that come as an item of the conversation.
            ("input" | "action", Value::Object(_)) | ("tools", _) => json(value),
            ("data", _) if redacted => 0,
            _ => content(value),
        }
    }))
}

/// The price of a block that is not text; `None` for one that is.
fn media(block: &Map<String, Value>) -> Option<u64> {
    let kind = block.get("type").and_then(Value::as_str)?;
    let tokens = match kind {
        "image" | "image_url" | "input_image" | "computer_screenshot" => IMAGE_TOKENS,
        "file" | "input_file" | "input_audio" => DOCUMENT_TOKENS,
        "document" => {
            let source = block.get("source")?.get("type").and_then(Value::as_str)?;
            matches!(source, "base64" | "url" | "file").then_some(DOCUMENT_TOKENS)?
        }
        _ => return None,
    };
    Some(tokens * QUARTERS)
}

/// A value that the model reads as JSON: names of members and punctuation count as well.
fn json(value: &Value) -> u64 {
    match value {
        Value::String(string) => text(string).saturating_add(2),
        Value::Array(list) => sum(list.iter().map(|item| json(item).saturating_add(1))).saturating_add(2),
        Value::Object(map) => {
            let members = map.iter().filter(|(name, _)| *name != "cache_control");
            sum(members.map(|(name, value)| text(name).saturating_add(json(value)).saturating_add(4)))
                .saturating_add(2)
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => QUARTERS,
    }
}

/// In quarters of a token. A byte of ASCII is one; of other scripts, two characters of two bytes (Cyrillic,
/// Greek) are a token, and every longer character is one (Chinese) or two (emoji).
fn text(string: &str) -> u64 {
    sum(string.bytes().map(|byte| match byte {
        0..=0x7f => 1,
        // The rest of a character, counted with its first byte.
        0x80..=0xbf => 0,
        0xc0..=0xdf => 2,
        0xe0..=0xef => 4,
        0xf0.. => 8,
    }))
}

fn sum(quarters: impl Iterator<Item = u64>) -> u64 {
    quarters.fold(0, u64::saturating_add)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_same_conversation_costs_about_the_same_in_every_format() {
        let words = "word ".repeat(400);
        let schema = json!({ "type": "object", "properties": { "city": { "type": "string" } } });
        let messages = json!({
            "model": "m", "max_tokens": 9,
            "system": [{ "type": "text", "text": words, "cache_control": { "type": "ephemeral" } }],
            "messages": [
                { "role": "user", "content": words },
                { "role": "assistant", "content": [
                    { "type": "thinking", "thinking": words, "signature": "x".repeat(9_999) },
                    { "type": "tool_use", "id": "toolu_1", "name": "get_weather", "input": { "city": words } },
                ] },
                { "role": "user", "content": [
                    { "type": "tool_result", "tool_use_id": "toolu_1", "content": words },
                ] },
            ],
            "tools": [{ "name": "get_weather", "description": words, "input_schema": schema }],
        });
        let chat = json!({
            "model": "m",
            "messages": [
                { "role": "system", "content": words },
                { "role": "user", "content": [{ "type": "text", "text": words }] },
                { "role": "assistant", "content": null, "reasoning_content": words, "tool_calls": [{
                    "id": "call_1", "type": "function",
                    "function": { "name": "get_weather", "arguments": json!({ "city": words }).to_string() },
                }] },
                { "role": "tool", "tool_call_id": "call_1", "content": words },
            ],
            "tools": [{ "type": "function", "function":
                { "name": "get_weather", "description": words, "parameters": schema } }],
        });
        let responses = json!({
            "model": "m",
            "instructions": words,
            "input": [
                { "type": "message", "role": "user", "content": [{ "type": "input_text", "text": words }] },
                { "type": "reasoning", "summary": [{ "type": "summary_text", "text": words }],
                  "encrypted_content": "x".repeat(9_999) },
                { "type": "function_call", "name": "get_weather", "call_id": "call_1",
                  "arguments": json!({ "city": words }).to_string() },
                { "type": "function_call_output", "call_id": "call_1", "output": words },
            ],
            "tools": [{ "type": "function", "name": "get_weather", "description": words, "parameters": schema }],
        });
        for body in [messages, chat, responses] {
            let tokens = input_tokens(&body);
            assert!((6 * 500..6 * 500 + 100).contains(&tokens), "{tokens}");
        }
    }

    #[test]
    fn media_are_flat_and_texts_are_not() {
        let tokens = |block: Value| {
            input_tokens(&json!({ "messages": [{ "role": "user", "content": [block] }] })) - MESSAGE_TOKENS
        };
        let data = "A".repeat(100_000);
        let base64 = json!({ "type": "base64", "media_type": "image/png", "data": data });
        assert_eq!(tokens(json!({ "type": "image", "source": base64 })), IMAGE_TOKENS);
        assert_eq!(tokens(json!({ "type": "image_url", "image_url": { "url": data } })), IMAGE_TOKENS);
        assert_eq!(tokens(json!({ "type": "input_image", "image_url": data })), IMAGE_TOKENS);
        assert_eq!(tokens(json!({ "type": "document", "source": base64 })), DOCUMENT_TOKENS);
        assert_eq!(tokens(json!({ "type": "file", "file": { "file_data": data } })), DOCUMENT_TOKENS);
        let plain = json!({ "type": "text", "media_type": "text/plain", "data": data });
        assert_eq!(tokens(json!({ "type": "document", "source": plain })), 25_000);
        let result = json!({ "type": "tool_result", "tool_use_id": "t", "content":
            [{ "type": "image", "source": base64 }, { "type": "text", "text": "four" }] });
        assert_eq!(tokens(result), IMAGE_TOKENS + 1);
    }

    #[test]
    fn edge_62_everything_counts_not_only_text() {
        let base = json!({ "messages": [{ "role": "user", "content": "foo" }] });
        let mut body = base.clone();
        body["tools"] = json!([{ "name": "n", "description": "d".repeat(400), "input_schema": {} }]);
        body["system"] = json!("s".repeat(400));
        body["metadata"] = json!({ "user_id": "u".repeat(400) });
        assert!(input_tokens(&base) < 10);
        assert!((200..230).contains(&input_tokens(&body)), "{}", input_tokens(&body));
    }

    #[test]
    fn other_scripts_cost_more_a_character() {
        for (string, quarters) in [("abcd", 4), ("где", 6), ("東京", 8), ("🦀", 8), ("", 0)] {
            assert_eq!(text(string), quarters, "{string}");
        }
    }

    #[test]
    fn anything_else_costs_nothing() {
        for body in [json!(null), json!([]), json!({}), json!({ "messages": 3, "tools": null })] {
            assert!(input_tokens(&body) <= 1, "{body}");
        }
    }
}
