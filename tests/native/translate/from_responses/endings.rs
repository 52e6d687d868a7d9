//! How answers end: well, cut off, refused, or not at all.

use llm_router::translate::answer::{Stop, Usage};
use llm_router::wire::error::Kind;
use serde_json::{Value, json};

use super::{Said, completed, content, read, read_document, said, server::response, stream, text};

fn message(text: &str) -> Value {
    let part = json!({ "type": "output_text", "text": text, "annotations": [] });
    json!({ "type": "message", "id": "m", "role": "assistant", "content": [part] })
}

fn function(name: &str) -> Value {
    json!({ "type": "function_call", "id": "f", "call_id": "c", "name": name, "arguments": "{}" })
}

/// The last that is said of a document, and of streams that end in the same, whatever the event is called.
fn ends(answer: &Value, kinds: &[&str]) -> Said {
    let document = match read_document(answer) {
        Ok(pieces) => said(&pieces).pop().unwrap(),
        Err(error) => Said::Fault(error.kind),
    };
    for kind in kinds {
        let events = [json!({ "type": "created" }), json!({ "type": kind, "response": answer })];
        assert_eq!(said(&read(&stream(&events))).pop().unwrap(), document, "{kind} {answer}");
    }
    document
}

#[test]
fn the_table_of_endings() {
    let with = |status: &str, reason: Value, output: &[Value]| {
        let mut answer = response(status, output);
        answer["incomplete_details"] = reason;
        answer
    };
    let because = |reason: &str| json!({ "reason": reason });
    let refused = |text: Option<&str>| Stop::Refusal { explanation: text.map(str::to_owned), category: None };
    let no = json!({ "type": "message", "content": [{ "type": "refusal", "refusal": "No." }] });
    let both = ["completed", "done"];
    let cut = ["incomplete", "completed", "done"];
    for (answer, kinds, stop) in [
        (with("completed", Value::Null, &[message("a")]), &both[..], Stop::EndTurn),
        (with("completed", Value::Null, &[message("")]), &both, Stop::EndTurn),
        (with("completed", Value::Null, &[]), &both, Stop::EndTurn),
        (with("completed", Value::Null, &[function("f")]), &both, Stop::ToolUse),
        (with("completed", Value::Null, &[message("a"), function("f")]), &both, Stop::ToolUse),
        (with("completed", Value::Null, std::slice::from_ref(&no)), &both, refused(Some("No."))),
        (with("completed", json!({}), &[message("a")]), &both, Stop::EndTurn),
        (with("incomplete", because("max_output_tokens"), &[message("a")]), &cut, Stop::MaxTokens),
        (with("incomplete", because("max_output_tokens"), &[]), &cut, Stop::MaxTokens),
        (with("incomplete", because("max_output_tokens"), &[function("f")]), &cut, Stop::MaxTokens),
        (with("completed", because("max_output_tokens"), &[message("a")]), &cut, Stop::MaxTokens),
        (with("incomplete", because("content_filter"), &[message("a")]), &cut, refused(None)),
        (with("incomplete", because("content_filter"), &[no]), &cut, refused(Some("No."))),
        (with("incomplete", because("model_context_window_exceeded"), &[]), &cut, Stop::Context),
        (with("incomplete", because("something_new"), &[message("a")]), &cut, Stop::MaxTokens),
        (with("incomplete", Value::Null, &[message("a")]), &cut, Stop::MaxTokens),
    ] {
        match ends(&answer, kinds) {
            Said::End(found, _) => assert_eq!(found, stop, "{answer}"),
            other => panic!("{other:?} of {answer}"),
        }
    }
}

#[test]
fn failures_are_never_ends() {
    let failed = |error: Value| {
        let mut answer = response("failed", &[message("half")]);
        answer["error"] = error;
        answer
    };
    let error = |code: &str, message: &str| failed(json!({ "code": code, "message": message }));
    let kinds = ["failed", "completed", "incomplete", "done"];
    for (answer, kind) in [
        (error("server_error", "oops"), Kind::Api),
        (error("rate_limit_exceeded", "slowly"), Kind::RateLimit),
        (error("server_is_overloaded", "busy"), Kind::Overloaded),
        (error("insufficient_quota", "pay"), Kind::Billing),
        (error("context_length_exceeded", "long"), Kind::ContextLength),
        (error("invalid_prompt", "bad"), Kind::InvalidRequest),
        (error("image_too_large", "bad"), Kind::InvalidRequest),
        (error("empty_image_file", "bad"), Kind::InvalidRequest),
        (error("image_content_policy_violation", "rude"), Kind::ContentPolicy),
        (error("bio_policy", "rude"), Kind::ContentPolicy),
        (error("model_not_found", "none"), Kind::ModelNotFound),
        (failed(json!("gone")), Kind::Api),
        (failed(Value::Null), Kind::Api),
        (response("cancelled", &[message("half")]), Kind::Api),
    ] {
        assert_eq!(ends(&answer, &kinds), Said::Fault(kind), "{answer}");
    }
    for status in ["queued", "in_progress"] {
        assert_eq!(read_document(&response(status, &[])).unwrap_err().kind, Kind::Api);
    }
    for body in [
        "",
        "null",
        "[]",
        "{}",
        r#"{"output":{}}"#,
        r#"{"error":"no"}"#,
        r#"{"type":"error","message":"no"}"#,
    ] {
        let body: Value = serde_json::from_str(body).unwrap_or_default();
        assert!(read_document(&body).is_err(), "{body}");
    }
}

