//! Writes OpenAI Responses answers.
//!
//! An answer is a list of items (`item`): messages, reasoning, calls. The strictest clients want every item
//! to be announced, to grow and to be done before the next is announced, though pieces of calls may be mixed;
//! so pieces build items up, and what of them the client may know by now is told (`Writing::tell`): all of
//! the first item that is not done, and nothing of those behind it.

mod events;
mod item;
mod part;
mod response;

use serde_json::Value;

use self::{
    events::Events,
    item::{Body, Item},
    part::{Part, PartKind},
    response::{Frame, Status},
};
use super::{Citation, Piece, Stop, Usage, Writer};
use crate::{
    translate::{Memo, seal, tools},
    wire::error::{ClientError, Kind},
};

/// Marks sealed thinking that only its provider can read.
const REDACTED: &str = "redacted:";
/// What stands for a reason that the provider did not give.
const REFUSED: &str = "The model declined to answer.";

/// See the module documentation.
pub struct Stream {
    writing: Writing,
    events: Events,
}

impl Stream {
    pub fn new(memo: &Memo) -> Self {
        Self { writing: Writing::new(memo), events: Events::default() }
    }
}

impl Writer for Stream {
    fn piece(&mut self, piece: Piece, out: &mut Vec<u8>) {
        if self.writing.over {
            return;
        }
        if piece == Piece::Ping {
            out.extend_from_slice(b": ping\n\n");
            return;
        }
        let Self { writing, events } = self;
        if !std::mem::replace(&mut writing.begun, true) {
            for kind in ["response.created", "response.in_progress"] {
                events.send(out, kind, [("response", writing.response(&Status::InProgress))]);
            }
        }
        let end = writing.piece(piece);
        writing.tell(events, out);
        if let Some(status) = end {
            events.send(out, status.event(), [("response", writing.response(&status))]);
        }
    }
}

/// A whole answer.
pub fn document(pieces: Vec<Piece>, memo: &Memo) -> Vec<u8> {
    let mut writing = Writing::new(memo);
    let mut status = None;
    for piece in pieces {
        status = status.or(writing.piece(piece));
    }
    // Readers keep their contract; an answer without an end would not be whole.
    let status = status
        .unwrap_or_else(|| Status::Failed(ClientError::new(Kind::Api, "The provider broke off its answer")));
    for item in &mut writing.items {
        item.announced = true;
    }
    writing.response(&status).to_string().into_bytes()
}

/// An answer as far as it has come.
struct Writing {
    frame: Frame,
    items: Vec<Item>,
    /// The first item that the client has not been told to be done.
    current: usize,
    usage: Usage,
    begun: bool,
    over: bool,
    provider: String,
    model: String,
    id: String,
    tools: tools::ToolNames,
}

impl Writing {
    fn new(memo: &Memo) -> Self {
        Self {
            frame: Frame::new(memo),
            items: Vec::new(),
            current: 0,
            usage: Usage::default(),
            begun: false,
            over: false,
            provider: memo.provider.clone(),
            model: memo.model.clone(),
            id: memo.id.clone(),
            tools: memo.tools.clone(),
        }
    }

    /// Adds a piece. `Some` when it was the last one.
    fn piece(&mut self, piece: Piece) -> Option<Status> {
        match piece {
            Piece::Begin(usage) => self.usage = usage,
            Piece::Text(text) => self.say(PartKind::Text, &text),
            Piece::Refusal(text) => self.say(PartKind::Refusal, &text),
            Piece::Thinking(text) => self.think(&text),
            Piece::Signature(signature) => self.sign(&signature),
            Piece::Redacted(data) => {
                self.leave();
                self.sealed(&format!("{REDACTED}{data}"));
            }
            Piece::Break => self.pause(),
            Piece::Citation(citation) => self.cite(citation),
            Piece::Call { call, id, name } => self.call(call, id, &name),
            Piece::Arguments { call, json } => {
                self.leave();
                if let Some(part) = self.open_call(call).and_then(Item::last_part) {
                    part.text.push_str(&json);
                }
            }
            Piece::CallEnd { call } => {
                self.leave();
                if let Some(item) = self.open_call(call) {
                    item.close(true);
                }
            }
            Piece::Ping => {}
            Piece::End(stop, usage) => {
                self.usage = usage.or(self.usage);
                self.over = true;
                return Some(self.end(stop));
            }
            Piece::Fault(error) => {
                self.over = true;
                return Some(Status::Failed(error));
            }
        }
        None
    }

    fn say(&mut self, kind: PartKind, text: &str) {
        if !matches!(self.items.last(), Some(Item { body: Body::Message, closed: false, .. })) {
            self.leave();
            let item = self.item("msg", Body::Message);
            self.items.push(item);
        }
        let Some(item) = self.items.last_mut() else { return };
        match item.last_part().filter(|part| part.kind == kind && !part.closed) {
            Some(part) => part.text.push_str(text),
            None => {
                item.pause();
                item.parts.push(Part::new(kind, text));
            }
        }
    }

