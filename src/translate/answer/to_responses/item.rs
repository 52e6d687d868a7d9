//! The items of an answer, and how the client is told of them.

use serde_json::{Value, json};

use super::{
    events::Events,
    part::{Part, PartKind, Place},
};
use crate::translate::tools::ClientTool;

/// See the module documentation.
pub(super) struct Item {
    pub(super) id: String,
    pub(super) body: Body,
    /// Of a call: one, its arguments. Of reasoning: at most one.
    pub(super) parts: Vec<Part>,
    /// The client knows that it is there.
    pub(super) announced: bool,
    /// Nothing more is added to it.
    pub(super) closed: bool,
    /// It was not cut off.
    whole: bool,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) enum Body {
    Message,
    Reasoning {
        /// What the provider needs back. The seal of thinking that it did not sign is empty: whoever else
        /// goes on would refuse an item that is not its own, so the item has to show whose it is.
        sealed: String,
    },
    Call {
        /// Its number in the pieces.
        call: usize,
        call_id: String,
        tool: ClientTool,
    },
}

impl Item {
    pub(super) fn new(id: String, body: Body) -> Self {
        Self { id, body, parts: Vec::new(), announced: false, closed: false, whole: true }
    }

    pub(super) fn is_call(&self) -> bool {
        matches!(self.body, Body::Call { .. })
    }

    pub(super) fn last_part(&mut self) -> Option<&mut Part> {
        self.parts.last_mut()
    }

    /// Nothing more comes for the last part.
    pub(super) fn pause(&mut self) {
        if let Some(part) = self.last_part() {
            part.close();
        }
    }

    /// Nothing more comes; `whole` unless it was cut off.
    pub(super) fn close(&mut self, whole: bool) {
        if !std::mem::replace(&mut self.closed, true) {
            self.pause();
            self.whole = whole;
        }
    }

    /// Tells what the client does not know yet. Whether that was the rest.
    pub(super) fn tell(&mut self, output_index: usize, events: &mut Events, out: &mut Vec<u8>) -> bool {
        if !std::mem::replace(&mut self.announced, true) {
            let item = self.json("in_progress", false);
            let fields = [("output_index", output_index.into()), ("item", item)];
            events.send(out, "response.output_item.added", fields);
        }
        let name = match &self.body {
            Body::Call { tool, .. } => Some(tool.name.as_str()),
            _ => None,
        };
        for (part_index, part) in self.parts.iter_mut().enumerate().filter(|(_, part)| !part.done) {
            part.tell(&Place { item_id: &self.id, output_index, part_index, name }, events, out);
        }
        if self.closed {
            let fields = [("output_index", output_index.into()), ("item", self.whole())];
            events.send(out, "response.output_item.done", fields);
        }
        self.closed
    }

    /// As it is by now.
    pub(super) fn whole(&self) -> Value {
        self.json(if self.closed && self.whole { "completed" } else { "incomplete" }, true)
    }

    /// With its parts, or as it is announced: without.
    fn json(&self, status: &str, full: bool) -> Value {
        let parts = || -> Value {
            let parts = self.parts.iter().filter(|_| full);
            parts.map(Part::whole).collect()
        };
        match &self.body {
            Body::Message => json!({
                "id": self.id,
                "type": "message",
                "status": status,
                "role": "assistant",
                "content": parts(),
            }),
            Body::Reasoning { sealed } => {
                let mut item = json!({ "id": self.id, "type": "reasoning", "summary": parts() });
                if let Some(item) = item.as_object_mut().filter(|_| full) {
                    item.insert("encrypted_content".to_owned(), sealed.as_str().into());
                }
                item
            }
            Body::Call { call_id, tool, .. } => {
                let part = self.parts.first();
                let text = part.filter(|_| full).map_or_else(|| "".into(), Part::whole);
                let (kind, field) = match part.map(|part| part.kind) {
                    Some(PartKind::Input) => ("custom_tool_call", "input"),
                    _ => ("function_call", "arguments"),
                };
                let mut item = json!({ "id": self.id, "type": kind, "status": status, "call_id": call_id });
                if let Some(item) = item.as_object_mut() {
                    item.insert("name".to_owned(), tool.name.as_str().into());
                    item.extend(
                        tool.namespace.iter().map(|name| ("namespace".to_owned(), name.as_str().into())),
                    );
                    item.insert(field.to_owned(), text);
                }
                item
            }
        }
    }
}
