//! The items of an answer: which one an event is about, and what of it has not been told.

use serde_json::Value;

use super::item::{Field, Item, Kind, Whole, kind_of, part_index, string, wholes};
use crate::{
    translate::{
        Memo,
        answer::{
            Piece, Stop,
            blocks::{BYTES_MAX, Blocks, Delta},
            faults::broken,
            fields::{member, number, text},
            finish::Finish,
        },
        tools::{ClientTool, Kind as ToolKind, ToolNames, upstream_name},
    },
    wire::error::ClientError,
};

/// Most items of one answer; the longest turns with the provider's own tools have a hundred.
const ITEMS_MAX: usize = 1024;
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
    /// Of all that is kept to tell what is new: texts, sources and names.
    bytes: usize,
}

impl Items {
    pub(super) fn new(memo: &Memo) -> Self {
        Self {
            list: Vec::new(),
            blocks: Blocks::new(memo),
            current: None,
            furthest: None,
            tools: memo.tools.clone(),
            bytes: 0,
        }
    }

    /// An item begins. What it has already is not final: it comes again.
    pub(super) fn add(&mut self, event: &Value, pieces: &mut Vec<Piece>) -> Result<(), ClientError> {
        let item = member(event, "item");
        let (kind, index) = (kind_of(item), number(event, "output_index"));
        let id = text(item, "id").unwrap_or_default();
        let known =
            self.list.iter().rposition(|known| !known.done && known.kind == kind && known.is(index, id));
        let at = match known {
            Some(at) => at,
            None => self.push(Item::new(kind, index, id))?,
        };
        self.name(at, item)?;
        match kind {
            Kind::Function | Kind::Custom => self.call(at, "", pieces),
            Kind::Message | Kind::Reasoning | Kind::Silent => Ok(()),
        }
    }

