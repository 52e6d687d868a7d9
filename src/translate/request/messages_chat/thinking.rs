//! Thinking in the history: back to who made it, and to those who want it back.
//!
//! It never becomes visible text. Nobody checks the text of `reasoning_content`, so a provider that wants
//! it gets another's as well; what is sealed is only for the provider and model whose it is. On the way to
//! Responses it stays sealed: `chat_responses` opens it.

use serde_json::{Value, json};

use super::{
    field::{Object, required_string, string},
    work::Work,
};
use crate::translate::{
    Refusal,
    parts::{reasoning, thoughts::Thoughts},
    seal,
};

pub(super) fn thinking(
    fields: &mut Object,
    thoughts: &mut Thoughts,
    work: &mut Work<'_>,
) -> Result<(), Refusal> {
    let text = string(fields, "thinking")?.unwrap_or_default();
    let signature = string(fields, "signature")?.unwrap_or_default();
    match open(&signature, work) {
        Some(_) if work.responses => {
            let detail = json!({ "type": "reasoning.text", "text": text, "signature": signature });
            thoughts.add_details(vec![detail]);
        }
        Some(Opened::Details(details)) => thoughts.add_details(details),
        Some(Opened::Text(sealed)) => thoughts.add_text(if text.is_empty() { &sealed } else { &text }),
        None if work.traits().reasoning_content => thoughts.add_text(&text),
        None => work.note("thinking in history dropped"),
    }
    Ok(())
}

pub(super) fn redacted(
    fields: &mut Object,
    thoughts: &mut Thoughts,
    work: &mut Work<'_>,
) -> Result<(), Refusal> {
    let data = required_string(fields, "data")?;
    match open(&data, work) {
        Some(_) if work.responses => {
            thoughts.add_details(vec![json!({ "type": "reasoning.encrypted", "data": data })]);
        }
        Some(Opened::Details(details)) => thoughts.add_details(details),
        Some(Opened::Text(sealed)) => thoughts.add_text(&sealed),
        None => work.note("thinking in history dropped"),
    }
    Ok(())
}

enum Opened {
    Details(Vec<Value>),
    Text(String),
}

/// What is sealed, if this provider's model made it. The seal of thinking that was not signed is empty.
fn open(sealed: &str, work: &Work<'_>) -> Option<Opened> {
    let content = seal::open(sealed, work.scene.provider, work.scene.model).filter(|it| !it.is_empty())?;
    Some(reasoning::details(&content).map_or_else(|| Opened::Text(content), Opened::Details))
}
