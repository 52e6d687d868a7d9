//! The items of an answer: which one an event is about, and what of it has not been told.

use serde_json::Value;

use super::item::{Field, Item, Kind, Whole, kind_of, part_index, string, wholes};
use crate::{
    translate::{
        Memo,
        answer::{
            Piece, Stop,
            blocks::{Blocks, Delta},
            fields::{member, number, text},
            finish::Finish,
        },
        tools::{ClientTool, Kind as ToolKind, ToolNames, upstream_name},
    },
    wire::error::ClientError,
};

/// What the parts of one reasoning are set apart by: they are paragraphs.
const PARAGRAPH: &str = "\n\n";
/// A tool's text, in the JSON that stands for it everywhere else.
const WRAPPER: (&str, &str) = ("{\"input\":\"", "\"}");

/// See the module documentation.
pub(super) struct Items {
    list: Vec<Item>,
    blocks: Blocks,
    /// The item and the part that the last piece was of.
    current: Option<(usize, Field, u64)>,
    /// The last of the items that the client has heard of.
    furthest: Option<usize>,
    tools: ToolNames,
}

impl Items {
    pub(super) fn new(memo: &Memo) -> Self {
        Self {
            list: Vec::new(),
            blocks: Blocks::new(memo),
            current: None,
            furthest: None,
            tools: memo.tools.clone(),
        }
    }

    /// An item begins. What it has already is not final: it comes again.
    pub(super) fn add(&mut self, event: &Value, pieces: &mut Vec<Piece>) -> Result<(), ClientError> {
        let item = member(event, "item");
        let (kind, index) = (kind_of(item), number(event, "output_index"));
        let id = text(item, "id").unwrap_or_default();
        let known =
            self.list.iter().rposition(|known| !known.done && known.kind == kind && known.is(index, id));
        let at = known.unwrap_or_else(|| self.push(Item::new(kind, index, id)));
        self.name(at, item);
        match kind {
            Kind::Function | Kind::Custom => self.call(at, "", pieces),
            Kind::Message | Kind::Reasoning | Kind::Silent => Ok(()),
        }
    }

    /// An item is whole.
    pub(super) fn done(&mut self, event: &Value, pieces: &mut Vec<Piece>) -> Result<(), ClientError> {
        let item = member(event, "item");
        let (kind, index) = (kind_of(item), number(event, "output_index"));
        match self.find(kind, index, text(item, "id").unwrap_or_default()) {
            Some(at) => self.complete(at, item, pieces),
            None => Ok(()),
        }
    }

    /// More of a text, or all of it.
    pub(super) fn text(
        &mut self,
        event: &Value,
        field: Field,
        is_delta: bool,
        pieces: &mut Vec<Piece>,
    ) -> Result<(), ClientError> {
        let index = number(event, "output_index");
        let id = text(event, "item_id").unwrap_or_default();
        let Some(at) = self.find(field.kind(), index, id) else { return Ok(()) };
        if is_delta {
            return self.grow(at, field, part_index(event), &string(member(event, "delta")), pieces);
        }
        self.name(at, event);
        self.fill(at, &Whole::of(field, part_index(event), event), pieces)
    }

    /// A part of a message is whole.
    pub(super) fn part(&mut self, event: &Value, pieces: &mut Vec<Piece>) -> Result<(), ClientError> {
        let id = text(event, "item_id").unwrap_or_default();
        match Whole::part(part_index(event), member(event, "part")) {
            Some(whole) => match self.find(Kind::Message, number(event, "output_index"), id) {
                Some(at) => self.fill(at, &whole, pieces),
                None => Ok(()),
            },
            None => Ok(()),
        }
    }

    /// A source of a text.
    pub(super) fn cite(&mut self, event: &Value) {
        let id = text(event, "item_id").unwrap_or_default();
        let at = self.find(Kind::Message, number(event, "output_index"), id);
        let item = at.and_then(|at| self.list.get_mut(at));
        if let Some(part) = item.and_then(|item| item.part(Field::Text, part_index(event))) {
            part.cite(member(event, "annotation"));
        }
    }

