//! Which tools the model may or must call.

use serde_json::Value;

use super::{
    fields::{Fields, refusal},
    tools::Tools,
};
use crate::translate::{Notes, Refusal};

/// `tool_choice`, with the provider's names of the tools.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Choice {
    /// It says nothing, or there is no tool to choose.
    #[default]
    Unset,
    Auto,
    None,
    Required,
    Tool(String),
    /// Any of these, of which there is one at least; `required` if one must be called.
    Allowed {
        required: bool,
        names: Vec<String>,
    },
    WebSearch,
}

/// `web_search`: whether the pair has a counterpart of that tool.
pub fn read(
    choice: Option<Value>,
    tools: &Tools,
    web_search: bool,
    notes: &mut Notes,
) -> Result<Choice, Refusal> {
    let choice = match choice {
        None => Choice::Unset,
        Some(Value::String(mode)) => match mode.as_str() {
            "auto" => Choice::Auto,
            "none" => Choice::None,
            "required" => Choice::Required,
            _ => return Err(refusal("tool_choice", "`auto`, `none`, `required` or an object")),
        },
        Some(choice @ Value::Object(_)) => {
            named(Fields::of(choice, "tool_choice".to_owned())?, tools, web_search, notes)?
        }
        Some(_) => return Err(refusal("tool_choice", "a string or an object")),
    };
    if !tools.list.is_empty() || web_search {
        return Ok(choice);
    }
    match choice {
        Choice::Required => Err(Refusal::new(
            "tool_choice",
            "`tool_choice` is `required`, but none of `tools` can be used with this model",
        )),
        _ => Ok(Choice::Unset),
    }
}

fn named(mut choice: Fields, tools: &Tools, web_search: bool, notes: &mut Notes) -> Result<Choice, Refusal> {
    match choice.kind()?.as_str() {
        "function" | "custom" => {
            let name = choice.required_text("name")?;
            let namespace = choice.text("namespace")?;
            let tool = tools.find(namespace.as_deref(), &name).ok_or_else(|| {
                Refusal::new("tool_choice", "`tool_choice` names a tool that is not among `tools`")
            })?;
            Ok(Choice::Tool(tool.name.clone()))
        }
        "allowed_tools" => allowed(choice, tools, notes),
        kind if kind.starts_with("web_search") && web_search => Ok(Choice::WebSearch),
        _ => Err(Refusal::new(
            "tool_choice",
            "`tool_choice` forces a tool that only OpenAI runs, which this model does not have; use `auto`, or \
             name a function of `tools`",
        )),
    }
}

fn allowed(mut choice: Fields, tools: &Tools, notes: &mut Notes) -> Result<Choice, Refusal> {
    let required = match choice.text("mode")?.as_deref() {
        None | Some("auto") => false,
        Some("required") => true,
        Some(_) => return Err(refusal("tool_choice.mode", "`auto` or `required`")),
    };
    let at = choice.at("tools");
    let mut names: Vec<String> = Vec::new();
    for (index, tool) in choice.list("tools")?.unwrap_or_default().into_iter().enumerate() {
        let mut tool = Fields::of(tool, format!("{at}[{index}]"))?;
        let (name, namespace) = (tool.text("name")?.unwrap_or_default(), tool.text("namespace")?);
        match tools.find(namespace.as_deref(), &name) {
            Some(found) if names.contains(&found.name) => {}
            Some(found) => names.push(found.name.clone()),
            None => notes.add("allowed tools that are not there dropped"),
        }
    }
    match (names.is_empty(), required) {
        (false, _) => Ok(Choice::Allowed { required, names }),
        (true, false) => Ok(Choice::None),
        (true, true) => Err(Refusal::new(
            "tool_choice",
            "`tool_choice` requires one of its tools, but none of them can be used with this model",
        )),
    }
}
