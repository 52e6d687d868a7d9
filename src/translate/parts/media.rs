//! Images and documents: from the URLs of OpenAI's formats to Anthropic's blocks.
//!
//! A media type that does not match the bytes is a 400 there, and clients get it wrong often (a JPEG called
//! `.png`), so the first bytes decide.

use std::borrow::Cow;

use base64::{Engine, engine::general_purpose::STANDARD};
use percent_encoding::percent_decode_str;
use serde_json::{Map, Value, json};

use super::fields::object_of;
use crate::translate::{Notes, Refusal, Traits};

/// The images that Anthropic's models take.
const IMAGES: [&str; 4] = ["image/jpeg", "image/png", "image/gif", "image/webp"];
const PDF: &str = "application/pdf";

/// Longest title of a document, in characters; a longer file name tells a model nothing more.
const TITLE_MAX: usize = 255;

/// A `data:` URL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DataUrl<'a> {
    /// In lower case and without parameters; `text/plain` where there is none.
    pub media_type: String,
    /// In the standard alphabet and without blanks.
    pub base64: Cow<'a, str>,
}

/// `None` if it is not a `data:` URL, or its content is not what it says.
pub fn parse_data_url(url: &str) -> Option<DataUrl<'_>> {
    let rest = after_scheme(url)?;
    let (head, data) = rest.split_once(',')?;
    let mut parts = head.split(';').map(str::trim);
    let declared = parts.next().unwrap_or_default().to_ascii_lowercase();
    let media_type = if declared.is_empty() { "text/plain".to_owned() } else { declared };
    let base64 = if parts.any(|part| part.eq_ignore_ascii_case("base64")) {
        clean_base64(data)?
    } else {
        Cow::Owned(STANDARD.encode(percent_decode_str(data).collect::<Vec<u8>>()))
    };
    Some(DataUrl { media_type, base64 })
}

fn after_scheme(url: &str) -> Option<&str> {
    let url = url.trim();
    url.get(..5).filter(|scheme| scheme.eq_ignore_ascii_case("data:"))?;
    url.get(5..)
}

/// Base64 as the standard writes it, from that of any client: with line ends, in the alphabet of URLs,
/// without padding. `None` if it is none.
fn clean_base64(data: &str) -> Option<Cow<'_, str>> {
    let standard = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/' | b'=');
    if data.len().is_multiple_of(4) && data.bytes().all(standard) {
        return Some(Cow::Borrowed(data));
    }
    let mut clean = String::with_capacity(data.len() + 3);
    for byte in data.bytes() {
        match byte {
            b'-' => clean.push('+'),
            b'_' => clean.push('/'),
            b if b.is_ascii_whitespace() => {}
            b if standard(b) => clean.push(char::from(b)),
            _ => return None,
        }
    }
    while !clean.len().is_multiple_of(4) {
        clean.push('=');
    }
    Some(Cow::Owned(clean))
}

/// The type of an image or PDF by its first bytes.
pub fn sniff(base64: &str) -> Option<&'static str> {
    // 16 characters are 12 bytes: the longest signature, WebP's.
    let head = base64.get(..16)?;
    let bytes = STANDARD.decode(head).ok()?;
    match bytes.as_slice() {
        [0x89, b'P', b'N', b'G', ..] => Some("image/png"),
        [0xff, 0xd8, 0xff, ..] => Some("image/jpeg"),
        [b'G', b'I', b'F', b'8', ..] => Some("image/gif"),
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P'] => Some("image/webp"),
        [b'%', b'P', b'D', b'F', ..] => Some(PDF),
        _ => None,
    }
}

/// Anthropic's block for the URL of an image; a document if the data is one.
pub fn image(url: &str, path: &str) -> Result<Value, Refusal> {
    if after_scheme(url).is_some() {
        return of_data(url, None, path);
    }
    web_url(url, path)?;
    Ok(json!({ "type": "image", "source": { "type": "url", "url": url.trim() } }))
}

/// Anthropic's block for a file given as a `data:` URL or, as some clients do, bare base64.
pub fn file(data: &str, name: Option<&str>, path: &str) -> Result<Value, Refusal> {
    if after_scheme(data).is_some() {
        return of_data(data, name, path);
    }
    let bare = clean_base64(data).ok_or_else(|| unreadable(path))?;
    let media_type = sniff(&bare).or_else(|| is_named_pdf(name).then_some(PDF));
    let media_type = media_type.ok_or_else(|| unreadable(path))?;
    of_parsed(DataUrl { media_type: media_type.to_owned(), base64: bare }, name, path)
}

