//! What a user says and what tools answer: text and media.

use serde_json::{Value, json};

use super::{
    document,
    field::{Object, Under, object, object_of, required_string, string, take},
    turns::Block,
    work::Work,
};
use crate::translate::{Refusal, parts::media::sniff, tools};

/// A part of a Chat message's content.
pub(super) enum Part {
    Text(String),
    /// An image or a file, as Chat writes it.
    Media(Value),
}

impl Part {
    pub(super) fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Media(_) => None,
        }
    }
}

/// The parts of a block of a user's turn; of a tool's result as well, which are like it.
pub(super) fn parts(block: Block, work: &mut Work<'_>) -> Result<Vec<Part>, Refusal> {
    let Block { kind, mut fields, index } = block;
    work.uncached(&fields);
    let parts = match kind.as_str() {
        "text" => text(&mut fields),
        "image" => image(&mut fields, work).map(|part| vec![part]),
        "document" => document::parts(&mut fields, work),
        "search_result" => document::search_result(&mut fields).map(|text| vec![Part::Text(text)]),
        "tool_reference" => reference(&mut fields, work).map(|name| vec![Part::Text(loaded(&[name]))]),
        "container_upload" => {
            work.note("container_upload replaced by a remark");
            Ok(vec![Part::Text("[An uploaded file was here; this model cannot open it.]".to_owned())])
        }
        _ => {
            work.note("unknown content block dropped");
            Ok(Vec::new())
        }
    };
    parts.under(|| format!("[{index}]"))
}

/// Empty text says nothing, and some servers refuse it.
fn text(fields: &mut Object) -> Result<Vec<Part>, Refusal> {
    let text = required_string(fields, "text")?;
    Ok(if text.is_empty() { Vec::new() } else { vec![Part::Text(text)] })
}

pub(super) fn image(fields: &mut Object, work: &mut Work<'_>) -> Result<Part, Refusal> {
    let mut source = object(fields, "source")?.ok_or_else(|| Refusal::new("source", "is required"))?;
    image_of(&mut source, work).under(|| "source".to_owned())
}

fn image_of(source: &mut Object, work: &mut Work<'_>) -> Result<Part, Refusal> {
    let url = match required_string(source, "type")?.as_str() {
        _ if !work.traits().images => {
            work.note("images replaced by a remark: the model takes none");
            return Ok(Part::Text("[An image was here; this model takes no images.]".to_owned()));
        }
        "base64" => {
            let data = required_string(source, "data")?;
            let said = string(source, "media_type")?;
            // A wrong type is refused by many providers, and clients go by the name of the file.
            let found = sniff(&data).filter(|kind| kind.starts_with("image/"));
            data_url(found.or(said.as_deref()).unwrap_or("image/png"), &data)
        }
        "url" => required_string(source, "url")?,
        _ => {
            work.note("stored images replaced by a remark: no other provider has them");
            return Ok(Part::Text("[A stored image was here; this model cannot open it.]".to_owned()));
        }
    };
    let url = object_of([("url", Value::String(url))]);
    Ok(Part::Media(object_of([("type", json!("image_url")), ("image_url", url)])))
}

pub(super) fn data_url(media_type: &str, base64: &str) -> String {
    format!("data:{media_type};base64,{base64}")
}

/// The provider's name of a tool that is loaded from here on.
pub(super) fn reference(fields: &mut Object, work: &mut Work<'_>) -> Result<String, Refusal> {
    let name = required_string(fields, "tool_name")?;
    let known = tools::upstream_name(&tools::ClientTool::function(&name));
    work.loaded.insert(name);
    Ok(known)
}

/// What a tool's result says that loaded these tools.
pub(super) fn loaded(names: &[String]) -> String {
    format!("Tools loaded: {}", names.join(", "))
}

/// A message's content. Text alone is one string: not every compatible server takes a list.
pub(super) fn content(parts: Vec<Part>) -> Value {
    if let Some(texts) = parts.iter().map(Part::as_text).collect::<Option<Vec<&str>>>() {
        return Value::String(texts.join("\n\n"));
    }
    let part = |part| match part {
        Part::Text(text) => object_of([("type", json!("text")), ("text", Value::String(text))]),
        Part::Media(media) => media,
    };
    parts.into_iter().map(part).collect()
}

/// Every `tool_reference` anywhere in what a server tool found.
pub(super) fn references_in(value: &mut Value, work: &mut Work<'_>) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| references_in(item, work)),
        Value::Object(fields) if fields.get("type").is_some_and(|kind| kind == "tool_reference") => {
            if let Value::String(name) = take(fields, "tool_name") {
                work.loaded.insert(name);
            }
        }
        Value::Object(fields) => fields.values_mut().for_each(|field| references_in(field, work)),
        _ => {}
    }
}
