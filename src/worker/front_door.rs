//! The Worker's request handler.

use std::cell::Cell;

use js_sys::{Array, ArrayBuffer, Uint8Array};
use serde_json::json;
use wasm_bindgen::{JsCast, prelude::*};
use worker::{console_debug, console_error, console_log, console_warn};

use super::{
    head::RequestHead,
    isolate::{Isolate, isolate, replace},
    js, overview,
    ports::{RequestPorts, now},
    reply::{Answer, Marks},
    turns::{self, Settled, settled},
};
use crate::{
    gateway::Gateway,
    ingress::{
        Admission, CONFIG_INVALID, Endpoint, Head,
        access::{Fault, Identity},
        admit,
        auth::Opened,
        is_json, surface,
    },
    log::{self, Level, Subject},
    time::Millis,
    wire::{
        Wire,
        error::{ClientError, Kind},
        models::Catalog,
    },
};

/// Static functions that `entry.js` calls.
#[wasm_bindgen]
pub struct FrontDoor;

#[wasm_bindgen]
impl FrontDoor {
    /// Begins a request under a number of its own: a promise to come [back](Self::resume) with, or the `Response`.
    pub fn begin(number: u32, request: web_sys::Request, env: JsValue, ctx: JsValue) -> Settled {
        turns::begin(number, async move { handle(request, env, ctx).await.map(JsValue::from) })
    }

    /// Goes on with what the promise came to, likewise.
    pub fn resume(number: u32, value: JsValue, rejected: bool) -> Settled {
        turns::resume(number, if rejected { Err(value) } else { Ok(value) })
    }

    /// The request will not be come back to.
    pub fn forget(number: u32) {
        turns::forget(number);
    }

    /// Replaces the config of this isolate; an empty list of problems means it was.
    pub fn configure(env: &JsValue, text: &str) -> Array {
        replace(env, text, now()).iter().map(|problem| JsValue::from_str(problem)).collect()
    }
}

async fn handle(request: web_sys::Request, env: JsValue, ctx: JsValue) -> Result<web_sys::Response, JsValue> {
    let began = now();
    let isolate = isolate(&env, began);
    let head = RequestHead::read(&request, isolate.local);
    let settings = &isolate.gateway.settings;
    let debug = settings.observability.debug_headers;
    let cors = settings.allowed_origins.headers(head.header("origin").as_deref(), debug);
    let marks = Marks { request_id: isolate.request_id(), cors, debug };
    let access = isolate.gate.admit(&request, &ctx, began).await;
    let (admission, key) = match &access {
        Err(fault) => (Admission::Refused(fault.error(), error_wire(&head)), None),
        Ok(_) => {
            let mut lockout = isolate.lockout.borrow_mut();
            admit(&head, settings, &isolate.gateway.entry, &mut lockout, began)
        }
    };
    let visit = Visit {
        request: &request,
        isolate: &isolate,
        head: &head,
        marks: &marks,
        access: &access,
        key,
        began,
    };
    let subject = visit.subject(&admission);
    let answer = visit.answer(&env, &ctx, admission).await?;
    visit.log(subject, &answer);
    Ok(answer.response)
}

/// What is wanted of a request's body.
#[derive(Clone, Copy)]
enum Purpose {
    Answer,
    /// How many tokens it has.
    Count,
}

/// One request at the door.
struct Visit<'a> {
    request: &'a web_sys::Request,
    isolate: &'a Isolate,
    head: &'a RequestHead,
    marks: &'a Marks,
    /// What Access says.
    access: &'a Result<Option<Identity>, Fault>,
    /// Which key opened.
    key: Option<Opened>,
    began: Millis,
}

