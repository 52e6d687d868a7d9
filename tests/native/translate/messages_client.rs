//! A client of Messages streams that is as strict as the strictest of the official ones, and stricter: it
//! takes nothing that any of them stumbles over. What it takes it puts together, as they do.

use std::collections::{BTreeMap, BTreeSet};

use llm_router::translate::seal;
use serde_json::{Map, Value, json};

/// What a stream amounts to.
#[derive(Debug, PartialEq)]
pub(super) struct Read {
    /// The message so far; `None` if it has not begun.
    pub(super) message: Option<Value>,
    /// The error that it ended with, if it did.
    pub(super) error: Option<Value>,
}

/// Reads a whole stream; an error says what is wrong with it.
pub(super) fn read(bytes: &[u8]) -> Result<Read, String> {
    let text = std::str::from_utf8(bytes).map_err(|error| error.to_string())?;
    ensure(text.is_empty() || text.ends_with("\n\n"), || "no blank line at the end".to_owned())?;
    let mut client = Client::default();
    for record in text.split_terminator("\n\n") {
        client.record(record).map_err(|fault| format!("{fault}\nin {record}"))?;
    }
    ensure(client.over, || "neither message_stop nor error".to_owned())?;
    Ok(Read { message: client.message, error: client.error })
}

/// [`read`] for tests that go on only with a good stream.
pub(super) fn assert_good(bytes: &[u8]) -> Read {
    read(bytes).unwrap_or_else(|fault| panic!("{fault}\n{}", String::from_utf8_lossy(bytes)))
}

#[derive(Default)]
struct Client {
    message: Option<Value>,
    error: Option<Value>,
    /// The blocks that have begun and not stopped, and the JSON of their input.
    open: BTreeMap<usize, String>,
    ids: BTreeSet<String>,
    has_delta: bool,
    over: bool,
}

const STOP_REASONS: [&str; 7] = [
    "end_turn",
    "max_tokens",
    "stop_sequence",
    "tool_use",
    "pause_turn",
    "refusal",
    "model_context_window_exceeded",
];
const ERRORS: [&str; 11] = [
    "invalid_request_error",
    "authentication_error",
    "billing_error",
    "permission_error",
    "not_found_error",
    "request_too_large",
    "rate_limit_error",
    "api_error",
    "overloaded_error",
    "timeout_error",
    "conflict_error",
];
const USAGE: [&str; 10] = [
    "input_tokens",
    "cache_creation_input_tokens",
    "cache_read_input_tokens",
    "cache_creation",
    "output_tokens",
    "output_tokens_details",
    "server_tool_use",
    "service_tier",
    "inference_geo",
    "speed",
];
const DELTA_USAGE: [&str; 6] = [
    "input_tokens",
    "cache_creation_input_tokens",
    "cache_read_input_tokens",
    "output_tokens",
    "output_tokens_details",
    "server_tool_use",
];

impl Client {
    fn record(&mut self, record: &str) -> Result<(), String> {
        ensure(!self.over, || "after the end".to_owned())?;
        let (name, data) = record
            .split_once('\n')
            .and_then(|(name, data)| Some((name.strip_prefix("event: ")?, data.strip_prefix("data: ")?)))
            .ok_or("not an event line and a data line")?;
        ensure(!data.contains('\n'), || "more than two lines".to_owned())?;
        let data: Value = serde_json::from_str(data).map_err(|error| error.to_string())?;
        ensure(data["type"] == name, || "event and type differ".to_owned())?;
        let begun = self.message.is_some();
        match name {
            "ping" => ensure(data == json!({ "type": "ping" }), || "more than a ping".to_owned()),
            "error" => self.end_in_error(&data["error"]),
            "message_start" => {
                ensure(!begun, || "a second message_start".to_owned())?;
                self.start(&data["message"])
            }
            _ if !begun => Err("before message_start".to_owned()),
            _ if self.has_delta && name != "message_stop" => Err("after message_delta".to_owned()),
            "content_block_start" => self.block_start(&data),
            "content_block_delta" => self.block_delta(&data),
            "content_block_stop" => self.block_stop(&data),
            "message_delta" => self.delta(&data),
            "message_stop" => {
                ensure(self.has_delta, || "no message_delta before it".to_owned())?;
                ensure(data == json!({ "type": "message_stop" }), || "more than a stop".to_owned())?;
                self.over = true;
                Ok(())
            }
            _ => Err("unknown event".to_owned()),
        }
    }

