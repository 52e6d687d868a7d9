//! Cases that gateways are known to get wrong, by their numbers in our list of them.

use serde_json::{Value, json};

use super::{
    NEW, OLD, OLDER, call, calling, function, messages, refused, seal, signed, tool, translate, user,
};

fn text(text: &str) -> Value {
    json!({ "type": "text", "text": text })
}

#[test]
fn edge_15_no_sampling_for_models_without() {
    let body = json!({ "temperature": 0.2, "top_p": 0.9 });
    let new = translate(NEW, body.clone());
    assert!(new.body.get("temperature").is_none() && new.body.get("top_p").is_none());
    assert_eq!(new.notes.len(), 1);
    let old = translate(OLD, body.clone());
    assert_eq!((&old.body["temperature"], old.body.get("top_p")), (&json!(0.2), None));
    assert_eq!(translate("llama-3.3", body).body["top_p"], 0.9);
}

#[test]
fn edge_16_max_tokens_is_the_models_own() {
    assert_eq!(translate(NEW, json!({})).body["max_tokens"], 128_000);
    assert_eq!(
        translate(NEW, json!({ "max_completion_tokens": 99, "max_tokens": 7 })).body["max_tokens"],
        99
    );
    assert_eq!(translate(OLD, json!({ "max_tokens": 1_000_000 })).body["max_tokens"], 64_000);
}

#[test]
fn edge_20_thinking_goes_back_to_its_maker_only() {
    let history = |detail: &Value| {
        let mut said = calling(&[call("c1", "f", "{}")]);
        said["reasoning_content"] = json!("hm");
        said["reasoning_details"] = json!([detail]);
        json!({
            "messages": [user("q"), said, tool("c1", "r")],
            "tools": [function("f")],
            "reasoning_effort": "high",
        })
    };
    let kept = translate(NEW, history(&signed(NEW, "hm")));
    let content = &kept.body["messages"][1]["content"];
    assert_eq!(content[0], json!({ "type": "thinking", "thinking": "hm", "signature": "sig" }));
    assert_eq!(content[1]["type"], "tool_use");
    assert!(kept.notes.is_empty());

    let sealed = json!({ "type": "reasoning.encrypted", "data": seal(super::PROVIDER, NEW, "opaque") });
    let redacted = translate(NEW, history(&sealed));
    let expected = json!({ "type": "redacted_thinking", "data": "opaque" });
    assert_eq!(redacted.body["messages"][1]["content"][0], expected);

    for foreign in [
        signed(OLD, "hm"),
        json!({ "type": "reasoning.text", "text": "hm", "signature": seal("other", NEW, "sig") }),
        json!({ "type": "reasoning.text", "text": "hm", "signature": "EqoBCkgIARAB" }),
        json!({ "type": "reasoning.text", "text": "hm", "signature": "" }),
        json!({ "type": "reasoning.text", "text": "hm" }),
        json!({ "type": "reasoning.encrypted", "data": "gAAAA" }),
        json!({ "type": "reasoning.summary", "summary": "hm" }),
        json!(7),
    ] {
        let dropped = translate(NEW, history(&foreign));
        assert_eq!(dropped.body["messages"][1]["content"].as_array().unwrap().len(), 1, "{foreign}");
        assert!(!dropped.notes.is_empty());
    }
}

#[test]
fn edge_22_no_empty_text_beside_calls() {
    for content in [json!(null), json!(""), json!([]), json!([{ "type": "text", "text": "" }])] {
        let mut said = calling(&[call("c1", "f", "{}")]);
        said["content"] = content;
        let history = messages(NEW, json!([user("q"), said, tool("c1", "r")]));
        assert_eq!(history[1]["content"].as_array().unwrap().len(), 1);
    }
}

#[test]
fn edge_23_blank_text_is_removed() {
    let history = messages(
        NEW,
        json!([
            { "role": "user", "content": [{ "type": "text", "text": " \n" }, { "type": "text", "text": "q" }] },
            { "role": "assistant", "content": "\n" },
            { "role": "user", "content": " " },
            user("again"),
        ]),
    );
    assert_eq!(history, json!([{ "role": "user", "content": [text("q"), text("again")] }]));
}

#[test]
fn edge_24_tool_choice_none_is_none() {
    let done = translate(NEW, json!({ "tools": [function("f")], "tool_choice": "none" }));
    assert_eq!(done.body["tool_choice"], json!({ "type": "none" }));
}

