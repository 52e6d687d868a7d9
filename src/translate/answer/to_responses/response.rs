//! The Response object, which frames the items of an answer.

use serde_json::{Map, Value, json};

use super::Usage;
use crate::{translate::Memo, wire::error::ClientError};

/// How far an answer has come.
pub(super) enum Status {
    InProgress,
    Completed,
    /// Why it is not whole.
    Incomplete(&'static str),
    Failed(ClientError),
}

impl Status {
    /// The event that tells it.
    pub(super) fn event(&self) -> &'static str {
        match self {
            Self::InProgress => "response.in_progress",
            Self::Completed => "response.completed",
            Self::Incomplete(_) => "response.incomplete",
            Self::Failed(_) => "response.failed",
        }
    }

    fn name(&self) -> &'static str {
        self.event().trim_start_matches("response.")
    }
}

/// Fields that say what this answer is, whatever the request says: nothing is stored here, so no answer
/// goes on from another.
const OWN: [&str; 12] = [
    "id",
    "object",
    "created_at",
    "status",
    "background",
    "error",
    "incomplete_details",
    "model",
    "output",
    "previous_response_id",
    "store",
    "usage",
];

/// What is the same in all states of an answer.
pub(super) struct Frame(Map<String, Value>);

impl Frame {
    pub(super) fn new(memo: &Memo) -> Self {
        let fields = json!({
            "id": format!("resp_{}", memo.id),
            "object": "response",
            "created_at": memo.created,
            "status": null,
            "background": false,
            "error": null,
            "incomplete_details": null,
            "instructions": null,
            "max_output_tokens": null,
            "metadata": {},
            "model": memo.requested,
            "output": [],
            "parallel_tool_calls": true,
            "previous_response_id": null,
            "reasoning": { "effort": null, "summary": null },
            "store": false,
            "temperature": null,
            "text": { "format": { "type": "text" } },
            "tool_choice": "auto",
            "tools": [],
            "top_p": null,
            "truncation": "disabled",
            "usage": null,
        });
        let mut fields = match fields {
            Value::Object(fields) => fields,
            _ => Map::new(),
        };
        // A field that is null means what one that is absent means.
        let echo = memo.echo.iter().filter(|(name, value)| !OWN.contains(&name.as_str()) && !value.is_null());
        fields.extend(echo.map(|(name, value)| (name.clone(), value.clone())));
        Self(fields)
    }

    pub(super) fn response(&self, status: &Status, output: Vec<Value>, usage: Usage) -> Value {
        let mut response = self.0.clone();
        let mut set = |name: &str, value: Value| response.insert(name.to_owned(), value);
        set("status", status.name().into());
        set("output", output.into());
        match status {
            Status::InProgress => {}
            Status::Completed => {
                set("usage", tokens(usage));
            }
            Status::Incomplete(reason) => {
                set("incomplete_details", json!({ "reason": reason }));
                set("usage", tokens(usage));
            }
            Status::Failed(error) => {
                let (code, message) = error.in_response();
                set("error", json!({ "code": code, "message": message }));
                if usage != Usage::default() {
                    set("usage", tokens(usage));
                }
            }
        }
        Value::Object(response)
    }
}

fn tokens(usage: Usage) -> Value {
    let (input, output) = (usage.whole_input(), usage.output.unwrap_or(0));
    let written = usage.cache_write.unwrap_or(0).saturating_add(usage.cache_write_1h.unwrap_or(0));
    json!({
        "input_tokens": input,
        "input_tokens_details": { "cached_tokens": usage.cache_read.unwrap_or(0), "cache_write_tokens": written },
        "output_tokens": output,
        "output_tokens_details": { "reasoning_tokens": usage.thinking.unwrap_or(0) },
        "total_tokens": input.saturating_add(output),
    })
}