    fn think(&mut self, text: &str) {
        if let Some(Item { body: Body::Reasoning { .. }, closed: false, parts, .. }) = self.items.last_mut()
            && let Some(part) = parts.last_mut()
        {
            part.text.push_str(text);
            return;
        }
        self.leave();
        let sealed = self.seal("");
        let mut item = self.item("rs", Body::Reasoning { sealed });
        item.parts.push(Part::new(PartKind::Summary, text));
        self.items.push(item);
    }

    fn sign(&mut self, signature: &str) {
        let sealed = self.seal(signature);
        match self.items.last_mut() {
            Some(item @ Item { body: Body::Reasoning { .. }, closed: false, .. }) => {
                item.body = Body::Reasoning { sealed };
                item.close(true);
            }
            _ => {
                self.leave();
                self.sealed(signature);
            }
        }
    }

    /// Thinking that is not shown.
    fn sealed(&mut self, content: &str) {
        let sealed = self.seal(content);
        let mut item = self.item("rs", Body::Reasoning { sealed });
        item.close(true);
        self.items.push(item);
    }

    fn seal(&self, content: &str) -> String {
        seal::seal(&self.provider, &self.model, content)
    }

    fn cite(&mut self, citation: Citation) {
        let part = self.items.last_mut().filter(|item| item.body == Body::Message).and_then(Item::last_part);
        if let Some(part) = part.filter(|part| part.kind == PartKind::Text && !part.closed) {
            part.citations.push(citation);
        }
    }

    fn call(&mut self, call: usize, id: String, name: &str) {
        self.leave();
        let tool = self.tools.client(name);
        let call_id = self.unused(id);
        let (prefix, kind) = match tool.kind {
            tools::Kind::Function => ("fc", PartKind::Arguments),
            tools::Kind::Custom => ("ctc", PartKind::Input),
        };
        let mut item = self.item(prefix, Body::Call { call, call_id, tool });
        item.parts.push(Part::new(kind, ""));
        self.items.push(item);
    }

    /// Clients tell calls apart by their ids, and some providers number them anew in each answer.
    fn unused(&self, id: String) -> String {
        let used = |id: &str| {
            self.items.iter().any(|item| matches!(&item.body, Body::Call { call_id, .. } if call_id == id))
        };
        if !used(&id) {
            return id;
        }
        // One of so many is not used.
        let mut numbers = 2..=self.items.len() + 2;
        numbers.find_map(|number| Some(format!("{id}_{number}")).filter(|id| !used(id))).unwrap_or(id)
    }

    fn open_call(&mut self, number: usize) -> Option<&mut Item> {
        let mut calls = self.items.iter_mut().rev();
        calls
            .find(|item| matches!(item.body, Body::Call { call, .. } if call == number))
            .filter(|item| !item.closed)
    }

    /// The next item.
    fn item(&self, prefix: &str, body: Body) -> Item {
        Item::new(format!("{prefix}_{}_{}", self.id, self.items.len()), body)
    }

    /// Something else begins. Calls end by themselves.
    fn leave(&mut self) {
        if let Some(item) = self.items.last_mut().filter(|item| !item.is_call()) {
            item.close(true);
        }
    }

    /// A block is over; a message may have another.
    fn pause(&mut self) {
        match self.items.last_mut() {
            Some(item) if item.body == Body::Message => item.pause(),
            _ => self.leave(),
        }
    }

    fn end(&mut self, stop: Stop) -> Status {
        let status = match stop {
            Stop::MaxTokens | Stop::Context => Status::Incomplete("max_output_tokens"),
            Stop::Refusal { explanation, .. } => {
                // Agents take an answer that a filter cut off for one to try again; a refusal they show.
                let refused = |part: &Part| part.kind == PartKind::Refusal;
                if !self.items.iter().flat_map(|item| &item.parts).any(refused) {
                    let text = explanation.filter(|text| !text.is_empty());
                    self.say(PartKind::Refusal, text.as_deref().unwrap_or(REFUSED));
                }
                Status::Completed
            }
            Stop::EndTurn | Stop::Sequence(_) | Stop::ToolUse | Stop::Pause | Stop::Compaction => {
                Status::Completed
            }
        };
        let whole = matches!(status, Status::Completed);
        self.items.iter_mut().for_each(|item| item.close(whole));
        status
    }

    /// Tells what the client does not know yet of the first item that is not done, and of the next ones
    /// while that is all of them.
    fn tell(&mut self, events: &mut Events, out: &mut Vec<u8>) {
        while let Some(item) = self.items.get_mut(self.current) {
            if !item.tell(self.current, events, out) {
                return;
            }
            self.current += 1;
        }
    }

    fn response(&self, status: &Status) -> Value {
        // What was not announced when the answer broke off is not there.
        let output = self.items.iter().filter(|item| item.announced).map(Item::whole).collect();
        self.frame.response(status, output, self.usage)
    }
}