#[test]
fn edge_25_one_call_at_a_time() {
    let body = |choice: Value| json!({ "tools": [function("f")], "tool_choice": choice, "parallel_tool_calls": false });
    let choice = |value| translate(NEW, body(value)).body["tool_choice"].take();
    let one = |kind: &str| json!({ "type": kind, "disable_parallel_tool_use": true });
    assert_eq!(choice(json!(null)), one("auto"));
    assert_eq!(choice(json!("auto")), one("auto"));
    assert_eq!(choice(json!("required")), one("any"));
    assert_eq!(choice(json!("none")), json!({ "type": "none" }));
    assert!(translate(NEW, json!({ "parallel_tool_calls": false })).body.get("tool_choice").is_none());
}

#[test]
fn edge_26_stop_and_top_p() {
    let done = translate(OLD, json!({ "stop": "END", "top_p": 0.5 }));
    assert_eq!((&done.body["stop_sequences"], &done.body["top_p"]), (&json!(["END"]), &json!(0.5)));
    assert_eq!(translate(OLD, json!({ "stop": ["a", "b"] })).body["stop_sequences"], json!(["a", "b"]));
}

#[test]
fn edge_27_blank_stops_are_removed() {
    assert!(translate(OLD, json!({ "stop": ["\n", ""] })).body.get("stop_sequences").is_none());
}

#[test]
fn edge_29_images_by_url() {
    let url = "https://a.test/x.png";
    let history = messages(
        NEW,
        json!([{ "role": "user", "content": [
            { "type": "image_url", "image_url": { "url": url } },
            { "type": "image_url", "image_url": { "url": "data:image/png;charset=x;base64,/9j/4AAQSkZJRgABAQAAAQ==" } },
        ] }]),
    );
    assert_eq!(history[0]["content"][0]["source"], json!({ "type": "url", "url": url }));
    // edge_87: it is a JPEG, whatever it is called.
    assert_eq!(history[0]["content"][1]["source"]["media_type"], "image/jpeg");
}

#[test]
fn edge_32_developer_is_system() {
    let body = json!({ "messages": [{ "role": "developer", "content": "Rule." }, user("q")] });
    let done = translate(NEW, body);
    assert_eq!(done.body["system"], json!([text("Rule.")]));
    assert_eq!(done.body["messages"].as_array().unwrap().len(), 1);
}

#[test]
fn edge_38_ids_in_anthropics_alphabet() {
    let id = "functions.Bash:0";
    let history = messages(NEW, json!([user("q"), calling(&[call(id, "f", "{}")]), tool(id, "r")]));
    assert_eq!(history[1]["content"][0]["id"], "functions_Bash_0");
    assert_eq!(history[2]["content"][0]["tool_use_id"], "functions_Bash_0");
}

#[test]
fn edge_39_the_same_id_twice() {
    let turn = |answer: &str| [calling(&[call("call_1", "f", "{}")]), tool("call_1", answer)];
    let mut all = vec![user("q")];
    all.extend(turn("first"));
    all.extend(turn("second"));
    let history = messages(NEW, all.into());
    let id = |at: usize| history[at]["content"][0]["id"].as_str().unwrap().to_owned();
    assert_ne!(id(1), id(3));
    assert_eq!(history[4]["content"][0]["tool_use_id"], id(3).as_str());
    assert_eq!(history[4]["content"][0]["content"][0]["text"], "second");
}

#[test]
fn edge_46_schemas_are_objects() {
    let parameters =
        json!({ "anyOf": [{ "type": "object", "properties": { "a": {} } }], "$defs": { "X": {} } });
    let tools = json!([
        { "type": "function", "function": { "name": "f", "parameters": parameters } },
        { "type": "function", "function": { "name": "g" } },
    ]);
    let done = translate(NEW, json!({ "tools": tools }));
    assert_eq!(done.body["tools"][0]["input_schema"]["properties"], json!({ "a": {} }));
    assert!(done.body["tools"][0]["input_schema"].get("$defs").is_some());
    assert_eq!(done.body["tools"][1]["input_schema"], json!({ "type": "object", "properties": {} }));
}

#[test]
fn edge_49_stubs_for_tools_of_the_history() {
    let history = json!([user("q"), calling(&[call("c", "my.tool", "{}")]), tool("c", "r")]);
    let done = translate(NEW, json!({ "messages": history, "tools": [] }));
    let name = done.body["messages"][1]["content"][0]["name"].clone();
    assert_eq!(done.body["tools"][0]["name"], name);
    assert_eq!(done.body["tool_choice"], json!({ "type": "none" }));
}

