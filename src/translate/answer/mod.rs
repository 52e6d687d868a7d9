//! What answers are made of, whatever their format.
//!
//! A *reader* turns an upstream's document or stream into [`Piece`]s; a *writer* puts pieces into a client's
//! words. Three readers and three writers meet here instead of a pair each, because an answer's parts mean the
//! same everywhere: the pieces are the union of all formats', so nothing has to be smuggled through.
//!
//! The contract, which readers keep and writers rely on, whatever the upstream does:
//! - `Begin` comes first and once; then either one `End` or one `Fault`, last and once. What fails before it
//!   has begun is a `Fault` alone.
//! - Text, refusal and thinking pieces are not empty. Neighbours of a kind belong to one block; `Break`
//!   between two says that they do not. Anything of another kind ends a block as well.
//! - `Signature` belongs to the thinking directly before it, or stands alone for thinking not shown.
//! - A call is begun once (`Call`), its `call` numbers count from 0 in the order of begins; `Arguments` are
//!   only for a call that has begun and not ended, may be interleaved between open calls, and join to JSON
//!   text (`{}` if the upstream sent none); `CallEnd` comes once for every call, before `End`.

mod blocks;
mod faults;
mod fields;
mod finish;
pub mod from_chat;
pub mod from_messages;
pub mod from_responses;
pub mod to_chat;
pub mod to_messages;
pub mod to_responses;
mod usage;

use serde_json::Value;

use self::fields::text;
use std::{cell::RefCell, rc::Rc};

use super::{
    Memo,
    sse::{Decoder, Event, Item},
};
use crate::wire::{Wire, error::ClientError};

/// How much of a whole stream is taken at once, in bytes: its events are held only until they are read.
const CHUNK: usize = 64 << 10;

/// A piece of an answer.
#[derive(Clone, Debug, PartialEq)]
pub enum Piece {
    /// What is known of usage so early.
    Begin(Usage),
    Text(String),
    Refusal(String),
    Thinking(String),
    /// What the provider needs with the thinking if that ever comes back, as the provider sent it (not
    /// sealed yet).
    Signature(String),
    /// Thinking that only its provider can read, as sent.
    Redacted(String),
    /// The block that was going on is over.
    Break,
    /// A source of the text before it.
    Citation(Citation),
    /// `id` and `name` as the provider sent them, never empty; a reader makes an id where there is none.
    Call {
        call: usize,
        id: String,
        name: String,
    },
    /// More of a call's arguments.
    Arguments {
        call: usize,
        json: String,
    },
    CallEnd {
        call: usize,
    },
    /// Nothing new, but the provider is there.
    Ping,
    End(Stop, Usage),
    /// It broke off. After `Begin` it is told in the stream; as the first piece of a document it is an
    /// answer of its own.
    Fault(ClientError),
}

/// A web page that text refers to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Citation {
    pub url: String,
    pub title: String,
}

impl Citation {
    /// Of an annotation: Responses' `url_citation`, or Chat's, which nests it. Without an address it is of no page.
    fn of_annotation(annotation: &Value) -> Self {
        let source = annotation.get("url_citation").unwrap_or(annotation);
        let text = |field| text(source, field).unwrap_or_default().to_owned();
        Self { url: text("url"), title: text("title") }
    }
}

/// Why an answer ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stop {
    EndTurn,
    /// At a stop sequence; which one, if the provider said.
    Sequence(Option<String>),
    MaxTokens,
    /// The context window is full.
    Context,
    ToolUse,
    /// Why and in which category, if the provider said.
    Refusal {
        explanation: Option<String>,
        category: Option<String>,
    },
    /// A long turn of server tools; the client may send it back to go on.
    Pause,
    Compaction,
}

/// Tokens, as far as they are known. Each is a part of its own: their sum is the total.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Neither read from a cache nor written to one.
    pub input: Option<u64>,
    pub cache_read: Option<u64>,
    /// To live 5 minutes, or of unknown life.
    pub cache_write: Option<u64>,
    /// To live an hour.
    pub cache_write_1h: Option<u64>,
    /// Thinking included.
    pub output: Option<u64>,
    /// The part of `output` that was thinking.
    pub thinking: Option<u64>,
}

impl Usage {
    /// What a later report adds or corrects: each number that it has replaces the earlier one.
    #[must_use]
    pub fn or(self, earlier: Self) -> Self {
        Self {
            input: self.input.or(earlier.input),
            cache_read: self.cache_read.or(earlier.cache_read),
            cache_write: self.cache_write.or(earlier.cache_write),
            cache_write_1h: self.cache_write_1h.or(earlier.cache_write_1h),
            output: self.output.or(earlier.output),
            thinking: self.thinking.or(earlier.thinking),
        }
    }

    /// All tokens of the request, cached or not.
    pub fn whole_input(self) -> u64 {
        [self.input, self.cache_read, self.cache_write, self.cache_write_1h]
            .into_iter()
            .flatten()
            .fold(0, u64::saturating_add)
    }
}

/// Reads an upstream's stream.
pub trait Reader {
    fn event(&mut self, event: &Event, pieces: &mut Vec<Piece>);
    /// The connection is closed: exactly what is missing to keep the contract.
    fn end(&mut self, pieces: &mut Vec<Piece>);
}

/// Writes a client's stream.
pub trait Writer {
    fn piece(&mut self, piece: Piece, out: &mut Vec<u8>);
}

/// A stream on its way from an upstream's format to a client's.
pub struct Stream {
    decoder: Decoder,
    reader: Box<dyn Reader>,
    writer: Box<dyn Writer>,
    begun: bool,
    over: bool,
}

