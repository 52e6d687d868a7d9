//! Requests of Responses clients, in the formats of other providers.
//!
//! A fixture is a body and the models that it is meant for, by pair; the snapshot beside it shows what each is
//! told, what was lost on the way and which tools the answer's names are looked up among. `SEALED(x)` in a
//! fixture is `x`, sealed for the model.
#![expect(clippy::disallowed_methods, reason = "fixtures are files")]

use std::{
    collections::{BTreeSet, VecDeque},
    fmt::Write as _,
    path::Path,
};

use llm_router::translate::{
    self, Pair, Refusal, Scene, Traits, Translated,
    answer::{Piece, Stop, Usage, to_responses},
    seal,
};
use proptest::prelude::*;
use serde_json::{Value, json};

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
                let mut settings = insta::Settings::clone_current();
                settings.set_snapshot_path(&folder);
                settings.set_prepend_module_to_snapshot(false);
                settings.set_omit_expression(true);
                let case = format!("{}.{name}.{model}", path.file_stem().unwrap().to_string_lossy());
                settings.bind(|| insta::assert_snapshot!(case, shown(&translated(pair, model, &body))));
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
fn edge_18_namespaces_come_back_as_they_were() {
    let body = json!({
        "model": "m",
        "input": [
            { "type": "additional_tools", "role": "developer", "tools": [
                { "type": "namespace", "name": "functions", "tools": [
                    { "type": "custom", "name": "exec", "description": "Runs code." },
                    { "type": "function", "name": "wait", "parameters": { "type": "object", "properties": {} } },
                ] },
                { "type": "namespace", "name": "collaboration", "tools": [
                    { "type": "function", "name": "list_agents", "parameters": {} },
                ] },
            ] },
            { "type": "message", "role": "user", "content": [{ "type": "input_text", "text": "hi" }] },
        ],
    });
    for (pair, model) in [(Pair::ResponsesToChat, CHAT), (Pair::ResponsesToMessages, CLAUDE)] {
        let memo = translated(pair, model, &body).unwrap().memo;
        let client = |name: &str| {
            let tool = memo.tools.client(name);
            (tool.namespace, tool.name, format!("{:?}", tool.kind))
        };
        let of =
            |space: &str, name: &str, kind: &str| (Some(space.to_owned()), name.to_owned(), kind.to_owned());
        assert_eq!(client("functions__exec"), of("functions", "exec", "Custom"));
        assert_eq!(client("functions__wait"), of("functions", "wait", "Function"));
        assert_eq!(client("collaboration__list_agents"), of("collaboration", "list_agents", "Function"));
    }
}

