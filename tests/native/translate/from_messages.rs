//! Answers of Anthropic Messages, read.

use llm_router::translate::{
    Memo,
    answer::{Citation, Piece, Reader, Stop, from_messages},
    sse::{Decoder, Item},
};
use llm_router::wire::error::Kind;
use serde_json::{Value, json};

use super::contract;

/// What the reader makes of a stream, however it comes in chunks.
pub(super) fn read(chunks: &[&[u8]], memo: &Memo) -> Vec<Piece> {
    let (mut decoder, mut items) = (Decoder::default(), Vec::new());
    for chunk in chunks {
        decoder.push(chunk, &mut items).unwrap();
    }
    decoder.finish(&mut items);
    let (mut reader, mut pieces) = (from_messages::Stream::new(memo), Vec::new());
    for item in items {
        if let Item::Event(event) = item {
            reader.event(&event, &mut pieces);
        }
    }
    reader.end(&mut pieces);
    contract::assert_kept(&pieces);
    pieces
}

/// A stream of these events; the beginning and the end are added.
fn whole(events: &[Value]) -> Vec<Piece> {
    whole_for(&Memo { id: "0123".to_owned(), ..Memo::default() }, events)
}

fn whole_for(memo: &Memo, events: &[Value]) -> Vec<Piece> {
    let first = json!({ "type": "message_start", "message": { "usage": {} } });
    let last = [
        json!({ "type": "message_delta", "delta": { "stop_reason": "end_turn" } }),
        json!({ "type": "message_stop" }),
    ];
    let all = std::iter::once(&first).chain(events).chain(&last);
    let text = all.fold(String::new(), |text, event| text + &format!("data: {event}\n\n"));
    read(&[text.as_bytes()], memo)
}

/// Without the beginning, the end and what only keeps alive.
fn content(pieces: Vec<Piece>) -> Vec<Piece> {
    let content = |piece: &Piece| !matches!(piece, Piece::Begin(_) | Piece::End(..) | Piece::Ping);
    pieces.into_iter().filter(content).collect()
}

fn start(index: u64, block: &Value) -> Value {
    json!({ "type": "content_block_start", "index": index, "content_block": block })
}

fn delta(index: u64, delta: &Value) -> Value {
    json!({ "type": "content_block_delta", "index": index, "delta": delta })
}

fn stop(index: u64) -> Value {
    json!({ "type": "content_block_stop", "index": index })
}

fn text(text: &str) -> Piece {
    Piece::Text(text.to_owned())
}

fn thinking(text: &str) -> Piece {
    Piece::Thinking(text.to_owned())
}

fn signature(text: &str) -> Piece {
    Piece::Signature(text.to_owned())
}

#[test]
fn a_signature_is_behind_its_thinking_and_only_there() {
    let thinks = |index, text| delta(index, &json!({ "type": "thinking_delta", "thinking": text }));
    let signs = |index, text| delta(index, &json!({ "type": "signature_delta", "signature": text }));
    let begin = |index| start(index, &json!({ "type": "thinking", "thinking": "", "signature": "" }));

    let plain = [begin(0), thinks(0, "a"), signs(0, "old"), signs(0, "new"), stop(0)];
    assert_eq!(content(whole(&plain)), [thinking("a"), signature("new"), Piece::Break]);

    let unstopped = [begin(0), thinks(0, "a"), signs(0, "s"), begin(1), thinks(1, "b")];
    let expected = [thinking("a"), signature("s"), Piece::Break, thinking("b"), Piece::Break];
    assert_eq!(content(whole(&unstopped)), expected);

    let hidden = [begin(0), signs(0, "s"), stop(0), begin(1), signs(1, "t"), stop(1)];
    let expected = [signature("s"), Piece::Break, signature("t"), Piece::Break];
    assert_eq!(content(whole(&hidden)), expected);

    // It is of both halves and fits neither.
    let halves = [begin(0), thinks(0, "a"), begin(1), thinks(1, "b"), thinks(0, "c"), signs(0, "s"), stop(0)];
    assert!(!content(whole(&halves)).contains(&signature("s")));
}

#[test]
fn sources_are_behind_their_text() {
    let cite = |url: &str| {
        let citation = json!({ "type": "web_search_result_location", "url": url, "title": "t" });
        delta(0, &json!({ "type": "citations_delta", "citation": citation }))
    };
    let says = delta(0, &json!({ "type": "text_delta", "text": "a" }));
    let begin = start(0, &json!({ "type": "text", "text": "" }));
    let citation = |url: &str| Piece::Citation(Citation { url: url.to_owned(), title: "t".to_owned() });
    let events =
        [begin.clone(), cite("https://a.test"), says, cite("http://b.test"), cite("file:c"), stop(0)];
    let expected = [text("a"), citation("https://a.test"), citation("http://b.test"), Piece::Break];
    assert_eq!(content(whole(&events)), expected);
    assert_eq!(content(whole(&[begin, cite("https://a.test"), stop(0)])), []);
}

