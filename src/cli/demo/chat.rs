//! OpenAI Chat Completions, as the demo speaks it.

use std::time::{Duration, SystemTime};

use axum::body::Bytes;
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::{Value, json};

use super::{Ask, Fault, Frame, event_stream, json_response, limit, new_id, object};

pub(super) async fn answer(body: Bytes) -> Response {
    match read(&body) {
        Ok((ask, include_usage)) if ask.stream => event_stream(frames(&ask, include_usage)),
        Ok((ask, _)) => {
            tokio::time::sleep(ask.pace).await;
            json_response(StatusCode::OK, &completion(&ask))
        }
        Err(fault) => refuse(&fault),
    }
}

pub(super) async fn wrong_method() -> Response {
    refuse(&Fault::WrongMethod)
}

fn read(body: &[u8]) -> Result<(Ask, bool), Fault> {
    let body = object(body)?;
    let limit = limit(&body, "max_completion_tokens")?.or(limit(&body, "max_tokens")?);
    let ask = Ask::read(&body, limit)?;
    let include_usage =
        body.get("stream_options").and_then(|options| options.get("include_usage")?.as_bool());
    Ok((ask, include_usage.unwrap_or(false)))
}

fn completion(ask: &Ask) -> Value {
    let (words, cut) = ask.answer();
    json!({
        "id": new_id("chatcmpl-"),
        "object": "chat.completion",
        "created": now_seconds(),
        "model": ask.model,
        "choices": [{
            "index": 0,
            "message": { "role": "assistant", "content": words.concat(), "refusal": null, "annotations": [] },
            "logprobs": null,
            "finish_reason": finish_reason(cut),
        }],
        "usage": usage(ask, words.len()),
        "service_tier": "default",
        "system_fingerprint": null,
    })
}

fn frames(ask: &Ask, include_usage: bool) -> Vec<Frame> {
    let (words, cut) = ask.answer();
    let (id, created, output) = (new_id("chatcmpl-"), now_seconds(), words.len());
    let chunk = |choices: Value, usage: Value| {
        let mut chunk = json!({
            "id": id,
            "object": "chat.completion.chunk",
            "created": created,
            "model": ask.model,
            "service_tier": "default",
            "system_fingerprint": null,
            "choices": choices,
        });
        // Asked for, it is in every chunk: null until the last.
        if include_usage && let Some(fields) = chunk.as_object_mut() {
            fields.insert("usage".to_owned(), usage);
        }
        format!("data: {chunk}\n\n")
    };
    let choice = |delta: Value, finish_reason: Option<&str>| {
        chunk(
            json!([{ "index": 0, "delta": delta, "logprobs": null, "finish_reason": finish_reason }]),
            Value::Null,
        )
    };

    let mut frames =
        vec![Frame::now(choice(json!({ "role": "assistant", "content": "", "refusal": null }), None))];
    frames.extend(
        words.iter().map(|word| Frame { after: ask.pace, text: choice(json!({ "content": word }), None) }),
    );
    frames.push(Frame::now(choice(json!({}), Some(finish_reason(cut)))));
    if include_usage {
        frames.push(Frame::now(chunk(json!([]), usage(ask, output))));
    }
    frames.push(Frame::now("data: [DONE]\n\n".to_owned()));
    frames
}

fn finish_reason(cut: bool) -> &'static str {
    if cut { "length" } else { "stop" }
}

fn usage(ask: &Ask, output: usize) -> Value {
    let input = ask.input_tokens();
    json!({
        "prompt_tokens": input,
        "completion_tokens": output,
        "total_tokens": input + output,
        "prompt_tokens_details": { "cached_tokens": 0, "audio_tokens": 0 },
        "completion_tokens_details": { "reasoning_tokens": 0, "audio_tokens": 0 },
    })
}

fn refuse(fault: &Fault) -> Response {
    let (message, parameter, code) = match fault {
        Fault::Invalid { parameter, message } => (message.clone(), *parameter, None),
        Fault::UnknownModel(model) => (
            format!("The model `{model}` does not exist; the demo has `echo` and `echo-slow`"),
            Some("model"),
            Some("model_not_found"),
        ),
        Fault::WrongMethod => ("Only POST is allowed here".to_owned(), None, Some("method_not_supported")),
    };
    let error =
        json!({ "message": message, "type": "invalid_request_error", "param": parameter, "code": code });
    json_response(fault.status(), &json!({ "error": error }))
}

fn now_seconds() -> u64 {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or(Duration::ZERO).as_secs()
}
