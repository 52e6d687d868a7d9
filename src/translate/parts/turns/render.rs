//! Writing a conversation down.

use serde_json::{Value, json};

use super::{Assistant, Call, Rules, Turn, Turns, is_a, is_thinking, text, text_of};
use crate::translate::{Notes, parts::fields};

/// The user's first words where a client has none.
const BEGINNING: &str = "[The conversation begins here.]";
/// The user's last words where the assistant may not have them.
const GO_ON: &str = "Continue.";
const NO_RESULT: &str = "There is no result of this call.";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Role {
    User,
    Assistant,
    System,
}

#[derive(Debug)]
struct Message {
    role: Role,
    content: Vec<Value>,
}

impl Turns {
    /// `messages` in Anthropic's format.
    pub fn finish(self, rules: Rules, notes: &mut Notes) -> Vec<Value> {
        if self.orphans {
            notes.add("tool result without its call became user text");
        }
        let mut messages = Vec::new();
        for turn in self.list {
            match turn {
                Turn::User(blocks) => add(&mut messages, Role::User, blocks),
                Turn::System(blocks) => add(&mut messages, Role::System, blocks),
                Turn::Assistant(turn) => add_assistant(&mut messages, turn, rules, notes),
            }
        }
        let mut messages = place_system(messages, rules, notes);
        end_with(&mut messages, rules, notes);
        if messages.first().is_none_or(|first| first.role != Role::User) {
            messages.insert(0, Message { role: Role::User, content: vec![text(BEGINNING)] });
        }
        messages.into_iter().map(Message::into_json).collect()
    }
}

/// Adds to the last message of the role, or as a message of its own.
fn add(messages: &mut Vec<Message>, role: Role, content: Vec<Value>) {
    match messages.last_mut() {
        _ if content.is_empty() => {}
        Some(last) if last.role == role => last.content.extend(content),
        _ => messages.push(Message { role, content }),
    }
}

/// The turn, its calls last, and the results of all of them at the beginning of the user turn after it.
fn add_assistant(messages: &mut Vec<Message>, turn: Assistant, rules: Rules, notes: &mut Notes) {
    let Assistant { mut blocks, calls } = turn;
    if !rules.thinking && blocks.iter().any(is_thinking) {
        notes.add("thinking dropped from the history");
        blocks.retain(|block| !is_thinking(block));
    }
    // A turn must not end in thinking; without calls what is left of it would.
    while calls.is_empty() && blocks.last().is_some_and(is_thinking) {
        blocks.pop();
    }
    let mut results = Vec::with_capacity(calls.len());
    for Call { id, block, result } in calls {
        blocks.push(block);
        results.push(result.unwrap_or_else(|| {
            notes.add("missing tool result made up");
            json!({ "type": "tool_result", "tool_use_id": id, "content": NO_RESULT, "is_error": true })
        }));
    }
    add(messages, Role::Assistant, blocks);
    add(messages, Role::User, results);
}

/// Leaves system messages where Anthropic takes them (after a user turn, and last or before an assistant
/// turn), and makes the others user text.
fn place_system(messages: Vec<Message>, rules: Rules, notes: &mut Notes) -> Vec<Message> {
    let mut placed: Vec<Message> = Vec::with_capacity(messages.len());
    let mut rest = messages.into_iter().peekable();
    while let Some(Message { role, content }) = rest.next() {
        let stands = rules.mid_system
            && placed.last().is_some_and(|before| before.role == Role::User)
            && rest.peek().is_none_or(|after| after.role == Role::Assistant);
        if role == Role::System && !stands {
            notes.add("system message in the middle became user text");
            add(&mut placed, Role::User, content.into_iter().map(marked).collect());
        } else {
            add(&mut placed, role, content);
        }
    }
    placed
}

fn marked(mut block: Value) -> Value {
    let whole = text_of(&block).map(|text| format!("<system>\n{text}\n</system>"));
    if let (Some(whole), Some(text)) = (whole, block.get_mut("text")) {
        *text = whole.into();
    }
    block
}

/// What the last message may be.
fn end_with(messages: &mut Vec<Message>, rules: Rules, notes: &mut Notes) {
    let Some(last) = messages.last_mut().filter(|last| last.role == Role::Assistant) else { return };
    if !rules.prefill {
        notes.add("assistant message at the end followed by a user message: the model does not continue it");
        return add(messages, Role::User, vec![text(GO_ON)]);
    }
    // An answer that is begun is one without thinking.
    last.content.retain(|block| !is_thinking(block));
    if let Some(Value::String(text)) =
        last.content.last_mut().filter(|block| is_a(block, "text")).and_then(|block| block.get_mut("text"))
    {
        text.truncate(text.trim_end().len());
    }
}

impl Message {
    fn into_json(self) -> Value {
        let role = match self.role {
            Role::User => "user",
            Role::Assistant => "assistant",
            Role::System => "system",
        };
        fields::object_of([("role", role.into()), ("content", self.content.into())])
    }
}
