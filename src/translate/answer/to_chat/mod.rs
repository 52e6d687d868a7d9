//! Writes answers of Chat Completions.
//!
//! Streams are such that the strictest of the official SDKs takes them: one id, model and time in all chunks,
//! the role first, one call after another with dense indexes, one chunk with a `finish_reason`, and `[DONE]`.
//! After an error there is no `finish_reason`: nobody takes a broken answer for a whole one.
//!
//! Two things of this format's common dialect go beyond OpenAI's own: `reasoning_content` is the thinking,
//! and `reasoning_details` holds it once more with what its provider needs to have it back, sealed. SDKs
//! keep the last list of a stream or join lists by index, so it comes in one piece, with all that is known
//! only at the end.

mod calls;
mod extras;
mod words;

use serde_json::{Map, Value, json};

use self::{calls::Calls, extras::Extras};
use super::{Piece, Stop, Usage, Writer};
use crate::{
    translate::{Memo, sse},
    wire::{Wire, error::chat_chunk},
};

/// See the module documentation.
pub struct Stream {
    id: String,
    created: u64,
    model: String,
    include_usage: bool,
    calls: Calls,
    extras: Extras,
}

impl Stream {
    pub fn new(memo: &Memo) -> Self {
        Self {
            id: words::id(memo),
            created: memo.created,
            model: memo.requested.clone(),
            include_usage: memo.include_usage,
            calls: Calls::new(memo),
            extras: Extras::new(memo),
        }
    }

    fn chunk(&self, choices: &Value, usage: Value, out: &mut Vec<u8>) {
        let mut chunk = json!({
            "id": self.id,
            "object": "chat.completion.chunk",
            "created": self.created,
            "model": self.model,
            "choices": choices,
        });
        if let (Value::Object(chunk), true) = (&mut chunk, self.include_usage) {
            chunk.insert("usage".to_owned(), usage);
        }
        sse::write("", &chunk.to_string(), out);
    }

    fn delta(&self, delta: impl Into<Value>, out: &mut Vec<u8>) {
        let delta: Value = delta.into();
        let choice = json!({ "index": 0, "delta": delta, "logprobs": null, "finish_reason": null });
        self.chunk(&json!([choice]), Value::Null, out);
    }

    fn deltas_of_calls(&mut self, out: &mut Vec<u8>) {
        for call in self.calls.ready() {
            self.delta(json!({ "tool_calls": [call] }), out);
        }
    }

    fn end(&mut self, stop: &Stop, usage: Usage, out: &mut Vec<u8>) {
        let mut last = Map::new();
        if let Some(refusal) = self.extras.refusal(stop) {
            last.insert("refusal".to_owned(), refusal.into());
        }
        self.extras.members(&mut last);
        if !last.is_empty() {
            self.delta(last, out);
        }
        let finish = words::finish_reason(stop);
        let choice = json!({ "index": 0, "delta": {}, "logprobs": null, "finish_reason": finish });
        self.chunk(&json!([choice]), Value::Null, out);
        if self.include_usage {
            self.chunk(&json!([]), words::usage(usage), out);
        }
        sse::write("", "[DONE]", out);
    }
}

impl Writer for Stream {
    fn piece(&mut self, piece: Piece, out: &mut Vec<u8>) {
        self.extras.see(&piece);
        match piece {
            Piece::Begin(_) => self.delta(json!({ "role": "assistant", "content": "" }), out),
            Piece::Text(text) => self.delta(json!({ "content": text }), out),
            Piece::Refusal(text) => self.delta(json!({ "refusal": text }), out),
            Piece::Thinking(text) => self.delta(json!({ "reasoning_content": text }), out),
            Piece::Call { .. } | Piece::Arguments { .. } | Piece::CallEnd { .. } => {
                self.calls.see(piece);
                self.deltas_of_calls(out);
            }
            Piece::Signature(_) | Piece::Redacted(_) | Piece::Break | Piece::Citation(_) => {}
            Piece::Ping => out.extend_from_slice(b": ping\n\n"),
            Piece::End(stop, usage) => self.end(&stop, usage, out),
            Piece::Fault(error) => {
                sse::write("", &chat_chunk(&error), out);
                sse::write("", "[DONE]", out);
            }
        }
    }
}

/// Writes a whole answer.
pub fn document(pieces: Vec<Piece>, memo: &Memo) -> Vec<u8> {
    let (mut text, mut thinking, mut refusal) = (String::new(), String::new(), String::new());
    let (mut calls, mut extras) = (Calls::new(memo), Extras::new(memo));
    let mut ending = (Stop::EndTurn, Usage::default());
    for piece in pieces {
        extras.see(&piece);
        match piece {
            Piece::Text(more) => text.push_str(&more),
            Piece::Thinking(more) => thinking.push_str(&more),
            Piece::Refusal(more) => refusal.push_str(&more),
            Piece::Call { .. } | Piece::Arguments { .. } | Piece::CallEnd { .. } => calls.see(piece),
            Piece::End(stop, usage) => ending = (stop, usage),
            Piece::Fault(error) => return error.body(Wire::Chat, &memo.id).into_bytes(),
            Piece::Begin(_)
            | Piece::Signature(_)
            | Piece::Redacted(_)
            | Piece::Break
            | Piece::Citation(_)
            | Piece::Ping => {}
        }
    }
    let (stop, usage) = ending;
    refusal.push_str(extras.refusal(&stop).as_deref().unwrap_or_default());
    let some = |text: String| if text.is_empty() { Value::Null } else { Value::String(text) };
    let mut message = Map::new();
    message.insert("role".to_owned(), "assistant".into());
    message.insert("content".to_owned(), some(text));
    message.insert("refusal".to_owned(), some(refusal));
    if !thinking.is_empty() {
        message.insert("reasoning_content".to_owned(), thinking.into());
    }
    extras.members(&mut message);
    let calls = calls.whole();
    if !calls.is_empty() {
        message.insert("tool_calls".to_owned(), calls.into());
    }
    let finish = words::finish_reason(&stop);
    let choice = json!({ "index": 0, "message": message, "logprobs": null, "finish_reason": finish });
    let answer = json!({
        "id": words::id(memo),
        "object": "chat.completion",
        "created": memo.created,
        "model": memo.requested,
        "choices": [choice],
        "usage": words::usage(usage),
    });
    answer.to_string().into_bytes()
}
