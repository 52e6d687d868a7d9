//! Answers of both formats for Responses clients: the fixtures of the other clients, snapshots of their own.

use std::path::Path;

use llm_router::{
    translate::{Memo, answer},
    wire::Wire,
};
use serde_json::Value;

use super::{
    chat_to_messages,
    golden::{self, streamed},
    to_chat, to_responses,
};

fn stream<'a>(upstream: Wire, chunks: impl IntoIterator<Item = &'a [u8]>, memo: &Memo) -> String {
    String::from_utf8(streamed(upstream, Wire::Responses, chunks, memo)).unwrap()
}

fn assert_snapshot(name: &str, content: &str) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/translate/responses-answers");
    golden::assert_snapshot(folder, name, content);
}

/// Fixtures by the format of their upstream, with what is known of their requests.
fn fixtures(extension: &str) -> Vec<(Wire, String, String, Memo)> {
    let chat = chat_to_messages::fixtures(extension).into_iter().map(|(name, text)| {
        let memo = chat_to_messages::memo(&name);
        (Wire::Chat, format!("chat-{name}"), text, memo)
    });
    let messages = to_chat::fixtures(extension).into_iter().map(|(path, text)| {
        let name = to_chat::stem(path);
        (Wire::Messages, format!("messages-{name}"), text.clone(), to_chat::memo(name))
    });
    chat.chain(messages).collect()
}

#[test]
fn streams_of_both_formats() {
    for (upstream, name, text, memo) in fixtures("sse") {
        let whole = stream(upstream, [text.as_bytes()], &memo);
        to_responses::checker::check(whole.as_bytes());
        assert_snapshot(&format!("{name}.sse"), &whole);
        for at in 0..text.len() {
            let (head, tail) = text.as_bytes().split_at(at);
            assert_eq!(stream(upstream, [head, tail], &memo), whole, "{name} cut at {at}");
        }
        assert_eq!(stream(upstream, text.as_bytes().chunks(1), &memo), whole, "{name} byte by byte");
    }
}

#[test]
fn documents_of_both_formats() {
    for (upstream, name, text, memo) in fixtures("json") {
        let shown = match answer::document(upstream, Wire::Responses, text.as_bytes(), &memo) {
            Ok(document) => {
                let document: Value = serde_json::from_slice(&document).unwrap();
                format!("{document:#}")
            }
            Err(error) => error.body(Wire::Responses, "req_1"),
        };
        assert_snapshot(&format!("{name}.json"), &shown);
    }
}
