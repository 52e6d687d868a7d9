//! Whatever an upstream of Messages sends, the reader keeps its contract and a Chat client gets a stream that
//! it can read.

use std::ops::Range;

use llm_router::translate::{Memo, answer};
use llm_router::wire::Wire;
use proptest::{collection::vec, prelude::*, sample::Index};
use serde_json::{Value, json};

use super::{
    chat_checker,
    from_messages::read,
    to_chat::{fixtures, memo, stem, stream},
};

/// Most bytes to the client for one from the upstream, and some for the beginning and the end. The smallest
/// event that amounts to anything (a call, 80 bytes) makes two chunks of the memo's names and 200 bytes each.
const GROWTH: usize = 16;
const FIXED: usize = 2_000;

fn hold(chunks: &[&[u8]], memo: &Memo) {
    read(chunks, memo);
    let out = stream(chunks, memo);
    if let Err(rule) = chat_checker::check(&out, memo.include_usage) {
        let input = String::from_utf8_lossy(&chunks.concat()).into_owned();
        panic!("{rule}\n--- in\n{input}\n--- out\n{}", String::from_utf8_lossy(&out));
    }
    let bound = GROWTH * chunks.iter().map(|chunk| chunk.len()).sum::<usize>() + FIXED;
    assert!(out.len() <= bound, "{} bytes", out.len());
}

