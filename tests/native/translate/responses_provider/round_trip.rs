//! Into Responses and out of it again: a conversation says the same, whichever way it went.

use llm_router::translate::{self, Pair, Scene, Traits};
use serde_json::{Value, json};

use super::{GPT, PROVIDER, done, user};
use crate::random::Random;

const WORDS: [&str; 6] = ["one", "", "größer\n", " two ", "{\"a\":1}", "<system>"];
const ROUNDS: u64 = 400;

/// A conversation in Chat's words that keeps the rules; no empty message.
fn conversation(random: &mut Random) -> Vec<Value> {
    let mut messages = Vec::new();
    if random.chance(0.5) {
        messages.push(json!({ "role": "developer", "content": "Rules." }));
    }
    messages.push(user("Begin."));
    for turn in 0..random.below(6) {
        match random.below(4) {
            0 => messages.push(user(&format!("q{turn}{}", random.pick(&WORDS)))),
            1 => {
                let image = json!({ "type": "image_url", "image_url": { "url": "https://a.test/x.png", "detail": "high" } });
                let text = json!({ "type": "text", "text": format!("see {turn}") });
                messages.push(json!({ "role": "user", "content": [text, image] }));
            }
            2 => {
                messages.push(json!({ "role": "assistant", "content": format!("a{}", random.pick(&WORDS)) }));
            }
            _ => calls(random, turn, &mut messages),
        }
        // Two of the assistant in a row are one to Responses clients.
        if messages.last().unwrap()["role"] == "assistant" {
            messages.push(user("Go on."));
        }
    }
    messages
}

fn calls(random: &mut Random, turn: usize, messages: &mut Vec<Value>) {
    let ids: Vec<String> = (0..=random.below(3)).map(|at| format!("call.{turn}:{at}")).collect();
    let call = |id: &String| {
        let function = json!({ "name": "f", "arguments": format!("{{\"z\":1,\"a\":\"{id}\"}}") });
        json!({ "id": id, "type": "function", "function": function })
    };
    let calls: Vec<Value> = ids.iter().map(call).collect();
    let content = if random.chance(0.5) { json!("Looking.") } else { Value::Null };
    messages.push(json!({ "role": "assistant", "content": content, "tool_calls": calls }));
    for id in ids {
        messages.push(json!({ "role": "tool", "tool_call_id": id, "content": random.pick(&WORDS) }));
    }
}

fn back(body: &Value) -> Value {
    let traits = Traits::of(GPT);
    let scene =
        Scene { requested: "fast", provider: PROVIDER, model: GPT, traits: &traits, id: "r", created: 7 };
    let translated = translate::request(Pair::ResponsesToChat, body.to_string().as_bytes(), &scene).unwrap();
    serde_json::from_slice(&translated.body).unwrap()
}

#[test]
fn a_chat_conversation_is_the_same_again() {
    for seed in 0..ROUNDS {
        let messages = conversation(&mut Random(seed));
        let request = json!({
            "messages": messages,
            "max_completion_tokens": 100,
            "reasoning_effort": "high",
            "parallel_tool_calls": false,
            "tools": [{ "type": "function", "function": { "name": "f", "parameters": { "type": "object" }, "strict": false } }],
            "tool_choice": { "type": "function", "function": { "name": "f" } },
            "response_format": { "type": "json_schema", "json_schema": { "name": "n", "schema": {}, "strict": true } },
            "service_tier": "flex",
            "prompt_cache_key": "k",
            "verbosity": "low",
        });
        let there = done(Pair::ChatToResponses, GPT, &request).unwrap().body;
        let mut again = back(&there);
        assert_eq!(again["messages"].take(), json!(messages), "seed {seed}: {there:#}");
        let mut expected = request;
        expected["messages"].take();
        expected["model"] = json!(GPT);
        assert_eq!(again, expected, "seed {seed}");
    }
}

/// A conversation of a Messages client is told to a Responses provider as to a Chat provider.
#[test]
fn a_messages_conversation_is_what_it_is_in_chat() {
    for seed in 0..ROUNDS {
        let random = &mut Random(seed);
        let mut messages = vec![user("Begin.")];
        for (turn, word) in WORDS.iter().enumerate().take(random.below(5)) {
            let calls: Vec<String> = (0..=random.below(3)).map(|at| format!("toolu_{turn}_{at}")).collect();
            let text = json!({ "type": "text", "text": format!("Turn {turn}.") });
            let uses = calls.iter().map(
                |id| json!({ "type": "tool_use", "id": id, "name": "f", "input": { "z": turn, "a": id } }),
            );
            let content: Vec<Value> = [text].into_iter().chain(uses).collect();
            messages.push(json!({ "role": "assistant", "content": content }));
            let answer = json!({ "type": "text", "text": "And?" });
            let results = calls.iter().filter(|_| random.chance(0.9)).map(|id| {
                json!({ "type": "tool_result", "tool_use_id": id, "content": word, "is_error": turn == 3 })
            });
            let content: Vec<Value> = results.chain([answer]).collect();
            messages.push(json!({ "role": "user", "content": content }));
        }
        let request = json!({ "max_tokens": 100, "system": "Rules.", "messages": messages });
        let there = done(Pair::MessagesToResponses, GPT, &request).unwrap().body;
        let traits = Traits::of(GPT);
        let scene =
            Scene { requested: "fast", provider: PROVIDER, model: GPT, traits: &traits, id: "r", created: 7 };
        let chat = translate::request(Pair::MessagesToChat, request.to_string().as_bytes(), &scene).unwrap();
        let chat: Value = serde_json::from_slice(&chat.body).unwrap();
        assert_eq!(back(&there)["messages"], chat["messages"], "seed {seed}: {there:#}");
    }
}