#[test]
fn errors_in_the_middle_of_a_stream() {
    let error = json!({ "code": "rate_limit_exceeded", "message": "Try again in 1.5s." });
    let mut flat = error.clone();
    flat["type"] = "error".into();
    let half = json!({ "type": "output_text.delta", "item_id": "m", "output_index": 0, "delta": "half" });
    for failure in [
        flat,
        json!({ "type": "error", "error": error }),
        json!({ "type": "failed", "response": { "error": error } }),
        json!({ "error": error }),
    ] {
        let pieces = read(&stream(&[half.clone(), failure.clone(), completed()]));
        let [Said::Text(told), Said::Fault(kind)] = &said(&pieces)[..] else {
            panic!("{failure}: {pieces:?}")
        };
        assert_eq!((told.as_str(), *kind), ("half", Kind::RateLimit), "{failure}");
        let Some(llm_router::translate::answer::Piece::Fault(error)) = pieces.last() else { panic!() };
        assert_eq!(error.retry_after_ms, Some(1_500), "{failure}");
        // Before anything has begun, a fault is all there is.
        assert_eq!(read(&stream(&[failure])).len(), 1);
    }
    for named in ["event: error\ndata: gone\n\n", "event: error\ndata: {\"message\":\"gone\"}\n\n"] {
        assert_eq!(
            said(&read(&(stream(std::slice::from_ref(&half)) + named))),
            [text("half"), Said::Fault(Kind::Api)]
        );
    }
}

#[test]
fn edge_9_what_breaks_off_is_no_answer() {
    let half = stream(&[json!({ "type": "output_text.delta", "output_index": 0, "delta": "half" })]);
    let done = stream(&[json!({ "type": "output_item.done", "output_index": 0, "item": message("half") })]);
    for (end, faults) in [
        ("", true),
        ("data: [DONE]\n\n", true),
        ("data: {\"type\":\"response.comp", true),
        ("data: not JSON\n\n", true),
        (stream(&[completed()]).as_str(), false),
        (format!("{}data: [DONE]\n\n", stream(&[completed()])).as_str(), false),
    ] {
        for begin in [&half, &done] {
            let said = said(&read(&format!("{begin}{end}")));
            assert_eq!(said.first(), Some(&text("half")));
            assert_eq!(said.last() == Some(&Said::Fault(Kind::Api)), faults, "{end}");
        }
    }
    assert_eq!(said(&read("")), [Said::Fault(Kind::Api)]);
    assert_eq!(said(&read("data: [DONE]\n\n")), [Said::Fault(Kind::Api)]);
}

#[test]
fn nothing_comes_after_the_end() {
    let more = json!({ "type": "output_text.delta", "output_index": 0, "delta": "more" });
    let events = [
        json!({ "type": "output_text.delta", "output_index": 0, "delta": "all" }),
        completed(),
        more,
        json!({ "type": "error", "message": "late" }),
        completed(),
    ];
    assert_eq!(content(&stream(&events)), [text("all")]);
}

#[test]
fn edge_11_what_was_cached_is_not_counted_twice() {
    for (usage, expected) in [
        (
            json!({ "input_tokens": 100, "output_tokens": 7, "total_tokens": 107 }),
            Usage { input: Some(100), output: Some(7), ..Usage::default() },
        ),
        (
            json!({
                "input_tokens": 100,
                "input_tokens_details": { "cached_tokens": 64 },
                "output_tokens": 7,
                "output_tokens_details": { "reasoning_tokens": 5 },
                "total_tokens": 107,
            }),
            Usage {
                input: Some(36),
                cache_read: Some(64),
                output: Some(7),
                thinking: Some(5),
                ..Usage::default()
            },
        ),
        (Value::Null, Usage::default()),
    ] {
        let mut answer = response("completed", &[message("a")]);
        answer["usage"] = usage;
        assert_eq!(ends(&answer, &["completed", "done"]), Said::End(Stop::EndTurn, expected), "{answer}");
    }
}

#[test]
fn a_stream_in_place_of_a_document() {
    let document = |body: &str| {
        let memo = super::memo();
        llm_router::translate::answer::from_responses::document(body.as_bytes(), &memo)
    };
    let says = json!({ "type": "output_text.delta", "output_index": 0, "delta": "a" });
    let whole = stream(&[json!({ "type": "created" }), says.clone(), completed()]);
    let pieces = document(&whole).unwrap();
    super::contract::assert_kept(&pieces);
    assert_eq!(said(&pieces), said(&read(&whole)));
    let failed = json!({ "type": "failed", "response": { "error": { "code": "rate_limit_exceeded" } } });
    assert_eq!(document(&stream(&[says.clone(), failed])).unwrap_err().kind, Kind::RateLimit);
    assert_eq!(document(&stream(&[says])).unwrap_err().kind, Kind::Api);
    for body in ["", "<html>no</html>", "event: x\n\n"] {
        assert_eq!(document(body).unwrap_err().message, "The provider's answer is not JSON", "{body}");
    }
}
