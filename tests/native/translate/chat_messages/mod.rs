//! Requests of Chat clients for Messages providers.

mod check;
mod edges;
mod golden;
mod hostile;
mod rows;

use llm_router::translate::{Memo, Pair, Refusal, Scene, Traits, Translated, request, seal::seal};
use serde_json::{Value, json};

use super::chat_words::{call, calling, function, tool, user};

const PROVIDER: &str = "anthropic";

/// A current model: thinks within an effort, takes system messages anywhere, refuses sampling.
const NEW: &str = "claude-sonnet-5";
/// Thinks by a budget, takes sampling and answers that are begun.
const OLD: &str = "claude-sonnet-4-5";
/// Without structured outputs.
const OLDER: &str = "claude-opus-4-1";

/// A translated request.
struct Done {
    body: Value,
    notes: Vec<&'static str>,
    memo: Memo,
}

fn try_translate(model: &str, body: &str) -> Result<Done, Refusal> {
    let traits = Traits::of(model);
    let scene =
        Scene { requested: "fast", provider: PROVIDER, model, traits: &traits, id: "req1", created: 7 };
    let Translated { body, memo, notes } = request(Pair::ChatToMessages, body.as_bytes(), &scene)?;
    Ok(Done { body: serde_json::from_slice(&body).unwrap(), notes: notes.list().to_vec(), memo })
}

/// `body` with a question, where it has no messages.
fn translate(model: &str, mut body: Value) -> Done {
    if body.get("messages").is_none() {
        body["messages"] = json!([{ "role": "user", "content": "Hi" }]);
    }
    let done = try_translate(model, &body.to_string()).unwrap();
    check::request(&done.body);
    done
}

/// `messages` of a request with these.
fn messages(model: &str, messages: Value) -> Value {
    let mut body = json!({});
    body["messages"] = messages;
    translate(model, body).body["messages"].take()
}

fn refused(body: &Value) -> String {
    try_translate(NEW, &body.to_string()).err().expect("refused").param
}

/// As this provider's `model` signed it.
fn signed(model: &str, text: &str) -> Value {
    json!({ "type": "reasoning.text", "text": text, "signature": seal(PROVIDER, model, "sig"), "index": 0 })
}
