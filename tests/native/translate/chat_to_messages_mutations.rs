//! Whatever an upstream sends, the reader keeps its contract and the client gets a good stream.

use std::collections::BTreeMap;

use llm_router::translate::sse;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::{
    chat_to_messages::{check, fixture, fixtures, memo, translated},
    messages_client::places,
};

/// Every value in every chunk of every fixture, replaced by one of another type.
#[test]
fn values_of_other_types_break_nothing() {
    let others = [
        json!(null),
        json!(true),
        json!(7),
        json!(-0.5),
        json!(""),
        json!("x"),
        json!([]),
        json!([null]),
        json!({}),
        json!({ "type": "error" }),
        json!([{ "index": 0, "delta": { "content": "x", "tool_calls": [{ "index": 9 }, {}] } }]),
    ];
    for (name, text) in fixtures("sse") {
        let memo = memo(&name);
        let events: Vec<&str> = text.split("\n\n").collect();
        let mut seen: BTreeMap<String, usize> = BTreeMap::new();
        for (at, event) in events.iter().enumerate() {
            let Some(Ok(chunk)) = event.strip_prefix("data: ").map(serde_json::from_str::<Value>) else {
                continue;
            };
            let mut found = Vec::new();
            places(&chunk, "", &mut found);
            // What the reader never looks at cannot break it.
            found.retain(|pointer| !["/id", "/object", "/created", "/model"].contains(&pointer.as_str()));
            for pointer in found {
                // The same place in the third chunk is much like that in the second.
                let count = seen.entry(pointer.clone()).or_default();
                *count += 1;
                if *count > 2 {
                    continue;
                }
                for other in &others {
                    let mut changed = chunk.clone();
                    *changed.pointer_mut(&pointer).unwrap() = other.clone();
                    let changed = format!("data: {changed}");
                    let mut events = events.clone();
                    events[at] = &changed;
                    check(events.join("\n\n").as_bytes(), &memo);
                }
            }
        }
    }
}

/// Every chunk of every fixture, left out, sent twice, and sent again at the end.
#[test]
fn chunks_in_other_orders_break_nothing() {
    for (name, text) in fixtures("sse") {
        let memo = memo(&name);
        let events: Vec<&str> = text.split("\n\n").collect();
        for at in 0..events.len() {
            let (before, after) = events.split_at(at);
            for changed in [
                [before, &after[1..]].concat(),
                [before, &after[..1], after].concat(),
                [before, &after[1..], &after[..1]].concat(),
                [&after[..1], before, &after[1..]].concat(),
            ] {
                check(changed.join("\n\n").as_bytes(), &memo);
            }
        }
    }
}

/// Numbers, ids, names and arguments that say nothing, or the same, or something else.
fn tool_delta() -> impl Strategy<Value = Value> {
    let id = prop_oneof![Just(json!(null)), Just(json!("")), "[ab]".prop_map(Value::from)];
    let name = prop_oneof![Just(json!(null)), Just(json!("")), "[fg]".prop_map(Value::from)];
    let index = prop_oneof![Just(json!(null)), (0_u64..3).prop_map(Value::from)];
    let fragments = vec!["", " ", "{}", "{", "}", "{\"a\":1}", "{\"a\"", ":1}", "null", "[", "\""];
    let arguments = prop_oneof![
        Just(json!(null)),
        Just(json!({ "a": 1 })),
        Just(json!({})),
        prop::sample::select(fragments).prop_map(Value::from),
    ];
    (index, id, name, arguments).prop_map(|(index, id, name, arguments)| {
        json!({ "index": index, "id": id, "function": { "name": name, "arguments": arguments } })
    })
}

fn delta() -> impl Strategy<Value = Value> {
    let text = prop::sample::select(&["", " ", "\n", "a", "<think>", "</think>", "</thi", "nk>"][..]);
    let details = prop::sample::select(
        &[
            "[]",
            "[{\"type\":\"reasoning.text\",\"text\":\"d\"}]",
            "[{\"type\":\"reasoning.text\",\"signature\":\"s\"}]",
            "[{\"type\":\"reasoning.encrypted\",\"data\":\"e\"}]",
        ][..],
    );
    prop_oneof![
        3 => text.clone().prop_map(|text| json!({ "content": text })),
        1 => text.clone().prop_map(|text| json!({ "refusal": text })),
        2 => text.prop_map(|text| json!({ "reasoning": text })),
        1 => details.prop_map(|details| {
            json!({ "reasoning_details": serde_json::from_str::<Value>(details).unwrap() })
        }),
        4 => prop::collection::vec(tool_delta(), 1..3).prop_map(|calls| json!({ "tool_calls": calls })),
        1 => tool_delta().prop_map(|call| json!({ "function_call": call["function"] })),
        1 => Just(json!({ "annotations": [{ "url_citation": { "url": "u", "title": "t" } }] })),
    ]
}

