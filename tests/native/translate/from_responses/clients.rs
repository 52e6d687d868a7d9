//! Answers of Responses as clients of the other formats get them.

use llm_router::{
    translate::{Memo, answer, seal},
    wire::Wire,
};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::{
    super::{
        chat_checker::{self, Heard},
        golden::streamed,
        messages_client,
    },
    completed,
    dialects::items,
    memo,
    server::{DIALECTS, FULL, Item, Part, document, response},
    stream,
};

fn heard(upstream: &str, memo: &Memo) -> Heard {
    let out = streamed(Wire::Responses, Wire::Chat, [upstream.as_bytes()], memo);
    chat_checker::check(&out, memo.include_usage)
        .unwrap_or_else(|rule| panic!("{rule}\n{}", String::from_utf8_lossy(&out)))
}

fn message(upstream: &str) -> messages_client::Read {
    messages_client::assert_good(&streamed(Wire::Responses, Wire::Messages, [upstream.as_bytes()], &memo()))
}

fn whole(client: Wire, answer: &Value) -> Value {
    let body = answer::document(Wire::Responses, client, answer.to_string().as_bytes(), &memo()).unwrap();
    serde_json::from_slice(&body).unwrap()
}

/// One of each.
fn one_of_each() -> Vec<Item> {
    items(&[(4, 1), (6, 2), (1, 3), (11, 0), (7, 1), (8, 2), (10, 1), (5, 4), (2, 5)])
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn streams_are_such_as_strict_clients_take(
        choices in prop::collection::vec((0..12_u8, any::<u8>()), 1..7),
        dialect in 0..DIALECTS.len(),
        cuts in prop::collection::vec(0..4_000_usize, 0..4),
    ) {
        let (items, memo) = (items(&choices), memo());
        let text = DIALECTS[dialect].stream(&items);
        // Whole, byte by byte, broken off somewhere.
        for client in [Wire::Chat, Wire::Messages, Wire::Responses] {
            let out = streamed(Wire::Responses, client, [text.as_bytes()], &memo);
            prop_assert_eq!(&streamed(Wire::Responses, client, text.as_bytes().chunks(1), &memo), &out);
        }
        let heard = heard(&text, &memo);
        let read = message(&text);
        prop_assert_eq!(heard.error, None);
        prop_assert_eq!(read.error, None);
        for cut in cuts {
            let broken = &text.as_bytes()[..cut.min(text.len() - 1)];
            let chat = streamed(Wire::Responses, Wire::Chat, [broken], &memo);
            let chat = chat_checker::check(&chat, true);
            let messages = messages_client::read(&streamed(Wire::Responses, Wire::Messages, [broken], &memo));
            // The blank line at the end is nothing that anybody misses.
            if !broken.ends_with(b"}") && !broken.ends_with(b"}\n") {
                prop_assert!(chat.unwrap().error.is_some());
                prop_assert!(messages.unwrap().error.is_some());
            }
        }
    }

    #[test]
    fn documents_say_what_streams_say(choices in prop::collection::vec((0..12_u8, any::<u8>()), 1..7)) {
        let items = items(&choices);
        let (text, answer) = (FULL.stream(&items), document(&items));
        let heard = heard(&text, &memo());
        let chat = whole(Wire::Chat, &answer);
        let said = &chat["choices"][0]["message"];
        let some = |text: &str| if text.is_empty() { Value::Null } else { text.into() };
        prop_assert_eq!(&said["content"], &some(&heard.content));
        prop_assert_eq!(&said["refusal"], &some(&heard.refusal));
        prop_assert_eq!(said.get("reasoning_content").cloned().unwrap_or_default(), some(&heard.reasoning));
        prop_assert_eq!(said["tool_calls"].as_array().cloned().unwrap_or_default(), heard.calls);
        prop_assert_eq!(said["annotations"].as_array().cloned().unwrap_or_default(), heard.annotations);
        prop_assert_eq!(said["reasoning_details"].as_array().cloned().unwrap_or_default(), heard.details);
        prop_assert_eq!(chat["choices"][0]["finish_reason"].as_str().map(str::to_owned), heard.finish);
        prop_assert_eq!(Some(chat["usage"].clone()), heard.usage);

        let streamed = message(&text).message.unwrap();
        let document = whole(Wire::Messages, &answer);
        messages_client::check_message(&document).unwrap();
        for field in ["content", "stop_reason", "stop_details", "model"] {
            prop_assert_eq!(&streamed[field], &document[field], "{}", field);
        }
        let made = answer::document_as_stream(Wire::Responses, Wire::Messages, answer.to_string().as_bytes(), &memo());
        let made = messages_client::assert_good(&made.unwrap()).message.unwrap();
        prop_assert_eq!(&made["content"], &document["content"]);
    }
}

