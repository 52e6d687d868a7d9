//! The tools, and whether one has to be used.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{
    client_tools,
    field::{Object, Under, element, flag, list, object, object_of, required_string, string, take},
    work::Work,
};
use crate::translate::{
    Refusal,
    parts::{plain_schema, schema::openai_strict, tool_list::WEB_SEARCH},
};

/// What Claude Code sends in place of tools that it has put off.
const PLACEHOLDER: &str = "DeferredToolPlaceholder";

/// Tools in Chat's words, with the choice among them. `body` loses its `tools` and `tool_choice`.
///
/// After the messages, because they tell which tools have been loaded. Returns whether there are any.
pub(super) fn tools(body: &mut Object, out: &mut Object, work: &mut Work<'_>) -> Result<bool, Refusal> {
    let list = list(body, "tools")?.unwrap_or_default();
    let choice = choice(body)?;
    if let Some(Choice { wanted: Wanted::Tool(name), .. }) = &choice {
        work.loaded.insert(name.clone());
    }
    // Nobody at the provider would search what is put off.
    let all = list.iter().any(|tool| kind_of(tool).starts_with("tool_search_tool"));
    let mut taken = BTreeSet::new();
    let mut written = Vec::new();
    for (index, tool) in list.into_iter().enumerate() {
        let place = || format!("tools[{index}]");
        let tool = element(tool).under(place)?;
        if let Some((name, tool)) = self::tool(tool, all, out, work).under(place)? {
            if taken.insert(name) {
                written.push(tool);
            } else {
                work.note("tools of the same name dropped but for the first");
            }
        }
    }
    // OpenAI refuses a choice among nothing.
    if written.is_empty() {
        if let Some(choice) = choice {
            choice.write_alone(out, work);
        }
        return Ok(false);
    }
    out.insert("tools".to_owned(), Value::Array(written));
    if let Some(choice) = choice {
        choice.write(&taken, out, work)?;
    }
    Ok(true)
}

fn kind_of(tool: &Value) -> &str {
    tool.get("type").and_then(Value::as_str).unwrap_or_default()
}

/// The client's name and the tool; `None` for one that the provider is not told of.
fn tool(
    mut tool: Object,
    all: bool,
    out: &mut Object,
    work: &mut Work<'_>,
) -> Result<Option<(String, Value)>, Refusal> {
    work.uncached(&tool);
    let kind = string(&mut tool, "type")?.unwrap_or_default();
    if !matches!(kind.as_str(), "" | "custom") {
        return anthropics(&kind, &mut tool, out, work);
    }
    let name = required_string(&mut tool, "name")?;
    let deferred = flag(&mut tool, "defer_loading")? && !all && !work.loaded.contains(&name);
    if deferred || name == PLACEHOLDER {
        return Ok(None);
    }
    let mut description = string(&mut tool, "description")?;
    if let Value::Array(examples) = take(&mut tool, "input_examples")
        && !examples.is_empty()
    {
        let examples: Vec<String> = examples.iter().map(Value::to_string).collect();
        let text = format!("Examples of its input:\n{}", examples.join("\n"));
        description = Some(description.map_or(text.clone(), |before| format!("{before}\n\n{text}")));
    }
    let schema = schema(object(&mut tool, "input_schema")?, work);
    let wants_strict = flag(&mut tool, "strict")?;
    let strict = wants_strict && work.traits().openai && openai_strict(&schema);
    if wants_strict && !strict {
        work.note("strict dropped from tools whose schema or provider does not allow it");
    }
    Ok(Some((name.clone(), function(&work.tool_name(&name)?, description, schema, strict))))
}

/// A tool that Anthropic defines: those that the client runs have schemas that can be told; the others run
/// at Anthropic and nowhere else.
fn anthropics(
    kind: &str,
    tool: &mut Object,
    out: &mut Object,
    work: &mut Work<'_>,
) -> Result<Option<(String, Value)>, Refusal> {
    if let Some(known) = client_tools::known(kind) {
        let name = string(tool, "name")?.unwrap_or_else(|| known.name.to_owned());
        let upstream = work.tool_name(&name)?;
        let mut description = known.description.to_owned();
        let mut pixels = |name: &str| take(tool, name).as_u64();
        if let (Some(width), Some(height)) = (pixels("display_width_px"), pixels("display_height_px")) {
            description = format!("{description} The screen is {width} by {height} pixels.");
        }
        return Ok(Some((name, function(&upstream, Some(description), known.schema, false))));
    }
    let searches = work.responses || work.scene.model.contains("-search");
    if kind.starts_with("web_search_") && work.traits().openai && searches {
        let domains = take(tool, "allowed_domains");
        let names_some = |domains: &Value| domains.as_array().is_some_and(|domains| !domains.is_empty());
        let mut options = web_search(tool);
        if work.responses && domains.is_array() {
            options.insert("filters".to_owned(), json!({ "allowed_domains": domains }));
        } else if names_some(&domains) {
            work.note("allowed_domains of the web search dropped");
        }
        if names_some(&take(tool, "blocked_domains")) {
            work.note("blocked_domains of the web search dropped");
        }
        if take(tool, "max_uses").is_number() {
            work.note("max_uses of the web search dropped");
        }
        out.insert("web_search_options".to_owned(), Value::Object(options));
        return Ok(None);
    }
    work.note("tools that run at Anthropic dropped");
    Ok(None)
}

