//! The blocks of an answer of OpenAI's formats: which one is going on, and what its end brings with it.

mod arguments;
mod calls;
mod details;

use serde_json::Value;

use self::{calls::Calls, details::Details};
use super::{Citation, Piece, Stop, finish::Finish};
use crate::{translate::Memo, wire::error::ClientError};

pub(super) use self::calls::{BYTES_MAX, Delta};

/// Most white space held back, in bytes: more than that is meant.
const HELD_MAX: usize = 4 << 10;
/// Most of a refusal that is repeated as its explanation, in bytes: refusals are a paragraph.
const EXPLANATION_MAX: usize = 16 << 10;

/// The block that is going on. Calls are no such blocks, they may go on side by side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Text,
    Refusal,
    Thinking,
}

/// See the module documentation.
#[derive(Debug)]
pub(super) struct Blocks {
    open: Option<Kind>,
    /// There has been one that a person reads.
    has_text: bool,
    /// There has been one.
    any: bool,
    /// White space that begins a text, if a text follows: many servers send some before a call.
    held: String,
    held_thinking: String,
    details: Details,
    calls: Calls,
    refusal: String,
}

impl Blocks {
    pub(super) fn new(memo: &Memo) -> Self {
        Self {
            open: None,
            has_text: false,
            any: false,
            held: String::new(),
            held_thinking: String::new(),
            details: Details::default(),
            calls: Calls::new(memo),
            refusal: String::new(),
        }
    }

    /// Whether there has been one.
    pub(super) fn any(&self) -> bool {
        self.any
    }

    pub(super) fn has_calls(&self) -> bool {
        self.calls.begun() > 0
    }

    /// There is something, and of calls nothing is missing.
    pub(super) fn are_whole(&self) -> bool {
        self.any && self.calls.are_whole()
    }

    pub(super) fn text(&mut self, text: &str, pieces: &mut Vec<Piece>) {
        if self.open == Some(Kind::Text) {
            if !text.is_empty() {
                pieces.push(Piece::Text(text.to_owned()));
            }
            return;
        }
        self.held.push_str(text);
        if is_blank(&self.held) {
            return;
        }
        self.enter(Kind::Text, pieces);
        pieces.push(Piece::Text(std::mem::take(&mut self.held)));
    }

    pub(super) fn refusal(&mut self, text: &str, pieces: &mut Vec<Piece>) {
        if text.is_empty() {
            return;
        }
        self.enter(Kind::Refusal, pieces);
        if self.refusal.len() + text.len() <= EXPLANATION_MAX {
            self.refusal.push_str(text);
        }
        pieces.push(Piece::Refusal(text.to_owned()));
    }

    /// Why the answer ended, if this is how.
    pub(super) fn stop(&mut self, finish: Finish) -> Stop {
        // What was refused and why, if anything was.
        let explanation = Some(std::mem::take(&mut self.refusal)).filter(|refusal| !refusal.is_empty());
        match finish {
            Finish::Length => Stop::MaxTokens,
            Finish::Context => Stop::Context,
            Finish::Filter => Stop::Refusal { explanation, category: None },
            _ if explanation.is_some() => Stop::Refusal { explanation, category: None },
            // Clients run tools by this word, whatever the provider called it.
            _ if self.has_calls() => Stop::ToolUse,
            _ => Stop::EndTurn,
        }
    }

    pub(super) fn thinking(&mut self, text: &str, pieces: &mut Vec<Piece>) {
        self.held_thinking.push_str(text);
        let goes_on = self.open == Some(Kind::Thinking) && !self.held_thinking.is_empty();
        if goes_on || !is_blank(&self.held_thinking) {
            self.enter(Kind::Thinking, pieces);
            pieces.push(Piece::Thinking(std::mem::take(&mut self.held_thinking)));
        }
    }

