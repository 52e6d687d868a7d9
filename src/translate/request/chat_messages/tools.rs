//! The tools of a Chat request, and which of them the model has to use.

use serde_json::{Map, Value};

use crate::translate::{
    Notes, Refusal, Traits,
    parts::{
        cache, custom_tool,
        fields::{self, join},
        tool_list::{self, Choice, Function, ToolList, WEB_SEARCH},
        turns::Turns,
    },
    tools::{ClientTool, Kind, ToolNames, upstream_name},
};

/// See the module documentation.
pub(super) struct Tools {
    pub(super) list: ToolList,
    pub(super) choice: Choice,
    pub(super) one_at_a_time: bool,
}

pub(super) fn read(
    body: &Map<String, Value>,
    names: &mut ToolNames,
    traits: &Traits,
    notes: &mut Notes,
) -> Result<Tools, Refusal> {
    let mut reader = Reader { list: ToolList::default(), names, traits, notes };
    for (at, tool) in fields::array(body, "tools", "")?.into_iter().flatten().enumerate() {
        reader.tool(tool, &format!("tools[{at}]"))?;
    }
    // As it was before there were tools.
    for (at, function) in fields::array(body, "functions", "")?.into_iter().flatten().enumerate() {
        let path = format!("functions[{at}]");
        reader.function(fields::as_object(function, &path)?, None, &path)?;
    }
    reader.web_search(body);
    let mut list = reader.list;
    let choice = choice(body, &mut list, notes)?;
    let one_at_a_time = fields::boolean(body, "parallel_tool_calls", "")? == Some(false);
    Ok(Tools { list, choice, one_at_a_time })
}

impl Tools {
    /// Stubs for the tools of a history whose client offers none any more.
    pub(super) fn stand_in(&mut self, turns: &Turns, notes: &mut Notes) {
        if self.list.is_empty() && turns.names().next().is_some() {
            notes.add("tools of the history added: calls need definitions");
            self.list.stubs(turns.names());
            self.choice = Choice::None;
        }
    }
}

struct Reader<'a> {
    list: ToolList,
    names: &'a mut ToolNames,
    traits: &'a Traits,
    notes: &'a mut Notes,
}

impl Reader<'_> {
    fn tool(&mut self, tool: &Value, path: &str) -> Result<(), Refusal> {
        let tool = fields::as_object(tool, path)?;
        let kind = fields::string(tool, "type", path)?;
        match kind {
            Some("function") | None => {
                let path = join(path, "function");
                let function = fields::as_object(tool.get("function").unwrap_or(&Value::Null), &path)?;
                self.function(function, cache::of_part(tool), &path)
            }
            Some("custom") => {
                let path = join(path, "custom");
                let custom = fields::as_object(tool.get("custom").unwrap_or(&Value::Null), &path)?;
                self.custom(custom, cache::of_part(tool), &path)
            }
            Some(_) => {
                self.notes.add("tool of an unknown type dropped");
                Ok(())
            }
        }
    }

    fn function(
        &mut self,
        function: &Map<String, Value>,
        control: Option<Value>,
        path: &str,
    ) -> Result<(), Refusal> {
        let name = self.name(function, Kind::Function, path)?;
        let function = Function {
            name,
            description: fields::string(function, "description", path)?.map(str::to_owned),
            parameters: function.get("parameters"),
            strict: fields::boolean(function, "strict", path)?.unwrap_or(false),
            control: control.or_else(|| cache::of_part(function)),
        };
        self.list.function(function, &join(path, "parameters"), self.traits, self.notes)
    }

    fn custom(
        &mut self,
        custom: &Map<String, Value>,
        control: Option<Value>,
        path: &str,
    ) -> Result<(), Refusal> {
        let name = self.name(custom, Kind::Custom, path)?;
        let description = fields::string(custom, "description", path)?;
        let format = custom.get("format");
        if format.is_some_and(|format| format.get("type").is_some_and(|kind| kind == "grammar")) {
            self.notes.add("grammar of a custom tool became a description");
        }
        self.list.text_tool(name, custom_tool::description(description, format), control);
        Ok(())
    }

    /// The provider's name of a tool, remembered for the way back.
    fn name(&mut self, tool: &Map<String, Value>, kind: Kind, path: &str) -> Result<String, Refusal> {
        let path = join(path, "name");
        let name = fields::string(tool, "name", path.trim_end_matches(".name"))?;
        let name = name.filter(|name| !name.is_empty());
        let name = name.ok_or_else(|| Refusal::new(path.as_str(), format!("`{path}` must be a name")))?;
        let tool = ClientTool { kind, ..ClientTool::function(name) };
        self.names.add(tool).map_err(|collision| Refusal::new(path, collision.to_string()))
    }

    /// `web_search_options` becomes Anthropic's own tool.
    fn web_search(&mut self, body: &Map<String, Value>) {
        let Some(options) = body.get("web_search_options").and_then(Value::as_object) else { return };
        let location = options.get("user_location").and_then(Value::as_object);
        if !self.traits.claude || !self.list.server_tool(WEB_SEARCH, tool_list::web_search(location)) {
            self.notes.add("web_search_options dropped");
        }
    }
}