/// One way to spoil a stream; places are parts of its length.
#[derive(Clone, Debug)]
enum Mutation {
    Delete(Index, usize),
    Repeat(Index, usize),
    Set(Index, u8),
    Insert(Index, &'static str),
    DropRecord(Index),
    RepeatRecord(Index, Index),
    SwapRecords(Index, Index),
    Number(Index, u8),
    Cut(Index),
}

const SNIPPETS: [&str; 14] = [
    "\n",
    "\r",
    "\n\n",
    ": comment\n\n",
    "data: [DONE]\n\n",
    "data: {}\n\n",
    "data: null\n\n",
    "event: message_stop\n\n",
    "data: {\"type\":\"message_stop\"}\n\n",
    "data: {\"type\":\"content_block_stop\"}\n\n",
    "data: {\"type\":\"content_block_delta\",\"delta\":{\"type\":\"input_json_delta\",\"partial_json\":\"7\"}}\n\n",
    "data: {\"type\":\"content_block_start\",\"content_block\":{\"type\":\"tool_use\",\"name\":\"n\"}}\n\n",
    "data: {\"type\":\"content_block_start\",\"index\":18446744073709551615,\"content_block\":{\"type\":\"text\"}}\n\n",
    "data: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"tool_use\"},\"usage\":7}\n\n",
];

fn mutation() -> impl Strategy<Value = Mutation> {
    let at = any::<Index>;
    prop_oneof![
        (at(), 1..60_usize).prop_map(|(at, length)| Mutation::Delete(at, length)),
        (at(), 1..200_usize).prop_map(|(at, length)| Mutation::Repeat(at, length)),
        (at(), any::<u8>()).prop_map(|(at, byte)| Mutation::Set(at, byte)),
        (at(), prop::sample::select(&SNIPPETS[..])).prop_map(|(at, text)| Mutation::Insert(at, text)),
        at().prop_map(Mutation::DropRecord),
        (at(), at()).prop_map(|(from, to)| Mutation::RepeatRecord(from, to)),
        (at(), at()).prop_map(|(one, two)| Mutation::SwapRecords(one, two)),
        (at(), any::<u8>()).prop_map(|(at, digit)| Mutation::Number(at, digit)),
        at().prop_map(Mutation::Cut),
    ]
}

fn mutate(bytes: &mut Vec<u8>, mutation: &Mutation) {
    if bytes.is_empty() {
        return;
    }
    let range = |bytes: &[u8], at: &Index, length: usize| -> Range<usize> {
        let start = at.index(bytes.len());
        start..(start + length).min(bytes.len())
    };
    match mutation {
        Mutation::Delete(at, length) => {
            let range = range(bytes, at, *length);
            bytes.drain(range);
        }
        Mutation::Repeat(at, length) => {
            let range = range(bytes, at, *length);
            let copy = bytes[range.clone()].to_vec();
            bytes.splice(range.start..range.start, copy);
        }
        Mutation::Set(at, byte) => {
            let at = at.index(bytes.len());
            bytes[at] = *byte;
        }
        Mutation::Insert(at, text) => {
            let at = at.index(bytes.len());
            bytes.splice(at..at, text.bytes());
        }
        Mutation::Number(at, digit) => {
            let digits: Vec<usize> = (0..bytes.len()).filter(|at| bytes[*at].is_ascii_digit()).collect();
            if !digits.is_empty() {
                bytes[digits[at.index(digits.len())]] = b'0' + digit % 10;
            }
        }
        Mutation::Cut(at) => bytes.truncate(at.index(bytes.len())),
        Mutation::DropRecord(_) | Mutation::RepeatRecord(..) | Mutation::SwapRecords(..) => {
            let text = String::from_utf8_lossy(bytes).into_owned();
            let mut records: Vec<&str> = text.split_inclusive("\n\n").collect();
            let count = records.len();
            match mutation {
                Mutation::DropRecord(at) => {
                    records.remove(at.index(count));
                }
                Mutation::RepeatRecord(from, to) => {
                    records.insert(to.index(count), records[from.index(count)]);
                }
                Mutation::SwapRecords(one, two) => records.swap(one.index(count), two.index(count)),
                _ => {}
            }
            *bytes = records.concat().into_bytes();
        }
    }
}

/// A block of a document, of every kind.
fn block() -> impl Strategy<Value = Value> {
    let text = "[a-z \"\\\\\u{e4}\u{1f642}\n]{0,12}";
    prop_oneof![
        text.prop_map(|text| json!({ "type": "text", "text": text })),
        (text, "[a-zA-Z=]{0,9}")
            .prop_map(|(text, sig)| json!({ "type": "thinking", "thinking": text, "signature": sig })),
        "[a-z]{0,6}".prop_map(|data| json!({ "type": "redacted_thinking", "data": data })),
        ("[a-z.:]{1,9}", "[a-z]{1,6}", text).prop_map(|(id, name, text)| {
            json!({ "type": "tool_use", "id": id, "name": name, "input": { "text": text, "n": [1, null] } })
        }),
        "[a-z]{1,6}".prop_map(|name| json!({ "type": "tool_use", "id": "i", "name": name, "input": {} })),
        text.prop_map(
            |text| json!({ "type": "server_tool_use", "id": "s", "name": "w", "input": { "q": text } })
        ),
    ]
}

/// The stream in which the same message would have come, each delta some characters long.
fn streamed(message: &Value, length: usize) -> String {
    let mut events = vec![json!({ "type": "message_start", "message": { "usage": message["usage"] } })];
    for (index, block) in message["content"].as_array().unwrap().iter().enumerate() {
        let mut empty = block.clone();
        let mut deltas: Vec<(&str, &str, String)> = Vec::new();
        for (name, kind) in
            [("text", "text_delta"), ("thinking", "thinking_delta"), ("signature", "signature_delta")]
        {
            if let Some(text) = block[name].as_str() {
                empty[name] = json!("");
                deltas.push((kind, name, text.to_owned()));
            }
        }
        if let Some(input) = block.get("input") {
            empty["input"] = json!({});
            deltas.push(("input_json_delta", "partial_json", input.to_string()));
        }
        events.push(json!({ "type": "content_block_start", "index": index, "content_block": empty }));
        for (kind, name, text) in deltas {
            let characters: Vec<char> = text.chars().collect();
            let length = if kind == "signature_delta" { usize::MAX } else { length };
            for part in characters.chunks(length) {
                let part: String = part.iter().collect();
                let delta = json!({ "type": kind, name: part });
                events.push(json!({ "type": "content_block_delta", "index": index, "delta": delta }));
            }
        }
        events.push(json!({ "type": "content_block_stop", "index": index }));
    }
    events.push(json!({ "type": "message_delta", "delta": { "stop_reason": message["stop_reason"] } }));
    events.push(json!({ "type": "message_stop" }));
    events.iter().fold(String::new(), |text, event| text + &format!("data: {event}\n\n"))
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 1_500, ..ProptestConfig::default() })]

    #[test]
    fn spoiled_streams_can_be_read(
        which in any::<Index>(),
        mutations in vec(mutation(), 1..6),
        json_tool in prop::sample::select(&[None, Some("get_weather"), Some("structured_output")][..]),
        include_usage: bool,
        chunk in 1..400_usize,
    ) {
        let all = fixtures("sse");
        let (path, text) = which.get(&all);
        let mut memo = memo(stem(path));
        memo.include_usage = include_usage;
        memo.json_tool = json_tool.map(str::to_owned);
        let mut bytes = text.clone().into_bytes();
        for mutation in &mutations {
            mutate(&mut bytes, mutation);
        }
        let chunks: Vec<&[u8]> = bytes.chunks(chunk).collect();
        hold(&chunks, &memo);
        prop_assert!(stream(&chunks, &memo) == stream(&[&bytes], &memo));
    }

    #[test]
    fn a_stream_amounts_to_the_same_as_a_document(
        blocks in vec(block(), 0..8),
        reason in prop::sample::select(&["end_turn", "tool_use", "max_tokens", "refusal", "pause_turn"][..]),
        length in 1..20_usize,
    ) {
        let usage = json!({ "input_tokens": 7, "output_tokens": 9 });
        let message = json!({ "content": blocks, "stop_reason": reason, "usage": usage });
        let memo = memo("");
        let out = stream(&[streamed(&message, length).as_bytes()], &memo);
        let heard = chat_checker::check(&out, true).map_err(TestCaseError::fail)?;
        let document = answer::document(Wire::Messages, Wire::Chat, message.to_string().as_bytes(), &memo).unwrap();
        let document: Value = serde_json::from_slice(&document).unwrap();
        let choice = &document["choices"][0];
        let string = |name: &str| choice["message"][name].as_str().unwrap_or_default().to_owned();
        let list = |name: &str| choice["message"][name].as_array().cloned().unwrap_or_default();
        prop_assert_eq!(heard.content, string("content"));
        prop_assert_eq!(heard.reasoning, string("reasoning_content"));
        prop_assert_eq!(heard.refusal, string("refusal"));
        prop_assert_eq!(heard.calls, list("tool_calls"));
        prop_assert_eq!(heard.details, list("reasoning_details"));
        prop_assert_eq!(heard.finish.as_deref(), choice["finish_reason"].as_str());
        prop_assert_eq!(heard.usage.as_ref(), Some(&document["usage"]));
    }

    #[test]
    fn spoiled_documents_are_read_or_refused(which in any::<Index>(), mutations in vec(mutation(), 1..4)) {
        let all = fixtures("json");
        let (path, text) = which.get(&all);
        let mut bytes = text.clone().into_bytes();
        for mutation in &mutations {
            mutate(&mut bytes, mutation);
        }
        let memo = memo(stem(path));
        if let Ok(out) = answer::document(Wire::Messages, Wire::Chat, &bytes, &memo) {
            let document: Value = serde_json::from_slice(&out).unwrap();
            prop_assert!(document["choices"][0]["finish_reason"].is_string());
        }
    }
}
