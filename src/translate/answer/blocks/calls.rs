//! The calls of an answer.
//!
//! OpenAI numbers the calls of a stream (`index`) and tells id and name with the first delta of each. Other
//! servers number none or all of them 0, repeat the id in each delta or make a new one up for each, tell the
//! name later, or send an answer's calls whole. So a delta's call is found by what it has, index before id
//! before position; and it is another call than the one in its place only if it cannot be the same.

use serde_json::Value;

use super::arguments::Arguments;
use crate::{
    translate::{
        Memo,
        answer::{Piece, faults::broken},
    },
    wire::error::ClientError,
};

/// Most calls of one answer; models make a dozen.
const CALLS_MAX: usize = 256;
/// Most bytes of arguments of one answer. A model writes at most 128 k tokens of about four bytes each; this
/// is sixteen times that.
pub(in super::super) const BYTES_MAX: usize = 8 << 20;

/// See the module documentation.
#[derive(Debug)]
pub(super) struct Calls {
    list: Vec<Call>,
    begun: usize,
    bytes: usize,
    /// Those that the current delta has had an entry for.
    seen: Vec<usize>,
    /// Of the request; ids are made of it where there are none.
    request: String,
}

#[derive(Debug, Default)]
struct Call {
    index: Option<u64>,
    /// As the provider sent it, maybe empty; `sent_id` is what the client was told.
    id: String,
    sent_id: String,
    name: String,
    arguments: Arguments,
    /// Its number among those that have begun.
    number: Option<usize>,
    ended: bool,
}

/// What a delta says of a call.
pub(in super::super) struct Delta<'a> {
    pub(in super::super) index: Option<u64>,
    pub(in super::super) id: &'a str,
    pub(in super::super) name: &'a str,
    pub(in super::super) arguments: String,
}

impl<'a> Delta<'a> {
    /// An element of Chat's `tool_calls`.
    pub(in super::super) fn read(entry: &'a Value) -> Self {
        let text = |pointer| entry.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
        let arguments = match entry.pointer("/function/arguments") {
            None | Some(Value::Null) => String::new(),
            Some(Value::String(text)) => text.clone(),
            Some(other) => other.to_string(),
        };
        Self {
            index: entry.get("index").and_then(Value::as_u64),
            id: text("/id"),
            name: text("/function/name"),
            arguments,
        }
    }
}

impl Calls {
    pub(super) fn new(memo: &Memo) -> Self {
        Self { list: Vec::new(), begun: 0, bytes: 0, seen: Vec::new(), request: memo.id.clone() }
    }

    /// How many have begun.
    pub(super) fn begun(&self) -> usize {
        self.begun
    }

    /// Whether one has begun and not ended.
    pub(super) fn is_any_open(&self) -> bool {
        self.list.iter().any(|call| call.number.is_some() && !call.ended)
    }

    /// Whether nothing is missing of any of them.
    pub(super) fn are_whole(&self) -> bool {
        self.list.iter().all(|call| call.arguments.is_nothing() || call.arguments.is_whole())
    }

    /// Takes in the delta at `position` of the `count` that came at once; [`Self::is_due`] and [`Self::write`] follow
    /// for the call that it returns.
    pub(super) fn take(
        &mut self,
        delta: &Delta<'_>,
        position: usize,
        count: usize,
    ) -> Result<usize, ClientError> {
        if position == 0 {
            self.seen.clear();
        }
        let at = match self.find(delta, position, count) {
            Some(at) => at,
            None if self.list.len() < CALLS_MAX => {
                self.list.push(Call { index: delta.index, ..Call::default() });
                self.list.len() - 1
            }
            None => return Err(broken("The provider's answer has too many tool calls")),
        };
        self.seen.push(at);
        let Some(call) = self.list.get_mut(at) else { return Ok(at) };
        if call.id.is_empty() {
            delta.id.clone_into(&mut call.id);
        }
        if call.name.is_empty() {
            delta.name.clone_into(&mut call.name);
        }
        if call.ended {
            let late = delta.arguments.trim();
            if late.is_empty() || call.arguments.is_repeated_by(late) || is_no_object(late) {
                return Ok(at);
            }
            return Err(broken("The provider went on with a tool call that was complete"));
        }
        let before = call.arguments.len();
        call.arguments.add(&delta.arguments);
        self.bytes = self.bytes.saturating_add(call.arguments.len().saturating_sub(before));
        if self.bytes > BYTES_MAX {
            return Err(broken("The provider's tool calls are too large"));
        }
        Ok(at)
    }

