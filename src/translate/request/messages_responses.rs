//! A Messages client in front of a Responses provider: the request.
//!
//! OpenAI's two formats differ in form more than in meaning, so it is put into Chat's words first, with what
//! only Responses has kept in them (`messages_chat::chat_of`), and those into Responses'.

use super::{chat_responses, messages_chat};
use crate::translate::{Notes, Refusal, Scene, Traits, Translated, tools::ToolNames};

pub fn translate(body: &[u8], scene: &Scene<'_>) -> Result<Translated, Refusal> {
    // In this format they all do.
    let traits = Traits { effort_with_tools: true, ..scene.traits.clone() };
    let scene = Scene { traits: &traits, ..*scene };
    let mut notes = Notes::default();
    let (chat, tools) = messages_chat::chat_of(body, &scene, true, &mut notes)?;
    // The names fit already.
    let out = chat_responses::write(chat, &scene, &mut ToolNames::default(), &mut notes)?;
    Ok(chat_responses::translated(&out, tools, &scene, notes))
}
