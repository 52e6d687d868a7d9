//! A whole message.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{Kind, words};
use crate::{
    translate::{Memo, answer::Piece, seal::seal},
    wire::Wire,
};

/// A message of these pieces; an error document if they end in a fault.
pub fn document(pieces: Vec<Piece>, memo: &Memo) -> Vec<u8> {
    let mut content = Content { memo, blocks: Vec::new(), open: None, calls: BTreeMap::new() };
    for piece in pieces {
        match piece {
            Piece::Fault(error) => return error.body(Wire::Messages, &memo.id).into_bytes(),
            Piece::End(reason, usage) => {
                let usage = words::usage(usage, memo);
                return words::message(memo, &content.close(), Some(&reason), &usage)
                    .to_string()
                    .into_bytes();
            }
            piece => content.piece(piece),
        }
    }
    Vec::new()
}

struct Content<'a> {
    memo: &'a Memo,
    blocks: Vec<Value>,
    open: Option<(Kind, String)>,
    /// Where the blocks of the calls are, and their arguments.
    calls: BTreeMap<usize, (usize, String)>,
}

impl Content<'_> {
    fn piece(&mut self, piece: Piece) {
        match piece {
            Piece::Text(text) => self.enter(Kind::Text, &text),
            Piece::Refusal(text) => self.enter(Kind::Refusal, &text),
            Piece::Thinking(text) => self.enter(Kind::Thinking, &text),
            Piece::Signature(signature) => {
                self.enter(Kind::Thinking, "");
                self.leave(&signature);
            }
            Piece::Redacted(data) => {
                self.leave("");
                let sealed = self.seal(&data);
                self.blocks.push(words::redacted(&sealed));
            }
            Piece::Break => self.leave(""),
            Piece::Call { call, id, name } => {
                self.leave("");
                self.calls.insert(call, (self.blocks.len(), String::new()));
                let tool = self.memo.tools.client(&name);
                self.blocks.push(words::tool_use(&id, &tool.name, &json!({})));
            }
            Piece::Arguments { call, json } => {
                if let Some((_, arguments)) = self.calls.get_mut(&call) {
                    arguments.push_str(&json);
                }
            }
            Piece::Begin(_)
            | Piece::Citation(_)
            | Piece::CallEnd { .. }
            | Piece::Ping
            | Piece::End(..)
            | Piece::Fault(_) => {}
        }
    }

    fn seal(&self, content: &str) -> String {
        seal(&self.memo.provider, &self.memo.model, content)
    }

    fn enter(&mut self, kind: Kind, text: &str) {
        if self.open.as_ref().is_none_or(|(open, _)| *open != kind) {
            self.leave("");
        }
        self.open.get_or_insert((kind, String::new())).1.push_str(text);
    }

    /// Ends the block that is going on. Thinking that nobody signed is sealed all the same: one of Anthropic's
    /// models that goes on refuses it, so it has to show that it is not its own.
    fn leave(&mut self, signature: &str) {
        match self.open.take() {
            Some((Kind::Thinking, thinking)) => {
                let sealed = self.seal(signature);
                self.blocks.push(words::thinking(&thinking, &sealed));
            }
            Some((Kind::Text | Kind::Refusal, text)) => self.blocks.push(words::text(&text)),
            None => {}
        }
    }

    fn close(mut self) -> Vec<Value> {
        self.leave("");
        for (at, arguments) in self.calls.into_values() {
            if let Some(place) = self.blocks.get_mut(at).and_then(|block| block.get_mut("input")) {
                *place = input(&arguments);
            }
        }
        if self.blocks.is_empty() {
            // Clients look at the first block without asking whether there is one.
            self.blocks.push(words::text(""));
        }
        self.blocks
    }
}

/// A tool's input is an object. What the model wrote instead stays visible: the tool will refuse it, and the
/// model can see why.
fn input(arguments: &str) -> Value {
    match serde_json::from_str(arguments) {
        Ok(Value::Object(input)) => Value::Object(input),
        Ok(Value::Null) => json!({}),
        _ if arguments.trim().is_empty() => json!({}),
        _ => json!({ "_raw": arguments }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edge_35_arguments_are_an_object_whatever_came() {
        for (arguments, expected) in [
            ("{\"b\":1,\"a\":2}", json!({ "b": 1, "a": 2 })),
            ("{}", json!({})),
            ("null", json!({})),
            (" ", json!({})),
            ("{\"a\":", json!({ "_raw": "{\"a\":" })),
            ("[1]", json!({ "_raw": "[1]" })),
            ("\"x\"", json!({ "_raw": "\"x\"" })),
        ] {
            assert_eq!(input(arguments).to_string(), expected.to_string(), "{arguments}");
        }
    }
}
