//! What the assistant said and called.

use serde_json::{Value, json};

use super::{
    content,
    field::{Object, Under, object_of, required_string, take},
    thinking,
    turns::Block,
    work::Work,
};
use crate::translate::{Refusal, parts::thoughts::Thoughts};

/// An assistant's message.
#[derive(Default)]
pub(super) struct Assistant {
    text: String,
    /// Whether the last text had sources: what comes next goes on in the middle of a sentence.
    cited: bool,
    thoughts: Thoughts,
    pub(super) calls: Vec<Call>,
}

pub(super) struct Call {
    pub(super) id: String,
    /// The provider's.
    name: String,
    /// JSON.
    arguments: String,
}

/// One message; on the way to Responses, where order counts, as many as it takes to keep the order.
pub(super) fn assistant(blocks: Vec<Block>, work: &mut Work<'_>) -> Result<Vec<Assistant>, Refusal> {
    let mut done = Vec::new();
    let mut assistant = Assistant::default();
    for block in blocks {
        if work.responses && assistant.is_before(&block) {
            done.push(std::mem::take(&mut assistant));
        }
        let index = block.index;
        assistant.block(block, work).under(|| format!("[{index}]"))?;
    }
    done.push(assistant);
    Ok(done)
}

impl Assistant {
    fn block(&mut self, block: Block, work: &mut Work<'_>) -> Result<(), Refusal> {
        let Block { kind, mut fields, .. } = block;
        work.uncached(&fields);
        match kind.as_str() {
            "text" => {
                let cited = fields
                    .get("citations")
                    .is_some_and(|list| list.as_array().is_some_and(|l| !l.is_empty()));
                self.add_text(&required_string(&mut fields, "text")?, cited);
            }
            "thinking" => thinking::thinking(&mut fields, &mut self.thoughts, work)?,
            "redacted_thinking" => thinking::redacted(&mut fields, &mut self.thoughts, work)?,
            "tool_use" => self.calls.push(call(&mut fields, work)?),
            // What was said before, in short; the model goes on from it.
            "compaction" => {
                if let Value::String(text) = take(&mut fields, "content") {
                    self.add_text(&text, false);
                }
            }
            "server_tool_use" | "mcp_tool_use" => work.note("calls of server tools in history dropped"),
            other if other.ends_with("_tool_result") => {
                content::references_in(&mut take(&mut fields, "content"), work);
                work.note("calls of server tools in history dropped");
            }
            _ => work.note("unknown content block dropped"),
        }
        Ok(())
    }

    /// Whether a message would have the block before something that it has already.
    fn is_before(&self, block: &Block) -> bool {
        match block.kind.as_str() {
            "thinking" | "redacted_thinking" => !self.is_empty(),
            "text" => !self.calls.is_empty(),
            _ => false,
        }
    }

    fn add_text(&mut self, text: &str, cited: bool) {
        if text.is_empty() {
            return;
        }
        if !self.text.is_empty() && !self.cited && !cited {
            self.text.push_str("\n\n");
        }
        self.text.push_str(text);
        self.cited = cited;
    }

    /// What it says, with that of the message after it: to Anthropic two in a row are one.
    pub(super) fn merge(&mut self, next: Self) {
        self.add_text(&next.text, false);
        self.thoughts.merge(next.thoughts);
        self.calls.extend(next.calls);
    }

    /// Thinking alone is no message to a Chat provider.
    pub(super) fn is_empty(&self) -> bool {
        self.text.trim().is_empty() && self.calls.is_empty()
    }

    pub(super) fn message(self, work: &mut Work<'_>) -> Value {
        let calling = !self.calls.is_empty();
        let content = if calling && self.text.is_empty() { Value::Null } else { Value::String(self.text) };
        let mut message = Object::new();
        message.insert("role".to_owned(), json!("assistant"));
        message.insert("content".to_owned(), content);
        self.thoughts.write(&mut message, calling, work.traits(), &mut work.notes);
        if calling {
            let calls = self.calls.into_iter().map(|Call { id, name, arguments }| {
                let function = [("name", Value::String(name)), ("arguments", Value::String(arguments))];
                object_of([("id", json!(id)), ("type", json!("function")), ("function", object_of(function))])
            });
            message.insert("tool_calls".to_owned(), calls.collect());
        }
        Value::Object(message)
    }
}

fn call(fields: &mut Object, work: &mut Work<'_>) -> Result<Call, Refusal> {
    let id = required_string(fields, "id")?;
    let client_name = required_string(fields, "name")?;
    let name = work.tool_name(&client_name)?;
    work.loaded.insert(client_name);
    let arguments = match take(fields, "input") {
        Value::Null => "{}".to_owned(),
        input @ Value::Object(_) => input.to_string(),
        _ => return Err(Refusal::new("input", "must be an object")),
    };
    Ok(Call { id, name, arguments })
}
