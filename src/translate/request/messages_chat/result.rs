//! What tools answered.

use super::{
    content::{self, Part},
    field::{Object, Under, flag, required_string, take},
    turns::blocks,
    work::Work,
};
use crate::translate::Refusal;

/// A tool's result: text goes into the tool's message, media into a user's after it, because a tool's
/// message holds nothing but text. On the way to Responses, where it holds both, both do.
pub(super) struct ToolResult {
    pub(super) id: String,
    pub(super) said: Vec<Part>,
    pub(super) media: Vec<Part>,
}

pub(super) fn result(fields: &mut Object, work: &mut Work<'_>) -> Result<ToolResult, Refusal> {
    work.uncached(fields);
    let id = required_string(fields, "tool_use_id")?;
    let failed = flag(fields, "is_error")?;
    let blocks = blocks(take(fields, "content")).under(|| "content".to_owned())?;
    let mut said = Said::default();
    for mut block in blocks {
        if block.kind == "tool_reference" {
            let index = block.index;
            let name = content::reference(&mut block.fields, work).under(|| format!("content[{index}]"))?;
            said.loaded.push(name);
            continue;
        }
        said.tell_loaded();
        for part in content::parts(block, work).under(|| "content".to_owned())? {
            said.part(part, work);
        }
    }
    said.tell_loaded();
    let media = std::mem::take(&mut said.media);
    Ok(ToolResult { id, said: said.parts(failed, work.traits().openai), media })
}

#[derive(Default)]
struct Said {
    lines: Vec<Part>,
    media: Vec<Part>,
    /// Names of tools loaded, not told yet.
    loaded: Vec<String>,
}

impl Said {
    fn tell_loaded(&mut self) {
        if !self.loaded.is_empty() {
            self.lines.push(Part::Text(content::loaded(&std::mem::take(&mut self.loaded))));
        }
    }

    fn part(&mut self, part: Part, work: &mut Work<'_>) {
        match part {
            media @ Part::Media(_) if !work.responses => {
                work.note("media of tool results moved to the user message after them");
                let text = "[Media: see the message after the tool results.]";
                self.lines.push(Part::Text(text.to_owned()));
                self.media.push(media);
            }
            part => self.lines.push(part),
        }
    }

    /// One text, unless there are media in it. Some compatible servers refuse a tool's message without text;
    /// OpenAI does not.
    fn parts(self, failed: bool, may_be_empty: bool) -> Vec<Part> {
        let texts: Option<Vec<&str>> = self.lines.iter().map(Part::as_text).collect();
        let Some(texts) = texts else {
            let failed = failed.then(|| Part::Text("Error:".to_owned()));
            return failed.into_iter().chain(self.lines).collect();
        };
        let text = texts.join("\n");
        let text = if text.is_empty() && (failed || !may_be_empty) { "(no output)".to_owned() } else { text };
        vec![Part::Text(if failed { format!("Error: {text}") } else { text })]
    }
}
