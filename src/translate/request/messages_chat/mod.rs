//! A request of a Messages client for a Chat provider, and on its way to a Responses provider.
//!
//! What only Anthropic has is dropped in silence where nobody misses it (`context_management`, `safeguards`,
//! `speed`, `inference_geo`, `container`, `mcp_servers`, `diagnostics`, `fallbacks`, `compaction`, and every
//! member nobody has heard of): real agents send these, and a refusal would break them. Where something is
//! lost that a user may miss there is a note.

mod assistant;
mod client_tools;
mod content;
mod conversation;
mod document;
mod effort;
mod field;
mod format;
mod identity;
mod options;
mod result;
mod system;
mod thinking;
mod tools;
mod turns;
mod work;

use serde_json::{Value, json};

use self::{
    field::{Object, Under, object, take},
    format::Format,
    work::Work,
};
use crate::translate::{Memo, Notes, Refusal, Scene, Translated, parts::estimate, tools::ToolNames};

pub fn translate(body: &[u8], scene: &Scene<'_>) -> Result<Translated, Refusal> {
    let mut notes = Notes::default();
    let (out, tools) = chat_of(body, scene, false, &mut notes)?;
    let out = Value::Object(out);
    let mut memo = Memo::new(scene);
    memo.input_estimate = estimate::input_tokens(&out);
    memo.tools = tools;
    let mut bytes = Vec::with_capacity(body.len());
    // Writing a value to memory cannot fail.
    let _ = serde_json::to_writer(&mut bytes, &out);
    Ok(Translated { body: bytes, memo, notes })
}

/// The request in Chat's words, and the names of its tools. For a provider of Responses (`responses`) with what
/// only that format has, in the words that `chat_responses` reads.
pub(super) fn chat_of(
    body: &[u8],
    scene: &Scene<'_>,
    responses: bool,
    notes: &mut Notes,
) -> Result<(Object, ToolNames), Refusal> {
    let Ok(Value::Object(mut request)) = serde_json::from_slice(body) else {
        return Err(Refusal::new("body", "the body must be a JSON object"));
    };
    let mut work = Work::new(scene, responses);
    let out = chat(&mut request, &mut work).map_err(|refusal| {
        let message = format!("`{}` {}", refusal.param, refusal.message);
        Refusal { message, ..refusal }
    })?;
    notes.extend(&work.notes);
    Ok((out, work.names))
}

/// The members in the order in which people write them; providers do not care.
fn chat(body: &mut Object, work: &mut Work<'_>) -> Result<Object, Refusal> {
    refuse_thread(body)?;
    let mut out = Object::new();
    out.insert("model".to_owned(), json!(work.scene.model));
    // First, while there is everything to look at.
    let identity = if work.traits().openai { Some(identity::identity(body, work.scene)?) } else { None };
    work.uncached(body);

    let mut config = object(body, "output_config")?.unwrap_or_default();
    let asked = effort::named(&mut config, work).under(|| "output_config".to_owned())?;
    let format = format::format(body, &mut config, work)?;
    let mut prompt = system::prompt(take(body, "system"), work).under(|| "system".to_owned())?;
    if let Some(Format::Words(words)) = &format {
        prompt = if prompt.is_empty() { words.clone() } else { format!("{prompt}\n\n{words}") };
    }
    out.insert("messages".to_owned(), Value::Array(messages(body, &prompt, work)?));

    let with_tools = tools::tools(body, &mut out, work)?;
    options::limit(body, &mut out, work)?;
    options::sampling(body, &mut out, work)?;
    options::stop(body, &mut out, work)?;
    if work.responses && effort::is_shown(body) {
        out.insert("reasoning".to_owned(), json!({ "summary": "auto" }));
    }
    if let Some(effort) = effort::effort(body, asked, with_tools, work)? {
        out.insert("reasoning_effort".to_owned(), json!(effort.name()));
    }
    if let Some(Format::Native(format)) = format {
        out.insert("response_format".to_owned(), format);
    }
    options::stream(body, &mut out, work)?;
    options::tier(body, &mut out, work)?;
    if let Some(identity) = identity {
        if let Some(user) = identity.safety_identifier {
            out.insert("safety_identifier".to_owned(), json!(user));
        }
        out.insert("prompt_cache_key".to_owned(), json!(identity.prompt_cache_key));
    }
    Ok(out)
}

/// A conversation that the provider would hold, of which only what is new is sent. SDKs that are told so in
/// this way send all of it from then on.
fn refuse_thread(body: &mut Object) -> Result<(), Refusal> {
    if take(body, "thread").is_null() {
        return Ok(());
    }
    let message = "is not possible with this provider: send the whole conversation without it";
    Err(Refusal::new("thread", message).code("thread_unsupported_request"))
}

fn messages(body: &mut Object, prompt: &str, work: &mut Work<'_>) -> Result<Vec<Value>, Refusal> {
    let list = field::list(body, "messages")?.ok_or_else(|| Refusal::new("messages", "is required"))?;
    let said = conversation::messages(list, work).under(|| "messages".to_owned())?;
    let first = (!prompt.is_empty()).then(|| json!({ "role": system::role(work), "content": prompt }));
    Ok(first.into_iter().chain(said).collect())
}