    /// An item is whole.
    pub(super) fn done(&mut self, event: &Value, pieces: &mut Vec<Piece>) -> Result<(), ClientError> {
        let item = member(event, "item");
        let (kind, index) = (kind_of(item), number(event, "output_index"));
        match self.find(kind, index, text(item, "id").unwrap_or_default())? {
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
        let Some(at) = self.find(field.kind(), index, id)? else { return Ok(()) };
        if is_delta {
            return self.grow(at, field, part_index(event), &string(member(event, "delta")), pieces);
        }
        self.name(at, event)?;
        self.fill(at, &Whole::of(field, part_index(event), event), pieces)
    }

    /// A part of a message is whole.
    pub(super) fn part(&mut self, event: &Value, pieces: &mut Vec<Piece>) -> Result<(), ClientError> {
        let id = text(event, "item_id").unwrap_or_default();
        match Whole::part(part_index(event), member(event, "part")) {
            Some(whole) => match self.find(Kind::Message, number(event, "output_index"), id)? {
                Some(at) => self.fill(at, &whole, pieces),
                None => Ok(()),
            },
            None => Ok(()),
        }
    }

    /// A source of a text.
    pub(super) fn cite(&mut self, event: &Value) -> Result<(), ClientError> {
        let id = text(event, "item_id").unwrap_or_default();
        let at = self.find(Kind::Message, number(event, "output_index"), id)?;
        let Some(item) = at.and_then(|at| self.list.get_mut(at)) else { return Ok(()) };
        let size = item.part(Field::Text, part_index(event))?.cite(member(event, "annotation"));
        self.keep(size)
    }

    /// The whole output, once more: what has not come in any other way comes now.
    pub(super) fn settle(&mut self, output: &[Value], pieces: &mut Vec<Piece>) -> Result<(), ClientError> {
        if output.len() > ITEMS_MAX {
            return Err(too_many());
        }
        let streamed = self.furthest.is_some();
        for (item, known) in output.iter().zip(self.pairs(output)) {
            let kind = kind_of(item);
            let at = match known {
                Some(at) => at,
                // Thinking that comes behind what it led to is of no use to anybody.
                None if kind == Kind::Reasoning && streamed => continue,
                None => self.push(Item::new(kind, None, text(item, "id").unwrap_or_default()))?,
            };
            self.complete(at, item, pieces)?;
        }
        Ok(())
    }

    /// Which of the items that are known each item of the whole output is.
    fn pairs(&self, output: &[Value]) -> Vec<Option<usize>> {
        let mut free = vec![true; self.list.len()];
        let mut claim = |is: &dyn Fn(&Item) -> bool| {
            let mut items = self.list.iter().zip(&mut free).enumerate();
            let (at, (_, free)) = items.find(|(_, (item, free))| **free && is(item))?;
            *free = false;
            Some(at)
        };
        let mut by_id = |item| {
            let (kind, id) = (kind_of(item), text(item, "id").unwrap_or_default());
            claim(&|known| known.kind == kind && known.is_called(id))
        };
        let mut pairs: Vec<Option<usize>> = output.iter().map(&mut by_id).collect();
        // Servers that make up ids keep the order.
        for (item, pair) in output.iter().zip(&mut pairs).filter(|(_, pair)| pair.is_none()) {
            let kind = kind_of(item);
            *pair = claim(&|known| known.kind == kind);
        }
        pairs
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

    fn push(&mut self, item: Item) -> Result<usize, ClientError> {
        let at = self.list.len();
        if at >= ITEMS_MAX {
            return Err(too_many());
        }
        self.keep(item.id.len())?;
        self.list.push(item);
        Ok(at)
    }

    /// Counts bytes that are kept until their item is whole, or longer.
    fn keep(&mut self, bytes: usize) -> Result<(), ClientError> {
        self.bytes = self.bytes.saturating_add(bytes);
        if self.bytes > BYTES_MAX {
            return Err(broken("The provider's answer is too large"));
        }
        Ok(())
    }

    /// The item that an event is about, which may be new; `None` if it is of no concern.
    fn find(&mut self, kind: Kind, index: Option<u64>, id: &str) -> Result<Option<usize>, ClientError> {
        let open = |item: &Item| !item.done && item.may_be(index, id);
        let is = |item: &Item| matches!(item.kind, Kind::Silent) || item.kind == kind;
        if let Some(at) = self.list.iter().rposition(|item| is(item) && open(item)) {
            return Ok(Some(at).filter(|_| self.list.get(at).is_some_and(|item| item.kind == kind)));
        }
        let again = self.list.iter().any(|item| item.kind == kind && item.is(index, id));
        (!again).then(|| self.push(Item::new(kind, index, id))).transpose()
    }

    /// Takes from an item or an event what a call is called.
    fn name(&mut self, at: usize, of: &Value) -> Result<(), ClientError> {
        let Some(item) = self.list.get_mut(at) else { return Ok(()) };
        let before = item.call_id.len() + item.name.len();
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
        let kept = item.call_id.len() + item.name.len() - before;
        self.keep(kept)
    }

    /// All of an item.
    fn complete(&mut self, at: usize, whole: &Value, pieces: &mut Vec<Piece>) -> Result<(), ClientError> {
        if self.list.get(at).is_none_or(|item| item.done) {
            return Ok(());
        }
        self.name(at, whole)?;
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
        let Some(item) = self.list.get_mut(at) else { return Ok(()) };
        let part = item.part(whole.field, whole.index)?;
        let size = part.cite_rest(whole.annotations);
        let rest = part.rest(&whole.text).to_owned();
        self.keep(size)?;
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
        self.keep(more.len())?;
        let item = self.list.get_mut(at).filter(|item| !more.is_empty() && !item.is_told_otherwise(field));
        let Some(item) = item else { return Ok(()) };
        let is_paragraph = item.has_other(field, index);
        let part = item.part(field, index)?;
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
        let item = self.list.get_mut(at);
        for citation in item.map(|item| item.take_citations(field, index)).unwrap_or_default() {
            self.blocks.citation(citation, pieces);
        }
        self.blocks.pause(pieces);
    }
}

fn too_many() -> ClientError {
    broken("The provider's answer has too many items")
}

/// As it is within a string of JSON. Each piece of a text can be escaped on its own.
fn escaped(text: &str) -> String {
    let quoted = Value::from(text).to_string();
    quoted.get(1..quoted.len() - 1).unwrap_or_default().to_owned()
}
