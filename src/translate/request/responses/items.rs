//! The items of `input`, each read for what it means.

use serde_json::{Map, Value};

use super::{
    content::{self, Part},
    fields::{Fields, refusal},
};
use crate::translate::{
    Notes, Refusal,
    parts::custom_tool,
    tools::{ClientTool, Kind},
};

/// An item that takes part in the conversation.
#[derive(Clone, Debug, PartialEq)]
pub enum Item {
    /// From the developer, of either name (`system`, `developer`).
    System(Vec<Part>),
    User(Vec<Part>),
    Assistant(String),
    Reasoning(Reasoning),
    Call {
        id: String,
        tool: ClientTool,
        /// JSON text.
        arguments: String,
    },
    Output(Output),
}

/// Thinking that a client sends back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reasoning {
    pub text: String,
    /// `encrypted_content`, which may be sealed by us or be another provider's.
    pub encrypted: String,
}

/// What came of a call.
#[derive(Clone, Debug, PartialEq)]
pub struct Output {
    pub id: String,
    pub parts: Vec<Part>,
    pub failed: bool,
}

/// `input`, and the tools that it brings along.
#[derive(Debug, Default)]
pub struct Items {
    pub items: Vec<Item>,
    /// Lists of tools (`additional_tools`, `tool_search_output`) and where they are.
    pub tools: Vec<(Vec<Value>, String)>,
}

pub fn read(input: Value, notes: &mut Notes) -> Result<Items, Refusal> {
    let mut found = Items::default();
    match input {
        Value::String(text) => found.items.push(Item::User(vec![Part::text(text)])),
        Value::Array(list) => {
            for (index, item) in list.into_iter().enumerate() {
                let item = Fields::of(item, format!("input[{index}]"))?;
                one(item, &mut found, notes)?;
            }
        }
        _ => return Err(refusal("input", "a string or an array")),
    }
    Ok(found)
}

fn one(mut item: Fields, found: &mut Items, notes: &mut Notes) -> Result<(), Refusal> {
    let kind = item.kind()?;
    let read = match kind.as_str() {
        // The short form of a message has no type.
        "message" | "" => Some(message(item, notes)?),
        "agent_message" => agent_message(item, notes)?,
        "reasoning" => Some(reasoning(item, notes)?),
        "function_call" => Some(function_call(item)?),
        "custom_tool_call" => Some(custom_call(item)?),
        "local_shell_call" => Some(built_in_call(item, "local_shell", "action")?),
        "shell_call" => Some(built_in_call(item, "shell", "action")?),
        "apply_patch_call" => Some(built_in_call(item, "apply_patch", "operation")?),
        "function_call_output"
        | "custom_tool_call_output"
        | "local_shell_call_output"
        | "apply_patch_call_output" => Some(output(item, notes)?),
        "shell_call_output" => Some(shell_output(item, notes)?),
        "additional_tools" | "tool_search_output" => {
            let at = item.at("tools");
            found.tools.extend(item.list("tools")?.map(|tools| (tools, at)));
            None
        }
        "item_reference" => return Err(reference(&item)),
        "compaction_trigger" => return Err(compaction(&item)),
        _ => {
            notes.add(dropped(&kind));
            None
        }
    };
    found.items.extend(read);
    Ok(())
}

/// Why an item takes no part: nobody but who made it can go on with it.
fn dropped(kind: &str) -> &'static str {
    match kind {
        "compaction" | "compaction_summary" | "context_compaction" => {
            "compaction items dropped: only their own provider can read them"
        }
        "web_search_call"
        | "file_search_call"
        | "image_generation_call"
        | "code_interpreter_call"
        | "computer_call"
        | "computer_call_output"
        | "tool_search_call"
        | "mcp_call"
        | "mcp_list_tools"
        | "mcp_approval_request"
        | "mcp_approval_response"
        | "program"
        | "program_output" => "items of hosted tools dropped",
        _ => "input items of an unknown type dropped",
    }
}

fn reference(item: &Fields) -> Refusal {
    Refusal::new(
        item.path(),
        "items cannot be referred to: nothing is stored for this model; set `store` to false and send the whole \
         input",
    )
}

fn compaction(item: &Fields) -> Refusal {
    Refusal::new(
        item.path(),
        "this model's provider cannot compact a conversation; let the client compact it",
    )
}

fn message(mut item: Fields, notes: &mut Notes) -> Result<Item, Refusal> {
    let role = item.required_text("role")?;
    let at = item.at("content");
    let content = content::read(item.take("content").unwrap_or_default(), &at, notes)?;
    Ok(match role.as_str() {
        "user" => Item::User(content),
        "system" | "developer" => Item::System(content::texts(content, notes)),
        "assistant" => {
            // What a model said is one text, however it was cut.
            let texts = content::texts(content, notes);
            Item::Assistant(texts.iter().filter_map(Part::as_text).collect())
        }
        _ => return Err(refusal(&item.at("role"), "`user`, `assistant`, `system` or `developer`")),
    })
}

