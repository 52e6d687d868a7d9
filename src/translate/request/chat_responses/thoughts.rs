//! Thinking of the history: back to the model whose it is, as the items that it came in.

use serde_json::{Map, Value, json};

use crate::translate::{
    Notes, Scene,
    parts::{fields::object_of, reasoning},
    request::responses::{REDACTED, fields::Fields},
    seal,
};

/// The items of what is sealed in a message's `reasoning_details`. Where a provider wants its thinking back
/// unsealed, that.
pub(super) fn items(message: &mut Fields, scene: &Scene<'_>, notes: &mut Notes) -> Vec<Value> {
    let details = message.take("reasoning_details");
    let mut items = Vec::new();
    for detail in details.as_ref().and_then(Value::as_array).into_iter().flatten() {
        match sealed(detail, scene) {
            Some(item) => items.push(item),
            None => notes.add("thinking of another model dropped"),
        }
    }
    let mut unsealed = |name| match message.take(name) {
        Some(Value::String(text)) if !text.is_empty() => Some(text),
        _ => None,
    };
    let text = unsealed("reasoning_content").or_else(|| unsealed("reasoning"));
    match text.filter(|_| items.is_empty()) {
        Some(text) if scene.traits.reasoning_content => {
            let content = object_of([("type", "reasoning_text".into()), ("text", text.into())]);
            items.push(object_of([
                ("type", "reasoning".into()),
                ("summary", json!([])),
                ("content", Value::Array(vec![content])),
            ]));
        }
        Some(_) if details.is_none() => notes.add("thinking without a signature dropped"),
        _ => {}
    }
    items
}

/// The item of a detail, if this provider's model sealed it.
fn sealed(detail: &Value, scene: &Scene<'_>) -> Option<Value> {
    let text = |key: &str| detail.get(key).and_then(Value::as_str);
    let opened = seal::open(text("signature").or(text("data"))?, scene.provider, scene.model)?;
    let encrypted = opened.strip_prefix(REDACTED).unwrap_or(&opened);
    // What it sealed when it was asked in Chat is no item.
    if encrypted.is_empty() || reasoning::details(encrypted).is_some() {
        return None;
    }
    let summary = text("text").filter(|text| !text.is_empty());
    let summary = summary.map(|text| json!({ "type": "summary_text", "text": text }));
    let mut item = Map::new();
    item.insert("type".to_owned(), "reasoning".into());
    item.insert("summary".to_owned(), summary.into_iter().collect());
    item.insert("encrypted_content".to_owned(), encrypted.into());
    Some(Value::Object(item))
}