impl<'a> Visit<'a> {
    async fn answer(&self, env: &JsValue, ctx: &JsValue, admission: Admission) -> Result<Answer, JsValue> {
        let Self { isolate, head, marks, .. } = self;
        match admission {
            Admission::Refused(error, wire) => marks.error(&error, wire),
            Admission::Preflight { allowed: false } => marks.empty(403, Vec::new()),
            Admission::Preflight { allowed: true } => {
                let origins = &isolate.gateway.settings.allowed_origins;
                let requested = head.header("access-control-request-headers");
                let origin = head.header("origin");
                marks.empty(204, origins.preflight_headers(origin.as_deref(), requested.as_deref()))
            }
            Admission::Health { authenticated } => {
                marks.json(200, &health(isolate, authenticated, self.began))
            }
            Admission::Greeting => marks.empty(200, Vec::new()),
            Admission::Admitted(Endpoint::Info) => marks.json(200, &info()),
            Admission::Admitted(_) if !isolate.problems.is_empty() => {
                let message = format!("{CONFIG_INVALID}: {}", isolate.problems.join("; "));
                marks.error(&ClientError::new(Kind::Configuration, message), error_wire(head))
            }
            Admission::Admitted(Endpoint::Models(wire)) => {
                self.models(wire, |catalog| catalog.list(head.query()))
            }
            Admission::Admitted(Endpoint::Model(wire)) => {
                self.models(wire, |catalog| catalog.entry(&surface::model_name(&head.path())))
            }
            Admission::Admitted(Endpoint::Status) => {
                let told = overview::status(isolate, env, head.query()).await?;
                self.told(told)
            }
            Admission::Admitted(Endpoint::Explain) => {
                let told = overview::explain(isolate, env, head.query()).await?;
                self.told(told)
            }
            Admission::Admitted(Endpoint::WebSocket) => {
                let message = "There are no WebSockets here; send the request with POST";
                let error = ClientError::new(Kind::InvalidRequest, message).status(426);
                marks.error(&error, Wire::Responses)
            }
            Admission::Admitted(Endpoint::CountTokens) => {
                self.call(env, ctx, Some(Wire::Messages), Purpose::Count).await
            }
            Admission::Admitted(Endpoint::Call(wire)) => self.call(env, ctx, wire, Purpose::Answer).await,
        }
    }

    async fn call(
        &self,
        env: &JsValue,
        ctx: &JsValue,
        wire: Option<Wire>,
        purpose: Purpose,
    ) -> Result<Answer, JsValue> {
        let Self { isolate, head, marks, .. } = self;
        let error_wire = wire.unwrap_or_else(|| error_wire(head));
        if !is_json(head.header("content-type").as_deref()) {
            let message = "Send the request as `content-type: application/json`";
            let error = ClientError::new(Kind::InvalidRequest, message);
            return marks.error(&error.status(415), error_wire);
        }
        let body = match read_body(self.request, isolate.gateway.settings.max_body_bytes).await? {
            Ok(body) => body,
            Err(error) => return marks.error(&error, error_wire),
        };
        // The copy in wasm goes before anything is waited for: only JS holds bodies while requests are on their way.
        let read = isolate.gateway.read(*head, wire, &body.to_vec());
        let read = match read {
            Ok(read) => read,
            Err((error, wire)) => return marks.error(&error, wire),
        };
        let ports = RequestPorts {
            isolate,
            env,
            ctx,
            request_id: &marks.request_id,
            body,
            waits: Cell::default(),
            #[cfg(feature = "fault-injection")]
            fault: head.header(super::fault::HEADER),
        };
        let reply = match purpose {
            Purpose::Answer => isolate.gateway.answer(&ports, *head, &read).await,
            Purpose::Count => isolate.gateway.count_tokens(&ports, *head, &read).await,
        };
        let answer = marks.reply(isolate, reply)?;
        Ok(Answer { waits: ports.waits.get(), ..answer })
    }

