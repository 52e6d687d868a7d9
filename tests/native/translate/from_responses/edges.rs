//! One thing at a time that servers do differently.

use serde_json::{Value, json};

use super::{
    Said, call, completed, content, read_document, said, server::response, signature, stream, text, thinking,
};

fn delta(index: u64, kind: &str, delta: &str) -> Value {
    json!({ "type": format!("{kind}.delta"), "output_index": index, "item_id": format!("i{index}"), "delta": delta })
}

fn added(index: u64, item: Value) -> Value {
    let mut item = item;
    item["id"] = format!("i{index}").into();
    json!({ "type": "output_item.added", "output_index": index, "item": item })
}

fn done(index: u64, item: Value) -> Value {
    let mut event = added(index, item);
    event["type"] = "output_item.done".into();
    event
}

fn function(call_id: &str, arguments: &str) -> Value {
    json!({ "type": "function_call", "call_id": call_id, "name": "wait", "arguments": arguments })
}

fn message(text: &str) -> Value {
    json!({ "type": "message", "content": [{ "type": "output_text", "text": text }] })
}

fn told(events: &[Value]) -> Vec<Said> {
    content(&stream(&[events, &[completed()]].concat()))
}

#[test]
fn edge_10_parallel_calls_are_kept_apart() {
    let args = |index, json| delta(index, "function_call_arguments", json);
    let events = [
        added(0, function("a", "")),
        added(1, function("b", "")),
        added(2, function("c", "")),
        args(1, "{\"x\":"),
        args(0, "{\"y\""),
        args(1, "1}"),
        args(0, ":2}"),
        done(1, function("b", "{\"x\":1}")),
        done(0, function("a", "{\"y\":2}")),
        done(2, function("c", "")),
    ];
    let expected = [call("a", "wait", "{\"y\":2}"), call("b", "wait", "{\"x\":1}"), call("c", "wait", "{}")];
    assert_eq!(told(&events), expected);
    // The same without the deltas, and told in another order.
    let events = [&events[..3], &events[7..]].concat();
    assert_eq!(told(&events), expected);
}

#[test]
fn only_what_is_missing_is_added() {
    let text_done = |text| json!({ "type": "output_text.done", "output_index": 0, "text": text });
    let says = |text| delta(0, "output_text", text);
    for (events, expected) in [
        (vec![says("ab"), text_done("abc")], "abc"),
        (vec![says("ab"), text_done("abc"), done(0, message("abcd"))], "abcd"),
        (vec![says("ab"), done(0, message("abc"))], "abc"),
        (vec![done(0, message("abc"))], "abc"),
        (vec![says("ab"), text_done("ab"), done(0, message("ab"))], "ab"),
        // Two versions of one text: the first is out.
        (vec![says("ab"), text_done("xy")], "ab"),
        (vec![says("abc"), text_done("ab")], "abc"),
        // Once it is done, it is done.
        (vec![done(0, message("ab")), says("c"), done(0, message("ab"))], "ab"),
        (vec![says(""), says("é"), done(0, message("éa"))], "éa"),
    ] {
        assert_eq!(told(&events), [text(expected)], "{events:?}");
    }
    let args = |json| delta(0, "function_call_arguments", json);
    let args_done =
        json!({ "type": "function_call_arguments.done", "output_index": 0, "arguments": "{\"a\":1}" });
    for events in [
        vec![args("{\"a\""), args_done.clone()],
        vec![args("{\"a\""), done(0, function("c", "{\"a\":1}"))],
        vec![args("{\"a\":1}"), args_done.clone(), done(0, function("c", "{\"a\":1}"))],
        vec![args_done],
    ] {
        let events = [&[added(0, function("c", ""))], &events[..]].concat();
        assert_eq!(told(&events), [call("c", "wait", "{\"a\":1}")], "{events:?}");
    }
}

