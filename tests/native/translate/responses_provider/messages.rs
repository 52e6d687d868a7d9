//! The fields of a Messages request, as far as they come to something else than in front of Chat.

use llm_router::translate::{Pair, Traits};
use serde_json::{Value, json};

use super::{Done, GPT, OLD, OTHER, done_with, function_call, output, reasoning, said, sealed, user};

fn translate(model: &str, body: &Value) -> Done {
    super::done(Pair::MessagesToResponses, model, body).unwrap_or_else(|refusal| panic!("{refusal:?}"))
}

fn with(model: &str, more: Value) -> Done {
    let mut body = json!({ "model": "fast", "max_tokens": 1000, "messages": [user("Hi")] });
    let Value::Object(more) = more else { panic!() };
    body.as_object_mut().unwrap().extend(more);
    translate(model, &body)
}

#[expect(clippy::needless_pass_by_value, reason = "always made in place")]
fn input(model: &str, messages: Value) -> Value {
    with(model, json!({ "messages": messages })).body["input"].take()
}

fn tool_use(id: &str) -> Value {
    json!({ "type": "tool_use", "id": id, "name": "f", "input": { "b": 1, "a": 2 } })
}

fn result(id: &str, content: &Value) -> Value {
    json!({ "type": "tool_result", "tool_use_id": id, "content": content })
}

#[test]
fn the_system_prompt_is_instructions() {
    let billing = "x-anthropic-billing-header: cc_version=1; cch=2;";
    let system = json!([{ "type": "text", "text": billing }, { "type": "text", "text": "Be kind.", "cache_control": { "type": "ephemeral" } }]);
    let done = with(GPT, json!({ "system": system }));
    assert_eq!(done.body["instructions"], "Be kind.");
    assert_eq!(done.body["input"], json!([said("user", "Hi")]));
    assert_eq!(done.body["max_output_tokens"], 1000);
}

#[test]
fn edge_1_system_messages_in_the_middle() {
    let messages = json!([user("q"), { "role": "system", "content": "Rule." }]);
    assert_eq!(input(GPT, messages.clone()), json!([said("user", "q"), said("developer", "Rule.")]));
    let other = input(OTHER, messages);
    assert_eq!(other.as_array().unwrap().len(), 1, "as templates of others take it");
}

#[test]
fn edge_3_and_4_media_of_results_stay_in_them() {
    let image = json!({ "type": "image", "source": { "type": "base64", "media_type": "image/png", "data": "iVBORw0KGgoAAAANSUhEUg==" } });
    let done = input(
        GPT,
        json!([
            user("q"),
            { "role": "assistant", "content": [tool_use("a"), tool_use("b")] },
            { "role": "user", "content": [
                result("b", &json!([{ "type": "text", "text": "shot" }, image])),
                { "type": "tool_result", "tool_use_id": "a", "is_error": true, "content": [image] },
            ] },
        ]),
    );
    let shown = json!({ "type": "input_image", "detail": "auto", "image_url": "data:image/png;base64,iVBORw0KGgoAAAANSUhEUg==" });
    let text = |text: &str| json!({ "type": "input_text", "text": text });
    assert_eq!(done[1], function_call("a", "f", "{\"b\":1,\"a\":2}"));
    assert_eq!(done[3], output("a", json!([text("Error:"), shown])));
    assert_eq!(done[4], output("b", json!([text("shot"), shown])));
}

#[test]
fn edge_31_documents_by_data_and_by_url() {
    let document = |source: Value| json!({ "type": "document", "title": "T", "source": source });
    let done = input(
        GPT,
        json!([{ "role": "user", "content": [
            document(json!({ "type": "base64", "media_type": "application/pdf", "data": "JVBERi0xLjcK" })),
            document(json!({ "type": "url", "url": "https://a.test/x.pdf" })),
        ] }]),
    );
    assert_eq!(
        done[0]["content"],
        json!([
            { "type": "input_file", "filename": "T.pdf", "file_data": "data:application/pdf;base64,JVBERi0xLjcK" },
            { "type": "input_file", "file_url": "https://a.test/x.pdf" },
        ])
    );
}

