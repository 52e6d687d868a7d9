//! What is beside the text and known only at its end: sources, thinking to send back, refusals.

use serde_json::{Map, Value, json};

use crate::translate::{
    Memo,
    answer::{Citation, Piece, Stop},
    seal::seal,
};

/// A provider's refusal that does not say why.
const REFUSED: &str = "The model declined to answer.";

/// See the module documentation.
pub(super) struct Extras {
    provider: String,
    model: String,
    /// Characters of text so far, and how many there were when its last block began.
    text: usize,
    block: usize,
    in_text: bool,
    /// The thinking that a signature would be of.
    thinking: String,
    annotations: Vec<Value>,
    reasoning: Vec<Value>,
    refused: bool,
}

impl Extras {
    pub(super) fn new(memo: &Memo) -> Self {
        Self {
            provider: memo.provider.clone(),
            model: memo.model.clone(),
            text: 0,
            block: 0,
            in_text: false,
            thinking: String::new(),
            annotations: Vec::new(),
            reasoning: Vec::new(),
            refused: false,
        }
    }

    pub(super) fn see(&mut self, piece: &Piece) {
        match piece {
            // These do not end a block.
            Piece::Ping | Piece::Text(_) | Piece::Citation(_) | Piece::Signature(_) | Piece::Thinking(_) => {}
            _ => self.leave(),
        }
        match piece {
            Piece::Text(text) => self.text(text),
            Piece::Citation(citation) => self.citation(citation),
            Piece::Thinking(text) => {
                self.in_text = false;
                self.thinking.push_str(text);
            }
            Piece::Signature(signature) => self.signature(signature),
            Piece::Redacted(data) => {
                let sealed = seal(&self.provider, &self.model, data);
                let index = self.reasoning.len();
                self.reasoning.push(json!({ "type": "reasoning.encrypted", "data": sealed, "index": index }));
            }
            Piece::Refusal(_) => self.refused = true,
            _ => {}
        }
    }

    fn leave(&mut self) {
        self.in_text = false;
        self.thinking.clear();
    }

    fn text(&mut self, text: &str) {
        self.thinking.clear();
        if !self.in_text {
            self.block = self.text;
            self.in_text = true;
        }
        self.text += text.chars().count();
    }

    /// It is a source of the whole block of text: where in it, the provider does not say.
    fn citation(&mut self, citation: &Citation) {
        self.annotations.push(json!({
            "type": "url_citation",
            "url_citation": {
                "start_index": self.block,
                "end_index": self.text,
                "url": citation.url,
                "title": citation.title,
            },
        }));
    }

    fn signature(&mut self, signature: &str) {
        let sealed = seal(&self.provider, &self.model, signature);
        let text = std::mem::take(&mut self.thinking);
        let index = self.reasoning.len();
        let detail = json!({ "type": "reasoning.text", "text": text, "signature": sealed, "index": index });
        self.reasoning.push(detail);
    }

    /// The words of a refusal that had none yet.
    pub(super) fn refusal(&self, stop: &Stop) -> Option<String> {
        match stop {
            Stop::Refusal { explanation, .. } if !self.refused => {
                Some(explanation.clone().unwrap_or_else(|| REFUSED.to_owned()))
            }
            _ => None,
        }
    }

    /// Moves the members that a message has of them to `message`.
    pub(super) fn members(&mut self, message: &mut Map<String, Value>) {
        let lists = [("annotations", &mut self.annotations), ("reasoning_details", &mut self.reasoning)];
        for (name, list) in lists {
            if !list.is_empty() {
                message.insert(name.to_owned(), std::mem::take(list).into());
            }
        }
    }
}
