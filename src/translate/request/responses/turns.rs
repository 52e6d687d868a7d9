//! Items gathered into turns that every provider takes.
//!
//! Responses clients send what happened as it happened: thinking, texts and calls are items of their own, and
//! messages may come between a call and its output. The other formats know turns: all that the model said up
//! to its calls, then the results of all of these, and only then whatever came meanwhile. A call without an
//! output and an output without a call are errors there, so both are repaired.

use std::collections::{BTreeMap, VecDeque};

use super::{
    content::Part,
    items::{Item, Output, Reasoning},
};
use crate::translate::{Notes, tools::ClientTool};

/// See the module documentation.
#[derive(Clone, Debug, PartialEq)]
pub enum Turn {
    System(Vec<Part>),
    User(Vec<Part>),
    /// It said something or called something. Followed by `Results` if and only if it has calls.
    Assistant(Assistant),
    /// One for each call of the turn before, in the order of the calls, with their ids.
    Results(Vec<Output>),
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Assistant {
    /// In order; the calls come after all of it.
    pub said: Vec<Said>,
    pub calls: Vec<Call>,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Said {
    Thinking(Reasoning),
    /// With something to read in it.
    Text(String),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// Unique in the conversation.
    pub id: String,
    pub tool: ClientTool,
    /// JSON text, as the model wrote it.
    pub arguments: String,
}

/// What is said before an output whose call is gone.
const ORPHAN: &str = "[Result of a tool call that is not in this conversation]";

/// What a call's result says if the client sent none.
const UNANSWERED: &str = "There is no result of this call.";

pub fn gather(items: Vec<Item>, notes: &mut Notes) -> Vec<Turn> {
    let mut gatherer = Gatherer::default();
    for item in &items {
        if let Item::Output(output) = item {
            *gatherer.to_come.entry(output.id.clone()).or_default() += 1;
        }
    }
    for item in items {
        gatherer.item(item, notes);
    }
    gatherer.close(notes);
    gatherer.turns
}

#[derive(Default)]
struct Gatherer {
    /// How many outputs of a call id are still to come.
    to_come: BTreeMap<String, usize>,
    turns: Vec<Turn>,
    open: Option<Open>,
    /// Of calls, as they are sent on; each with the last number that was tried for another call of that id.
    ids: BTreeMap<String, usize>,
}

/// A turn of the assistant that may still go on.
#[derive(Default)]
struct Open {
    said: Vec<Said>,
    calls: Vec<(Call, Option<Output>)>,
    /// Calls without an output yet, by the id that the client gave them, first come first served.
    unanswered: BTreeMap<String, VecDeque<usize>>,
    /// How many of them will be answered.
    awaited: usize,
    answered: bool,
    /// What came while outputs were awaited.
    meanwhile: Vec<Turn>,
}

impl Gatherer {
    fn item(&mut self, item: Item, notes: &mut Notes) {
        match item {
            Item::System(parts) => self.other(Turn::System(parts), notes),
            Item::User(parts) => self.other(Turn::User(parts), notes),
            Item::Assistant(text) => {
                if !text.trim().is_empty() {
                    self.assistant(notes).said.push(Said::Text(text));
                }
            }
            Item::Reasoning(reasoning) => self.assistant(notes).said.push(Said::Thinking(reasoning)),
            Item::Call { id, tool, arguments } => self.call(id, tool, arguments, notes),
            Item::Output(output) => self.output(output, notes),
        }
    }

    /// The turn that the assistant is in: the open one, unless its calls are answered.
    fn assistant(&mut self, notes: &mut Notes) -> &mut Open {
        if self.open.as_ref().is_some_and(|open| open.answered && open.awaited == 0) {
            self.close(notes);
        }
        self.open.get_or_insert_default()
    }

    /// A turn that is not the assistant's.
    fn other(&mut self, turn: Turn, notes: &mut Notes) {
        if matches!(&turn, Turn::System(parts) | Turn::User(parts) if parts.is_empty()) {
            return;
        }
        match &mut self.open {
            Some(open) if open.awaited > 0 => open.meanwhile.push(turn),
            _ => {
                self.close(notes);
                self.turns.push(turn);
            }
        }
    }

    fn call(&mut self, id: String, tool: ClientTool, arguments: String, notes: &mut Notes) {
        let unique = self.unique(&id);
        let to_come = self.to_come.get(&id).copied().unwrap_or_default();
        let open = self.assistant(notes);
        let number = open.calls.len();
        open.calls.push((Call { id: unique, tool, arguments }, None));
        let unanswered = open.unanswered.entry(id).or_default();
        unanswered.push_back(number);
        open.awaited += usize::from(unanswered.len() <= to_come);
    }

    fn output(&mut self, output: Output, notes: &mut Notes) {
        if let Some(to_come) = self.to_come.get_mut(&output.id) {
            *to_come = to_come.saturating_sub(1);
        }
        match self.open.as_mut().and_then(|open| open.answer(&output.id)) {
            Some((call, answer)) => *answer = Some(Output { id: call.id.clone(), ..output }),
            None => {
                notes.add("tool outputs without their calls became user text");
                let mut parts = vec![Part::text(ORPHAN)];
                parts.extend(output.parts);
                self.other(Turn::User(parts), notes);
            }
        }
    }

    /// `id`, or one made of it if there is a call of that id already.
    fn unique(&mut self, id: &str) -> String {
        let mut unique = id.to_owned();
        // Goes on where it ended the last time, so that many of an id do not take ever longer.
        let mut number = self.ids.get(id).copied().unwrap_or(1);
        while self.ids.contains_key(&unique) {
            number = number.saturating_add(1);
            unique = format!("{id}_{number}");
        }
        self.ids.insert(unique.clone(), 1);
        self.ids.insert(id.to_owned(), number);
        unique
    }

    fn close(&mut self, notes: &mut Notes) {
        let Some(open) = self.open.take() else { return };
        let silent = open.calls.is_empty() && !open.said.iter().any(|said| matches!(said, Said::Text(_)));
        if silent {
            // Thinking that came to nothing; a turn of nothing else is refused.
            notes.add("reasoning without an answer dropped");
        } else {
            let (mut calls, mut results) = (Vec::new(), Vec::new());
            for (call, output) in open.calls {
                results.push(output.unwrap_or_else(|| {
                    notes.add("missing tool outputs made up");
                    Output { id: call.id.clone(), parts: vec![Part::text(UNANSWERED)], failed: true }
                }));
                calls.push(call);
            }
            self.turns.push(Turn::Assistant(Assistant { said: open.said, calls }));
            if !results.is_empty() {
                self.turns.push(Turn::Results(results));
            }
        }
        self.turns.extend(open.meanwhile);
    }
}

impl Open {
    /// The first unanswered call of an id, and where its output goes.
    fn answer(&mut self, id: &str) -> Option<(&Call, &mut Option<Output>)> {
        let number = self.unanswered.get_mut(id)?.pop_front()?;
        // Whatever comes first for an id is what was awaited.
        self.awaited = self.awaited.saturating_sub(1);
        self.answered = true;
        let (call, output) = self.calls.get_mut(number)?;
        Some((call, output))
    }
}
