//! An error of the gateway's own, in the words of the client's format.
//!
//! Shapes and type names are those that the formats' official SDKs raise their exception classes from.

mod kind;

use std::borrow::Cow;

use serde_json::json;

use super::Wire;

pub use kind::Kind;

/// An error and all that a client is told of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientError {
    pub kind: Kind,
    /// Where it is another than the client's format has for the kind.
    pub status: Option<u16>,
    /// For people: what was wrong and what to do.
    pub message: String,
    /// What Messages clients are told instead: the sentence that they recognise the cause by.
    pub sentence: Option<String>,
    /// `details.error_code` for Messages clients, by which SDKs recognise what they can mend.
    pub detail: Option<&'static str>,
    /// The request field at fault.
    pub param: Option<Cow<'static, str>>,
    /// When to try again, in ms.
    pub retry_after_ms: Option<u64>,
    /// Whether trying again may help, where that is known better than by the status.
    pub should_retry: Option<bool>,
}

impl ClientError {
    pub fn new(kind: Kind, message: impl Into<String>) -> Self {
        Self {
            kind,
            status: None,
            message: message.into(),
            sentence: None,
            detail: None,
            param: None,
            retry_after_ms: None,
            should_retry: kind.is_hopeless().then_some(false),
        }
    }

    #[must_use]
    pub fn status(self, status: u16) -> Self {
        Self { status: Some(status), ..self }
    }

    #[must_use]
    pub fn sentence(self, sentence: impl Into<String>) -> Self {
        Self { sentence: Some(sentence.into()), ..self }
    }

    #[must_use]
    pub fn detail(self, code: Option<&'static str>) -> Self {
        Self { detail: code, ..self }
    }

    #[must_use]
    pub fn param(self, param: impl Into<Cow<'static, str>>) -> Self {
        Self { param: Some(param.into()), ..self }
    }

    #[must_use]
    pub fn retry_after_ms(self, ms: Option<u64>) -> Self {
        Self { retry_after_ms: ms, ..self }
    }

    #[must_use]
    pub fn should_retry(self, should: bool) -> Self {
        Self { should_retry: Some(should), ..self }
    }

    /// The HTTP status that a client of `wire` gets.
    pub fn status_for(&self, wire: Wire) -> u16 {
        self.status.unwrap_or_else(|| self.kind.status(wire))
    }

    /// The message that a client of `wire` gets.
    pub fn message_for(&self, wire: Wire) -> &str {
        match (&self.sentence, wire) {
            (Some(sentence), Wire::Messages) => sentence,
            _ => &self.message,
        }
    }

    /// The response body.
    pub fn body(&self, wire: Wire, request_id: &str) -> String {
        match wire {
            Wire::Messages => messages_event(self, request_id),
            Wire::Chat | Wire::Responses | Wire::Completions => self.openai_body(wire),
        }
    }

    /// `code` and `message` of the `error` in a Responses client's `Response`.
    pub fn in_response(&self) -> (&'static str, &str) {
        (self.kind.responses_code(), self.message_for(Wire::Responses))
    }

    fn openai_body(&self, wire: Wire) -> String {
        let (kind, code) = self.kind.openai_type();
        let param = self.param.as_deref().or(self.kind.param(wire));
        let message = self.message_for(wire);
        json!({ "error": { "message": message, "type": kind, "param": param, "code": code } }).to_string()
    }

    /// Response headers besides the content type.
    pub fn headers(&self) -> Vec<(&'static str, String)> {
        let mut headers = Vec::new();
        if let Some(ms) = self.retry_after_ms {
            // Whole seconds, rounded up: a client that waits this long finds the window open.
            headers.push(("retry-after", ms.div_ceil(1_000).max(1).to_string()));
            headers.push(("retry-after-ms", ms.max(1).to_string()));
        }
        headers.extend(self.should_retry.map(|should| ("x-should-retry", should.to_string())));
        headers
    }
}

/// The data of the `error` event that ends a Messages stream.
pub fn messages_event(error: &ClientError, request_id: &str) -> String {
    let mut told =
        json!({ "type": error.kind.messages_type(), "message": error.message_for(Wire::Messages) });
    if let (Some(told), Some(code)) = (told.as_object_mut(), error.detail) {
        told.insert("details".to_owned(), json!({ "error_code": code }));
    }
    json!({ "type": "error", "error": told, "request_id": request_id }).to_string()
}

/// The data of the last event before the `[DONE]` of a Chat stream that failed.
pub fn chat_chunk(error: &ClientError) -> String {
    error.openai_body(Wire::Chat)
}

/// What ends a stream that cannot go on: an error event of its format, then the format's end. A blank line
/// first closes an event that was cut in the middle.
pub fn stream_error(wire: Wire, message: &str) -> String {
    match wire {
        Wire::Messages => {
            let error = json!({ "type": "error", "error": { "type": "api_error", "message": message } });
            format!("\n\nevent: error\ndata: {error}\n\n")
        }
        Wire::Chat | Wire::Completions => {
            let error = json!({ "error": { "message": message, "type": "server_error", "param": null, "code": null } });
            format!("\n\ndata: {error}\n\ndata: [DONE]\n\n")
        }
        Wire::Responses => {
            let failed = json!({
                "type": "response.failed",
                "response": {
                    "id": "resp_interrupted",
                    "object": "response",
                    "status": "failed",
                    "error": { "code": "server_error", "message": message },
                    "output": [],
                    "usage": null,
                },
            });
            format!("\n\nevent: response.failed\ndata: {failed}\n\n")
        }
    }
}
