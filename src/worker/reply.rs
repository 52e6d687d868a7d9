//! Replies as JS responses.

use js_sys::Uint8Array;
use wasm_bindgen::JsValue;

use super::{isolate::Isolate, js};
use crate::{
    gateway::{Content, Reply},
    wire::{
        Wire,
        error::{ClientError, stream_error},
    },
};

type Response = Result<web_sys::Response, JsValue>;

/// What goes on every reply to one request.
pub(super) struct Marks {
    pub(super) request_id: String,
    pub(super) cors: Vec<(&'static str, String)>,
}

impl Marks {
    /// A document of the gateway's own.
    pub(super) fn json(&self, status: u16, body: &str) -> Response {
        js::reply(status, &js::lines(self.own(None, Vec::new())), &JsValue::from_str(body))
    }

    pub(super) fn empty(&self, status: u16, headers: Vec<(&'static str, String)>) -> Response {
        let id = [("x-request-id", self.request_id.clone())];
        js::reply(status, &js::lines(headers.into_iter().chain(id)), &JsValue::NULL)
    }

    pub(super) fn error(&self, error: &ClientError, wire: Wire) -> Response {
        let body = error.body(wire, &self.request_id);
        js::reply(error.status, &js::lines(self.own(Some(wire), error.headers())), &JsValue::from_str(&body))
    }

    pub(super) fn reply(&self, isolate: &Isolate, reply: Reply<web_sys::Response>) -> Response {
        let wire = reply.wire;
        match reply.content {
            Content::Error(error) => self.error(&error, wire),
            Content::Failure { status, failure } => {
                let headers = failure.headers.into_iter().chain(self.common(Some(wire)).map(owned));
                js::reply(status, &js::lines(headers), &Uint8Array::from(failure.body.as_slice()))
            }
            Content::Relay(upstream) => {
                let idle_ms = js::number(isolate.gateway.settings.timeouts.idle_ms);
                let last_words = stream_error(wire, "The provider broke off in the middle of its answer");
                js::relay(
                    &upstream,
                    &isolate.passes,
                    &js::lines(self.common(Some(wire))),
                    idle_ms,
                    &last_words,
                )
            }
        }
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
        fixed.into_iter().map(|(name, value)| (name, value.to_owned())).chain(more).chain(self.common(wire))
    }

    fn common(&self, wire: Option<Wire>) -> impl Iterator<Item = (&str, String)> {
        let messages = (wire == Some(Wire::Messages)).then(|| ("request-id", self.request_id.clone()));
        let id = ("x-request-id", self.request_id.clone());
        [id].into_iter().chain(messages).chain(self.cors.iter().map(|(name, value)| (*name, value.clone())))
    }
}

fn owned((name, value): (&str, String)) -> (String, String) {
    (name.to_owned(), value)
}