#[test]
fn a_turn_keeps_its_order() {
    let thought = |text: &str, content: &str| json!({ "type": "thinking", "thinking": text, "signature": sealed(GPT, content) });
    let text = |text: &str| json!({ "type": "text", "text": text });
    let done = input(
        GPT,
        json!([
            user("q"),
            { "role": "assistant", "content": [
                thought("one", "e1"), text("Looking."), tool_use("a"),
                thought("", "e2"), tool_use("b"), text("Wait."),
            ] },
            { "role": "user", "content": [result("a", &json!("A")), result("b", &json!("B"))] },
            { "role": "assistant", "content": [{ "type": "redacted_thinking", "data": sealed(GPT, "e3") }, text("Done.")] },
            user("q"),
        ]),
    );
    let call = |id| function_call(id, "f", "{\"b\":1,\"a\":2}");
    let expected = json!([
        said("user", "q"),
        reasoning(&["one"], "e1"),
        said("assistant", "Looking."),
        call("a"),
        reasoning(&[], "e2"),
        call("b"),
        said("assistant", "Wait."),
        output("a", json!("A")),
        output("b", json!("B")),
        reasoning(&[], "e3"),
        said("assistant", "Done."),
        said("user", "q"),
    ]);
    assert_eq!(done, expected);
}

#[test]
fn edge_20_thinking_of_others_stays_behind() {
    for signature in ["EqoBCkgIARAB".to_owned(), sealed("gpt-5.1", "x"), String::new()] {
        let thought = json!({ "type": "thinking", "thinking": "t", "signature": signature });
        let messages = json!([user("q"), { "role": "assistant", "content": [thought, { "type": "text", "text": "a" }] }, user("q")]);
        let done = with(GPT, json!({ "messages": messages }));
        assert_eq!(done.body["input"].as_array().unwrap().len(), 3);
        assert_eq!(done.notes, ["thinking in history dropped"]);
    }
}

#[test]
fn edges_75_and_76_thinking_is_asked_for() {
    let reasoning = |model: &str, more| with(model, more).body["reasoning"].take();
    let enabled = json!({ "thinking": { "type": "enabled", "budget_tokens": 31_999 }, "max_tokens": 32_000 });
    assert_eq!(reasoning(GPT, enabled), json!({ "effort": "xhigh", "summary": "auto" }));
    let adaptive = |display: Value| json!({ "thinking": { "type": "adaptive", "display": display }, "output_config": { "effort": "high" } });
    assert_eq!(reasoning(GPT, adaptive(json!("updates"))), json!({ "effort": "high", "summary": "auto" }));
    assert_eq!(reasoning(GPT, adaptive(Value::Null)), json!({ "effort": "high", "summary": "auto" }));
    assert_eq!(reasoning(GPT, adaptive(json!("omitted"))), json!({ "effort": "high" }));
    assert_eq!(reasoning(GPT, json!({ "thinking": { "type": "adaptive" } })), json!({ "summary": "auto" }));
    assert_eq!(reasoning(GPT, json!({ "thinking": { "type": "disabled" } })), json!({ "effort": "none" }));
    assert_eq!(reasoning(GPT, json!({})), Value::Null);
    assert_eq!(reasoning(OLD, adaptive(Value::Null)), Value::Null);
    let unverified = Traits { reasoning_summary: false, ..Traits::of(GPT) };
    let mut body = adaptive(Value::Null);
    body["messages"] = json!([user("q")]);
    let done = done_with(Pair::MessagesToResponses, GPT, &unverified, &body).unwrap();
    assert_eq!(done.body["reasoning"], json!({ "effort": "high" }));
}

#[test]
fn these_models_think_beside_tools_in_responses() {
    let tools = json!([{ "name": "f", "input_schema": { "type": "object" } }]);
    let done = with("gpt-5.4", json!({ "tools": tools, "output_config": { "effort": "high" } }));
    assert_eq!(done.body["reasoning"], json!({ "effort": "high" }));
    assert!(done.notes.is_empty());
    assert_eq!(done.body["tools"][0]["strict"], false);
}

#[test]
fn choices_and_calls_one_at_a_time() {
    let tools = json!([{ "name": "f", "input_schema": { "type": "object" } }]);
    let choice = |choice: Value| {
        let body = with(GPT, json!({ "tools": tools, "tool_choice": choice })).body;
        (body["tool_choice"].clone(), body["parallel_tool_calls"].clone())
    };
    let none = Value::Null;
    assert_eq!(choice(json!({ "type": "any" })), (json!("required"), none.clone()));
    assert_eq!(choice(json!({ "type": "none" })), (json!("none"), none.clone()));
    assert_eq!(
        choice(json!({ "type": "tool", "name": "f" })),
        (json!({ "type": "function", "name": "f" }), none)
    );
    assert_eq!(
        choice(json!({ "type": "auto", "disable_parallel_tool_use": true })),
        (json!("auto"), json!(false))
    );
}