#[test]
fn a_call_that_is_named_late_or_never() {
    let args = |json| delta(0, "function_call_arguments", json);
    let expected = [call("c", "wait", "{\"a\":1}")];
    assert_eq!(told(&[args("{\"a\""), args(":1}"), done(0, function("c", "{\"a\":1}"))]), expected);
    let named = json!({
        "type": "function_call_arguments.done", "output_index": 0, "item_id": "i0", "name": "wait",
        "call_id": "c", "arguments": "{\"a\":1}",
    });
    assert_eq!(told(&[args("{\"a\""), named]), expected);

    let nameless = stream(&[args("{\"a\":1}"), completed()]);
    assert!(matches!(said(&super::read(&nameless))[..], [Said::Fault(_)]));
    // Objects where text is meant.
    let object = json!({ "type": "function_call", "call_id": "c", "name": "wait", "arguments": { "a": 1 } });
    assert_eq!(told(&[done(0, object)]), expected);
}

#[test]
fn edge_37_ids_that_are_missing_or_used_are_made() {
    let nameless = json!({ "type": "function_call", "name": "wait", "arguments": "{}" });
    let events = [done(0, nameless), done(1, function("c", "{}")), done(2, function("c", "{}"))];
    let expected =
        [call("call_0a1b_0", "wait", "{}"), call("c", "wait", "{}"), call("call_0a1b_2", "wait", "{}")];
    assert_eq!(told(&events), expected);
}

#[test]
fn names_in_a_namespace() {
    let mut memo = super::memo();
    let list = llm_router::translate::tools::ClientTool {
        namespace: Some("ns".to_owned()),
        ..llm_router::translate::tools::ClientTool::function("list")
    };
    memo.tools.add(list).unwrap();
    let item = |name: &str, namespace: &str| json!({ "type": "function_call", "call_id": "c", "name": name, "namespace": namespace, "arguments": "{}" });
    for (name, namespace, upstream) in
        [("list", "ns", "ns__list"), ("list", "other", "list"), ("wait", "ns", "wait")]
    {
        let body = response("completed", &[item(name, namespace)]).to_string();
        let pieces = llm_router::translate::answer::from_responses::document(body.as_bytes(), &memo).unwrap();
        assert_eq!(said(&pieces)[0], call("c", upstream, "{}"));
    }
}

