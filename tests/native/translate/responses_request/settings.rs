//! How an answer is asked for.

use llm_router::translate::Pair;
use serde_json::{Value, json};

use super::{CHAT, CLAUDE, chat, messages, of_input, openai, sent, translated};

#[test]
fn edge_19_a_stream_is_asked_for_with_usage() {
    let mut body = of_input(json!("x"));
    body["stream"] = json!(true);
    assert_eq!(chat(&body)["stream_options"], json!({ "include_usage": true }));
    body["stream"] = json!(false);
    assert!(chat(&body).get("stream").is_none());
}

#[test]
fn edge_79_formats_of_the_text() {
    let schema = json!({ "type": "object", "properties": {}, "required": [], "additionalProperties": false });
    let mut body = of_input(json!("x"));
    body["text"] =
        json!({ "format": { "type": "json_schema", "name": "n", "schema": schema, "strict": true } });
    assert_eq!(
        chat(&body)["response_format"],
        json!({ "type": "json_schema", "json_schema": { "name": "n", "schema": schema, "strict": true } })
    );
    let told = sent(Pair::ResponsesToChat, "deepseek-chat", &body).0;
    assert!(told.get("response_format").is_none());
    assert!(told["messages"][0]["content"].as_str().unwrap().contains("additionalProperties"));
    assert_eq!(
        messages(&body)["output_config"]["format"],
        json!({ "type": "json_schema", "schema": schema })
    );
    let old = translated(Pair::ResponsesToMessages, "claude-3-5-sonnet-20241022", &body).unwrap();
    assert_eq!(old.memo.json_tool.as_deref(), Some("structured_output"));
    let old: Value = serde_json::from_slice(&old.body).unwrap();
    assert_eq!(old["tool_choice"]["name"], "structured_output");
    assert_eq!(old["tool_choice"]["disable_parallel_tool_use"], true);
    body["text"] = json!({ "format": { "type": "json_object" }, "verbosity": "low" });
    assert_eq!(chat(&body)["response_format"], json!({ "type": "json_object" }));
    assert!(chat(&body).get("verbosity").is_none());
    assert_eq!(openai(&body)["verbosity"], "low");
}

#[test]
fn efforts_limits_and_sampling_are_those_of_the_model() {
    let mut body = of_input(json!("x"));
    body["reasoning"] = json!({ "effort": "xhigh", "summary": "auto" });
    body["max_output_tokens"] = json!(1_000_000);
    body["temperature"] = json!(0.5);
    let out = openai(&body);
    assert_eq!((&out["reasoning_effort"], &out["max_completion_tokens"]), (&json!("xhigh"), &json!(128_000)));
    assert!(out.get("temperature").is_none() && out.get("reasoning").is_none());
    let (out, notes) = sent(Pair::ResponsesToChat, CHAT, &body);
    assert_eq!((&out["max_tokens"], &out["temperature"]), (&json!(1_000_000), &json!(0.5)));
    assert_eq!(notes, ["reasoning.effort dropped: the model does not think on demand"]);
}

#[test]
fn how_hard_and_how_much_in_messages() {
    let of = |model: &str, reasoning: Value| {
        let mut body = of_input(json!("x"));
        body["reasoning"] = reasoning;
        body["temperature"] = json!(1.5);
        let out = sent(Pair::ResponsesToMessages, model, &body).0;
        (out["thinking"].clone(), out["output_config"]["effort"].clone(), out["max_tokens"].clone())
    };
    let summarized = json!({ "type": "adaptive", "display": "summarized" });
    let high = json!({ "effort": "high" });
    assert_eq!(of(CLAUDE, high.clone()), (summarized.clone(), json!("high"), json!(128_000)));
    assert_eq!(of(CLAUDE, json!({ "summary": "auto" })), (summarized, json!(null), json!(128_000)));
    assert_eq!(of(CLAUDE, json!(null)), (json!(null), json!(null), json!(128_000)));
    let budget = json!({ "type": "enabled", "budget_tokens": 16_384 });
    assert_eq!(of("claude-sonnet-4-5", high), (budget, json!(null), json!(64_000)));
}
