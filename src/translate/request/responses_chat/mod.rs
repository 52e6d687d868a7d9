//! A Responses client in front of a Chat provider: the request.

pub(super) mod content;
mod messages;
mod thoughts;
mod tools;

use serde_json::{Map, Value, json};

use super::responses::{
    self, Request,
    choice::{self, Choice},
    content::Part,
    settings::{Format, Settings},
};
use crate::translate::{
    Memo, Notes, Refusal, Scene, Traits, Translated,
    effort::{Effort, EffortSet},
    parts::{estimate::input_tokens, fields::object_of, plain_schema},
    traits::Thinking,
};

/// OpenAI's limit of `safety_identifier`.
const USER_MAX: usize = 64;

pub fn translate(body: &[u8], scene: &Scene<'_>) -> Result<Translated, Refusal> {
    let mut notes = Notes::default();
    let request = responses::read(body, &mut notes)?;
    let Request { mut system, turns, mut tools, tool_choice, mut settings, echo } = request;
    if tools.web_search.is_some() {
        notes.add("web_search dropped");
    }
    let choice = choice::read(tool_choice, &tools, false, &mut notes)?;
    let format = response_format(std::mem::take(&mut settings.format), scene.traits, &mut notes);
    if let Some(Shape::Words(words)) = &format {
        system.push(vec![Part::text(words.as_str())]);
    }

    let mut out = Map::new();
    out.insert("model".to_owned(), json!(scene.model));
    let messages = messages::write(system, turns, &mut tools, scene, &mut notes);
    out.insert("messages".to_owned(), Value::Array(messages));
    let with_tools = !tools.list.is_empty();
    if with_tools {
        let one_by_one = settings.parallel == Some(false) && choice != Choice::None;
        tools::write(tools.list, choice, scene.traits, &mut out);
        if one_by_one {
            out.insert("parallel_tool_calls".to_owned(), json!(false));
        }
    }
    if let Some(Shape::Native(format)) = format {
        out.insert("response_format".to_owned(), format);
    }
    write_settings(settings, with_tools, scene, &mut out, &mut notes);

    let out = Value::Object(out);
    let mut memo = Memo::new(scene);
    memo.tools = tools.names;
    memo.echo = echo;
    memo.input_estimate = input_tokens(&out);
    Ok(Translated { body: out.to_string().into_bytes(), memo, notes })
}

fn write_settings(
    settings: Settings,
    with_tools: bool,
    scene: &Scene<'_>,
    out: &mut Map<String, Value>,
    notes: &mut Notes,
) {
    let traits = scene.traits;
    if let Some(asked) = settings.max_output {
        let most = traits.max_output.unwrap_or(u64::MAX);
        if asked > most {
            notes.add("max_output_tokens lowered to what the model can write");
        }
        let name = if traits.openai { "max_completion_tokens" } else { "max_tokens" };
        out.insert(name.to_owned(), json!(asked.min(most)));
    }
    for (name, value) in [("temperature", &settings.temperature), ("top_p", &settings.top_p)] {
        match value {
            Some(value) if traits.sampling => {
                out.insert(name.to_owned(), value.clone());
            }
            Some(_) => notes.add("temperature and top_p dropped: the model takes neither"),
            None => {}
        }
    }
    if let Some(effort) = effort(settings.effort, with_tools, traits, notes) {
        out.insert("reasoning_effort".to_owned(), json!(effort.name()));
    }
    if settings.stream {
        out.insert("stream".to_owned(), json!(true));
        if traits.stream_options {
            out.insert("stream_options".to_owned(), json!({ "include_usage": true }));
        }
    }
    write_house(settings, scene, out, notes);
}

/// What only OpenAI has, whoever's format it is in.
pub(super) fn write_house(
    settings: Settings,
    scene: &Scene<'_>,
    out: &mut Map<String, Value>,
    notes: &mut Notes,
) {
    if scene.traits.openai {
        return write_openai(settings, scene, out);
    }
    if settings.service_tier.is_some_and(|tier| tier != "auto" && tier != "default") {
        notes.add("service_tier dropped");
    }
    if settings.verbosity.is_some_and(|verbosity| verbosity != "medium") {
        notes.add("text.verbosity dropped");
    }
}

