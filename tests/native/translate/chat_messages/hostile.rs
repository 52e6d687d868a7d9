//! Whatever is sent, a request comes out that holds Anthropic's rules, or a refusal.

use proptest::{prelude::*, sample::select};
use serde_json::{Map, Value, json};

use super::{NEW, OLD, OLDER, check, signed, try_translate};

/// Words that mean something somewhere.
const KEYS: [&str; 36] = [
    "type",
    "role",
    "content",
    "text",
    "tool_calls",
    "tool_call_id",
    "id",
    "function",
    "name",
    "arguments",
    "image_url",
    "url",
    "file",
    "file_data",
    "refusal",
    "reasoning_details",
    "signature",
    "cache_control",
    "function_call",
    "custom",
    "input",
    "parameters",
    "properties",
    "anyOf",
    "$ref",
    "required",
    "strict",
    "json_schema",
    "schema",
    "mode",
    "tools",
    "allowed_tools",
    "data",
    "user_location",
    "format",
    "prompt_cache_breakpoint",
];
const WORDS: [&str; 27] = [
    "",
    " ",
    "a",
    "é:.",
    "system",
    "user",
    "assistant",
    "tool",
    "function",
    "text",
    "image_url",
    "file",
    "custom",
    "auto",
    "none",
    "required",
    "high",
    "ephemeral",
    "explicit",
    "#/a",
    "object",
    "json_schema",
    "json_object",
    "allowed_tools",
    "{\"a\":1}",
    "data:image/png;base64,QUJD",
    "https://a.test/x",
];

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        select(&WORDS[..]).prop_map(Value::from),
        select(vec![json!(null), json!(true), json!(0), json!(7), json!(-1.5), json!(1e300)]),
    ];
    leaf.prop_recursive(5, 48, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((select(&KEYS[..]), inner), 0..5).prop_map(|members| Value::Object(
                members.into_iter().map(|(key, value)| (key.into(), value)).collect::<Map<_, _>>()
            )),
        ]
    })
}

/// A message that is nearly right.
fn message() -> impl Strategy<Value = Value> {
    let ids = select(vec!["a", "a.b", "a:b", ""]);
    prop_oneof![
        (select(vec!["user", "assistant", "system", "developer"]), select(&WORDS[..]))
            .prop_map(|(role, text)| json!({ "role": role, "content": text })),
        (ids.clone(), ids.clone(), any::<bool>(), select(&WORDS[..])).prop_map(|(one, two, thinks, arguments)| {
            let call = |id: &str| json!({ "id": id, "type": "function", "function": { "name": "f", "arguments": arguments } });
            let details = if thinks { vec![signed(OLD, "t"), signed(NEW, "t")] } else { vec![] };
            json!({ "role": "assistant", "content": null, "tool_calls": [call(one), call(two)], "reasoning_details": details })
        }),
        (ids, select(&WORDS[..])).prop_map(|(id, text)| json!({ "role": "tool", "tool_call_id": id, "content": text })),
    ]
}

proptest! {
    #[test]
    fn any_json_is_translated_or_refused(
        messages in prop_oneof![any_json(), prop::collection::vec(any_json(), 0..4).prop_map(Value::from)],
        extra in prop::collection::vec(
            (select(vec![
                "tools", "tool_choice", "response_format", "stop", "max_tokens", "temperature", "user", "functions",
                "reasoning", "thinking", "web_search_options", "prompt_cache_options", "metadata", "service_tier",
                "stream_options", "function_call", "cache_control", "modalities", "n",
            ]), any_json()),
            0..4,
        ),
        model in select(vec![NEW, OLD, OLDER, "claude-opus-5-5", "llama-3.3"]),
    ) {
        let mut body = json!({ "messages": messages });
        for (key, value) in extra {
            body[key] = value;
        }
        if let Ok(done) = try_translate(model, &body.to_string()) {
            check::request(&done.body);
        }
    }

    #[test]
    fn any_history_is_translated(
        messages in prop::collection::vec(message(), 0..14),
        model in select(vec![NEW, OLD, OLDER, "claude-opus-5-5", "llama-3.3"]),
        effort in select(vec![json!(null), json!("none"), json!("high")]),
        format in select(vec![
            json!(null),
            json!({ "type": "json_object" }),
            json!({ "type": "json_schema", "json_schema": { "schema": { "type": "object" } } }),
        ]),
        choice in select(vec![json!(null), json!("none"), json!("required")]),
        tools: bool, max_tokens in select(vec![json!(null), json!(1), json!(1_500), json!(9_000)]),
    ) {
        let tools = if tools { vec![super::function("f")] } else { vec![] };
        let body = json!({
            "messages": messages, "reasoning_effort": effort, "response_format": format, "tool_choice": choice,
            "tools": tools, "max_tokens": max_tokens, "temperature": 0.5, "top_p": 0.5,
        });
        let done = try_translate(model, &body.to_string()).unwrap();
        check::request(&done.body);
    }
}

#[test]
fn bodies_that_are_none() {
    for body in ["", "[]", "7", "{", "null"] {
        assert!(try_translate(NEW, body).is_err());
    }
}
