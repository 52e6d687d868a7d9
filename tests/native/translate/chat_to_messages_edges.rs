//! Answers of Chat Completions that other gateways get wrong for clients of Messages.

use llm_router::{
    translate::{
        answer::{self, Piece, Stop, Usage, Writer, to_messages},
        cleanse, seal, sse,
    },
    wire::{
        Wire,
        error::{ClientError, Kind},
    },
};
use serde_json::{Value, json};

use super::{
    chat_to_messages::{check, fixture, memo, translated},
    messages_client::{self, Read},
};

/// What a client makes of a stream.
fn read(text: &str) -> Read {
    check(text.as_bytes(), &memo("")).2
}

fn message(text: &str) -> Value {
    let read = read(text);
    assert_eq!(read.error, None);
    read.message.unwrap()
}

fn error(text: &str) -> Value {
    read(text).error.unwrap()
}

/// A stream of these deltas that ends for `finish`.
fn stream(deltas: &[Value], finish: &str) -> String {
    let chunk = |delta: &Value, finish: Value| {
        json!({ "choices": [{ "index": 0, "delta": delta, "finish_reason": finish }] }).to_string()
    };
    let mut out = Vec::new();
    for delta in deltas {
        sse::write("", &chunk(delta, Value::Null), &mut out);
    }
    sse::write("", &chunk(&json!({}), finish.into()), &mut out);
    sse::write("", "[DONE]", &mut out);
    String::from_utf8(out).unwrap()
}

fn calls(entries: &Value) -> Value {
    json!({ "tool_calls": entries })
}

/// Name and input of the tools used, in order.
fn tools(message: &Value) -> Vec<(String, Value)> {
    let blocks = message["content"].as_array().unwrap().iter();
    let tools = blocks.filter(|block| block["type"] == "tool_use");
    tools.map(|block| (block["name"].as_str().unwrap().to_owned(), block["input"].clone())).collect()
}

fn tool(name: &str, input: Value) -> (String, Value) {
    (name.to_owned(), input)
}

fn document(body: &Value) -> Result<Value, ClientError> {
    let out = answer::document(Wire::Chat, Wire::Messages, body.to_string().as_bytes(), &memo(""))?;
    let message = serde_json::from_slice(&out).unwrap();
    messages_client::check_message(&message).unwrap();
    Ok(message)
}

fn answered(message: &Value, finish: impl Into<Value>) -> Value {
    json!({ "id": "chatcmpl-1", "model": "m-up", "choices": [
        { "index": 0, "message": message, "finish_reason": finish.into() },
    ] })
}

fn count(text: &[u8], what: &str) -> usize {
    std::str::from_utf8(text).unwrap().matches(what).count()
}

#[test]
fn edge_05_usage_after_the_finish_is_told() {
    let message = message(&fixture("text"));
    assert_eq!(message["usage"]["output_tokens"], 5);
    assert_eq!(message["usage"]["input_tokens"], 5);
}

/// Until the number is known, clients show the estimate; where there never is one, it stays.
#[test]
fn edge_06_an_estimate_stands_in_for_usage() {
    let out = String::from_utf8(translated([fixture("text").as_bytes()], &memo(""))).unwrap();
    assert!(out.lines().nth(1).unwrap().contains("\"input_tokens\":17,"));
    let message = message(&fixture("usage-missing"));
    assert_eq!(message["usage"]["input_tokens"], 17);
    // A server that counts from the beginning knows better.
    let out = String::from_utf8(translated([fixture("usage-everywhere").as_bytes()], &memo(""))).unwrap();
    assert!(out.lines().nth(1).unwrap().contains("\"input_tokens\":20,"));
}

#[test]
fn edge_07_the_end_comes_once() {
    for name in ["text", "no-done", "finish-in-each"] {
        let text = fixture(name);
        let out = translated([text.as_bytes(), b"data: [DONE]\n\ndata: [DONE]\n\n"], &memo(""));
        assert_eq!(count(&out, "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n"), 1, "{name}");
        assert_eq!(count(&out, "message_stop"), 2, "{name}");
        assert_eq!(count(&out, "[DONE]"), 0, "{name}");
    }
}