fn chunk() -> impl Strategy<Value = Value> {
    let finish = prop_oneof![
        12 => Just(json!(null)),
        1 => Just(json!("stop")),
        1 => Just(json!("tool_calls")),
        1 => Just(json!("length")),
        1 => Just(json!("content_filter")),
    ];
    (delta(), finish).prop_map(
        |(delta, finish)| json!({ "choices": [{ "index": 0, "delta": delta, "finish_reason": finish }] }),
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_chunks_make_a_good_stream(
        chunks in prop::collection::vec(chunk(), 0..12),
        tags in any::<bool>(),
        done in any::<bool>(),
    ) {
        let mut text = Vec::new();
        for chunk in chunks {
            sse::write("", &chunk.to_string(), &mut text);
        }
        if done {
            sse::write("", "[DONE]", &mut text);
        }
        check(&text, &memo(if tags { "think-tags" } else { "" }));
    }

    #[test]
    fn any_bytes_make_a_good_stream(
        which in any::<prop::sample::Index>(),
        edits in prop::collection::vec((any::<prop::sample::Index>(), 0..5_u8, any::<u8>()), 1..8),
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..6),
    ) {
        let all = fixtures("sse");
        let (name, text) = which.get(&all);
        let mut bytes = text.clone().into_bytes();
        for (place, edit, byte) in edits {
            if bytes.is_empty() {
                break;
            }
            let at = place.index(bytes.len());
            match edit {
                0 => bytes[at] = byte,
                1 => { bytes.remove(at); }
                2 => bytes.insert(at, byte),
                3 => bytes.truncate(at),
                _ => { let tail = bytes[at..].to_vec(); bytes.extend(tail); }
            }
            bytes.truncate(64 << 10);
        }
        let memo = memo(name);
        let (_, whole, _) = check(&bytes, &memo);
        let mut places: Vec<usize> = cuts.iter().map(|cut| cut.index(bytes.len() + 1)).collect();
        places.extend([0, bytes.len()]);
        places.sort_unstable();
        let parts = places.windows(2).map(|pair| &bytes[pair[0]..pair[1]]);
        prop_assert_eq!(translated(parts, &memo), whole);
    }
}

/// Nothing that an upstream repeats makes the work or the memory grow out of proportion.
#[test]
fn floods_are_bounded() {
    let call = |index: usize| {
        json!({ "choices": [{ "delta": { "tool_calls": [
            { "index": index, "id": format!("c{index}"), "function": { "name": "f", "arguments": "{\"a\":1}" } },
        ] } }] })
    };
    let flood = |chunks: &mut dyn Iterator<Item = Value>| {
        let mut text = Vec::new();
        chunks.for_each(|chunk| sse::write("", &chunk.to_string(), &mut text));
        check(&text, &memo("")).2
    };
    let read = flood(&mut (0..300).map(call));
    assert_eq!(read.error.unwrap()["message"], "The provider's answer has too many tool calls");

    let large = json!({ "choices": [{ "delta": { "tool_calls": [
        { "index": 0, "id": "c", "function": { "name": "f", "arguments": "x".repeat(1 << 20) } },
    ] } }] });
    let read = flood(&mut std::iter::repeat_n(large, 9));
    assert_eq!(read.error.unwrap()["message"], "The provider's tool calls are too large");

    let blank = json!({ "choices": [{ "delta": { "content": " ".repeat(100), "reasoning": "\n" } }] });
    let read = flood(&mut std::iter::repeat_n(blank, 100));
    assert_eq!(read.error.unwrap()["message"], "The provider's answer broke off");

    let again = json!({ "choices": [{ "delta": { "tool_calls": [
        { "index": 0, "id": "c", "function": { "name": "f", "arguments": "{\"a\":1}" } },
    ] }, "finish_reason": "tool_calls" }] });
    let read = flood(&mut std::iter::repeat_n(again, 5_000));
    assert_eq!(read.message.unwrap()["content"].as_array().unwrap().len(), 1);

    let comments = vec![b":\n".as_slice(); 1_000].concat();
    let text = [comments.as_slice(), fixture("text").as_bytes()].concat();
    assert_eq!(check(&text, &memo("")).2.error, None);
}
