//! The system prompt, and system messages later on.

use serde_json::Value;

use super::{
    field::{Under, required_string},
    turns::{Block, blocks},
    work::Work,
};
use crate::translate::{Refusal, traits::Thinking};

/// Claude Code's first line or block: a hash that differs between sessions and at times between requests.
/// In front of everything else it would void every prompt cache but Anthropic's.
const BILLING: &str = "x-anthropic-billing-header:";

/// What the system prompt says, without what is Anthropic's alone; empty if it says nothing.
pub(super) fn prompt(system: Value, work: &mut Work<'_>) -> Result<String, Refusal> {
    let texts = match system {
        Value::String(text) => vec![text],
        other => texts(blocks(other)?, work)?,
    };
    Ok(joined(texts.iter().map(|text| without_billing(text))))
}

/// What a system message says.
pub(super) fn message(blocks: Vec<Block>, work: &mut Work<'_>) -> Result<String, Refusal> {
    Ok(joined(texts(blocks, work)?.iter().map(String::as_str)))
}

/// The role that a system prompt has at the provider.
pub(super) fn role(work: &Work<'_>) -> &'static str {
    let traits = work.traits();
    if traits.openai && matches!(traits.thinking, Thinking::Efforts(_)) { "developer" } else { "system" }
}

/// Whether the provider takes system messages anywhere. Claude does so in its own format only.
pub(super) fn anywhere(work: &Work<'_>) -> bool {
    let traits = work.traits();
    traits.openai || (traits.mid_system && !traits.claude)
}

fn texts(blocks: Vec<Block>, work: &mut Work<'_>) -> Result<Vec<String>, Refusal> {
    let mut texts = Vec::with_capacity(blocks.len());
    for Block { kind, mut fields, index } in blocks {
        if kind == "text" {
            work.uncached(&fields);
            texts.push(required_string(&mut fields, "text").under(|| format!("[{index}]"))?);
        } else {
            work.note("system content other than text dropped");
        }
    }
    Ok(texts)
}

/// A block is dropped whole because the header is all that is in it; a string loses its first line.
pub(super) fn without_billing(text: &str) -> &str {
    let start = text.trim_start();
    if !start.starts_with(BILLING) {
        return text;
    }
    start.split_once('\n').map_or("", |(_, rest)| rest)
}

fn joined<'a>(texts: impl Iterator<Item = &'a str>) -> String {
    texts.filter(|text| !text.trim().is_empty()).collect::<Vec<_>>().join("\n\n")
}
