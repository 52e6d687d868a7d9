//! The thinking of an assistant's message in a Chat history.

use serde_json::{Map, Value};

use crate::translate::{Notes, Traits};

/// What it thought, as far as the provider may have it.
#[derive(Default)]
pub struct Thoughts {
    text: String,
    /// As OpenRouter writes them: signed or encrypted parts.
    details: Vec<Value>,
}

impl Thoughts {
    pub fn add_text(&mut self, text: &str) {
        if !self.text.is_empty() && !text.is_empty() {
            self.text.push('\n');
        }
        self.text.push_str(text);
    }

    pub fn add_details(&mut self, details: Vec<Value>) {
        self.details.extend(details);
    }

    pub fn merge(&mut self, next: Self) {
        self.add_text(&next.text);
        self.details.extend(next.details);
    }

    /// Into an assistant's message, one that calls tools or not.
    ///
    /// Where thinking is on, DeepSeek and Kimi answer 400 to a call without `reasoning_content`, and to an
    /// empty one; a blank is taken. It stands for what another model did not tell.
    pub fn write(self, message: &mut Map<String, Value>, calling: bool, traits: &Traits, notes: &mut Notes) {
        const TEXT: &str = "reasoning_content";
        if !self.details.is_empty() {
            message.insert("reasoning_details".to_owned(), Value::Array(self.details));
        } else if !self.text.is_empty() {
            message.insert(TEXT.to_owned(), Value::String(self.text));
        } else if calling && traits.reasoning_content {
            notes.add("calls without thinking got a blank reasoning_content");
            message.insert(TEXT.to_owned(), " ".into());
        }
    }
}
