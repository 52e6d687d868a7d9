//! Requests of Responses clients, in the formats of other providers.
//!
//! A fixture is a body and the models that it is meant for, by pair; the snapshot beside it shows what each is
//! told, what was lost on the way and which tools the answer's names are looked up among. `SEALED(x)` in a
//! fixture is `x`, sealed for the model.
#![expect(clippy::disallowed_methods, reason = "fixtures are files")]

mod history;
mod settings;
mod tools;

use std::{fmt::Write as _, path::Path};

use llm_router::translate::{self, Pair, Refusal, Scene, Traits, Translated, seal};
use serde_json::{Value, json};

use super::golden::assert_snapshot;

const PROVIDER: &str = "alpha";
const CHAT: &str = "some-model";
const OPENAI: &str = "gpt-5.2";
const CLAUDE: &str = "claude-sonnet-5-5";

fn translated(pair: Pair, model: &str, body: &Value) -> Result<Translated, Refusal> {
    let traits = Traits::of(model);
    let scene = Scene {
        requested: "alias",
        provider: PROVIDER,
        model,
        traits: &traits,
        id: "abc123",
        created: 1_700_000_000,
    };
    translate::request(pair, body.to_string().as_bytes(), &scene)
}

/// What is sent, and the notes.
fn sent(pair: Pair, model: &str, body: &Value) -> (Value, Vec<&'static str>) {
    let translated = translated(pair, model, body).unwrap_or_else(|refusal| panic!("{refusal:?}"));
    (serde_json::from_slice(&translated.body).unwrap(), translated.notes.list().to_vec())
}

fn chat(body: &Value) -> Value {
    sent(Pair::ResponsesToChat, CHAT, body).0
}

fn openai(body: &Value) -> Value {
    sent(Pair::ResponsesToChat, OPENAI, body).0
}

fn messages(body: &Value) -> Value {
    sent(Pair::ResponsesToMessages, CLAUDE, body).0
}

#[expect(clippy::needless_pass_by_value, reason = "always made in place")]
fn of_input(input: Value) -> Value {
    json!({ "model": "m", "input": input })
}

fn refused(pair: Pair, body: &Value) -> Refusal {
    translated(pair, if pair == Pair::ResponsesToChat { CHAT } else { CLAUDE }, body).expect_err("refused")
}

/// Puts sealed thinking in the place of `SEALED(x)`.
fn sealed(value: &mut Value, model: &str) {
    match value {
        Value::String(text) => {
            if let Some(content) = text.strip_prefix("SEALED(").and_then(|rest| rest.strip_suffix(')')) {
                *text = seal::seal(PROVIDER, model, content);
            }
        }
        Value::Array(list) => list.iter_mut().for_each(|value| sealed(value, model)),
        Value::Object(map) => map.values_mut().for_each(|value| sealed(value, model)),
        _ => {}
    }
}

#[test]
fn goldens() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/translate/responses_request");
    let mut files: Vec<_> = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "json"));
    files.sort();
    assert!(!files.is_empty());
    for path in files {
        let fixture: Value = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
        for (name, pair) in [("chat", Pair::ResponsesToChat), ("messages", Pair::ResponsesToMessages)] {
            let models = fixture[name].as_array().cloned().unwrap_or_default();
            for model in models.iter().filter_map(Value::as_str) {
                let mut body = fixture["body"].clone();
                sealed(&mut body, model);
                let case = format!("{}.{name}.{model}", path.file_stem().unwrap().to_string_lossy());
                assert_snapshot(&folder, &case, &shown(&translated(pair, model, &body)));
            }
        }
    }
}

fn shown(result: &Result<Translated, Refusal>) -> String {
    let Translated { body, memo, notes } = match result {
        Ok(translated) => translated,
        Err(refusal) => return format!("refused at {}: {}\n", refusal.param, refusal.message),
    };
    let body: Value = serde_json::from_slice(body).unwrap();
    let mut text = format!("{body:#}\n");
    for note in notes.list() {
        writeln!(text, "note: {note}").unwrap();
    }
    for tool in body["tools"].as_array().into_iter().flatten() {
        let name = tool["function"]["name"].as_str().or(tool["name"].as_str()).unwrap();
        let client = memo.tools.client(name);
        let namespace = client.namespace.unwrap_or_else(|| "-".to_owned());
        writeln!(text, "tool: {name} = {namespace} / {} ({:?})", client.name, client.kind).unwrap();
    }
    text
}

#[test]
fn what_needs_a_store_is_refused_by_name() {
    let cases = [
        (json!({ "previous_response_id": "resp_1", "input": "x" }), "previous_response_id", "store"),
        (json!({ "conversation": { "id": "conv_1" }, "input": "x" }), "conversation", "whole input"),
        (json!({ "prompt": { "id": "pmpt_1" } }), "prompt", "instructions"),
        (json!({ "background": true, "input": "x" }), "background", "leave it out"),
        (json!({ "input": [{ "type": "item_reference", "id": "msg_1" }] }), "input[0]", "store"),
        (json!({ "input": [{ "type": "compaction_trigger" }] }), "input[0]", "compact"),
        (
            json!({ "input": [{ "role": "user", "content": [{ "type": "input_image", "file_id": "file-1" }] }] }),
            "input[0].content[0].file_id",
            "data URL",
        ),
    ];
    for (body, param, words) in cases {
        for pair in [Pair::ResponsesToChat, Pair::ResponsesToMessages] {
            let refusal = refused(pair, &body);
            assert_eq!(refusal.param, param);
            assert!(refusal.message.contains(words), "{}", refusal.message);
        }
    }
    let stateless = json!({ "previous_response_id": null, "background": false, "store": true, "input": "x" });
    assert_eq!(sent(Pair::ResponsesToChat, CHAT, &stateless).1, ["store dropped: nothing is stored"]);
}