    /// What the provider needs with the thinking that is going on, or with some that is not shown. An open call
    /// would come between.
    pub(super) fn signature(&mut self, signature: &str, pieces: &mut Vec<Piece>) {
        if self.open != Some(Kind::Thinking) {
            self.leave(pieces);
        }
        self.calls.end_settled(pieces);
        if !self.calls.is_any_open() {
            self.open = None;
            self.held_thinking.clear();
            pieces.push(Piece::Signature(signature.to_owned()));
        }
    }

    /// The thinking that is nowhere but in its details.
    pub(super) fn thinking_of(&mut self, details: &Value, pieces: &mut Vec<Piece>) {
        self.thinking(&Details::text(details), pieces);
    }

    pub(super) fn details(&mut self, details: &Value) {
        self.details.add(details);
    }

    /// A source of the text that is going on.
    pub(super) fn citation(&self, citation: Citation, pieces: &mut Vec<Piece>) {
        if self.open == Some(Kind::Text) && !citation.url.is_empty() {
            pieces.push(Piece::Citation(citation));
        }
    }

    /// The delta of a call at `position` of the `count` that came at once.
    pub(super) fn tool(
        &mut self,
        delta: &Delta<'_>,
        position: usize,
        count: usize,
        pieces: &mut Vec<Piece>,
    ) -> Result<(), ClientError> {
        let at = self.calls.take(delta, position, count)?;
        if self.calls.is_due(at) {
            self.leave(pieces);
            self.calls.end_whole(pieces);
            self.sign(pieces);
            self.held.clear();
            self.any = true;
        }
        self.calls.write(at, pieces);
        Ok(())
    }

    /// Ends what nothing is missing of, although more may come.
    pub(super) fn settle(&mut self, pieces: &mut Vec<Piece>) {
        self.pause(pieces);
        self.calls.end_settled(pieces);
    }

    /// Ends the block that is going on: what comes next is another, even if it is of its kind.
    pub(super) fn pause(&mut self, pieces: &mut Vec<Piece>) {
        if self.open.is_some() {
            self.leave(pieces);
            pieces.push(Piece::Break);
        }
    }

    /// Ends a call, by its number of the provider's.
    pub(super) fn end_call(&mut self, index: u64, pieces: &mut Vec<Piece>) {
        self.calls.end_one(index, pieces);
    }

    /// Ends everything.
    pub(super) fn end_all(&mut self, pieces: &mut Vec<Piece>) -> Result<(), ClientError> {
        self.leave(pieces);
        self.calls.end_all(pieces)?;
        self.sign(pieces);
        // An answer that is nothing but white space is still an answer.
        if !self.held.is_empty() && !self.has_text && !self.has_calls() {
            pieces.push(Piece::Text(std::mem::take(&mut self.held)));
        }
        Ok(())
    }

    /// Goes on with a block, or begins it and ends what was before.
    fn enter(&mut self, kind: Kind, pieces: &mut Vec<Piece>) {
        if self.open == Some(kind) {
            return;
        }
        if kind == Kind::Thinking {
            // What is held is this block's own beginning.
            let held = std::mem::take(&mut self.held_thinking);
            self.leave(pieces);
            self.held_thinking = held;
            self.calls.end_settled(pieces);
        } else {
            self.leave(pieces);
            self.calls.end_settled(pieces);
            self.sign(pieces);
            self.has_text = true;
        }
        self.any = true;
        self.open = Some(kind);
    }

    /// Ends the block that is going on.
    fn leave(&mut self, pieces: &mut Vec<Piece>) {
        if self.open.take() == Some(Kind::Thinking) {
            self.sign(pieces);
        }
        self.held_thinking.clear();
    }

    /// Details belong to the thinking before them; a call that is still open would come between.
    fn sign(&mut self, pieces: &mut Vec<Piece>) {
        if !self.calls.is_any_open() {
            pieces.extend(self.details.take().map(Piece::Signature));
        }
    }
}

/// White space that nobody misses.
fn is_blank(text: &str) -> bool {
    text.len() <= HELD_MAX && text.trim().is_empty()
}
