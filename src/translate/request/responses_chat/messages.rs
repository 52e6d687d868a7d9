//! The conversation in Chat's words.

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Map, Value, json};

use crate::translate::{
    Notes, Scene,
    parts::media,
    request::responses::{
        content::{BREAKPOINT, FileSource, Part, What},
        items::{Output, Reasoning},
        tools::Tools,
        turns::{Assistant, Said, Turn},
    },
    seal,
};

pub(super) fn write(
    system: Vec<Vec<Part>>,
    turns: Vec<Turn>,
    tools: &mut Tools,
    scene: &Scene<'_>,
    notes: &mut Notes,
) -> Vec<Value> {
    let mut writer = Writer { messages: Vec::new(), user: Vec::new(), scene, tools, notes };
    writer.system(system);
    for turn in turns {
        match turn {
            Turn::System(parts) => writer.later_system(parts),
            Turn::User(parts) => writer.user(parts),
            Turn::Assistant(assistant) => writer.assistant(assistant),
            Turn::Results(results) => writer.results(results),
        }
    }
    writer.flush();
    writer.messages
}

struct Writer<'a, 's> {
    messages: Vec<Value>,
    /// The user's message that is being put together.
    user: Vec<Part>,
    scene: &'a Scene<'s>,
    tools: &'a mut Tools,
    notes: &'a mut Notes,
}

impl Writer<'_, '_> {
    fn openai(&self) -> bool {
        self.scene.traits.openai
    }

    fn system(&mut self, system: Vec<Vec<Part>>) {
        if self.openai() {
            for parts in system {
                let content = self.content(parts);
                self.messages.push(json!({ "role": "developer", "content": content }));
            }
        } else if !system.is_empty() {
            // Chat templates take one system message, of text.
            let texts: Vec<String> = system.into_iter().map(|parts| join(&parts, "\n\n")).collect();
            self.messages.push(json!({ "role": "system", "content": texts.join("\n\n") }));
        }
    }

    /// Chat templates want the system message to be the first, so what comes later is marked and the user's.
    fn later_system(&mut self, parts: Vec<Part>) {
        if self.openai() {
            self.flush();
            let content = self.content(parts);
            self.messages.push(json!({ "role": "developer", "content": content }));
        } else {
            self.notes.add("later system messages turned into marked user messages");
            self.user(vec![Part::text(format!("[System message]\n{}", join(&parts, "\n\n")))]);
        }
    }

    /// Chat templates want turns to alternate, so neighbours are one message there.
    fn user(&mut self, parts: Vec<Part>) {
        self.user.extend(parts);
        if self.openai() {
            self.flush();
        }
    }

    fn flush(&mut self) {
        if !self.user.is_empty() {
            let parts = std::mem::take(&mut self.user);
            let content = self.content(parts);
            self.messages.push(json!({ "role": "user", "content": content }));
        }
    }

    fn assistant(&mut self, Assistant { said, calls }: Assistant) {
        self.flush();
        let (mut texts, mut thoughts) = (Vec::new(), Vec::new());
        for said in said {
            match said {
                Said::Text(text) => texts.push(text),
                Said::Thinking(reasoning) => thoughts.extend(self.thought(reasoning)),
            }
        }
        let mut message = Map::new();
        message.insert("role".to_owned(), json!("assistant"));
        // Null, but there: servers look for the key.
        let content = if texts.is_empty() { Value::Null } else { json!(texts.join("\n\n")) };
        message.insert("content".to_owned(), content);
        // A turn with calls is refused by some without the key, even if there is nothing to say in it.
        if !thoughts.is_empty() || (self.scene.traits.reasoning_content && !calls.is_empty()) {
            message.insert("reasoning_content".to_owned(), json!(thoughts.join("\n")));
        }
        if !calls.is_empty() {
            let mut written = Vec::with_capacity(calls.len());
            for call in calls {
                let name = self.tools.name_of(&call.tool);
                let function = json!({ "name": name, "arguments": call.arguments });
                written.push(json!({ "id": call.id, "type": "function", "function": function }));
            }
            message.insert("tool_calls".to_owned(), Value::Array(written));
        }
        self.messages.push(Value::Object(message));
    }

    /// Thinking for a provider that wants its own back.
    fn thought(&mut self, reasoning: Reasoning) -> Option<String> {
        let Scene { provider, model, traits, .. } = self.scene;
        if !traits.reasoning_content {
            self.notes.add("reasoning dropped: the model takes none back");
            return None;
        }
        if seal::open(&reasoning.encrypted, provider, model).is_none() {
            self.notes.add("reasoning of another model dropped");
            return None;
        }
        Some(reasoning.text).filter(|text| !text.is_empty())
    }

