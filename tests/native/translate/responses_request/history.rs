//! What was said and done before.

use std::collections::{BTreeSet, VecDeque};

use llm_router::translate::{
    Pair,
    answer::{Piece, Stop, Usage, to_responses},
};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::{CHAT, CLAUDE, OPENAI, chat, messages, of_input, refused, sent, translated};

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
    let many = vec![call("x"); 5_000];
    assert_eq!(chat(&of_input(Value::Array(many)))["messages"].as_array().unwrap().len(), 5_001);
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
