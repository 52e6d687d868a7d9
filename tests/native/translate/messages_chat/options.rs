//! Everything but messages and tools.

use llm_router::translate::{Traits, traits::Thinking};
use serde_json::{Value, json};

use super::{chat, request, translated_with, with};

fn hi() -> Value {
    json!([{ "role": "user", "content": "hi" }])
}

#[test]
fn edge_06_usage_is_asked_for() {
    let body = with(&json!({ "stream": true }), "llama-3.3-70b");
    assert_eq!(body["stream_options"], json!({ "include_usage": true }));
    assert_eq!(with(&json!({ "stream": false }), "llama-3.3-70b").get("stream_options"), None);
    let old = Traits { stream_options: false, ..Traits::default() };
    let done = translated_with(&request(&hi(), &json!({ "stream": true })), "m", &old).unwrap();
    assert!(!String::from_utf8(done.body).unwrap().contains("stream_options"));
}

#[test]
fn edge_17_max_tokens_are_clamped() {
    let limit = |asked: u64, model: &str| {
        let body = with(&json!({ "max_tokens": asked }), model);
        (body["max_tokens"].as_u64(), body["max_completion_tokens"].as_u64())
    };
    assert_eq!(limit(128_000, "gpt-4o"), (None, Some(16_384)));
    assert_eq!(limit(128_000, "gpt-5.1"), (None, Some(128_000)));
    assert_eq!(limit(9, "gpt-5.1"), (None, Some(9)));
    assert_eq!(limit(128_000, "llama-3.3-70b"), (Some(128_000), None));
    assert_eq!(limit(128_000, "anthropic/claude-sonnet-4.5"), (Some(64_000), None));
}

#[test]
fn edge_26_stops_and_sampling() {
    let more = json!({ "stop_sequences": ["a"], "top_p": 0.5, "temperature": 1, "top_k": 3 });
    let body = with(&more, "gpt-4o");
    assert_eq!((&body["stop"], &body["top_p"]), (&json!(["a"]), &json!(0.5)));
    assert_eq!(body["temperature"], 1);
    assert_eq!(body.get("top_k"), None);
    let (body, notes) = chat(&request(&hi(), &more), "gpt-5.1");
    for absent in ["stop", "top_p", "temperature", "top_k"] {
        assert_eq!(body.get(absent), None);
    }
    assert_eq!(notes.len(), 3);
}

#[test]
fn edge_28_four_stops_at_most() {
    let body = with(&json!({ "stop_sequences": ["1", "", "2", "3", "4", "5"] }), "gpt-4o");
    assert_eq!(body["stop"], json!(["1", "2", "3", "4"]));
    assert_eq!(with(&json!({ "stop_sequences": [""] }), "gpt-4o").get("stop"), None);
}

#[test]
fn edge_75_budgets_become_efforts() {
    let effort = |budget: u64, model: &str| {
        let thinking = json!({ "type": "enabled", "budget_tokens": budget });
        with(&json!({ "thinking": thinking }), model)["reasoning_effort"].clone()
    };
    assert_eq!(effort(31_999, "gpt-5.2"), "xhigh");
    assert_eq!(effort(32_000, "gpt-5"), "high");
    assert_eq!(effort(10_000, "gpt-5"), "high");
    assert_eq!(effort(4_000, "gpt-5"), "medium");
    assert_eq!(effort(1_024, "o3"), "low");
    assert_eq!(effort(31_999, "anthropic/claude-sonnet-4.5"), "high");
    assert_eq!(effort(31_999, "llama-3.3-70b"), json!(null));
}

#[test]
fn edge_76_efforts_in_order_of_priority() {
    let system =
        |effort: &str| json!({ "role": "system", "content": [], "output_config": { "effort": effort } });
    let effort = |more: Value, systems: &[&str]| {
        let mut messages = vec![json!({ "role": "user", "content": "hi" })];
        messages.extend(systems.iter().map(|effort| system(effort)));
        chat(&request(&json!(messages), &more), "gpt-5.1").0["reasoning_effort"].clone()
    };
    let adaptive = json!({ "type": "adaptive" });
    let both = json!({ "thinking": adaptive, "output_config": { "effort": "medium" } });
    assert_eq!(effort(both.clone(), &[]), "medium");
    assert_eq!(effort(both, &["low"]), "medium");
    assert_eq!(effort(json!({ "thinking": adaptive }), &["high", "low"]), "low");
    assert_eq!(effort(json!({ "thinking": adaptive }), &["low", "odd"]), "low");
    assert_eq!(
        effort(json!({ "thinking": { "type": "enabled", "budget_tokens": 1_024 } }), &["max"]),
        "high"
    );
    assert_eq!(effort(json!({ "thinking": { "type": "disabled" } }), &[]), "none");
    for silent in [json!({ "type": "adaptive" }), json!({ "type": "between_tools" }), json!(null)] {
        assert_eq!(effort(json!({ "thinking": silent }), &[]), json!(null));
    }
    let off = json!({ "thinking": { "type": "disabled" } });
    assert_eq!(with(&off, "gpt-5")["reasoning_effort"], "minimal");
    assert_eq!(with(&off, "o3")["reasoning_effort"], "low");
    let budget = Traits { thinking: Thinking::Budget, ..Traits::default() };
    let done = translated_with(&request(&hi(), &off), "m", &budget).unwrap();
    assert!(!String::from_utf8(done.body).unwrap().contains("reasoning_effort"));
}

