//! The conversation as items of `input`.
//!
//! The items keep the order of the messages: Responses looks for a call's output anywhere. A call without an
//! output gets one that says so, an output without its call becomes the user's words: OpenAI refuses both.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{
    content::{self, Of},
    thoughts,
};
use crate::translate::{
    Notes, Refusal, Scene,
    parts::{custom_tool, fields::object_of},
    request::{
        chat_messages::assistant::old_id,
        responses::fields::{Fields, refusal},
    },
    tools::{ClientTool, Kind, upstream_name},
};

const NO_RESULT: &str = "There is no result of this call.";

#[derive(Default)]
pub(super) struct Conversation {
    pub(super) instructions: Vec<String>,
    pub(super) items: Vec<Value>,
}

/// `all_in_input`: no instructions.
pub(super) fn write(
    list: Vec<Value>,
    all_in_input: bool,
    scene: &Scene<'_>,
    notes: &mut Notes,
) -> Result<Conversation, Refusal> {
    let mut writer =
        Writer { done: Conversation::default(), begun: all_in_input, calls: BTreeMap::new(), scene, notes };
    let unanswered = unanswered(&list);
    for ((at, message), missing) in list.into_iter().enumerate().zip(unanswered) {
        writer.message(Fields::of(message, format!("messages[{at}]"))?, missing)?;
    }
    writer.end()
}

/// The id of the call that a message is the result of.
fn answers(message: &Value) -> Option<String> {
    let text = |key: &str| message.get(key).and_then(Value::as_str);
    match text("role")? {
        "tool" => text("tool_call_id").map(str::to_owned),
        "function" => text("name").map(old_id),
        _ => None,
    }
}

/// The ids of the calls of an assistant's message, in order.
fn called(message: &Value) -> Vec<String> {
    if message.get("role").is_none_or(|role| role != "assistant") {
        return Vec::new();
    }
    let calls = message.get("tool_calls").and_then(Value::as_array).into_iter().flatten();
    let id = |call: &Value| call.get("id").and_then(Value::as_str).unwrap_or_default().to_owned();
    let old = message.pointer("/function_call/name").and_then(Value::as_str).map(old_id);
    calls.map(id).chain(old).collect()
}

/// Of each message, the calls that have no result. A result is of the last call before it that has its id and none
/// yet: some clients begin to count anew in each turn.
fn unanswered(list: &[Value]) -> Vec<Vec<String>> {
    let mut results: BTreeMap<String, usize> = BTreeMap::new();
    let mut all: Vec<Vec<String>> = Vec::with_capacity(list.len());
    for message in list.iter().rev() {
        if let Some(id) = answers(message) {
            *results.entry(id).or_default() += 1;
        }
        let mut ids = called(message);
        ids.retain(|id| match results.get_mut(id).filter(|left| **left > 0) {
            Some(left) => {
                *left -= 1;
                false
            }
            None => true,
        });
        all.push(ids);
    }
    all.reverse();
    all
}

struct Writer<'a, 's> {
    done: Conversation,
    /// Whether what the developer says next is in the middle of the conversation.
    begun: bool,
    /// The calls that have no output yet, by id; some histories give an id twice.
    calls: BTreeMap<String, Vec<Kind>>,
    scene: &'a Scene<'s>,
    notes: &'a mut Notes,
}

impl Writer<'_, '_> {
    /// `missing`: the calls of it that have no result.
    fn message(&mut self, mut message: Fields, missing: Vec<String>) -> Result<(), Refusal> {
        let role = message.text("role")?.unwrap_or_default();
        if role == "function" {
            return self.result(&old_id(&message.required_text("name")?), message);
        }
        if message.take("name").is_some() {
            self.notes.add("name of a message dropped");
        }
        match role.as_str() {
            "system" | "developer" => {
                let parts = self.content(&mut message, Of::System)?;
                self.developer(&role, parts);
            }
            "user" => {
                let parts = self.content(&mut message, Of::User)?;
                self.say("user", parts);
            }
            "assistant" => self.assistant(message, missing)?,
            "tool" => {
                let id = message.required_text("tool_call_id")?;
                self.result(&id, message)?;
            }
            _ => {
                let expected = "system, developer, user, assistant, tool or function";
                return Err(refusal(&message.at("role"), expected));
            }
        }
        Ok(())
    }

    fn content(&mut self, message: &mut Fields, of: Of) -> Result<Vec<Value>, Refusal> {
        content::read(message, of, self.scene, self.notes)
    }

    fn developer(&mut self, role: &str, parts: Vec<Value>) {
        // Behind ChatGPT there is no other role for it within the input.
        let role = if self.scene.traits.codex { "developer" } else { role };
        match content::plain(&parts).filter(|_| !self.begun) {
            Some(texts) if texts.iter().all(|text| text.trim().is_empty()) => {}
            Some(texts) => self.done.instructions.push(texts.join("\n\n")),
            None => self.say(role, parts),
        }
    }

    fn say(&mut self, role: &str, parts: Vec<Value>) {
        self.begun = true;
        if !parts.is_empty() {
            self.item(object_of([
                ("type", "message".into()),
                ("role", role.into()),
                ("content", Value::Array(parts)),
            ]));
        }
    }

    fn item(&mut self, item: Value) {
        self.done.items.push(item);
    }

