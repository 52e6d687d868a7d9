//! A Chat client in front of a Responses provider: the request.
//!
//! Nothing is stored there (`store` is false), so what it thought comes back encrypted and goes along in the
//! history. Dropped without a word, because an answer is the same without them: `store`, `moderation`,
//! `logprobs` that are off, and members that no one knows.

mod content;
mod messages;
mod settings;
mod thoughts;
mod tools;

use serde_json::{Map, Value, json};

use super::{
    chat_messages::options,
    responses::fields::{Fields, refusal},
    responses_chat::Shape,
};
use crate::translate::{
    Memo, Notes, Refusal, Scene, Translated, parts::estimate::input_tokens, tools::ToolNames,
};

/// Where there have to be some and nobody gave any.
const INSTRUCTIONS: &str = "You are a helpful assistant.";

pub fn translate(body: &[u8], scene: &Scene<'_>) -> Result<Translated, Refusal> {
    let Ok(Value::Object(mut body)) = serde_json::from_slice::<Value>(body) else {
        return Err(Refusal::new("", "the request body must be a JSON object"));
    };
    let mut notes = Notes::default();
    // Responses has it, unlike the other formats that Chat is translated to.
    let verbosity = body.shift_remove("verbosity");
    options::refuse_unmeant(&body, &mut notes)?;
    body.extend(verbosity.map(|verbosity| ("verbosity".to_owned(), verbosity)));
    let include_usage = options::include_usage(&body)?;
    let mut tools = ToolNames::default();
    let out = write(body, scene, &mut tools, &mut notes)?;
    let mut translated = translated(&out, tools, scene, notes);
    translated.memo.include_usage = include_usage;
    Ok(translated)
}

/// A Chat request in Responses' words. `names` learns the names of its tools.
pub(super) fn write(
    body: Map<String, Value>,
    scene: &Scene<'_>,
    names: &mut ToolNames,
    notes: &mut Notes,
) -> Result<Value, Refusal> {
    let limit = options::max_tokens(&body)?;
    let effort = options::effort(&body)?;
    let mut body = Fields::top(body);
    let format = settings::format(&mut body, scene.traits, notes)?;
    let list = body.list("messages")?.ok_or_else(|| refusal("messages", "an array"))?;
    let (format, words) = match format {
        Some(Shape::Native(format)) => (Some(format), None),
        Some(Shape::Words(words)) => (None, Some(words)),
        None => (None, None),
    };
    // OpenAI looks for the word "JSON" in the input, not in the instructions.
    let all_in_input =
        format.as_ref().is_some_and(|format| format.get("type").is_some_and(|it| it == "json_object"));
    let conversation = messages::write(list, all_in_input, scene, notes)?;

    let mut out = Map::new();
    out.insert("model".to_owned(), json!(scene.model));
    let mut instructions: Vec<String> = conversation.instructions.into_iter().chain(words).collect();
    if instructions.is_empty() && scene.traits.codex {
        instructions.push(INSTRUCTIONS.to_owned());
    }
    if !instructions.is_empty() {
        out.insert("instructions".to_owned(), instructions.join("\n\n").into());
    }
    out.insert("input".to_owned(), Value::Array(conversation.items));
    tools::write(&mut body, scene.traits, names, &mut out, notes)?;
    settings::write(&mut body, settings::Asked { limit, effort, format }, scene, &mut out, notes)?;
    Ok(Value::Object(out))
}

pub(super) fn translated(out: &Value, tools: ToolNames, scene: &Scene<'_>, notes: Notes) -> Translated {
    let memo = Memo { tools, input_estimate: input_tokens(out), ..Memo::new(scene) };
    Translated { body: out.to_string().into_bytes(), memo, notes }
}