    /// Whether a call can be begun and has not been: its name is known.
    pub(super) fn is_due(&self, at: usize) -> bool {
        self.list.get(at).is_some_and(|call| call.number.is_none() && !call.name.is_empty())
    }

    /// Sends what is known of a call and has not been sent.
    pub(super) fn write(&mut self, at: usize, pieces: &mut Vec<Piece>) {
        if self.is_due(at) {
            self.begin(at, pieces);
        }
        let Some(call) = self.list.get_mut(at) else { return };
        let Some(number) = call.number.filter(|_| !call.ended) else { return };
        if let Some(json) = call.arguments.take() {
            pieces.push(Piece::Arguments { call: number, json });
        }
    }

    /// Ends the calls of which nothing is missing.
    pub(super) fn end_whole(&mut self, pieces: &mut Vec<Piece>) {
        self.end(pieces, |call| call.arguments.is_whole());
    }

    /// Ends those as well that have no arguments.
    pub(super) fn end_settled(&mut self, pieces: &mut Vec<Piece>) {
        self.end(pieces, |call| call.arguments.is_whole() || call.arguments.is_nothing());
    }

    /// Ends the one with this number of the provider's, whatever its arguments are.
    pub(super) fn end_one(&mut self, index: u64, pieces: &mut Vec<Piece>) {
        self.end(pieces, |call| call.index == Some(index));
    }

    /// Ends all. A call without a name cannot be made; without arguments as well, it is none.
    pub(super) fn end_all(&mut self, pieces: &mut Vec<Piece>) -> Result<(), ClientError> {
        self.end(pieces, |_| true);
        match self.list.iter().find(|call| call.number.is_none() && !call.arguments.is_nothing()) {
            Some(_) => Err(broken("The provider sent a tool call without a name")),
            None => Ok(()),
        }
    }

    fn end(&mut self, pieces: &mut Vec<Piece>, is_due: impl Fn(&Call) -> bool) {
        for call in &mut self.list {
            let Some(number) = call.number.filter(|_| !call.ended && is_due(call)) else {
                continue;
            };
            if call.arguments.is_nothing() {
                pieces.push(Piece::Arguments { call: number, json: "{}".to_owned() });
            }
            pieces.push(Piece::CallEnd { call: number });
            call.ended = true;
        }
    }

    fn begin(&mut self, at: usize, pieces: &mut Vec<Piece>) {
        let number = self.begun;
        let Some(id) = self.list.get(at).map(|call| call.id.clone()) else { return };
        let is_free = !id.is_empty() && self.list.iter().all(|call| call.sent_id != id);
        // Made of the request and the number, it is the same wherever the stream is cut.
        let id = if is_free { id } else { format!("call_{}_{number}", self.request) };
        let Some(call) = self.list.get_mut(at) else { return };
        call.sent_id.clone_from(&id);
        call.number = Some(number);
        self.begun += 1;
        pieces.push(Piece::Call { call: number, id, name: call.name.clone() });
    }

    /// The call that a delta goes on with.
    fn find(&self, delta: &Delta<'_>, position: usize, count: usize) -> Option<usize> {
        let last = self.list.len().checked_sub(1);
        let by_id = || self.list.iter().rposition(|call| !delta.id.is_empty() && call.id == delta.id);
        let at = match delta.index {
            Some(index) => self.list.iter().rposition(|call| call.index == Some(index)),
            None if count > 1 => by_id().or((position < self.list.len()).then_some(position)),
            None => by_id().or(last),
        }
        // Entries without a number are of one call each.
        .filter(|at| delta.index.is_some() || !self.seen.contains(at))?;
        self.list.get(at).filter(|call| !is_another(call, delta)).map(|_| at)
    }
}

/// Whether a delta in the place of `call` begins another one.
fn is_another(call: &Call, delta: &Delta<'_>) -> bool {
    let is_done = call.ended || call.arguments.is_whole();
    let named_again = !delta.name.is_empty() && !call.name.is_empty();
    let numbered = delta.index.is_some();
    match (call.id.as_str(), delta.id) {
        (known, new) if known == new && !new.is_empty() => false,
        // Servers that make up an id for each delta do not repeat the name with it.
        (known, new) if !known.is_empty() && !new.is_empty() => is_done || !delta.name.is_empty(),
        ("", new) if !new.is_empty() && !numbered => named_again,
        _ if delta.name != call.name => named_again && (is_done || !numbered),
        _ => {
            let again = delta.arguments.trim();
            named_again && is_done && !again.is_empty() && !call.arguments.is_repeated_by(again)
        }
    }
}

/// What stands for no arguments.
fn is_no_object(arguments: &str) -> bool {
    matches!(arguments, "{}" | "null")
}
