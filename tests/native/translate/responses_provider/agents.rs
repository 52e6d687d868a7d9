//! Whole requests of real clients: those of the other pairs' fixtures, in Responses' words.
#![expect(clippy::disallowed_methods, reason = "fixtures are files")]

use std::{fmt::Write as _, path::Path};

use llm_router::translate::Pair;
use serde_json::{Value, json};

use super::{super::golden::assert_snapshot, GPT, OTHER, done, sealed};

const FIXTURES: [(&str, &str, Pair); 7] = [
    ("chat_messages", "agent_loop", Pair::ChatToResponses),
    ("chat_messages", "chat_with_files", Pair::ChatToResponses),
    ("chat_messages", "structured", Pair::ChatToResponses),
    ("messages_chat", "agent_first_turn", Pair::MessagesToResponses),
    ("messages_chat", "agent_tool_loop", Pair::MessagesToResponses),
    ("messages_chat", "anthropics_tools", Pair::MessagesToResponses),
    ("messages_chat", "documents", Pair::MessagesToResponses),
];

/// What another model signed in the fixtures is this one's.
fn with_signatures(value: &mut Value, model: &str) {
    match value {
        Value::String(text) if text.starts_with("@signed:") => *text = sealed(model, "gAAAAAB="),
        Value::Array(list) => list.iter_mut().for_each(|value| with_signatures(value, model)),
        Value::Object(members) => members.values_mut().for_each(|value| with_signatures(value, model)),
        _ => {}
    }
}

#[test]
fn requests_of_clients() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/translate");
    for (of, name, pair) in FIXTURES {
        let text = std::fs::read_to_string(folder.join(of).join(format!("{name}.json"))).unwrap();
        let fixture: Value = serde_json::from_str(&text).unwrap();
        let request = fixture.get("body").or_else(|| fixture.get("request")).unwrap();
        let mut shown = String::new();
        for model in [GPT, OTHER] {
            let mut request = request.clone();
            with_signatures(&mut request, model);
            let done = done(pair, model, &request).unwrap();
            let output = json!({
                "input_estimate": done.memo.input_estimate, "notes": done.notes, "body": done.body,
            });
            writeln!(shown, "== {model}\n{output:#}").unwrap();
        }
        assert_snapshot(folder.join("responses_provider"), &format!("{of}.{name}"), &shown);
    }
}
