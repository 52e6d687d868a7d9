//! Reads chunks: what is in them, under which name, and whether the answer is over.

use serde_json::{Value, json};

use super::think::{Segment, ThinkTags};
use crate::{
    translate::{
        Memo,
        answer::{
            Citation, Piece, Usage,
            blocks::{Blocks, Delta},
            faults::{broken, error_of},
            finish::{self, Finish},
            usage,
        },
        fault::from_chat_error,
    },
    wire::error::ClientError,
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Before,
    Begun,
    Over,
}

/// An answer that is being read.
pub(super) struct Answer {
    phase: Phase,
    blocks: Blocks,
    tags: Option<ThinkTags>,
    usage: Usage,
    finish: Option<Finish>,
    /// The choice that is read; others were not asked for.
    choice: Option<u64>,
    /// It comes in deltas, not in messages.
    in_deltas: bool,
    /// Its call is a `function_call`.
    legacy_call: bool,
}

impl Answer {
    pub(super) fn new(memo: &Memo) -> Self {
        Self {
            phase: Phase::Before,
            blocks: Blocks::new(memo),
            tags: memo.think_tags.then(ThinkTags::default),
            usage: Usage::default(),
            finish: None,
            choice: None,
            in_deltas: false,
            legacy_call: false,
        }
    }

    pub(super) fn is_over(&self) -> bool {
        self.phase == Phase::Over
    }

    /// The provider has said why the answer ends.
    pub(super) fn has_finished(&self) -> bool {
        self.finish.is_some()
    }

    /// It could end here, if the provider says that it does.
    pub(super) fn is_whole(&self) -> bool {
        self.blocks.are_whole()
    }

    /// A chunk, or a whole answer, which is like one chunk.
    pub(super) fn take(&mut self, chunk: &Value, pieces: &mut Vec<Piece>) {
        if self.is_over() {
            return;
        }
        if let Some(usage) = usage::read(chunk) {
            self.usage = usage.or(self.usage);
        }
        if self.phase == Phase::Before {
            self.phase = Phase::Begun;
            pieces.push(Piece::Begin(self.usage));
        }
        if let Err(error) = self.choice(chunk, pieces) {
            self.fail(error, pieces);
        }
    }

    /// The upstream is done; without a reason to finish that is an end only if it is `whole`.
    pub(super) fn end(&mut self, whole: bool, pieces: &mut Vec<Piece>) {
        if self.is_over() {
            return;
        }
        let finish = match self.finish {
            Some(finish) => finish,
            None if whole => Finish::Regular,
            None if self.phase == Phase::Begun => {
                return self.fail(broken("The provider's answer broke off"), pieces);
            }
            None => {
                let message = "The provider closed the connection before it answered";
                return self.fail(broken(message), pieces);
            }
        };
        self.settle_tags(pieces);
        match self.blocks.end_all(pieces) {
            Ok(()) => {
                pieces.push(Piece::End(self.blocks.stop(finish), self.usage));
                self.phase = Phase::Over;
            }
            Err(error) => self.fail(error, pieces),
        }
    }

    pub(super) fn fail(&mut self, error: ClientError, pieces: &mut Vec<Piece>) {
        if !self.is_over() {
            self.phase = Phase::Over;
            pieces.push(Piece::Fault(error));
        }
    }

    fn choice(&mut self, chunk: &Value, pieces: &mut Vec<Piece>) -> Result<(), ClientError> {
        let index = |choice: &Value| choice.get("index").and_then(Value::as_u64).unwrap_or(0);
        let mut choices = chunk.get("choices").and_then(Value::as_array).into_iter().flatten();
        let choice = choices.find(|choice| self.choice.is_none_or(|known| index(choice) == known));
        let Some(choice) = choice else { return Ok(()) };
        self.choice = Some(index(choice));
        if let Some(error) = error_of(choice) {
            return Err(from_chat_error(error, None));
        }
        if let Some(said) = said(choice) {
            let is_delta = choice.get("delta").is_some_and(has_fields);
            // Some servers repeat the whole message after its deltas.
            if is_delta || !(self.in_deltas && self.blocks.any()) {
                self.delta(said, pieces)?;
            }
            self.in_deltas |= is_delta;
        }
        let reason = choice.get("finish_reason").and_then(Value::as_str).and_then(finish::read);
        match reason {
            Some(reason) => self.finish(reason, pieces),
            None => Ok(()),
        }
    }

    fn finish(&mut self, reason: Finish, pieces: &mut Vec<Piece>) -> Result<(), ClientError> {
        let reason = reason.whole()?;
        // Usage comes later, so blocks end here, and the answer does not. Once: servers that finish in each
        // chunk would make a block of each.
        if self.finish.replace(reason).is_none() {
            self.blocks.settle(pieces);
        }
        Ok(())
    }

