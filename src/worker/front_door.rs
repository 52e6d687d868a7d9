//! The Worker's request handler.

use std::panic::AssertUnwindSafe;

use js_sys::{Array, Promise, Reflect, Uint8Array};
use serde_json::json;
use wasm_bindgen::{JsCast, prelude::*};
use wasm_bindgen_futures::{JsFuture, future_to_promise};

use super::{
    head::RequestHead,
    isolate::{Isolate, isolate, replace},
    js,
    ports::{RequestPorts, now},
    reply::Marks,
};
use crate::{
    deployment::PROVIDERS_BINDING,
    ingress::{Admission, Endpoint, Head, admit, is_json},
    time::Millis,
    wire::{
        Wire,
        error::{ClientError, Kind},
        models,
    },
};

/// Static functions that `entry.js` calls.
#[wasm_bindgen]
pub struct FrontDoor;

#[wasm_bindgen]
impl FrontDoor {
    /// Answers a request: a promise of a `Response`.
    pub fn handle(request: web_sys::Request, env: JsValue, ctx: JsValue) -> Promise {
        // What requests share is a cache, a counter for ids and the lockout: a panic leaves none of them wrong.
        future_to_promise(AssertUnwindSafe(async move { handle(request, env, ctx).await.map(JsValue::from) }))
    }

    /// Replaces the config of this isolate; an empty list of problems means it was.
    pub fn configure(env: &JsValue, text: &str) -> Array {
        replace(env, text, now()).iter().map(|problem| JsValue::from_str(problem)).collect()
    }
}

async fn handle(request: web_sys::Request, env: JsValue, ctx: JsValue) -> Result<web_sys::Response, JsValue> {
    let now = now();
    let isolate = isolate(&env, now);
    let head = RequestHead::read(&request, isolate.local);
    let origin = head.header("origin");
    let origins = &isolate.gateway.settings.allowed_origins;
    let marks = Marks { request_id: isolate.request_id(), cors: origins.headers(origin.as_deref()) };
    let admission = {
        let gateway = &isolate.gateway;
        admit(&head, &gateway.settings, &gateway.entry, &mut isolate.lockout.borrow_mut(), now)
    };
    match admission {
        Admission::Refused(error, wire) => marks.error(&error, wire),
        Admission::Preflight { allowed: false } => marks.empty(403, Vec::new()),
        Admission::Preflight { allowed: true } => {
            let requested = head.header("access-control-request-headers");
            marks.empty(204, origins.preflight_headers(origin.as_deref(), requested.as_deref()))
        }
        Admission::Health { authenticated } => marks.json(200, &health(&isolate, authenticated, now)),
        Admission::Admitted(Endpoint::Info) => marks.json(200, &info()),
        Admission::Admitted(_) if !isolate.problems.is_empty() => {
            let message = format!("The gateway's config is invalid: {}", isolate.problems.join("; "));
            marks.error(&ClientError::new(Kind::Configuration, message), error_wire(&head))
        }
        Admission::Admitted(Endpoint::Models(wire)) => marks.json(200, &model_list(&isolate, &head, wire)),
        Admission::Admitted(Endpoint::Call(wire)) => {
            call(&request, &env, &ctx, &isolate, &head, &marks, wire).await
        }
    }
}

async fn call(
    request: &web_sys::Request,
    env: &JsValue,
    ctx: &JsValue,
    isolate: &Isolate,
    head: &RequestHead,
    marks: &Marks,
    wire: Option<Wire>,
) -> Result<web_sys::Response, JsValue> {
    let error_wire = wire.unwrap_or_else(|| error_wire(head));
    if !is_json(head.header("content-type").as_deref()) {
        let error =
            ClientError::new(Kind::InvalidRequest, "Send the request as `content-type: application/json`");
        return marks.error(&error.status(415), error_wire);
    }
    let max = isolate.gateway.settings.max_body_bytes;
    let Some(body) = read_body(request, max).await? else {
        let message =
            format!("The request body is larger than {max} bytes (LLM_ROUTER_MAX_REQUEST_BODY_BYTES)");
        return marks.error(&ClientError::new(Kind::TooLarge, message), error_wire);
    };
    // The copy in wasm goes before anything is waited for: only JS holds bodies while requests are on their way.
    let read = isolate.gateway.read(head, wire, &body.to_vec());
    let read = match read {
        Ok(read) => read,
        Err((error, wire)) => return marks.error(&error, wire),
    };
    let ports = RequestPorts {
        isolate,
        providers: Reflect::get(env, &PROVIDERS_BINDING.into())?,
        ctx,
        body,
        #[cfg(feature = "fault-injection")]
        fault: head.header(super::fault::HEADER),
    };
    let reply = isolate.gateway.answer(&ports, head, &read).await;
    marks.reply(isolate, reply)
}

async fn read_body(request: &web_sys::Request, max: usize) -> Result<Option<Uint8Array>, JsValue> {
    #[expect(clippy::cast_precision_loss, reason = "at most 20 MiB")]
    let read = JsFuture::from(js::read_body(request, max as f64)).await?;
    Ok(read.dyn_into().ok())
}

fn error_wire(head: &RequestHead) -> Wire {
    crate::ingress::surface::error_format(&head.path(), head.header("anthropic-version").is_some())
}

fn model_list(isolate: &Isolate, head: &RequestHead, wire: Option<Wire>) -> String {
    let shape = wire.unwrap_or_else(|| error_wire(head));
    models::list(&isolate.gateway.config, wire, shape, isolate.gateway.loaded_at)
}

fn health(isolate: &Isolate, authenticated: bool, now: Millis) -> String {
    let timestamp =
        i64::try_from(now.0).ok().and_then(chrono::DateTime::from_timestamp_millis).unwrap_or_default();
    let timestamp = timestamp.to_rfc3339_opts(chrono::SecondsFormat::Millis, true);
    if authenticated {
        json!({ "status": "ok", "timestamp": timestamp, "providers": isolate.gateway.config.providers.len() })
    } else {
        json!({ "status": "ok", "timestamp": timestamp })
    }
    .to_string()
}

fn info() -> String {
    json!({
        "name": "llm-router",
        "status": "ok",
        "endpoints": {
            "unified": ["/", "/v1", "/route", "/v1/messages", "/v1/chat/completions"],
            "anthropic": ["/anthropic", "/anthropic/v1/messages"],
            "openai": ["/openai", "/openai/v1/chat/completions"],
        },
    })
    .to_string()
}
