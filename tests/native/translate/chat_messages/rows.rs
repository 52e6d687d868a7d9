//! The fields of a Chat request, one by one.

use serde_json::{Value, json};

use super::{NEW, OLD, call, calling, function, messages, refused, signed, tool, translate, user};

fn text(text: &str) -> Value {
    json!({ "type": "text", "text": text })
}

fn system(text: &str) -> Value {
    json!({ "role": "system", "content": text })
}

#[test]
fn leading_system_messages_are_the_system_prompt() {
    let parts = json!([{ "type": "text", "text": "Two.", "cache_control": { "type": "ephemeral" } }]);
    let body = json!({ "messages": [system("One."), { "role": "developer", "content": parts }, system(" "), user("q")] });
    let done = translate(NEW, body);
    let second = json!({ "type": "text", "text": "Two.", "cache_control": { "type": "ephemeral" } });
    assert_eq!(done.body["system"], json!([text("One."), second]));
}

#[test]
fn later_system_messages_stay_where_they_are() {
    let body = json!([user("q"), system("Rule."), { "role": "assistant", "content": "a" }, system("Next."), user("q")]);
    let new = messages(NEW, body.clone());
    assert_eq!(new[1], json!({ "role": "system", "content": [text("Rule.")] }));
    assert_eq!(new[3]["content"], json!([text("<system>\nNext.\n</system>"), text("q")]));
    let old = messages(OLD, body);
    assert_eq!(old[0]["content"], json!([text("q"), text("<system>\nRule.\n</system>")]));
}

#[test]
fn a_system_prompt_alone_is_what_the_user_says() {
    let done = translate(NEW, json!({ "messages": [system("Be brief."), system("Tell a joke.")] }));
    assert_eq!(done.body["system"], json!([text("Be brief.")]));
    assert_eq!(done.body["messages"], json!([{ "role": "user", "content": [text("Tell a joke.")] }]));
}

#[test]
fn the_first_message_is_the_users() {
    let history = messages(OLD, json!([{ "role": "assistant", "content": "Hello" }, user("q")]));
    assert_eq!((&history[0]["role"], &history[1]["role"]), (&json!("user"), &json!("assistant")));
    assert_eq!(messages(OLD, json!([])).as_array().unwrap().len(), 1);
}

#[test]
fn assistant_messages_in_a_row_are_one() {
    let history = messages(
        NEW,
        json!([
            user("q"),
            calling(&[call("a", "f", "{}")]),
            { "role": "assistant", "content": "thinking aloud", "refusal": "no" },
            calling(&[call("b", "f", "{}")]),
            tool("a", "A"),
            tool("b", "B"),
        ]),
    );
    let kinds: Vec<&Value> =
        history[1]["content"].as_array().unwrap().iter().map(|block| &block["type"]).collect();
    assert_eq!(kinds, ["text", "text", "tool_use", "tool_use"]);
    assert_eq!(history[2]["content"].as_array().unwrap().len(), 2);
}

