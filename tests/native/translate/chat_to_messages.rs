//! Answers of Chat Completions for clients of Messages: from fixtures to the snapshots beside them.
#![expect(clippy::disallowed_methods, reason = "fixtures are files")]

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use llm_router::{
    translate::{
        self, Memo, Pair, Scene, Traits,
        answer::{self, Piece, Reader, from_chat, to_messages},
        seal,
        sse::{Decoder, Item},
        tools::ClientTool,
    },
    wire::Wire,
};
use serde_json::{Value, json};

use super::{
    contract,
    golden::{assert_snapshot, streamed},
    messages_client, to_responses,
};

/// In fixtures, the upstream name of a tool whose own name providers do not take.
const LONG_TOOL: &str = "LONGTOOL";

/// What is known of the request of every fixture; of some, that the model writes tags around its thinking.
pub(super) fn memo(name: &str) -> Memo {
    let traits = Traits { think_tags: name.starts_with("think-tags"), ..Traits::default() };
    let scene = Scene {
        requested: "claude-asked",
        provider: "prov",
        model: "org/m-up",
        traits: &traits,
        id: "R1",
        created: 1_700_000_000,
    };
    let mut memo = Memo::new(&scene);
    memo.input_estimate = 17;
    memo.tools.add(ClientTool::function(&long_tool())).unwrap();
    memo
}

fn long_tool() -> String {
    format!("mcp__{}__do.it", "server".repeat(12))
}

/// Name and text of every fixture of a kind.
pub(super) fn fixtures(extension: &str) -> Vec<(String, String)> {
    let upstream = memo("").tools.clone().add(ClientTool::function(&long_tool())).unwrap();
    let files = std::fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().path());
    let mut found: Vec<PathBuf> =
        files.filter(|path| path.extension().is_some_and(|it| it == extension)).collect();
    found.sort();
    assert!(!found.is_empty());
    found
        .into_iter()
        .map(|path| {
            let name = path.file_stem().unwrap().to_string_lossy().into_owned();
            let text = std::fs::read_to_string(&path).unwrap();
            (name, text.replace(LONG_TOOL, &upstream))
        })
        .collect()
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/translate/chat-messages")
}

pub(super) fn fixture(name: &str) -> String {
    fixtures("sse").into_iter().find(|(known, _)| known == name).unwrap().1
}

/// What the client gets for these chunks.
pub(super) fn translated<'a>(chunks: impl IntoIterator<Item = &'a [u8]>, memo: &Memo) -> Vec<u8> {
    streamed(Wire::Chat, Wire::Messages, chunks, memo)
}

/// What the reader makes of a stream.
pub(super) fn pieces(bytes: &[u8], memo: &Memo) -> Vec<Piece> {
    let (mut decoder, mut items, mut pieces) = (Decoder::default(), Vec::new(), Vec::new());
    decoder.push(bytes, &mut items).unwrap();
    decoder.finish(&mut items);
    let mut reader = from_chat::Stream::new(memo);
    for item in items {
        if let Item::Event(event) = item {
            reader.event(&event, &mut pieces);
        }
    }
    reader.end(&mut pieces);
    pieces
}

/// Checks everything that holds of any stream; gives back what the client made of it.
pub(super) fn check(bytes: &[u8], memo: &Memo) -> (Vec<Piece>, Vec<u8>, messages_client::Read) {
    let pieces = pieces(bytes, memo);
    contract::assert_kept(&pieces);
    let out = translated([bytes], memo);
    let read = messages_client::assert_good(&out);
    // The other clients that this reader serves are as strict.
    to_responses::checker::check(&streamed(Wire::Chat, Wire::Responses, [bytes], memo));
    // A comment of two bytes is a ping of 40; a chunk that begins an answer is its frame.
    assert!(out.len() <= 40 * bytes.len() + 4_096, "{} bytes of {}", out.len(), bytes.len());
    match pieces.last() {
        Some(Piece::End(..)) => {
            // Streamed or not, an answer is the same.
            let whole: Value = serde_json::from_slice(&to_messages::document(pieces.clone(), memo)).unwrap();
            messages_client::check_message(&whole).unwrap_or_else(|fault| panic!("{fault}: {whole}"));
            let streamed = read.message.as_ref().unwrap();
            for field in ["id", "model", "content", "stop_reason", "stop_sequence", "stop_details"] {
                assert_eq!(streamed[field], whole[field], "{field}");
            }
            for field in ["input_tokens", "output_tokens", "cache_read_input_tokens", "output_tokens_details"]
            {
                assert_eq!(streamed["usage"][field], whole["usage"][field], "{field}");
            }
            assert_eq!(read.error, None);
        }
        _ => assert!(read.error.is_some()),
    }
    (pieces, out, read)
}