    fn delta(&mut self, delta: &Value, pieces: &mut Vec<Piece>) -> Result<(), ClientError> {
        self.reasoning(delta, pieces);
        match delta.get("content") {
            Some(Value::String(text)) => self.content(text, pieces),
            Some(Value::Array(parts)) => {
                for part in parts {
                    self.part(part, pieces);
                }
            }
            _ => {}
        }
        if let Some(refusal) = delta.get("refusal").and_then(Value::as_str) {
            self.blocks.refusal(refusal, pieces);
        }
        for annotation in delta.get("annotations").and_then(Value::as_array).into_iter().flatten() {
            self.blocks.citation(Citation::of_annotation(annotation), pieces);
        }
        self.tools(delta, pieces)
    }

    /// Thinking, under any of the names that providers have for it; those that use two say the same twice.
    fn reasoning(&mut self, delta: &Value, pieces: &mut Vec<Piece>) {
        let text = |field| delta.get(field).and_then(Value::as_str).filter(|text: &&str| !text.is_empty());
        let details = delta.get("reasoning_details").unwrap_or(&Value::Null);
        match text("reasoning_content").or_else(|| text("reasoning")).or_else(|| text("thinking")) {
            Some(thinking) => self.blocks.thinking(thinking, pieces),
            None => self.blocks.thinking_of(details, pieces),
        }
        self.blocks.details(details);
    }

    fn part(&mut self, part: &Value, pieces: &mut Vec<Piece>) {
        let text = |field| part.get(field).and_then(Value::as_str);
        match text("type") {
            Some("thinking" | "reasoning") => {
                let list = part.get("thinking").and_then(Value::as_array).into_iter().flatten();
                let listed: String = list.filter_map(|item| item.get("text")?.as_str()).collect();
                let plain = text("thinking").or_else(|| text("text")).unwrap_or_default();
                self.blocks.thinking(if listed.is_empty() { plain } else { &listed }, pieces);
            }
            Some("refusal") => self.blocks.refusal(text("refusal").unwrap_or_default(), pieces),
            None | Some("text" | "output_text") => self.content(text("text").unwrap_or_default(), pieces),
            // Pictures and sound have no place in any other format's answers.
            Some(_) => {}
        }
    }

    fn content(&mut self, text: &str, pieces: &mut Vec<Piece>) {
        let Some(tags) = &mut self.tags else { return self.blocks.text(text, pieces) };
        let mut segments = Vec::new();
        tags.push(text, &mut segments);
        self.segments(segments, pieces);
    }

    /// What looked like the beginning of a tag was none.
    fn settle_tags(&mut self, pieces: &mut Vec<Piece>) {
        let mut segments = Vec::new();
        if let Some(tags) = &mut self.tags {
            tags.finish(&mut segments);
        }
        self.segments(segments, pieces);
    }

    fn segments(&mut self, segments: Vec<Segment>, pieces: &mut Vec<Piece>) {
        for segment in segments {
            match segment {
                Segment::Thinking(thinking) => self.blocks.thinking(&thinking, pieces),
                Segment::Text(text) => self.blocks.text(&text, pieces),
            }
        }
    }

    fn tools(&mut self, delta: &Value, pieces: &mut Vec<Piece>) -> Result<(), ClientError> {
        let entries: Vec<&Value> =
            delta.get("tool_calls").and_then(Value::as_array).into_iter().flatten().collect();
        if !entries.is_empty() {
            self.settle_tags(pieces);
            for (position, entry) in entries.iter().enumerate() {
                self.blocks.tool(&Delta::read(entry), position, entries.len(), pieces)?;
            }
            return Ok(());
        }
        // What `tool_calls` replaced; some servers send both.
        match delta.get("function_call").filter(|call| has_fields(call)) {
            Some(call) if self.legacy_call || !self.blocks.has_calls() => {
                self.legacy_call = true;
                self.settle_tags(pieces);
                let entry = json!({ "index": 0, "function": call });
                self.blocks.tool(&Delta::read(&entry), 0, 1, pieces)
            }
            _ => Ok(()),
        }
    }
}

/// What a choice says: a delta, or a message, also where a server streams messages.
pub(super) fn said(choice: &Value) -> Option<&Value> {
    let object = |field| choice.get(field).filter(|value: &&Value| value.is_object());
    object("delta")
        .filter(|delta| has_fields(delta))
        .or_else(|| object("message"))
        .or_else(|| object("delta"))
}

fn has_fields(value: &Value) -> bool {
    value.as_object().is_some_and(|fields| !fields.is_empty())
}
