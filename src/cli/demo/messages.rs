//! Anthropic Messages, as the demo speaks it.

use axum::body::Bytes;
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::{Value, json};

use super::{Ask, Fault, Frame, event_stream, json_response, limit, new_id, object};

pub(super) async fn answer(body: Bytes) -> Response {
    match read(&body) {
        Ok(ask) if ask.stream => event_stream(frames(&ask)),
        Ok(ask) => {
            tokio::time::sleep(ask.pace).await;
            json_response(StatusCode::OK, &message(&ask))
        }
        Err(fault) => refuse(&fault),
    }
}

pub(super) async fn wrong_method() -> Response {
    refuse(&Fault::WrongMethod)
}

fn read(body: &[u8]) -> Result<Ask, Fault> {
    let body = object(body)?;
    let limit = limit(&body, "max_tokens")?.ok_or(Fault::missing("max_tokens"))?;
    Ask::read(&body, Some(limit))
}

fn message(ask: &Ask) -> Value {
    let (words, cut) = ask.answer();
    json!({
        "id": new_id("msg_"),
        "type": "message",
        "role": "assistant",
        "model": ask.model,
        "content": [{ "type": "text", "text": words.concat() }],
        "stop_reason": stop_reason(cut),
        "stop_sequence": null,
        "usage": usage(ask, words.len()),
    })
}

fn frames(ask: &Ask) -> Vec<Frame> {
    let (words, cut) = ask.answer();
    let mut frames = vec![
        event(&json!({ "type": "message_start", "message": {
            "id": new_id("msg_"),
            "type": "message",
            "role": "assistant",
            "model": ask.model,
            "content": [],
            "stop_reason": null,
            "stop_sequence": null,
            "usage": usage(ask, 1),
        } })),
        event(
            &json!({ "type": "content_block_start", "index": 0, "content_block": { "type": "text", "text": "" } }),
        ),
        event(&json!({ "type": "ping" })),
    ];
    frames.extend(words.iter().map(|word| {
        let delta = json!({ "type": "content_block_delta", "index": 0, "delta": { "type": "text_delta", "text": word } });
        Frame { after: ask.pace, ..event(&delta) }
    }));
    frames.push(event(&json!({ "type": "content_block_stop", "index": 0 })));
    frames.push(event(&json!({
        "type": "message_delta",
        "delta": { "stop_reason": stop_reason(cut), "stop_sequence": null },
        "usage": { "output_tokens": words.len() },
    })));
    frames.push(event(&json!({ "type": "message_stop" })));
    frames
}

/// An event is named after its data's type.
fn event(data: &Value) -> Frame {
    let name = data.get("type").and_then(Value::as_str).unwrap_or_default();
    Frame::now(format!("event: {name}\ndata: {data}\n\n"))
}

fn stop_reason(cut: bool) -> &'static str {
    if cut { "max_tokens" } else { "end_turn" }
}

fn usage(ask: &Ask, output: usize) -> Value {
    json!({
        "input_tokens": ask.input_tokens(),
        "cache_creation_input_tokens": 0,
        "cache_read_input_tokens": 0,
        "output_tokens": output,
        "service_tier": "standard",
    })
}

fn refuse(fault: &Fault) -> Response {
    let (kind, message) = match fault {
        Fault::Invalid { message, .. } => ("invalid_request_error", message.clone()),
        Fault::UnknownModel(model) => {
            ("not_found_error", format!("model: {model}; the demo has `echo` and `echo-slow`"))
        }
        Fault::WrongMethod => ("invalid_request_error", "Only POST is allowed here".to_owned()),
    };
    let error = json!({ "type": kind, "message": message });
    json_response(fault.status(), &json!({ "type": "error", "error": error, "request_id": new_id("req_") }))
}
