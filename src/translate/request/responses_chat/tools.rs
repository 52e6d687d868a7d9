//! Tools and the choice among them, in Chat's words.

use serde_json::{Map, Value, json};

use crate::translate::{
    Traits,
    parts::{fields::object_of, plain_schema},
    request::responses::{choice::Choice, tools::Tool},
};

/// There is one tool at least.
pub(super) fn write(mut tools: Vec<Tool>, choice: Choice, traits: &Traits, out: &mut Map<String, Value>) {
    let choice = match choice {
        Choice::Unset | Choice::WebSearch => None,
        Choice::Auto => Some(json!("auto")),
        Choice::None => Some(json!("none")),
        Choice::Required => Some(json!("required")),
        Choice::Tool(name) => Some(named(&name)),
        Choice::Allowed { required, names } if traits.openai => {
            let mode = if required { "required" } else { "auto" };
            let tools: Vec<Value> = names.iter().map(|name| named(name)).collect();
            Some(json!({ "type": "allowed_tools", "allowed_tools": { "mode": mode, "tools": tools } }))
        }
        Choice::Allowed { required, names } => {
            tools.retain(|tool| names.contains(&tool.name));
            Some(json!(if required { "required" } else { "auto" }))
        }
    };
    let tools = tools.into_iter().map(|tool| function(tool, traits)).collect();
    out.insert("tools".to_owned(), Value::Array(tools));
    if let Some(choice) = choice {
        out.insert("tool_choice".to_owned(), choice);
    }
}

fn named(name: &str) -> Value {
    json!({ "type": "function", "function": { "name": name } })
}

fn function(tool: Tool, traits: &Traits) -> Value {
    let mut function = Map::new();
    function.insert("name".to_owned(), json!(tool.name));
    if let Some(description) = tool.description {
        function.insert("description".to_owned(), json!(description));
    }
    let mut parameters = tool.parameters;
    if traits.plain_schemas {
        plain_schema::plain(&mut parameters);
    }
    function.insert("parameters".to_owned(), parameters);
    // The client wrote the schema for OpenAI, so it fits there; who else takes `strict` is unknown.
    if let Some(strict) = tool.strict.filter(|_| traits.openai) {
        function.insert("strict".to_owned(), json!(strict));
    }
    object_of([("type", "function".into()), ("function", function.into())])
}