/// `tool_choice`, or `function_call` as it was before; limits the list to the allowed tools.
fn choice(body: &Map<String, Value>, list: &mut ToolList, notes: &mut Notes) -> Result<Choice, Refusal> {
    let old = fields::get(body, "function_call").map(|value| ("function_call", value));
    let Some((path, value)) = fields::get(body, "tool_choice").map(|value| ("tool_choice", value)).or(old)
    else {
        return Ok(Choice::Unset);
    };
    if list.is_empty() {
        if value != "none" && value != "auto" {
            notes.add("tool_choice dropped: there are no tools");
        }
        return Ok(Choice::Unset);
    }
    match value {
        Value::String(word) => mode(word, path),
        Value::Object(chosen) if chosen.get("type").is_some_and(|kind| kind == "allowed_tools") => {
            allowed(chosen, list)
        }
        Value::Object(chosen) => {
            let name = chosen_name(chosen).ok_or_else(|| unknown(path))?;
            list.contains(&name).then_some(Choice::Named(name)).ok_or_else(|| unknown(path))
        }
        _ => Err(unknown(path)),
    }
}

fn mode(word: &str, path: &str) -> Result<Choice, Refusal> {
    Ok(match word {
        "auto" => Choice::Auto,
        "none" => Choice::None,
        "required" | "any" => Choice::Any,
        _ => return Err(unknown(path)),
    })
}

fn allowed(chosen: &Map<String, Value>, list: &mut ToolList) -> Result<Choice, Refusal> {
    let path = "tool_choice.allowed_tools";
    let spec = fields::object(chosen, "allowed_tools", "tool_choice")?.unwrap_or(chosen);
    let tools = fields::array(spec, "tools", path)?.into_iter().flatten();
    let names: Vec<String> = tools.filter_map(|tool| chosen_name(tool.as_object()?)).collect();
    list.keep(&names);
    if list.is_empty() {
        return Err(Refusal::new(path, format!("`{path}` names no tool of this request")));
    }
    mode(fields::string(spec, "mode", path)?.unwrap_or("auto"), &join(path, "mode"))
}

/// The provider's name of the tool that is named in `function`, `custom` or the object itself.
fn chosen_name(chosen: &Map<String, Value>) -> Option<String> {
    let nested = ["function", "custom"].iter().find_map(|key| chosen.get(*key)?.as_object());
    let name = nested.unwrap_or(chosen).get("name")?.as_str()?;
    Some(upstream_name(&ClientTool::function(name)))
}

fn unknown(path: &str) -> Refusal {
    let message = format!("`{path}` must be auto, none, required, allowed tools or a tool of this request");
    Refusal::new(path, message)
}
