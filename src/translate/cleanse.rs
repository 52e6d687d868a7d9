//! Sealed thinking on its way to a provider that needs no translation: it is not that provider's own, which
//! would refuse the whole request for it, so it is left out.
//!
//! This is the one change to a relayed body besides its model, with what follows from it, and only bodies are
//! touched that hold something sealed, or that a provider has refused for want of its own thinking.

use serde_json::Value;

use super::seal::is_sealed;
use crate::wire::Wire;

/// Whether a body may hold something sealed; false for all that never met a translation.
pub fn may_be_sealed(body: &[u8]) -> bool {
    memchr::memmem::find(body, b"\"gw1.").is_some()
}

/// `body` without what is sealed, if there was any.
pub fn cleanse(wire: Wire, body: &[u8]) -> Option<Vec<u8>> {
    let mut document: Value = serde_json::from_slice(body).ok()?;
    let changed = match wire {
        Wire::Messages => messages(&mut document),
        Wire::Chat => chat(&mut document),
        Wire::Responses => responses(&mut document),
        Wire::Completions => false,
    };
    changed.then(|| document.to_string().into_bytes())
}

/// Whether Anthropic refused a request with this body of a 400 because another model has begun its turn. Resellers
/// quote its words with and without their marks.
pub fn wants_own_beginning(failure: &[u8]) -> bool {
    memchr::memmem::find(failure, b"must start with a thinking block").is_some()
}

/// The `body` of such a request, to go on without thinking; `None` if it asks for none.
pub fn without_budget(body: &[u8]) -> Option<Vec<u8>> {
    let mut document: Value = serde_json::from_slice(body).ok()?;
    messages(&mut document);
    drop_budget(&mut document, |_| false).then(|| document.to_string().into_bytes())
}

/// Thinking blocks. A turn that had nothing else goes too; so neighbours of one role may meet, which the
/// format allows.
fn messages(document: &mut Value) -> bool {
    let Some(messages) = document.get_mut("messages").and_then(Value::as_array_mut) else { return false };
    let mut changed = false;
    messages.retain_mut(|message| {
        let Some(blocks) = message.get_mut("content").and_then(Value::as_array_mut) else { return true };
        let before = blocks.len();
        blocks.retain(|block| !["signature", "data"].into_iter().any(|field| holds(block, field)));
        changed |= blocks.len() < before;
        !blocks.is_empty() || before == 0
    });
    if changed {
        drop_budget(document, |first| {
            first.is_none_or(|message| blocks_of(message).next().is_some_and(is_thinking))
        });
    }
    changed
}

/// With a budget for thinking, a turn that has called tools goes on only if it began with thinking. Where that
/// was another's, the turn goes on without; then nothing may be in it that was thought, or that is about it.
/// `may_think` is asked about the turn's first message of the assistant; whether the budget went is answered.
fn drop_budget(document: &mut Value, may_think: impl FnOnce(Option<&Value>) -> bool) -> bool {
    let has_budget = document.get("thinking").is_some_and(|thinking| is_a(thinking, "enabled"));
    let Some(messages) = document.get_mut("messages").and_then(Value::as_array_mut).filter(|_| has_budget)
    else {
        return false;
    };
    let asks = |message: &Value| {
        role_is(message, "user") && !blocks_of(message).any(|block| is_a(block, "tool_result"))
    };
    let begins = messages.iter().rposition(asks).map_or(0, |place| place + 1);
    let turn = messages.get(begins..).unwrap_or_default();
    if may_think(turn.iter().find(|message| role_is(message, "assistant"))) {
        return false;
    }
    let mut turn = messages.split_off(begins);
    turn.retain_mut(|message| {
        let Some(blocks) = message.get_mut("content").and_then(Value::as_array_mut) else { return true };
        let before = blocks.len();
        blocks.retain(|block| !is_thinking(block));
        !blocks.is_empty() || before == 0
    });
    messages.append(&mut turn);
    let Some(document) = document.as_object_mut() else { return false };
    document.shift_remove("thinking");
    let management = document.get_mut("context_management");
    if let Some(edits) = management.and_then(|value| value.get_mut("edits")).and_then(Value::as_array_mut) {
        edits.retain(|edit| !kind_of(edit).starts_with("clear_thinking"));
        if edits.is_empty() {
            document.shift_remove("context_management");
        }
    }
    true
}

fn role_is(message: &Value, role: &str) -> bool {
    message.get("role").is_some_and(|value| value == role)
}

fn blocks_of(message: &Value) -> impl Iterator<Item = &Value> {
    message.get("content").and_then(Value::as_array).into_iter().flatten()
}

fn kind_of(block: &Value) -> &str {
    block.get("type").and_then(Value::as_str).unwrap_or_default()
}

fn is_a(block: &Value, kind: &str) -> bool {
    kind_of(block) == kind
}

fn is_thinking(block: &Value) -> bool {
    is_a(block, "thinking") || is_a(block, "redacted_thinking")
}

fn chat(document: &mut Value) -> bool {
    let Some(messages) = document.get_mut("messages").and_then(Value::as_array_mut) else { return false };
    let mut changed = false;
    for message in messages.iter_mut().filter_map(Value::as_object_mut) {
        let Some(details) = message.get_mut("reasoning_details").and_then(Value::as_array_mut) else {
            continue;
        };
        let before = details.len();
        details.retain(|detail| !["signature", "data"].into_iter().any(|field| holds(detail, field)));
        changed |= details.len() < before;
        if details.is_empty() {
            message.shift_remove("reasoning_details");
        }
    }
    changed
}