#[test]
fn edge_08_an_error_in_the_stream_is_told_and_nothing_after_it() {
    for (name, kind) in [
        ("error-middle", "rate_limit_error"),
        ("error-event", "api_error"),
        ("finish-error", "api_error"),
        ("error-first", "overloaded_error"),
    ] {
        let text = format!("{}{}", fixture(name), fixture("text"));
        assert_eq!(error(&text)["type"], kind, "{name}");
    }
}

#[test]
fn edge_09_what_breaks_off_is_an_error() {
    let names = ["truncated-text", "truncated-tool", "truncated-nothing", "truncated-chunk", "nothing"];
    for name in names {
        assert_eq!(error(&fixture(name))["type"], "api_error", "{name}");
    }
    // After the finish nothing can be missing but usage.
    let text = fixture("text");
    for end in [text.find("data: [DONE]").unwrap(), text.find(",\"usage\"").unwrap()] {
        message(&text[..end]);
    }
}

#[test]
fn edge_10_parallel_calls_keep_their_arguments() {
    let message = message(&fixture("parallel-tools"));
    let expected = [
        tool("get_weather", json!({ "city": "Köln", "days": 2 })),
        tool("get_time", json!({ "zone": "CET" })),
    ];
    assert_eq!(tools(&message), expected);
}

#[test]
fn edge_11_cached_tokens_are_not_counted_twice() {
    let body = |details: Value| {
        let mut body = answered(&json!({ "content": "a" }), "stop");
        body["usage"] =
            json!({ "prompt_tokens": 100, "completion_tokens": 7, "prompt_tokens_details": details });
        document(&body).unwrap()["usage"].clone()
    };
    let usage = body(json!({ "cached_tokens": 60, "cache_write_tokens": 30 }));
    assert_eq!(usage["input_tokens"], 10);
    assert_eq!(usage["cache_read_input_tokens"], 60);
    assert_eq!(usage["cache_creation_input_tokens"], 30);
    assert_eq!(usage["cache_creation"]["ephemeral_5m_input_tokens"], 30);
    assert_eq!(body(json!({ "cached_tokens": 160 }))["input_tokens"], 0);
    assert_eq!(body(Value::Null)["input_tokens"], 100);
}

/// `[DONE]` is the provider's word that it is done, if nothing contradicts it.
#[test]
fn edge_19_an_end_without_a_reason() {
    let message = message(&fixture("done-unfinished"));
    assert_eq!(message["stop_reason"], "tool_use");
    let text = fixture("done-unfinished");
    assert_eq!(error(&text[..text.find("data: [DONE]").unwrap()])["type"], "api_error");
    error(&fixture("truncated-tool"));
    error(&fixture("truncated-nothing"));
    for (message, reason) in [
        (json!({ "content": "a" }), "end_turn"),
        (json!({ "tool_calls": [{ "id": "c", "function": { "name": "f" } }] }), "tool_use"),
    ] {
        assert_eq!(document(&answered(&message, Value::Null)).unwrap()["stop_reason"], reason);
    }
}

#[test]
fn edge_21_chunks_without_choices() {
    for odd in ["[]", "null", "{}", "[null]", "[{}]", "[{\"index\":0,\"delta\":null}]", "7"] {
        let text = format!("data: {{\"choices\":{odd}}}\n\n{}", fixture("text"));
        assert_eq!(message(&text)["content"][0]["text"], "Grüße, \"Welt\" 🌍\n", "{odd}");
    }
    let text = format!("data: {{}}\n\n{}", fixture("text"));
    message(&text);
    for odd in [json!([]), json!(null), json!([{ "index": 0 }]), json!("x")] {
        let error = document(&json!({ "choices": odd })).unwrap_err();
        assert_eq!(error.kind, Kind::Api);
        assert_eq!(error.status_for(Wire::Messages), 502);
    }
}