/// What only OpenAI has. Elsewhere nothing is lost with it but hints for a cache, a tone and an abuse report.
fn write_openai(settings: Settings, scene: &Scene<'_>, out: &mut Map<String, Value>) {
    let version = version(scene.model);
    // Models before GPT-5 know one verbosity only and refuse the others.
    let verbose = version.is_some_and(|version| version >= (5, 0)) && !scene.traits.sampling;
    let texts = [
        ("verbosity", settings.verbosity.filter(|_| verbose)),
        ("service_tier", settings.service_tier),
        ("safety_identifier", settings.user.filter(|user| user.len() <= USER_MAX)),
    ];
    for (name, text) in texts {
        out.extend(text.map(|text| (name.to_owned(), Value::String(text))));
    }
    let explicit = takes_breakpoints(scene);
    let caching = settings.prompt_cache.into_iter();
    out.extend(caching.filter(|(name, _)| explicit || name != "prompt_cache_options"));
}

/// Whether parts may carry `prompt_cache_breakpoint`. They mean nothing without `prompt_cache_options`, which
/// ChatGPT's backend refuses.
pub(super) fn takes_breakpoints(scene: &Scene<'_>) -> bool {
    let takes_options = scene.traits.openai && !scene.traits.codex;
    takes_options && version(scene.model).is_some_and(|version| version >= (5, 6))
}

/// Major and minor of a GPT. What comes in with a version is refused before it.
fn version(model: &str) -> Option<(u32, u32)> {
    let name = model.rsplit('/').next().unwrap_or(model);
    let mut numbers =
        name.strip_prefix("gpt-")?.split(|c: char| !c.is_ascii_digit() && c != '.').next()?.split('.');
    let major = numbers.next()?.parse().ok()?;
    Some((major, numbers.next().and_then(|minor| minor.parse().ok()).unwrap_or(0)))
}

pub(super) fn effort(
    asked: Option<Effort>,
    with_tools: bool,
    traits: &Traits,
    notes: &mut Notes,
) -> Option<Effort> {
    let set = match traits.thinking {
        Thinking::Efforts(set) => set,
        Thinking::Never => {
            if asked.is_some_and(|effort| effort != Effort::None) {
                notes.add("reasoning.effort dropped: the model does not think on demand");
            }
            return None;
        }
        // Claude of old, through an aggregator: efforts stand for budgets there, and nothing for none.
        Thinking::Budget => {
            let set = EffortSet::of(&[Effort::Low, Effort::Medium, Effort::High]);
            return asked.filter(|effort| *effort != Effort::None)?.clamp(set);
        }
    };
    if with_tools && !traits.effort_with_tools {
        if asked.is_some_and(|effort| effort != Effort::None) {
            notes.add("reasoning.effort dropped: with tools this model thinks in the Responses format only");
        }
        return set.contains(Effort::None).then_some(Effort::None);
    }
    asked?.clamp(set)
}

/// How the answer's shape is asked for.
pub(super) enum Shape {
    /// Chat's `response_format`.
    Native(Value),
    /// For models that take no schema.
    Words(String),
}

pub(super) fn response_format(format: Format, traits: &Traits, notes: &mut Notes) -> Option<Shape> {
    let (name, description, schema, strict) = match format {
        Format::Text => return None,
        Format::JsonObject => return Some(Shape::Native(json!({ "type": "json_object" }))),
        Format::Schema { name, description, schema, strict } => (name, description, schema, strict),
    };
    let mut schema = Value::Object(schema);
    if !traits.structured {
        notes.add("text.format asked for in words: the model takes no schema");
        return Some(Shape::Words(format!(
            "Answer with JSON alone, without a code fence, that is valid against this JSON schema:\n{schema}"
        )));
    }
    if traits.plain_schemas {
        plain_schema::plain(&mut schema);
    }
    let mut named = Map::new();
    named.insert("name".to_owned(), name.into());
    named.extend(description.map(|text| ("description".to_owned(), text.into())));
    named.insert("schema".to_owned(), schema);
    named.extend(strict.map(|strict| ("strict".to_owned(), strict.into())));
    Some(Shape::Native(object_of([("type", "json_schema".into()), ("json_schema", named.into())])))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_of_gpt() {
        let cases = [
            ("gpt-5", Some((5, 0))),
            ("openai/gpt-5.6-sol", Some((5, 6))),
            ("gpt-6.1", Some((6, 1))),
            ("gpt-4o", Some((4, 0))),
            ("o3", None),
            ("gpt-oss-120b", None),
        ];
        for (model, expected) in cases {
            assert_eq!(version(model), expected, "{model}");
        }
    }
}
