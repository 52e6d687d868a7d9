//! The conversation in Chat's words.

use serde_json::{Map, Value, json};

use super::{content, thoughts};
use crate::translate::{
    Notes, Scene,
    parts::{fields::object_of, thoughts::Thoughts},
    request::responses::{
        content::{Part, What},
        items::Output,
        tools::Tools,
        turns::{Assistant, Call, Said, Turn},
    },
    traits::Thinking,
};

pub(super) fn write(
    system: Vec<Vec<Part>>,
    turns: Vec<Turn>,
    tools: &mut Tools,
    scene: &Scene<'_>,
    notes: &mut Notes,
) -> Vec<Value> {
    let mut writer = Writer { messages: Vec::new(), user: Vec::new(), scene, tools, notes };
    writer.system(system);
    let begun = matches!(turns.last(), Some(Turn::Assistant(_)));
    for turn in turns {
        match turn {
            Turn::System(parts) => writer.later_system(parts),
            Turn::User(parts) => writer.user(parts),
            Turn::Assistant(assistant) => writer.assistant(assistant),
            Turn::Results(results) => writer.results(results),
        }
    }
    if begun && !scene.traits.prefill {
        writer.notes.add("the begun answer is followed by a request to continue");
        writer.user(vec![Part::text("Continue.")]);
    }
    writer.flush();
    writer.messages
}

struct Writer<'a, 's> {
    messages: Vec<Value>,
    /// The user's message that is being put together.
    user: Vec<Part>,
    scene: &'a Scene<'s>,
    tools: &'a mut Tools,
    notes: &'a mut Notes,
}

impl Writer<'_, '_> {
    fn openai(&self) -> bool {
        self.scene.traits.openai
    }

    /// The role of a developer's message.
    fn system_role(&self) -> &'static str {
        let reasons = matches!(self.scene.traits.thinking, Thinking::Efforts(_));
        if self.openai() && reasons { "developer" } else { "system" }
    }

    fn system(&mut self, system: Vec<Vec<Part>>) {
        if self.openai() {
            for parts in system {
                self.say(self.system_role(), parts);
            }
        } else if !system.is_empty() {
            // Chat templates take one system message, of text.
            let texts: Vec<String> = system.iter().map(|parts| content::joined(parts)).collect();
            self.messages
                .push(object_of([("role", "system".into()), ("content", texts.join("\n\n").into())]));
        }
    }

    /// Chat templates want the system message to be the first, so what comes later is marked and the user's.
    fn later_system(&mut self, parts: Vec<Part>) {
        let traits = self.scene.traits;
        // Claude takes them in its own format only.
        if traits.openai || (traits.mid_system && !traits.claude) {
            self.flush();
            self.say(self.system_role(), parts);
        } else {
            self.notes.add("system messages in the conversation became the user's, marked");
            self.user(vec![Part::text(format!("<system>\n{}\n</system>", content::joined(&parts)))]);
        }
    }

    /// Chat templates want turns to alternate, so neighbours are one message there.
    fn user(&mut self, parts: Vec<Part>) {
        self.user.extend(parts);
        if self.openai() {
            self.flush();
        }
    }

    fn flush(&mut self) {
        if !self.user.is_empty() {
            let parts = std::mem::take(&mut self.user);
            self.say("user", parts);
        }
    }

    fn say(&mut self, role: &str, parts: Vec<Part>) {
        let content = content::written(parts, self.scene, self.notes);
        self.messages.push(object_of([("role", role.into()), ("content", content)]));
    }

    fn assistant(&mut self, Assistant { said, calls }: Assistant) {
        self.flush();
        let mut texts = Vec::new();
        let mut thoughts = Thoughts::default();
        for said in said {
            match said {
                Said::Text(text) => texts.push(text),
                Said::Thinking(reasoning) => thoughts::add(reasoning, &mut thoughts, self.scene, self.notes),
            }
        }
        let mut message = Map::new();
        message.insert("role".to_owned(), json!("assistant"));
        // Null, but there: servers look for the key.
        let content = if texts.is_empty() { Value::Null } else { texts.join("\n\n").into() };
        message.insert("content".to_owned(), content);
        thoughts.write(&mut message, !calls.is_empty(), self.scene.traits, self.notes);
        if !calls.is_empty() {
            let calls = calls.into_iter().map(|call| self.call(call)).collect();
            message.insert("tool_calls".to_owned(), Value::Array(calls));
        }
        self.messages.push(Value::Object(message));
    }

    fn call(&mut self, Call { id, tool, arguments }: Call) -> Value {
        let name = self.tools.name_of(&tool);
        let function = object_of([("name", name.into()), ("arguments", arguments.into())]);
        object_of([("id", id.into()), ("type", "function".into()), ("function", function)])
    }

    /// All results first, then the media that only a user's message can have.
    fn results(&mut self, results: Vec<Output>) {
        self.flush();
        let mut media = Vec::new();
        for Output { id, parts, failed } in results {
            let mut lines = Vec::with_capacity(parts.len());
            for part in parts {
                let instead = content::instead(&part.what, self.scene.traits, self.notes);
                match (part.what, instead) {
                    (What::Text(text), _) => lines.push(text),
                    (_, Some(instead)) => lines.push(instead),
                    (what, None) => {
                        lines.push("[Media: see the message after the tool results.]".to_owned());
                        media.push(Part::text(format!("[Media of tool call {id}:]")));
                        media.push(Part { what, marks: part.marks });
                    }
                }
            }
            let mut text = lines.join("\n");
            // Some compatible servers refuse a tool's message without text.
            if text.is_empty() && (failed || !self.openai()) {
                "(no output)".clone_into(&mut text);
            }
            let text = if failed { format!("Error: {text}") } else { text };
            self.messages.push(object_of([
                ("role", "tool".into()),
                ("tool_call_id", id.into()),
                ("content", text.into()),
            ]));
        }
        if !media.is_empty() {
            self.user(media);
        }
    }
}
