//! The tools, flat, and which of them the model has to use.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::translate::{
    Notes, Refusal, Traits,
    parts::{custom_tool, fields::object_of, plain_schema, tool_list},
    request::responses::fields::{Fields, refusal},
    tools::{ClientTool, Kind, ToolNames, upstream_name},
};

/// Moves the tools, and the choice among them, from `body` to `out`.
pub(super) fn write(
    body: &mut Fields,
    traits: &Traits,
    names: &mut ToolNames,
    out: &mut Map<String, Value>,
    notes: &mut Notes,
) -> Result<(), Refusal> {
    let mut tools = Tools { list: Vec::new(), kinds: BTreeMap::new(), names, traits, notes };
    for (at, tool) in body.list("tools")?.into_iter().flatten().enumerate() {
        tools.tool(Fields::of(tool, format!("tools[{at}]"))?)?;
    }
    // As it was before there were tools.
    for (at, function) in body.list("functions")?.into_iter().flatten().enumerate() {
        tools.function(Fields::of(function, format!("functions[{at}]"))?)?;
    }
    tools.web_search(body);
    let choice = tools.choice(body)?;
    let one_at_a_time = body.flag("parallel_tool_calls")? == Some(false);
    if tools.list.is_empty() {
        return Ok(());
    }
    out.insert("tools".to_owned(), Value::Array(tools.list));
    if one_at_a_time && choice.as_ref().is_none_or(|choice| choice != "none") {
        out.insert("parallel_tool_calls".to_owned(), json!(false));
    }
    out.extend(choice.map(|choice| ("tool_choice".to_owned(), choice)));
    Ok(())
}

struct Tools<'a> {
    list: Vec<Value>,
    /// By the provider's name.
    kinds: BTreeMap<String, Kind>,
    names: &'a mut ToolNames,
    traits: &'a Traits,
    notes: &'a mut Notes,
}

