//! The fields of a Chat request, one by one.

use llm_router::translate::{
    Pair, Traits,
    tools::{ClientTool, Kind},
};
use serde_json::{Value, json};

use super::{
    Done, GPT, OLD, OTHER, call, calling, done_with, function, function_call, output, reasoning, said,
    sealed, tool, user,
};

pub(super) fn translate(model: &str, body: &Value) -> Done {
    super::done(Pair::ChatToResponses, model, body).unwrap_or_else(|refusal| panic!("{refusal:?}"))
}

/// A request that says "Hi", with more members.
pub(super) fn with(model: &str, more: Value) -> Done {
    let mut body = json!({ "model": "fast", "messages": [user("Hi")] });
    let Value::Object(more) = more else { panic!() };
    body.as_object_mut().unwrap().extend(more);
    translate(model, &body)
}

#[expect(clippy::needless_pass_by_value, reason = "always made in place")]
fn input(messages: Value) -> Value {
    translate(GPT, &json!({ "messages": messages })).body["input"].take()
}

pub(super) fn refused(more: &Value) -> String {
    let mut body = json!({ "messages": [user("Hi")] });
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    super::done(Pair::ChatToResponses, GPT, &body).err().expect("refused").param
}

#[test]
fn leading_system_messages_are_instructions_and_later_ones_stay() {
    let done = translate(
        GPT,
        &json!({ "messages": [
            { "role": "system", "content": "One." },
            { "role": "developer", "content": [{ "type": "text", "text": "Two." }] },
            { "role": "system", "content": "" },
            user("q"),
            { "role": "system", "content": "Later." },
            user("q"),
        ] }),
    );
    assert_eq!(done.body["instructions"], "One.\n\nTwo.");
    let expected = json!([said("user", "q"), said("system", "Later."), said("user", "q")]);
    assert_eq!(done.body["input"], expected);
}

#[test]
fn a_system_prompt_alone_is_what_the_user_says() {
    let messages =
        json!([{ "role": "system", "content": "Be brief." }, { "role": "system", "content": "Joke." }]);
    let done = translate(GPT, &json!({ "messages": messages }));
    assert_eq!(done.body["instructions"], "Be brief.");
    assert_eq!(done.body["input"], json!([said("user", "Joke.")]));
    assert_eq!(refused(&json!({ "messages": [] })), "messages");
    assert_eq!(refused(&json!({ "messages": [{ "role": "assistant", "content": "" }] })), "messages");
}

#[test]
fn media_of_users_and_of_tools() {
    let image =
        json!({ "type": "image_url", "image_url": { "url": "data:image/png;base64,AA==", "detail": "low" } });
    let done = input(json!([
        { "role": "user", "content": [
            { "type": "text", "text": "a" },
            image,
            { "type": "image_url", "image_url": "https://a.test/x.png" },
            { "type": "file", "file": { "filename": "x.pdf", "file_data": "data:application/pdf;base64,AA==" } },
            { "type": "file", "file": { "filename": "x.txt", "file_data": "data:text/plain;base64,SGk=" } },
            { "type": "file", "file": { "file_id": "file-1" } },
        ] },
        calling(&[call("c", "f", "{}")]),
        { "role": "tool", "tool_call_id": "c", "content": [{ "type": "text", "text": "seen" }, image] },
    ]));
    let low = json!({ "type": "input_image", "detail": "low", "image_url": "data:image/png;base64,AA==" });
    assert_eq!(
        done[0]["content"],
        json!([
            { "type": "input_text", "text": "a" },
            low,
            { "type": "input_image", "detail": "auto", "image_url": "https://a.test/x.png" },
            { "type": "input_file", "filename": "x.pdf", "file_data": "data:application/pdf;base64,AA==" },
            { "type": "input_text", "text": "x.txt:\n\nHi" },
            { "type": "input_file", "file_id": "file-1" },
        ])
    );
    assert_eq!(done[2], output("c", json!([{ "type": "input_text", "text": "seen" }, low])));
    let blind = Traits { images: false, files: false, ..Traits::default() };
    let body = json!({ "messages": [{ "role": "user", "content": [image] }] });
    let done = done_with(Pair::ChatToResponses, OTHER, &blind, &body).unwrap();
    assert_eq!(done.body["input"][0]["content"][0]["type"], "input_text");
    assert_eq!(done.notes, ["images left out: the model takes none"]);
    let audio = json!({ "messages": [{ "role": "user", "content": [{ "type": "input_audio", "input_audio": {} }] }] });
    assert_eq!(refused(&audio), "messages[0].content[0]");
}

