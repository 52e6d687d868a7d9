//! The order of a Chat conversation.
//!
//! After an assistant's calls come the tools' messages, all of them, in the order of the calls, and nothing
//! between: media that tools returned, system messages and the user's own words follow. A call whose result
//! is missing gets one that says so; a result whose call is missing becomes the user's words. Turns of a kind
//! in a row are one, as they are to Anthropic: chat templates insist on taking turns.

use std::collections::{BTreeMap, VecDeque};

use serde_json::{Value, json};

use super::{
    assistant::{Assistant, assistant},
    content::{Part, content, parts},
    effort,
    field::{Under, object_of},
    result::{ToolResult, result},
    system,
    turns::{Role, Turn, turn},
    work::Work,
};
use crate::translate::Refusal;

/// The messages in Chat's words, without the system prompt.
pub(super) fn messages(list: Vec<Value>, work: &mut Work<'_>) -> Result<Vec<Value>, Refusal> {
    let mut conversation = Conversation::default();
    for (index, message) in list.into_iter().enumerate() {
        conversation.message(message, work).under(|| format!("[{index}]"))?;
    }
    conversation.end(work)
}

#[derive(Default)]
struct Conversation {
    done: Vec<Line>,
    /// The last assistant turn's calls, in order.
    calls: Vec<Pending>,
    /// Where in `calls` an id is; the same id twice is answered in order.
    by_id: BTreeMap<String, VecDeque<usize>>,
    /// Whether one of them has its result.
    answered: bool,
    /// What came after the last assistant turn, besides results; nothing empty.
    rest: Vec<Rest>,
}

enum Line {
    System(String),
    User(Vec<Part>),
    Assistant(Assistant),
    Tool { id: String, said: Vec<Part> },
}

struct Pending {
    id: String,
    result: Option<ToolResult>,
}

enum Rest {
    System(String),
    Parts(Vec<Part>),
}

impl Conversation {
    fn message(&mut self, message: Value, work: &mut Work<'_>) -> Result<(), Refusal> {
        let Turn { role, blocks, output_config } = turn(message)?;
        match role {
            Role::User => {
                for mut block in blocks {
                    if block.kind == "tool_result" {
                        let index = block.index;
                        let result = result(&mut block.fields, work).under(|| format!("content[{index}]"))?;
                        self.result(result, work);
                    } else {
                        let parts = parts(block, work).under(|| "content".to_owned())?;
                        if !parts.is_empty() {
                            self.rest.push(Rest::Parts(parts));
                        }
                    }
                }
            }
            Role::Assistant => {
                for assistant in assistant(blocks, work).under(|| "content".to_owned())? {
                    self.assistant(assistant, work);
                }
            }
            Role::System => {
                let asked = output_config.map(|mut config| effort::named(&mut config, work)).transpose();
                work.turn_effort = asked.under(|| "output_config".to_owned())?.flatten().or(work.turn_effort);
                let text = system::message(blocks, work).under(|| "content".to_owned())?;
                if !text.is_empty() {
                    self.rest.push(Rest::System(text));
                }
            }
        }
        Ok(())
    }

    fn result(&mut self, result: ToolResult, work: &mut Work<'_>) {
        let place = self.by_id.get_mut(&result.id).and_then(VecDeque::pop_front);
        if let Some(pending) = place.and_then(|place| self.calls.get_mut(place)) {
            pending.result = Some(result);
            self.answered = true;
            return;
        }
        work.note("tool_result without its tool_use became text");
        let label = format!("[Result of tool call {}]", result.id);
        let mut parts = result.said;
        match parts.first_mut() {
            Some(Part::Text(text)) => *text = format!("{label}\n{text}"),
            _ => parts.insert(0, Part::Text(label)),
        }
        parts.extend(result.media);
        self.rest.push(Rest::Parts(parts));
    }

    fn assistant(&mut self, next: Assistant, work: &mut Work<'_>) {
        let between = self.answered || !self.rest.is_empty();
        if next.is_empty() && (between || self.done.is_empty()) {
            work.note("assistant turns without text or calls dropped");
            return;
        }
        let ids: Vec<String> = next.calls.iter().map(|call| call.id.clone()).collect();
        match self.done.last_mut() {
            Some(Line::Assistant(_)) if !between && work.responses => self.done.push(Line::Assistant(next)),
            Some(Line::Assistant(last)) if !between => last.merge(next),
            _ => {
                self.take_turns(work);
                self.done.push(Line::Assistant(next));
            }
        }
        for id in ids {
            self.by_id.entry(id.clone()).or_default().push_back(self.calls.len());
            self.calls.push(Pending { id, result: None });
        }
    }

    /// Writes down everything since the last assistant turn.
    fn take_turns(&mut self, work: &mut Work<'_>) {
        self.by_id.clear();
        self.answered = false;
        let mut user = Vec::new();
        for Pending { id, result } in std::mem::take(&mut self.calls) {
            let (said, media) = match result {
                Some(result) => (result.said, result.media),
                None => {
                    work.note("missing tool_result made up");
                    (vec![Part::Text("Error: the tool gave no result".to_owned())], Vec::new())
                }
            };
            if !media.is_empty() {
                user.push(Part::Text(format!("[Media of tool call {id}:]")));
                user.extend(media);
            }
            self.done.push(Line::Tool { id, said });
        }
        for rest in std::mem::take(&mut self.rest) {
            match rest {
                Rest::Parts(parts) => user.extend(parts),
                Rest::System(text) if system::anywhere(work) => {
                    self.user(std::mem::take(&mut user));
                    self.done.push(Line::System(text));
                }
                Rest::System(text) => {
                    work.note("system messages in the conversation became the user's, marked");
                    user.push(Part::Text(format!("<system>\n{text}\n</system>")));
                }
            }
        }
        self.user(user);
    }

    fn user(&mut self, parts: Vec<Part>) {
        if !parts.is_empty() {
            self.done.push(Line::User(parts));
        }
    }

    fn end(mut self, work: &mut Work<'_>) -> Result<Vec<Value>, Refusal> {
        self.take_turns(work);
        if let Some(Line::Assistant(last)) = self.done.last()
            && last.calls.is_empty()
        {
            if work.traits().prefill {
                work.note("the begun answer may be answered instead of continued");
            } else {
                work.note("the begun answer is followed by a request to continue");
                self.done.push(Line::User(vec![Part::Text("Continue.".to_owned())]));
            }
        }
        if self.done.is_empty() {
            return Err(Refusal::new("", "must hold at least one message that says something"));
        }
        let system_role = system::role(work);
        let write = |line| match line {
            Line::System(text) => said(system_role, Value::String(text)),
            Line::User(parts) => said("user", content(parts)),
            Line::Assistant(assistant) => assistant.message(work),
            Line::Tool { id, said } => object_of([
                ("role", json!("tool")),
                ("tool_call_id", Value::String(id)),
                ("content", content(said)),
            ]),
        };
        Ok(self.done.into_iter().map(write).collect())
    }
}

fn said(role: &str, content: Value) -> Value {
    object_of([("role", json!(role)), ("content", content)])
}
