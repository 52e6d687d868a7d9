//! The texts that items are made of, and how the client is told of them as they grow.

use serde_json::{Value, json};

use super::{Citation, events::Events};
use crate::translate::parts::custom_tool::unwrapped;

/// A text that grows.
pub(super) struct Part {
    pub(super) kind: PartKind,
    pub(super) text: String,
    pub(super) citations: Vec<Citation>,
    pub(super) closed: bool,
    /// The client knows all of it.
    pub(super) done: bool,
    announced: bool,
    /// Bytes of the text that the client knows.
    told: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PartKind {
    Text,
    Refusal,
    /// Of thinking; it is all there is of it.
    Summary,
    /// JSON.
    Arguments,
    /// What a custom tool takes. Until it is whole, it is the JSON that the provider writes it in.
    Input,
}

/// The events of a kind of part.
struct Names {
    added: Option<&'static str>,
    delta: &'static str,
    /// Tells the whole text, in `field`.
    text_done: &'static str,
    field: &'static str,
    done: Option<&'static str>,
    /// What parts of the item are counted by.
    index: Option<&'static str>,
}

impl PartKind {
    fn names(self) -> Names {
        let content = |delta, text_done, field| Names {
            added: Some("response.content_part.added"),
            delta,
            text_done,
            field,
            done: Some("response.content_part.done"),
            index: Some("content_index"),
        };
        let call =
            |delta, text_done, field| Names { added: None, delta, text_done, field, done: None, index: None };
        match self {
            Self::Text => content("response.output_text.delta", "response.output_text.done", "text"),
            Self::Refusal => content("response.refusal.delta", "response.refusal.done", "refusal"),
            Self::Summary => Names {
                added: Some("response.reasoning_summary_part.added"),
                delta: "response.reasoning_summary_text.delta",
                text_done: "response.reasoning_summary_text.done",
                field: "text",
                done: Some("response.reasoning_summary_part.done"),
                index: Some("summary_index"),
            },
            Self::Arguments => call(
                "response.function_call_arguments.delta",
                "response.function_call_arguments.done",
                "arguments",
            ),
            Self::Input => {
                call("response.custom_tool_call_input.delta", "response.custom_tool_call_input.done", "input")
            }
        }
    }
}

impl Part {
    pub(super) fn new(kind: PartKind, text: &str) -> Self {
        Self {
            kind,
            text: text.to_owned(),
            citations: Vec::new(),
            closed: false,
            done: false,
            announced: false,
            told: 0,
        }
    }

    pub(super) fn close(&mut self) {
        if std::mem::replace(&mut self.closed, true) {
            return;
        }
        match self.kind {
            PartKind::Input => self.text = unwrapped(&self.text),
            PartKind::Arguments if self.text.trim_ascii().is_empty() => self.text.push_str("{}"),
            _ => {}
        }
    }

    /// As it is by now.
    pub(super) fn whole(&self) -> Value {
        self.json(&self.text, &self.citations)
    }

    /// As the part of an item, with this of it.
    fn json(&self, text: &str, citations: &[Citation]) -> Value {
        match self.kind {
            PartKind::Text => {
                let annotations: Vec<Value> =
                    citations.iter().map(|citation| self.annotation(citation)).collect();
                json!({ "type": "output_text", "annotations": annotations, "logprobs": [], "text": text })
            }
            PartKind::Refusal => json!({ "type": "refusal", "refusal": text }),
            PartKind::Summary => json!({ "type": "summary_text", "text": text }),
            // Half a wrapper is nobody's input.
            PartKind::Input if !self.closed => "".into(),
            PartKind::Arguments | PartKind::Input => text.into(),
        }
    }

    /// A source is one of the whole part: providers begin a new one where sources change.
    fn annotation(&self, citation: &Citation) -> Value {
        json!({
            "type": "url_citation",
            "start_index": 0,
            "end_index": self.text.chars().count(),
            "url": citation.url,
            "title": citation.title,
        })
    }

    pub(super) fn tell(&mut self, place: &Place<'_>, events: &mut Events, out: &mut Vec<u8>) {
        let names = self.kind.names();
        let logprobs = (self.kind == PartKind::Text).then(|| ("logprobs", json!([])));
        let mut send = |kind: &str, more: [Option<(&'static str, Value)>; 3]| {
            let item = [("item_id", place.item_id.into()), ("output_index", place.output_index.into())];
            let index = names.index.map(|index| (index, place.part_index.into()));
            events.send(out, kind, item.into_iter().chain(index).chain(more.into_iter().flatten()));
        };
        if !std::mem::replace(&mut self.announced, true)
            && let Some(added) = names.added
        {
            send(added, [Some(("part", self.json("", &[]))), None, None]);
        }
        let ready = self.closed || self.kind != PartKind::Input;
        if let Some(delta) = self.text.get(self.told..).filter(|delta| ready && !delta.is_empty()) {
            send(names.delta, [Some(("delta", delta.into())), logprobs.clone(), None]);
            self.told = self.text.len();
        }
        if !self.closed || self.done {
            return;
        }
        self.done = true;
        for (at, citation) in self.citations.iter().enumerate() {
            let annotation = self.annotation(citation);
            let fields = [Some(("annotation_index", at.into())), Some(("annotation", annotation)), None];
            send("response.output_text.annotation.added", fields);
        }
        let name = place.name.filter(|_| self.kind == PartKind::Arguments);
        let name = name.map(|name| ("name", name.into()));
        send(names.text_done, [Some((names.field, self.text.as_str().into())), name, logprobs]);
        if let Some(done) = names.done {
            send(done, [Some(("part", self.whole())), None, None]);
        }
    }
}

/// Where a part is.
pub(super) struct Place<'a> {
    pub(super) item_id: &'a str,
    pub(super) output_index: usize,
    pub(super) part_index: usize,
    /// The tool's, of a call.
    pub(super) name: Option<&'a str>,
}
