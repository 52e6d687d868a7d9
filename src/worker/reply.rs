//! Replies as JS responses.

use js_sys::Uint8Array;
use wasm_bindgen::JsValue;

use super::{
    isolate::Isolate,
    js::{self, Upstream},
    translator::Translator,
};
use crate::{
    gateway::{Content, Reply},
    log::Waits,
    trace::{self, Trace},
    wire::{
        Wire,
        error::{ClientError, Kind, stream_error},
    },
};

/// A response, and what is logged of it.
pub(super) struct Answer {
    pub(super) response: web_sys::Response,
    pub(super) status: u16,
    /// The client's format, where it matters.
    pub(super) wire: Option<Wire>,
    /// What the gateway itself objected to.
    pub(super) error: Option<Kind>,
    pub(super) trace: Trace,
    pub(super) waits: Waits,
}

impl Answer {
    fn new(response: web_sys::Response, status: u16, wire: Option<Wire>) -> Self {
        Self { response, status, wire, error: None, trace: Trace::default(), waits: Waits::default() }
    }
}

const JSON: &str = "application/json";
const EVENTS: &str = "text/event-stream; charset=utf-8";

type Answered = Result<Answer, JsValue>;

/// What goes on every reply to one request.
pub(super) struct Marks {
    pub(super) request_id: String,
    pub(super) cors: Vec<(&'static str, String)>,
    /// Whether replies say how they were routed.
    pub(super) debug: bool,
}

impl Marks {
    /// A document of the gateway's own.
    pub(super) fn json(&self, status: u16, body: &str) -> Answered {
        let headers = self.own(None, Vec::new());
        let response = js::reply(status, &js::lines(headers), &JsValue::from_str(body))?;
        Ok(Answer::new(response, status, None))
    }

    pub(super) fn empty(&self, status: u16, headers: Vec<(&'static str, String)>) -> Answered {
        let id = [("x-request-id", self.request_id.clone())];
        let response = js::reply(status, &js::lines(headers.into_iter().chain(id)), &JsValue::NULL)?;
        Ok(Answer::new(response, status, None))
    }

    pub(super) fn error(&self, error: &ClientError, wire: Wire) -> Answered {
        self.refusal(error, wire, Vec::new(), Vec::new())
    }

    pub(super) fn reply(&self, isolate: &Isolate, reply: Reply<Upstream>) -> Answered {
        let Reply { wire, content, trace } = reply;
        let debug = if self.debug { trace::headers::headers(&trace) } else { Vec::new() };
        let answer = match content {
            Content::Error { error, headers } => self.refusal(&error, wire, headers, debug)?,
            Content::Document { stream, headers, body } => {
                let own = self.translated(wire, if stream { EVENTS } else { JSON }, headers, debug);
                let body = Uint8Array::from(body.as_slice());
                Answer::new(js::reply(200, &js::lines(own), &body)?, 200, Some(wire))
            }
            Content::Stream { response, headers, stream } => {
                let idle_ms = js::number(isolate.gateway.settings.timeouts.idle_ms);
                let lines = js::lines(self.translated(wire, EVENTS, headers, debug));
                let translator = Translator::new(*stream);
                let response = js::translate(&response, translator, &lines, idle_ms, &interrupted(wire))?;
                Answer::new(response, 200, Some(wire))
            }
            Content::Failure { status, failure } => {
                let headers = failure.headers.into_iter().chain(self.common(Some(wire), debug).map(owned));
                let body = Uint8Array::from(failure.body.as_slice());
                Answer::new(js::reply(status, &js::lines(headers), &body)?, status, Some(wire))
            }
            Content::Relay(upstream) => {
                let idle_ms = js::number(isolate.gateway.settings.timeouts.idle_ms);
                let headers = js::lines(self.common(Some(wire), debug));
                let last_words = if upstream.opening().is_some() { interrupted(wire) } else { String::new() };
                let response = js::relay(&upstream, &isolate.passes, &headers, idle_ms, &last_words)?;
                Answer::new(response, upstream.status(), Some(wire))
            }
        };
        Ok(Answer { trace, ..answer })
    }

    fn refusal(
        &self,
        error: &ClientError,
        wire: Wire,
        upstream: Vec<(String, String)>,
        debug: Vec<(&'static str, String)>,
    ) -> Answered {
        let body = JsValue::from_str(&error.body(wire, &self.request_id));
        let more = error.headers().into_iter().chain(debug).collect();
        let headers = upstream.into_iter().chain(self.own(Some(wire), more).map(owned));
        let status = error.status_for(wire);
        let response = js::reply(status, &js::lines(headers), &body)?;
        Ok(Answer { error: Some(error.kind), ..Answer::new(response, status, Some(wire)) })
    }

    /// Headers of a translated success.
    fn translated(
        &self,
        wire: Wire,
        content_type: &'static str,
        upstream: Vec<(String, String)>,
        debug: Vec<(&'static str, String)>,
    ) -> impl Iterator<Item = (String, String)> {
        let fixed = [("content-type", content_type), ("cache-control", "no-cache")];
        let unbuffered = (content_type == EVENTS).then_some(("x-accel-buffering", "no"));
        let fixed =
            fixed.into_iter().chain(unbuffered).map(|(name, value)| (name.to_owned(), value.to_owned()));
        upstream.into_iter().chain(fixed).chain(self.common(Some(wire), debug).map(owned))
    }

    fn own(
        &self,
        wire: Option<Wire>,
        more: Vec<(&'static str, String)>,
    ) -> impl Iterator<Item = (&str, String)> {
        let fixed = [
            ("content-type", "application/json"),
            ("cache-control", "no-store"),
            ("x-content-type-options", "nosniff"),
        ];
        fixed.into_iter().map(|(name, value)| (name, value.to_owned())).chain(self.common(wire, more))
    }

    fn common(
        &self,
        wire: Option<Wire>,
        more: Vec<(&'static str, String)>,
    ) -> impl Iterator<Item = (&str, String)> {
        let messages = (wire == Some(Wire::Messages)).then(|| ("request-id", self.request_id.clone()));
        let id = ("x-request-id", self.request_id.clone());
        let cors = self.cors.iter().map(|(name, value)| (*name, value.clone()));
        more.into_iter().chain([id]).chain(messages).chain(cors)
    }
}

/// What ends a stream whose upstream does not.
fn interrupted(wire: Wire) -> String {
    stream_error(wire, "The provider broke off in the middle of its answer")
}

fn owned((name, value): (&str, String)) -> (String, String) {
    (name.to_owned(), value)
}
