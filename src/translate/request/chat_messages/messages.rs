//! The messages of a Chat request: the system prompt, and the conversation.

use serde_json::{Map, Value};

use super::{
    assistant,
    content::{Holds, Reader, take_control},
};
use crate::translate::{
    Notes, Refusal, Scene,
    parts::{
        cache, fields,
        turns::{ToolResult, Turns},
    },
};

/// See the module documentation.
#[derive(Debug, Default)]
pub(super) struct Conversation {
    /// Text blocks.
    pub(super) system: Vec<Value>,
    pub(super) turns: Turns,
}

/// Each message is dropped once it is read: they can be megabytes.
pub(super) fn read(
    messages: Vec<Value>,
    scene: &Scene<'_>,
    notes: &mut Notes,
) -> Result<Conversation, Refusal> {
    let mut conversation = Conversation::default();
    let mut begun = false;
    for (at, message) in messages.into_iter().enumerate() {
        let path = format!("messages[{at}]");
        let message = fields::as_object(&message, &path)?;
        let role = fields::string(message, "role", &path)?.unwrap_or_default();
        let is_system = matches!(role, "system" | "developer");
        begun |= !is_system;
        if fields::get(message, "name").is_some_and(|_| role != "function") {
            notes.add("name of a message dropped");
        }
        let mut reader = Reader { traits: scene.traits, notes };
        match role {
            "system" | "developer" => {
                let blocks = marked(reader.message(message, Holds::Text, &path)?, message);
                if begun {
                    conversation.turns.system(blocks);
                } else {
                    conversation.system.extend(blocks.into_iter().filter(has_words));
                }
            }
            "user" => {
                let blocks = reader.message(message, Holds::Media, &path)?;
                conversation.turns.user(marked(blocks, message));
            }
            "assistant" => assistant::read(message, &path, scene, &mut conversation.turns, notes)?,
            "tool" | "function" => {
                let content = reader.message(message, Holds::Media, &path)?;
                let id = id_of(message, role, &path)?;
                conversation.turns.result(result(id, content, message));
            }
            _ => {
                let path = format!("{path}.role");
                let message =
                    format!("`{path}` must be system, developer, user, assistant, tool or function");
                return Err(Refusal::new(path, message));
            }
        }
    }
    Ok(conversation.with_a_user())
}

impl Conversation {
    /// Where there is nothing but a system prompt, the last of it is what the user says.
    fn with_a_user(mut self) -> Self {
        if self.turns.is_empty() {
            let last = self.system.pop();
            self.turns.user(last.into_iter().collect());
        }
        self
    }
}

/// A breakpoint of a message is its last block's.
fn marked(mut blocks: Vec<Value>, message: &Map<String, Value>) -> Vec<Value> {
    if let (Some(control), Some(last)) = (cache::of_part(message), blocks.last_mut()) {
        cache::mark(last, control);
    }
    blocks
}

fn has_words(block: &Value) -> bool {
    block.get("text").and_then(Value::as_str).is_some_and(|text| !text.trim().is_empty())
}

/// The id of the call that a result is of.
fn id_of(message: &Map<String, Value>, role: &str, path: &str) -> Result<String, Refusal> {
    let key = if role == "tool" { "tool_call_id" } else { "name" };
    let id = fields::string(message, key, path)?.ok_or_else(|| {
        let path = fields::join(path, key);
        Refusal::new(path.as_str(), format!("`{path}` must say which call this is the result of"))
    })?;
    Ok(if role == "tool" { id.to_owned() } else { assistant::old_id(id) })
}

/// Breakpoints within a result are the result's: Anthropic counts those of blocks in messages.
fn result(id: String, mut content: Vec<Value>, message: &Map<String, Value>) -> ToolResult {
    let control = take_control(&mut content);
    let control = cache::of_part(message).or(control);
    ToolResult { id, content, is_error: false, control }
}