/// From another agent to this one: a user's message that says whose it is.
fn agent_message(mut item: Fields, notes: &mut Notes) -> Result<Option<Item>, Refusal> {
    let author = item.text("author")?.unwrap_or_default();
    let at = item.at("content");
    let mut parts = content::read(item.take("content").unwrap_or_default(), &at, notes)?;
    if parts.is_empty() {
        return Ok(None);
    }
    parts.insert(0, Part::text(format!("[Message from the agent {author}]")));
    Ok(Some(Item::User(parts)))
}

/// The summary is what was shown of the thinking; the content, all of it, if the provider gives that away.
fn reasoning(mut item: Fields, notes: &mut Notes) -> Result<Item, Refusal> {
    let mut text = thoughts(&mut item, "summary", notes)?;
    if text.is_empty() {
        text = thoughts(&mut item, "content", notes)?;
    }
    let encrypted = item.text("encrypted_content")?.unwrap_or_default();
    Ok(Item::Reasoning(Reasoning { text, encrypted }))
}

fn thoughts(item: &mut Fields, name: &str, notes: &mut Notes) -> Result<String, Refusal> {
    let at = item.at(name);
    let mut texts = Vec::new();
    for (index, part) in item.list(name)?.unwrap_or_default().into_iter().enumerate() {
        let mut part = Fields::of(part, format!("{at}[{index}]"))?;
        match part.text("text")? {
            Some(text) => texts.push(text),
            None => notes.add("content of an unknown type dropped"),
        }
    }
    Ok(texts.join("\n\n"))
}

fn function_call(mut item: Fields) -> Result<Item, Refusal> {
    let arguments = item.text("arguments")?.unwrap_or_default();
    // A call without arguments is written by many as an empty string, which is no JSON.
    let arguments = if arguments.trim().is_empty() { "{}".to_owned() } else { arguments };
    Ok(Item::Call { tool: tool(&mut item, Kind::Function)?, id: call_id(&mut item)?, arguments })
}

fn custom_call(mut item: Fields) -> Result<Item, Refusal> {
    let arguments = custom_tool::wrapped(&item.text("input")?.unwrap_or_default()).to_string();
    Ok(Item::Call { tool: tool(&mut item, Kind::Custom)?, id: call_id(&mut item)?, arguments })
}

/// A call of a tool that OpenAI defines: what it does is its only argument.
fn built_in_call(mut item: Fields, name: &str, what: &str) -> Result<Item, Refusal> {
    let action = item.take(what).unwrap_or_else(|| Value::Object(Map::new()));
    if !action.is_object() {
        return Err(refusal(&item.at(what), "an object"));
    }
    let arguments = action.to_string();
    Ok(Item::Call { tool: ClientTool::function(name), id: call_id(&mut item)?, arguments })
}

fn tool(item: &mut Fields, kind: Kind) -> Result<ClientTool, Refusal> {
    Ok(ClientTool { name: item.required_text("name")?, namespace: item.text("namespace")?, kind })
}

/// Items of local shells have at times only an `id`.
fn call_id(item: &mut Fields) -> Result<String, Refusal> {
    let id = item.text("call_id")?;
    let id = if id.is_some() { id } else { item.text("id")? };
    id.ok_or_else(|| refusal(&item.at("call_id"), "a string"))
}

fn output(mut item: Fields, notes: &mut Notes) -> Result<Item, Refusal> {
    let id = call_id(&mut item)?;
    let mut failed = item.text("status")?.as_deref() == Some("failed");
    let (mut at, mut value) = (item.at("output"), item.take("output").unwrap_or_default());
    if value.is_object() {
        // Some wrap it: `{content, success}`.
        let mut wrapped = Fields::of(value, at)?;
        failed |= wrapped.flag("success")? == Some(false);
        at = wrapped.at("content");
        value = wrapped.take("content").unwrap_or_default();
    }
    Ok(Item::Output(Output { id, parts: content::read(value, &at, notes)?, failed }))
}

/// A shell's output is a list of what each command wrote.
fn shell_output(mut item: Fields, notes: &mut Notes) -> Result<Item, Refusal> {
    let id = call_id(&mut item)?;
    let at = item.at("output");
    let mut parts = Vec::new();
    match item.take("output") {
        Some(Value::Array(list)) => {
            for (index, command) in list.into_iter().enumerate() {
                let at = format!("{at}[{index}]");
                if command.get("type").is_some() {
                    parts.extend(content::read(Value::Array(vec![command]), &at, notes)?);
                } else {
                    parts.push(Part::text(command_output(Fields::of(command, at)?)?));
                }
            }
        }
        other => parts = content::read(other.unwrap_or_default(), &at, notes)?,
    }
    Ok(Item::Output(Output { id, parts, failed: false }))
}

fn command_output(mut command: Fields) -> Result<String, Refusal> {
    let mut lines = Vec::new();
    for stream in ["stdout", "stderr"] {
        lines.extend(command.text(stream)?.filter(|text| !text.is_empty()));
    }
    if let Some(mut outcome) = command.object("outcome")? {
        match outcome.number("exit_code")? {
            Some(code) => lines.push(format!("exit code: {code}")),
            None => lines.push(outcome.kind()?),
        }
    }
    Ok(lines.join("\n"))
}
