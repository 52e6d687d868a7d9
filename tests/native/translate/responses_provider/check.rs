//! What a Responses API takes: the rules that OpenAI answers 400 to.

use std::collections::BTreeMap;

use serde_json::Value;

const FIELDS: [&str; 23] = [
    "model",
    "instructions",
    "input",
    "tools",
    "tool_choice",
    "parallel_tool_calls",
    "max_output_tokens",
    "temperature",
    "top_p",
    "include",
    "reasoning",
    "store",
    "stream",
    "metadata",
    "service_tier",
    "safety_identifier",
    "prompt_cache_key",
    "prompt_cache_retention",
    "prompt_cache_options",
    "text",
    "truncation",
    "top_logprobs",
    "user",
];

pub(super) fn request(body: &Value) {
    for name in body.as_object().unwrap().keys() {
        assert!(FIELDS.contains(&name.as_str()), "unknown field {name}");
    }
    assert_eq!(body["store"], false, "nothing is stored");
    assert!(body.get("max_output_tokens").is_none_or(|limit| limit.as_u64().unwrap() >= 16));
    assert!(body.get("instructions").is_none_or(Value::is_string));
    tools(body);
    input(body["input"].as_array().expect("a list of items"));
}

fn tools(body: &Value) {
    let Some(tools) = body.get("tools") else {
        assert!(body.get("tool_choice").is_none() && body.get("parallel_tool_calls").is_none());
        return;
    };
    let mut named = Vec::new();
    for tool in tools.as_array().filter(|tools| !tools.is_empty()).expect("no empty list") {
        match tool["type"].as_str().unwrap() {
            "function" => {
                assert!(tool["strict"].is_boolean(), "left out it would be true");
                assert!(tool["parameters"].is_object());
            }
            "custom" => assert!(tool.get("parameters").is_none()),
            "web_search" => continue,
            other => panic!("a tool of type {other}"),
        }
        assert!(tool.get("function").is_none() && tool.get("custom").is_none(), "tools are flat");
        let name = tool["name"].as_str().unwrap();
        assert!((1..=64).contains(&name.len()));
        assert!(name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-'));
        named.push((tool["type"].clone(), name));
    }
    if let Some(Value::Object(choice)) = body.get("tool_choice")
        && choice["type"] != "allowed_tools"
    {
        let chosen = (choice["type"].clone(), choice["name"].as_str().unwrap());
        assert!(named.contains(&chosen), "a tool of the request");
    }
}

fn input(items: &[Value]) {
    assert!(!items.is_empty(), "an input that is empty is refused");
    let mut open: BTreeMap<&str, usize> = BTreeMap::new();
    for (at, item) in items.iter().enumerate() {
        let id = || item["call_id"].as_str().unwrap();
        match item["type"].as_str().unwrap() {
            "message" => content(item["role"].as_str().unwrap(), item["content"].as_array().unwrap()),
            "reasoning" => {
                assert!(item["summary"].is_array());
                let next = items.get(at + 1).map(|next| next["type"].as_str().unwrap());
                let next = next.expect("thinking is about what follows");
                assert!(matches!(next, "message" | "reasoning" | "function_call" | "custom_tool_call"));
            }
            "function_call" => {
                assert!(item["arguments"].as_str().is_some_and(|arguments| !arguments.is_empty()));
                *open.entry(id()).or_default() += 1;
            }
            "custom_tool_call" => {
                assert!(item["input"].is_string());
                *open.entry(id()).or_default() += 1;
            }
            "function_call_output" | "custom_tool_call_output" => {
                let calls = open.get_mut(id()).filter(|calls| **calls > 0).expect("an output has a call");
                *calls -= 1;
                if let Value::Array(parts) = &item["output"] {
                    content("tool", parts);
                } else {
                    assert!(item["output"].is_string());
                }
            }
            other => panic!("an item of type {other}"),
        }
    }
    assert!(open.values().all(|calls| *calls == 0), "a call has an output");
}

fn content(role: &str, parts: &[Value]) {
    assert!(!parts.is_empty());
    for part in parts {
        match (role, part["type"].as_str().unwrap()) {
            ("assistant", "output_text") | ("user" | "system" | "developer" | "tool", "input_text") => {
                assert!(part["text"].is_string());
            }
            ("user" | "tool", "input_image") => {
                assert!(part["image_url"].is_string() && part["detail"].is_string());
            }
            ("user" | "tool", "input_file") => {}
            (role, kind) => panic!("{kind} of {role}"),
        }
    }
}
