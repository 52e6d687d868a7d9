//! The blocks of an answer, as they open, grow and close.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::{
    translate::{
        Memo,
        answer::{
            Citation, Piece,
            fields::{member, text},
        },
    },
    wire::error::{ClientError, Kind},
};

/// A block that has started and not stopped.
enum Block {
    /// Citations may come before their text is whole; they are told behind it.
    Text { citations: Vec<Citation> },
    /// The signature comes last in it; another one replaces it. `shown`: it has text. `left`: something else
    /// came, and a signature of the whole block would not fit what comes after.
    Thinking { signature: String, shown: bool, left: bool },
    /// `input` came with the start and counts if no deltas come. `wrote`: more than white space did.
    Call { call: usize, input: Option<String>, wrote: bool },
    /// A call of the tool that stands for a structured output: its arguments are the text.
    Json { input: Option<String>, wrote: bool },
    /// Nothing that another format has a word for.
    Silent,
}

/// See the module documentation.
pub(super) struct Blocks {
    open: BTreeMap<u64, Block>,
    /// Started last: meant by what has no index.
    latest: u64,
    /// The block of text or thinking that the last piece was of. Whatever else comes leaves it first, so
    /// that its signature or citations are directly behind it.
    current: Option<u64>,
    /// Calls so far.
    calls: usize,
    id: String,
    json_tool: Option<String>,
    prose: Prose,
    held: Vec<Piece>,
}

/// What becomes of text that is not the structured output of `json_tool`.
#[derive(Clone, Copy, PartialEq)]
enum Prose {
    /// It is the answer, or goes with calls of the client's tools.
    Told,
    /// It is held: the answer if no tool is called, and else a preamble that would spoil the JSON.
    Held,
    /// The JSON is the answer.
    Dropped,
}

impl Blocks {
    pub(super) fn new(memo: &Memo) -> Self {
        Self {
            open: BTreeMap::new(),
            latest: 0,
            current: None,
            calls: 0,
            id: memo.id.clone(),
            prose: if memo.json_tool.is_some() { Prose::Held } else { Prose::Told },
            json_tool: memo.json_tool.clone(),
            held: Vec::new(),
        }
    }

    pub(super) fn has_calls(&self) -> bool {
        self.calls > 0
    }

    /// A block starts; it may have content already. `input` is the JSON text of its `input`.
    pub(super) fn start(
        &mut self,
        index: Option<u64>,
        block: &Value,
        input: impl FnOnce() -> String,
        out: &mut Vec<Piece>,
    ) -> Result<(), ClientError> {
        let index = index.unwrap_or_else(|| self.latest.saturating_add(1));
        self.stop(Some(index), out);
        self.latest = index;
        match text(block, "type").unwrap_or_default() {
            "text" => {
                let citations = member(block, "citations").as_array().map(Vec::as_slice).unwrap_or_default();
                let citations = citations.iter().filter_map(citation).collect();
                self.open.insert(index, Block::Text { citations });
                self.text(index, text(block, "text").unwrap_or_default(), out);
            }
            "thinking" => {
                let signature = text(block, "signature").unwrap_or_default().to_owned();
                self.open.insert(index, Block::Thinking { signature, shown: false, left: false });
                self.thinking(index, text(block, "thinking").unwrap_or_default(), out);
            }
            "redacted_thinking" => {
                self.open.insert(index, Block::Silent);
                if let Some(data) = text(block, "data").filter(|data| !data.is_empty()) {
                    self.leave(out);
                    out.push(Piece::Redacted(data.to_owned()));
                }
            }
            "tool_use" => {
                let given = match member(block, "input") {
                    Value::Null => false,
                    Value::Object(members) => !members.is_empty(),
                    _ => true,
                };
                return self.call(index, block, given.then(input), out);
            }
            _ => {
                self.open.insert(index, Block::Silent);
                out.push(Piece::Ping);
            }
        }
        Ok(())
    }

    fn call(
        &mut self,
        index: u64,
        block: &Value,
        input: Option<String>,
        out: &mut Vec<Piece>,
    ) -> Result<(), ClientError> {
        let Some(name) = text(block, "name").filter(|name| !name.is_empty()) else {
            return Err(ClientError::new(Kind::Api, "The provider called a tool without saying which."));
        };
        self.leave(out);
        if self.json_tool.as_deref() == Some(name) {
            // A second call would make two JSON texts.
            let again = self.prose == Prose::Dropped;
            let block = if again { Block::Silent } else { Block::Json { input, wrote: false } };
            self.open.insert(index, block);
            self.prose = Prose::Dropped;
            self.held.clear();
            return Ok(());
        }
        self.tell(out);
        let call = self.calls;
        self.calls += 1;
        let id = match text(block, "id") {
            Some(id) if !id.is_empty() => id.to_owned(),
            _ => format!("toolu_{}_{call}", self.id),
        };
        self.open.insert(index, Block::Call { call, input, wrote: false });
        out.push(Piece::Call { call, id, name: name.to_owned() });
        Ok(())
    }

