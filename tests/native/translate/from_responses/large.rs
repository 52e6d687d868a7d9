//! Answers that are too large to mean well, and one that is just long.

use llm_router::translate::answer;
use llm_router::wire::Wire;
use serde_json::{Value, json};

use super::{Said, completed, content, memo, read, read_document, said, server::response, stream, text};

const MEGABYTE: usize = 1 << 20;

fn message(id: &str, parts: &[&str]) -> Value {
    let parts: Vec<Value> = parts.iter().map(|text| json!({ "type": "output_text", "text": text })).collect();
    json!({ "type": "message", "id": id, "content": parts })
}

fn delta(index: u64, delta: &str) -> Value {
    json!({ "type": "output_text.delta", "output_index": index, "item_id": format!("i{index}"), "delta": delta })
}

fn faults(events: &[Value]) -> bool {
    let events = [events, &[completed()]].concat();
    matches!(said(&read(&stream(&events))).last(), Some(Said::Fault(_)))
}

#[test]
fn items_have_an_end() {
    let many = |count: u64| -> Vec<Value> {
        let item = |at| json!({ "type": "web_search_call", "id": format!("i{at}") });
        (0..count).map(item).collect()
    };
    assert!(read_document(&response("completed", &many(1024))).is_ok());
    assert!(read_document(&response("completed", &many(1025))).is_err());
    let added = |count| -> Vec<Value> {
        let event = |(at, item)| json!({ "type": "output_item.added", "output_index": at, "item": item });
        many(count).into_iter().enumerate().map(event).collect()
    };
    assert!(!faults(&added(1024)));
    assert!(faults(&added(1025)));
    // Nor are there more by way of their texts.
    let deltas = |count: u64| -> Vec<Value> { (0..count).map(|at| delta(at, "a")).collect() };
    assert!(!faults(&deltas(1024)));
    assert!(faults(&deltas(1025)));
}

#[test]
fn parts_have_an_end() {
    assert!(read_document(&response("completed", &[message("m", &["a"; 256])])).is_ok());
    assert!(read_document(&response("completed", &[message("m", &["a"; 257])])).is_err());
    let parts = |count: u64| -> Vec<Value> {
        let event = |at: u64| {
            let mut event = delta(0, "a");
            event["content_index"] = at.into();
            event
        };
        (0..count).map(event).collect()
    };
    assert!(!faults(&parts(256)));
    assert!(faults(&parts(257)));
}

#[test]
fn texts_and_sources_have_an_end() {
    let long = "a".repeat(MEGABYTE);
    assert!(!faults(&vec![delta(0, &long); 7]));
    assert!(faults(&vec![delta(0, &long); 9]));
    // One that is whole makes no room.
    let done = |at: u64| {
        let item = message(&format!("i{at}"), &[&long]);
        json!({ "type": "output_item.done", "output_index": at, "item": item })
    };
    assert!(faults(&(0..9).map(done).collect::<Vec<Value>>()));
    let annotation = json!({ "type": "url_citation", "url": long, "title": "" });
    let cite = json!({ "type": "output_text.annotation.added", "output_index": 0, "annotation": annotation });
    assert!(!faults(&vec![cite.clone(); 7]));
    assert!(faults(&vec![cite; 9]));
}

#[test]
fn an_item_is_looked_for_by_its_id_before_its_place() {
    let output = [message("new", &["new"]), message("i0", &["ab"]), message("i1", &["cd"])];
    let last = json!({ "type": "completed", "response": response("completed", &output) });
    let expected = [text("ab"), Said::Break, text("cd"), Said::Break, text("new")];
    assert_eq!(content(&stream(&[delta(0, "ab"), delta(1, "cd"), last])), expected);
    // Made-up ids keep their place.
    let output = [message("x", &["ab"]), message("y", &["cd"])];
    let last = json!({ "type": "completed", "response": response("completed", &output) });
    assert_eq!(content(&stream(&[delta(0, "ab"), delta(1, "cd"), last])), expected[..3]);
}

#[test]
fn a_long_stream_is_gathered_whole() {
    // Characters of three bytes: they are cut wherever a chunk ends.
    let words = "…".repeat(50_000);
    let deltas: Vec<Value> = std::iter::repeat_n(delta(0, &words), 3).collect();
    let body = stream(&[&deltas[..], &[completed()]].concat());
    let gathered = answer::stream_as_document(Wire::Responses, Wire::Chat, body.as_bytes(), &memo()).unwrap();
    let gathered: Value = serde_json::from_slice(&gathered).unwrap();
    assert_eq!(gathered["choices"][0]["message"]["content"], words.repeat(3));
    assert_eq!(gathered["choices"][0]["finish_reason"], "stop");
}