    /// All results first, then the media that only a user's message can have.
    fn results(&mut self, results: Vec<Output>) {
        self.flush();
        let mut media = Vec::new();
        for Output { id, parts, failed } in results {
            let mut lines = Vec::with_capacity(parts.len());
            for part in parts {
                let left_out = self.left_out(&part.what);
                match (part.what, left_out) {
                    (What::Text(text), _) => lines.push(text),
                    (_, Some(left_out)) => lines.push(left_out),
                    (what, None) => {
                        lines.push("[An image or file, in the next user message]".to_owned());
                        media.push(Part::text(format!("From the result of the tool call {id}:")));
                        media.push(Part { what, marks: part.marks });
                    }
                }
            }
            let text = lines.join("\n");
            let content = if failed { format!("Error: {text}") } else { text };
            self.messages.push(json!({ "role": "tool", "tool_call_id": id, "content": content }));
        }
        if !media.is_empty() {
            self.user(media);
        }
    }

    /// A string where it can be one: not all servers take parts.
    fn content(&mut self, parts: Vec<Part>) -> Value {
        let plain = |part: &Part| part.as_text().is_some() && (part.marks.is_empty() || !self.openai());
        if parts.iter().all(plain) && (parts.len() < 2 || !self.openai()) {
            return json!(join(&parts, "\n\n"));
        }
        let mut written = Vec::with_capacity(parts.len());
        for mut part in parts {
            let mut value = match self.left_out(&part.what) {
                Some(left_out) => json!({ "type": "text", "text": left_out }),
                None => written_part(part.what),
            };
            let mark = part.marks.swap_remove(BREAKPOINT).filter(|_| self.openai());
            if let (Some(mark), Value::Object(value)) = (mark, &mut value) {
                value.insert(BREAKPOINT.to_owned(), mark);
            }
            written.push(value);
        }
        Value::Array(written)
    }

    /// What is said in place of a part that the model cannot take, or in place of a file of text.
    fn left_out(&mut self, what: &What) -> Option<String> {
        let traits = self.scene.traits;
        match what {
            What::File { name, source: FileSource::Data(data) } if let Some(text) = text_of(data) => {
                Some(name.as_ref().map_or(text.clone(), |name| format!("{name}:\n\n{text}")))
            }
            What::Image { .. } if !traits.images => {
                self.notes.add("images left out: the model takes none");
                Some("[An image was left out: this model takes none.]".to_owned())
            }
            What::File { source: FileSource::Url(url), .. } => {
                self.notes.add("files by URL left out");
                Some(format!("[The file at {url} was left out: this model cannot fetch it.]"))
            }
            What::File { name, .. } if !traits.files => {
                self.notes.add("files left out: the model takes none");
                let name = name.as_deref().unwrap_or("without a name");
                Some(format!("[A file ({name}) was left out: this model takes none.]"))
            }
            _ => None,
        }
    }
}

/// A part in Chat's words.
fn written_part(what: What) -> Value {
    match what {
        What::Text(text) => json!({ "type": "text", "text": text }),
        What::Image { url, detail } => {
            let mut image = Map::new();
            image.insert("url".to_owned(), Value::String(url));
            match detail.as_deref() {
                Some(detail @ ("low" | "high" | "auto")) => image.insert("detail".to_owned(), json!(detail)),
                // Only Responses has more.
                Some(_) => image.insert("detail".to_owned(), json!("high")),
                None => None,
            };
            json!({ "type": "image_url", "image_url": image })
        }
        What::File { name, source: FileSource::Data(data) | FileSource::Url(data) } => {
            // Bare base64 is a PDF: the only kind of file that was ever taken so.
            let data =
                if data.starts_with("data:") { data } else { format!("data:application/pdf;base64,{data}") };
            let name = name.unwrap_or_else(|| "document.pdf".to_owned());
            json!({ "type": "file", "file": { "filename": name, "file_data": data } })
        }
        What::Audio(audio) => json!({ "type": "input_audio", "input_audio": audio }),
    }
}

/// What a file says that is text.
fn text_of(data: &str) -> Option<String> {
    let data = media::parse_data_url(data)?;
    if !data.media_type.starts_with("text/") && data.media_type != "application/json" {
        return None;
    }
    String::from_utf8(STANDARD.decode(data.base64.as_bytes()).ok()?).ok()
}

fn join(parts: &[Part], between: &str) -> String {
    parts.iter().filter_map(Part::as_text).collect::<Vec<&str>>().join(between)
}
