//! A Responses client in front of a Chat provider: the request.

mod messages;
mod tools;

use serde_json::{Map, Value, json};

use super::responses::{
    self, Request,
    choice::{self, Choice},
    content::Part,
    settings::{Format, Settings},
};
use crate::translate::{
    Memo, Notes, Refusal, Scene, Translated, effort::Effort, parts::estimate::input_tokens, traits::Thinking,
};

/// OpenAI's limit of `safety_identifier`.
const USER_MAX: usize = 64;

pub fn translate(body: &[u8], scene: &Scene<'_>) -> Result<Translated, Refusal> {
    let mut notes = Notes::default();
    let request = responses::read(body, &mut notes)?;
    let Request { mut system, turns, mut tools, tool_choice, settings, echo } = request;
    if tools.web_search.is_some() {
        notes.add("web_search dropped");
    }
    let choice = choice::read(tool_choice, &tools, false, &mut notes)?;
    let format = response_format(&settings.format, scene, &mut system, &mut notes);

    let mut out = Map::new();
    out.insert("model".to_owned(), json!(scene.model));
    let messages = messages::write(system, turns, &mut tools, scene, &mut notes);
    out.insert("messages".to_owned(), Value::Array(messages));
    if !tools.list.is_empty() {
        if settings.parallel == Some(false) && choice != Choice::None {
            out.insert("parallel_tool_calls".to_owned(), json!(false));
        }
        tools::write(tools.list, choice, scene.traits, &mut out);
    }
    if let Some(format) = format {
        out.insert("response_format".to_owned(), format);
    }
    write_settings(&settings, scene, &mut out, &mut notes);

    let out = Value::Object(out);
    let mut memo = Memo::new(scene);
    memo.tools = tools.names;
    memo.echo = echo;
    memo.input_estimate = input_tokens(&out);
    Ok(Translated { body: out.to_string().into_bytes(), memo, notes })
}

fn write_settings(settings: &Settings, scene: &Scene<'_>, out: &mut Map<String, Value>, notes: &mut Notes) {
    let traits = scene.traits;
    let mut set = |name: &str, value: Value| out.insert(name.to_owned(), value);
    if let Some(asked) = settings.max_output {
        let tokens = traits.max_output.map_or(asked, |most| asked.min(most));
        set(if traits.openai { "max_completion_tokens" } else { "max_tokens" }, json!(tokens));
    }
    for (name, value) in [("temperature", &settings.temperature), ("top_p", &settings.top_p)] {
        match value {
            Some(value) if traits.sampling => {
                set(name, value.clone());
            }
            Some(_) => notes.add("temperature and top_p dropped: the model takes none"),
            None => {}
        }
    }
    if let Some(effort) = effort(settings.effort, traits.thinking, notes) {
        set("reasoning_effort", json!(effort.name()));
    }
    if traits.openai {
        write_openai(settings, scene, &mut set);
    } else if settings.service_tier.as_deref().is_some_and(|tier| tier != "auto") {
        notes.add("service_tier dropped");
    }
    if settings.stream {
        set("stream", json!(true));
        if traits.stream_options {
            set("stream_options", json!({ "include_usage": true }));
        }
    }
}

/// What only OpenAI has. Elsewhere nothing is lost with it but hints for a cache, a tone and an abuse report.
fn write_openai(settings: &Settings, scene: &Scene<'_>, set: &mut impl FnMut(&str, Value) -> Option<Value>) {
    let user = settings.user.as_ref().filter(|user| user.len() <= USER_MAX);
    // Models before GPT-5 know one verbosity only and refuse the others.
    let name = scene.model.rsplit('/').next().unwrap_or(scene.model);
    let verbose = (name.starts_with("gpt-5") || name.starts_with("gpt-6")) && !scene.traits.sampling;
    let texts = [
        ("verbosity", settings.verbosity.as_ref().filter(|_| verbose)),
        ("service_tier", settings.service_tier.as_ref()),
        ("safety_identifier", user),
    ];
    for (name, text) in texts {
        if let Some(text) = text {
            set(name, json!(text));
        }
    }
    for (name, value) in &settings.prompt_cache {
        set(name, value.clone());
    }
}

fn effort(asked: Option<Effort>, thinking: Thinking, notes: &mut Notes) -> Option<Effort> {
    let asked = asked?;
    match thinking {
        Thinking::Efforts(known) => asked.clamp(known),
        Thinking::Never | Thinking::Budget => {
            if asked != Effort::None {
                notes.add("reasoning.effort dropped: the model takes none");
            }
            None
        }
    }
}

/// `text.format`. A model that takes no schema is told of it in words.
fn response_format(
    format: &Format,
    scene: &Scene<'_>,
    system: &mut Vec<Vec<Part>>,
    notes: &mut Notes,
) -> Option<Value> {
    match format {
        Format::Text => None,
        Format::JsonObject => Some(json!({ "type": "json_object" })),
        Format::Schema { schema, .. } if !scene.traits.structured => {
            notes.add("text.format asked for in words: the model takes no schema");
            let schema = Value::Object(schema.clone());
            system.push(vec![Part::text(format!(
                "Answer with JSON alone, without a code fence, that fits this JSON schema:\n{schema}"
            ))]);
            Some(json!({ "type": "json_object" }))
        }
        Format::Schema { name, description, schema, strict } => {
            let mut json_schema = Map::new();
            json_schema.insert("name".to_owned(), json!(name));
            if let Some(description) = description {
                json_schema.insert("description".to_owned(), json!(description));
            }
            json_schema.insert("schema".to_owned(), Value::Object(schema.clone()));
            if let Some(strict) = strict {
                json_schema.insert("strict".to_owned(), json!(strict));
            }
            Some(json!({ "type": "json_schema", "json_schema": json_schema }))
        }
    }
}
