//! A conversation in Anthropic's format, which holds its rules whatever a client's history looks like.
//!
//! What is pushed is kept in the client's order; [`Turns::finish`] writes it down so that
//! - roles alternate, and the user is first;
//! - no text is empty or blank;
//! - the calls of a turn come last in it, and directly after it comes a user turn that begins with all of
//!   their results, wherever the client had them; a missing one is made up, one without its call is text;
//! - each call has an id of its own, in Anthropic's alphabet;
//! - a system message in the middle stands only where Anthropic takes one, otherwise it is marked user text;
//! - the last turn is the user's where answers cannot be begun, and ends in no blank otherwise.

mod ids;
mod render;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use super::{cache, fields};
use ids::Ids;

/// A conversation that is being put together.
#[derive(Debug, Default)]
pub struct Turns {
    list: Vec<Turn>,
    ids: Ids,
    /// Calls without a result: by the client's id, where they are, in order.
    open: BTreeMap<String, Vec<Place>>,
    /// Names of the tools that were called.
    names: BTreeSet<String>,
    orphans: bool,
}

/// What [`Turns::finish`] may write.
#[derive(Clone, Copy, Debug)]
pub struct Rules {
    /// Messages with the role `system`.
    pub mid_system: bool,
    /// An assistant's message at the end.
    pub prefill: bool,
    /// Thinking blocks.
    pub thinking: bool,
}

/// The result of a call.
#[derive(Clone, Debug, Default)]
pub struct ToolResult {
    /// The call's id, as the client wrote it.
    pub id: String,
    /// Blocks, as a `tool_result` takes them.
    pub content: Vec<Value>,
    pub is_error: bool,
    /// `cache_control`.
    pub control: Option<Value>,
}

#[derive(Debug)]
enum Turn {
    User(Vec<Value>),
    Assistant(Assistant),
    System(Vec<Value>),
}

#[derive(Debug, Default)]
struct Assistant {
    blocks: Vec<Value>,
    calls: Vec<Call>,
}

impl Assistant {
    fn goes_on(&self) -> bool {
        self.calls.iter().all(|call| call.result.is_none())
    }
}

/// A `tool_use` and, once it is known, its `tool_result`.
#[derive(Debug)]
struct Call {
    id: String,
    block: Value,
    result: Option<Value>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Place {
    turn: usize,
    call: usize,
}

impl Turns {
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// The user's blocks.
    pub fn user(&mut self, blocks: Vec<Value>) {
        let blocks = without_blanks(blocks);
        match self.list.last_mut() {
            _ if blocks.is_empty() => {}
            Some(Turn::User(last)) => last.extend(blocks),
            _ => self.list.push(Turn::User(blocks)),
        }
    }

    /// A system message that is not at the beginning: text blocks.
    pub fn system(&mut self, blocks: Vec<Value>) {
        let blocks = without_blanks(blocks);
        match self.list.last_mut() {
            _ if blocks.is_empty() => {}
            Some(Turn::System(last)) => last.extend(blocks),
            _ => self.list.push(Turn::System(blocks)),
        }
    }

    /// The assistant's blocks, calls excepted.
    pub fn assistant(&mut self, blocks: Vec<Value>) {
        let more = without_blanks(blocks);
        if more.is_empty() {
            return;
        }
        self.in_assistant_turn(|_, turn| turn.blocks.extend(more));
    }

    /// A call: `id` as the client wrote it, `name` as the provider knows the tool.
    pub fn call(&mut self, id: &str, name: &str, input: Value, control: Option<Value>) {
        let own = self.ids.give(id);
        self.names.insert(name.to_owned());
        let mut block = fields::object_of([
            ("type", "tool_use".into()),
            ("id", own.as_str().into()),
            ("name", name.into()),
            ("input", input),
        ]);
        if let Some(control) = control {
            cache::mark(&mut block, control);
        }
        let mut place = Place::default();
        self.in_assistant_turn(|at, turn| {
            place = Place { turn: at, call: turn.calls.len() };
            turn.calls.push(Call { id: own, block, result: None });
        });
        self.open.entry(id.to_owned()).or_default().push(place);
    }

    /// A result, which goes to its call. Of several open calls with its id, to the first of the last turn.
    pub fn result(&mut self, result: ToolResult) {
        let Some(place) = self.take_open(&result.id) else { return self.orphan(result) };
        let call = match self.list.get_mut(place.turn) {
            Some(Turn::Assistant(turn)) => turn.calls.get_mut(place.call),
            _ => None,
        };
        if let Some(call) = call {
            call.result = Some(result_block(&call.id, result));
        }
    }

    /// Whether the answer would go on with a turn that called tools and did not begin with thinking: what was
    /// thought later on does not count.
    pub fn loop_is_bare(&self) -> bool {
        let assistants = self.list.iter().rev().filter_map(|turn| match turn {
            Turn::Assistant(turn) => Some(turn),
            _ => None,
        });
        let first = assistants.take_while(|turn| !turn.calls.is_empty()).last();
        first.is_some_and(|turn| !turn.blocks.first().is_some_and(is_thinking))
    }

    /// Names of the tools that were called, in the order of the alphabet.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.names.iter().map(String::as_str)
    }

    /// Changes the turn that the assistant's next block belongs to, given its place. One whose calls have
    /// results is over.
    fn in_assistant_turn(&mut self, change: impl FnOnce(usize, &mut Assistant)) {
        let next = self.list.len();
        match self.list.last_mut() {
            Some(Turn::Assistant(last)) if last.goes_on() => change(next.saturating_sub(1), last),
            _ => {
                let mut turn = Assistant::default();
                change(next, &mut turn);
                self.list.push(Turn::Assistant(turn));
            }
        }
    }

    fn take_open(&mut self, id: &str) -> Option<Place> {
        let places = self.open.get_mut(id)?;
        let last = places.last()?.turn;
        let first_of_last = places.partition_point(|place| place.turn < last);
        let place = places.remove(first_of_last);
        if places.is_empty() {
            self.open.remove(id);
        }
        Some(place)
    }

    fn orphan(&mut self, result: ToolResult) {
        let content = without_blanks(result.content);
        if content.is_empty() {
            return;
        }
        self.orphans = true;
        let label = text("[Result of a tool call that is not in this conversation]");
        self.user(std::iter::once(label).chain(content).collect());
    }
}

fn result_block(id: &str, result: ToolResult) -> Value {
    let mut block = Map::new();
    block.insert("type".to_owned(), "tool_result".into());
    block.insert("tool_use_id".to_owned(), id.into());
    let content = without_blanks(result.content);
    if !content.is_empty() {
        block.insert("content".to_owned(), content.into());
    }
    if result.is_error {
        block.insert("is_error".to_owned(), true.into());
    }
    if let Some(control) = result.control {
        block.insert("cache_control".to_owned(), control);
    }
    Value::Object(block)
}

fn text(text: &str) -> Value {
    json!({ "type": "text", "text": text })
}

/// Anthropic refuses text that is empty or blank.
fn without_blanks(mut blocks: Vec<Value>) -> Vec<Value> {
    blocks.retain(|block| !text_of(block).is_some_and(|text| text.trim().is_empty()));
    blocks
}

fn text_of(block: &Value) -> Option<&str> {
    is_a(block, "text").then(|| block.get("text").and_then(Value::as_str)).flatten()
}

fn is_thinking(block: &Value) -> bool {
    is_a(block, "thinking") || is_a(block, "redacted_thinking")
}

fn is_a(block: &Value, kind: &str) -> bool {
    block.get("type").is_some_and(|value| value == kind)
}
