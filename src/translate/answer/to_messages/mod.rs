//! Writes answers of Messages, as Anthropic sends them.
//!
//! Official SDKs and agents build the message from the events and trust their order: an index that is not
//! the next, a block without its stop or a second `message_stop` loses text or fails. Fields that an answer
//! of Anthropic always has are here too, if only as null; clients' types say that they exist.
//!
//! A provider's signatures go out sealed (see [`seal`]); sources of text are dropped, because a citation of
//! this format points into a search result that only Anthropic has.

mod document;
mod words;

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{Piece, Stop, Usage, Writer};
use crate::{
    translate::{Memo, seal::seal, sse},
    wire::{Wire, error::ClientError},
};

pub use document::document;

/// The block that is going on; calls may go on beside it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Text,
    /// As text, in a block of its own.
    Refusal,
    Thinking,
}

/// Writes a stream.
pub struct Stream {
    memo: Memo,
    /// Number of the next block.
    next: u64,
    open: Option<(Kind, u64)>,
    /// Blocks of the calls that are open.
    calls: BTreeMap<usize, u64>,
}

impl Stream {
    pub fn new(memo: &Memo) -> Self {
        Self { memo: memo.clone(), next: 0, open: None, calls: BTreeMap::new() }
    }

    fn begin(&self, usage: Usage, out: &mut Vec<u8>) {
        let message = words::message(&self.memo, &[], None, &words::usage(usage, &self.memo));
        event("message_start", json!({ "message": message }), out);
    }

    fn block(&mut self, content: &Value, out: &mut Vec<u8>) -> u64 {
        let index = self.next;
        self.next += 1;
        event("content_block_start", json!({ "index": index, "content_block": content }), out);
        index
    }

    /// The index of the block of `kind` that goes on, or begins and ends what was before.
    fn enter(&mut self, kind: Kind, out: &mut Vec<u8>) -> u64 {
        if let Some((_, index)) = self.open.filter(|(open, _)| *open == kind) {
            return index;
        }
        self.leave(out);
        let content = match kind {
            Kind::Text | Kind::Refusal => words::text(""),
            Kind::Thinking => words::thinking("", ""),
        };
        let index = self.block(&content, out);
        self.open = Some((kind, index));
        index
    }

    /// Ends the block that is going on. Thinking that nobody signed is sealed all the same: one of Anthropic's
    /// models that goes on refuses it, so it has to show that it is not its own.
    fn leave(&mut self, out: &mut Vec<u8>) {
        match self.open {
            Some((Kind::Thinking, _)) => self.sign("", out),
            _ => self.close(out),
        }
    }

    /// Ends the thinking that is going on.
    fn sign(&mut self, signature: &str, out: &mut Vec<u8>) {
        if let Some((_, index)) = self.open {
            let sealed = seal(&self.memo.provider, &self.memo.model, signature);
            delta(index, &json!({ "type": "signature_delta", "signature": sealed }), out);
        }
        self.close(out);
    }

    fn close(&mut self, out: &mut Vec<u8>) {
        if let Some((_, index)) = self.open.take() {
            stop(index, out);
        }
    }

    fn call(&mut self, call: usize, id: &str, name: &str, out: &mut Vec<u8>) {
        self.leave(out);
        let tool = self.memo.tools.client(name);
        let index = self.block(&words::tool_use(id, &tool.name, &json!({})), out);
        self.calls.insert(call, index);
    }

    fn end(&mut self, reason: &Stop, usage: Usage, out: &mut Vec<u8>) {
        self.leave(out);
        for index in std::mem::take(&mut self.calls).into_values() {
            stop(index, out);
        }
        if self.next == 0 {
            // Clients look at the first block without asking whether there is one.
            let index = self.block(&words::text(""), out);
            stop(index, out);
        }
        let delta = words::stop(Some(reason));
        event("message_delta", json!({ "delta": delta, "usage": words::final_usage(usage) }), out);
        event("message_stop", json!({}), out);
    }

    fn fault(&self, error: &ClientError, out: &mut Vec<u8>) {
        sse::write("error", &error.body(Wire::Messages, &self.memo.id), out);
    }
}

impl Writer for Stream {
    fn piece(&mut self, piece: Piece, out: &mut Vec<u8>) {
        match piece {
            Piece::Begin(usage) => self.begin(usage, out),
            Piece::Text(text) => {
                let index = self.enter(Kind::Text, out);
                delta(index, &json!({ "type": "text_delta", "text": text }), out);
            }
            Piece::Refusal(text) => {
                let index = self.enter(Kind::Refusal, out);
                delta(index, &json!({ "type": "text_delta", "text": text }), out);
            }
            Piece::Thinking(thinking) => {
                let index = self.enter(Kind::Thinking, out);
                delta(index, &json!({ "type": "thinking_delta", "thinking": thinking }), out);
            }
            Piece::Signature(signature) => {
                self.enter(Kind::Thinking, out);
                self.sign(&signature, out);
            }
            Piece::Redacted(data) => {
                self.leave(out);
                let sealed = seal(&self.memo.provider, &self.memo.model, &data);
                let index = self.block(&words::redacted(&sealed), out);
                stop(index, out);
            }
            Piece::Break => self.leave(out),
            Piece::Citation(_) => {}
            Piece::Call { call, id, name } => self.call(call, &id, &name, out),
            Piece::Arguments { call, json } => {
                if let Some(index) = self.calls.get(&call) {
                    delta(*index, &json!({ "type": "input_json_delta", "partial_json": json }), out);
                }
            }
            Piece::CallEnd { call } => {
                if let Some(index) = self.calls.remove(&call) {
                    stop(index, out);
                }
            }
            Piece::Ping => event("ping", json!({}), out),
            Piece::End(reason, usage) => self.end(&reason, usage, out),
            Piece::Fault(error) => self.fault(&error, out),
        }
    }
}

fn delta(index: u64, delta: &Value, out: &mut Vec<u8>) {
    event("content_block_delta", json!({ "index": index, "delta": delta }), out);
}

fn stop(index: u64, out: &mut Vec<u8>) {
    event("content_block_stop", json!({ "index": index }), out);
}

/// An event whose data begins with its own name, as clients compare the two.
fn event(name: &str, fields: Value, out: &mut Vec<u8>) {
    let mut data = json!({ "type": name });
    if let (Some(data), Value::Object(fields)) = (data.as_object_mut(), fields) {
        data.extend(fields);
    }
    sse::write(name, &data.to_string(), out);
}
