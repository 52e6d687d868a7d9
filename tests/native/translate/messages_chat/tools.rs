//! Tools, their names and the choice among them.

use llm_router::translate::{Traits, tools::ClientTool};
use serde_json::{Value, json};

use super::{chat, request, translated, translated_with, with};

fn tool(name: &str) -> Value {
    json!({ "name": name, "description": "d", "input_schema": { "type": "object", "properties": {} } })
}

fn deferred(name: &str) -> Value {
    let mut tool = tool(name);
    tool["defer_loading"] = json!(true);
    tool
}

fn names(body: &Value) -> Vec<&str> {
    let tools = body["tools"].as_array().into_iter().flatten();
    tools.map(|tool| tool["function"]["name"].as_str().unwrap()).collect()
}

#[test]
fn edge_24_choices() {
    let choice = |choice: Value| {
        let body = with(&json!({ "tools": [tool("t")], "tool_choice": choice }), "gpt-4o");
        (body["tool_choice"].clone(), body["parallel_tool_calls"].clone())
    };
    let cases = [
        (json!({ "type": "none", "disable_parallel_tool_use": true }), json!("none"), json!(null)),
        (json!({ "type": "auto" }), json!("auto"), json!(null)),
        (json!({ "type": "any", "disable_parallel_tool_use": true }), json!("required"), json!(false)),
        (
            json!({ "type": "tool", "name": "t" }),
            json!({ "type": "function", "function": { "name": "t" } }),
            json!(null),
        ),
        (json!({ "type": "tool", "name": "absent" }), json!("auto"), json!(null)),
        (json!(null), json!(null), json!(null)),
    ];
    for (asked, expected, parallel) in cases {
        assert_eq!(choice(asked.clone()), (expected, parallel), "{asked}");
    }
    let unforced = Traits { forced_tools: false, ..Traits::default() };
    let request = request(
        &json!([{ "role": "user", "content": "a" }]),
        &json!({ "tools": [tool("t")], "tool_choice": { "type": "any" } }),
    );
    let done = translated_with(&request, "m", &unforced).unwrap();
    assert!(String::from_utf8(done.body).unwrap().contains(r#""tool_choice":"auto""#));
}

#[test]
fn edge_36_no_arguments_are_an_empty_object() {
    for input in [json!({}), json!(null)] {
        let call = json!({ "type": "tool_use", "id": "a", "name": "t", "input": input });
        let messages =
            json!([{ "role": "user", "content": "a" }, { "role": "assistant", "content": [call] }]);
        let (body, _) = chat(&request(&messages, &json!({})), "gpt-4o");
        assert_eq!(body["messages"][1]["tool_calls"][0]["function"]["arguments"], "{}");
        assert_eq!(body["messages"][1]["content"], json!(null));
    }
}

#[test]
fn edge_44_long_names_fit_everywhere() {
    let long = format!("mcp__server__{}", "x".repeat(80));
    let messages = json!([
        { "role": "user", "content": "a" },
        { "role": "assistant", "content": [{ "type": "tool_use", "id": "a", "name": long, "input": {} }] },
        { "role": "user", "content": [{ "type": "tool_result", "tool_use_id": "a", "content":
            [{ "type": "tool_reference", "tool_name": long }] }] },
    ]);
    let more = json!({ "tools": [tool(&long)], "tool_choice": { "type": "tool", "name": long } });
    let done = translated(&request(&messages, &more), "gpt-4o").unwrap();
    let body: Value = serde_json::from_slice(&done.body).unwrap();
    let short = names(&body)[0].to_owned();
    assert_eq!(short.len(), 64);
    assert_eq!(body["messages"][1]["tool_calls"][0]["function"]["name"], short);
    assert_eq!(body["messages"][2]["content"], format!("Tools loaded: {short}"));
    assert_eq!(body["tool_choice"]["function"]["name"], short);
    assert_eq!(done.memo.tools.client(&short), ClientTool::function(&long));
}

#[test]
fn names_that_come_to_the_same_are_refused() {
    // The short name of a tool that is too long, taken by another.
    let long = "x".repeat(80);
    let short = with(&json!({ "tools": [tool(&long)] }), "gpt-4o");
    let short = names(&short)[0].to_owned();
    let tools = json!({ "tools": [tool(&long), tool(&short)] });
    let refused = translated(&request(&json!([{ "role": "user", "content": "a" }]), &tools), "gpt-4o");
    assert_eq!(refused.unwrap_err().param, "tools[1].name");
}

#[test]
fn edge_45_schemas_are_plain_where_they_have_to_be() {
    let schema = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "properties": { "n": { "type": "integer", "exclusiveMinimum": 0 } },
        "additionalProperties": false,
    });
    let of = |model: &str| {
        let body = with(&json!({ "tools": [{ "name": "t", "input_schema": schema }] }), model);
        body["tools"][0]["function"]["parameters"].clone()
    };
    let mut kept = schema.clone();
    kept.as_object_mut().unwrap().remove("$schema");
    assert_eq!(of("gpt-4o"), kept);
    assert_eq!(
        of("google/gemini-2.5-pro"),
        json!({ "type": "object", "properties": { "n": { "type": "integer", "minimum": 0 } } })
    );
}