    fn end_in_error(&mut self, error: &Value) -> Result<(), String> {
        let kind = error["type"].as_str().unwrap_or_default();
        ensure(ERRORS.contains(&kind), || "unknown type of error".to_owned())?;
        ensure(!text(error, "message")?.is_empty(), || "no message".to_owned())?;
        self.error = Some(error.clone());
        self.over = true;
        Ok(())
    }

    fn start(&mut self, message: &Value) -> Result<(), String> {
        has_exactly(
            message,
            &[
                "id",
                "type",
                "role",
                "model",
                "content",
                "stop_reason",
                "stop_sequence",
                "stop_details",
                "container",
                "diagnostics",
                "usage",
            ],
        )?;
        check_message_head(message)?;
        ensure(message["content"] == json!([]), || "content is not an empty list".to_owned())?;
        for field in ["stop_reason", "stop_sequence", "stop_details", "container", "diagnostics"] {
            ensure(message[field].is_null(), || format!("{field} is not null"))?;
        }
        self.message = Some(message.clone());
        Ok(())
    }

    fn content(&mut self) -> &mut Vec<Value> {
        self.message.as_mut().unwrap()["content"].as_array_mut().unwrap()
    }

    fn block_start(&mut self, data: &Value) -> Result<(), String> {
        let index = index(data)?;
        ensure(index == self.content().len(), || "not the next index".to_owned())?;
        let block = data["content_block"].clone();
        let kind = text(&block, "type")?.to_owned();
        match kind.as_str() {
            "text" => ensure(block == json!({ "type": "text", "text": "", "citations": null }), || {
                "not an empty text".to_owned()
            })?,
            "thinking" => {
                let empty = json!({ "type": "thinking", "thinking": "", "signature": "" });
                ensure(block == empty, || "not empty thinking".to_owned())?;
            }
            "redacted_thinking" => {
                has_exactly(&block, &["type", "data"])?;
                ensure(seal::is_sealed(text(&block, "data")?), || "data is not sealed".to_owned())?;
            }
            "tool_use" => {
                has_exactly(&block, &["type", "id", "name", "input", "caller"])?;
                ensure(!text(&block, "name")?.is_empty(), || "no name".to_owned())?;
                let id = text(&block, "id")?;
                ensure(!id.is_empty() && self.ids.insert(id.to_owned()), || "no new id".to_owned())?;
                ensure(block["input"] == json!({}), || "input is not empty".to_owned())?;
                ensure(block["caller"] == json!({ "type": "direct" }), || "another caller".to_owned())?;
            }
            _ => return Err("unknown kind of block".to_owned()),
        }
        if kind != "tool_use" {
            let open: Vec<usize> = self.open.keys().copied().collect();
            for open in open {
                let is_call = self.content()[open]["type"] == "tool_use";
                ensure(is_call, || format!("block {open} is still open"))?;
            }
        }
        self.content().push(block);
        self.open.insert(index, String::new());
        Ok(())
    }

    fn block_delta(&mut self, data: &Value) -> Result<(), String> {
        let index = index(data)?;
        ensure(self.open.contains_key(&index), || "the block is not open".to_owned())?;
        let delta = &data["delta"];
        let kind = text(delta, "type")?;
        let (of, field) = match kind {
            "text_delta" => ("text", "text"),
            "thinking_delta" => ("thinking", "thinking"),
            "signature_delta" => ("thinking", "signature"),
            "input_json_delta" => ("tool_use", "partial_json"),
            _ => return Err("unknown kind of delta".to_owned()),
        };
        has_exactly(delta, &["type", field])?;
        let more = text(delta, field)?.to_owned();
        ensure(!more.is_empty(), || "an empty delta".to_owned())?;
        let block = &mut self.message.as_mut().unwrap()["content"][index];
        ensure(block["type"] == of, || format!("a {kind} for a block of another kind"))?;
        match kind {
            "input_json_delta" => self.open.get_mut(&index).unwrap().push_str(&more),
            "signature_delta" => {
                ensure(block["signature"] == "", || "a second signature".to_owned())?;
                ensure(seal::is_sealed(&more), || "a signature that is not sealed".to_owned())?;
                block["signature"] = more.into();
            }
            _ => {
                ensure(block["signature"].as_str().unwrap_or_default().is_empty(), || {
                    "thinking after its signature".to_owned()
                })?;
                block[field] = format!("{}{more}", block[field].as_str().unwrap()).into();
            }
        }
        Ok(())
    }

