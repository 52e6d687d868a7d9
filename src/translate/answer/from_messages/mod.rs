//! Reads answers of Anthropic Messages.
//!
//! The stream is read as Anthropic's SDKs read it, and more kindly where nothing is risked by it: a missing
//! `event` line, a missing `index`, a block that was never started or stopped. What means nothing to another
//! format (blocks of server tools, blocks and events unheard of) is left out together with its deltas. Bytes
//! that cannot be read, and an end without `message_stop`, are faults: an answer with a hole in it never
//! passes for a whole one.
//!
//! Two messages in one stream (a proxy that fell back to another model) are one answer: the second
//! `message_start` closes what is open and says nothing else.

mod blocks;
mod ending;

use serde::Deserialize;
use serde_json::{Value, value::RawValue};

use self::{
    blocks::Blocks,
    ending::{Ending, Tally},
};
use super::{
    Piece, Reader,
    faults::{interrupted, unreadable},
    fields::{member, number, text},
};
use crate::{
    translate::{Memo, fault::from_messages_error, sse::Event},
    wire::error::{ClientError, Kind},
};

/// See the module documentation.
pub struct Stream {
    blocks: Blocks,
    tally: Tally,
    ending: Ending,
    begun: bool,
    over: bool,
}

impl Stream {
    pub fn new(memo: &Memo) -> Self {
        Self {
            blocks: Blocks::new(memo),
            tally: Tally::default(),
            ending: Ending::default(),
            begun: false,
            over: false,
        }
    }

    fn begin(&mut self, pieces: &mut Vec<Piece>) {
        if !self.begun {
            self.begun = true;
            pieces.push(Piece::Begin(self.tally.usage()));
        }
    }

    fn message_start(&mut self, message: &Value, pieces: &mut Vec<Piece>) {
        if self.begun {
            return self.blocks.close_all(pieces);
        }
        self.tally.read(member(message, "usage"));
        self.begin(pieces);
    }

    fn message_stop(&mut self, pieces: &mut Vec<Piece>) {
        self.begin(pieces);
        self.blocks.finish(pieces);
        self.over = true;
        pieces.push(Piece::End(self.ending.stop(self.blocks.has_calls()), self.tally.usage()));
    }

    fn fault(&mut self, error: ClientError, pieces: &mut Vec<Piece>) {
        self.over = true;
        pieces.push(Piece::Fault(error));
    }
}

impl Reader for Stream {
    fn event(&mut self, event: &Event, pieces: &mut Vec<Piece>) {
        // What ends Chat's streams is no news here.
        if self.over || event.data.trim() == "[DONE]" {
            return;
        }
        let value: Value = match event.data.trim() {
            "" => Value::Null,
            data => match serde_json::from_str(data) {
                Ok(value) => value,
                Err(error) => return self.fault(unreadable(&error), pieces),
            },
        };
        let index = number(&value, "index");
        match text(&value, "type").unwrap_or(&event.name) {
            "message_start" => self.message_start(member(&value, "message"), pieces),
            "content_block_start" => {
                self.begin(pieces);
                let block = member(&value, "content_block");
                let input = || raw_input(&event.data).unwrap_or_else(|| member(block, "input").to_string());
                if let Err(error) = self.blocks.start(index, block, input, pieces) {
                    self.fault(error, pieces);
                }
            }
            "content_block_delta" => {
                self.begin(pieces);
                self.blocks.delta(index, member(&value, "delta"), pieces);
            }
            "content_block_stop" => self.blocks.stop(index, pieces),
            "message_delta" => {
                self.tally.read(member(&value, "usage"));
                self.ending.read(member(&value, "delta"));
            }
            "message_stop" => self.message_stop(pieces),
            "error" => self.fault(error_in(&value), pieces),
            _ if has_error(&value) => self.fault(error_in(&value), pieces),
            _ => pieces.push(Piece::Ping),
        }
    }

    fn end(&mut self, pieces: &mut Vec<Piece>) {
        if !self.over {
            self.fault(interrupted(), pieces);
        }
    }
}

/// Reads a whole answer: its blocks are those of a stream in which each comes at once.
pub fn document(body: &[u8], memo: &Memo) -> Result<Vec<Piece>, ClientError> {
    let text = String::from_utf8_lossy(body);
    let text = text.trim_start_matches('\u{feff}');
    let Ok(value) = serde_json::from_str::<Value>(text) else {
        return Err(ClientError::new(Kind::Api, "The provider's answer is not JSON."));
    };
    if member(&value, "type") == "error" || has_error(&value) {
        return Err(error_in(&value));
    }
    let mut stream = Stream::new(memo);
    stream.tally.read(member(&value, "usage"));
    stream.ending.read(&value);
    let mut pieces = Vec::new();
    stream.begin(&mut pieces);
    match member(&value, "content") {
        Value::Array(blocks) => {
            let inputs = raw_inputs(text);
            for (at, block) in blocks.iter().enumerate() {
                let raw = inputs.get(at).copied().flatten();
                let input =
                    || raw.map_or_else(|| member(block, "input").to_string(), |raw| raw.get().to_owned());
                stream.blocks.start(None, block, input, &mut pieces)?;
                stream.blocks.stop(None, &mut pieces);
            }
        }
        Value::String(text) => stream.blocks.whole_text(text, &mut pieces),
        _ => return Err(ClientError::new(Kind::Api, "The provider's answer has no content.")),
    }
    stream.message_stop(&mut pieces);
    Ok(pieces)
}

/// Whether an error of any format is in it, such as a proxy's own.
fn has_error(value: &Value) -> bool {
    member(value, "error").is_object() || member(value, "error").is_string()
}

fn error_in(value: &Value) -> ClientError {
    from_messages_error(value.get("error").unwrap_or(value), None)
}

/// A tool's input as the provider wrote it: a `Value` would lose digits of large numbers.
fn raw_input(event: &str) -> Option<String> {
    #[derive(Deserialize)]
    struct Start<'a> {
        #[serde(borrow)]
        content_block: Block<'a>,
    }
    let start: Start<'_> = serde_json::from_str(event).ok()?;
    Some(start.content_block.input?.get().to_owned())
}

/// The same of every block of a document.
fn raw_inputs(document: &str) -> Vec<Option<&RawValue>> {
    #[derive(Deserialize)]
    struct Document<'a> {
        #[serde(borrow)]
        content: Vec<Block<'a>>,
    }
    let document: Option<Document<'_>> = serde_json::from_str(document).ok();
    document.map(|document| document.content.iter().map(|block| block.input).collect()).unwrap_or_default()
}

#[derive(Deserialize)]
struct Block<'a> {
    #[serde(borrow, default)]
    input: Option<&'a RawValue>,
}