#[test]
fn edge_47_no_tools_no_choice() {
    let server = json!({ "type": "web_search_20250305", "name": "web_search" });
    for tools in [json!([]), json!([server]), json!([deferred("t")])] {
        let choice = json!({ "type": "auto", "disable_parallel_tool_use": true });
        let body = with(&json!({ "tools": tools, "tool_choice": choice }), "gpt-4o");
        for absent in ["tools", "tool_choice", "parallel_tool_calls"] {
            assert_eq!(body.get(absent), None, "{tools}");
        }
    }
}

#[test]
fn edge_48_server_tools_are_dropped() {
    let location = json!({ "type": "approximate", "city": "Rome", "region": null });
    let search = json!({ "type": "web_search_20260209", "name": "web_search", "user_location": location });
    let tools = json!([search, { "type": "code_execution_20250825", "name": "code_execution" }, tool("t")]);
    let body = with(&json!({ "tools": tools }), "gpt-4o");
    assert_eq!(names(&body), ["t"]);
    assert_eq!(body.get("web_search_options"), None);
    let body = with(&json!({ "tools": tools }), "gpt-4o-search-preview");
    let approximate = json!({ "type": "approximate", "approximate": { "city": "Rome" } });
    assert_eq!(body["web_search_options"], json!({ "user_location": approximate }));
}

#[test]
fn edge_51_deferred_tools_come_when_they_are_loaded() {
    let tools =
        json!([tool("ToolSearch"), deferred("A"), deferred("B"), deferred("DeferredToolPlaceholder")]);
    assert_eq!(names(&with(&json!({ "tools": tools }), "gpt-4o")), ["ToolSearch"]);
    let messages = json!([
        { "role": "user", "content": "a" },
        { "role": "assistant", "content": [
            { "type": "tool_use", "id": "a", "name": "ToolSearch", "input": { "query": "B" } }] },
        { "role": "user", "content": [
            { "type": "tool_result", "tool_use_id": "a", "content": [
                { "type": "tool_reference", "tool_name": "B" },
                { "type": "tool_reference", "tool_name": "DeferredToolPlaceholder" }] },
            { "type": "text", "text": "Tool loaded." }] },
    ]);
    let (body, _) = chat(&request(&messages, &json!({ "tools": tools })), "gpt-4o");
    assert_eq!(names(&body), ["ToolSearch", "B"]);
    assert_eq!(body["messages"][2]["content"], "Tools loaded: B, DeferredToolPlaceholder");
    // What has been called was loaded, even if that is forgotten.
    let called = json!([
        { "role": "user", "content": "a" },
        { "role": "assistant", "content": [{ "type": "tool_use", "id": "a", "name": "A", "input": {} }] },
    ]);
    let (body, _) = chat(&request(&called, &json!({ "tools": tools })), "gpt-4o");
    assert_eq!(names(&body), ["ToolSearch", "A"]);
    // Anthropic's own search is not there to find them: all are sent.
    let searched = json!([{ "type": "tool_search_tool_bm25_20251119", "name": "s" }, deferred("A")]);
    assert_eq!(names(&with(&json!({ "tools": searched }), "gpt-4o")), ["A"]);
}

#[test]
fn strict_only_where_the_schema_allows_it() {
    let closed = json!({ "type": "object", "properties": {}, "required": [], "additionalProperties": false });
    let strict = |schema: &Value, model: &str| {
        let tools = json!([{ "type": "custom", "name": "t", "input_schema": schema, "strict": true }]);
        let body = with(&json!({ "tools": tools }), model);
        assert_eq!(body["tools"][0]["type"], "function");
        body["tools"][0]["function"]["strict"].clone()
    };
    assert_eq!(strict(&closed, "gpt-4o"), true);
    assert_eq!(strict(&json!({ "type": "object" }), "gpt-4o"), json!(null));
    assert_eq!(strict(&closed, "llama-3.3-70b"), json!(null));
}