/// Anthropic's block for a document on the web.
pub fn document_url(url: &str, name: Option<&str>, path: &str) -> Result<Value, Refusal> {
    web_url(url, path)?;
    Ok(document(json!({ "type": "url", "url": url.trim() }), name))
}

/// The block, or what stands for it where the model takes none of its kind.
pub fn fit(block: Value, traits: &Traits, notes: &mut Notes) -> Value {
    match block.get("type").and_then(Value::as_str) {
        Some("image") if !traits.images => {
            notes.add("image replaced by a placeholder: the model takes none");
            json!({ "type": "text", "text": "[An image was here. This model cannot see images.]" })
        }
        Some("document") if !traits.files => without_files(&block, notes),
        _ => block,
    }
}

/// The text of a document, or a placeholder.
fn without_files(block: &Value, notes: &mut Notes) -> Value {
    let title = block.get("title").and_then(Value::as_str);
    let source = block.get("source");
    let text = source.filter(|source| source.get("type").and_then(Value::as_str) == Some("text"));
    let text = text.and_then(|source| source.get("data")).and_then(Value::as_str);
    let text = match (text, title) {
        (Some(text), Some(title)) => format!("{title}\n\n{text}"),
        (Some(text), None) => text.to_owned(),
        (None, _) => {
            notes.add("document replaced by a placeholder: the model takes none");
            "[A document was here. This model cannot read documents.]".to_owned()
        }
    };
    json!({ "type": "text", "text": text })
}

fn of_data(url: &str, name: Option<&str>, path: &str) -> Result<Value, Refusal> {
    of_parsed(parse_data_url(url).ok_or_else(|| unreadable(path))?, name, path)
}

fn of_parsed(data: DataUrl<'_>, name: Option<&str>, path: &str) -> Result<Value, Refusal> {
    let DataUrl { media_type, base64 } = data;
    if base64.is_empty() {
        return Err(Refusal::new(path, format!("`{path}` holds no data")));
    }
    let declared = if media_type == "image/jpg" { "image/jpeg" } else { media_type.as_str() };
    let actual = sniff(&base64).unwrap_or(declared);
    if IMAGES.contains(&actual) {
        return Ok(object_of([("type", "image".into()), ("source", base64_source(actual, base64))]));
    }
    if actual == PDF {
        return Ok(document(base64_source(PDF, base64), name));
    }
    let text = is_text(actual).then(|| STANDARD.decode(base64.as_bytes()).ok()).flatten();
    let text = text.and_then(|bytes| String::from_utf8(bytes).ok()).filter(|text| !text.trim().is_empty());
    let text = text.ok_or_else(|| unreadable(path))?;
    let source = [("type", "text".into()), ("media_type", "text/plain".into()), ("data", text.into())];
    Ok(document(object_of(source), name))
}

fn base64_source(media_type: &str, base64: Cow<'_, str>) -> Value {
    let data = Value::String(base64.into_owned());
    object_of([("type", "base64".into()), ("media_type", media_type.into()), ("data", data)])
}

fn document(source: Value, name: Option<&str>) -> Value {
    let mut block = Map::new();
    block.insert("type".to_owned(), "document".into());
    block.insert("source".to_owned(), source);
    let fits = |name: &&str| !name.trim().is_empty() && name.chars().count() <= TITLE_MAX;
    if let Some(name) = name.filter(fits) {
        block.insert("title".to_owned(), name.into());
    }
    Value::Object(block)
}

fn is_text(media_type: &str) -> bool {
    media_type.starts_with("text/")
        || matches!(media_type, "application/json" | "application/xml" | "application/x-yaml")
}

fn is_named_pdf(name: Option<&str>) -> bool {
    name.is_some_and(|name| name.to_ascii_lowercase().ends_with(".pdf"))
}

/// `http` is let through: whether that will do is for the provider to say.
fn web_url(url: &str, path: &str) -> Result<(), Refusal> {
    let url = url.trim();
    let is = |scheme: &str| url.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme));
    if is("https://") || is("http://") {
        return Ok(());
    }
    Err(Refusal::new(path, format!("`{path}` must be an `https:` or `data:` URL")))
}

