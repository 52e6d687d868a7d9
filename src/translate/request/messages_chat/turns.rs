//! The messages of a Messages conversation, their content always as blocks.

use serde_json::Value;

use super::field::{Object, Under, element, object, required_string, take};
use crate::translate::Refusal;

pub(super) struct Turn {
    pub(super) role: Role,
    pub(super) blocks: Vec<Block>,
    /// Of a system message: how hard to think from here on.
    pub(super) output_config: Option<Object>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    User,
    Assistant,
    System,
}

pub(super) struct Block {
    pub(super) kind: String,
    pub(super) fields: Object,
    /// Its place in the list.
    pub(super) index: usize,
}

pub(super) fn turn(message: Value) -> Result<Turn, Refusal> {
    let mut message = element(message)?;
    let role = match required_string(&mut message, "role")?.as_str() {
        "user" => Role::User,
        "assistant" => Role::Assistant,
        "system" | "developer" => Role::System,
        _ => return Err(Refusal::new("role", "must be `user`, `assistant` or `system`")),
    };
    let blocks = blocks(take(&mut message, "content")).under(|| "content".to_owned())?;
    Ok(Turn { role, blocks, output_config: object(&mut message, "output_config")? })
}

/// Content of a message or of a tool's result.
pub(super) fn blocks(content: Value) -> Result<Vec<Block>, Refusal> {
    match content {
        Value::Null => Ok(Vec::new()),
        Value::String(text) => {
            let fields = Object::from_iter([("text".to_owned(), Value::String(text))]);
            Ok(vec![Block { kind: "text".to_owned(), fields, index: 0 }])
        }
        Value::Array(items) => items
            .into_iter()
            .enumerate()
            .map(|(index, item)| block(item, index).under(|| format!("[{index}]")))
            .collect(),
        _ => Err(Refusal::new("", "must be a string or a list of blocks")),
    }
}

fn block(item: Value, index: usize) -> Result<Block, Refusal> {
    let mut fields = element(item)?;
    let kind = required_string(&mut fields, "type")?;
    Ok(Block { kind, fields, index })
}