impl Tools<'_> {
    fn tool(&mut self, mut tool: Fields) -> Result<(), Refusal> {
        match tool.kind()?.as_str() {
            "function" | "" => {
                let function = tool.object("function")?;
                self.function(function.ok_or_else(|| refusal(&tool.at("function"), "an object"))?)
            }
            "custom" => {
                let custom = tool.object("custom")?;
                self.custom(custom.ok_or_else(|| refusal(&tool.at("custom"), "an object"))?)
            }
            _ => {
                self.notes.add("tool of an unknown type dropped");
                Ok(())
            }
        }
    }

    /// Without a word, Responses would hold the arguments to the schema, and refuse most schemas.
    fn function(&mut self, mut function: Fields) -> Result<(), Refusal> {
        let mut parameters = match function.take("parameters") {
            None => json!({ "type": "object", "properties": {} }),
            Some(parameters) => parameters,
        };
        if self.traits.plain_schemas {
            plain_schema::plain(&mut parameters);
        }
        let description = function.text("description")?;
        let strict = function.flag("strict")?.unwrap_or(false);
        let rest = vec![("parameters", parameters), ("strict", strict.into())];
        self.add(&mut function, Kind::Function, (Kind::Function, description), rest)
    }

    fn custom(&mut self, mut custom: Fields) -> Result<(), Refusal> {
        let description = custom.text("description")?;
        let format = custom.take("format");
        if !self.traits.openai {
            if format.as_ref().is_some_and(|format| format.get("grammar").is_some()) {
                self.notes.add("grammar of a custom tool became a description");
            }
            let description = custom_tool::description(description.as_deref(), format.as_ref());
            let rest = vec![("parameters", custom_tool::schema()), ("strict", false.into())];
            return self.add(&mut custom, Kind::Custom, (Kind::Function, description), rest);
        }
        let format = format.map(|format| ("format", flat_format(format))).into_iter().collect();
        self.add(&mut custom, Kind::Custom, (Kind::Custom, description), format)
    }

    /// A tool that is of one kind to the client, and maybe of another to the provider.
    fn add(
        &mut self,
        tool: &mut Fields,
        client: Kind,
        (kind, description): (Kind, Option<String>),
        rest: Vec<(&'static str, Value)>,
    ) -> Result<(), Refusal> {
        let name = tool.text("name")?.filter(|name| !name.is_empty());
        let name = name.ok_or_else(|| refusal(&tool.at("name"), "a name"))?;
        let name = self
            .names
            .add(ClientTool { kind: client, ..ClientTool::function(&name) })
            .map_err(|collision| Refusal::new(tool.at("name"), collision.to_string()))?;
        let mut written = Map::new();
        written.insert("type".to_owned(), word(kind).into());
        written.insert("name".to_owned(), name.as_str().into());
        written.extend(description.map(|text| ("description".to_owned(), text.into())));
        written.extend(rest.into_iter().map(|(key, value)| (key.to_owned(), value)));
        self.list.push(Value::Object(written));
        self.kinds.insert(name, kind);
        Ok(())
    }

    fn web_search(&mut self, body: &mut Fields) {
        let Some(Value::Object(mut options)) = body.take("web_search_options") else { return };
        if !self.traits.openai {
            return self.notes.add("web_search_options dropped");
        }
        let mut tool = Map::new();
        tool.insert("type".to_owned(), "web_search".into());
        let location = options.get("user_location").and_then(Value::as_object);
        let mut known = tool_list::web_search(location);
        let location = known.shift_remove("user_location");
        tool.extend(location.map(|location| ("user_location".to_owned(), location)));
        for name in ["search_context_size", "filters"] {
            tool.extend(options.shift_remove(name).map(|value| (name.to_owned(), value)));
        }
        self.list.push(Value::Object(tool));
    }

    /// `tool_choice`, or `function_call` as it was before.
    fn choice(&mut self, body: &mut Fields) -> Result<Option<Value>, Refusal> {
        let (path, choice) = match (body.take("tool_choice"), body.take("function_call")) {
            (Some(choice), _) => ("tool_choice", choice),
            (None, Some(choice)) => ("function_call", choice),
            (None, None) => return Ok(None),
        };
        if self.list.is_empty() {
            if choice != "none" && choice != "auto" {
                self.notes.add("tool_choice dropped: there are no tools");
            }
            return Ok(None);
        }
        let (choice, forces) = match &choice {
            Value::String(word) => mode(word, path).map(|mode| (json!(mode), mode == "required"))?,
            Value::Object(chosen) if chosen.get("type").is_some_and(|kind| kind == "allowed_tools") => {
                self.allowed(chosen, path)?
            }
            Value::Object(chosen) => (self.named(chosen).ok_or_else(|| unknown(path))?, true),
            _ => return Err(unknown(path)),
        };
        if forces && !self.traits.forced_tools {
            self.notes.add("tool_choice lowered to auto: the model cannot be forced");
            return Ok(Some(json!("auto")));
        }
        Ok(Some(choice))
    }

    /// Who does not know OpenAI's dialect is told of the allowed tools alone.
    fn allowed(&mut self, chosen: &Map<String, Value>, path: &str) -> Result<(Value, bool), Refusal> {
        let spec = chosen.get("allowed_tools").and_then(Value::as_object).unwrap_or(chosen);
        let mode = mode(spec.get("mode").and_then(Value::as_str).unwrap_or("auto"), path)?;
        let tools = spec.get("tools").and_then(Value::as_array).into_iter().flatten();
        let tools: Vec<Value> = tools.filter_map(|tool| self.named(tool.as_object()?)).collect();
        if tools.is_empty() {
            let path = "tool_choice.allowed_tools";
            return Err(Refusal::new(path, format!("`{path}` names no tool of this request")));
        }
        let forces = mode == "required";
        if self.traits.openai {
            return Ok((json!({ "type": "allowed_tools", "mode": mode, "tools": tools }), forces));
        }
        self.list.retain(|tool| tools.iter().any(|allowed| allowed.get("name") == tool.get("name")));
        Ok((json!(mode), forces))
    }

    /// The tool of the request that is named in `function`, `custom` or the object itself.
    fn named(&self, chosen: &Map<String, Value>) -> Option<Value> {
        let nested = ["function", "custom"].iter().find_map(|key| chosen.get(*key)?.as_object());
        let name = nested.unwrap_or(chosen).get("name")?.as_str()?;
        let name = upstream_name(&ClientTool::function(name));
        let kind = word(*self.kinds.get(&name)?);
        Some(object_of([("type", kind.into()), ("name", name.into())]))
    }
}

fn word(kind: Kind) -> &'static str {
    match kind {
        Kind::Function => "function",
        Kind::Custom => "custom",
    }
}

/// Chat nests a grammar, Responses does not.
fn flat_format(format: Value) -> Value {
    let Value::Object(mut format) = format else { return format };
    if let Some(Value::Object(grammar)) = format.shift_remove("grammar") {
        format.extend(grammar);
    }
    Value::Object(format)
}

fn mode(word: &str, path: &str) -> Result<&'static str, Refusal> {
    Ok(match word {
        "auto" => "auto",
        "none" => "none",
        "required" | "any" => "required",
        _ => return Err(unknown(path)),
    })
}

fn unknown(path: &str) -> Refusal {
    refusal(path, "auto, none, required, allowed tools or a tool of this request")
}