#[test]
fn arguments_are_objects() {
    let input = |arguments: &str| {
        let history =
            messages(NEW, json!([user("q"), calling(&[call("a", "f", arguments)]), tool("a", "A")]));
        history[1]["content"][0]["input"].to_string()
    };
    assert_eq!(input(r#"{"z":1,"a":[1.50]}"#), r#"{"z":1,"a":[1.5]}"#);
    assert_eq!(input(""), "{}");
    assert_eq!(input(r#"{"a":"#), r#"{"_raw":"{\"a\":"}"#);
}

#[test]
fn calls_from_before_tools() {
    let body = json!({
        "functions": [{ "name": "f", "parameters": { "type": "object", "properties": {} } }],
        "function_call": { "name": "f" },
        "messages": [
            user("q"),
            { "role": "assistant", "content": null, "function_call": { "name": "f", "arguments": "{}" } },
            { "role": "function", "name": "f", "content": "F" },
            { "role": "assistant", "content": null, "function_call": { "name": "f", "arguments": "{}" } },
            { "role": "function", "name": "f", "content": "G" },
        ],
    });
    let done = translate(NEW, body);
    assert_eq!(done.body["tool_choice"], json!({ "type": "tool", "name": "f" }));
    assert_eq!(done.body["messages"][2]["content"][0]["content"], json!([text("F")]));
    assert_eq!(done.body["messages"][4]["content"][0]["content"], json!([text("G")]));
    assert!(done.notes.is_empty(), "{:?}", done.notes);
}

#[test]
fn custom_tools_take_text() {
    let grammar = json!({ "type": "grammar", "grammar": { "syntax": "lark", "definition": "start: WORD" } });
    let custom =
        json!({ "type": "custom", "custom": { "name": "run", "description": "Runs.", "format": grammar } });
    let said = json!({ "id": "c", "type": "custom", "custom": { "name": "run", "input": "ls" } });
    let done = translate(
        NEW,
        json!({
            "tools": [custom],
            "tool_choice": { "type": "custom", "custom": { "name": "run" } },
            "messages": [user("q"), calling(&[said]), tool("c", "ok")],
        }),
    );
    assert_eq!(done.body["tools"][0]["input_schema"]["required"], json!(["input"]));
    assert!(done.body["tools"][0]["description"].as_str().unwrap().contains("start: WORD"));
    assert_eq!(done.body["tool_choice"]["name"], "run");
    assert_eq!(done.body["messages"][1]["content"][0]["input"], json!({ "input": "ls" }));
    assert_eq!(done.memo.tools.client("run").kind, llm_router::translate::tools::Kind::Custom);
}

#[test]
fn tool_names_fit_and_come_back() {
    let long = "x".repeat(70);
    let body = json!({
        "tools": [function(&long)],
        "tool_choice": { "type": "function", "function": { "name": long } },
        "messages": [user("q"), calling(&[call("c", &long, "{}")]), tool("c", "r")],
    });
    let done = translate(OLD, body);
    let name = done.body["tools"][0]["name"].as_str().unwrap();
    assert_eq!(done.body["tool_choice"]["name"], name);
    assert_eq!(done.body["messages"][1]["content"][0]["name"], name);
    assert_eq!(done.memo.tools.client(name).name, long);
}

#[test]
fn tool_choices() {
    let choice = |value: Value| {
        let done = translate(OLD, json!({ "tools": [function("f"), function("g")], "tool_choice": value }));
        (done.body["tool_choice"].clone(), done.body["tools"].as_array().unwrap().len())
    };
    assert_eq!(choice(json!("auto")), (json!({ "type": "auto" }), 2));
    assert_eq!(choice(json!("required")), (json!({ "type": "any" }), 2));
    let allowed = |mode: &str| {
        let tools = json!([{ "type": "function", "function": { "name": "g" } }]);
        json!({ "type": "allowed_tools", "allowed_tools": { "mode": mode, "tools": tools } })
    };
    assert_eq!(choice(allowed("auto")), (json!({ "type": "auto" }), 1));
    assert_eq!(choice(allowed("required")), (json!({ "type": "any" }), 1));
    let none =
        translate(OLD, json!({ "tools": [], "tool_choice": "required", "parallel_tool_calls": false }));
    assert!(["tools", "tool_choice"].iter().all(|key| none.body.get(*key).is_none()));
}

#[test]
fn a_tools_strictness_is_kept_where_it_can_be() {
    let parameters = json!({
        "type": "object", "properties": { "a": { "type": "string" } }, "required": ["a"], "additionalProperties": false,
    });
    let tools = json!([{ "type": "function", "function": { "name": "f", "parameters": parameters, "strict": true } }]);
    let strict = |model| translate(model, json!({ "tools": tools })).body["tools"][0].get("strict").cloned();
    assert_eq!(strict(NEW), Some(json!(true)));
    assert_eq!(strict("claude-opus-4-1"), None);
}

#[test]
fn tool_results_may_be_parts() {
    let content = json!([
        { "type": "text", "text": "see" },
        { "type": "image_url", "image_url": { "url": "https://a.test/x.png" }, "cache_control": { "type": "ephemeral" } },
    ]);
    let result = json!({ "role": "tool", "tool_call_id": "c", "content": content });
    let history = messages(NEW, json!([user("q"), calling(&[call("c", "f", "{}")]), result]));
    let block = &history[2]["content"][0];
    assert_eq!(block["content"][1]["type"], "image");
    assert_eq!(block["cache_control"], json!({ "type": "ephemeral" }));
    assert!(block["content"][1].get("cache_control").is_none());
}

#[test]
fn thinking_is_asked_for_as_the_model_has_it() {
    let of = |model, effort: &str| translate(model, json!({ "reasoning_effort": effort })).body;
    let new = of(NEW, "minimal");
    assert_eq!(new["thinking"], json!({ "type": "adaptive", "display": "summarized" }));
    assert_eq!(new["output_config"], json!({ "effort": "low" }));
    let old = of(OLD, "high");
    assert_eq!(old["thinking"], json!({ "type": "enabled", "budget_tokens": 16_384 }));
    assert!(old.get("output_config").is_none());
    assert_eq!(of(NEW, "none")["thinking"], json!({ "type": "disabled" }));
    assert!(of(OLD, "none").get("thinking").is_none());
    assert!(of("claude-3-5-haiku", "high").get("thinking").is_none());
    assert!(translate(NEW, json!({})).body.get("thinking").is_none());
}

#[test]
fn a_loop_that_lost_its_thinking_goes_on_without() {
    let body = |details: Value| {
        let mut said = calling(&[call("c", "f", "{}")]);
        said["reasoning_details"] = details;
        json!({ "messages": [user("q"), said, tool("c", "r")], "tools": [function("f")], "reasoning_effort": "high" })
    };
    assert!(translate(OLD, body(json!([]))).body.get("thinking").is_none());
    let kept = translate(OLD, body(json!([signed(OLD, "hm")]))).body;
    assert_eq!(kept["thinking"]["type"], "enabled");
    assert_eq!(kept["messages"][1]["content"][0]["type"], "thinking");
}

#[test]
fn caching_is_asked_for_as_the_client_did() {
    let top = |body| translate(NEW, body).body.get("cache_control").cloned();
    assert_eq!(top(json!({})), None);
    assert_eq!(top(json!({ "prompt_cache_key": "k" })), Some(json!({ "type": "ephemeral" })));
    let day = json!({ "prompt_cache_retention": "24h" });
    assert_eq!(top(day.clone()), Some(json!({ "type": "ephemeral", "ttl": "1h" })));
    assert_eq!(translate("llama-3.3", day).body.get("cache_control"), None);

    let part = |text: &str| json!({ "type": "text", "text": text, "prompt_cache_breakpoint": { "mode": "explicit" } });
    let many = json!({
        "prompt_cache_key": "k",
        "messages": [{ "role": "system", "content": [part("s")] }, { "role": "user", "content": [part("a"), part("b"), part("c"), part("d")] }],
    });
    let done = translate(NEW, many);
    let marked: Vec<bool> = done.body["messages"][0]["content"]
        .as_array()
        .unwrap()
        .iter()
        .map(|block| block.get("cache_control").is_some())
        .collect();
    assert_eq!(marked, [false, false, true, true]);
    assert_eq!(done.notes, ["cache breakpoints above four dropped"]);
}

#[test]
fn a_breakpoint_of_a_message_is_its_last_blocks() {
    let mark = json!({ "type": "ephemeral" });
    let mut ask = user("q");
    ask["cache_control"] = mark.clone();
    let mut said = calling(&[call("c", "f", "{}")]);
    said["cache_control"] = mark.clone();
    let mut result = tool("c", "r");
    result["cache_control"] = mark.clone();
    let history = messages(NEW, json!([ask, said, result]));
    assert!((0..3).all(|at| history[at]["content"][0]["cache_control"] == mark));
}

#[test]
fn the_users_id() {
    assert_eq!(translate(NEW, json!({ "user": "u1" })).body["metadata"], json!({ "user_id": "u1" }));
    assert!(translate(NEW, json!({ "user": "a@b.test" })).body.get("metadata").is_none());
}

#[test]
fn web_search_is_anthropics() {
    let location = json!({ "type": "approximate", "approximate": { "city": "Bonn" } });
    let body = json!({ "web_search_options": { "search_context_size": "low", "user_location": location } });
    let tool = translate(NEW, body.clone()).body["tools"][0].take();
    assert_eq!(tool["type"], "web_search_20250305");
    assert_eq!(tool["user_location"]["city"], "Bonn");
    assert!(translate("llama-3.3", body).body.get("tools").is_none());
}

#[test]
fn streams_and_tiers() {
    let done = translate(
        NEW,
        json!({ "stream": true, "stream_options": { "include_usage": true }, "service_tier": "default" }),
    );
    assert_eq!((&done.body["stream"], &done.body["service_tier"]), (&json!(true), &json!("standard_only")));
    assert!(done.memo.include_usage && done.body.get("stream_options").is_none());
    assert_eq!(done.memo.requested, "fast");
    assert!(!translate(NEW, json!({})).memo.include_usage);
}

#[test]
fn what_has_no_counterpart_is_dropped_and_said() {
    let done = translate(
        NEW,
        json!({
            "frequency_penalty": 1, "presence_penalty": 1, "logit_bias": { "5": 1 }, "seed": 1, "logprobs": true,
            "verbosity": "low", "prediction": { "type": "content" }, "service_tier": "priority", "store": true,
            "metadata": { "a": "b" }, "moderation": {}, "n": 1, "modalities": ["text"], "extra_body": {},
            "messages": [{ "role": "user", "name": "ann", "content": "q" }],
        }),
    );
    let mut keys: Vec<&String> = done.body.as_object().unwrap().keys().collect();
    keys.sort();
    assert_eq!(keys, ["max_tokens", "messages", "model"]);
    assert_eq!(done.notes.len(), 9, "{:?}", done.notes);
}

#[test]
fn wrong_types_are_refused_by_name() {
    let with = |key: &str, value: Value| {
        let mut body = json!({ "messages": [user("q")] });
        body[key] = value;
        refused(&body)
    };
    for (key, value) in [
        ("messages", json!("x")),
        ("max_tokens", json!("x")),
        ("temperature", json!("hot")),
        ("stop", json!(7)),
        ("stream", json!("yes")),
        ("reasoning_effort", json!("very")),
        ("tools", json!({})),
        ("user", json!(7)),
        ("modalities", json!(["audio"])),
    ] {
        assert_eq!(with(key, value), key);
    }
    assert_eq!(with("tools", json!([1])), "tools[0]");
    assert_eq!(with("tools", json!([{ "type": "function" }])), "tools[0].function");
    assert_eq!(with("tools", json!([{ "type": "function", "function": {} }])), "tools[0].function.name");
    let parameters = json!([{ "type": "function", "function": { "name": "f", "parameters": "x" } }]);
    assert_eq!(with("tools", parameters), "tools[0].function.parameters");
    assert_eq!(with("response_format", json!({ "type": "x" })), "response_format.type");
    assert_eq!(with("messages", json!([7])), "messages[0]");
    assert_eq!(with("messages", json!([{ "role": "robot" }])), "messages[0].role");
    assert_eq!(with("messages", json!([{ "content": "x" }])), "messages[0].role");
    assert_eq!(with("messages", json!([{ "role": "tool", "content": "x" }])), "messages[0].tool_call_id");
    let nameless = json!([{ "role": "assistant", "tool_calls": [{ "id": "a", "function": {} }] }]);
    assert_eq!(with("messages", nameless), "messages[0].tool_calls[0].function.name");
    let audio = json!([{ "role": "user", "content": [{ "type": "input_audio", "input_audio": {} }] }]);
    assert_eq!(with("messages", audio), "messages[0].content[0]");
    let mut body = json!({ "messages": [user("q")], "tools": [function("f")] });
    body["tool_choice"] = json!({ "type": "function", "function": { "name": "g" } });
    assert_eq!(refused(&body), "tool_choice");
}