    fn block_stop(&mut self, data: &Value) -> Result<(), String> {
        has_exactly(data, &["type", "index"])?;
        let index = index(data)?;
        let json = self.open.remove(&index).ok_or("the block is not open")?;
        let block = &mut self.content()[index];
        if block["type"] == "tool_use" {
            ensure(!json.is_empty(), || "a call without input".to_owned())?;
            block["input"] = match serde_json::from_str(&json) {
                Ok(Value::Object(input)) => Value::Object(input),
                _ => json!({ "_raw": json }),
            };
        }
        Ok(())
    }

    fn delta(&mut self, data: &Value) -> Result<(), String> {
        ensure(self.open.is_empty(), || "blocks are still open".to_owned())?;
        ensure(!self.content().is_empty(), || "no content".to_owned())?;
        let delta = &data["delta"];
        has_exactly(delta, &["stop_reason", "stop_sequence", "stop_details", "container"])?;
        has_exactly(&data["usage"], &DELTA_USAGE)?;
        ensure(data["usage"]["output_tokens"].is_u64(), || "no output_tokens".to_owned())?;
        self.has_delta = true;
        let message = self.message.as_mut().unwrap();
        for (field, value) in delta.as_object().unwrap() {
            message[field] = value.clone();
        }
        for (field, value) in data["usage"].as_object().unwrap() {
            if !value.is_null() {
                message["usage"][field] = value.clone();
            }
        }
        check_message(message)
    }
}

/// Whether a whole message has all that clients' types promise.
pub(super) fn check_message(message: &Value) -> Result<(), String> {
    check_message_head(message)?;
    let reason = text(message, "stop_reason")?;
    ensure(STOP_REASONS.contains(&reason), || "unknown stop_reason".to_owned())?;
    let sequence = &message["stop_sequence"];
    let has_sequence = reason == "stop_sequence";
    ensure(sequence.is_string() == has_sequence && sequence.is_null() != has_sequence, || {
        "another stop_sequence".to_owned()
    })?;
    let details = &message["stop_details"];
    let has_details = reason == "refusal";
    ensure(details.is_object() == has_details && details.is_null() != has_details, || {
        "other stop_details".to_owned()
    })?;
    ensure(message["container"].is_null(), || "a container".to_owned())?;
    if let Some(details) = details.as_object() {
        let details = Value::Object(details.clone());
        has_exactly(&details, &["type", "category", "explanation"])?;
    }
    let content = message["content"].as_array().ok_or("content is no list")?;
    let calls = content.iter().filter(|block| block["type"] == "tool_use").count();
    ensure(reason != "tool_use" || calls > 0, || "stopped for a tool, and none is used".to_owned())
}

fn check_message_head(message: &Value) -> Result<(), String> {
    ensure(text(message, "id")?.starts_with("msg_"), || "another id".to_owned())?;
    ensure(message["type"] == "message" && message["role"] == "assistant", || "no message".to_owned())?;
    ensure(!text(message, "model")?.is_empty(), || "no model".to_owned())?;
    let usage = &message["usage"];
    has_exactly(usage, &USAGE)?;
    for field in ["input_tokens", "output_tokens", "cache_creation_input_tokens", "cache_read_input_tokens"] {
        ensure(usage[field].is_u64(), || format!("{field} is no number"))?;
    }
    Ok(())
}

fn index(data: &Value) -> Result<usize, String> {
    let index = data["index"].as_u64().ok_or("no index")?;
    usize::try_from(index).map_err(|error| error.to_string())
}

fn text<'a>(value: &'a Value, field: &str) -> Result<&'a str, String> {
    value[field].as_str().ok_or_else(|| format!("{field} is no text"))
}

fn has_exactly(value: &Value, fields: &[&str]) -> Result<(), String> {
    let known: BTreeSet<&str> = fields.iter().copied().collect();
    let there: Option<BTreeSet<&str>> =
        value.as_object().map(|object: &Map<String, Value>| object.keys().map(String::as_str).collect());
    ensure(there.as_ref() == Some(&known), || format!("its fields are {there:?}"))
}

fn ensure(holds: bool, fault: impl FnOnce() -> String) -> Result<(), String> {
    if holds { Ok(()) } else { Err(fault()) }
}

