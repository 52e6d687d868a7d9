//! What is wrong is refused by name, and nothing whatever breaks the translation.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::{request, translated};

#[test]
fn a_conversation_that_anthropic_holds_is_refused_as_sdks_know_it() {
    for thread in [json!({ "type": "create" }), json!({ "type": "continue", "previous_message_id": "msg_1" })]
    {
        let body = request(&json!([{ "role": "user", "content": "a" }]), &json!({ "thread": thread }));
        let refusal = translated(&body, "llama").unwrap_err();
        assert_eq!((refusal.param.as_str(), refusal.code), ("thread", Some("thread_unsupported_request")));
    }
}

#[test]
fn refusals_name_the_field() {
    let with = |more: Value| request(&json!([{ "role": "user", "content": "a" }]), &more);
    let said = |block: Value| request(&json!([{ "role": "user", "content": ["x", block] }]), &json!({}));
    let one = |block: Value| request(&json!([{ "role": "user", "content": [block] }]), &json!({}));
    let called = |call: Value| request(&json!([{ "role": "assistant", "content": [call] }]), &json!({}));
    let cases = [
        (json!([]), "body"),
        (json!({}), "messages"),
        (json!({ "messages": {} }), "messages"),
        (json!({ "messages": [] }), "messages"),
        (json!({ "messages": [3] }), "messages[0]"),
        (json!({ "messages": [{ "role": "tool" }] }), "messages[0].role"),
        (json!({ "messages": [{ "role": "user", "content": 3 }] }), "messages[0].content"),
        (said(json!({})), "messages[0].content[0]"),
        (one(json!({})), "messages[0].content[0].type"),
        (one(json!({ "type": "text", "text": 1 })), "messages[0].content[0].text"),
        (one(json!({ "type": "image" })), "messages[0].content[0].source"),
        (one(json!({ "type": "image", "source": { "type": "url" } })), "messages[0].content[0].source.url"),
        (one(json!({ "type": "tool_result" })), "messages[0].content[0].tool_use_id"),
        (
            one(json!({ "type": "tool_result", "tool_use_id": "a", "content": [{ "type": "text" }] })),
            "messages[0].content[0].content[0].text",
        ),
        (called(json!({ "type": "tool_use", "name": "n" })), "messages[0].content[0].id"),
        (
            called(json!({ "type": "tool_use", "id": "i", "name": "n", "input": "{}" })),
            "messages[0].content[0].input",
        ),
        (with(json!({ "max_tokens": 0 })), "max_tokens"),
        (with(json!({ "max_tokens": -1 })), "max_tokens"),
        (with(json!({ "system": 3 })), "system"),
        (with(json!({ "system": [{ "type": "text" }] })), "system[0].text"),
        (with(json!({ "tools": {} })), "tools"),
        (with(json!({ "tools": [{ "name": 1 }] })), "tools[0].name"),
        (with(json!({ "tools": [{ "name": "t", "input_schema": 1 }] })), "tools[0].input_schema"),
        (with(json!({ "tool_choice": { "type": "odd" } })), "tool_choice.type"),
        (with(json!({ "tool_choice": { "type": "tool" } })), "tool_choice.name"),
        (with(json!({ "stop_sequences": [1] })), "stop_sequences[0]"),
        (with(json!({ "temperature": "hot" })), "temperature"),
        (with(json!({ "stream": "yes" })), "stream"),
        (with(json!({ "thinking": true })), "thinking"),
        (with(json!({ "output_config": { "effort": 1 } })), "output_config.effort"),
        (
            with(json!({ "output_config": { "format": { "type": "json_schema" } } })),
            "output_config.format.schema",
        ),
        (with(json!({ "metadata": { "user_id": 1 } })), "metadata.user_id"),
    ];
    for (request, param) in cases {
        let refused = translated(&request, "gpt-5.1").expect_err(param);
        assert_eq!(refused.param, param, "{request}");
        assert!(param == "body" || refused.message.starts_with(&format!("`{param}` ")), "{refused}");
    }
}

/// Values that have no business anywhere.
fn junk() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(json!(null)),
        Just(json!(true)),
        Just(json!(-1.5)),
        Just(json!("")),
        Just(json!("größe")),
        Just(json!([])),
        Just(json!([null])),
        Just(json!({})),
        Just(json!({ "type": "odd" })),
    ]
}

fn block() -> impl Strategy<Value = Value> {
    let id = prop_oneof![Just("a"), Just("b"), Just("c")];
    let id2 = prop_oneof![Just("a"), Just("b"), Just("c")];
    prop_oneof![
        "[ a-b]{0,3}".prop_map(|text| json!({ "type": "text", "text": text })),
        id.prop_map(|id| json!({ "type": "tool_use", "id": id, "name": "n", "input": {} })),
        id2.prop_map(|id| json!({ "type": "tool_result", "tool_use_id": id, "content": "r" })),
        Just(json!({ "type": "tool_result", "tool_use_id": "a", "content":
            [{ "type": "image", "source": { "type": "url", "url": "https://a.test" } }] })),
        Just(json!({ "type": "thinking", "thinking": "t", "signature": "" })),
        Just(json!({ "type": "server_tool_use", "id": "s", "name": "n", "input": {} })),
    ]
}