#[test]
fn edge_33_a_tool_is_why_it_stopped_whatever_the_word() {
    let call = calls(&json!([{ "index": 0, "id": "c", "function": { "name": "f", "arguments": "{}" } }]));
    for finish in ["stop", "tool_calls", "function_call", "eos", "STOP"] {
        assert_eq!(
            message(&stream(std::slice::from_ref(&call), finish))["stop_reason"],
            "tool_use",
            "{finish}"
        );
        assert_eq!(document(&answered(&call, finish)).unwrap()["stop_reason"], "tool_use");
    }
    // And no tool, no call, whatever the word.
    assert_eq!(message(&stream(&[json!({ "content": "a" })], "tool_calls"))["stop_reason"], "end_turn");
    assert_eq!(message(&stream(&[call], "length"))["stop_reason"], "max_tokens");
}

#[test]
fn edge_34_refusals_stay_refusals() {
    let message = message(&fixture("refusal"));
    assert_eq!(message["stop_reason"], "refusal");
    assert_eq!(message["content"][0]["text"], "I can't help.");
    assert_eq!(
        message["stop_details"],
        json!({ "type": "refusal", "category": null, "explanation": "I can't help." })
    );
    let whole = document(&answered(&json!({ "refusal": "No." }), "stop")).unwrap();
    assert_eq!(whole["stop_reason"], "refusal");
    assert_eq!(whole["content"][0]["text"], "No.");
    let filtered = document(&answered(&json!({ "content": "a" }), "content_filter")).unwrap();
    assert_eq!(filtered["stop_reason"], "refusal");
}

#[test]
fn edge_35_bad_arguments_are_shown() {
    let out = translated([fixture("bad-arguments").as_bytes()], &memo(""));
    assert_eq!(count(&out, "\"partial_json\":\"{\\\"city\\\": Rome\""), 1);
    let call = calls(&json!([{ "id": "c", "function": { "name": "f", "arguments": "{\"a\": b}" } }]));
    let whole = document(&answered(&call, "tool_calls")).unwrap();
    assert_eq!(tools(&whole), [tool("f", json!({ "_raw": "{\"a\": b}" }))]);
}

#[test]
fn edge_36_no_arguments_are_an_empty_object() {
    for arguments in [json!(""), json!(null), json!("{}"), json!("null"), json!({}), json!(" ")] {
        let call =
            calls(&json!([{ "index": 0, "id": "c", "function": { "name": "f", "arguments": arguments } }]));
        assert_eq!(tools(&message(&stream(std::slice::from_ref(&call), "stop"))), [tool("f", json!({}))]);
        assert_eq!(tools(&document(&answered(&call, "stop")).unwrap()), [tool("f", json!({}))]);
    }
    // An empty object that the real arguments follow.
    let entry = |arguments: &str| {
        calls(&json!([{ "index": 0, "function": { "name": "f", "arguments": arguments } }]))
    };
    let message = message(&stream(&[entry("{}"), entry("{\"a\":"), entry("1}")], "stop"));
    assert_eq!(tools(&message), [tool("f", json!({ "a": 1 }))]);
}

#[test]
fn edge_37_ids_are_made_once() {
    let entry = |id: Value| calls(&json!([{ "index": 0, "id": id, "function": { "name": "f" } }]));
    for id in [json!(null), json!(""), json!(7)] {
        let text = stream(&[entry(id.clone())], "stop");
        assert_eq!(message(&text)["content"][0]["id"], "call_R1_0");
        assert_eq!(message(&text), message(&text));
        assert_eq!(document(&answered(&entry(id), "stop")).unwrap()["content"][0]["id"], "call_R1_0");
    }
    // Two calls with one id could not be answered.
    let twice = calls(&json!([
        { "index": 0, "id": "c", "function": { "name": "f" } },
        { "index": 1, "id": "c", "function": { "name": "f" } },
    ]));
    let message = message(&stream(&[twice], "stop"));
    assert_eq!(
        (&message["content"][0]["id"], &message["content"][1]["id"]),
        (&json!("c"), &json!("call_R1_1"))
    );
}

