//! Answers of OpenAI Responses, read.

mod clients;
mod dialects;
mod edges;
mod endings;
mod golden;
mod large;
mod round_trip;
mod server;

use llm_router::translate::{
    Memo,
    answer::{Citation, Piece, Reader, Stop, Usage, from_responses},
    sse::{Decoder, Item},
    tools::{ClientTool, Kind},
};
use llm_router::wire::error::{self, ClientError};
use serde_json::{Value, json};

use super::contract;

/// A request with a tool of each kind.
fn memo() -> Memo {
    let mut memo = Memo {
        requested: "fast".to_owned(),
        provider: "alpha".to_owned(),
        model: "gpt-5.2".to_owned(),
        id: "0a1b".to_owned(),
        created: 1_795_338_000,
        include_usage: true,
        ..Memo::default()
    };
    memo.tools.add(ClientTool { kind: Kind::Custom, ..ClientTool::function("exec") }).unwrap();
    memo
}

/// What the reader makes of a stream.
fn read(stream: &str) -> Vec<Piece> {
    let (mut decoder, mut items) = (Decoder::default(), Vec::new());
    decoder.push(stream.as_bytes(), &mut items).unwrap();
    decoder.finish(&mut items);
    let (mut reader, mut pieces) = (from_responses::Stream::new(&memo()), Vec::new());
    for item in items {
        if let Item::Event(event) = item {
            reader.event(&event, &mut pieces);
        }
    }
    reader.end(&mut pieces);
    contract::assert_kept(&pieces);
    pieces
}

fn read_document(response: &Value) -> Result<Vec<Piece>, ClientError> {
    let pieces = from_responses::document(response.to_string().as_bytes(), &memo())?;
    contract::assert_kept(&pieces);
    Ok(pieces)
}

/// These events, each without its `response.`.
fn stream(events: &[Value]) -> String {
    events.iter().fold(String::new(), |text, event| {
        let mut event = event.clone();
        let kind =
            event["type"].as_str().filter(|kind| *kind != "error").map(|kind| format!("response.{kind}"));
        if let Some(kind) = kind {
            event["type"] = kind.into();
        }
        text + &format!("data: {event}\n\n")
    })
}

fn completed() -> Value {
    json!({ "type": "completed", "response": server::response("completed", &[]) })
}

/// What an answer says, however it comes in pieces.
#[derive(Clone, Debug, PartialEq)]
enum Said {
    Text(String),
    Refusal(String),
    Thinking(String),
    Signature(String),
    Source(String),
    Call { id: String, name: String, arguments: String },
    Break,
    End(Stop, Usage),
    Fault(error::Kind),
}

fn said(pieces: &[Piece]) -> Vec<Said> {
    let mut said: Vec<Said> = Vec::new();
    let mut calls = Vec::new();
    for piece in pieces {
        match (piece, said.last_mut()) {
            (Piece::Text(more), Some(Said::Text(text)))
            | (Piece::Refusal(more), Some(Said::Refusal(text)))
            | (Piece::Thinking(more), Some(Said::Thinking(text))) => text.push_str(more),
            (Piece::Text(text), _) => said.push(Said::Text(text.clone())),
            (Piece::Refusal(text), _) => said.push(Said::Refusal(text.clone())),
            (Piece::Thinking(text), _) => said.push(Said::Thinking(text.clone())),
            (Piece::Signature(text), _) => said.push(Said::Signature(text.clone())),
            (Piece::Citation(Citation { url, .. }), _) => said.push(Said::Source(url.clone())),
            (Piece::Call { id, name, .. }, _) => {
                calls.push(said.len());
                said.push(Said::Call { id: id.clone(), name: name.clone(), arguments: String::new() });
            }
            (Piece::Arguments { call, json }, _) => {
                if let Said::Call { arguments, .. } = &mut said[calls[*call]] {
                    arguments.push_str(json);
                }
            }
            (Piece::Break, _) => said.push(Said::Break),
            (Piece::End(stop, usage), _) => said.push(Said::End(stop.clone(), *usage)),
            (Piece::Fault(error), _) => said.push(Said::Fault(error.kind)),
            (Piece::Begin(_) | Piece::CallEnd { .. } | Piece::Ping | Piece::Redacted(_), _) => {}
        }
    }
    meant(&said)
}

/// Between blocks of two kinds, or of one that is always whole, a break says nothing.
fn meant(said: &[Said]) -> Vec<Said> {
    let kind = |at: usize| said.get(at).map(std::mem::discriminant);
    let grows = |at: usize| matches!(said[at], Said::Text(_) | Said::Refusal(_) | Said::Thinking(_));
    let parts = |at: usize| at > 0 && kind(at - 1) == kind(at + 1) && grows(at - 1);
    let meant = (0..said.len()).filter(|at| said[*at] != Said::Break || parts(*at));
    meant.map(|at| said[at].clone()).collect()
}

/// Without the end.
fn content(stream: &str) -> Vec<Said> {
    let mut said = said(&read(stream));
    assert!(matches!(said.pop(), Some(Said::End(..))), "{stream}");
    said
}

fn text(text: &str) -> Said {
    Said::Text(text.to_owned())
}

fn thinking(text: &str) -> Said {
    Said::Thinking(text.to_owned())
}

fn signature(text: &str) -> Said {
    Said::Signature(text.to_owned())
}

fn call(id: &str, name: &str, arguments: &str) -> Said {
    Said::Call { id: id.to_owned(), name: name.to_owned(), arguments: arguments.to_owned() }
}