#[test]
fn edge_18_calls_of_the_history_have_the_same_names() {
    let tools = json!([
        { "type": "namespace", "name": "functions", "tools": [{ "type": "custom", "name": "exec" }] },
        { "type": "function", "name": "plain", "parameters": {} },
    ]);
    let mut body = of_input(json!([
        { "role": "user", "content": "go" },
        { "type": "custom_tool_call", "namespace": "functions", "name": "exec", "call_id": "a", "input": "x = \"1\"" },
        // Codex takes it without its namespace as well, so it may come back so.
        { "type": "custom_tool_call", "name": "exec", "call_id": "b", "input": "" },
        { "type": "function_call", "name": "plain", "call_id": "c", "arguments": "{}" },
        { "type": "function_call", "namespace": "gone", "name": "tool", "call_id": "d", "arguments": "{}" },
    ]));
    body["tools"] = tools;
    let sent = translated(Pair::ResponsesToChat, CHAT, &body).unwrap();
    let out: Value = serde_json::from_slice(&sent.body).unwrap();
    let calls = out["messages"][1]["tool_calls"].as_array().unwrap();
    let names: Vec<&str> = calls.iter().map(|call| call["function"]["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["functions__exec", "functions__exec", "plain", "gone__tool"]);
    assert_eq!(calls[0]["function"]["arguments"], r#"{"input":"x = \"1\""}"#);
    assert_eq!(calls[1]["function"]["arguments"], r#"{"input":""}"#);
    assert_eq!(sent.memo.tools.client("gone__tool").namespace.as_deref(), Some("gone"));
}

/// What an answer gives the client to keep comes back to the provider as it left it.
#[test]
fn edge_18_answers_become_history() {
    let mut body = of_input(json!([{ "role": "user", "content": "go" }]));
    body["tools"] = json!([
        { "type": "namespace", "name": "functions", "tools": [{ "type": "custom", "name": "exec" }] },
        { "type": "function", "name": "plain", "parameters": {} },
    ]);
    let memo = translated(Pair::ResponsesToMessages, CLAUDE, &body).unwrap().memo;
    let call =
        |call: usize, id: &str, name: &str| Piece::Call { call, id: id.to_owned(), name: name.to_owned() };
    let arguments = |call: usize, json: &str| Piece::Arguments { call, json: json.to_owned() };
    let pieces = vec![
        Piece::Begin(Usage::default()),
        Piece::Thinking("Hm.".to_owned()),
        Piece::Signature("c2ln".to_owned()),
        Piece::Redacted("b3BhcXVl".to_owned()),
        Piece::Text("I will.".to_owned()),
        call(0, "toolu_1", "functions__exec"),
        arguments(0, r#"{"input":"ls()"}"#),
        Piece::CallEnd { call: 0 },
        call(1, "toolu_2", "plain"),
        arguments(1, r#"{"a":1}"#),
        Piece::CallEnd { call: 1 },
        Piece::End(Stop::ToolUse, Usage::default()),
    ];
    let answer: Value = serde_json::from_slice(&to_responses::document(pieces, &memo)).unwrap();
    let input = body["input"].as_array_mut().unwrap();
    input.extend(answer["output"].as_array().unwrap().iter().cloned());
    input.push(json!({ "type": "custom_tool_call_output", "call_id": "toolu_1", "output": "x" }));
    input.push(json!({ "type": "function_call_output", "call_id": "toolu_2", "output": "y" }));
    let (out, notes) = sent(Pair::ResponsesToMessages, CLAUDE, &body);
    assert_eq!(notes, Vec::<&str>::new());
    assert_eq!(
        out["messages"][1]["content"],
        json!([
            { "type": "thinking", "thinking": "Hm.", "signature": "c2ln" },
            { "type": "redacted_thinking", "data": "b3BhcXVl" },
            { "type": "text", "text": "I will." },
            { "type": "tool_use", "id": "toolu_1", "name": "functions__exec", "input": { "input": "ls()" } },
            { "type": "tool_use", "id": "toolu_2", "name": "plain", "input": { "a": 1 } },
        ])
    );
    let elsewhere = sent(Pair::ResponsesToMessages, "claude-opus-4-8", &body).0;
    assert_eq!(elsewhere["messages"][1]["content"].as_array().unwrap().len(), 3);
}

#[test]
fn tools_of_the_input_replace_earlier_ones() {
    let tool =
        |about: &str| json!({ "type": "function", "name": "a", "description": about, "parameters": {} });
    let mut body = of_input(json!([
        { "type": "additional_tools", "tools": [tool("second")] },
        { "role": "user", "content": "x" },
        { "type": "tool_search_output", "call_id": "s", "tools": [tool("third")] },
    ]));
    body["tools"] = json!([tool("first"), { "type": "function", "name": "b" }]);
    let tools = chat(&body)["tools"].clone();
    assert_eq!(tools.as_array().unwrap().len(), 2);
    assert_eq!(tools[0]["function"]["description"], "third");
    assert_eq!(tools[1]["function"]["parameters"], json!({ "type": "object", "properties": {} }));
}

#[test]
fn names_that_cannot_be_told_apart_are_refused() {
    let space = |name: &str, tool: &str| json!({ "type": "namespace", "name": name, "tools": [{ "type": "function", "name": tool }] });
    let mut body = of_input(json!("x"));
    body["tools"] = json!([space("a", "b__c"), space("a__b", "c")]);
    for pair in [Pair::ResponsesToChat, Pair::ResponsesToMessages] {
        assert_eq!(refused(pair, &body).param, "tools");
    }
}

#[test]
fn edge_44_long_names_are_shortened_everywhere() {
    let long = "x".repeat(80);
    let mut body = of_input(json!([
        { "role": "user", "content": "x" },
        { "type": "function_call", "name": long, "call_id": "c", "arguments": "" },
        { "type": "function_call_output", "call_id": "c", "output": "y" },
    ]));
    body["tools"] = json!([{ "type": "function", "name": long, "parameters": {} }]);
    body["tool_choice"] = json!({ "type": "function", "name": long });
    let translated = translated(Pair::ResponsesToChat, CHAT, &body).unwrap();
    let out: Value = serde_json::from_slice(&translated.body).unwrap();
    let name = out["tools"][0]["function"]["name"].as_str().unwrap();
    assert_eq!(name.len(), 64);
    assert_eq!(out["messages"][1]["tool_calls"][0]["function"]["name"], name);
    assert_eq!(out["tool_choice"]["function"]["name"], name);
    assert_eq!(translated.memo.tools.client(name).name, long);
}

#[test]
fn edge_36_a_call_without_arguments() {
    let body = of_input(json!([
        { "role": "user", "content": "x" },
        { "type": "function_call", "name": "f", "call_id": "c", "arguments": "" },
        { "type": "function_call_output", "call_id": "c", "output": "" },
    ]));
    assert_eq!(chat(&body)["messages"][1]["tool_calls"][0]["function"]["arguments"], "{}");
    let out = messages(&body);
    assert_eq!(out["messages"][1]["content"][0]["input"], json!({}));
    assert!(out["messages"][2]["content"][0].get("content").is_none());
}

#[test]
fn edge_19_a_stream_is_asked_for_with_usage() {
    let mut body = of_input(json!("x"));
    body["stream"] = json!(true);
    assert_eq!(chat(&body)["stream_options"], json!({ "include_usage": true }));
    body["stream"] = json!(false);
    assert!(chat(&body).get("stream").is_none());
}

#[test]
fn edge_29_30_images_keep_their_urls() {
    let body = of_input(json!([{ "role": "user", "content": [
        { "type": "input_text", "text": "look" },
        { "type": "input_image", "image_url": "https://a.test/x.png", "detail": "original" },
        { "type": "input_image", "image_url": "data:image/png;base64,iVBORw0KGgoAAAANSUhEUg==" },
    ] }]));
    let content = chat(&body)["messages"][0]["content"].clone();
    assert_eq!(content[1]["image_url"], json!({ "url": "https://a.test/x.png", "detail": "high" }));
    assert_eq!(content[2]["image_url"]["url"], "data:image/png;base64,iVBORw0KGgoAAAANSUhEUg==");
    let content = messages(&body)["messages"][0]["content"].clone();
    assert_eq!(content[1]["source"], json!({ "type": "url", "url": "https://a.test/x.png" }));
    assert_eq!(content[2]["source"]["media_type"], "image/png");
}

#[test]
fn edge_50_calls_and_outputs_are_paired() {
    let call = |id: &str| json!({ "type": "function_call", "name": "f", "call_id": id, "arguments": "{}" });
    let output =
        |id: &str, text: &str| json!({ "type": "function_call_output", "call_id": id, "output": text });
    let user = |text: &str| json!({ "type": "message", "role": "user", "content": text });
    let said = |text: &str| json!({ "type": "message", "role": "assistant", "content": [{ "type": "output_text", "text": text }] });
    let cases = [
        // A user's and an assistant's message between a call and its output.
        (
            json!([
                user("1"),
                call("a"),
                call("b"),
                output("b", "B"),
                user("2"),
                said("3"),
                output("a", "A"),
                said("4")
            ]),
            "user 1 | assistant 3 +a+b | tool a A | tool b B | user 2 | assistant 4",
        ),
        // A call that was never answered, and one at the end.
        (
            json!([user("1"), call("a"), user("2"), call("b")]),
            "user 1 | assistant +a | tool a Error: There is no result of this call. | user 2 \
             | assistant +b | tool b Error: There is no result of this call.",
        ),
        // An output whose call is gone, and one that comes twice.
        (
            json!([user("1"), output("z", "Z"), call("a"), output("a", "A"), output("a", "again")]),
            "user 1\n\n[Result of a tool call that is not in this conversation]\n\nZ | assistant +a | tool a A \
             | user [Result of a tool call that is not in this conversation]\n\nagain",
        ),
        // The same id in two rounds.
        (
            json!([user("1"), call("a"), output("a", "A"), call("a"), output("a", "B")]),
            "user 1 | assistant +a | tool a A | assistant +a_2 | tool a_2 B",
        ),
        // Rounds stay rounds; texts of one are one message.
        (
            json!([
                user("1"),
                said("x"),
                said("y"),
                call("a"),
                output("a", "A"),
                said("z"),
                call("b"),
                output("b", "B")
            ]),
            "user 1 | assistant x\n\ny +a | tool a A | assistant z +b | tool b B",
        ),
    ];
    for (input, expected) in cases {
        assert_eq!(told(&chat(&of_input(input))), expected);
    }
}

#[test]
fn edge_50_calls_and_outputs_are_paired_in_messages() {
    let body = of_input(json!([
        { "role": "user", "content": "1" },
        { "type": "function_call", "name": "f", "call_id": "a.1", "arguments": "not JSON" },
        { "type": "function_call", "name": "f", "call_id": "b", "arguments": "{}" },
        { "role": "user", "content": "2" },
        { "type": "function_call_output", "call_id": "b", "output": "B" },
        { "type": "function_call_output", "call_id": "z", "output": "Z" },
    ]));
    let out = messages(&body);
    let list = out["messages"].as_array().unwrap();
    assert_eq!(list.len(), 3);
    assert_eq!(
        (&list[1]["content"][0]["id"], &list[2]["content"][0]["tool_use_id"]),
        (&json!("a_1"), &json!("a_1"))
    );
    assert_eq!(list[1]["content"][0]["input"], json!({ "_raw": "not JSON" }));
    assert_eq!(list[2]["content"][0]["is_error"], true);
    assert_eq!(list[2]["content"][1]["content"][0]["text"], "B");
    assert_eq!(list[2]["content"][2]["text"], "2");
    assert_eq!(list[2]["content"][4]["text"], "Z");
    // Calls without tools are refused, and the model is to call none that is gone.
    assert_eq!((&out["tools"][0]["name"], &out["tool_choice"]), (&json!("f"), &json!({ "type": "none" })));
}

#[test]
fn edge_39_every_call_has_an_id_of_its_own() {
    let call = |id: &str| json!({ "type": "function_call", "name": "f", "call_id": id, "arguments": "{}" });
    let ids = ["a", "a_2", "a", "a", "b", "a"];
    let out = told(&chat(&of_input(Value::Array(ids.map(call).to_vec()))));
    assert!(out.starts_with("assistant +a+a_2+a_3+a_4+b+a_5 |"), "{out}");
    let many = vec![call("x"); 20_000];
    assert_eq!(chat(&of_input(Value::Array(many)))["messages"].as_array().unwrap().len(), 20_001);
}

fn any_item() -> impl Strategy<Value = Value> {
    let id = prop::sample::select(vec!["a", "b", "c", "a_2"]);
    let role = prop::sample::select(vec!["user", "assistant", "developer"]);
    prop_oneof![
        id.clone()
            .prop_map(|id| json!({ "type": "function_call", "name": "f", "call_id": id, "arguments": "{}" })),
        id.clone()
            .prop_map(|id| json!({ "type": "custom_tool_call", "name": "g", "call_id": id, "input": "x" })),
        id.prop_map(|id| json!({ "type": "function_call_output", "call_id": id, "output": "y" })),
        (role, prop::sample::select(vec!["", " ", "z"]))
            .prop_map(|(role, text)| json!({ "role": role, "content": text })),
        Just(json!({ "type": "reasoning", "summary": [{ "type": "summary_text", "text": "t" }] })),
    ]
}

proptest! {
    /// Whatever the order, every call is answered right after its turn, each id once.
    #[test]
    fn edge_50_any_history_is_in_order(items in prop::collection::vec(any_item(), 1..14)) {
        for model in [CHAT, OPENAI, "deepseek-chat"] {
            let Ok(translated) = translated(Pair::ResponsesToChat, model, &of_input(json!(items))) else { continue };
            let out: Value = serde_json::from_slice(&translated.body).unwrap();
            let mut awaited: VecDeque<String> = VecDeque::new();
            let mut ids = BTreeSet::new();
            for message in out["messages"].as_array().unwrap() {
                if message["role"] == "tool" {
                    let next = awaited.pop_front();
                    prop_assert_eq!(message["tool_call_id"].as_str(), next.as_deref());
                    continue;
                }
                prop_assert!(awaited.is_empty(), "{out:#}");
                for call in message["tool_calls"].as_array().into_iter().flatten() {
                    let id = call["id"].as_str().unwrap().to_owned();
                    prop_assert!(ids.insert(id.clone()), "{out:#}");
                    awaited.push_back(id);
                }
                prop_assert!(!message["content"].is_null() || message["tool_calls"].is_array());
            }
            prop_assert!(awaited.is_empty());
        }
    }

    #[test]
    fn edge_50_any_history_is_in_order_in_messages(items in prop::collection::vec(any_item(), 1..14)) {
        let Ok(translated) = translated(Pair::ResponsesToMessages, CLAUDE, &of_input(json!(items))) else {
            return Ok(());
        };
        let out: Value = serde_json::from_slice(&translated.body).unwrap();
        let ids = |message: &Value, key: &str| -> Vec<String> {
            let blocks = message["content"].as_array().unwrap();
            blocks.iter().filter_map(|block| block[key].as_str()).map(str::to_owned).collect()
        };
        let list = out["messages"].as_array().unwrap();
        prop_assert_eq!(&list[0]["role"], "user");
        for (at, message) in list.iter().enumerate() {
            let calls = ids(message, "id");
            let answered = list.get(at + 1).map(|next| ids(next, "tool_use_id")).unwrap_or_default();
            prop_assert_eq!(calls, answered, "{:#}", out);
            let blank = |block: &Value| block["text"].as_str().is_some_and(|text| text.trim().is_empty());
            prop_assert!(!message["content"].as_array().unwrap().iter().any(blank));
        }
    }
}

/// Messages of Chat in short.
fn told(body: &Value) -> String {
    let one = |message: &Value| {
        let mut words = vec![message["role"].as_str().unwrap().to_owned()];
        words.extend(message["tool_call_id"].as_str().map(str::to_owned));
        words.extend(message["content"].as_str().map(str::to_owned));
        let calls = message["tool_calls"].as_array().into_iter().flatten();
        let calls: Vec<&str> = calls.map(|call| call["id"].as_str().unwrap()).collect();
        words.extend((!calls.is_empty()).then(|| format!("+{}", calls.join("+"))));
        words.join(" ")
    };
    body["messages"].as_array().unwrap().iter().map(one).collect::<Vec<_>>().join(" | ")
}

#[test]
fn edge_79_formats_of_the_text() {
    let schema = json!({ "type": "object", "properties": {}, "required": [], "additionalProperties": false });
    let mut body = of_input(json!("x"));
    body["text"] =
        json!({ "format": { "type": "json_schema", "name": "n", "schema": schema, "strict": true } });
    assert_eq!(
        chat(&body)["response_format"],
        json!({ "type": "json_schema", "json_schema": { "name": "n", "schema": schema, "strict": true } })
    );
    let told = sent(Pair::ResponsesToChat, "deepseek-chat", &body).0;
    assert!(told.get("response_format").is_none());
    assert!(told["messages"][0]["content"].as_str().unwrap().contains("additionalProperties"));
    assert_eq!(
        messages(&body)["output_config"]["format"],
        json!({ "type": "json_schema", "schema": schema })
    );
    let old = translated(Pair::ResponsesToMessages, "claude-3-5-sonnet-20241022", &body).unwrap();
    assert_eq!(old.memo.json_tool.as_deref(), Some("structured_output"));
    let old: Value = serde_json::from_slice(&old.body).unwrap();
    assert_eq!(old["tool_choice"]["name"], "structured_output");
    assert_eq!(old["tool_choice"]["disable_parallel_tool_use"], true);
    body["text"] = json!({ "format": { "type": "json_object" }, "verbosity": "low" });
    assert_eq!(chat(&body)["response_format"], json!({ "type": "json_object" }));
    assert!(chat(&body).get("verbosity").is_none());
    assert_eq!(openai(&body)["verbosity"], "low");
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
fn which_tools_may_be_called() {
    let tools = json!([
        { "type": "function", "name": "f", "parameters": {} },
        { "type": "namespace", "name": "n", "tools": [{ "type": "custom", "name": "g" }] },
        { "type": "file_search", "vector_store_ids": ["v"] },
    ]);
    let of = |model: &str, choice: Value| {
        let mut body = of_input(json!("x"));
        body["tools"] = tools.clone();
        body["tool_choice"] = choice;
        translated(Pair::ResponsesToChat, model, &body)
            .map(|translated| serde_json::from_slice::<Value>(&translated.body).unwrap())
    };
    let named = |name: &str| json!({ "type": "function", "function": { "name": name } });
    for mode in ["auto", "none", "required"] {
        assert_eq!(of(CHAT, json!(mode)).unwrap()["tool_choice"], mode);
    }
    assert_eq!(of(CHAT, json!({ "type": "function", "name": "f" })).unwrap()["tool_choice"], named("f"));
    assert_eq!(of(CHAT, json!({ "type": "custom", "name": "g" })).unwrap()["tool_choice"], named("n__g"));
    for forced in [
        json!({ "type": "file_search" }),
        json!({ "type": "web_search_preview" }),
        json!({ "type": "mcp", "server_label": "s" }),
        json!({ "type": "function", "name": "unknown" }),
        json!({ "type": "allowed_tools", "mode": "required", "tools": [{ "type": "file_search" }] }),
    ] {
        assert_eq!(of(CHAT, forced).unwrap_err().param, "tool_choice");
    }
    let allowed = json!({ "type": "allowed_tools", "mode": "required", "tools": [
        { "type": "custom", "name": "g" }, { "type": "file_search" },
    ] });
    let filtered = of(CHAT, allowed.clone()).unwrap();
    assert_eq!(
        (filtered["tools"].as_array().unwrap().len(), &filtered["tool_choice"]),
        (1, &json!("required"))
    );
    let native = of(OPENAI, allowed).unwrap();
    assert_eq!(native["tools"].as_array().unwrap().len(), 2);
    assert_eq!(
        native["tool_choice"],
        json!({ "type": "allowed_tools", "allowed_tools": { "mode": "required", "tools": [named("n__g")] } })
    );
}

#[test]
fn edge_47_nothing_to_choose_among() {
    let mut body = of_input(json!("x"));
    body["tools"] = json!([{ "type": "image_generation" }]);
    body["tool_choice"] = json!("auto");
    body["parallel_tool_calls"] = json!(false);
    let (out, notes) = sent(Pair::ResponsesToChat, CHAT, &body);
    for name in ["tools", "tool_choice", "parallel_tool_calls"] {
        assert!(out.get(name).is_none(), "{name}");
    }
    assert_eq!(notes, ["hosted tools dropped"]);
    assert!(["tools", "tool_choice"].iter().all(|name| messages(&body).get(name).is_none()));
    body["tool_choice"] = json!("required");
    for pair in [Pair::ResponsesToChat, Pair::ResponsesToMessages] {
        assert_eq!(refused(pair, &body).param, "tool_choice");
    }
}

#[test]
fn efforts_limits_and_sampling_are_those_of_the_model() {
    let mut body = of_input(json!("x"));
    body["reasoning"] = json!({ "effort": "xhigh", "summary": "auto" });
    body["max_output_tokens"] = json!(1_000_000);
    body["temperature"] = json!(0.5);
    let out = openai(&body);
    assert_eq!((&out["reasoning_effort"], &out["max_completion_tokens"]), (&json!("xhigh"), &json!(128_000)));
    assert!(out.get("temperature").is_none() && out.get("reasoning").is_none());
    let (out, notes) = sent(Pair::ResponsesToChat, CHAT, &body);
    assert_eq!((&out["max_tokens"], &out["temperature"]), (&json!(1_000_000), &json!(0.5)));
    assert_eq!(notes, ["reasoning.effort dropped: the model does not think on demand"]);
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
fn which_tools_may_be_called_in_messages() {
    let of = |model: &str, choice: Value, effort: Option<&str>| {
        let mut body = of_input(json!("x"));
        body["tools"] = json!([
            { "type": "function", "name": "f", "parameters": {} },
            { "type": "namespace", "name": "n", "tools": [{ "type": "custom", "name": "g" }] },
            { "type": "web_search", "external_web_access": true, "filters": { "allowed_domains": ["a.test"] } },
        ]);
        body["tool_choice"] = choice;
        body["parallel_tool_calls"] = json!(false);
        body["reasoning"] = json!({ "effort": effort });
        sent(Pair::ResponsesToMessages, model, &body).0
    };
    let one = |mut choice: Value| {
        choice["disable_parallel_tool_use"] = json!(true);
        choice
    };
    let choice = |choice| of(CLAUDE, choice, None)["tool_choice"].clone();
    assert_eq!(choice(json!(null)), one(json!({ "type": "auto" })));
    assert_eq!(choice(json!("auto")), one(json!({ "type": "auto" })));
    assert_eq!(choice(json!("none")), json!({ "type": "none" }));
    assert_eq!(choice(json!("required")), one(json!({ "type": "any" })));
    assert_eq!(
        choice(json!({ "type": "custom", "name": "g" })),
        one(json!({ "type": "tool", "name": "n__g" }))
    );
    assert_eq!(choice(json!({ "type": "web_search" })), one(json!({ "type": "tool", "name": "web_search" })));
    let allowed = of(
        CLAUDE,
        json!({ "type": "allowed_tools", "mode": "auto", "tools": [{ "type": "function", "name": "f" }] }),
        None,
    );
    assert_eq!(allowed["tools"].as_array().unwrap().len(), 1);
    // What forces a tool outranks thinking.
    let forced = of("claude-sonnet-4-5", json!("required"), Some("high"));
    assert!(forced.get("thinking").is_none() && forced["tool_choice"]["type"] == "any");
    let search = of(CLAUDE, json!("auto"), None)["tools"][2].clone();
    assert_eq!(
        search,
        json!({ "type": "web_search_20250305", "name": "web_search", "allowed_domains": ["a.test"] })
    );
    assert_eq!(of("kimi-k2", json!("auto"), None)["tools"].as_array().unwrap().len(), 2);
}

#[test]
fn how_hard_and_how_much_in_messages() {
    let of = |model: &str, reasoning: Value| {
        let mut body = of_input(json!("x"));
        body["reasoning"] = reasoning;
        body["temperature"] = json!(1.5);
        let out = sent(Pair::ResponsesToMessages, model, &body).0;
        (out["thinking"].clone(), out["output_config"]["effort"].clone(), out["max_tokens"].clone())
    };
    let summarized = json!({ "type": "adaptive", "display": "summarized" });
    let high = json!({ "effort": "high" });
    assert_eq!(of(CLAUDE, high.clone()), (summarized.clone(), json!("high"), json!(128_000)));
    assert_eq!(of(CLAUDE, json!({ "summary": "auto" })), (summarized, json!(null), json!(128_000)));
    assert_eq!(of(CLAUDE, json!(null)), (json!(null), json!(null), json!(128_000)));
    let budget = json!({ "type": "enabled", "budget_tokens": 16_384 });
    assert_eq!(of("claude-sonnet-4-5", high), (budget, json!(null), json!(64_000)));
}

#[test]
fn what_a_tool_gives_does_not_end_the_conversation() {
    let image = json!({ "type": "input_image", "image_url": "data:image/svg+xml;base64,PHN2Zz4=" });
    let by_tool = of_input(json!([
        { "role": "user", "content": "x" },
        { "type": "function_call", "name": "f", "call_id": "a", "arguments": "{}" },
        { "type": "function_call_output", "call_id": "a", "output": [image] },
    ]));
    let (out, notes) = sent(Pair::ResponsesToMessages, CLAUDE, &by_tool);
    assert_eq!(out["messages"][2]["content"][0]["content"][0]["type"], "text");
    assert!(notes.contains(&"unreadable media of tool results left out"));
    let by_user = of_input(json!([{ "role": "user", "content": [image] }]));
    assert_eq!(refused(Pair::ResponsesToMessages, &by_user).param, "input[0].content[0].image_url");
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
