//! Thinking in the history: back to who made it, and to those who want it back.
//!
//! It never becomes visible text. Nobody checks the text of `reasoning_content`, so a provider that wants
//! it gets another's as well; what is sealed is only for the provider and model whose it is.

use serde_json::{Value, json};

use super::{
    field::{Object, required_string, string},
    work::Work,
};
use crate::translate::{Refusal, parts::reasoning, seal};

#[derive(Default)]
pub(super) struct Thoughts {
    text: String,
    /// As OpenRouter writes them: signed or encrypted parts.
    details: Vec<Value>,
}

impl Thoughts {
    pub(super) fn thinking(&mut self, fields: &mut Object, work: &mut Work<'_>) -> Result<(), Refusal> {
        let text = string(fields, "thinking")?.unwrap_or_default();
        let signature = string(fields, "signature")?.unwrap_or_default();
        match open(&signature, work) {
            Some(Opened::Details(details)) => self.details.extend(details),
            Some(Opened::Text(sealed)) => self.add(if text.is_empty() { &sealed } else { &text }),
            None if work.traits().reasoning_content => self.add(&text),
            None => work.note("thinking in history dropped"),
        }
        Ok(())
    }

    pub(super) fn redacted(&mut self, fields: &mut Object, work: &mut Work<'_>) -> Result<(), Refusal> {
        match open(&required_string(fields, "data")?, work) {
            Some(Opened::Details(details)) => self.details.extend(details),
            Some(Opened::Text(sealed)) => self.add(&sealed),
            None => work.note("thinking in history dropped"),
        }
        Ok(())
    }

    fn add(&mut self, text: &str) {
        if !self.text.is_empty() && !text.is_empty() {
            self.text.push('\n');
        }
        self.text.push_str(text);
    }

    pub(super) fn merge(&mut self, next: Self) {
        self.add(&next.text);
        self.details.extend(next.details);
    }

    /// Into an assistant's message, one that calls tools or not.
    ///
    /// Where thinking is on, DeepSeek and Kimi answer 400 to a call without `reasoning_content`, and to an
    /// empty one; a blank is taken. It stands for what another model did not tell.
    pub(super) fn write(self, message: &mut Object, calling: bool, work: &mut Work<'_>) {
        if !self.details.is_empty() {
            message.insert("reasoning_details".to_owned(), Value::Array(self.details));
        } else if !self.text.is_empty() {
            message.insert("reasoning_content".to_owned(), Value::String(self.text));
        } else if calling && work.traits().reasoning_content {
            work.note("calls without thinking got a blank reasoning_content");
            message.insert("reasoning_content".to_owned(), json!(" "));
        }
    }
}

enum Opened {
    Details(Vec<Value>),
    Text(String),
}

/// What is sealed, if this provider's model made it. The seal of thinking that was not signed is empty.
fn open(sealed: &str, work: &Work<'_>) -> Option<Opened> {
    let content = seal::open(sealed, work.scene.provider, work.scene.model).filter(|it| !it.is_empty())?;
    Some(reasoning::details(&content).map_or_else(|| Opened::Text(content), Opened::Details))
}