#[test]
fn streams() {
    for (name, text) in fixtures("sse") {
        let (pieces, out, _) = check(text.as_bytes(), &memo(&name));
        let mut shown = String::new();
        for piece in &pieces {
            writeln!(shown, "{piece:?}").unwrap();
        }
        write!(shown, "\n{}", String::from_utf8(out).unwrap()).unwrap();
        assert_snapshot(folder(), &format!("{name}.sse"), &shown);
    }
}

#[test]
fn documents() {
    for (name, text) in fixtures("json") {
        let memo = memo(&name);
        let shown = match answer::document(Wire::Chat, Wire::Messages, text.as_bytes(), &memo) {
            Ok(message) => {
                let message: Value = serde_json::from_slice(&message).unwrap();
                messages_client::check_message(&message).unwrap();
                format!("{message:#}")
            }
            Err(error) => format!("{error:#?}"),
        };
        assert_snapshot(folder(), &format!("{name}.json"), &shown);
    }
}

/// Wherever the network cuts a stream, the client gets the same.
#[test]
fn edge_57_58_streams_are_the_same_wherever_they_are_cut() {
    for (name, text) in fixtures("sse") {
        let (bytes, memo) = (text.as_bytes(), memo(&name));
        let whole = translated([bytes], &memo);
        for at in 0..=bytes.len() {
            let (head, tail) = bytes.split_at(at);
            assert!(translated([head, tail], &memo) == whole, "{name} cut at {at}");
        }
        assert!(translated(bytes.chunks(1), &memo) == whole, "{name} byte by byte");
    }
}

/// A stream that breaks off anywhere before its last word is told as an error.
#[test]
fn edge_09_a_stream_that_breaks_off_is_no_success() {
    for (name, text) in fixtures("sse") {
        let memo = memo(&name);
        let end = [text.find("\"finish_reason\":\""), text.find("data: [DONE]")].into_iter().flatten().min();
        for at in 0..end.unwrap_or(text.len()) {
            let read = check(&text.as_bytes()[..at], &memo).2;
            assert!(read.error.is_some(), "{name} ending at {at}");
        }
    }
}

/// Thinking goes back to its provider as it came, and nobody else can read it.
#[test]
fn signatures_are_sealed() {
    for name in ["reasoning-details", "reasoning-encrypted"] {
        let text = fixture(name);
        let (_, out, read) = check(text.as_bytes(), &memo(name));
        let out = String::from_utf8(out).unwrap();
        assert!(!out.contains("EqoB") && !out.contains("gAAAA"), "{out}");
        let message = read.message.unwrap();
        let sealed = message["content"][0]["signature"].as_str().unwrap();
        let details: Value = serde_json::from_str(&seal::open(sealed, "prov", "org/m-up").unwrap()).unwrap();
        assert!(details.is_array());
        assert_eq!(seal::open(sealed, "other", "org/m-up"), None);
    }
}

/// What the client keeps of an answer comes back to the provider as it left it.
#[test]
fn answers_become_history() {
    for (name, text) in fixtures("json") {
        let traits = Traits { reasoning_content: true, ..Traits::default() };
        let scene = Scene {
            requested: "claude-asked",
            provider: "prov",
            model: "org/m-up",
            traits: &traits,
            id: "R2",
            created: 1_700_000_001,
        };
        let memo = memo(&name);
        let Ok(answer) = answer::document(Wire::Chat, Wire::Messages, text.as_bytes(), &memo) else {
            continue;
        };
        let mut answer: Value = serde_json::from_slice(&answer).unwrap();
        let content = answer["content"].take();
        let result = |block: &Value| {
            let id = block.get("id")?;
            Some(json!({ "type": "tool_result", "tool_use_id": id, "content": "done" }))
        };
        let mut results: Vec<Value> = content.as_array().unwrap().iter().filter_map(result).collect();
        results.push(json!({ "type": "text", "text": "go on" }));
        let body = json!({ "model": "claude-asked", "max_tokens": 10, "messages": [
            { "role": "user", "content": "go" },
            { "role": "assistant", "content": content },
            { "role": "user", "content": results },
        ] });
        let sent = translate::request(Pair::MessagesToChat, body.to_string().as_bytes(), &scene).unwrap();
        let sent: Value = serde_json::from_slice(&sent.body).unwrap();
        assert_snapshot(folder(), &format!("{name}.history"), &format!("{:#}", sent["messages"]));
    }
}