/// What clients stumble over is found: each of these spoils a good stream.
#[test]
fn faults_are_found() {
    let usage = json!({
        "input_tokens": 1, "cache_creation_input_tokens": 0, "cache_read_input_tokens": 0,
        "cache_creation": null, "output_tokens": 0, "output_tokens_details": null,
        "server_tool_use": null, "service_tier": null, "inference_geo": null, "speed": null,
    });
    let message = json!({
        "id": "msg_1", "type": "message", "role": "assistant", "model": "m", "content": [],
        "stop_reason": null, "stop_sequence": null, "stop_details": null, "container": null,
        "diagnostics": null, "usage": usage,
    });
    let good = [
        json!({ "type": "message_start", "message": message }),
        json!({ "type": "content_block_start", "index": 0,
                "content_block": { "type": "text", "text": "", "citations": null } }),
        json!({ "type": "content_block_delta", "index": 0, "delta": { "type": "text_delta", "text": "a" } }),
        json!({ "type": "content_block_stop", "index": 0 }),
        json!({ "type": "message_delta",
                "delta": { "stop_reason": "end_turn", "stop_sequence": null, "stop_details": null, "container": null },
                "usage": { "input_tokens": null, "cache_creation_input_tokens": null,
                           "cache_read_input_tokens": null, "output_tokens": 3,
                           "output_tokens_details": null, "server_tool_use": null } }),
        json!({ "type": "message_stop" }),
    ];
    let write = |events: &[Value]| -> Vec<u8> {
        let record =
            |event: &Value| format!("event: {}\ndata: {event}\n\n", event["type"].as_str().unwrap_or("?"));
        events.iter().map(record).collect::<String>().into_bytes()
    };
    let read_message = assert_good(&write(&good)).message.unwrap();
    assert_eq!(read_message["content"][0]["text"], "a");
    assert_eq!(read_message["usage"]["output_tokens"], 3);

    for at in 0..good.len() {
        // Only the delta can be missing; nothing can come twice but a delta.
        let without: Vec<Value> = [&good[..at], &good[at + 1..]].concat();
        assert_eq!(read(&write(&without)).is_ok(), at == 2, "without {}", good[at]);
        let twice: Vec<Value> = [&good[..=at], &good[at..]].concat();
        assert_eq!(read(&write(&twice)).is_ok(), at == 2, "twice {}", good[at]);
        if at > 0 {
            let mut swapped = good.clone();
            swapped.swap(at - 1, at);
            assert!(read(&write(&swapped)).is_err(), "{} too early", good[at]);
        }
        let mut fields = Vec::new();
        places(&good[at], "", &mut fields);
        for pointer in fields {
            let mut changed = good.to_vec();
            *changed[at].pointer_mut(&pointer).unwrap() = json!([7]);
            let is_free = pointer == "/message/usage/cache_creation"
                || pointer.ends_with("details") && !pointer.ends_with("stop_details")
                || ["server_tool_use", "service_tier", "inference_geo", "speed"]
                    .iter()
                    .any(|field| pointer.ends_with(field));
            let delta_tokens = pointer.starts_with("/usage/");
            assert!(is_free || delta_tokens || read(&write(&changed)).is_err(), "{pointer} of {}", good[at]);
        }
    }
    let whole = String::from_utf8(write(&good)).unwrap();
    for (from, to) in [
        ("event: message_stop", "event: done"),
        ("event: content_block_delta\n", ""),
        ("data: {\"type\":\"message_stop\"}", "data: {}"),
        ("data: {\"type\":\"message_stop\"}\n\n", "data: {\"type\":\"message_stop\"}\n\ndata: [DONE]\n\n"),
        ("data: {\"type\":\"message_stop\"}\n\n", "data: {\"type\":\"message_stop\"}\n"),
    ] {
        assert!(read(whole.replace(from, to).as_bytes()).is_err(), "{from} -> {to}");
    }
}

/// Pointers to everything within `value`.
pub(super) fn places(value: &Value, pointer: &str, found: &mut Vec<String>) {
    let children: Vec<(String, &Value)> = match value {
        Value::Object(fields) => {
            fields.iter().map(|(name, field)| (name.replace('~', "~0").replace('/', "~1"), field)).collect()
        }
        Value::Array(items) => items.iter().enumerate().map(|(at, item)| (at.to_string(), item)).collect(),
        _ => Vec::new(),
    };
    for (step, child) in children {
        let pointer = format!("{pointer}/{step}");
        places(child, &pointer, found);
        found.push(pointer);
    }
}
