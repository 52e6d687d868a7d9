//! Parts of messages as Anthropic's blocks.

use serde_json::Value;

use crate::translate::{
    Notes, Refusal, Traits,
    parts::{cache, fields::object_of, media},
    request::responses::content::{FileSource, Part, What},
};

pub(super) fn text(text: &str) -> Value {
    object_of([("type", "text".into()), ("text", text.into())])
}

/// The blocks of `system`. Blank ones are refused.
pub(super) fn system(system: Vec<Vec<Part>>) -> Vec<Value> {
    let parts = system.into_iter().flatten();
    parts
        .filter(|part| part.as_text().is_some_and(|text| !text.trim().is_empty()))
        .filter_map(of_text)
        .collect()
}

/// The blocks of what can only be text.
pub(super) fn texts(parts: Vec<Part>) -> Vec<Value> {
    parts.into_iter().filter_map(of_text).collect()
}

/// The blocks of a user's message.
pub(super) fn blocks(parts: Vec<Part>, traits: &Traits, notes: &mut Notes) -> Result<Vec<Value>, Refusal> {
    parts.into_iter().map(|part| block(part, traits, notes)).collect()
}

/// The blocks of a tool's result, and the breakpoint after it. What a tool gives the client has no say in:
/// media that cannot be read do not end the conversation.
pub(super) fn result(parts: Vec<Part>, traits: &Traits, notes: &mut Notes) -> (Vec<Value>, Option<Value>) {
    let control = parts.iter().rev().find_map(|part| cache::of_part(&part.marks));
    let mut blocks = Vec::with_capacity(parts.len());
    for part in parts {
        let part = Part { marks: serde_json::Map::new(), ..part };
        blocks.push(block(part, traits, notes).unwrap_or_else(|_| {
            notes.add("unreadable media of tool results left out");
            text("[An image or document was here. It cannot be read.]")
        }));
    }
    (blocks, control)
}

fn of_text(part: Part) -> Option<Value> {
    match part.what {
        What::Text(text) => {
            let mut block = object_of([("type", "text".into()), ("text", text.into())]);
            if let Some(control) = cache::of_part(&part.marks) {
                cache::mark(&mut block, control);
            }
            Some(block)
        }
        _ => None,
    }
}

fn block(part: Part, traits: &Traits, notes: &mut Notes) -> Result<Value, Refusal> {
    let block = match part.what {
        What::Text(text) => object_of([("type", "text".into()), ("text", text.into())]),
        What::Image { url, path, .. } => media::image(&url, &path)?,
        What::File { name, source: FileSource::Data(data), path } => {
            media::file(&data, name.as_deref(), &path)?
        }
        What::File { name, source: FileSource::Url(url), path } => {
            media::document_url(&url, name.as_deref(), &path)?
        }
        What::Audio { path, .. } => {
            return Err(Refusal::new(&path, format!("`{path}`: this model takes no audio; send its text")));
        }
    };
    let mut block = media::fit(block, traits, notes);
    if let Some(control) = cache::of_part(&part.marks) {
        cache::mark(&mut block, control);
    }
    Ok(block)
}
