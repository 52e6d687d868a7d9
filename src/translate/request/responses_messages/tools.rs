//! Tools and the choice among them, in Anthropic's words.

use serde_json::{Map, Value};

use crate::translate::{
    Notes, Refusal, Traits,
    parts::tool_list::{self, Choice, Function, ToolList, WEB_SEARCH},
    request::responses::{
        choice::{self, Choice as Chosen},
        tools::Tools,
    },
};

pub(super) fn read(
    tools: &Tools,
    choice: Option<Value>,
    traits: &Traits,
    notes: &mut Notes,
) -> Result<(ToolList, Choice), Refusal> {
    let mut list = ToolList::default();
    for tool in &tools.list {
        let function = Function {
            name: tool.name.clone(),
            description: tool.description.clone(),
            parameters: Some(&tool.parameters),
            strict: tool.strict == Some(true),
            control: None,
        };
        list.function(function, "tools", traits, notes)?;
    }
    let search = tools.web_search.as_ref().is_some_and(|asked| search(asked, &mut list, traits, notes));
    let choice = match choice::read(choice, tools, search, notes)? {
        Chosen::Unset => Choice::Unset,
        Chosen::Auto => Choice::Auto,
        Chosen::None => Choice::None,
        Chosen::Required => Choice::Any,
        Chosen::Tool(name) => Choice::Named(name),
        Chosen::WebSearch => Choice::Named(WEB_SEARCH.to_owned()),
        Chosen::Allowed { required, names } => {
            list.keep(&names);
            if required { Choice::Any } else { Choice::Auto }
        }
    };
    Ok((list, choice))
}

/// Adds Anthropic's own web search if it can stand for OpenAI's.
fn search(asked: &Map<String, Value>, list: &mut ToolList, traits: &Traits, notes: &mut Notes) -> bool {
    // OpenAI then answers from an index of its own; Anthropic's always goes out to the web.
    let offline = asked.get("external_web_access") == Some(&Value::Bool(false));
    if offline || !traits.claude {
        notes.add(if offline { "web_search without web access dropped" } else { "web_search dropped" });
        return false;
    }
    let location = asked.get("user_location").and_then(Value::as_object);
    let mut tool = tool_list::web_search(location);
    let filters = asked.get("filters").and_then(Value::as_object);
    let domains = |name| filters.and_then(|filters| filters.get(name)).and_then(Value::as_array);
    // It takes one of the two.
    for name in ["allowed_domains", "blocked_domains"] {
        if let Some(domains) = domains(name).filter(|domains| !domains.is_empty()) {
            tool.insert(name.to_owned(), Value::Array(domains.clone()));
            break;
        }
    }
    let added = list.server_tool(WEB_SEARCH, tool);
    if !added {
        notes.add("web_search dropped: a function has its name");
    }
    added
}