#[test]
fn edge_40_an_id_in_each_delta_is_one_call() {
    let entry = |name: &str, arguments: &str| {
        calls(&json!([{ "index": 0, "id": "c", "function": { "name": name, "arguments": arguments } }]))
    };
    for name in ["f", ""] {
        let message = message(&stream(&[entry("f", "{\"a\":"), entry(name, "1"), entry(name, "}")], "stop"));
        assert_eq!(tools(&message), [tool("f", json!({ "a": 1 }))]);
    }
    // Another id in each delta as well, if nothing else tells that it is another call.
    assert_eq!(tools(&message(&fixture("ids-made-up"))), [tool("get_weather", json!({ "city": "Rome" }))]);
}

#[test]
fn edge_41_calls_without_an_index() {
    let entry = |id: Value, name: Value, arguments: &str| json!({ "id": id, "function": { "name": name, "arguments": arguments } });
    let none = || Value::Null;
    let expected = [tool("f", json!({ "a": 1 })), tool("g", json!({ "b": 2 }))];
    for deltas in [
        // By id.
        vec![
            json!([entry("x".into(), "f".into(), "{\"a\":")]),
            json!([entry("x".into(), none(), "1}")]),
            json!([entry("y".into(), "g".into(), "{\"b\":2")]),
            json!([entry("y".into(), none(), "}")]),
        ],
        // By id, interleaved.
        vec![
            json!([entry("x".into(), "f".into(), ""), entry("y".into(), "g".into(), "")]),
            json!([entry("y".into(), none(), "{\"b\":2}")]),
            json!([entry("x".into(), none(), "{\"a\":1}")]),
        ],
        // By position: one after the other, and side by side.
        vec![
            json!([entry(none(), "f".into(), "{\"a\":")]),
            json!([entry(none(), none(), "1}")]),
            json!([entry(none(), "g".into(), "{\"b\":")]),
            json!([entry(none(), none(), "2}")]),
        ],
        vec![
            json!([entry(none(), "f".into(), "{\"a\":"), entry(none(), "g".into(), "{\"b\":")]),
            json!([entry(none(), none(), "1}"), entry(none(), none(), "2}")]),
        ],
        vec![
            json!([entry(none(), "f".into(), "{\"a\":1}")]),
            json!([entry(none(), "g".into(), "{\"b\":2}")]),
        ],
    ] {
        let deltas: Vec<Value> = deltas.iter().map(calls).collect();
        assert_eq!(tools(&message(&stream(&deltas, "stop"))), expected, "{deltas:?}");
    }
    // The same call twice, each whole.
    let twice = calls(&json!([entry(none(), "f".into(), "{}"), entry(none(), "f".into(), "{\"a\":1}")]));
    assert_eq!(tools(&message(&stream(&[twice], "stop"))).len(), 2);
}

#[test]
fn edge_42_the_name_may_come_later() {
    let entry = |id: &str, name: &str, arguments: &str| {
        calls(&json!([{ "index": 0, "id": id, "function": { "name": name, "arguments": arguments } }]))
    };
    let deltas = [entry("c", "", "{\"a\""), entry("", "f", ""), entry("", "", ":1}"), entry("c", "", "")];
    assert_eq!(tools(&message(&stream(&deltas, "stop"))), [tool("f", json!({ "a": 1 }))]);
    // A call of which there is nothing but an id is none; with arguments, something is missing.
    let text = stream(&[json!({ "content": "a" }), entry("c", "", "")], "stop");
    assert_eq!(message(&text)["stop_reason"], "end_turn");
    error(&stream(&[entry("c", "", "{\"a\":1}")], "stop"));
}

#[test]
fn edge_43_text_after_a_call_ends_it() {
    let out = String::from_utf8(translated([fixture("tools-then-text").as_bytes()], &memo(""))).unwrap();
    let stop = out.find("{\"type\":\"content_block_stop\",\"index\":0}").unwrap();
    let text = out.find("{\"type\":\"content_block_start\",\"index\":1").unwrap();
    assert!(stop < text, "{out}");
    let message = message(&fixture("tools-then-text"));
    assert_eq!(message["content"][1]["text"], "\n\nDone.");
    // White space alone is no text.
    let call = calls(&json!([{ "index": 0, "id": "c", "function": { "name": "f" } }]));
    let blank = json!({ "content": "\n\n" });
    let message = self::message(&stream(&[blank.clone(), call, blank], "stop"));
    assert_eq!(message["content"].as_array().unwrap().len(), 1);
}

