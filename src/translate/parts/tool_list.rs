//! The tools of a request in Anthropic's format, and which of them the model has to use.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::{
    custom_tool, fields,
    schema::{self, LIMITS, Weight},
};
use crate::translate::{Notes, Refusal, Traits};

/// Most tools of one request whose arguments Anthropic holds to their schemas.
const STRICT_MAX: usize = 20;

/// A tool that takes JSON.
#[derive(Clone, Debug, Default)]
pub struct Function<'a> {
    /// As the provider knows it.
    pub name: String,
    pub description: Option<String>,
    /// Its arguments' JSON schema.
    pub parameters: Option<&'a Value>,
    /// The arguments are to be held to the schema.
    pub strict: bool,
    /// `cache_control`.
    pub control: Option<Value>,
}

/// Tools by name, each once, in the client's order.
#[derive(Debug, Default)]
pub struct ToolList {
    list: Vec<Entry>,
    places: BTreeMap<String, usize>,
}

#[derive(Debug)]
struct Entry {
    name: String,
    value: Map<String, Value>,
    /// Its schema as a grammar, where strictness was asked for and can be had.
    strict: Option<schema::Grammar>,
}

/// Whether and what the model must call.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Choice {
    /// The client does not say.
    #[default]
    Unset,
    Auto,
    None,
    Any,
    /// By the provider's name.
    Named(String),
}

impl Choice {
    pub fn forces(&self) -> bool {
        matches!(self, Self::Any | Self::Named(_))
    }

    /// `tool_choice`, or nothing where it would say the default. `may_force`: see
    /// [`super::thinking::Plan::forced`].
    pub fn write(&self, may_force: bool, one_at_a_time: bool) -> Option<Value> {
        let mut value = match self {
            Self::Unset if !one_at_a_time => return None,
            Self::None => return Some(json!({ "type": "none" })),
            Self::Any if may_force => json!({ "type": "any" }),
            Self::Named(name) if may_force => json!({ "type": "tool", "name": name }),
            _ => json!({ "type": "auto" }),
        };
        if let (true, Value::Object(choice)) = (one_at_a_time, &mut value) {
            choice.insert("disable_parallel_tool_use".to_owned(), true.into());
        }
        Some(value)
    }
}

impl ToolList {
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    pub fn len(&self) -> usize {
        self.list.len()
    }

    pub fn contains(&self, name: &str) -> bool {
        self.places.contains_key(name)
    }

    /// Adds a function, or takes it in place of one of its name. `path` is its schema's.
    pub fn function(
        &mut self,
        function: Function<'_>,
        path: &str,
        traits: &Traits,
        notes: &mut Notes,
    ) -> Result<(), Refusal> {
        let input = schema::tool_input(function.parameters, path)?;
        let strict = match (&input, function.strict) {
            (Value::Object(input), true) => strict_schema(input, traits, notes),
            _ => None,
        };
        self.put(function.name, function.description, input, strict, function.control);
        Ok(())
    }

    /// Adds a tool that takes text.
    pub fn text_tool(&mut self, name: String, description: Option<String>, control: Option<Value>) {
        self.put(name, description, custom_tool::schema(), None, control);
    }

    /// Adds a tool of Anthropic's own, unless its name is taken.
    pub fn server_tool(&mut self, name: &str, value: Map<String, Value>) -> bool {
        if self.contains(name) {
            return false;
        }
        self.places.insert(name.to_owned(), self.list.len());
        self.list.push(Entry { name: name.to_owned(), value, strict: None });
        true
    }

    /// Adds what stands for tools that were called and are offered no more: Anthropic refuses calls in a
    /// history where no tools are.
    pub fn stubs<'a>(&mut self, names: impl Iterator<Item = &'a str>) {
        for name in names.filter(|name| !name.is_empty()) {
            let told = Some("No longer available.".to_owned());
            self.put(name.to_owned(), told, json!({ "type": "object", "properties": {} }), None, None);
        }
    }

    /// Drops all tools but these.
    pub fn keep(&mut self, names: &[String]) {
        self.list.retain(|entry| names.contains(&entry.name));
        let places = self.list.iter().enumerate().map(|(at, entry)| (entry.name.clone(), at));
        self.places = places.collect();
    }

    /// `tools`. `spent` is what a schema for the answer weighs already.
    pub fn finish(self, spent: Weight, notes: &mut Notes) -> Vec<Value> {
        let grammars = || self.list.iter().filter_map(|entry| entry.strict.as_ref());
        let weight = grammars().fold(spent, |sum, grammar| sum.and(grammar.weight));
        let strict = weight.fits(LIMITS) && grammars().count() <= STRICT_MAX;
        if !strict {
            notes.add("strict dropped: the tools' schemas are too large to compile");
        }
        let write = |entry: Entry| {
            let mut value = entry.value;
            if let Some(grammar) = entry.strict.filter(|_| strict) {
                value.insert("input_schema".to_owned(), grammar.schema);
                value.insert("strict".to_owned(), true.into());
            }
            Value::Object(value)
        };
        self.list.into_iter().map(write).collect()
    }

    fn put(
        &mut self,
        name: String,
        description: Option<String>,
        input: Value,
        strict: Option<schema::Grammar>,
        control: Option<Value>,
    ) {
        let mut value = Map::new();
        value.insert("name".to_owned(), name.as_str().into());
        if let Some(description) = description.filter(|text| !text.trim().is_empty()) {
            value.insert("description".to_owned(), description.into());
        }
        value.insert("input_schema".to_owned(), input);
        if let Some(control) = control {
            value.insert("cache_control".to_owned(), control);
        }
        let entry = Entry { name: name.clone(), value, strict };
        let place = *self.places.entry(name).or_insert(self.list.len());
        match self.list.get_mut(place) {
            Some(known) => *known = entry,
            None => self.list.push(entry),
        }
    }
}