#[test]
fn calls_and_results_keep_ids_and_order() {
    let done = input(json!([
        user("q"),
        { "role": "assistant", "content": "Looking.", "tool_calls": [call("functions.f:0", "f", "{\"b\":1,\"a\":2}"), call("x", "g", "")] },
        tool("x", "X"),
        tool("functions.f:0", ""),
        user("and"),
    ]));
    let expected = json!([
        said("user", "q"),
        said("assistant", "Looking."),
        function_call("functions.f:0", "f", "{\"b\":1,\"a\":2}"),
        function_call("x", "g", "{}"),
        output("x", json!("X")),
        output("functions.f:0", json!("")),
        said("user", "and"),
    ]);
    assert_eq!(done, expected);
}

#[test]
fn edge_50_orphans_and_missing_results_are_mended() {
    let done = input(json!([
        user("q"),
        calling(&[call("a", "f", "{}"), call("b", "f", "{}")]),
        tool("b", "B"),
        tool("z", "Z")
    ]));
    assert_eq!(done[3], output("a", json!("There is no result of this call.")));
    assert_eq!(done[4], output("b", json!("B")));
    assert_eq!(done[5]["role"], "user");
    assert_eq!(done[5]["content"][1]["text"], "Z");
}

#[test]
fn edge_39_an_id_that_is_there_twice() {
    let turn = [calling(&[call("a", "f", "{}"), call("a", "g", "{}")]), tool("a", "1"), tool("a", "2")];
    let done = input(json!([user("q"), turn[0], turn[1], turn[2], turn[0], turn[1], turn[2]]));
    let outputs = done.as_array().unwrap().iter().filter(|item| item["type"] == "function_call_output");
    let outputs: Vec<&Value> = outputs.map(|item| &item["output"]).collect();
    assert_eq!(outputs, ["1", "2", "1", "2"]);
}

#[test]
fn an_id_that_is_counted_anew_in_each_turn() {
    let (turn, result) = (calling(&[call("call_0", "f", "{}")]), tool("call_0", "1"));
    let outputs = |messages: Value| -> Vec<String> {
        let done = input(messages);
        let text = |item: &Value| item["output"].as_str().map(str::to_owned);
        done.as_array().unwrap().iter().filter_map(text).collect()
    };
    let none = "There is no result of this call.";
    assert_eq!(outputs(json!([user("q"), turn, result, turn, user("go on")])), ["1", none]);
    assert_eq!(outputs(json!([user("q"), turn, user("go on"), turn, result])), [none, "1"]);
    let two = calling(&[call("call_0", "f", "{}"), call("call_0", "g", "{}")]);
    assert_eq!(outputs(json!([user("q"), two, result])), [none, "1"]);
    // A result before its call is of another.
    assert_eq!(outputs(json!([user("q"), result, turn, user("go on")])), [none]);
}

#[test]
fn calls_from_before_there_were_tools() {
    let done = translate(
        GPT,
        &json!({
            "messages": [
                user("q"),
                { "role": "assistant", "content": null, "function_call": { "name": "f", "arguments": "{}" } },
                { "role": "function", "name": "f", "content": "r" },
            ],
            "functions": [{ "name": "f", "description": "F", "parameters": { "type": "object" } }],
            "function_call": { "name": "f" },
        }),
    );
    let id = "function_call_f";
    assert_eq!(done.body["input"][1], function_call(id, "f", "{}"));
    assert_eq!(done.body["input"][2], output(id, json!("r")));
    assert_eq!(done.body["tools"][0]["name"], "f");
    assert_eq!(done.body["tool_choice"], json!({ "type": "function", "name": "f" }));
}

