//! Thinking of the history, for providers that want it back.
//!
//! What is sealed is only for the provider and model whose it is: as text, or as the signed or encrypted parts
//! that aggregators write. What nobody sealed is plain text, which nobody checks.

use crate::translate::{
    Notes, Scene,
    parts::{reasoning::details, thoughts::Thoughts},
    request::responses::{REDACTED, items::Reasoning},
    seal,
};

pub(super) fn add(reasoning: Reasoning, thoughts: &mut Thoughts, scene: &Scene<'_>, notes: &mut Notes) {
    let Reasoning { text, encrypted } = reasoning;
    let opened = seal::open(&encrypted, scene.provider, scene.model);
    let content = opened.as_deref().map(|content| content.strip_prefix(REDACTED).unwrap_or(content));
    if let Some(details) = content.and_then(details) {
        return thoughts.add_details(details);
    }
    let own = opened.is_some() || encrypted.is_empty();
    if own && scene.traits.reasoning_content {
        thoughts.add_text(&text);
    } else {
        notes.add("reasoning in the history dropped");
    }
}
