//! Thinking as OpenRouter writes it.

use serde_json::Value;

/// The `reasoning_details` in something sealed: signed or encrypted parts, one or several. `None` for text.
pub fn details(content: &str) -> Option<Vec<Value>> {
    match serde_json::from_str(content).ok()? {
        Value::Array(details) if details.iter().all(Value::is_object) => Some(details),
        detail @ Value::Object(_) => Some(vec![detail]),
        _ => None,
    }
}
