//! Reads answers of OpenAI Responses.
//!
//! The format tells everything several times: in deltas, in the `done` of a text and of its item, and in the
//! last event. Servers leave out any of these, so each is taken for all that it tells, and only what has not
//! been told yet goes on (`items`). What an answer is made of, `item` knows; the order of it all is that of
//! `blocks`.
//!
//! Items of the provider's own tools mean nothing to another format and are left out. An end without
//! `response.completed` or `response.incomplete` is a fault.

mod item;
mod items;

use serde_json::Value;

use self::items::Items;
use super::{
    Piece, Reader, Usage,
    faults::{broken, error_of, interrupted, unreadable},
    fields::{member, text},
    finish::{self, Finish},
    usage,
};
use crate::{
    translate::{Memo, fault::from_chat_error, sse::Event},
    wire::error::ClientError,
};

/// See the module documentation.
pub struct Stream {
    items: Items,
    usage: Usage,
    begun: bool,
    over: bool,
}

impl Stream {
    pub fn new(memo: &Memo) -> Self {
        Self { items: Items::new(memo), usage: Usage::default(), begun: false, over: false }
    }

    fn begin(&mut self, pieces: &mut Vec<Piece>) {
        if !self.begun {
            self.begun = true;
            pieces.push(Piece::Begin(self.usage));
        }
    }

    fn take(&mut self, kind: &str, event: &Value, pieces: &mut Vec<Piece>) -> Result<(), ClientError> {
        let kind = kind.strip_prefix("response.").unwrap_or(kind);
        match kind {
            "created" | "queued" | "in_progress" => self.begin(pieces),
            "output_item.added" => {
                self.begin(pieces);
                self.items.add(event, pieces)?;
            }
            "output_item.done" => {
                self.begin(pieces);
                self.items.done(event, pieces)?;
            }
            "output_text.annotation.added" => self.items.cite(event)?,
            "completed" | "incomplete" | "failed" | "cancelled" | "done" => {
                self.finish(kind, member(event, "response"), pieces)?;
            }
            "error" => return Err(from_chat_error(error_of(event).unwrap_or(event), None)),
            "content_part.done" => {
                self.begin(pieces);
                self.items.part(event, pieces)?;
            }
            // The texts within tell more.
            "content_part.added" | "reasoning_summary_part.added" | "reasoning_summary_part.done" => {}
            _ => match (error_of(event), item::text_event(kind)) {
                (Some(error), _) => return Err(from_chat_error(error, None)),
                (None, Some((field, is_delta))) => {
                    self.begin(pieces);
                    self.items.text(event, field, is_delta, pieces)?;
                }
                (None, None) => pieces.push(Piece::Ping),
            },
        }
        Ok(())
    }

    /// The last event, of this `kind`, or a document with its `status`.
    fn finish(&mut self, kind: &str, response: &Value, pieces: &mut Vec<Piece>) -> Result<(), ClientError> {
        if let Some(error) = error_of(response) {
            return Err(from_chat_error(error, None));
        }
        let finish = ending(kind, response).whole()?;
        self.usage = usage::read(response).unwrap_or_default().or(self.usage);
        self.begin(pieces);
        let output = member(response, "output").as_array().map(Vec::as_slice).unwrap_or_default();
        self.items.settle(output, pieces)?;
        let stop = self.items.end(finish, pieces)?;
        self.over = true;
        pieces.push(Piece::End(stop, self.usage));
        Ok(())
    }

    fn fault(&mut self, error: ClientError, pieces: &mut Vec<Piece>) {
        self.over = true;
        pieces.push(Piece::Fault(error));
    }
}

impl Reader for Stream {
    fn event(&mut self, event: &Event, pieces: &mut Vec<Piece>) {
        let data = event.data.trim();
        // What ends Chat's streams is no news here.
        if self.over || data == "[DONE]" {
            return;
        }
        let taken = match serde_json::from_str::<Value>(data) {
            Ok(value) => self.take(text(&value, "type").unwrap_or(&event.name), &value, pieces),
            Err(_) if event.name == "error" => Err(from_chat_error(&data.into(), None)),
            Err(_) if data.is_empty() => return pieces.push(Piece::Ping),
            Err(error) => Err(unreadable(&error)),
        };
        if let Err(error) = taken {
            self.fault(error, pieces);
        }
    }

    fn end(&mut self, pieces: &mut Vec<Piece>) {
        if !self.over {
            self.fault(interrupted(), pieces);
        }
    }
}

/// Reads a whole answer: it is what a stream's last event has.
pub fn document(body: &[u8], memo: &Memo) -> Result<Vec<Piece>, ClientError> {
    let text_of_body = String::from_utf8_lossy(body);
    let value: Value = serde_json::from_str(text_of_body.trim_start_matches('\u{feff}'))
        .map_err(|_| broken("The provider's answer is not JSON"))?;
    if let Some(error) = error_of(&value) {
        return Err(from_chat_error(error, None));
    }
    let status = text(&value, "status").unwrap_or("completed");
    if !member(&value, "output").is_array() || matches!(status, "queued" | "in_progress") {
        return Err(broken("The provider's answer has no output"));
    }
    let mut pieces = Vec::new();
    Stream::new(memo).finish(status, &value, &mut pieces)?;
    Ok(pieces)
}

/// How an answer ended. Some servers call every last event `completed`, and say in it what it is.
fn ending(kind: &str, response: &Value) -> Finish {
    let said = [Some(kind), text(response, "status")];
    let says = |word| said.contains(&Some(word));
    let reason = text(member(response, "incomplete_details"), "reason");
    match reason.and_then(finish::read) {
        _ if says("failed") || says("cancelled") => Finish::Failure,
        // A reason unheard of is still one: the answer is not whole.
        None | Some(Finish::Regular) if reason.is_some() || says("incomplete") => Finish::Length,
        Some(finish) => finish,
        None => Finish::Regular,
    }
}
