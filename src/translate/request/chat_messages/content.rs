//! Content of Chat messages: a string or parts, to Anthropic's blocks.

use serde_json::{Map, Value};

use crate::translate::{
    Notes, Refusal, Traits,
    parts::{
        cache,
        fields::{self, join},
        media,
    },
};

/// Whose content it is, as far as it matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Holds {
    /// Text, images and documents: of users and tools.
    Media,
    /// Text: of systems and assistants.
    Text,
}

/// Reads contents.
pub(super) struct Reader<'a> {
    pub(super) traits: &'a Traits,
    pub(super) notes: &'a mut Notes,
}

pub(super) fn text(text: impl Into<Value>) -> Value {
    fields::object_of([("type", "text".into()), ("text", text.into())])
}

impl Reader<'_> {
    /// The blocks of a message's `content`. A breakpoint of the message is its last block's.
    pub(super) fn message(
        &mut self,
        message: &Map<String, Value>,
        holds: Holds,
        path: &str,
    ) -> Result<Vec<Value>, Refusal> {
        let content = fields::get(message, "content");
        let path = join(path, "content");
        match content {
            None => Ok(Vec::new()),
            Some(Value::String(words)) => Ok(vec![text(words.as_str())]),
            Some(Value::Array(parts)) => {
                let mut blocks = Vec::with_capacity(parts.len());
                for (at, part) in parts.iter().enumerate() {
                    blocks.extend(self.part(part, holds, &format!("{path}[{at}]"))?);
                }
                Ok(blocks)
            }
            Some(_) => {
                Err(Refusal::new(path.as_str(), format!("`{path}` must be a string or an array of parts")))
            }
        }
    }

    fn part(&mut self, part: &Value, holds: Holds, path: &str) -> Result<Option<Value>, Refusal> {
        if let Value::String(words) = part {
            return Ok(Some(text(words.as_str())));
        }
        let part = fields::as_object(part, path)?;
        let kind = fields::string(part, "type", path)?.unwrap_or("text");
        let block = match (kind, holds) {
            ("text" | "input_text" | "output_text", _) => fields::string(part, "text", path)?.map(text),
            ("refusal", _) => fields::string(part, "refusal", path)?.map(text),
            ("tool_reference", _) => {
                fields::string(part, "tool_name", path)?.map(|name| text(format!("Tool loaded: {name}")))
            }
            ("image_url", Holds::Media) => Some(self.image(part, path)?),
            ("file", Holds::Media) => Some(self.file(part, path)?),
            ("input_audio", _) => {
                return Err(Refusal::new(path, format!("`{path}`: this model does not take audio")));
            }
            _ => {
                self.notes.add("content part of an unknown type dropped");
                None
            }
        };
        Ok(block.map(|mut block| {
            if let Some(control) = cache::of_part(part) {
                cache::mark(&mut block, control);
            }
            block
        }))
    }

    /// `{"image_url": {"url", "detail"}}`; `detail` has no counterpart. Some clients write the URL alone.
    fn image(&mut self, part: &Map<String, Value>, path: &str) -> Result<Value, Refusal> {
        let at = join(path, "image_url");
        let url = match part.get("image_url") {
            Some(Value::String(url)) => Some(url.as_str()),
            Some(Value::Object(image)) => fields::string(image, "url", &at)?,
            _ => None,
        };
        let url_path = join(&at, "url");
        let url =
            url.ok_or_else(|| Refusal::new(url_path.as_str(), format!("`{url_path}` must be a URL")))?;
        Ok(media::fit(media::image(url, &url_path)?, self.traits, self.notes))
    }

    fn file(&mut self, part: &Map<String, Value>, path: &str) -> Result<Value, Refusal> {
        let at = join(path, "file");
        let file = fields::object(part, "file", path)?
            .ok_or_else(|| Refusal::new(at.as_str(), format!("`{at}` must be an object")))?;
        let name = fields::string(file, "filename", &at)?;
        let data_path = join(&at, "file_data");
        let Some(data) = fields::string(file, "file_data", &at)? else {
            let (param, message) = if fields::get(file, "file_id").is_some() {
                let at = join(&at, "file_id");
                let message = format!(
                    "`{at}`: files uploaded to another provider cannot be read here; send the content in `file_data`"
                );
                (at, message)
            } else {
                let message = format!("`{data_path}` must be a `data:` URL");
                (data_path, message)
            };
            return Err(Refusal::new(param, message));
        };
        Ok(media::fit(media::file(data, name, &data_path)?, self.traits, self.notes))
    }
}

/// Takes the breakpoints off blocks; the last of them.
pub(super) fn take_control(blocks: &mut [Value]) -> Option<Value> {
    let mut last = None;
    for block in blocks.iter_mut().filter_map(Value::as_object_mut) {
        last = block.shift_remove("cache_control").or(last);
    }
    last
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(content: &Value, holds: Holds) -> (Result<Vec<Value>, String>, Vec<&'static str>) {
        let (traits, mut notes) = (Traits { files: true, ..Traits::default() }, Notes::default());
        let Value::Object(message) = json!({ "content": content }) else { panic!() };
        let blocks = Reader { traits: &traits, notes: &mut notes }.message(&message, holds, "messages[0]");
        (blocks.map_err(|refusal| refusal.param), notes.list().to_vec())
    }

    #[test]
    fn parts_of_all_kinds() {
        let (blocks, notes) = read(
            &json!([
                { "type": "text", "text": "a", "cache_control": { "type": "ephemeral" } },
                "b",
                { "type": "refusal", "refusal": "no" },
                { "type": "image_url", "image_url": { "url": "https://a.test/x.png", "detail": "high" } },
                { "type": "file", "file": { "filename": "x.pdf", "file_data": "data:application/pdf;base64,JVBERi0xLjcK" } },
                { "type": "video_url", "video_url": {} },
                { "type": "text", "text": null },
            ]),
            Holds::Media,
        );
        let expected = json!([
            { "type": "text", "text": "a", "cache_control": { "type": "ephemeral" } },
            { "type": "text", "text": "b" },
            { "type": "text", "text": "no" },
            { "type": "image", "source": { "type": "url", "url": "https://a.test/x.png" } },
            {
                "type": "document",
                "source": { "type": "base64", "media_type": "application/pdf", "data": "JVBERi0xLjcK" },
                "title": "x.pdf",
            },
        ]);
        assert_eq!(Value::from(blocks.unwrap()), expected);
        assert_eq!(notes, ["content part of an unknown type dropped"]);
    }

    #[test]
    fn what_cannot_be_meant_is_refused_by_its_path() {
        let param = |content| read(&content, Holds::Media).0.unwrap_err();
        assert_eq!(param(json!(1)), "messages[0].content");
        assert_eq!(param(json!([1])), "messages[0].content[0]");
        assert_eq!(param(json!([{ "type": "text", "text": 1 }])), "messages[0].content[0].text");
        assert_eq!(param(json!([{ "type": "input_audio" }])), "messages[0].content[0]");
        assert_eq!(param(json!([{ "type": "image_url" }])), "messages[0].content[0].image_url.url");
        let file = |file| param(json!([{ "type": "file", "file": file }]));
        assert_eq!(file(json!({ "file_id": "f" })), "messages[0].content[0].file.file_id");
        assert_eq!(file(json!({})), "messages[0].content[0].file.file_data");
    }

    #[test]
    fn assistants_and_systems_have_words_only() {
        let (blocks, notes) =
            read(&json!([{ "type": "image_url", "image_url": { "url": "https://a.test" } }]), Holds::Text);
        assert!(blocks.unwrap().is_empty() && notes.len() == 1);
    }
}