    /// More of a block. Text and thinking of a block that nobody started are not lost.
    pub(super) fn delta(&mut self, index: Option<u64>, delta: &Value, out: &mut Vec<Piece>) {
        let index = index.unwrap_or(self.latest);
        let string = |name: &str| text(delta, name).unwrap_or_default();
        let kind = text(delta, "type").unwrap_or_default();
        match (kind, self.open.get_mut(&index)) {
            ("text_delta", None) => {
                self.open.insert(index, Block::Text { citations: Vec::new() });
                self.text(index, string("text"), out);
            }
            ("text_delta", Some(Block::Text { .. })) => self.text(index, string("text"), out),
            ("thinking_delta", None) => {
                self.open
                    .insert(index, Block::Thinking { signature: String::new(), shown: false, left: false });
                self.thinking(index, string("thinking"), out);
            }
            ("thinking_delta", Some(Block::Thinking { .. })) => {
                self.thinking(index, string("thinking"), out);
            }
            ("signature_delta", Some(Block::Thinking { signature, .. })) => {
                string("signature").clone_into(signature);
            }
            ("citations_delta", Some(Block::Text { citations })) => {
                citations.extend(citation(member(delta, "citation")));
            }
            ("input_json_delta", Some(Block::Call { .. } | Block::Json { .. })) => {
                self.arguments(index, string("partial_json"), out);
            }
            _ => out.push(Piece::Ping),
        }
    }

    fn text(&mut self, index: u64, text: &str, out: &mut Vec<Piece>) {
        if text.is_empty() {
            return;
        }
        self.enter(index, out);
        self.say(Piece::Text(text.to_owned()), out);
    }

    fn thinking(&mut self, index: u64, text: &str, out: &mut Vec<Piece>) {
        if text.is_empty() {
            return;
        }
        self.enter(index, out);
        if let Some(Block::Thinking { shown, .. }) = self.open.get_mut(&index) {
            *shown = true;
        }
        out.push(Piece::Thinking(text.to_owned()));
    }

    fn arguments(&mut self, index: u64, json: &str, out: &mut Vec<Piece>) {
        if json.is_empty() {
            return;
        }
        let content = !json.trim_ascii().is_empty();
        match self.open.get_mut(&index) {
            Some(Block::Call { call, wrote, .. }) => {
                *wrote |= content;
                let call = *call;
                self.leave(out);
                out.push(Piece::Arguments { call, json: json.to_owned() });
            }
            Some(Block::Json { wrote, .. }) => {
                *wrote |= content;
                self.enter(index, out);
                out.push(Piece::Text(json.to_owned()));
            }
            _ => {}
        }
    }

    /// A block stops. What never started or has stopped is no matter.
    pub(super) fn stop(&mut self, index: Option<u64>, out: &mut Vec<Piece>) {
        let index = index.unwrap_or(self.latest);
        if let Some(Block::Json { input, wrote: false }) = self.open.get_mut(&index) {
            let json = input.take().unwrap_or_else(|| "{}".to_owned());
            self.enter(index, out);
            out.push(Piece::Text(json));
        }
        if self.current == Some(index) {
            self.leave(out);
        }
        match self.open.remove(&index) {
            Some(Block::Thinking { signature, shown: false, .. }) if !signature.is_empty() => {
                self.leave(out);
                out.extend([Piece::Signature(signature), Piece::Break]);
            }
            Some(Block::Call { call, input, wrote }) => {
                self.leave(out);
                if !wrote {
                    out.push(Piece::Arguments { call, json: input.unwrap_or_else(|| "{}".to_owned()) });
                }
                out.push(Piece::CallEnd { call });
            }
            _ => {}
        }
    }

    /// Everything that is open stops, in order.
    pub(super) fn close_all(&mut self, out: &mut Vec<Piece>) {
        let open: Vec<u64> = self.open.keys().copied().collect();
        for index in open {
            self.stop(Some(index), out);
        }
    }

    /// The answer is whole.
    pub(super) fn finish(&mut self, out: &mut Vec<Piece>) {
        self.close_all(out);
        self.tell(out);
    }

    /// Text that was held is not a preamble of the JSON.
    fn tell(&mut self, out: &mut Vec<Piece>) {
        if self.prose == Prose::Held {
            self.prose = Prose::Told;
            out.append(&mut self.held);
        }
    }

    /// A whole block of text.
    pub(super) fn whole_text(&mut self, text: &str, out: &mut Vec<Piece>) {
        self.delta(None, &serde_json::json!({ "type": "text_delta", "text": text }), out);
    }

    /// What comes next is text or thinking of this block.
    fn enter(&mut self, index: u64, out: &mut Vec<Piece>) {
        if self.current != Some(index) {
            self.leave(out);
            self.current = Some(index);
        }
    }

    /// What comes next is not of the current block.
    fn leave(&mut self, out: &mut Vec<Piece>) {
        let Some(index) = self.current.take() else { return };
        match self.open.get_mut(&index) {
            Some(Block::Text { citations }) => {
                let citations = std::mem::take(citations);
                for citation in citations {
                    self.say(Piece::Citation(citation), out);
                }
                self.say(Piece::Break, out);
            }
            Some(Block::Thinking { signature, left, .. }) => {
                let signature = std::mem::take(signature);
                if !signature.is_empty() && !*left {
                    out.push(Piece::Signature(signature));
                }
                *left = true;
                out.push(Piece::Break);
            }
            _ => out.push(Piece::Break),
        }
    }

    /// Ordinary text, which may have to wait for a structured output that makes it needless.
    fn say(&mut self, piece: Piece, out: &mut Vec<Piece>) {
        match self.prose {
            Prose::Told => out.push(piece),
            Prose::Held => self.held.push(piece),
            Prose::Dropped => {}
        }
    }
}

/// A source that can be visited; those inside of documents cannot.
fn citation(value: &Value) -> Option<Citation> {
    let url = text(value, "url").or_else(|| text(value, "source"))?;
    let web = url.starts_with("https://") || url.starts_with("http://");
    let title = text(value, "title").unwrap_or_default();
    web.then(|| Citation { url: url.to_owned(), title: title.to_owned() })
}
