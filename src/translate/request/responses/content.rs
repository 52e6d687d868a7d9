//! What messages and tool results are made of.

use serde_json::{Map, Value};

use super::fields::{Fields, refusal};
use crate::translate::{Notes, Refusal};

pub const BREAKPOINT: &str = "prompt_cache_breakpoint";

/// A part of a message or of a tool's result.
#[derive(Clone, Debug, PartialEq)]
pub struct Part {
    pub what: What,
    /// Where the client says that a prompt cache may end: [`BREAKPOINT`] or, in Anthropic's words,
    /// `cache_control`, as sent.
    pub marks: Map<String, Value>,
}

#[derive(Clone, Debug, PartialEq)]
pub enum What {
    Text(String),
    /// `url` may be a data URL. `path` is where it is in the request.
    Image {
        url: String,
        detail: Option<String>,
        path: String,
    },
    File {
        name: Option<String>,
        source: FileSource,
        path: String,
    },
    /// `{data, format}`.
    Audio {
        audio: Value,
        path: String,
    },
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FileSource {
    /// A data URL, or bare base64.
    Data(String),
    Url(String),
}

impl Part {
    pub fn text(text: impl Into<String>) -> Self {
        Self { what: What::Text(text.into()), marks: Map::new() }
    }

    pub fn as_text(&self) -> Option<&str> {
        match &self.what {
            What::Text(text) => Some(text),
            _ => None,
        }
    }
}

/// A message's content or a tool's output: a string, or parts.
pub fn read(value: Value, path: &str, notes: &mut Notes) -> Result<Vec<Part>, Refusal> {
    let list = match value {
        Value::Null => return Ok(Vec::new()),
        Value::String(text) => return Ok(vec![Part::text(text)]),
        Value::Array(list) => list,
        _ => return Err(refusal(path, "a string or an array")),
    };
    let mut parts = Vec::with_capacity(list.len());
    for (index, part) in list.into_iter().enumerate() {
        parts.extend(part_of(Fields::of(part, format!("{path}[{index}]"))?, notes)?);
    }
    Ok(parts)
}

/// The text of parts that can be nothing else.
pub fn texts(parts: Vec<Part>, notes: &mut Notes) -> Vec<Part> {
    let whole = parts.len();
    let texts: Vec<Part> = parts.into_iter().filter(|part| part.as_text().is_some()).collect();
    if texts.len() < whole {
        notes.add("images and files outside of user messages and tool results dropped");
    }
    texts
}

fn part_of(mut part: Fields, notes: &mut Notes) -> Result<Option<Part>, Refusal> {
    let kind = part.kind()?;
    let what = match kind.as_str() {
        "input_text" | "output_text" | "text" | "summary_text" => What::Text(part.required_text("text")?),
        "refusal" => What::Text(part.required_text("refusal")?),
        "input_image" => image(&mut part)?,
        "input_file" => file(&mut part)?,
        "input_audio" => audio(&mut part)?,
        "encrypted_content" => {
            notes.add("encrypted content dropped");
            return Ok(None);
        }
        _ => {
            notes.add("content of an unknown type dropped");
            return Ok(None);
        }
    };
    let mut marks = Map::new();
    for name in [BREAKPOINT, "cache_control"] {
        if let Some(mark) = part.take(name) {
            marks.insert(name.to_owned(), mark);
        }
    }
    Ok(Some(Part { what, marks }))
}

fn image(part: &mut Fields) -> Result<What, Refusal> {
    let detail = part.text("detail")?;
    if let Some(url) = part.text("image_url")? {
        return Ok(What::Image { url, detail, path: part.at("image_url") });
    }
    Err(stored(part, "send the image in `image_url`, as a data URL or an https URL"))
}

fn file(part: &mut Fields) -> Result<What, Refusal> {
    let name = part.text("filename")?;
    let (source, at) = if let Some(data) = part.text("file_data")? {
        (FileSource::Data(data), "file_data")
    } else if let Some(url) = part.text("file_url")? {
        (FileSource::Url(url), "file_url")
    } else {
        return Err(stored(part, "send the file in `file_data`, as a data URL"));
    };
    Ok(What::File { name, source, path: part.at(at) })
}

fn audio(part: &mut Fields) -> Result<What, Refusal> {
    let path = part.at("input_audio");
    match part.object("input_audio")? {
        Some(audio) => Ok(What::Audio { audio: audio.into_value(), path }),
        None => Err(refusal(&path, "an object")),
    }
}

/// Neither data nor a URL: a file that is stored at one provider, if anything.
fn stored(part: &mut Fields, instead: &str) -> Refusal {
    if part.take("file_id").is_some() {
        let path = part.at("file_id");
        return Refusal::new(
            &path,
            format!("`{path}` names a stored file, which this model's provider does not have; {instead}"),
        );
    }
    let path = part.path();
    Refusal::new(path, format!("`{path}` is empty; {instead}"))
}