    /// Something of the model list, or why not.
    fn models(
        &self,
        wire: Option<Wire>,
        show: impl FnOnce(&Catalog<'_>) -> Result<String, ClientError>,
    ) -> Result<Answer, JsValue> {
        let Gateway { config, loaded_at, .. } = &self.isolate.gateway;
        let shape = wire.unwrap_or_else(|| error_wire(self.head));
        match show(&Catalog::new(config, wire, shape, *loaded_at)) {
            Ok(shown) => self.marks.json(200, &shown),
            Err(error) => self.marks.error(&error, shape),
        }
    }

    /// A document of the gateway's own, or why there is none.
    fn told(&self, told: Result<String, ClientError>) -> Result<Answer, JsValue> {
        match told {
            Ok(document) => self.marks.json(200, &document),
            Err(error) => self.marks.error(&error, error_wire(self.head)),
        }
    }

    fn subject(&self, admission: &Admission) -> Subject<'a> {
        match admission {
            Admission::Preflight { .. } => Subject::Other("preflight"),
            Admission::Health { .. } => Subject::Other("health"),
            Admission::Greeting => Subject::Other("greeting"),
            Admission::Admitted(Endpoint::Call(_)) => Subject::Call,
            Admission::Admitted(endpoint) => Subject::Other(endpoint.name()),
            Admission::Refused(error, _) if error.kind == Kind::NotFound => {
                Subject::Nowhere(self.head.full_path())
            }
            Admission::Refused(..) => Subject::Refused,
        }
    }

    fn log(&self, subject: Subject<'_>, answer: &Answer) {
        let Answer { status, wire, error, trace, waits, .. } = answer;
        let entry = log::Entry {
            id: &self.marks.request_id,
            subject,
            wire: *wire,
            status: *status,
            error: *error,
            identity: self.access.as_ref().ok().and_then(|identity| identity.as_ref()).map(Identity::as_str),
            access: self.access.as_ref().err().map(|fault| fault.name()),
            key: self.key,
            trace,
            times: log::Times { began: self.began, ended: now(), waits: *waits },
        };
        let level = entry.level();
        if level > self.isolate.gateway.settings.observability.log_level {
            return;
        }
        match level {
            Level::Off => {}
            Level::Error => console_error!("{}", entry.line()),
            Level::Warn => console_warn!("{}", entry.line()),
            Level::Info => console_log!("{}", entry.line()),
            Level::Debug => console_debug!("{}", entry.line()),
        }
    }
}

/// The body, or why there is none.
async fn read_body(
    request: &web_sys::Request,
    max: usize,
) -> Result<Result<Uint8Array, ClientError>, JsValue> {
    #[expect(clippy::cast_precision_loss, reason = "at most 20 MiB")]
    let read = settled(js::read_body(request, max as f64)).await?;
    if let Some(buffer) = read.dyn_ref::<ArrayBuffer>() {
        return Ok(Ok(Uint8Array::new(buffer)));
    }
    let refused = match read.as_string().as_deref() {
        Some("encoding") => {
            let message = "Send the body uncompressed, or with `content-encoding: gzip` or `deflate`";
            ClientError::new(Kind::InvalidRequest, message).status(415)
        }
        Some(_) => {
            let message = "The request body is not what its `content-encoding` says";
            ClientError::new(Kind::InvalidRequest, message)
        }
        None => {
            let message =
                format!("The request body is larger than {max} bytes (LLM_ROUTER_MAX_REQUEST_BODY_BYTES)");
            ClientError::new(Kind::TooLarge, message)
        }
    };
    Ok(Err(refused))
}

fn error_wire(head: &RequestHead) -> Wire {
    surface::error_format(&head.path(), head.header("anthropic-version").is_some())
}

fn health(isolate: &Isolate, authenticated: bool, now: Millis) -> String {
    let timestamp = now.iso();
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
            "unified": [
                "/", "/v1", "/route", "/v1/messages", "/v1/messages/count_tokens", "/v1/chat/completions",
                "/v1/responses", "/v1/completions", "/v1/models", "/v1/models/{id}", "/v1/status",
                "/v1/explain",
            ],
            "anthropic": [
                "/anthropic", "/anthropic/v1/messages", "/anthropic/v1/messages/count_tokens",
                "/anthropic/v1/models", "/anthropic/v1/models/{id}",
            ],
            "openai": [
                "/openai", "/openai/v1/chat/completions", "/openai/v1/responses", "/openai/v1/completions",
                "/openai/v1/models", "/openai/v1/models/{id}",
            ],
        },
    })
    .to_string()
}