fn unreadable(path: &str) -> Refusal {
    let message = format!(
        "`{path}` is not readable: images must be JPEG, PNG, GIF or WebP, documents PDF or UTF-8 text, in base64"
    );
    Refusal::new(path, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PNG: &str = "iVBORw0KGgoAAAANSUhEUg==";
    const JPEG: &str = "/9j/4AAQSkZJRgABAQAAAQ==";

    #[test]
    fn data_urls() {
        let parse = |url| parse_data_url(url).map(|data| (data.media_type, data.base64.into_owned()));
        let of = |kind: &str, data: &str| Some((kind.to_owned(), data.to_owned()));
        assert_eq!(parse("data:image/png;base64,QUJD"), of("image/png", "QUJD"));
        assert_eq!(parse("DATA:Image/PNG;charset=utf-8;BASE64,QUJD"), of("image/png", "QUJD"));
        assert_eq!(parse("data:image/png;base64,QU\nJD\r\nRA"), of("image/png", "QUJDRA=="));
        assert_eq!(parse("data:image/png;base64,-_-_"), of("image/png", "+/+/"));
        assert_eq!(parse("data:,a%20b"), of("text/plain", "YSBi"));
        for bad in ["data:image/png;base64", "data:image/png;base64,Ä", "https://a.test/x.png", "", "dat"] {
            assert_eq!(parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn edge_87_the_bytes_decide_the_media_type() {
        let kind = |url: &str| image(url, "p").unwrap()["source"]["media_type"].clone();
        assert_eq!(kind(&format!("data:image/png;base64,{JPEG}")), "image/jpeg");
        assert_eq!(kind(&format!("data:image/jpg;base64,{PNG}")), "image/png");
        assert_eq!(kind(&format!("data:application/octet-stream;base64,{PNG}")), "image/png");
        // Bytes that say nothing: what was declared.
        assert_eq!(kind("data:image/jpg;base64,QUJDQUJDQUJDQUJDQUJD"), "image/jpeg");
        assert_eq!(kind("data:image/webp;base64,UklGRgAAAABXRUJQ"), "image/webp");
        assert_eq!(kind("data:image/png;base64,R0lGODlhAQABAIAA"), "image/gif");
    }

    #[test]
    fn documents() {
        let pdf = image("data:application/pdf;base64,JVBERi0xLjcK", "p").unwrap();
        assert_eq!(pdf["type"], "document");
        let bare = file("JVBERi0xLjcKJVBERi0xLjcK", Some("a.pdf"), "p").unwrap();
        assert_eq!((&bare["title"], &bare["source"]["media_type"]), (&json!("a.pdf"), &json!(PDF)));
        let text = file("data:text/markdown;base64,SGFsbMO2", Some("a.md"), "p").unwrap();
        assert_eq!(text["source"], json!({ "type": "text", "media_type": "text/plain", "data": "Hallö" }));
        let web = document_url("https://a.test/x.pdf", None, "p").unwrap();
        assert_eq!(web["source"]["type"], "url");
    }

    #[test]
    fn what_no_model_reads_is_refused() {
        for bad in ["data:image/svg+xml;base64,PHN2Zz4=", "data:image/png;base64,", "ftp://a.test/x", "", "x"]
        {
            assert_eq!(image(bad, "messages[0]").unwrap_err().param, "messages[0]", "{bad}");
        }
        assert!(file("not base64!", None, "p").is_err());
    }

    #[test]
    fn placeholders_where_a_model_takes_none() {
        let blind = Traits { images: false, files: false, ..Traits::default() };
        let mut notes = Notes::default();
        let shown = fit(image("https://a.test/x.png", "p").unwrap(), &blind, &mut notes);
        assert_eq!(shown["type"], "text");
        let shown = fit(file("data:text/plain,hi", Some("a"), "p").unwrap(), &blind, &mut notes);
        assert_eq!(shown["text"], "a\n\nhi");
        let shown = fit(document_url("https://a.test", None, "p").unwrap(), &blind, &mut notes);
        assert_eq!(shown["type"], "text");
        assert_eq!(notes.list().len(), 2);
    }
}
