//! What our own writer tells a client of Responses, read again, is what it was told.

use super::super::{chat_to_messages, from_messages, golden::streamed, to_chat};
use llm_router::{
    translate::{
        Memo,
        answer::{Piece, Reader, Stop, from_responses},
        parts::custom_tool::unwrapped,
        sse::{Decoder, Item},
        tools::Kind,
    },
    wire::Wire,
};

/// What an answer amounts to for a client.
#[derive(Debug, Default, PartialEq)]
struct Sum {
    text: String,
    refusal: String,
    thinking: String,
    calls: Vec<(String, String, String)>,
    urls: Vec<String>,
    end: String,
}

fn sum(pieces: &[Piece], memo: &Memo) -> Sum {
    let mut sum = Sum::default();
    for piece in pieces {
        match piece {
            Piece::Text(text) => sum.text += text,
            Piece::Refusal(text) => sum.refusal += text,
            Piece::Thinking(text) => sum.thinking += text,
            Piece::Citation(citation) => sum.urls.push(citation.url.clone()),
            // The reader of the second turn knows the names of the client alone.
            Piece::Call { id, name, .. } => {
                sum.calls.push((id.clone(), memo.tools.client(name).name, String::new()));
            }
            Piece::Arguments { call, json } => sum.calls[*call].2 += json,
            Piece::End(stop, usage) => {
                let stop = match stop {
                    Stop::MaxTokens | Stop::Context => "cut",
                    Stop::Refusal { .. } => "refused",
                    _ => "whole",
                };
                sum.end = format!("{stop} {} {}", usage.whole_input(), usage.output.unwrap_or(0));
            }
            Piece::Fault(_) => sum.end = "fault".to_owned(),
            Piece::Begin(_)
            | Piece::Signature(_)
            | Piece::Redacted(_)
            | Piece::Break
            | Piece::CallEnd { .. }
            | Piece::Ping => {}
        }
    }
    for (_, name, arguments) in &mut sum.calls {
        if memo.tools.client(name).kind == Kind::Custom {
            *arguments = unwrapped(arguments);
        }
    }
    sum
}

/// A stream of `upstream`, told to a client of Responses and read again.
fn again(upstream: Wire, text: &str, memo: &Memo) -> Vec<Piece> {
    let out = streamed(upstream, Wire::Responses, [text.as_bytes()], memo);
    let (mut decoder, mut items, mut pieces) = (Decoder::default(), Vec::new(), Vec::new());
    decoder.push(&out, &mut items).unwrap();
    let mut reader = from_responses::Stream::new(memo);
    for item in items {
        if let Item::Event(event) = item {
            reader.event(&event, &mut pieces);
        }
    }
    reader.end(&mut pieces);
    super::contract::assert_kept(&pieces);
    pieces
}

fn assert_same(upstream: Wire, name: &str, text: &str, pieces: &[Piece], memo: &Memo) {
    let (first, second) = (sum(pieces, memo), sum(&again(upstream, text, memo), memo));
    // A refusal without words gets some.
    let refusal = if first.refusal.is_empty() { second.refusal.clone() } else { first.refusal.clone() };
    assert_eq!(second, Sum { refusal, ..first }, "{name}");
}

#[test]
fn streams_of_both_formats_survive_responses() {
    for (name, text) in chat_to_messages::fixtures("sse") {
        let memo = chat_to_messages::memo(&name);
        assert_same(Wire::Chat, &name, &text, &chat_to_messages::pieces(text.as_bytes(), &memo), &memo);
    }
    for (path, text) in to_chat::fixtures("sse") {
        let name = to_chat::stem(path);
        let memo = to_chat::memo(name);
        assert_same(Wire::Messages, name, text, &from_messages::read(&[text.as_bytes()], &memo), &memo);
    }
}
