//! The objects that documents and streams of Messages share.

use serde_json::{Value, json};

use crate::translate::{
    Memo,
    answer::{Stop, Usage},
};

/// A message, with what it has of content so far.
pub(super) fn message(memo: &Memo, content: &[Value], reason: Option<&Stop>, usage: &Value) -> Value {
    let mut message = json!({
        "id": format!("msg_{}", memo.id),
        "type": "message",
        "role": "assistant",
        "model": memo.requested,
        "content": content,
    });
    if let (Some(message), Value::Object(stop)) = (message.as_object_mut(), stop(reason)) {
        message.extend(stop);
        message.insert("diagnostics".to_owned(), Value::Null);
        message.insert("usage".to_owned(), usage.clone());
    }
    message
}

pub(super) fn text(text: &str) -> Value {
    json!({ "type": "text", "text": text, "citations": null })
}

/// Without a signature it is empty: clients expect a string.
pub(super) fn thinking(thinking: &str, signature: &str) -> Value {
    json!({ "type": "thinking", "thinking": thinking, "signature": signature })
}

pub(super) fn redacted(data: &str) -> Value {
    json!({ "type": "redacted_thinking", "data": data })
}

pub(super) fn tool_use(id: &str, name: &str, input: &Value) -> Value {
    json!({ "type": "tool_use", "id": id, "name": name, "input": input, "caller": { "type": "direct" } })
}

/// What a message or its delta says about its end. Only reasons that the format has.
pub(super) fn stop(reason: Option<&Stop>) -> Value {
    let (mut sequence, mut details) = (Value::Null, Value::Null);
    let word = reason.map(|reason| match reason {
        // Which stop sequence is not known: then it is none to a client.
        Stop::EndTurn | Stop::Sequence(None) | Stop::Compaction => "end_turn",
        Stop::Sequence(Some(matched)) => {
            sequence = matched.clone().into();
            "stop_sequence"
        }
        Stop::MaxTokens => "max_tokens",
        Stop::Context => "model_context_window_exceeded",
        Stop::ToolUse => "tool_use",
        Stop::Refusal { explanation, category } => {
            details = json!({ "type": "refusal", "category": category, "explanation": explanation });
            "refusal"
        }
        Stop::Pause => "pause_turn",
    });
    json!({ "stop_reason": word, "stop_sequence": sequence, "stop_details": details, "container": null })
}

/// Of a message. The input is guessed until it is known: clients show it at once.
pub(super) fn usage(usage: Usage, memo: &Memo) -> Value {
    json!({
        "input_tokens": usage.input.unwrap_or(memo.input_estimate),
        "cache_creation_input_tokens": cache_write(usage).unwrap_or(0),
        "cache_read_input_tokens": usage.cache_read.unwrap_or(0),
        "cache_creation": {
            "ephemeral_5m_input_tokens": usage.cache_write.unwrap_or(0),
            "ephemeral_1h_input_tokens": usage.cache_write_1h.unwrap_or(0),
        },
        "output_tokens": usage.output.unwrap_or(0),
        "output_tokens_details": thinking_tokens(usage),
        "server_tool_use": null,
        "service_tier": "standard",
        "inference_geo": null,
        "speed": null,
    })
}

/// Of the end of a stream. What is null leaves what `message_start` said.
pub(super) fn final_usage(usage: Usage) -> Value {
    json!({
        "input_tokens": usage.input,
        "cache_creation_input_tokens": cache_write(usage),
        "cache_read_input_tokens": usage.cache_read,
        "output_tokens": usage.output.unwrap_or(0),
        "output_tokens_details": thinking_tokens(usage),
        "server_tool_use": null,
    })
}

fn cache_write(usage: Usage) -> Option<u64> {
    match (usage.cache_write, usage.cache_write_1h) {
        (None, None) => None,
        (short, long) => Some(short.unwrap_or(0).saturating_add(long.unwrap_or(0))),
    }
}

fn thinking_tokens(usage: Usage) -> Value {
    usage.thinking.map_or(Value::Null, |tokens| json!({ "thinking_tokens": tokens }))
}
