//! What tools answered.

use super::{
    content::{self, Part},
    field::{Object, Under, flag, required_string, take},
    turns::blocks,
    work::Work,
};
use crate::translate::Refusal;

/// A tool's result: text goes into the tool's message, media into a user's after it, because a tool's
/// message holds nothing but text.
pub(super) struct ToolResult {
    pub(super) id: String,
    pub(super) text: String,
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
    let text = said.text(failed, work.traits().openai);
    Ok(ToolResult { id, text, media: said.media })
}

#[derive(Default)]
struct Said {
    lines: Vec<String>,
    media: Vec<Part>,
    /// Names of tools loaded, not told yet.
    loaded: Vec<String>,
}

impl Said {
    fn tell_loaded(&mut self) {
        if !self.loaded.is_empty() {
            self.lines.push(content::loaded(&std::mem::take(&mut self.loaded)));
        }
    }

    fn part(&mut self, part: Part, work: &mut Work<'_>) {
        match part {
            Part::Text(text) => self.lines.push(text),
            media @ Part::Media(_) => {
                work.note("media of tool results moved to the user message after them");
                self.lines.push("[Media: see the message after the tool results.]".to_owned());
                self.media.push(media);
            }
        }
    }

    /// Some compatible servers refuse a tool's message without text; OpenAI does not.
    fn text(&self, failed: bool, may_be_empty: bool) -> String {
        let text = self.lines.join("\n");
        let text = if text.is_empty() && (failed || !may_be_empty) { "(no output)".to_owned() } else { text };
        if failed { format!("Error: {text}") } else { text }
    }
}
