//! All that a request says besides its conversation and tools.

use serde_json::{Map, Value};

use super::fields::{Fields, refusal};
use crate::translate::{Notes, Refusal, effort::Effort};

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Settings {
    pub stream: bool,
    pub max_output: Option<u64>,
    pub temperature: Option<Value>,
    pub top_p: Option<Value>,
    pub parallel: Option<bool>,
    pub effort: Option<Effort>,
    /// Whether a summary of the thinking is asked for.
    pub summary: bool,
    pub format: Format,
    pub verbosity: Option<String>,
    pub service_tier: Option<String>,
    /// `safety_identifier`, or `user` before it.
    pub user: Option<String>,
    /// The fields about prompt caching, as sent.
    pub prompt_cache: Map<String, Value>,
}

/// How the answer's text is to be written.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Format {
    #[default]
    Text,
    JsonObject,
    Schema {
        name: String,
        description: Option<String>,
        schema: Map<String, Value>,
        strict: Option<bool>,
    },
}

/// Fields that ask for something that is stored, and what to do instead.
const STORED: [(&str, &str); 4] = [
    (
        "previous_response_id",
        "nothing is stored for this model; set `store` to false and send the whole input",
    ),
    ("conversation", "nothing is stored for this model; set `store` to false and send the whole input"),
    ("prompt", "stored prompts are OpenAI's own; send `instructions` and `input`"),
    ("background", "this model's provider answers only while the client waits; leave it out"),
];

/// Refuses what cannot be meant, and takes the settings out of the body. What is left unread of it is dropped
/// without a note where nothing is lost: `include` (thinking is sealed anyway), `store` false,
/// `client_metadata`, `stream_options`, `metadata` (only stored responses have it), and keys that nobody knows.
pub(super) fn read(body: &mut Fields, notes: &mut Notes) -> Result<Settings, Refusal> {
    for (name, instead) in STORED {
        let asked = body.take(name).filter(|value| *value != Value::Bool(false));
        if asked.is_some() {
            return Err(Refusal::new(name, format!("`{name}` is not supported here: {instead}")));
        }
    }
    losses(body, notes)?;
    let (effort, summary) = reasoning(body, notes)?;
    let (format, verbosity) = text(body, notes)?;
    let user = body.text("user")?;
    Ok(Settings {
        stream: body.flag("stream")?.unwrap_or(false),
        max_output: body.count("max_output_tokens")?,
        temperature: body.number("temperature")?,
        top_p: body.number("top_p")?,
        parallel: body.flag("parallel_tool_calls")?,
        effort,
        summary,
        format,
        verbosity,
        service_tier: body.text("service_tier")?,
        user: body.text("safety_identifier")?.or(user),
        prompt_cache: prompt_cache(body)?,
    })
}

/// Notes what no other format has.
fn losses(body: &mut Fields, notes: &mut Notes) -> Result<(), Refusal> {
    if body.flag("store")? == Some(true) {
        notes.add("store dropped: nothing is stored");
    }
    if body.text("truncation")?.as_deref() == Some("auto") {
        notes.add("truncation dropped");
    }
    for (name, note) in [
        ("max_tool_calls", "max_tool_calls dropped"),
        ("top_logprobs", "top_logprobs dropped"),
        ("context_management", "context_management dropped"),
        ("moderation", "moderation dropped"),
    ] {
        if body.take(name).is_some() {
            notes.add(note);
        }
    }
    Ok(())
}

pub(in crate::translate::request) fn prompt_cache(body: &mut Fields) -> Result<Map<String, Value>, Refusal> {
    let mut found = Map::new();
    for name in ["prompt_cache_key", "prompt_cache_retention"] {
        if let Some(text) = body.text(name)? {
            found.insert(name.to_owned(), Value::String(text));
        }
    }
    if let Some(options) = body.object("prompt_cache_options")? {
        found.insert("prompt_cache_options".to_owned(), options.into_value());
    }
    Ok(found)
}

fn reasoning(body: &mut Fields, notes: &mut Notes) -> Result<(Option<Effort>, bool), Refusal> {
    let Some(mut reasoning) = body.object("reasoning")? else { return Ok((None, false)) };
    let effort = reasoning.text("effort")?;
    let known = effort.as_deref().and_then(Effort::from_name);
    if effort.is_some() && known.is_none() {
        notes.add("reasoning.effort of an unknown name dropped");
    }
    let older = reasoning.text("generate_summary")?;
    Ok((known, reasoning.text("summary")?.or(older).is_some_and(|summary| summary != "none")))
}

fn text(body: &mut Fields, notes: &mut Notes) -> Result<(Format, Option<String>), Refusal> {
    let Some(mut text) = body.object("text")? else { return Ok((Format::Text, None)) };
    let verbosity = text.text("verbosity")?;
    let Some(mut format) = text.object("format")? else { return Ok((Format::Text, verbosity)) };
    let format = match format.kind()?.as_str() {
        "text" | "" => Format::Text,
        "json_object" => Format::JsonObject,
        "json_schema" => {
            let Some(Value::Object(schema)) = format.take("schema") else {
                return Err(refusal(&format.at("schema"), "an object"));
            };
            // OpenAI wants a name; others do not look at it.
            let name = format.text("name")?.filter(|name| !name.is_empty());
            Format::Schema {
                name: name.unwrap_or_else(|| "structured_output".to_owned()),
                description: format.text("description")?,
                schema,
                strict: format.flag("strict")?,
            }
        }
        _ => {
            notes.add("text.format of an unknown type dropped");
            Format::Text
        }
    };
    Ok((format, verbosity))
}
