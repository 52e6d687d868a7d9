//! Tools, their names and the choice among them.

use llm_router::translate::Pair;
use serde_json::{Value, json};

use super::{CHAT, CLAUDE, OPENAI, chat, messages, of_input, refused, sent, translated};

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