    fn assistant(&mut self, mut message: Fields, missing: Vec<String>) -> Result<(), Refusal> {
        let thoughts = thoughts::items(&mut message, self.scene, self.notes);
        let mut said = self.content(&mut message, Of::Assistant)?;
        said.extend(message.text("refusal")?.map(|words| content::text(Of::Assistant, words)));
        said.retain(|part| part.get("text").is_none_or(|text| text != ""));
        if message.take("audio").is_some() {
            self.notes.add("audio of the history dropped");
        }
        let calls = calls(&mut message)?;
        // Nothing takes thinking without what was thought about.
        if !said.is_empty() || !calls.is_empty() {
            self.done.items.extend(thoughts);
        }
        self.say("assistant", said);
        for call in calls {
            self.call(call);
        }
        for id in missing {
            self.notes.add("missing tool result made up");
            self.output(&id, NO_RESULT.into());
        }
        Ok(())
    }

    fn call(&mut self, Call { id, name, said }: Call) {
        let (kind, said) = match said {
            Said::Text(input) if self.scene.traits.openai => (Kind::Custom, input),
            Said::Text(input) => (Kind::Function, custom_tool::wrapped(&input).to_string()),
            Said::Arguments(json) => (Kind::Function, json),
        };
        let (item, field) = match kind {
            Kind::Custom => ("custom_tool_call", "input"),
            Kind::Function => ("function_call", "arguments"),
        };
        self.item(object_of([
            ("type", item.into()),
            ("call_id", id.as_str().into()),
            ("name", name.into()),
            (field, said.into()),
        ]));
        self.calls.entry(id).or_default().push(kind);
    }

    fn result(&mut self, id: &str, mut message: Fields) -> Result<(), Refusal> {
        let mut parts = self.content(&mut message, Of::Tool)?;
        if self.calls.get(id).is_none_or(Vec::is_empty) {
            if !parts.is_empty() {
                self.notes.add("tool result without its call became user text");
                let label = "[Result of a tool call that is not in this conversation]";
                parts.insert(0, content::text(Of::User, label));
                self.say("user", parts);
            }
            return Ok(());
        }
        // Not all servers take parts, nor an empty text.
        let output = match content::plain(&parts).map(|texts| texts.join("\n")) {
            Some(text) if text.is_empty() && !self.scene.traits.openai => json!("(no output)"),
            Some(text) => Value::String(text),
            None => Value::Array(parts),
        };
        self.output(id, output);
        Ok(())
    }

    fn output(&mut self, id: &str, output: Value) {
        let kind = match self.calls.get_mut(id).and_then(Vec::pop) {
            Some(Kind::Custom) => "custom_tool_call_output",
            _ => "function_call_output",
        };
        self.item(object_of([("type", kind.into()), ("call_id", id.into()), ("output", output)]));
    }

    /// Where there is nothing but instructions, the last of them is what the user says.
    fn end(mut self) -> Result<Conversation, Refusal> {
        if self.done.items.is_empty() {
            let Some(last) = self.done.instructions.pop() else {
                return Err(Refusal::new("messages", "`messages` has no message that says something"));
            };
            self.say("user", vec![content::text(Of::User, last)]);
        }
        Ok(self.done)
    }
}

struct Call {
    id: String,
    /// The provider's.
    name: String,
    said: Said,
}

enum Said {
    /// JSON.
    Arguments(String),
    Text(String),
}

fn calls(message: &mut Fields) -> Result<Vec<Call>, Refusal> {
    let path = message.at("tool_calls");
    let mut calls = Vec::new();
    for (at, call) in message.list("tool_calls")?.into_iter().flatten().enumerate() {
        let mut call = Fields::of(call, format!("{path}[{at}]"))?;
        let id = call.text("id")?.unwrap_or_default();
        calls.push(match call.object("custom")? {
            Some(mut custom) => {
                let said = Said::Text(custom.text("input")?.unwrap_or_default());
                Call { id, name: name_of(&mut custom)?, said }
            }
            None => {
                let function = call.object("function")?;
                let mut function = function.ok_or_else(|| refusal(&call.at("function"), "an object"))?;
                Call { id, name: name_of(&mut function)?, said: arguments(&mut function)? }
            }
        });
    }
    // As it was before there were tools.
    if let Some(mut function) = message.object("function_call")? {
        let said = arguments(&mut function)?;
        let name = function.required_text("name")?;
        calls.push(Call { id: old_id(&name), name: upstream_name(&ClientTool::function(&name)), said });
    }
    Ok(calls)
}

fn name_of(tool: &mut Fields) -> Result<String, Refusal> {
    let name = tool.required_text("name")?;
    Ok(upstream_name(&ClientTool::function(&name)))
}

/// A call without arguments is written by many as an empty string, which is no JSON.
fn arguments(function: &mut Fields) -> Result<Said, Refusal> {
    Ok(Said::Arguments(match function.take("arguments") {
        None => "{}".to_owned(),
        Some(Value::String(json)) if json.trim().is_empty() => "{}".to_owned(),
        Some(Value::String(json)) => json,
        Some(object @ Value::Object(_)) => object.to_string(),
        Some(_) => return Err(refusal(&function.at("arguments"), "a string of JSON")),
    }))
}