#[test]
fn edge_59_comments_and_names_of_events() {
    let message = message(&fixture("crlf-comments"));
    assert_eq!(message["content"][0]["text"], "Hi é there");
    let out = translated([fixture("crlf-comments").as_bytes()], &memo(""));
    // Three comments and a word to keep the connection alive.
    assert_eq!(count(&out, "event: ping\ndata: {\"type\":\"ping\"}\n\n"), 3);
}

#[test]
fn edge_60_the_last_record_needs_no_blank_line() {
    for end in ["", "\n", "\n\n"] {
        let text = format!("{}{end}", fixture("no-done"));
        assert_eq!(message(&text)["usage"]["output_tokens"], 5);
    }
}

#[test]
fn edge_61_data_of_several_lines() {
    let text = fixture("text").replace(",\"choices\"", ",\ndata: \"choices\"");
    assert!(text.contains("\ndata: \"choices\""));
    assert_eq!(message(&text), message(&fixture("text")));
}

#[test]
fn edge_66_a_full_context_is_told_in_the_words_that_agents_know() {
    let told = error(&fixture("error-context"));
    assert_eq!(told["type"], "invalid_request_error");
    assert!(told["message"].as_str().unwrap().contains("exceed context limit"), "{told}");
    let text = "data: {\"error\":{\"message\":\"maximum context length is 10 tokens, you requested 20 tokens\",\
                \"code\":\"context_length_exceeded\"}}\n\n";
    assert_eq!(error(text)["message"], "prompt is too long: 20 tokens > 10 maximum");
}

#[test]
fn edge_67_an_overload_keeps_its_kind() {
    let told = error(&fixture("error-first"));
    assert_eq!(told["type"], "overloaded_error");
    let body = json!({ "error": { "message": "Overloaded", "type": "overloaded_error" } });
    let error = document(&body).unwrap_err();
    assert_eq!((error.kind, error.status_for(Wire::Messages)), (Kind::Overloaded, 529));
}

#[test]
fn edge_70_what_is_no_json_is_an_error_in_few_words() {
    for body in ["<html><body>502</body></html>", "", "{\"choices\":[", "\"x\"", "[]"] {
        let error = answer::document(Wire::Chat, Wire::Messages, body.as_bytes(), &memo("")).unwrap_err();
        assert_eq!((error.kind, error.status_for(Wire::Messages)), (Kind::Api, 502), "{body}");
        assert!(!error.message.contains('<'));
    }
    error(&fixture("not-a-stream"));
}

#[test]
fn edge_72_73_id_and_model_are_the_clients() {
    let whole = document(&answered(&json!({ "content": "a" }), "stop")).unwrap();
    for message in [message(&fixture("text")), whole] {
        assert_eq!(message["id"], "msg_R1");
        assert_eq!(message["model"], "claude-asked");
    }
}

/// What the writer makes of these pieces, streamed; whole it is the same.
fn written(pieces: Vec<Piece>) -> Value {
    let memo = memo("");
    let (mut stream, mut out) = (to_messages::Stream::new(&memo), Vec::new());
    for piece in pieces.clone() {
        stream.piece(piece, &mut out);
    }
    let streamed = messages_client::assert_good(&out).message.unwrap();
    let whole: Value = serde_json::from_slice(&to_messages::document(pieces, &memo)).unwrap();
    for field in ["content", "stop_reason", "stop_sequence", "stop_details"] {
        assert_eq!(streamed[field], whole[field], "{field}");
    }
    whole
}