fn conversation() -> impl Strategy<Value = Value> {
    let role = prop_oneof![Just("user"), Just("assistant"), Just("system")];
    let message = (role, prop::collection::vec(block(), 0..5))
        .prop_map(|(role, content)| json!({ "role": role, "content": content }));
    prop::collection::vec(message, 1..8).prop_map(Value::Array)
}

/// What every Chat provider insists on.
fn assert_in_order(messages: &[Value], system_anywhere: bool) {
    let mut waiting: Vec<&Value> = Vec::new();
    let mut before = "";
    for message in messages {
        let role = message["role"].as_str().unwrap();
        if role == "tool" {
            assert_eq!(waiting.first(), Some(&&message["tool_call_id"]), "{messages:?}");
            waiting.remove(0);
        } else {
            assert!(waiting.is_empty(), "{messages:?}");
        }
        let calls = message["tool_calls"].as_array();
        waiting.extend(calls.into_iter().flatten().map(|call| &call["id"]));
        assert!(calls.is_none_or(|calls| !calls.is_empty()));
        assert!(calls.is_some() || !message["content"].is_null());
        assert!(role == "tool" || role != before || role == "developer", "{messages:?}");
        assert!(system_anywhere || matches!(role, "user" | "assistant" | "tool"), "{messages:?}");
        before = role;
    }
    assert!(waiting.is_empty(), "{messages:?}");
}

proptest! {
    #[test]
    fn any_conversation_comes_out_in_order(messages in conversation()) {
        for model in ["gpt-5.1", "llama-3.3-70b", "deepseek-chat"] {
            match translated(&request(&messages, &json!({})), model) {
                Ok(done) => {
                    let body: Value = serde_json::from_slice(&done.body).unwrap();
                    assert_in_order(body["messages"].as_array().unwrap(), model == "gpt-5.1");
                }
                Err(refused) => prop_assert_eq!(refused.param, "messages"),
            }
        }
    }

    #[test]
    fn junk_anywhere_breaks_nothing(at in any::<prop::sample::Index>(), junk in junk()) {
        let whole = whole();
        let mut places = Vec::new();
        collect(&whole, String::new(), &mut places);
        let place = at.get(&places);
        let mut request = whole.clone();
        *request.pointer_mut(place).unwrap() = junk;
        for model in ["gpt-5.1", "llama-3.3-70b"] {
            if let Err(refused) = translated(&request, model) {
                prop_assert!(!refused.param.is_empty() && !refused.message.is_empty());
            }
        }
    }
}

/// A request with something of everything.
fn whole() -> Value {
    let image =
        json!({ "type": "image", "source": { "type": "base64", "media_type": "image/png", "data": "x" } });
    let document = json!({ "type": "document", "title": "t", "context": "c", "citations": { "enabled": true },
        "source": { "type": "content", "content": [{ "type": "text", "text": "x" }, image] } });
    let search = json!({ "type": "search_result", "title": "t", "source": "s", "content": [{ "type": "text", "text": "x" }] });
    let reference = json!({ "type": "tool_reference", "tool_name": "t" });
    request(
        &json!([
            { "role": "user", "content": [image, document, search] },
            { "role": "system", "content": "s", "output_config": { "effort": "low" } },
            { "role": "assistant", "content": [
                { "type": "thinking", "thinking": "t", "signature": "s" },
                { "type": "redacted_thinking", "data": "d" },
                { "type": "text", "text": "t", "citations": [{}] },
                { "type": "web_search_tool_result", "content": [reference] },
                { "type": "compaction", "content": "c" },
                { "type": "tool_use", "id": "a", "name": "t", "input": { "a": 1 } },
            ] },
            { "role": "user", "content": [
                { "type": "tool_result", "tool_use_id": "a", "is_error": true, "content": [image, reference] },
            ] },
        ]),
        &json!({
            "system": [{ "type": "text", "text": "s", "cache_control": { "type": "ephemeral" } }],
            "tools": [
                { "name": "t", "description": "d", "input_schema": { "type": "object" }, "strict": true,
                  "defer_loading": true, "input_examples": [{}] },
                { "type": "bash_20250124", "name": "bash" },
                { "type": "web_search_20250305", "name": "w", "user_location": { "city": "c" } },
            ],
            "tool_choice": { "type": "tool", "name": "t", "disable_parallel_tool_use": true },
            "stop_sequences": ["s"], "temperature": 1, "top_p": 1, "top_k": 1, "stream": true,
            "service_tier": "auto", "metadata": { "user_id": "u" },
            "thinking": { "type": "enabled", "budget_tokens": 1 },
            "output_config": { "effort": "low", "format": { "type": "json_schema", "schema": {} } },
        }),
    )
}

/// JSON pointers to everything in a value.
fn collect(value: &Value, place: String, places: &mut Vec<String>) {
    match value {
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                collect(item, format!("{place}/{index}"), places);
            }
        }
        Value::Object(members) => {
            for (name, member) in members {
                collect(member, format!("{place}/{name}"), places);
            }
        }
        _ => {}
    }
    places.push(place);
}