#[test]
fn wrong_types_are_refused_by_path() {
    let cases = [
        (json!({}), "input"),
        (json!({ "input": 1 }), "input"),
        (json!({ "input": [] }), "input"),
        (json!({ "input": ["x"] }), "input[0]"),
        (json!({ "input": [{ "role": "user", "content": 1 }] }), "input[0].content"),
        (json!({ "input": [{ "role": "robot", "content": "x" }] }), "input[0].role"),
        (
            json!({ "input": [{ "role": "user", "content": [{ "type": "input_text" }] }] }),
            "input[0].content[0].text",
        ),
        (json!({ "input": [{ "type": "function_call", "call_id": "c" }] }), "input[0].name"),
        (json!({ "input": [{ "type": "function_call", "name": "f", "call_id": 1 }] }), "input[0].call_id"),
        (
            json!({ "input": [{ "type": "function_call", "name": "f", "call_id": "c", "arguments": {} }] }),
            "input[0].arguments",
        ),
        (json!({ "input": [{ "type": "function_call_output", "output": "x" }] }), "input[0].call_id"),
        (json!({ "input": [{ "type": "reasoning", "summary": "x" }] }), "input[0].summary"),
        (json!({ "input": "x", "tools": {} }), "tools"),
        (json!({ "input": "x", "tools": [1] }), "tools[0]"),
        (json!({ "input": "x", "tools": [{ "type": "function" }] }), "tools[0].name"),
        (
            json!({ "input": "x", "tools": [{ "type": "namespace", "name": "n", "tools": [{ "type": "function", "name": "f", "parameters": 1 }] }] }),
            "tools[0].tools[0].parameters",
        ),
        (json!({ "input": "x", "instructions": 1 }), "instructions"),
        (json!({ "input": "x", "max_output_tokens": "9" }), "max_output_tokens"),
        (json!({ "input": "x", "max_output_tokens": 0 }), "max_output_tokens"),
        (json!({ "input": "x", "temperature": "1" }), "temperature"),
        (json!({ "input": "x", "stream": "yes" }), "stream"),
        (json!({ "input": "x", "reasoning": "high" }), "reasoning"),
        (json!({ "input": "x", "text": { "format": { "type": "json_schema" } } }), "text.format.schema"),
        (json!({ "input": "x", "tool_choice": "sometimes" }), "tool_choice"),
    ];
    for (body, param) in cases {
        for pair in [Pair::ResponsesToChat, Pair::ResponsesToMessages] {
            assert_eq!(refused(pair, &body).param, param, "{body}");
        }
    }
}

#[test]
fn the_answer_can_repeat_the_request() {
    let mut body = of_input(json!("x"));
    body["instructions"] = json!("Be brief.");
    body["tools"] = json!([{ "type": "web_search" }]);
    body["metadata"] = json!({ "k": "v" });
    body["client_metadata"] = json!({ "k": "v" });
    for (pair, model) in [(Pair::ResponsesToChat, CHAT), (Pair::ResponsesToMessages, CLAUDE)] {
        let memo = translated(pair, model, &body).unwrap().memo;
        let echo = json!({
            "instructions": "Be brief.", "metadata": { "k": "v" }, "tools": [{ "type": "web_search" }],
        });
        assert_eq!(Value::Object(memo.echo), echo);
        assert_eq!((memo.requested.as_str(), memo.provider.as_str()), ("alias", PROVIDER));
        assert!(memo.input_estimate > 0);
    }
}

#[test]
fn nothing_that_a_client_sends_is_a_panic() {
    let odd =
        [json!(null), json!(1), json!("x"), json!([]), json!({}), json!([[]]), json!([{ "type": "x" }])];
    let kinds = [
        "message",
        "reasoning",
        "function_call",
        "custom_tool_call",
        "function_call_output",
        "shell_call",
        "shell_call_output",
        "local_shell_call",
        "apply_patch_call",
        "apply_patch_call_output",
        "additional_tools",
        "agent_message",
        "compaction",
        "web_search_call",
    ];
    let fields = [
        "role",
        "content",
        "summary",
        "arguments",
        "input",
        "output",
        "action",
        "operation",
        "call_id",
        "name",
        "tools",
    ];
    for kind in kinds {
        for field in fields {
            for value in &odd {
                let mut item = json!({ "type": kind, "role": "user", "name": "f", "call_id": "c" });
                item[field] = value.clone();
                let body = of_input(json!([item, { "role": "user", "content": "x" }]));
                for (pair, model) in [(Pair::ResponsesToChat, CHAT), (Pair::ResponsesToMessages, CLAUDE)] {
                    if let Err(refusal) = translated(pair, model, &body) {
                        assert!(refusal.param.starts_with("input[0]"), "{refusal:?} {body}");
                    }
                }
            }
        }
    }
}