#[test]
fn custom_tools_that_are_cut_off_are_whole_json() {
    let item = json!({ "type": "custom_tool_call", "call_id": "c", "name": "exec", "input": "" });
    let input = |text| delta(0, "custom_tool_call_input", text);
    let mut cut = response("incomplete", &[]);
    cut["incomplete_details"] = json!({ "reason": "max_output_tokens" });
    let last = json!({ "type": "incomplete", "response": cut });
    for (deltas, expected) in
        [(vec![input("a\""), input("\n")], r#"{"input":"a\"\n"}"#), (vec![], r#"{"input":""}"#)]
    {
        let events = [vec![added(0, item.clone())], deltas, vec![last.clone()]].concat();
        assert_eq!(content(&stream(&events)), [call("c", "exec", expected)]);
    }
}

#[test]
fn thinking_is_told_once_and_signed_where_it_belongs() {
    let reasoning = |summary: &[&str], content: &[&str], encrypted: Value| {
        let texts = |kind: &str, texts: &[&str]| -> Value {
            texts.iter().map(|text| json!({ "type": kind, "text": text })).collect()
        };
        json!({
            "type": "reasoning",
            "summary": texts("summary_text", summary),
            "content": texts("reasoning_text", content),
            "encrypted_content": encrypted,
        })
    };
    let summary = |text| delta(0, "reasoning_summary_text", text);
    let plain = |text| delta(0, "reasoning_text", text);
    for (events, expected) in [
        (
            vec![summary("a"), done(0, reasoning(&["a"], &["raw"], json!("E")))],
            vec![thinking("a"), signature("E")],
        ),
        (
            vec![plain("raw"), done(0, reasoning(&["a"], &["raw"], json!("E")))],
            vec![thinking("raw"), signature("E")],
        ),
        (vec![done(0, reasoning(&[], &["raw", "er"], Value::Null))], vec![thinking("raw\n\ner")]),
        (vec![done(0, reasoning(&[], &[], json!("E")))], vec![signature("E")]),
        (vec![done(0, reasoning(&[], &[], json!("")))], vec![]),
        (
            vec![delta(0, "reasoning", "a"), delta(1, "reasoning_summary", "b")],
            vec![thinking("a"), Said::Break, thinking("b")],
        ),
        // Behind what it led to, it would be refused.
        (
            vec![summary("a"), added(1, function("c", "")), done(0, reasoning(&["a"], &[], json!("E")))],
            vec![thinking("a"), call("c", "wait", "{}")],
        ),
    ] {
        assert_eq!(told(&events), expected, "{events:?}");
    }
    // The last event may be the first to tell of it, too late for an answer that has been told.
    let output = [reasoning(&["a"], &[], json!("E")), message("b")];
    let last = json!({ "type": "completed", "response": response("completed", &output) });
    assert_eq!(content(&stream(std::slice::from_ref(&last))), [thinking("a"), signature("E"), text("b")]);
    assert_eq!(content(&stream(&[delta(1, "output_text", "b"), last])), [text("b")]);
}

#[test]
fn sources_are_behind_their_text() {
    let cite = |url: &str| {
        json!({
            "type": "output_text.annotation.added", "output_index": 0, "content_index": 0, "annotation_index": 0,
            "annotation": { "type": "url_citation", "url": url, "title": "t", "start_index": 0, "end_index": 1 },
        })
    };
    let annotations =
        [cite("https://a.test")["annotation"].clone(), cite("https://b.test")["annotation"].clone()];
    let file = json!({ "type": "file_citation", "file_id": "f", "filename": "n", "index": 0 });
    let whole = |annotations: &[Value]| {
        let part = json!({ "type": "output_text", "text": "abc", "annotations": annotations });
        done(0, json!({ "type": "message", "content": [part] }))
    };
    let source = |url: &str| Said::Source(url.to_owned());
    let (a, b) = (source("https://a.test"), source("https://b.test"));
    let says = |text| delta(0, "output_text", text);
    for (events, expected) in [
        (
            vec![says("ab"), cite("https://a.test"), says("c"), whole(&annotations)],
            vec![text("abc"), a.clone(), b.clone()],
        ),
        (vec![says("ab"), cite("https://a.test"), says("c")], vec![text("abc"), a.clone()]),
        (vec![whole(&annotations)], vec![text("abc"), a.clone(), b]),
        (vec![whole(&[file])], vec![text("abc")]),
        (vec![cite("https://a.test"), added(1, function("c", ""))], vec![call("c", "wait", "{}")]),
    ] {
        assert_eq!(told(&events), expected, "{events:?}");
    }
}

#[test]
fn what_means_nothing_elsewhere_is_left_out() {
    let search = json!({ "type": "web_search_call", "status": "completed", "action": { "query": "x" } });
    let events = [
        json!({ "type": "created" }),
        added(0, search.clone()),
        json!({ "type": "web_search_call.searching", "output_index": 0 }),
        delta(0, "mcp_call_arguments", "{}"),
        delta(0, "code_interpreter_call_code", "1+1"),
        done(0, search.clone()),
        json!({ "type": "something.new", "output_index": 1, "delta": "x" }),
        added(1, json!({ "type": "message", "phase": "commentary", "content": [] })),
        json!({ "type": "content_part.added", "output_index": 1, "content_index": 0, "part": { "type": "output_text", "text": "" } }),
        delta(1, "output_text", "Looking."),
        done(1, message("Looking.")),
        delta(2, "output_text", "Found."),
    ];
    let expected = [text("Looking."), Said::Break, text("Found.")];
    assert_eq!(told(&events), expected);
    let output =
        [search, message("Looking."), json!({ "type": "something_new" }), json!(7), message("Found.")];
    let said = said(&read_document(&response("completed", &output)).unwrap());
    assert_eq!(said[..3], expected);
}

#[test]
fn white_space_before_a_call_is_no_text() {
    let events = [delta(0, "output_text", "\n\n"), done(0, message("\n\n")), done(1, function("c", "{}"))];
    assert_eq!(told(&events), [call("c", "wait", "{}")]);
    assert_eq!(told(&[delta(0, "output_text", "\n")]), [text("\n")]);
}

#[test]
fn events_without_a_type_go_by_their_name() {
    let events = "event: response.output_text.delta\ndata: {\"delta\":\"a\"}\n\n\
                  event: ping\ndata:\n\n\
                  event: response.completed\ndata: {\"response\":{}}\n\n";
    assert_eq!(content(events), [text("a")]);
}
