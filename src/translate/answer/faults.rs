//! What is no answer, whatever the format: errors instead of one, and streams that are cut.

use serde_json::Value;

use crate::wire::error::{ClientError, Kind};

const INTERRUPTED: &str = "The provider's stream was interrupted; its answer is not complete.";
const UNREADABLE: &str = "The provider's stream could not be read; its answer is not complete.";

/// The error that an answer or a chunk is instead. Some servers send an empty `error` along always.
pub(super) fn error_of(value: &Value) -> Option<&Value> {
    let said = |error: &&Value| match error {
        Value::Null | Value::Bool(_) => false,
        Value::String(text) => !text.is_empty(),
        Value::Object(fields) => !fields.is_empty(),
        Value::Array(items) => !items.is_empty(),
        Value::Number(_) => true,
    };
    let word = |field| value.get(field).and_then(Value::as_str);
    value
        .get("error")
        .filter(said)
        .or_else(|| (word("object") == Some("error") || word("type") == Some("error")).then_some(value))
}

pub(super) fn broken(message: &str) -> ClientError {
    ClientError::new(Kind::Api, message)
}

/// The stream ended before the answer did.
pub(super) fn interrupted() -> ClientError {
    broken(INTERRUPTED)
}

/// An event that is no JSON. Half of one is what is left of a stream that broke off.
pub(super) fn unreadable(error: &serde_json::Error) -> ClientError {
    broken(if error.is_eof() { INTERRUPTED } else { UNREADABLE })
}
