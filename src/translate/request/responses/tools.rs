//! The tools of a request: all that a provider can be told of is a function.
//!
//! Namespaces are flattened into names, custom tools become functions of one string. Tools come in `tools`
//! and in the input (`additional_tools`); of two with the same name the last is meant. Tools that OpenAI runs
//! itself, or defines itself, have no counterpart.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::fields::{Fields, refusal};
use crate::translate::{
    Notes, Refusal,
    parts::custom_tool,
    tools::{ClientTool, Kind, ToolNames, upstream_name},
};

/// A function, as a provider is told of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Tool {
    pub client: ClientTool,
    /// The provider's name of it.
    pub name: String,
    pub description: Option<String>,
    /// An object.
    pub parameters: Value,
    pub strict: Option<bool>,
}

#[derive(Clone, Debug, Default)]
pub struct Tools {
    pub list: Vec<Tool>,
    /// Those of the list, and those that only the history has.
    pub names: ToolNames,
    /// `web_search` in any version, as the client describes it.
    pub web_search: Option<Map<String, Value>>,
    /// Where something of the same name is in the list.
    index: BTreeMap<(Option<String>, String), usize>,
    /// The tools called just so, whatever the namespace.
    spaces: BTreeMap<String, Vec<usize>>,
}

/// Reads lists of tools, each with its path.
pub fn read(lists: Vec<(Vec<Value>, String)>, notes: &mut Notes) -> Result<Tools, Refusal> {
    let mut tools = Tools::default();
    for (list, path) in lists {
        for (index, tool) in list.into_iter().enumerate() {
            tools.read(Fields::of(tool, format!("{path}[{index}]"))?, notes)?;
        }
    }
    for tool in &tools.list {
        tools.names.add(tool.client.clone()).map_err(|collision| {
            Refusal::new("tools", format!("in `tools`, {collision} at this model's provider; rename one"))
        })?;
    }
    Ok(tools)
}

impl Tools {
    fn read(&mut self, mut tool: Fields, notes: &mut Notes) -> Result<(), Refusal> {
        match tool.kind()?.as_str() {
            "function" => self.add(function(tool, None)?),
            "custom" => self.add(custom(tool, None)?),
            "namespace" => self.namespace(tool, notes)?,
            kind if kind.starts_with("web_search") => {
                let Value::Object(options) = tool.into_value() else { return Ok(()) };
                self.web_search = Some(options);
            }
            "local_shell" | "shell" | "apply_patch" => {
                notes.add("tools that OpenAI defines (shell, apply_patch) dropped");
            }
            _ => notes.add("hosted tools dropped"),
        }
        Ok(())
    }

    fn namespace(&mut self, mut namespace: Fields, notes: &mut Notes) -> Result<(), Refusal> {
        let name = namespace.required_text("name")?;
        let mut about = namespace.text("description")?.filter(|about| !about.trim().is_empty());
        let at = namespace.at("tools");
        for (index, tool) in namespace.list("tools")?.unwrap_or_default().into_iter().enumerate() {
            let mut tool = Fields::of(tool, format!("{at}[{index}]"))?;
            let mut read = match tool.kind()?.as_str() {
                "function" => function(tool, Some(&name))?,
                "custom" => custom(tool, Some(&name))?,
                _ => {
                    notes.add("hosted tools dropped");
                    continue;
                }
            };
            // What is said of all of them is said once.
            if let Some(about) = about.take() {
                let own = read.description.unwrap_or_default();
                read.description =
                    Some(format!("{own}\n\nOf all tools in `{name}`: {about}").trim().to_owned());
            }
            self.add(read);
        }
        Ok(())
    }

    /// Adds a tool, in place of one of the same name.
    fn add(&mut self, tool: Tool) {
        let key = (tool.client.namespace.clone(), tool.client.name.clone());
        if let Some(known) = self.index.get(&key).and_then(|index| self.list.get_mut(*index)) {
            *known = tool;
            return;
        }
        self.spaces.entry(tool.client.name.clone()).or_default().push(self.list.len());
        self.index.insert(key, self.list.len());
        self.list.push(tool);
    }

    /// The tool that a client means, with or without its namespace.
    pub fn find(&self, namespace: Option<&str>, name: &str) -> Option<&Tool> {
        let key = (namespace.map(str::to_owned), name.to_owned());
        let index = match (self.index.get(&key), namespace, self.spaces.get(name).map(Vec::as_slice)) {
            (Some(index), _, _) | (None, None, Some([index])) => *index,
            _ => return None,
        };
        self.list.get(index)
    }

    /// What the provider is told that a called tool is named. Tools that only the history has are
    /// remembered too: a model may call them again.
    pub fn name_of(&mut self, called: &ClientTool) -> String {
        match self.find(called.namespace.as_deref(), &called.name) {
            Some(tool) => tool.name.clone(),
            // A collision is with a tool that can be called; the history is just told by the same name.
            None => self.names.add(called.clone()).unwrap_or_else(|collision| collision.0),
        }
    }
}

fn function(mut tool: Fields, namespace: Option<&str>) -> Result<Tool, Refusal> {
    let mut parameters = tool.take("parameters").unwrap_or_else(|| json!({}));
    let Value::Object(schema) = &mut parameters else {
        return Err(refusal(&tool.at("parameters"), "an object"));
    };
    // Which draft it is written in is no part of what it says, and some servers refuse it.
    schema.shift_remove("$schema");
    if schema.is_empty() {
        parameters = json!({ "type": "object", "properties": {} });
    }
    let strict = tool.flag("strict")?;
    Ok(Tool { parameters, strict, ..named(&mut tool, namespace, Kind::Function)? })
}

fn custom(mut tool: Fields, namespace: Option<&str>) -> Result<Tool, Refusal> {
    let format = tool.take("format");
    let base = named(&mut tool, namespace, Kind::Custom)?;
    let description = custom_tool::description(base.description.as_deref(), format.as_ref());
    Ok(Tool { description, parameters: custom_tool::schema(), ..base })
}

fn named(tool: &mut Fields, namespace: Option<&str>, kind: Kind) -> Result<Tool, Refusal> {
    let name = tool.required_text("name")?;
    if name.is_empty() {
        return Err(refusal(&tool.at("name"), "a string that is not empty"));
    }
    let description = tool.text("description")?;
    let client = ClientTool { name, namespace: namespace.map(str::to_owned), kind };
    let name = upstream_name(&client);
    Ok(Tool { client, name, description, parameters: Value::Null, strict: None })
}
