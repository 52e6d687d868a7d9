//! Servers of Responses: what one answer looks like in the dialect of each.

use std::fmt::Write as _;

use serde_json::{Value, json};

/// An item of an answer.
#[derive(Clone, Debug)]
pub(super) enum Item {
    Message(Vec<Part>),
    Reasoning { summary: Vec<String>, encrypted: Option<String> },
    Function { call_id: String, name: String, arguments: String },
    Custom { call_id: String, name: String, input: String },
    Search,
}

#[derive(Clone, Debug)]
pub(super) enum Part {
    Text { text: String, source: Option<String> },
    Refusal(String),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Marks {
    Good,
    Missing,
    /// Ids of its own in each event, or no index but 0.
    Wrong,
}

/// What of its answer a server tells, and how.
#[expect(clippy::struct_excessive_bools, reason = "each is left out by some server")]
#[derive(Clone, Copy, Debug)]
pub(super) struct Dialect {
    pub(super) created: bool,
    pub(super) added: bool,
    pub(super) deltas: bool,
    pub(super) text_done: bool,
    pub(super) item_done: bool,
    pub(super) output: bool,
    pub(super) ids: Marks,
    pub(super) indexes: Marks,
    pub(super) event_lines: bool,
}

/// OpenAI's.
pub(super) const FULL: Dialect = Dialect {
    created: true,
    added: true,
    deltas: true,
    text_done: true,
    item_done: true,
    output: true,
    ids: Marks::Good,
    indexes: Marks::Good,
    event_lines: true,
};
/// Nothing but the last event.
const BARE: Dialect = Dialect {
    created: false,
    added: false,
    deltas: false,
    text_done: false,
    item_done: false,
    output: true,
    event_lines: false,
    ..FULL
};

pub(super) const DIALECTS: [Dialect; 18] = [
    FULL,
    BARE,
    Dialect { created: true, output: false, item_done: true, ..BARE },
    Dialect { item_done: true, ..BARE },
    Dialect { item_done: true, ids: Marks::Missing, indexes: Marks::Missing, ..BARE },
    Dialect { output: false, ..FULL },
    Dialect { item_done: false, ..FULL },
    Dialect { item_done: false, output: false, ..FULL },
    Dialect { item_done: false, output: false, text_done: false, ..FULL },
    Dialect { deltas: false, ..FULL },
    Dialect { deltas: false, text_done: false, created: false, event_lines: false, ..FULL },
    Dialect { deltas: false, item_done: false, output: false, ..FULL },
    Dialect { added: false, ..FULL },
    Dialect { text_done: false, ..FULL },
    Dialect { ids: Marks::Wrong, ..FULL },
    Dialect { ids: Marks::Missing, ..FULL },
    Dialect { indexes: Marks::Missing, ..FULL },
    Dialect { ids: Marks::Wrong, indexes: Marks::Wrong, ..FULL },
];

impl Dialect {
    /// Whether it tells in time what only whole items have.
    pub(super) fn is_whole(self) -> bool {
        self.item_done || !(self.added || self.deltas || self.text_done)
    }

    /// An answer of these items.
    pub(super) fn stream(self, items: &[Item]) -> String {
        let mut telling = Telling { dialect: self, out: String::new(), events: 0 };
        if self.created {
            for kind in ["response.created", "response.in_progress"] {
                telling.event(json!({ "type": kind, "response": response("in_progress", &[]) }));
            }
        }
        for (at, item) in items.iter().enumerate() {
            telling.item(at, item);
        }
        let output: Vec<Value> = if self.output {
            items.iter().enumerate().map(|(at, item)| telling.json(at, item, true)).collect()
        } else {
            Vec::new()
        };
        telling.event(json!({ "type": "response.completed", "response": response("completed", &output) }));
        telling.out
    }
}

/// The same as a document.
pub(super) fn document(items: &[Item]) -> Value {
    let telling = Telling { dialect: FULL, out: String::new(), events: 0 };
    let output: Vec<Value> =
        items.iter().enumerate().map(|(at, item)| telling.json(at, item, true)).collect();
    response("completed", &output)
}

pub(super) fn response(status: &str, output: &[Value]) -> Value {
    let usage = json!({
        "input_tokens": 100,
        "input_tokens_details": { "cached_tokens": 60, "cache_write_tokens": 30 },
        "output_tokens": 20,
        "output_tokens_details": { "reasoning_tokens": 8 },
        "total_tokens": 120,
    });
    json!({
        "id": "resp_1",
        "object": "response",
        "status": status,
        "error": null,
        "incomplete_details": null,
        "model": "gpt-5.2-2026-01-01",
        "output": output,
        "usage": if status == "in_progress" { Value::Null } else { usage },
    })
}

struct Telling {
    dialect: Dialect,
    out: String,
    events: usize,
}

impl Telling {
    fn event(&mut self, mut event: Value) {
        event["sequence_number"] = self.events.into();
        self.events += 1;
        if self.dialect.event_lines {
            writeln!(self.out, "event: {}", event["type"].as_str().unwrap()).unwrap();
        }
        write!(self.out, "data: {event}\n\n").unwrap();
    }

