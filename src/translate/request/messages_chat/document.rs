//! Documents and search results.

use serde_json::{Value, json};

use super::{
    content::{self, Part, data_url},
    field::{Object, Under, object, object_of, required_string, string, take},
    turns::{Block, blocks},
    work::Work,
};
use crate::translate::{Refusal, parts::media::sniff};

const PDF: &str = "application/pdf";

pub(super) fn parts(fields: &mut Object, work: &mut Work<'_>) -> Result<Vec<Part>, Refusal> {
    let about = About { title: string(fields, "title")?, context: string(fields, "context")? };
    if wants_citations(fields) {
        work.note("citations dropped: OpenAI has none");
    }
    let mut source = object(fields, "source")?.ok_or_else(|| Refusal::new("source", "is required"))?;
    of_source(&mut source, &about, work).under(|| "source".to_owned())
}

fn wants_citations(fields: &Object) -> bool {
    fields.get("citations").and_then(|citations| citations.get("enabled")).is_some_and(|on| on == true)
}

/// What a client says of a document besides what is in it.
struct About {
    title: Option<String>,
    context: Option<String>,
}

impl About {
    fn header(&self) -> String {
        let title =
            self.title.as_deref().map_or("[Document]".to_owned(), |title| format!("[Document: {title}]"));
        match &self.context {
            Some(context) => format!("{title}\n{context}"),
            None => title,
        }
    }

    /// The file, after what is said of it.
    fn with(&self, file: Value) -> Vec<Part> {
        let context = self.context.is_some().then(|| Part::Text(self.header()));
        let file = Part::Media(object_of([("type", json!("file")), ("file", file)]));
        context.into_iter().chain([file]).collect()
    }

    /// Providers tell by the ending what is in a file.
    fn file_name(&self) -> String {
        let title = self.title.as_deref().filter(|title| !title.is_empty()).unwrap_or("document");
        let ends =
            title.get(title.len().saturating_sub(4)..).is_some_and(|end| end.eq_ignore_ascii_case(".pdf"));
        if ends { title.to_owned() } else { format!("{title}.pdf") }
    }
}

fn of_source(source: &mut Object, about: &About, work: &mut Work<'_>) -> Result<Vec<Part>, Refusal> {
    match required_string(source, "type")?.as_str() {
        "base64" => file(source, about, work),
        "text" => {
            let data = required_string(source, "data")?;
            Ok(vec![Part::Text(format!("{}\n\n{data}", about.header()))])
        }
        "content" => {
            let blocks = blocks(take(source, "content")).under(|| "content".to_owned())?;
            let mut parts = vec![Part::Text(about.header())];
            for block in blocks {
                parts.extend(simple(block, work).under(|| "content".to_owned())?);
            }
            Ok(parts)
        }
        "url" if work.responses && work.traits().files => {
            let url = required_string(source, "url")?;
            Ok(about.with(object_of([("file_url", Value::String(url))])))
        }
        "url" => {
            // Fetching it here would let a client reach whatever the gateway can reach.
            work.note("documents by URL replaced by a remark: Chat has no such thing");
            let url = required_string(source, "url")?;
            Ok(vec![Part::Text(format!("{}\n(not loaded; it is at {url})", about.header()))])
        }
        _ => {
            work.note("stored documents replaced by a remark: no other provider has them");
            Ok(vec![Part::Text(format!("{}\n(stored elsewhere; this model cannot open it)", about.header()))])
        }
    }
}

/// Documents are made of text and images only: no document in a document.
fn simple(block: Block, work: &mut Work<'_>) -> Result<Vec<Part>, Refusal> {
    if matches!(block.kind.as_str(), "text" | "image") {
        return content::parts(block, work);
    }
    work.note("unknown content block dropped");
    Ok(Vec::new())
}

fn file(source: &mut Object, about: &About, work: &mut Work<'_>) -> Result<Vec<Part>, Refusal> {
    let data = required_string(source, "data")?;
    let said = string(source, "media_type")?;
    if !work.traits().files {
        work.note("documents replaced by a remark: the model takes none");
        return Ok(vec![Part::Text(format!("{}\n(left out: this model takes no files)", about.header()))]);
    }
    let data = data_url(sniff(&data).filter(|kind| *kind == PDF).or(said.as_deref()).unwrap_or(PDF), &data);
    let file = object_of([("filename", json!(about.file_name())), ("file_data", Value::String(data))]);
    Ok(about.with(file))
}

/// Title, source and what was found there.
pub(super) fn search_result(fields: &mut Object) -> Result<String, Refusal> {
    let mut lines = vec![format!("[Search result: {}]", string(fields, "title")?.unwrap_or_default())];
    lines.extend(string(fields, "source")?);
    for mut block in blocks(take(fields, "content")).under(|| "content".to_owned())? {
        if let Value::String(text) = take(&mut block.fields, "text") {
            lines.push(text);
        }
    }
    Ok(lines.join("\n"))
}
