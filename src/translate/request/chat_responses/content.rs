//! Contents of Chat messages as parts of items.

use serde_json::{Map, Value};

use crate::translate::{
    Notes, Refusal, Scene,
    parts::fields::object_of,
    request::{
        responses::{
            content::{BREAKPOINT, FileSource, What},
            fields::{Fields, refusal},
        },
        responses_chat::{self, content::instead},
    },
};

/// Whose content it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Of {
    System,
    User,
    Assistant,
    Tool,
}

/// The parts of a message's `content`.
pub(super) fn read(
    message: &mut Fields,
    of: Of,
    scene: &Scene<'_>,
    notes: &mut Notes,
) -> Result<Vec<Value>, Refusal> {
    let path = message.at("content");
    match message.take("content") {
        None => Ok(Vec::new()),
        Some(Value::String(words)) => Ok(vec![text(of, words)]),
        Some(Value::Array(list)) => {
            let mut parts = Vec::with_capacity(list.len());
            for (at, value) in list.into_iter().enumerate() {
                match value {
                    Value::String(words) => parts.push(text(of, words)),
                    value => {
                        parts.extend(part(Fields::of(value, format!("{path}[{at}]"))?, of, scene, notes)?);
                    }
                }
            }
            Ok(parts)
        }
        Some(_) => Err(refusal(&path, "a string or an array of parts")),
    }
}

pub(super) fn text(of: Of, words: impl Into<Value>) -> Value {
    let kind = if of == Of::Assistant { "output_text" } else { "input_text" };
    object_of([("type", kind.into()), ("text", words.into())])
}

/// What parts say, if they are nothing but text without a mark.
pub(super) fn plain(parts: &[Value]) -> Option<Vec<&str>> {
    parts.iter().map(|part| part.get("text")?.as_str().filter(|_| part.get(BREAKPOINT).is_none())).collect()
}

fn part(mut part: Fields, of: Of, scene: &Scene<'_>, notes: &mut Notes) -> Result<Option<Value>, Refusal> {
    let kind = part.kind()?;
    let mark = part.take(BREAKPOINT);
    let holds_media = matches!(of, Of::User | Of::Tool);
    let mut written = match kind.as_str() {
        "text" | "input_text" | "output_text" | "" => part.text("text")?.map(|words| text(of, words)),
        "refusal" => part.text("refusal")?.map(|words| text(of, words)),
        "image_url" if holds_media => Some(media(image(&mut part)?, of, scene, notes)),
        "file" if holds_media => Some(file(&mut part, of, scene, notes)?),
        "input_audio" => {
            let path = part.path();
            return Err(Refusal::new(path, format!("`{path}`: this model does not take audio")));
        }
        _ => {
            notes.add("content part of an unknown type dropped");
            None
        }
    };
    if let (Some(mark), Some(Value::Object(part))) = (mark, &mut written)
        && responses_chat::takes_breakpoints(scene)
    {
        part.insert(BREAKPOINT.to_owned(), mark);
    }
    Ok(written)
}

/// `{"image_url": {"url", "detail"}}`; some clients write the URL alone.
fn image(part: &mut Fields) -> Result<What, Refusal> {
    let path = part.at("image_url");
    let (url, detail) = match part.take("image_url") {
        Some(Value::String(url)) => (Some(url), None),
        Some(Value::Object(image)) => {
            let mut image = Fields::of(Value::Object(image), path.clone())?;
            (image.text("url")?, image.text("detail")?)
        }
        _ => (None, None),
    };
    let url = url.ok_or_else(|| refusal(&format!("{path}.url"), "a URL"))?;
    Ok(What::Image { url, detail, path })
}

fn file(part: &mut Fields, of: Of, scene: &Scene<'_>, notes: &mut Notes) -> Result<Value, Refusal> {
    let mut file = part.object("file")?.ok_or_else(|| refusal(&part.at("file"), "an object"))?;
    let (name, path) = (file.text("filename")?, file.path().to_owned());
    // Stored at this provider, as far as anyone can tell.
    if let Some(id) = file.text("file_id")? {
        return Ok(object_of([("type", "input_file".into()), ("file_id", id.into())]));
    }
    let source = match (file.text("file_data")?, file.text("file_url")?) {
        (Some(data), _) => FileSource::Data(data),
        (None, Some(url)) => FileSource::Url(url),
        (None, None) => return Err(refusal(&file.at("file_data"), "a `data:` URL")),
    };
    Ok(media(What::File { name, source, path }, of, scene, notes))
}

fn media(what: What, of: Of, scene: &Scene<'_>, notes: &mut Notes) -> Value {
    let by_url = matches!(what, What::File { source: FileSource::Url(_), .. }) && scene.traits.files;
    if !by_url && let Some(words) = instead(&what, scene.traits, notes) {
        return text(of, words);
    }
    let mut part = Map::new();
    let mut put = |name: &str, value: Value| part.insert(name.to_owned(), value);
    match what {
        What::Image { url, detail, .. } => {
            put("type", "input_image".into());
            put("detail", detail.unwrap_or_else(|| "auto".to_owned()).into());
            put("image_url", url.into());
        }
        What::File { source: FileSource::Url(url), .. } => {
            put("type", "input_file".into());
            put("file_url", url.into());
        }
        What::File { name, source: FileSource::Data(data), .. } => {
            put("type", "input_file".into());
            put("filename", name.unwrap_or_else(|| "document.pdf".to_owned()).into());
            put("file_data", data.into());
        }
        What::Text(_) | What::Audio { .. } => {}
    }
    Value::Object(part)
}
