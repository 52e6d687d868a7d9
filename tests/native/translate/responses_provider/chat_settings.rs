//! The settings of a Chat request, one by one.

use llm_router::translate::{Pair, Traits};
use serde_json::{Value, json};

use super::{
    GPT, OLD, OTHER, PROVIDER,
    chat::{refused, translate, with},
    done_with, said, user,
};

#[test]
fn structured_outputs_are_flat() {
    let schema = json!({ "type": "object", "properties": {} });
    let format = |spec: Value| json!({ "response_format": { "type": "json_schema", "json_schema": spec } });
    let done =
        with(GPT, format(json!({ "name": "n", "schema": schema, "strict": true, "description": "d" })));
    let expected =
        json!({ "type": "json_schema", "name": "n", "description": "d", "schema": schema, "strict": true });
    assert_eq!(done.body["text"], json!({ "format": expected }));
    let done = with("gpt-4", format(json!({ "name": "n", "schema": schema })));
    assert!(done.body.get("text").is_none());
    assert!(done.body["instructions"].as_str().unwrap().contains("schema"));
    // OpenAI looks for the word in the input.
    let json = json!({
        "messages": [{ "role": "system", "content": "Answer in JSON." }, user("q")],
        "response_format": { "type": "json_object" },
    });
    let done = translate(GPT, &json);
    assert_eq!(done.body["text"], json!({ "format": { "type": "json_object" } }));
    assert_eq!(done.body["input"][0], said("system", "Answer in JSON."));
    assert!(done.body.get("instructions").is_none());
    assert_eq!(refused(&json!({ "response_format": { "type": "x" } })), "response_format.type");
}

#[test]
fn limits_are_what_responses_takes() {
    let limit = |more| with(GPT, more).body["max_output_tokens"].take();
    assert_eq!(limit(json!({ "max_completion_tokens": 100, "max_tokens": 50 })), 100);
    assert_eq!(limit(json!({ "max_tokens": 1_000_000 })), 128_000);
    assert_eq!(limit(json!({ "max_tokens": 1 })), 16);
    assert_eq!(limit(json!({})), Value::Null);
    assert_eq!(
        with(GPT, json!({ "max_tokens": 5 })).notes,
        ["max_tokens raised to 16: Responses takes no less"]
    );
}

#[test]
fn edge_26_and_28_sampling_and_stops() {
    let more = json!({ "temperature": 0.5, "top_p": 0.9, "stop": ["a", "b"] });
    let done = with(OLD, more.clone());
    assert_eq!((&done.body["temperature"], &done.body["top_p"]), (&json!(0.5), &json!(0.9)));
    assert_eq!(done.notes, ["stop sequences dropped: Responses has none"]);
    let done = with(GPT, more);
    assert!(done.body.get("temperature").is_none());
    assert_eq!(done.notes.len(), 2);
    assert!(with(GPT, json!({ "stop": [] })).notes.is_empty());
}

#[test]
fn edge_71_one_answer_only() {
    assert_eq!(refused(&json!({ "n": 2 })), "n");
    assert_eq!(refused(&json!({ "modalities": ["audio"] })), "modalities");
    let done = with(
        GPT,
        json!({ "n": 1, "seed": 1, "logit_bias": { "1": 1 }, "logprobs": true, "frequency_penalty": 1 }),
    );
    assert_eq!(done.notes.len(), 4);
}

#[test]
fn what_openai_knows_in_both_formats() {
    let more = json!({
        "user": "u", "metadata": { "a": "b" }, "service_tier": "flex", "verbosity": "low",
        "prompt_cache_key": "k", "prompt_cache_retention": "24h", "store": true, "stream": true,
        "stream_options": { "include_usage": true },
    });
    let done = with(GPT, more.clone());
    let body = &done.body;
    assert_eq!(
        (&body["safety_identifier"], &body["metadata"], &body["service_tier"], &body["text"]),
        (&json!("u"), &json!({ "a": "b" }), &json!("flex"), &json!({ "verbosity": "low" }))
    );
    assert_eq!((&body["prompt_cache_key"], &body["prompt_cache_retention"]), (&json!("k"), &json!("24h")));
    assert_eq!(body["stream"], true);
    assert!(done.memo.include_usage && body.get("stream_options").is_none());
    let done = with(OTHER, more);
    assert_eq!(done.notes, ["service_tier dropped", "text.verbosity dropped"]);
    assert!(done.body.get("safety_identifier").is_none() && done.body.get("metadata").is_none());
}

