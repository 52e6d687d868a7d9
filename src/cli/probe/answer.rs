//! What came back.

use std::time::Duration;

use serde_json::Value;

use super::shape;
use crate::translate::fault::{self, Told};
use crate::wire::error::Kind;

/// The end of one request.
pub(super) enum Outcome {
    Answer(Box<Answer>),
    TimedOut(Duration),
    /// The connection broke before the answer was whole.
    Broken(String),
    /// No connection: the reason, in words.
    Unreachable(String),
}

/// A whole answer, or as much of it as is read.
pub(super) struct Answer {
    pub(super) status: u16,
    /// Of a redirect.
    pub(super) location: Option<String>,
    pub(super) retry_after_ms: Option<String>,
    pub(super) retry_after: Option<String>,
    /// The document, or the first event of a stream.
    pub(super) document: Option<Value>,
    /// The first of the body, in lower case, to look for words in.
    pub(super) text: String,
    pub(super) is_page: bool,
    /// What it complains of, whatever its status.
    pub(super) told: Option<Told>,
}

/// Bytes of a body that words are looked for in.
const TEXT_MAX: usize = 8 * 1024;

impl Answer {
    pub(super) fn new(status: u16, body: &[u8]) -> Self {
        let document: Option<Value> =
            serde_json::from_slice(body).ok().or_else(|| shape::first_event(&String::from_utf8_lossy(body)));
        let text = String::from_utf8_lossy(body.get(..TEXT_MAX).unwrap_or(body)).to_lowercase();
        let is_page = document.is_none() && text.trim_start().starts_with('<');
        let complaint = document.as_ref().and_then(shape::complaint);
        let told = match (status, complaint) {
            (200..=299, None) | (100..=199 | 300..=399, _) => None,
            (_, Some(complaint)) => Some(fault::told(status, complaint.to_string().as_bytes())),
            (_, None) => Some(fault::told(status, body)),
        };
        Self {
            status,
            location: None,
            retry_after_ms: None,
            retry_after: None,
            document,
            text,
            is_page,
            told,
        }
    }

    /// An answer that holds what was asked for, as far as status and complaints tell.
    pub(super) fn good(&self) -> Option<&Value> {
        let success = (200..=299).contains(&self.status) && self.told.is_none();
        self.document.as_ref().filter(|_| success)
    }

    pub(super) fn kind(&self) -> Option<Kind> {
        self.told.as_ref().map(|told| told.kind)
    }

    /// Whether the same request may be answered later.
    pub(super) fn is_busy(&self) -> bool {
        match self.kind() {
            Some(Kind::RateLimit | Kind::Overloaded) => true,
            Some(Kind::ProviderUnavailable) => self.retry_after.is_some() || self.retry_after_ms.is_some(),
            _ => false,
        }
    }

    /// What it says, for people: status and words.
    pub(super) fn said(&self) -> String {
        let words = match &self.told {
            Some(told) if !told.message.is_empty() => told.message.as_str(),
            _ if self.is_page => "a web page",
            Some(_) => "no reason given",
            None => "",
        };
        if words.is_empty() { self.status.to_string() } else { format!("{}: {words}", self.status) }
    }
}