#[test]
fn edge_50_results_and_calls_are_paired() {
    let history = messages(
        NEW,
        json!([
            tool("gone", "old result"),
            user("q"),
            calling(&[call("a", "f", "{}"), call("b", "f", "{}")]),
            { "role": "system", "content": "rule" },
            tool("b", "B"),
            user("and?"),
        ]),
    );
    assert!(history[0]["content"][1]["text"].as_str().unwrap().contains("old result"));
    let results = &history[2]["content"];
    assert_eq!((&results[0]["tool_use_id"], &results[0]["is_error"]), (&json!("a"), &json!(true)));
    assert_eq!((&results[1]["tool_use_id"], results[1].get("is_error")), (&json!("b"), None));
    assert_eq!(results[2], text("<system>\nrule\n</system>"));
    assert_eq!(results[3], text("and?"));
}

#[test]
fn edge_51_deferred_tools_are_sent_whole() {
    let mut deferred = function("f");
    deferred["defer_loading"] = json!(true);
    deferred["function"]["defer_loading"] = json!(true);
    let said = json!({ "role": "tool", "tool_call_id": "c", "content": [{ "type": "tool_reference", "tool_name": "f" }] });
    let done = translate(
        NEW,
        json!({ "tools": [deferred], "messages": [user("q"), calling(&[call("c", "f", "{}")]), said] }),
    );
    assert!(done.body["tools"][0].get("defer_loading").is_none());
    assert_eq!(done.body["messages"][2]["content"][0]["content"], json!([text("Tool loaded: f")]));
}

#[test]
fn edge_54_forced_tool_and_thinking() {
    let body = json!({
        "tools": [function("f")],
        "tool_choice": { "type": "function", "function": { "name": "f" } },
        "reasoning_effort": "high",
    });
    let named = json!({ "type": "tool", "name": "f" });
    let old = translate(OLD, body.clone());
    assert_eq!((&old.body["tool_choice"], old.body.get("thinking")), (&named, None));
    let new = translate(NEW, body.clone());
    assert_eq!((&new.body["tool_choice"], &new.body["thinking"]), (&named, &json!({ "type": "disabled" })));
    let newest = translate("claude-opus-5-5", body);
    assert_eq!(newest.body["tool_choice"], json!({ "type": "auto" }));
    assert_eq!(newest.body["thinking"]["type"], "adaptive");
}

#[test]
fn edge_56_the_last_word_is_the_users_where_it_must_be() {
    let body = json!({ "messages": [user("q"), { "role": "assistant", "content": "It is " }] });
    let old = translate(OLD, body.clone()).body;
    assert_eq!(old["messages"][1]["content"], json!([text("It is")]));
    let new = translate(NEW, body.clone());
    assert_eq!(new.body["messages"][2]["role"], "user");
    assert_eq!(new.notes.len(), 1);
    // Nor can an answer be begun while the model thinks, or where its shape is given.
    for (key, value) in [("reasoning_effort", json!("high")), ("response_format", schema_format())] {
        let mut body = body.clone();
        body[key] = value;
        assert_eq!(translate(OLD, body).body["messages"].as_array().unwrap().len(), 3, "{key}");
    }
}

fn schema_format() -> Value {
    let schema = json!({ "type": "object", "properties": { "a": { "type": "string", "minLength": 2 } }, "required": ["a"] });
    json!({ "type": "json_schema", "json_schema": { "name": "x", "schema": schema, "strict": true } })
}

#[test]
fn edge_71_more_than_one_answer_is_refused() {
    assert_eq!(refused(&json!({ "messages": [user("q")], "n": 2 })), "n");
}

#[test]
fn edge_79_structured_output_by_model() {
    let new = translate(NEW, json!({ "response_format": schema_format(), "reasoning_effort": "low" }));
    let config = &new.body["output_config"];
    assert_eq!((&config["effort"], &config["format"]["type"]), (&json!("low"), &json!("json_schema")));
    assert_eq!(config["format"]["schema"]["additionalProperties"], false);
    assert_eq!(new.memo.json_tool, None);

    let older = translate(OLDER, json!({ "response_format": schema_format(), "reasoning_effort": "low" }));
    assert_eq!(older.memo.json_tool.as_deref(), Some("structured_output"));
    let forced = json!({ "type": "tool", "name": "structured_output", "disable_parallel_tool_use": true });
    assert_eq!(older.body["tool_choice"], forced);
    assert!(older.body.get("thinking").is_none() && older.body.get("output_config").is_none());

    let beside = translate(OLDER, json!({ "response_format": schema_format(), "tools": [function("f")] }));
    assert_eq!(beside.body["tool_choice"]["type"], "any");

    let some = translate(NEW, json!({ "response_format": { "type": "json_object" } }));
    assert!(some.body["system"][0]["text"].as_str().unwrap().contains("JSON object"));
    assert!(some.body.get("output_config").is_none());
}