#[test]
fn edge_36_a_call_without_arguments() {
    let call =
        |input: Value| start(0, &json!({ "type": "tool_use", "id": "i", "name": "n", "input": input }));
    let json = |json: &str| delta(0, &json!({ "type": "input_json_delta", "partial_json": json }));
    let arguments = |events: &[Value]| {
        let pieces = content(whole(events)).into_iter();
        pieces
            .filter_map(|piece| if let Piece::Arguments { json, .. } = piece { Some(json) } else { None })
            .collect::<String>()
    };
    let table = [
        (vec![call(json!({})), stop(0)], "{}"),
        (vec![call(json!(null)), json(""), stop(0)], "{}"),
        (vec![call(json!({})), json(" "), stop(0)], " {}"),
        (vec![call(json!({ "a": 1 })), stop(0)], r#"{"a":1}"#),
        (vec![call(json!({ "a": 1 })), json("{\"b\":"), json("2}"), stop(0)], r#"{"b":2}"#),
        (vec![call(json!({}))], "{}"),
    ];
    for (events, expected) in table {
        assert_eq!(arguments(&events), expected, "{events:?}");
    }
    // Digits are kept.
    let exact = r#"{"type":"content_block_start","index":0,"content_block":
        {"type":"tool_use","id":"i","name":"n","input":{"n":123456789012345678901234567890}}}"#;
    let stream = format!("data: {}\n\ndata: {{\"type\":\"message_stop\"}}", exact.replace('\n', ""));
    let pieces = read(&[stream.as_bytes()], &Memo::default());
    assert!(
        pieces.contains(&Piece::Arguments {
            call: 0,
            json: r#"{"n":123456789012345678901234567890}"#.to_owned()
        })
    );
}

#[test]
fn edge_37_an_id_that_is_missing_is_made_once() {
    let call = |index| start(index, &json!({ "type": "tool_use", "id": "", "name": "n" }));
    let pieces = content(whole(&[call(0), call(1)]));
    let ids: Vec<&String> = pieces
        .iter()
        .filter_map(|piece| if let Piece::Call { id, .. } = piece { Some(id) } else { None })
        .collect();
    assert_eq!(ids, ["toolu_0123_0", "toolu_0123_1"]);
    assert_eq!(pieces, content(whole(&[call(0), call(1)])));
}

#[test]
fn a_call_of_nothing_is_a_fault() {
    let pieces = whole(&[start(0, &json!({ "type": "tool_use", "id": "i", "input": {} }))]);
    assert!(matches!(pieces.last(), Some(Piece::Fault(error)) if error.kind == Kind::Api));
}

#[test]
fn what_cannot_be_read_is_a_fault_and_done_is_not() {
    let stop = "event: message_stop\ndata: {}\n\n";
    let last = |stream: String| read(&[stream.as_bytes()], &Memo::default()).pop().unwrap();
    assert!(matches!(last(format!("data: {{\"type\"\n\n{stop}")), Piece::Fault(_)));
    assert!(matches!(last(format!("data: [DONE]\n\n{stop}")), Piece::End(Stop::EndTurn, _)));
    assert!(matches!(last(String::new()), Piece::Fault(_)));
    assert!(matches!(last("<html>\n<body>502</body>".to_owned()), Piece::Fault(_)));
    assert!(matches!(last(format!("data: {{\"error\":\"gone\"}}\n\n{stop}")), Piece::Fault(_)));
}

#[test]
fn a_second_json_call_and_other_text_do_not_spoil_the_first() {
    let memo = Memo { json_tool: Some("j".to_owned()), ..Memo::default() };
    let json = |index, json: &str| {
        let begin = start(index, &json!({ "type": "tool_use", "id": "i", "name": "j", "input": {} }));
        [begin, delta(index, &json!({ "type": "input_json_delta", "partial_json": json })), stop(index)]
    };
    let prose = |index, text: &str| [start(index, &json!({ "type": "text", "text": text })), stop(index)];
    let both = [
        prose(0, "before").to_vec(),
        json(1, "{}").to_vec(),
        json(2, "[]").to_vec(),
        prose(3, "after").to_vec(),
    ];
    assert_eq!(content(whole_for(&memo, &both.concat())), [text("{}"), Piece::Break]);

    let only = [prose(0, "one"), prose(1, "two")].concat();
    let expected = [text("one"), Piece::Break, text("two"), Piece::Break];
    assert_eq!(content(whole_for(&memo, &only)), expected);

    // Another tool was called: the text goes with that.
    let other = [start(1, &json!({ "type": "tool_use", "id": "i", "name": "n", "input": {} })), stop(1)];
    let pieces = content(whole_for(&memo, &[prose(0, "one").to_vec(), other.to_vec()].concat()));
    assert_eq!(pieces[..2], [text("one"), Piece::Break]);
    assert!(matches!(pieces[2], Piece::Call { .. }));

    let empty = [start(0, &json!({ "type": "tool_use", "name": "j" }))];
    assert_eq!(content(whole_for(&memo, &empty)), [text("{}"), Piece::Break]);
}
