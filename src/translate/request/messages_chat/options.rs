//! How much to write, how to sample, when to stop.

use serde_json::{Value, json};

use super::{
    field::{Object, flag, list, number, string},
    work::Work,
};
use crate::translate::{Refusal, parts::fields};

/// Chat takes no more.
const STOPS_MAX: usize = 4;

/// `max_tokens` as the provider calls it, no more than the model can write.
pub(super) fn limit(body: &mut Object, out: &mut Object, work: &mut Work<'_>) -> Result<(), Refusal> {
    let asked = fields::whole(body, "max_tokens", "")
        .map_err(|_| Refusal::new("max_tokens", "must be a whole number"))?;
    // Anthropic requires it, but nothing is lost without.
    let Some(asked) = asked else { return Ok(()) };
    if asked == 0 {
        return Err(Refusal::new(
            "max_tokens",
            "must be at least 1: warming a prompt cache is not possible with this provider",
        ));
    }
    let most = work.traits().max_output.unwrap_or(u64::MAX);
    if asked > most {
        work.note("max_tokens lowered to what the model can write");
    }
    let name = if work.traits().openai { "max_completion_tokens" } else { "max_tokens" };
    out.insert(name.to_owned(), json!(asked.min(most)));
    Ok(())
}

pub(super) fn sampling(body: &mut Object, out: &mut Object, work: &mut Work<'_>) -> Result<(), Refusal> {
    for name in ["temperature", "top_p"] {
        let Some(value) = number(body, name)? else { continue };
        if work.traits().sampling {
            out.insert(name.to_owned(), value);
        } else {
            work.note("temperature and top_p dropped: the model takes neither");
        }
    }
    if number(body, "top_k")?.is_some() {
        work.note("top_k dropped: OpenAI has none");
    }
    Ok(())
}

pub(super) fn stop(body: &mut Object, out: &mut Object, work: &mut Work<'_>) -> Result<(), Refusal> {
    let mut stops = Vec::new();
    for (index, stop) in list(body, "stop_sequences")?.unwrap_or_default().into_iter().enumerate() {
        match stop {
            Value::String(text) if text.is_empty() => {}
            text @ Value::String(_) => stops.push(text),
            _ => return Err(Refusal::new(format!("stop_sequences[{index}]"), "must be a string")),
        }
    }
    if stops.is_empty() {
        return Ok(());
    }
    if !work.traits().stop {
        work.note("stop_sequences dropped: the model takes none");
        return Ok(());
    }
    if stops.len() > STOPS_MAX {
        work.note("stop_sequences after the fourth dropped");
        stops.truncate(STOPS_MAX);
    }
    out.insert("stop".to_owned(), Value::Array(stops));
    Ok(())
}

/// Usage is always asked for: clients of Messages cannot do without.
pub(super) fn stream(body: &mut Object, out: &mut Object, work: &Work<'_>) -> Result<(), Refusal> {
    if flag(body, "stream")? {
        out.insert("stream".to_owned(), json!(true));
        if work.traits().stream_options {
            out.insert("stream_options".to_owned(), json!({ "include_usage": true }));
        }
    }
    Ok(())
}

/// Tiers have the same meaning at OpenAI only; elsewhere nothing but the default is there to choose.
pub(super) fn tier(body: &mut Object, out: &mut Object, work: &Work<'_>) -> Result<(), Refusal> {
    let tier = match string(body, "service_tier")?.as_deref() {
        Some("auto") => "auto",
        Some("standard_only") => "default",
        _ => return Ok(()),
    };
    if work.traits().openai {
        out.insert("service_tier".to_owned(), json!(tier));
    }
    Ok(())
}
