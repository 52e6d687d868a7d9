//! What Anthropic checks of a request, as far as it is known.

use std::collections::BTreeSet;

use serde_json::Value;

fn list<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    value.get(key).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

fn kind(block: &Value) -> &str {
    block["type"].as_str().unwrap()
}

pub(super) fn request(body: &Value) {
    let max_tokens = body["max_tokens"].as_u64().unwrap();
    assert!(max_tokens >= 1);
    assert!(!body["model"].as_str().unwrap().is_empty());
    conversation(list(body, "messages"));
    tools(body);
    for block in list(body, "system") {
        assert!(kind(block) == "text" && !block["text"].as_str().unwrap().trim().is_empty());
    }
    let thinks = body.get("thinking").is_some_and(|thinking| kind(thinking) != "disabled");
    if let Some(budget) = body["thinking"]["budget_tokens"].as_u64() {
        assert!((1_024..max_tokens).contains(&budget));
    }
    let forced = matches!(body["tool_choice"]["type"].as_str(), Some("any" | "tool"));
    assert!(!thinks || !forced, "forced while thinking");
    for key in ["temperature", "top_p", "top_k"] {
        assert!(!thinks || body.get(key).is_none(), "{key} while thinking");
    }
    let claude = body["model"].as_str().unwrap().starts_with("claude");
    assert!(!claude || body.get("temperature").is_none() || body.get("top_p").is_none());
    assert!(list(body, "stop_sequences").iter().all(|stop| !stop.as_str().unwrap().trim().is_empty()));
    let mut breakpoints = usize::from(body.get("cache_control").is_some());
    let blocks = list(body, "messages").iter().flat_map(|message| list(message, "content"));
    for block in list(body, "tools").iter().chain(list(body, "system")).chain(blocks) {
        breakpoints += usize::from(block.get("cache_control").is_some());
    }
    assert!(breakpoints <= 4, "{breakpoints} breakpoints");
}

fn tools(body: &Value) {
    let mut names = BTreeSet::new();
    for tool in list(body, "tools") {
        let name = tool["name"].as_str().unwrap();
        assert!((1..=64).contains(&name.len()));
        assert!(name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-'), "{name}");
        assert!(names.insert(name), "{name} twice");
        if tool.get("type").is_none() {
            let input = &tool["input_schema"];
            assert_eq!(input["type"], "object");
            assert!(["anyOf", "oneOf", "allOf", "$ref"].iter().all(|key| input.get(*key).is_none()));
        }
    }
    if let Some(choice) = body.get("tool_choice") {
        assert!(!names.is_empty());
        assert!(choice["name"].as_str().is_none_or(|name| names.contains(name)));
    }
    let has_calls = |message: &Value| list(message, "content").iter().any(|block| kind(block) == "tool_use");
    assert!(!names.is_empty() || !list(body, "messages").iter().any(has_calls), "calls without tools");
}

fn conversation(messages: &[Value]) {
    assert_eq!(messages[0]["role"], "user");
    let mut ids = BTreeSet::new();
    for (at, message) in messages.iter().enumerate() {
        let next = messages.get(at + 1);
        assert!(next.is_none_or(|next| next["role"] != message["role"]), "{message}");
        let content = list(message, "content");
        assert!(!content.is_empty());
        content.iter().for_each(block);
        let calls: Vec<&Value> = content.iter().filter(|block| kind(block) == "tool_use").collect();
        assert!(content.iter().rev().take(calls.len()).all(|block| kind(block) == "tool_use"));
        for call in &calls {
            let id = call["id"].as_str().unwrap();
            assert!(
                !id.is_empty() && id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
            );
            assert!(ids.insert(id), "{id} twice");
        }
        if message["role"] == "system" {
            assert_eq!(messages[at - 1]["role"], "user");
            assert!(next.is_none_or(|next| next["role"] == "assistant"));
        }
        let is_result = |block: &&Value| kind(block) == "tool_result";
        let results: Vec<&Value> = content.iter().take_while(is_result).collect();
        assert_eq!(results.len(), content.iter().filter(is_result).count(), "results come first");
        if message["role"] == "assistant" {
            let results = next.map_or(&[][..], |next| list(next, "content"));
            let answered: Vec<&Value> =
                results.iter().take_while(is_result).map(|block| &block["tool_use_id"]).collect();
            assert_eq!(calls.iter().map(|call| &call["id"]).collect::<Vec<_>>(), answered);
            assert!(!matches!(kind(content.last().unwrap()), "thinking" | "redacted_thinking"));
        } else if at == 0 {
            assert!(results.is_empty());
        }
    }
}

fn block(block: &Value) {
    match kind(block) {
        "text" => assert!(!block["text"].as_str().unwrap().trim().is_empty()),
        "tool_use" => assert!(block["input"].is_object()),
        "tool_result" => list(block, "content").iter().for_each(self::block),
        "thinking" => assert!(!block["signature"].as_str().unwrap().starts_with("gw1.")),
        "image" | "document" | "redacted_thinking" => {}
        other => panic!("{other}"),
    }
}
