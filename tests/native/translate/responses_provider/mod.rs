//! Chat and Messages clients in front of Responses providers: the requests.

mod agents;
mod chat;
mod chat_settings;
mod check;
mod messages;
mod round_trip;

use llm_router::translate::{self, Memo, Pair, Refusal, Scene, Traits, Translated, seal::seal};
use llm_router::wire::Wire;
use serde_json::{Value, json};

use super::chat_words::{call, calling, function, tool, user};

const PROVIDER: &str = "home";

/// Thinks by efforts; refuses sampling.
const GPT: &str = "gpt-5.2";
/// Does not think; takes sampling.
const OLD: &str = "gpt-4o";
/// Nobody has heard of it.
const OTHER: &str = "some-model";

/// A translated request.
struct Done {
    body: Value,
    notes: Vec<&'static str>,
    memo: Memo,
}

fn done_with(pair: Pair, model: &str, traits: &Traits, body: &Value) -> Result<Done, Refusal> {
    let scene = Scene { requested: "fast", provider: PROVIDER, model, traits, id: "req1", created: 7 };
    let Translated { body, memo, notes } = translate::request(pair, body.to_string().as_bytes(), &scene)?;
    let body = serde_json::from_slice(&body).unwrap();
    check::request(&body);
    Ok(Done { body, notes: notes.list().to_vec(), memo })
}

fn done(pair: Pair, model: &str, body: &Value) -> Result<Done, Refusal> {
    done_with(pair, model, &Traits::of(model), body)
}

/// As this provider's `model` encrypted it.
fn sealed(model: &str, content: &str) -> String {
    seal(PROVIDER, model, content)
}

/// An item of the input.
fn said(role: &str, text: &str) -> Value {
    let kind = if role == "assistant" { "output_text" } else { "input_text" };
    json!({ "type": "message", "role": role, "content": [{ "type": kind, "text": text }] })
}

fn function_call(id: &str, name: &str, arguments: &str) -> Value {
    json!({ "type": "function_call", "call_id": id, "name": name, "arguments": arguments })
}

#[expect(clippy::needless_pass_by_value, reason = "always made in place")]
fn output(id: &str, output: Value) -> Value {
    json!({ "type": "function_call_output", "call_id": id, "output": output })
}

fn reasoning(summary: &[&str], encrypted: &str) -> Value {
    let summary: Vec<Value> =
        summary.iter().map(|text| json!({ "type": "summary_text", "text": text })).collect();
    json!({ "type": "reasoning", "summary": summary, "encrypted_content": encrypted })
}

/// In which format a client is served by a provider that speaks these.
fn served(client: Wire, spoken: &[Wire]) -> Option<Wire> {
    translate::ways(client).iter().map(|(wire, _)| *wire).find(|wire| spoken.contains(wire))
}

#[test]
fn responses_come_last_where_there_is_a_choice() {
    use Wire::{Chat, Completions, Messages, Responses};
    for client in [Chat, Messages, Responses] {
        assert_eq!(served(client, &[Responses]), Some(Responses));
        assert_eq!(served(client, &[Chat, Messages, Responses]), Some(client), "its own first");
    }
    assert_eq!(served(Chat, &[Messages, Responses]), Some(Messages));
    assert_eq!(served(Messages, &[Chat, Responses]), Some(Chat));
    assert_eq!(served(Completions, &[Chat, Messages, Responses]), None);
}