#[test]
fn web_search_is_openais_own_tool() {
    let search = json!({
        "type": "web_search_20250305", "name": "web_search", "max_uses": 3, "allowed_domains": ["a.test"],
        "user_location": { "type": "approximate", "city": "Bonn" },
    });
    let done = with(GPT, json!({ "tools": [search] }));
    let expected = json!({
        "type": "web_search",
        "user_location": { "type": "approximate", "city": "Bonn" },
        "filters": { "allowed_domains": ["a.test"] },
    });
    assert_eq!(done.body["tools"], json!([expected]));
    assert!(with(OTHER, json!({ "tools": [search] })).body.get("tools").is_none());
}

#[test]
fn a_web_search_that_is_forced_or_narrowed() {
    let search = |more: Value| {
        let mut tool = json!({ "type": "web_search_20250305", "name": "web_search" });
        tool.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        json!([tool])
    };
    let plain = search(json!({}));
    let choice = |model, tools: &Value, choice: Value| {
        let mut done = with(model, json!({ "tools": tools, "tool_choice": choice }));
        (done.body["tool_choice"].take(), done.notes)
    };
    let named = json!({ "type": "tool", "name": "web_search" });
    assert_eq!(choice(GPT, &plain, named.clone()), (json!("required"), vec![]));
    assert_eq!(choice(GPT, &plain, json!({ "type": "any" })), (json!("required"), vec![]));
    assert_eq!(choice(GPT, &plain, json!({ "type": "none" })), (json!("none"), vec![]));
    assert_eq!(choice(GPT, &plain, json!({ "type": "auto" })), (Value::Null, vec![]));
    let dropped = "tool_choice dropped: there is no tool that it can be about";
    let other = json!({ "type": "tool", "name": "f" });
    assert_eq!(choice(GPT, &plain, other), (Value::Null, vec![dropped]));
    let (sent, notes) = choice(OTHER, &plain, named);
    assert_eq!((sent, notes.contains(&dropped)), (Value::Null, true));
    let narrowed = |more| with(GPT, json!({ "tools": search(more) })).notes;
    assert_eq!(
        narrowed(json!({ "blocked_domains": ["a.test"], "max_uses": 3 })),
        ["blocked_domains of the web search dropped", "max_uses of the web search dropped"]
    );
    assert!(narrowed(json!({ "blocked_domains": [], "allowed_domains": ["a.test"] })).is_empty());
}

#[test]
fn edge_79_structured_outputs() {
    let schema = json!({ "type": "object", "properties": { "a": { "type": "string" } }, "required": ["a"], "additionalProperties": false });
    let done =
        with(GPT, json!({ "output_config": { "format": { "type": "json_schema", "schema": schema } } }));
    let expected =
        json!({ "type": "json_schema", "name": "structured_output", "schema": schema, "strict": true });
    assert_eq!(done.body["text"], json!({ "format": expected }));
}

#[test]
fn what_responses_has_not_is_told() {
    let done = with(OLD, json!({ "stop_sequences": ["x"], "top_k": 3, "temperature": 0.5 }));
    assert_eq!(done.notes, ["top_k dropped: OpenAI has none", "stop sequences dropped: Responses has none"]);
    assert_eq!(done.body["temperature"], 0.5);
}

#[test]
fn who_asks_is_told_to_openai() {
    let user_id = r#"{"device_id":"d","account_uuid":"a","session_id":"s"}"#;
    let done = with(GPT, json!({ "metadata": { "user_id": user_id } }));
    assert_eq!(done.body["prompt_cache_key"], "s");
    assert_eq!(done.body["safety_identifier"].as_str().unwrap().len(), 64);
    assert!(done.body.get("metadata").is_none());
}

#[test]
fn edge_44_names_that_do_not_fit() {
    let name = format!("mcp__{}__do.it", "x".repeat(80));
    let done = with(GPT, json!({ "tools": [{ "name": name, "input_schema": { "type": "object" } }] }));
    let upstream = done.body["tools"][0]["name"].as_str().unwrap();
    assert_eq!(done.memo.tools.client(upstream).name, name);
}

#[test]
fn refusals_name_the_clients_fields() {
    let body = json!({ "max_tokens": 0, "messages": [user("q")] });
    let refusal = super::done(Pair::MessagesToResponses, GPT, &body).err().unwrap();
    assert_eq!(refusal.param, "max_tokens");
    let body = json!({ "max_tokens": 9, "messages": [{ "role": "user", "content": [{ "type": "image" }] }] });
    let refusal = super::done(Pair::MessagesToResponses, GPT, &body).err().unwrap();
    assert_eq!(refusal.param, "messages[0].content[0].source");
}
