//! Contents of messages in Chat's words.

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Map, Value};

use crate::translate::{
    Notes, Scene, Traits,
    parts::{fields::object_of, media},
    request::responses::content::{BREAKPOINT, FileSource, Part, What},
};

/// A string where it can be one: not all servers take parts.
pub(super) fn written(parts: Vec<Part>, scene: &Scene<'_>, notes: &mut Notes) -> Value {
    let openai = scene.traits.openai;
    let marks = super::takes_breakpoints(scene);
    let plain = |part: &Part| part.as_text().is_some() && (part.marks.is_empty() || !marks);
    if parts.iter().all(plain) && (parts.len() < 2 || !openai) {
        return joined(&parts).into();
    }
    let mut content = Vec::with_capacity(parts.len());
    for Part { what, marks: mut of_part } in parts {
        let mut part = match instead(&what, scene.traits, notes) {
            Some(text) => text_part(text),
            None => part(what),
        };
        let mark = of_part.swap_remove(BREAKPOINT).filter(|_| marks);
        if let (Some(mark), Value::Object(part)) = (mark, &mut part) {
            part.insert(BREAKPOINT.to_owned(), mark);
        }
        content.push(part);
    }
    Value::Array(content)
}

/// The texts of parts.
pub(super) fn joined(parts: &[Part]) -> String {
    parts.iter().filter_map(Part::as_text).collect::<Vec<&str>>().join("\n\n")
}

/// What is said in place of a part that the model cannot take, or in place of a file of text.
pub(in crate::translate::request) fn instead(
    what: &What,
    traits: &Traits,
    notes: &mut Notes,
) -> Option<String> {
    match what {
        What::File { name, source: FileSource::Data(data), .. } if let Some(text) = text_of(data) => {
            Some(name.as_ref().map_or(text.clone(), |name| format!("{name}:\n\n{text}")))
        }
        What::Image { .. } if !traits.images => {
            notes.add("images left out: the model takes none");
            Some("[An image was here. This model cannot see images.]".to_owned())
        }
        What::File { source: FileSource::Url(url), .. } => {
            notes.add("files by URL left out");
            Some(format!("[The file at {url} was here. This model cannot fetch it.]"))
        }
        What::File { name, .. } if !traits.files => {
            notes.add("files left out: the model takes none");
            let name = name.as_ref().map_or(String::new(), |name| format!(" ({name})"));
            Some(format!("[A document{name} was here. This model cannot read documents.]"))
        }
        _ => None,
    }
}

fn part(what: What) -> Value {
    match what {
        What::Text(text) => text_part(text),
        What::Image { url, detail, .. } => {
            let mut image = Map::new();
            image.insert("url".to_owned(), Value::String(url));
            if let Some(detail) = detail {
                // Only Responses has more than these.
                let known = matches!(detail.as_str(), "low" | "high" | "auto");
                image.insert("detail".to_owned(), if known { detail.into() } else { "high".into() });
            }
            object_of([("type", "image_url".into()), ("image_url", image.into())])
        }
        What::File { name, source: FileSource::Data(data) | FileSource::Url(data), .. } => {
            // Bare base64 is a PDF: the only kind of file that was ever taken so.
            let data =
                if data.starts_with("data:") { data } else { format!("data:application/pdf;base64,{data}") };
            let name = name.unwrap_or_else(|| "document.pdf".to_owned());
            let file = object_of([("filename", name.into()), ("file_data", data.into())]);
            object_of([("type", "file".into()), ("file", file)])
        }
        What::Audio { audio, .. } => object_of([("type", "input_audio".into()), ("input_audio", audio)]),
    }
}

fn text_part(text: String) -> Value {
    object_of([("type", "text".into()), ("text", text.into())])
}

/// What a file says that is text.
fn text_of(data: &str) -> Option<String> {
    let data = media::parse_data_url(data)?;
    if !data.media_type.starts_with("text/") && data.media_type != "application/json" {
        return None;
    }
    String::from_utf8(STANDARD.decode(data.base64.as_bytes()).ok()?).ok()
}