/// The schema that arguments are held to. To hold them to one that leaves things open would change it.
fn strict_schema(input: &Map<String, Value>, traits: &Traits, notes: &mut Notes) -> Option<schema::Grammar> {
    let possible = traits.claude && traits.structured && schema::openai_strict(&Value::Object(input.clone()));
    if !possible {
        notes.add("strict dropped: the model or the schema does not allow it");
        return None;
    }
    Some(schema::for_grammar(input))
}

/// Anthropic's web search as a tool, with OpenAI's `user_location`.
pub fn web_search(user_location: Option<&Map<String, Value>>) -> Map<String, Value> {
    let mut tool = Map::new();
    tool.insert("type".to_owned(), "web_search_20250305".into());
    tool.insert("name".to_owned(), WEB_SEARCH.into());
    // Chat nests the place in `approximate`, Responses does not.
    let place = user_location
        .map(|location| location.get("approximate").and_then(Value::as_object).unwrap_or(location));
    let known = ["city", "region", "country", "timezone"];
    let parts = known.into_iter().filter_map(|key| {
        let part = fields::get(place?, key)?.as_str().filter(|part| !part.trim().is_empty())?;
        Some((key.to_owned(), Value::from(part)))
    });
    let parts: Vec<(String, Value)> = parts.collect();
    if !parts.is_empty() {
        let mut location = Map::from_iter([("type".to_owned(), "approximate".into())]);
        location.extend(parts);
        tool.insert("user_location".to_owned(), location.into());
    }
    tool
}

/// Its name.
pub const WEB_SEARCH: &str = "web_search";

#[cfg(test)]
mod tests {
    use super::*;

    fn claude() -> Traits {
        Traits { claude: true, ..Traits::default() }
    }

    fn closed(properties: &Value) -> Value {
        let required: Vec<&String> = properties.as_object().unwrap().keys().collect();
        json!({ "type": "object", "properties": properties, "required": required, "additionalProperties": false })
    }

    fn list_of(functions: &[(&str, &Value, bool)], traits: &Traits) -> (Vec<Value>, Notes) {
        let (mut list, mut notes) = (ToolList::default(), Notes::default());
        for (name, parameters, strict) in functions {
            let name = (*name).to_owned();
            let function =
                Function { name, parameters: Some(parameters), strict: *strict, ..Function::default() };
            list.function(function, "p", traits, &mut notes).unwrap();
        }
        (list.finish(Weight::default(), &mut notes), notes)
    }

    #[test]
    fn strict_only_where_it_can_be_had() {
        let fits = closed(&json!({ "a": { "type": "integer", "minimum": 1 } }));
        let open = json!({ "type": "object", "properties": { "a": { "type": "string" } } });
        let (tools, notes) =
            list_of(&[("f", &fits, true), ("g", &open, true), ("h", &fits, false)], &claude());
        assert_eq!(tools[0]["strict"], true);
        assert_eq!(tools[0]["input_schema"]["properties"]["a"]["description"], "(minimum: 1)");
        assert!(tools[1].get("strict").is_none() && tools[2].get("strict").is_none());
        assert_eq!(tools[2]["input_schema"], fits);
        assert_eq!(notes.list().len(), 1);
        assert!(list_of(&[("f", &fits, true)], &Traits::default()).0[0].get("strict").is_none());
    }

    #[test]
    fn too_much_strictness_is_none() {
        let unions = json!({ "a": { "type": ["string", "null"] }, "b": { "type": ["string", "null"] } });
        let schema = closed(&unions);
        let names: Vec<String> = (0..9).map(|at| format!("f{at}")).collect();
        let functions: Vec<_> = names.iter().map(|name| (name.as_str(), &schema, true)).collect();
        let (tools, notes) = list_of(&functions, &claude());
        assert!(tools.iter().all(|tool| tool.get("strict").is_none() && tool["input_schema"] == schema));
        assert_eq!(notes.list(), ["strict dropped: the tools' schemas are too large to compile"]);
        assert!(list_of(&functions[..8], &claude()).0.iter().all(|tool| tool["strict"] == true));
    }

    #[test]
    fn a_name_is_there_once() {
        let (first, last) = (closed(&json!({ "a": {} })), closed(&json!({ "b": {} })));
        let (tools, _) =
            list_of(&[("f", &first, false), ("g", &first, false), ("f", &last, false)], &claude());
        assert_eq!(tools.len(), 2);
        assert_eq!((&tools[0]["name"], &tools[0]["input_schema"]), (&json!("f"), &last));
    }

    #[test]
    fn choices() {
        let named = Choice::Named("f".into());
        assert_eq!(Choice::Unset.write(true, false), None);
        assert_eq!(
            Choice::Unset.write(true, true),
            Some(json!({ "type": "auto", "disable_parallel_tool_use": true }))
        );
        assert_eq!(Choice::None.write(true, true), Some(json!({ "type": "none" })));
        assert_eq!(Choice::Any.write(true, false), Some(json!({ "type": "any" })));
        assert_eq!(Choice::Any.write(false, false), Some(json!({ "type": "auto" })));
        assert_eq!(named.write(true, false), Some(json!({ "type": "tool", "name": "f" })));
        assert!(named.forces() && !Choice::Auto.forces());
    }

    #[test]
    fn web_search_knows_where() {
        let location = json!({ "type": "approximate", "approximate": { "city": "Bonn", "country": "DE", "region": "" } });
        let tool = Value::Object(web_search(location.as_object()));
        assert_eq!(tool["user_location"], json!({ "type": "approximate", "city": "Bonn", "country": "DE" }));
        assert!(!web_search(None).contains_key("user_location"));
    }
}