#[test]
fn breakpoints_where_they_are_known() {
    let mark = json!({ "mode": "explicit" });
    let part = json!({ "type": "text", "text": "t", "prompt_cache_breakpoint": mark });
    let body = json!({ "messages": [{ "role": "system", "content": [part] }, user("q")] });
    let done = translate("gpt-5.6", &body);
    assert_eq!(done.body["input"][0]["content"][0]["prompt_cache_breakpoint"], mark);
    assert_eq!(translate(GPT, &body).body["instructions"], "t");
}

#[test]
fn web_search_is_openais_own_tool() {
    let options = json!({
        "search_context_size": "low",
        "user_location": { "type": "approximate", "approximate": { "city": "Bonn", "country": "DE" } },
    });
    let done = with(GPT, json!({ "web_search_options": options }));
    let location = json!({ "type": "approximate", "city": "Bonn", "country": "DE" });
    let expected = json!({ "type": "web_search", "search_context_size": "low", "user_location": location });
    assert_eq!(done.body["tools"], json!([expected]));
    assert_eq!(with(OTHER, json!({ "web_search_options": options })).notes, ["web_search_options dropped"]);
}

#[test]
fn the_answers_translation_knows_who_answers() {
    let done = with(GPT, json!({}));
    assert_eq!((done.memo.provider.as_str(), done.memo.model.as_str()), (PROVIDER, GPT));
    assert!(done.memo.input_estimate > 0);
}

#[test]
fn behind_chatgpt() {
    let codex = Traits { codex: true, ..Traits::of(OLD) };
    let body = json!({ "messages": [user("q")], "max_tokens": 100, "temperature": 0.5 });
    let done = done_with(Pair::ChatToResponses, OLD, &codex, &body).unwrap();
    assert_eq!(done.body["stream"], true);
    assert!(!done.body["instructions"].as_str().unwrap().is_empty());
    assert!(done.body.get("max_output_tokens").is_none() && done.body.get("temperature").is_none());
    assert_eq!(done.notes.len(), 2);
    let body = json!({ "messages": [{ "role": "system", "content": "s" }, user("q")] });
    assert_eq!(done_with(Pair::ChatToResponses, OLD, &codex, &body).unwrap().body["instructions"], "s");
    let body = json!({ "messages": [user("q"), { "role": "system", "content": "s" }] });
    assert_eq!(
        done_with(Pair::ChatToResponses, OLD, &codex, &body).unwrap().body["input"][1],
        said("developer", "s")
    );
}

#[test]
fn chatgpt_is_sent_nothing_that_codex_does_not_send() {
    let refused =
        ["safety_identifier", "metadata", "service_tier", "prompt_cache_retention", "prompt_cache_options"];
    let part = json!({ "type": "text", "text": "q", "prompt_cache_breakpoint": { "mode": "explicit" } });
    let body = json!({
        "messages": [{ "role": "user", "content": [part] }], "safety_identifier": "u", "user": "v",
        "metadata": { "a": "b" }, "service_tier": "flex", "prompt_cache_retention": "24h",
        "prompt_cache_options": { "mode": "explicit" }, "prompt_cache_key": "k", "verbosity": "low",
    });
    let model = "gpt-5.6";
    let traits = Traits::of(model);
    let done = done_with(Pair::ChatToResponses, model, &traits, &body).unwrap();
    assert!(refused.iter().all(|name| done.body.get(name).is_some()), "elsewhere all of it is taken");
    let codex = Traits { codex: true, ..traits };
    let done = done_with(Pair::ChatToResponses, model, &codex, &body).unwrap();
    assert!(refused.iter().all(|name| done.body.get(name).is_none()), "{}", done.body);
    assert_eq!(
        (&done.body["prompt_cache_key"], &done.body["text"]),
        (&json!("k"), &json!({ "verbosity": "low" }))
    );
    assert_eq!(done.body["input"][0], said("user", "q"));
    assert_eq!(
        done.notes,
        [
            "metadata dropped: the provider takes none",
            "safety_identifier dropped: the provider takes none",
            "service_tier dropped: the provider takes none",
            "prompt_cache_retention and prompt_cache_options dropped: the provider takes neither",
        ]
    );
    // Claude Code says with every request who asks.
    let body = json!({
        "messages": [user("q")], "max_tokens": 100, "metadata": { "user_id": "user_a_session_b" },
        "service_tier": "auto",
    });
    let done = done_with(Pair::MessagesToResponses, model, &codex, &body).unwrap();
    assert!(refused.iter().all(|name| done.body.get(name).is_none()), "{}", done.body);
    assert_eq!(done.body["prompt_cache_key"], "b");
    assert!(done.notes.contains(&"safety_identifier dropped: the provider takes none"));
}