#[test]
fn edge_77_effort_is_a_member_of_its_own() {
    let body = with(&json!({ "output_config": { "effort": "high" } }), "gpt-5.2");
    assert_eq!(body["reasoning_effort"], "high");
    assert_eq!(body.get("reasoning"), None);
}

#[test]
fn the_newest_of_openai_do_not_think_with_tools_in_chat() {
    let tools = json!([{ "name": "t", "input_schema": {} }]);
    let effort = |more: Value, model: &str| with(&more, model)["reasoning_effort"].clone();
    let asked = json!({ "tools": tools, "output_config": { "effort": "high" } });
    assert_eq!(effort(asked.clone(), "gpt-5.6-terra"), "none");
    assert_eq!(effort(json!({ "tools": tools }), "gpt-5.6-terra"), "none");
    assert_eq!(effort(asked.clone(), "gpt-5.1"), "high");
    assert_eq!(effort(asked, "openai/gpt-5.6-terra"), "high");
    assert_eq!(effort(json!({ "output_config": { "effort": "high" } }), "gpt-5.6-terra"), "high");
}

#[test]
fn edge_78_the_cache_key_stays_over_turns() {
    let key = |body: &Value| body["prompt_cache_key"].as_str().unwrap_or_default().to_owned();
    let user = json!({ "account_uuid": "a", "session_id": "s-1" }).to_string();
    let body = with(&json!({ "metadata": { "user_id": user } }), "gpt-5.1");
    assert_eq!(key(&body), "s-1");
    assert_eq!(body["safety_identifier"].as_str().unwrap().len(), 64);

    let turn = |messages: Value, system: &str, control: Value| {
        let header = json!({ "type": "text", "text": format!("x-anthropic-billing-header: {control}") });
        let system = json!([header, { "type": "text", "text": system, "cache_control": control }]);
        let tools = json!([{ "name": "t", "input_schema": {}, "cache_control": control }]);
        key(&chat(&request(&messages, &json!({ "system": system, "tools": tools })), "gpt-5.1").0)
    };
    let first = turn(hi(), "S", json!({ "type": "ephemeral" }));
    let later = json!([hi()[0], { "role": "assistant", "content": "a" }, { "role": "user", "content": "b" }]);
    assert_eq!(first, turn(later, "S", json!(null)));
    assert_ne!(first, turn(hi(), "T", json!(null)));
    assert_eq!(first.len(), 64);
    assert_eq!(key(&with(&json!({ "metadata": { "user_id": "u" } }), "llama-3.3-70b")), "");
}

#[test]
fn edge_79_structured_output() {
    let closed = json!({
        "type": "object", "properties": { "a": { "type": "string" } },
        "required": ["a"], "additionalProperties": false,
    });
    let open = json!({ "type": "object", "properties": { "a": { "type": "string" } } });
    for (schema, strict) in [(closed, true), (open, false)] {
        let format = json!({ "type": "json_schema", "schema": schema });
        for more in [json!({ "output_config": { "format": format } }), json!({ "output_format": format })] {
            let body = with(&more, "gpt-4o");
            let expected = json!({ "name": "structured_output", "schema": schema, "strict": strict });
            assert_eq!(body["response_format"], json!({ "type": "json_schema", "json_schema": expected }));
        }
        // Where no schema is taken it is said in words.
        let body = with(&json!({ "output_config": { "format": format } }), "deepseek-chat");
        assert_eq!(body.get("response_format"), None);
        assert!(body["messages"][0]["content"].as_str().unwrap().ends_with(&schema.to_string()));
    }
}

#[test]
fn tiers_are_openais() {
    let tier =
        |tier: &str, model: &str| with(&json!({ "service_tier": tier }), model)["service_tier"].clone();
    assert_eq!(tier("auto", "gpt-4o"), "auto");
    assert_eq!(tier("standard_only", "gpt-4o"), "default");
    assert_eq!(tier("standard_only", "llama-3.3-70b"), json!(null));
}

#[test]
fn unknown_members_break_nothing() {
    let more = json!({
        "speed": "fast", "inference_geo": "eu", "container": "c", "mcp_servers": [], "diagnostics": {},
        "context_management": {}, "safeguards": [], "fallbacks": [], "compaction": {}, "thread": null,
        "billing_policy": "b", "user_profile_id": "u", "workspace_id": "w", "brand_new": [1],
    });
    let (body, notes) = chat(&request(&hi(), &more), "llama-3.3-70b");
    let names: Vec<&String> = body.as_object().unwrap().keys().collect();
    assert_eq!(names, ["model", "messages", "max_tokens"]);
    assert!(notes.is_empty());
}