/// What models with a search of their own are told of it.
fn web_search(tool: &mut Object) -> Object {
    let Value::Object(mut location) = take(tool, "user_location") else { return Object::new() };
    location.retain(|name, value| name != "type" && !value.is_null());
    let location = json!({ "type": "approximate", "approximate": location });
    Object::from_iter([("user_location".to_owned(), location)])
}

fn schema(schema: Option<Object>, work: &Work<'_>) -> Value {
    let mut schema = schema.unwrap_or_default();
    schema.shift_remove("$schema");
    if schema.is_empty() {
        return json!({ "type": "object", "properties": {} });
    }
    let mut schema = Value::Object(schema);
    if work.traits().plain_schemas {
        plain_schema::plain(&mut schema);
    }
    schema
}

fn function(name: &str, description: Option<String>, parameters: Value, strict: bool) -> Value {
    let mut function = Object::new();
    function.insert("name".to_owned(), json!(name));
    if let Some(description) = description {
        function.insert("description".to_owned(), json!(description));
    }
    function.insert("parameters".to_owned(), parameters);
    if strict {
        function.insert("strict".to_owned(), json!(true));
    }
    object_of([("type", json!("function")), ("function", Value::Object(function))])
}

struct Choice {
    wanted: Wanted,
    one_at_a_time: bool,
}

enum Wanted {
    Auto,
    Any,
    /// By the client's name.
    Tool(String),
    None,
}

fn choice(body: &mut Object) -> Result<Option<Choice>, Refusal> {
    let Some(mut choice) = object(body, "tool_choice")? else { return Ok(None) };
    let read = |choice: &mut Object| {
        let wanted = match required_string(choice, "type")?.as_str() {
            "auto" => Wanted::Auto,
            "any" => Wanted::Any,
            "tool" => Wanted::Tool(required_string(choice, "name")?),
            "none" => Wanted::None,
            _ => return Err(Refusal::new("type", "must be `auto`, `any`, `tool` or `none`")),
        };
        Ok(Choice { wanted, one_at_a_time: flag(choice, "disable_parallel_tool_use")? })
    };
    read(&mut choice).under(|| "tool_choice".to_owned()).map(Some)
}

impl Choice {
    /// `taken` are the client's names of the tools that the provider is told of.
    fn write(self, taken: &BTreeSet<String>, out: &mut Object, work: &mut Work<'_>) -> Result<(), Refusal> {
        let forced = work.traits().forced_tools;
        let choice = match self.wanted {
            Wanted::Auto => json!("auto"),
            Wanted::None => json!("none"),
            Wanted::Any if forced => json!("required"),
            Wanted::Tool(name) if forced && taken.contains(&name) => {
                let name = work.tool_name(&name).under(|| "tool_choice".to_owned())?;
                json!({ "type": "function", "function": { "name": name } })
            }
            Wanted::Any | Wanted::Tool(_) => {
                work.note("tool_choice lowered to auto: the model or the tool cannot be forced");
                json!("auto")
            }
        };
        let none = choice == "none";
        out.insert("tool_choice".to_owned(), choice);
        if self.one_at_a_time && !none {
            out.insert("parallel_tool_calls".to_owned(), json!(false));
        }
        Ok(())
    }

    /// Where there is no tool but maybe a web search, which Responses takes for one.
    fn write_alone(self, out: &mut Object, work: &mut Work<'_>) {
        let searches = out.contains_key("web_search_options");
        let takes = searches && work.responses;
        let forces = takes && work.traits().forced_tools;
        let choice = match &self.wanted {
            Wanted::Auto => return,
            Wanted::None if !searches => return,
            Wanted::None if takes => "none",
            Wanted::Any if forces => "required",
            Wanted::Tool(name) if forces && name == WEB_SEARCH => "required",
            _ => return work.note("tool_choice dropped: there is no tool that it can be about"),
        };
        out.insert("tool_choice".to_owned(), json!(choice));
    }
}
