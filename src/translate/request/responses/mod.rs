//! Requests of OpenAI Responses clients, read once for both pairs.
//!
//! Field meanings are those of OpenAI's API reference (`POST /v1/responses`), and of what Codex CLI sends
//! beyond it: tools in namespaces and in the input (`additional_tools`).

pub mod choice;
pub mod content;
pub(super) mod fields;
pub mod items;
pub mod settings;
pub mod tools;
pub mod turns;

use serde_json::{Map, Value};

use self::{
    content::Part,
    fields::{Fields, refusal},
    settings::Settings,
    tools::Tools,
    turns::Turn,
};
use crate::translate::{Notes, Refusal};

/// A request, with all that its pairs need to know of it.
#[derive(Debug)]
pub struct Request {
    /// What the developer says before anything else, `instructions` first; not empty each.
    pub system: Vec<Vec<Part>>,
    /// Begins with no `System`.
    pub turns: Vec<Turn>,
    pub tools: Tools,
    /// Not read yet: what it means depends on the tools that the provider has.
    pub tool_choice: Option<Value>,
    pub settings: Settings,
    pub echo: Map<String, Value>,
}

/// How the content of sealed thinking begins that only its provider can read.
pub const REDACTED: &str = "redacted:";

/// Fields of a request that its `Response` repeats.
const ECHOED: [&str; 19] = [
    "instructions",
    "max_output_tokens",
    "max_tool_calls",
    "metadata",
    "parallel_tool_calls",
    "prompt_cache_key",
    "prompt_cache_retention",
    "reasoning",
    "safety_identifier",
    "service_tier",
    "store",
    "temperature",
    "text",
    "tool_choice",
    "tools",
    "top_logprobs",
    "top_p",
    "truncation",
    "user",
];

pub fn read(body: &[u8], notes: &mut Notes) -> Result<Request, Refusal> {
    let Ok(Value::Object(body)) = serde_json::from_slice(body) else {
        return Err(Refusal::new("", "the body must be a JSON object"));
    };
    let echo = ECHOED
        .into_iter()
        .filter_map(|name| body.get(name).map(|value| (name.to_owned(), value.clone())))
        .collect();
    let mut body = Fields::top(body);
    let settings = settings::read(&mut body, notes)?;
    let instructions = body.text("instructions")?.filter(|text| !text.trim().is_empty());
    let input = body.take("input").ok_or_else(|| refusal("input", "a string or an array"))?;
    let items = items::read(input, notes)?;
    let mut lists = Vec::new();
    lists.extend(body.list("tools")?.map(|tools| (tools, "tools".to_owned())));
    lists.extend(items.tools);
    let tools = tools::read(lists, notes)?;

    let mut system: Vec<Vec<Part>> = instructions.map(|text| vec![Part::text(text)]).into_iter().collect();
    let mut turns = turns::gather(items.items, notes);
    let first = turns.iter().position(|turn| !matches!(turn, Turn::System(_))).unwrap_or(turns.len());
    for turn in turns.drain(..first) {
        if let Turn::System(parts) = turn {
            system.push(parts);
        }
    }
    if system.is_empty() && turns.is_empty() {
        return Err(Refusal::new("input", "`input` has no message"));
    }
    Ok(Request { system, turns, tools, tool_choice: body.take("tool_choice"), settings, echo })
}