    /// An event of an item, with the marks that the server has for it.
    fn about(&mut self, at: usize, kind: &str, more: &Value) {
        let mut event = json!({ "type": format!("response.{kind}") });
        match self.dialect.indexes {
            Marks::Good => event["output_index"] = at.into(),
            Marks::Missing => {}
            Marks::Wrong => event["output_index"] = 0.into(),
        }
        if !kind.starts_with("output_item") {
            let id = self.id(at);
            if !id.is_null() {
                event["item_id"] = id;
            }
        }
        event.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        self.event(event);
    }

    fn id(&self, at: usize) -> Value {
        match self.dialect.ids {
            Marks::Good => format!("item_{at}").into(),
            Marks::Missing => Value::Null,
            Marks::Wrong => format!("item_{at}_{}", self.events).into(),
        }
    }

    fn item(&mut self, at: usize, item: &Item) {
        let dialect = self.dialect;
        if dialect.added {
            let added = self.json(at, item, false);
            self.about(at, "output_item.added", &json!({ "item": added }));
        }
        if matches!(item, Item::Search) {
            self.about(at, "web_search_call.searching", &json!({}));
        }
        for (index, (name, field, place, text)) in texts(item).into_iter().enumerate() {
            let place = |mut event: Value| {
                if !place.is_empty() {
                    event[place] = index.into();
                }
                event
            };
            if dialect.deltas {
                let characters: Vec<char> = text.chars().collect();
                for piece in characters.chunks(2) {
                    let delta: String = piece.iter().collect();
                    self.about(at, &format!("{name}.delta"), &place(json!({ "delta": delta })));
                }
            }
            if dialect.text_done {
                self.about(at, &format!("{name}.done"), &place(json!({ field: text })));
                if let Item::Message(parts) = item {
                    self.about(at, "content_part.done", &place(json!({ "part": part(&parts[index]) })));
                }
            }
        }
        if dialect.item_done {
            let done = self.json(at, item, true);
            self.about(at, "output_item.done", &json!({ "item": done }));
        }
    }

    fn json(&self, at: usize, item: &Item, full: bool) -> Value {
        let mut json = match item {
            Item::Message(parts) => {
                let parts: Vec<Value> = parts.iter().filter(|_| full).map(part).collect();
                json!({ "type": "message", "role": "assistant", "content": parts })
            }
            Item::Reasoning { summary, encrypted } => {
                let summary: Vec<Value> = summary
                    .iter()
                    .filter(|_| full)
                    .map(|text| json!({ "type": "summary_text", "text": text }))
                    .collect();
                // While it goes on, what it has of this is not it yet.
                let encrypted = if full { encrypted.as_deref() } else { Some("not yet") };
                json!({ "type": "reasoning", "summary": summary, "encrypted_content": encrypted })
            }
            Item::Function { call_id, name, arguments } => {
                let arguments = if full { arguments } else { "" };
                json!({ "type": "function_call", "call_id": call_id, "name": name, "arguments": arguments })
            }
            Item::Custom { call_id, name, input } => {
                let input = if full { input } else { "" };
                json!({ "type": "custom_tool_call", "call_id": call_id, "name": name, "input": input })
            }
            Item::Search => json!({ "type": "web_search_call", "status": "completed" }),
        };
        let id = self.id(at);
        if !id.is_null() {
            json["id"] = id;
        }
        json
    }
}

fn part(part: &Part) -> Value {
    match part {
        Part::Text { text, source } => {
            let source = source.iter().map(|url| {
                json!({ "type": "url_citation", "url": url, "title": "t", "start_index": 0, "end_index": 1 })
            });
            json!({ "type": "output_text", "text": text, "annotations": source.collect::<Vec<_>>() })
        }
        Part::Refusal(text) => json!({ "type": "refusal", "refusal": text }),
    }
}

/// Of each text of an item: its events, the field that has it whole, the field of its number, and itself.
fn texts(item: &Item) -> Vec<(&'static str, &'static str, &'static str, &str)> {
    match item {
        Item::Message(parts) => parts
            .iter()
            .map(|part| match part {
                Part::Text { text, .. } => ("output_text", "text", "content_index", text.as_str()),
                Part::Refusal(text) => ("refusal", "refusal", "content_index", text.as_str()),
            })
            .collect(),
        Item::Reasoning { summary, .. } => {
            let texts = summary.iter();
            texts.map(|text| ("reasoning_summary_text", "text", "summary_index", text.as_str())).collect()
        }
        Item::Function { arguments, .. } => vec![("function_call_arguments", "arguments", "", arguments)],
        Item::Custom { input, .. } => vec![("custom_tool_call_input", "input", "", input)],
        Item::Search => Vec::new(),
    }
}