#[test]
fn edge_83_84_reasons_to_stop_keep_the_content() {
    let refusal = || Stop::Refusal { explanation: Some("why".to_owned()), category: Some("bio".to_owned()) };
    for (stop, reason, sequence) in [
        (Stop::EndTurn, "end_turn", Value::Null),
        (Stop::Sequence(Some("END".to_owned())), "stop_sequence", json!("END")),
        (Stop::Sequence(None), "end_turn", Value::Null),
        (Stop::MaxTokens, "max_tokens", Value::Null),
        (Stop::Context, "model_context_window_exceeded", Value::Null),
        (Stop::Pause, "pause_turn", Value::Null),
        (Stop::Compaction, "end_turn", Value::Null),
        (refusal(), "refusal", Value::Null),
    ] {
        let begin = Piece::Begin(Usage::default());
        let message =
            written(vec![begin, Piece::Text("half".to_owned()), Piece::End(stop, Usage::default())]);
        assert_eq!((&message["stop_reason"], &message["stop_sequence"]), (&reason.into(), &sequence));
        assert_eq!(message["content"][0]["text"], "half");
        let is_refusal = reason == "refusal";
        let details = json!({ "type": "refusal", "category": "bio", "explanation": "why" });
        assert_eq!(message["stop_details"], if is_refusal { details } else { Value::Null });
    }
    let message = message(&fixture("content-filter"));
    assert_eq!(message["content"][0]["text"], "Half of it");
}

/// Blocks that a reader of Chat never makes.
#[test]
fn blocks_of_all_kinds_are_written() {
    let text = |text: &str| Piece::Text(text.to_owned());
    let thinking = |text: &str| Piece::Thinking(text.to_owned());
    let signature = |text: &str| Piece::Signature(text.to_owned());
    let call = |call: usize| Piece::Call { call, id: format!("c{call}"), name: "f".to_owned() };
    let arguments = |call: usize, json: &str| Piece::Arguments { call, json: json.to_owned() };
    let message = written(vec![
        Piece::Begin(Usage::default()),
        thinking("a"),
        thinking("b"),
        signature("s"),
        thinking("c"),
        Piece::Redacted("r".to_owned()),
        signature("alone"),
        text("d"),
        Piece::Break,
        text("e"),
        text("f"),
        call(0),
        call(1),
        arguments(1, "{\"x\""),
        text("between"),
        arguments(0, "{}"),
        arguments(1, ":1}"),
        Piece::CallEnd { call: 1 },
        Piece::CallEnd { call: 0 },
        Piece::Refusal("no".to_owned()),
        Piece::End(Stop::ToolUse, Usage::default()),
    ]);
    let kinds: Vec<&str> =
        message["content"].as_array().unwrap().iter().map(|block| block["type"].as_str().unwrap()).collect();
    let thought = ["thinking", "thinking", "redacted_thinking", "thinking"];
    assert_eq!(kinds[..4], thought);
    assert_eq!(kinds[4..], ["text", "text", "tool_use", "tool_use", "text", "text"]);
    assert_eq!(message["content"][0]["thinking"], "ab");
    // Thinking without a signature is not to be taken for Anthropic's own.
    assert!(seal::is_sealed(message["content"][1]["signature"].as_str().unwrap()));
    let relayed = json!({ "messages": [{ "role": "assistant", "content": message["content"] }] });
    let relayed = cleanse::cleanse(Wire::Messages, relayed.to_string().as_bytes()).unwrap();
    assert!(!String::from_utf8(relayed).unwrap().contains("thinking"));
    assert_eq!(message["content"][5]["text"], "ef");
    assert_eq!(message["content"][7]["input"], json!({ "x": 1 }));
}

#[test]
fn edge_85_an_empty_answer_is_an_answer() {
    for message in [
        message(&fixture("empty")),
        document(&answered(&json!({ "content": null }), "stop")).unwrap(),
        document(&answered(&json!({ "content": "" }), "stop")).unwrap(),
    ] {
        assert_eq!(message["stop_reason"], "end_turn");
        assert_eq!(message["content"], json!([{ "type": "text", "text": "", "citations": null }]));
    }
    let blank = document(&answered(&json!({ "content": "\n" }), "stop")).unwrap();
    assert_eq!(blank["content"][0]["text"], "\n");
}