    /// The whole output, once more: what has not come in any other way comes now.
    pub(super) fn settle(&mut self, output: &[Value], pieces: &mut Vec<Piece>) -> Result<(), ClientError> {
        let streamed = self.furthest.is_some();
        let mut claimed: Vec<usize> = Vec::new();
        for item in output {
            let (kind, id) = (kind_of(item), text(item, "id").unwrap_or_default());
            let find = |is: &dyn Fn(&Item) -> bool| {
                let mut items = self.list.iter().enumerate();
                items
                    .find(|(at, item)| item.kind == kind && !claimed.contains(at) && is(item))
                    .map(|(at, _)| at)
            };
            // Servers that make up ids keep the order.
            let known = find(&|item| item.is_called(id)).or_else(|| find(&|_| true));
            // Thinking that comes behind what it led to is of no use to anybody.
            if known.is_none() && kind == Kind::Reasoning && streamed {
                continue;
            }
            let at = known.unwrap_or_else(|| self.push(Item::new(kind, None, id)));
            claimed.push(at);
            self.complete(at, item, pieces)?;
        }
        Ok(())
    }

    /// Ends everything.
    pub(super) fn end(&mut self, finish: Finish, pieces: &mut Vec<Piece>) -> Result<Stop, ClientError> {
        for at in 0..self.list.len() {
            self.close(at, pieces)?;
        }
        self.leave(pieces);
        self.blocks.end_all(pieces)?;
        Ok(self.blocks.stop(finish))
    }

    fn push(&mut self, item: Item) -> usize {
        self.list.push(item);
        self.list.len() - 1
    }

    /// The item that an event is about, which may be new; `None` if it is of no concern.
    fn find(&mut self, kind: Kind, index: Option<u64>, id: &str) -> Option<usize> {
        let open = |item: &Item| !item.done && item.may_be(index, id);
        let is = |item: &Item| matches!(item.kind, Kind::Silent) || item.kind == kind;
        if let Some(at) = self.list.iter().rposition(|item| is(item) && open(item)) {
            return Some(at).filter(|_| self.list.get(at).is_some_and(|item| item.kind == kind));
        }
        let again = self.list.iter().any(|item| item.kind == kind && item.is(index, id));
        (!again).then(|| self.push(Item::new(kind, index, id)))
    }

    /// Takes from an item or an event what a call is called.
    fn name(&mut self, at: usize, of: &Value) {
        let Some(item) = self.list.get_mut(at) else { return };
        if let Some(id) = text(of, "call_id").filter(|_| item.call_id.is_empty()) {
            id.clone_into(&mut item.call_id);
        }
        if let Some(name) = text(of, "name").filter(|_| item.name.is_empty()) {
            let namespace = text(of, "namespace").map(str::to_owned);
            let spaced = namespace.is_some().then(|| {
                upstream_name(&ClientTool { name: name.to_owned(), namespace, kind: ToolKind::Function })
            });
            item.name = spaced.filter(|name| self.tools.contains(name)).unwrap_or_else(|| name.to_owned());
        }
    }

    /// All of an item.
    fn complete(&mut self, at: usize, whole: &Value, pieces: &mut Vec<Piece>) -> Result<(), ClientError> {
        if self.list.get(at).is_none_or(|item| item.done) {
            return Ok(());
        }
        self.name(at, whole);
        for text in wholes(whole) {
            self.fill(at, &text, pieces)?;
        }
        self.close(at, pieces)?;
        if kind_of(whole) == Kind::Reasoning {
            self.sign(at, text(whole, "encrypted_content").unwrap_or_default(), pieces);
        }
        if self.current.is_some_and(|(current, ..)| current == at) {
            self.leave(pieces);
        }
        if let Some(item) = self.list.get_mut(at) {
            item.done = true;
            item.parts.clear();
        }
        self.blocks.end_call(at as u64, pieces);
        Ok(())
    }

    /// A text is whole: tells what is missing.
    fn fill(&mut self, at: usize, whole: &Whole<'_>, pieces: &mut Vec<Piece>) -> Result<(), ClientError> {
        let item = self.list.get_mut(at);
        let Some(part) = item.and_then(|item| item.part(whole.field, whole.index)) else { return Ok(()) };
        part.cite_rest(whole.annotations);
        let rest = part.rest(&whole.text).to_owned();
        self.grow(at, whole.field, whole.index, &rest, pieces)
    }

