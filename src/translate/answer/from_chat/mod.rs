//! Reads answers of Chat Completions, as OpenAI sends them and as compatible servers do.
//!
//! Compatible servers differ in everything that the format leaves open, and in some that it does not; what
//! is read here is what any of them sends: `answer` has names and endings, `blocks` of all readers the order
//! and the tools.

mod answer;
mod think;

use serde_json::Value;

use super::{
    Piece, Reader,
    faults::{broken, error_of},
};
use crate::{
    translate::{Memo, fault::from_chat_error, sse::Event},
    wire::error::ClientError,
};
use answer::Answer;

/// Reads a stream.
pub struct Stream {
    answer: Answer,
}

impl Stream {
    pub fn new(memo: &Memo) -> Self {
        Self { answer: Answer::new(memo) }
    }

    fn fail(&mut self, error: ClientError, pieces: &mut Vec<Piece>) {
        self.answer.fail(error, pieces);
    }
}

impl Reader for Stream {
    fn event(&mut self, event: &Event, pieces: &mut Vec<Piece>) {
        if self.answer.is_over() {
            return;
        }
        let data = event.data.trim();
        if data == "[DONE]" {
            let whole = self.answer.is_whole();
            return self.answer.end(whole, pieces);
        }
        let is_error = event.name == "error";
        if !data.starts_with('{') {
            if is_error {
                return self.fail(from_chat_error(&data.into(), None), pieces);
            }
            // A word to keep the connection alive.
            return pieces.push(Piece::Ping);
        }
        match serde_json::from_str::<Value>(data) {
            Ok(chunk) => match error_of(&chunk).or(is_error.then_some(&chunk)) {
                Some(error) => self.fail(from_chat_error(error, None), pieces),
                None => self.answer.take(&chunk, pieces),
            },
            // After the answer's last word nothing is lost with it.
            Err(_) if self.answer.has_finished() => {}
            Err(_) => self.fail(broken("The provider sent a damaged chunk"), pieces),
        }
    }

    fn end(&mut self, pieces: &mut Vec<Piece>) {
        // Without `[DONE]` only a reason to finish tells an end from a broken connection.
        self.answer.end(false, pieces);
    }
}

/// Reads a whole answer.
pub fn document(body: &[u8], memo: &Memo) -> Result<Vec<Piece>, ClientError> {
    let text = String::from_utf8_lossy(body);
    let value: Value = serde_json::from_str(text.trim_start_matches('\u{feff}'))
        .map_err(|_| broken("The provider's answer is not JSON"))?;
    if let Some(error) = error_of(&value) {
        return Err(from_chat_error(error, None));
    }
    let choices = value.get("choices").and_then(Value::as_array);
    if !choices.is_some_and(|choices| choices.iter().any(|choice| answer::said(choice).is_some())) {
        return Err(broken("The provider's answer has no message"));
    }
    let (mut answer, mut pieces) = (Answer::new(memo), Vec::new());
    answer.take(&value, &mut pieces);
    answer.end(true, &mut pieces);
    match pieces.pop() {
        Some(Piece::Fault(error)) => Err(error),
        last => {
            pieces.extend(last);
            Ok(pieces)
        }
    }
}
