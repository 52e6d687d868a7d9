//! Everything of the request but its messages and tools.

use serde_json::{Map, Value, json};

use crate::translate::{
    Notes, Refusal, Scene, Traits,
    effort::Effort,
    request::{
        responses::{
            fields::{Fields, refusal},
            settings::{Format, Settings, prompt_cache},
        },
        responses_chat::{self, Shape},
    },
    traits::Thinking,
};

/// OpenAI refuses to write less.
const OUTPUT_MIN: u64 = 16;

/// What has been read already.
pub(super) struct Asked {
    pub(super) limit: Option<u64>,
    pub(super) effort: Option<Effort>,
    /// `text.format`.
    pub(super) format: Option<Value>,
}

pub(super) fn write(
    body: &mut Fields,
    Asked { limit, effort, format }: Asked,
    scene: &Scene<'_>,
    out: &mut Map<String, Value>,
    notes: &mut Notes,
) -> Result<(), Refusal> {
    let traits = scene.traits;
    let mut put = |name: &str, value: Value| out.insert(name.to_owned(), value);
    match limit {
        Some(_) if traits.codex => notes.add("max_tokens dropped: the provider takes no limit"),
        Some(limit) => {
            put("max_output_tokens", self::limit(limit, traits, notes).into());
        }
        None => {}
    }
    for name in ["temperature", "top_p"] {
        match body.number(name)? {
            Some(value) if traits.sampling && !traits.codex => {
                put(name, value);
            }
            Some(_) => notes.add("temperature and top_p dropped: the model takes neither"),
            None => {}
        }
    }
    if body.take("stop").is_some_and(|stop| stop != "" && stop != json!([])) {
        notes.add("stop sequences dropped: Responses has none");
    }
    if traits.thinking != Thinking::Never {
        put("include", json!(["reasoning.encrypted_content"]));
    }
    let effort = responses_chat::effort(effort, false, traits, notes);
    if let Some(reasoning) = reasoning(body, effort, traits) {
        put("reasoning", reasoning);
    }
    put("store", json!(false));
    if body.flag("stream")? == Some(true) || traits.codex {
        put("stream", json!(true));
    }
    match body.object("metadata")? {
        Some(_) if traits.codex => notes.add("metadata dropped: the provider takes none"),
        Some(metadata) if traits.openai => {
            put("metadata", metadata.into_value());
        }
        _ => {}
    }
    let user = body.text("user")?;
    let mut settings = Settings {
        verbosity: body.text("verbosity")?,
        service_tier: body.text("service_tier")?,
        user: body.text("safety_identifier")?.or(user),
        prompt_cache: prompt_cache(body)?,
        ..Settings::default()
    };
    if traits.codex {
        keep_what_codex_sends(&mut settings, notes);
    }
    responses_chat::write_house(settings, scene, out, notes);
    let verbosity = out.shift_remove("verbosity").map(|verbosity| ("verbosity".to_owned(), verbosity));
    let text: Map<String, Value> =
        format.map(|format| ("format".to_owned(), format)).into_iter().chain(verbosity).collect();
    if !text.is_empty() {
        out.insert("text".to_owned(), text.into());
    }
    Ok(())
}

/// ChatGPT's backend refuses what Codex does not send.
fn keep_what_codex_sends(settings: &mut Settings, notes: &mut Notes) {
    if settings.user.take().is_some() {
        notes.add("safety_identifier dropped: the provider takes none");
    }
    if settings.service_tier.take().is_some_and(|tier| tier != "auto" && tier != "default") {
        notes.add("service_tier dropped: the provider takes none");
    }
    let sent = settings.prompt_cache.len();
    settings.prompt_cache.retain(|name, _| name == "prompt_cache_key");
    if settings.prompt_cache.len() < sent {
        notes.add("prompt_cache_retention and prompt_cache_options dropped: the provider takes neither");
    }
}

fn limit(asked: u64, traits: &Traits, notes: &mut Notes) -> u64 {
    let most = traits.max_output.unwrap_or(u64::MAX);
    if asked > most {
        notes.add("max_tokens lowered to what the model can write");
    } else if asked < OUTPUT_MIN {
        notes.add("max_tokens raised to 16: Responses takes no less");
    }
    asked.min(most).max(OUTPUT_MIN)
}

/// Its text is a summary, and only for those who ask: OpenAI gives none to organizations that it has not
/// verified, and refuses their requests. Clients of aggregators ask by `reasoning` unless they exclude it.
fn reasoning(body: &mut Fields, effort: Option<Effort>, traits: &Traits) -> Option<Value> {
    let mut reasoning = Map::new();
    if let Some(effort) = effort {
        reasoning.insert("effort".to_owned(), effort.name().into());
    }
    let asked = body.take("reasoning").filter(Value::is_object);
    let tells =
        traits.reasoning_summary && traits.thinking != Thinking::Never && effort != Some(Effort::None);
    if let Some(asked) = asked.filter(|asked| tells && asked.get("exclude").is_none_or(|it| it != true)) {
        let summary = asked.get("summary").and_then(Value::as_str).unwrap_or("auto");
        reasoning.insert("summary".to_owned(), summary.into());
    }
    (!reasoning.is_empty()).then_some(Value::Object(reasoning))
}

/// `response_format` as `text.format`, or words in place of it.
pub(super) fn format(
    body: &mut Fields,
    traits: &Traits,
    notes: &mut Notes,
) -> Result<Option<Shape>, Refusal> {
    let Some(mut format) = body.object("response_format")? else { return Ok(None) };
    let format = match format.kind()?.as_str() {
        "text" | "" => return Ok(None),
        "json_object" => Format::JsonObject,
        "json_schema" => {
            let mut spec = format
                .object("json_schema")?
                .ok_or_else(|| refusal(&format.at("json_schema"), "an object"))?;
            match spec.object("schema")?.map(Fields::into_value) {
                Some(Value::Object(schema)) => Format::Schema {
                    // OpenAI wants a name; others do not look at it.
                    name: spec.text("name")?.unwrap_or_else(|| "structured_output".to_owned()),
                    description: spec.text("description")?,
                    schema,
                    strict: spec.flag("strict")?,
                },
                _ => Format::JsonObject,
            }
        }
        _ => return Err(refusal(&format.at("type"), "text, json_object or json_schema")),
    };
    Ok(responses_chat::response_format(format, traits, notes).map(|shape| match shape {
        Shape::Native(nested) => Shape::Native(flat(nested)),
        words @ Shape::Words(_) => words,
    }))
}

/// Chat nests a schema, Responses does not.
fn flat(format: Value) -> Value {
    let Value::Object(mut format) = format else { return format };
    if let Some(Value::Object(spec)) = format.shift_remove("json_schema") {
        format.extend(spec);
    }
    Value::Object(format)
}
