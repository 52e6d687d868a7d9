//! Sealed thinking on its way to a provider that needs no translation: it is not that provider's own, which
//! would refuse the whole request for it, so it is left out.
//!
//! This is the one change to a relayed body besides its model, and only bodies that hold something sealed
//! are touched.

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
    changed
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
}