    fn grow(
        &mut self,
        at: usize,
        field: Field,
        index: u64,
        more: &str,
        pieces: &mut Vec<Piece>,
    ) -> Result<(), ClientError> {
        let Some(item) = self.list.get_mut(at).filter(|item| !item.is_told_otherwise(field)) else {
            return Ok(());
        };
        let is_paragraph = item.has_other(field, index);
        let Some(part) = item.part(field, index).filter(|_| !more.is_empty()) else { return Ok(()) };
        let is_next = part.told.is_empty() && is_paragraph;
        part.told.push_str(more);
        self.enter(at, field, index, pieces);
        match field {
            Field::Text => self.blocks.text(more, pieces),
            Field::Refusal => self.blocks.refusal(more, pieces),
            Field::Summary | Field::Thinking => {
                if is_next {
                    self.blocks.thinking(PARAGRAPH, pieces);
                }
                self.blocks.thinking(more, pieces);
            }
            Field::Arguments => return self.call(at, more, pieces),
            Field::Input => return self.call(at, &escaped(more), pieces),
        }
        Ok(())
    }

    /// What is known of a call, and more of its arguments.
    fn call(&mut self, at: usize, arguments: &str, pieces: &mut Vec<Piece>) -> Result<(), ClientError> {
        if self.furthest < Some(at) {
            self.leave(pieces);
            self.furthest = Some(at);
        }
        let Some(item) = self.list.get_mut(at) else { return Ok(()) };
        let begins = item.kind == Kind::Custom && !std::mem::replace(&mut item.wrapped, true);
        let begin = if begins { WRAPPER.0 } else { "" };
        let arguments = format!("{begin}{arguments}");
        let delta = Delta { index: Some(at as u64), id: &item.call_id, name: &item.name, arguments };
        self.blocks.tool(&delta, 0, 1, pieces)
    }

    /// Nothing more of it comes. Of a call the client has to hear even if it has no arguments.
    fn close(&mut self, at: usize, pieces: &mut Vec<Piece>) -> Result<(), ClientError> {
        let Some(item) = self.list.get(at).filter(|item| !item.done) else { return Ok(()) };
        match item.kind {
            Kind::Function => self.call(at, "", pieces),
            Kind::Custom => self.call(at, WRAPPER.1, pieces),
            Kind::Message | Kind::Reasoning | Kind::Silent => Ok(()),
        }
    }

    /// What the provider needs back with its thinking; where something else came meanwhile, it would be out of
    /// place.
    fn sign(&mut self, at: usize, encrypted: &str, pieces: &mut Vec<Piece>) {
        if !encrypted.is_empty() && self.furthest.is_none_or(|furthest| furthest <= at) {
            if self.current.is_some_and(|(current, ..)| current != at) {
                self.leave(pieces);
            }
            self.furthest = Some(at);
            self.current = None;
            self.blocks.signature(encrypted, pieces);
        }
    }

    /// What comes next is of this part.
    fn enter(&mut self, at: usize, field: Field, index: u64, pieces: &mut Vec<Piece>) {
        let next = (at, field, index);
        // The parts of one reasoning are signed as one.
        let goes_on = |(current, of, _)| current == at && of == field && field.kind() == Kind::Reasoning;
        if self.current != Some(next) && !self.current.is_some_and(goes_on) {
            self.leave(pieces);
        }
        self.current = Some(next);
        self.furthest = self.furthest.max(Some(at));
    }

    /// What comes next is not of the current part.
    fn leave(&mut self, pieces: &mut Vec<Piece>) {
        let Some((at, field, index)) = self.current.take() else { return };
        let part = self.list.get_mut(at).and_then(|item| item.part(field, index));
        for citation in part.map(|part| std::mem::take(&mut part.citations)).unwrap_or_default() {
            self.blocks.citation(citation, pieces);
        }
        self.blocks.pause(pieces);
    }
}

/// As it is within a string of JSON. Each piece of a text can be escaped on its own.
fn escaped(text: &str) -> String {
    let quoted = Value::from(text).to_string();
    quoted.get(1..quoted.len() - 1).unwrap_or_default().to_owned()
}