impl Stream {
    /// `None` where there is no reader or writer for a format.
    pub fn new(upstream: Wire, client: Wire, memo: &Memo) -> Option<Self> {
        let writer: Box<dyn Writer> = match client {
            Wire::Chat => Box::new(to_chat::Stream::new(memo)),
            Wire::Messages => Box::new(to_messages::Stream::new(memo)),
            Wire::Responses => Box::new(to_responses::Stream::new(memo)),
            Wire::Completions => return None,
        };
        Self::between(upstream, writer, memo)
    }

    fn between(upstream: Wire, writer: Box<dyn Writer>, memo: &Memo) -> Option<Self> {
        let reader: Box<dyn Reader> = match upstream {
            Wire::Chat => Box::new(from_chat::Stream::new(memo)),
            Wire::Messages => Box::new(from_messages::Stream::new(memo)),
            Wire::Responses => Box::new(from_responses::Stream::new(memo)),
            Wire::Completions => return None,
        };
        Some(Self { decoder: Decoder::default(), reader, writer, begun: false, over: false })
    }

    /// Appends what `bytes` amount to, to `out`. Nothing comes after the end.
    pub fn push(&mut self, bytes: &[u8], out: &mut Vec<u8>) {
        let mut items = Vec::new();
        let pushed = self.decoder.push(bytes, &mut items);
        self.read(items, out);
        if pushed.is_err() {
            self.finish(out);
        }
    }

    /// The upstream is done, or gone.
    pub fn finish(&mut self, out: &mut Vec<u8>) {
        let mut items = Vec::new();
        self.decoder.finish(&mut items);
        self.read(items, out);
        let mut pieces = Vec::new();
        self.reader.end(&mut pieces);
        self.write(pieces, out);
        self.over = true;
    }

    /// Whether the client has been told the end; the upstream need not be read any further.
    pub fn is_over(&self) -> bool {
        self.over
    }

    fn read(&mut self, items: Vec<Item>, out: &mut Vec<u8>) {
        for item in items {
            if self.over {
                return;
            }
            let mut pieces = Vec::new();
            match item {
                Item::Event(event) => self.reader.event(&event, &mut pieces),
                Item::Comment => pieces.push(Piece::Ping),
            }
            self.write(pieces, out);
        }
    }

    /// Holds readers to their contract: whatever comes before the beginning or after the end is dropped.
    fn write(&mut self, pieces: Vec<Piece>, out: &mut Vec<u8>) {
        for piece in pieces {
            if self.over {
                return;
            }
            match &piece {
                Piece::Begin(_) if self.begun => continue,
                Piece::Begin(_) => self.begun = true,
                Piece::Ping | Piece::Fault(_) => {}
                _ if !self.begun => {
                    self.begun = true;
                    self.writer.piece(Piece::Begin(Usage::default()), out);
                }
                _ => {}
            }
            self.over = matches!(piece, Piece::End(..) | Piece::Fault(_));
            self.writer.piece(piece, out);
        }
    }
}

/// Translates a whole answer into a stream, for a client that asked for one and a provider that did not care.
pub fn document_as_stream(
    upstream: Wire,
    client: Wire,
    body: &[u8],
    memo: &Memo,
) -> Result<Vec<u8>, ClientError> {
    let pieces = read_document(upstream, body, memo)?;
    let mut out = Vec::new();
    if let Some(mut stream) = Stream::new(upstream, client, memo) {
        stream.write(pieces, &mut out);
        stream.finish(&mut out);
    }
    Ok(out)
}

/// The pieces of a stream.
struct Gathered(Rc<RefCell<Vec<Piece>>>);

impl Writer for Gathered {
    fn piece(&mut self, piece: Piece, _: &mut Vec<u8>) {
        if piece != Piece::Ping {
            self.0.borrow_mut().push(piece);
        }
    }
}

/// Translates a whole stream into an answer, for a client that asked for none and a provider that did not care.
/// An error is as in [`document`]: there is an end, or nothing.
pub fn stream_as_document(
    upstream: Wire,
    client: Wire,
    body: &[u8],
    memo: &Memo,
) -> Result<Vec<u8>, ClientError> {
    let gathered = Rc::default();
    if let Some(mut stream) = Stream::between(upstream, Box::new(Gathered(Rc::clone(&gathered))), memo) {
        let mut nothing = Vec::new();
        for chunk in body.chunks(CHUNK) {
            stream.push(chunk, &mut nothing);
            if stream.is_over() {
                break;
            }
        }
        stream.finish(&mut nothing);
    }
    let mut pieces = gathered.take();
    if let Some(Piece::Fault(error)) = pieces.pop_if(|last| matches!(last, Piece::Fault(_))) {
        return Err(error);
    }
    Ok(written(client, pieces, memo))
}

/// Translates a whole answer. An error is what the client is to be told instead, and counts as a failed
/// attempt: an answer that is none (no choices, an error with status 200, no JSON).
pub fn document(upstream: Wire, client: Wire, body: &[u8], memo: &Memo) -> Result<Vec<u8>, ClientError> {
    Ok(written(client, read_document(upstream, body, memo)?, memo))
}

fn written(client: Wire, pieces: Vec<Piece>, memo: &Memo) -> Vec<u8> {
    match client {
        Wire::Chat => to_chat::document(pieces, memo),
        Wire::Messages => to_messages::document(pieces, memo),
        _ => to_responses::document(pieces, memo),
    }
}

fn read_document(upstream: Wire, body: &[u8], memo: &Memo) -> Result<Vec<Piece>, ClientError> {
    match upstream {
        Wire::Chat => from_chat::document(body, memo),
        Wire::Responses => from_responses::document(body, memo),
        _ => from_messages::document(body, memo),
    }
}