#[test]
fn what_a_chat_client_gets() {
    let heard = heard(&FULL.stream(&one_of_each()), &memo());
    assert_eq!(heard.finish.as_deref(), Some("content_filter"));
    assert_eq!(heard.calls.len(), 3);
    assert_eq!(
        heard.calls[2],
        json!({ "id": "call_6", "type": "custom", "custom": { "name": "exec", "input": "*** \"Begin\"\n\té\\" } })
    );
    let usage = heard.usage.unwrap();
    assert_eq!(usage["prompt_tokens"], 100);
    assert_eq!(usage["prompt_tokens_details"], json!({ "cached_tokens": 60, "cache_write_tokens": 30 }));
    assert_eq!(usage["completion_tokens_details"]["reasoning_tokens"], 8);
    let opened: Vec<Option<String>> = heard
        .details
        .iter()
        .map(|detail| seal::open(detail["signature"].as_str().unwrap(), "alpha", "gpt-5.2"))
        .collect();
    assert_eq!(opened, [Some("é0 \u{1F600} 1 ".to_owned()), Some("é1 \u{1F600} 2 ".to_owned())]);
    let quiet = Memo { include_usage: false, ..memo() };
    assert_eq!(self::heard(&FULL.stream(&one_of_each()), &quiet).usage, None);
}

#[test]
fn what_a_messages_client_gets() {
    let message = message(&FULL.stream(&one_of_each())).message.unwrap();
    let blocks = message["content"].as_array().unwrap();
    let kinds: Vec<&str> = blocks.iter().map(|block| block["type"].as_str().unwrap()).collect();
    let expected = [
        "thinking", "thinking", "text", "text", "tool_use", "tool_use", "tool_use", "thinking", "text",
        "text",
    ];
    assert_eq!(kinds, expected);
    assert_eq!(blocks[0]["thinking"], "é0 \u{1F600} 1 \n\né0 \u{1F600} 1 ");
    for (block, content) in [(0, "é0 \u{1F600} 1 "), (1, "é1 \u{1F600} 2 "), (7, "")] {
        let sealed = blocks[block]["signature"].as_str().unwrap();
        assert_eq!(seal::open(sealed, "alpha", "gpt-5.2").as_deref(), Some(content));
    }
    assert_eq!(blocks[1]["thinking"], "");
    assert_eq!(blocks[4]["input"], json!({ "q": "é \"x\" }{" }));
    assert_eq!(blocks[6]["input"], json!({ "input": "*** \"Begin\"\n\té\\" }));
    assert_eq!(message["stop_reason"], "refusal");
    assert_eq!(message["usage"]["input_tokens"], 10);
    assert_eq!(message["usage"]["cache_read_input_tokens"], 60);
    assert_eq!(message["usage"]["output_tokens_details"], json!({ "thinking_tokens": 8 }));
    assert_eq!(message["model"], "fast");
}

#[test]
fn endings_and_faults_in_the_words_of_each() {
    let says = json!({ "type": "output_text.delta", "output_index": 0, "delta": "a" });
    let cut = |reason: &str| {
        let mut answer = response("incomplete", &[]);
        answer["incomplete_details"] = json!({ "reason": reason });
        json!({ "type": "incomplete", "response": answer })
    };
    for (last, finish, stop) in [
        (completed(), "stop", "end_turn"),
        (cut("max_output_tokens"), "length", "max_tokens"),
        (cut("content_filter"), "content_filter", "refusal"),
    ] {
        let text = stream(&[says.clone(), last]);
        assert_eq!(heard(&text, &memo()).finish.as_deref(), Some(finish));
        assert_eq!(message(&text).message.unwrap()["stop_reason"], stop);
    }
    let failed = |code: &str, message: &str| json!({ "type": "failed", "response": { "error": { "code": code, "message": message } } });
    let long = "Your input exceeds the context window of this model. Please adjust your input and try again.";
    for (last, code, kind) in [
        (failed("server_error", "oops"), Value::Null, "api_error"),
        (failed("rate_limit_exceeded", "slowly"), "rate_limit_exceeded".into(), "rate_limit_error"),
        (failed("context_length_exceeded", long), "context_length_exceeded".into(), "invalid_request_error"),
        (failed("invalid_prompt", "bad"), Value::Null, "invalid_request_error"),
    ] {
        let text = stream(&[says.clone(), last]);
        let chat = heard(&text, &memo());
        assert_eq!((chat.finish, &chat.error.unwrap()["code"]), (None, &code));
        let error = message(&text).error.unwrap();
        assert_eq!(error["type"], kind);
        assert_eq!(
            error["message"].as_str().unwrap().starts_with("prompt is too long"),
            code == "context_length_exceeded"
        );
    }
}

#[test]
fn parts_of_one_message_are_one_text_for_chat() {
    let part = |text: &str| Part::Text { text: text.to_owned(), source: Some("https://a.test".to_owned()) };
    let heard = heard(&FULL.stream(&[Item::Message(vec![part("ab"), part("cd")])]), &memo());
    assert_eq!(heard.content, "abcd");
    let places: Vec<(u64, u64)> = heard
        .annotations
        .iter()
        .map(|it| &it["url_citation"])
        .map(|it| (it["start_index"].as_u64().unwrap(), it["end_index"].as_u64().unwrap()))
        .collect();
    assert_eq!(places, [(0, 2), (2, 4)]);
}