#[test]
fn thinking_goes_back_to_its_model_alone() {
    let details = |sealed: &str| {
        json!([
            { "type": "reasoning.text", "text": "t", "signature": sealed, "index": 0 },
            { "type": "reasoning.encrypted", "data": sealed, "index": 1 },
        ])
    };
    let turn = |sealed: &str| {
        json!([
            user("q"),
            { "role": "assistant", "content": "a", "reasoning_content": "t", "reasoning_details": details(sealed) },
            user("q"),
        ])
    };
    let done = input(turn(&sealed(GPT, "gAAAA=")));
    assert_eq!(done[1], reasoning(&["t"], "gAAAA="));
    assert_eq!(done[2], reasoning(&[], "gAAAA="));
    assert_eq!(done[3], said("assistant", "a"));
    for foreign in [
        sealed("gpt-5.1", "x"),
        sealed(GPT, ""),
        sealed(GPT, "[{\"type\":\"reasoning.text\"}]"),
        "x".to_owned(),
    ] {
        let done = translate(GPT, &json!({ "messages": turn(&foreign) }));
        assert_eq!(done.body["input"].as_array().unwrap().len(), 3, "{foreign}");
        assert_eq!(done.notes, ["thinking of another model dropped"]);
    }
    let alone = input(
        json!([user("q"), { "role": "assistant", "content": "", "reasoning_details": details(&sealed(GPT, "g")) }]),
    );
    assert_eq!(alone, json!([said("user", "q")]), "it is about nothing");
    let wants = translate("deepseek-reasoner", &json!({ "messages": turn("x") }));
    assert_eq!(wants.body["input"][1]["content"], json!([{ "type": "reasoning_text", "text": "t" }]));
}

#[test]
fn what_is_thought_comes_back_encrypted() {
    assert_eq!(with(GPT, json!({})).body["include"], json!(["reasoning.encrypted_content"]));
    // Who does not think refuses to be asked for it.
    for model in [OLD, OTHER] {
        assert!(with(model, json!({ "reasoning_effort": "high" })).body.get("include").is_none());
        assert!(with(model, json!({ "reasoning_effort": "high" })).body.get("reasoning").is_none());
    }
}

#[test]
fn efforts_and_summaries() {
    let reasoning = |model: &str, more| with(model, more).body["reasoning"].take();
    assert_eq!(reasoning(GPT, json!({ "reasoning_effort": "max" })), json!({ "effort": "xhigh" }));
    assert_eq!(reasoning(GPT, json!({})), Value::Null);
    let tools = json!({ "reasoning_effort": "high", "tools": [function("f")] });
    assert_eq!(
        reasoning("gpt-5.4", tools),
        json!({ "effort": "high" }),
        "in this format they think with tools"
    );
    let asked = json!({ "reasoning": { "effort": "low" } });
    assert_eq!(reasoning(GPT, asked.clone()), json!({ "effort": "low", "summary": "auto" }));
    let excluded = json!({ "reasoning": { "effort": "low", "exclude": true } });
    assert_eq!(reasoning(GPT, excluded), json!({ "effort": "low" }));
    assert_eq!(reasoning(GPT, json!({ "reasoning": { "effort": "none" } })), json!({ "effort": "none" }));
    let unverified = Traits { reasoning_summary: false, ..Traits::of(GPT) };
    let mut body = asked;
    body["messages"] = json!([user("q")]);
    let done = done_with(Pair::ChatToResponses, GPT, &unverified, &body).unwrap();
    assert_eq!(done.body["reasoning"], json!({ "effort": "low" }));
}

#[test]
fn tools_are_flat_and_not_strict_unless_asked() {
    let mut strict = function("g");
    strict["function"]["strict"] = json!(true);
    let bare = json!({ "type": "function", "function": { "name": "h" } });
    let done = with(GPT, json!({ "tools": [function("f"), strict, bare], "parallel_tool_calls": false }));
    let tools = &done.body["tools"];
    assert_eq!(
        tools[0],
        json!({
            "type": "function",
            "name": "f",
            "parameters": { "type": "object", "properties": { "a": { "type": "string" } } },
            "strict": false,
        })
    );
    assert_eq!(tools[1]["strict"], true);
    assert_eq!(tools[2]["parameters"], json!({ "type": "object", "properties": {} }));
    assert_eq!(done.body["parallel_tool_calls"], false);
    assert!(
        with(GPT, json!({ "tools": [], "tool_choice": "auto", "parallel_tool_calls": false }))
            .notes
            .is_empty()
    );
}

