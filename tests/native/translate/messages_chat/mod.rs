//! Messages clients in front of Chat providers.

mod broken;
mod conversation;
mod golden;
mod media;
mod options;
mod tools;

use llm_router::translate::{self, Pair, Refusal, Scene, Traits, Translated};
use serde_json::{Value, json};

const PROVIDER: &str = "acme";

fn translated_with(request: &Value, model: &str, traits: &Traits) -> Result<Translated, Refusal> {
    let scene = Scene {
        requested: "claude-alias",
        provider: PROVIDER,
        model,
        traits,
        id: "r1",
        created: 1_800_000_000,
    };
    translate::request(Pair::MessagesToChat, request.to_string().as_bytes(), &scene)
}

fn translated(request: &Value, model: &str) -> Result<Translated, Refusal> {
    translated_with(request, model, &Traits::of(model))
}

/// The Chat request and the notes.
fn chat(request: &Value, model: &str) -> (Value, Vec<&'static str>) {
    let done = translated(request, model).unwrap_or_else(|refused| panic!("{}: {refused}", refused.param));
    (serde_json::from_slice(&done.body).unwrap(), done.notes.list().to_vec())
}

/// A request of these messages, with more members.
fn request(messages: &Value, more: &Value) -> Value {
    let mut request = json!({ "model": "claude-alias", "max_tokens": 1_000, "messages": messages });
    let more = more.as_object().unwrap().clone();
    request.as_object_mut().unwrap().extend(more);
    request
}

/// The Chat messages of these Messages messages.
fn messages_of(messages: &Value, model: &str) -> Value {
    chat(&request(messages, &json!({})), model).0["messages"].take()
}

/// A short conversation with more members in the request.
fn with(more: &Value, model: &str) -> Value {
    chat(&request(&json!([{ "role": "user", "content": "hi" }]), more), model).0
}
