//! Thinking of the history, for providers that want it back.
//!
//! What is sealed is only for the provider and model whose it is: as text, or as the signed or encrypted parts
//! that aggregators write. What nobody sealed is plain text, which nobody checks.

use serde_json::{Map, Value};

use crate::translate::{
    Notes, Scene, Traits,
    parts::reasoning::details,
    request::responses::{REDACTED, items::Reasoning},
    seal,
};

#[derive(Default)]
pub(super) struct Thoughts {
    texts: Vec<String>,
    /// As OpenRouter writes them: signed or encrypted parts.
    details: Vec<Value>,
}

impl Thoughts {
    pub(super) fn add(&mut self, reasoning: Reasoning, scene: &Scene<'_>, notes: &mut Notes) {
        let Reasoning { text, encrypted } = reasoning;
        let opened = seal::open(&encrypted, scene.provider, scene.model);
        let content = opened.as_deref().map(|content| content.strip_prefix(REDACTED).unwrap_or(content));
        if let Some(details) = content.and_then(details) {
            self.details.extend(details);
            return;
        }
        let own = opened.is_some() || encrypted.is_empty();
        if own && scene.traits.reasoning_content {
            self.texts.extend(Some(text).filter(|text| !text.is_empty()));
        } else {
            notes.add("reasoning in the history dropped");
        }
    }

    /// Into an assistant's message, one that calls tools or not.
    ///
    /// Where thinking is on, DeepSeek and Kimi answer 400 to a call without `reasoning_content`, and to an
    /// empty one; a blank is taken. It stands for what another model did not tell.
    pub(super) fn write(
        self,
        message: &mut Map<String, Value>,
        calling: bool,
        traits: &Traits,
        notes: &mut Notes,
    ) {
        const TEXT: &str = "reasoning_content";
        if !self.details.is_empty() {
            message.insert("reasoning_details".to_owned(), Value::Array(self.details));
        } else if !self.texts.is_empty() {
            message.insert(TEXT.to_owned(), self.texts.join("\n").into());
        } else if calling && traits.reasoning_content {
            notes.add("calls without reasoning got a blank reasoning_content");
            message.insert(TEXT.to_owned(), " ".into());
        }
    }
}