#[test]
fn edge_44_names_that_do_not_fit() {
    let name = format!("mcp.{}", "x".repeat(80));
    let body = json!({
        "messages": [user("q"), calling(&[call("c", &name, "{}")]), tool("c", "r")],
        "tools": [function(&name)],
        "tool_choice": { "type": "function", "function": { "name": name } },
    });
    let done = translate(GPT, &body);
    let upstream = done.body["tools"][0]["name"].as_str().unwrap();
    assert_eq!(done.body["input"][1]["name"], upstream);
    assert_eq!(done.body["tool_choice"]["name"], upstream);
    assert_eq!(done.memo.tools.client(upstream).name, name);
}

#[test]
fn edge_24_choices() {
    let choice = |choice: Value| {
        with(GPT, json!({ "tools": [function("f"), function("g")], "tool_choice": choice })).body["tool_choice"].take()
    };
    for word in ["none", "auto", "required"] {
        assert_eq!(choice(json!(word)), word);
    }
    let named = json!({ "type": "function", "name": "f" });
    assert_eq!(choice(json!({ "type": "function", "function": { "name": "f" } })), named);
    let allowed = json!({
        "type": "allowed_tools",
        "allowed_tools": { "mode": "required", "tools": [{ "type": "function", "function": { "name": "f" } }] },
    });
    let flat = json!({ "type": "allowed_tools", "mode": "required", "tools": [named] });
    assert_eq!(choice(allowed.clone()), flat);
    let other = with(OTHER, json!({ "tools": [function("f"), function("g")], "tool_choice": allowed }));
    assert_eq!(other.body["tools"].as_array().unwrap().len(), 1);
    assert_eq!(other.body["tool_choice"], "required");
    let unknown = json!({ "tools": [function("f")], "tool_choice": { "type": "function", "function": { "name": "z" } } });
    assert_eq!(refused(&unknown), "tool_choice");
    assert_eq!(
        with(GPT, json!({ "tool_choice": "required" })).notes,
        ["tool_choice dropped: there are no tools"]
    );
}

#[test]
fn custom_tools_are_what_they_are_at_openai() {
    let grammar = json!({ "type": "grammar", "grammar": { "syntax": "lark", "definition": "start: \"x\"" } });
    let custom =
        json!({ "type": "custom", "custom": { "name": "patch", "description": "Edits", "format": grammar } });
    let call = json!({ "id": "c", "type": "custom", "custom": { "name": "patch", "input": "x" } });
    let body = json!({
        "messages": [user("q"), calling(&[call]), tool("c", "done")],
        "tools": [custom],
        "tool_choice": { "type": "custom", "custom": { "name": "patch" } },
    });
    let done = translate(GPT, &body);
    let format = json!({ "type": "grammar", "syntax": "lark", "definition": "start: \"x\"" });
    let expected = json!({ "type": "custom", "name": "patch", "description": "Edits", "format": format });
    assert_eq!(done.body["tools"][0], expected);
    assert_eq!(done.body["tool_choice"], json!({ "type": "custom", "name": "patch" }));
    let called = json!({ "type": "custom_tool_call", "call_id": "c", "name": "patch", "input": "x" });
    assert_eq!(done.body["input"][1], called);
    assert_eq!(done.body["input"][2]["type"], "custom_tool_call_output");
    let known = ClientTool { kind: Kind::Custom, ..ClientTool::function("patch") };
    assert_eq!(done.memo.tools.client("patch"), known);

    let done = translate(OTHER, &body);
    assert_eq!(done.body["tools"][0]["type"], "function");
    assert!(done.body["tools"][0]["description"].as_str().unwrap().contains("start: "));
    assert_eq!(done.body["input"][1], function_call("c", "patch", "{\"input\":\"x\"}"));
    assert_eq!(done.body["input"][2], output("c", json!("done")));
    assert_eq!(done.memo.tools.client("patch"), known);
}