fn responses(document: &mut Value) -> bool {
    let Some(items) = document.get_mut("input").and_then(Value::as_array_mut) else { return false };
    let before = items.len();
    items.retain(|item| !holds(item, "encrypted_content"));
    items.len() < before
}

fn holds(object: &Value, field: &str) -> bool {
    object.get(field).and_then(Value::as_str).is_some_and(is_sealed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::translate::seal::seal;
    use serde_json::json;

    #[test]
    fn only_what_is_sealed_goes() {
        let sealed = seal("p", "m", "x");
        let body = json!({ "model": "m", "messages": [
            { "role": "user", "content": "hi" },
            { "role": "assistant", "content": [
                { "type": "thinking", "thinking": "t", "signature": sealed },
                { "type": "thinking", "thinking": "t", "signature": "own" },
                { "type": "text", "text": "a" } ] },
            { "role": "assistant", "content": [{ "type": "redacted_thinking", "data": sealed }] },
        ] });
        let left: Value =
            serde_json::from_slice(&cleanse(Wire::Messages, body.to_string().as_bytes()).unwrap()).unwrap();
        assert_eq!(left["messages"].as_array().unwrap().len(), 2);
        assert_eq!(left["messages"][1]["content"].as_array().unwrap().len(), 2);

        let body = json!({ "messages": [{ "role": "assistant", "content": "a",
            "reasoning_details": [{ "type": "reasoning.text", "signature": sealed }] }] });
        let left = cleanse(Wire::Chat, body.to_string().as_bytes()).unwrap();
        assert_eq!(left, br#"{"messages":[{"role":"assistant","content":"a"}]}"#);

        let body =
            json!({ "input": [{ "type": "reasoning", "encrypted_content": sealed }, { "type": "message" }] });
        let left = cleanse(Wire::Responses, body.to_string().as_bytes()).unwrap();
        assert_eq!(left, br#"{"input":[{"type":"message"}]}"#);
        assert_eq!(cleanse(Wire::Responses, br#"{"input":"\"gw1."}"#), None);
    }

    fn left_of(body: &Value) -> Value {
        serde_json::from_slice(&cleanse(Wire::Messages, body.to_string().as_bytes()).unwrap()).unwrap()
    }

    #[test]
    fn a_turn_that_another_began_goes_on_without_a_budget() {
        let thought =
            |signature: &str| json!({ "type": "thinking", "thinking": "t", "signature": signature });
        let call = |id| json!({ "type": "tool_use", "id": id, "name": "f", "input": {} });
        let result =
            |id| json!({ "role": "user", "content": [{ "type": "tool_result", "tool_use_id": id }] });
        let body = |first: &str, second: &str| {
            json!({
                "thinking": { "type": "enabled", "budget_tokens": 1024 },
                "context_management": { "edits": [{ "type": "clear_thinking_20251015", "keep": "all" }] },
                "messages": [
                    { "role": "user", "content": "hi" },
                    { "role": "assistant", "content": [thought("own"), { "type": "text", "text": "a" }] },
                    { "role": "user", "content": "go" },
                    { "role": "assistant", "content": [thought(first), call("1")] }, result("1"),
                    { "role": "assistant", "content": [thought(second), call("2")] }, result("2"),
                ],
            })
        };
        let sealed = seal("p", "m", "x");
        let left = left_of(&body(&sealed, "own"));
        assert!(left.get("thinking").is_none() && left.get("context_management").is_none());
        assert_eq!(left["messages"][1]["content"].as_array().unwrap().len(), 2, "other turns stay");
        assert_eq!(left["messages"][3]["content"], json!([call("1")]));
        assert_eq!(left["messages"][5]["content"], json!([call("2")]));

        let left = left_of(&body("own", &sealed));
        assert!(left.get("thinking").is_some() && left.get("context_management").is_some());
        assert_eq!(left["messages"][3]["content"], json!([thought("own"), call("1")]));

        let mut adaptive = body(&sealed, "own");
        adaptive["thinking"] = json!({ "type": "adaptive" });
        assert!(left_of(&adaptive).get("thinking").is_some(), "it takes any beginning");
        assert_eq!(without_budget(adaptive.to_string().as_bytes()), None);
    }

    #[test]
    fn what_was_refused_for_its_beginning_goes_on_without_a_budget() {
        let refused = br#"{"error":{"message":"messages.1.content.0.type: Expected `thinking` or `redacted_thinking`, but found `tool_use`. When `thinking` is enabled, a final `assistant` message must start with a thinking block (preceeding the lastmost set of `tool_use` and `tool_result` blocks)."}}"#;
        assert!(wants_own_beginning(refused));
        assert!(!wants_own_beginning(br#"{"error":{"message":"max_tokens: must be at least 1"}}"#));
        let thought = json!({ "type": "thinking", "thinking": "t", "signature": "own" });
        let call = json!({ "type": "tool_use", "id": "1", "name": "f", "input": {} });
        let body = json!({
            "thinking": { "type": "enabled", "budget_tokens": 1024 },
            "context_management": { "edits": [{ "type": "clear_thinking_20251015" }, { "type": "other" }] },
            "messages": [
                { "role": "user", "content": "go" },
                { "role": "assistant", "content": [call] },
                { "role": "user", "content": [{ "type": "tool_result", "tool_use_id": "1" }] },
                { "role": "assistant", "content": [thought] },
            ],
        });
        let left: Value =
            serde_json::from_slice(&without_budget(body.to_string().as_bytes()).unwrap()).unwrap();
        assert_eq!(left["messages"], json!(body["messages"].as_array().unwrap()[..3]));
        assert_eq!(left["context_management"], json!({ "edits": [{ "type": "other" }] }));
        assert!(left.get("thinking").is_none());
    }
}
