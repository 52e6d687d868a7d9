//! Endpoints on loopback, and what real providers answer.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::Request;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use futures::StreamExt;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::KEY;

/// A request, as it arrived.
#[derive(Clone, Debug)]
pub(super) struct Seen {
    pub(super) method: String,
    pub(super) path: String,
    pub(super) query: String,
    pub(super) headers: BTreeMap<String, String>,
    /// `null` if there was none.
    pub(super) body: Value,
}

/// What to answer.
#[derive(Clone, Debug)]
pub(super) struct Reply {
    status: u16,
    headers: Vec<(&'static str, String)>,
    body: String,
    /// What there is, and then no end.
    hangs: bool,
    after: Duration,
    /// The connection ends within the body.
    breaks: bool,
}

pub(super) struct Mock {
    pub(super) url: String,
    seen: Arc<Mutex<Vec<Seen>>>,
}

impl Mock {
    pub(super) async fn start(answer: impl Fn(&Seen) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let seen: Arc<Mutex<Vec<Seen>>> = Arc::default();
        let (log, answer) = (Arc::clone(&seen), Arc::new(answer));
        let app = Router::new().fallback(move |request: Request| {
            let (log, answer) = (Arc::clone(&log), Arc::clone(&answer));
            async move {
                let seen = Seen::read(request).await;
                let reply = answer(&seen);
                log.lock().unwrap().push(seen);
                tokio::time::sleep(reply.after).await;
                reply.into_response()
            }
        });
        tokio::spawn(async move { axum::serve(listener, app).await });
        Self { url, seen }
    }

    pub(super) fn at(&self, path: &str) -> String {
        format!("{}{path}", self.url)
    }

    pub(super) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    /// Bodies that were sent to a path.
    pub(super) fn bodies(&self, path: &str) -> Vec<Value> {
        self.seen().into_iter().filter(|seen| seen.path == path).map(|seen| seen.body).collect()
    }
}

impl Seen {
    async fn read(request: Request) -> Self {
        let (head, body) = request.into_parts();
        let body = axum::body::to_bytes(body, usize::MAX).await.unwrap();
        let text = |value: &axum::http::HeaderValue| value.to_str().unwrap().to_owned();
        Self {
            method: head.method.to_string(),
            path: head.uri.path().to_owned(),
            query: head.uri.query().unwrap_or_default().to_owned(),
            headers: head.headers.iter().map(|(name, value)| (name.to_string(), text(value))).collect(),
            body: serde_json::from_slice(&body).unwrap_or_default(),
        }
    }

    pub(super) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map(String::as_str).unwrap_or_default()
    }

    pub(super) fn has_bearer(&self) -> bool {
        self.header("authorization") == format!("Bearer {KEY}")
    }

    pub(super) fn has_api_key(&self) -> bool {
        self.header("x-api-key") == KEY
    }

    pub(super) fn model(&self) -> &str {
        self.body["model"].as_str().unwrap_or_default()
    }

    fn lacks(&self, field: &str) -> bool {
        self.body.get(field).is_none()
    }
}

impl Reply {
    pub(super) fn json(status: u16, body: &Value) -> Self {
        let headers = vec![("content-type", "application/json".to_owned())];
        Self { status, headers, body: body.to_string(), hangs: false, after: Duration::ZERO, breaks: false }
    }

    pub(super) fn page(status: u16, title: &str) -> Self {
        let body = format!("<!doctype html><html><head><title>{title}</title></head></html>");
        let headers = vec![("content-type", "text/html".to_owned())];
        Self { status, headers, body, hangs: false, after: Duration::ZERO, breaks: false }
    }

    pub(super) fn events(body: &str) -> Self {
        let headers = vec![("content-type", "text/event-stream".to_owned())];
        Self {
            status: 200,
            headers,
            body: body.to_owned(),
            hangs: true,
            after: Duration::ZERO,
            breaks: false,
        }
    }

    pub(super) fn broken() -> Self {
        Self { breaks: true, ..Self::silence() }
    }

    /// Never says more than its head.
    pub(super) fn silence() -> Self {
        Self {
            status: 200,
            headers: Vec::new(),
            body: String::new(),
            hangs: true,
            after: Duration::ZERO,
            breaks: false,
        }
    }

    pub(super) fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    pub(super) fn after(self, after: Duration) -> Self {
        Self { after, ..self }
    }

    /// An error as OpenAI words it.
    pub(super) fn openai_error(status: u16, code: Option<&str>, message: &str) -> Self {
        let error =
            json!({ "message": message, "type": "invalid_request_error", "param": null, "code": code });
        Self::json(status, &json!({ "error": error }))
    }

    /// An error as Anthropic words it.
    pub(super) fn anthropic_error(status: u16, kind: &str, message: &str) -> Self {
        let error = json!({ "type": kind, "message": message });
        Self::json(status, &json!({ "type": "error", "error": error, "request_id": "req_1" }))
    }
}

impl IntoResponse for Reply {
    fn into_response(self) -> Response {
        let mut response = Response::builder().status(StatusCode::from_u16(self.status).unwrap());
        for (name, value) in self.headers {
            response = response.header(name, value);
        }
        let body = if self.breaks {
            let parts = [Ok(Bytes::from("{")), Err(std::io::Error::other("broken"))];
            Body::from_stream(futures::stream::iter(parts))
        } else if self.hangs {
            let first = futures::stream::iter([Ok::<_, std::io::Error>(Bytes::from(self.body))]);
            Body::from_stream(first.chain(futures::stream::pending()))
        } else {
            Body::from(self.body)
        };
        response.body(body).unwrap()
    }
}

pub(super) fn unknown_url(seen: &Seen) -> Reply {
    let message = format!("Invalid URL ({} {})", seen.method, seen.path);
    Reply::openai_error(404, None, &message)
}

pub(super) fn bad_key() -> Reply {
    Reply::openai_error(401, Some("invalid_api_key"), "Incorrect API key provided")
}

pub(super) fn openai_list(ids: &[&str]) -> Reply {
    let data: Vec<Value> = ids.iter().map(|id| json!({ "id": id, "object": "model" })).collect();
    Reply::json(200, &json!({ "object": "list", "data": data }))
}

pub(super) fn chat_answer() -> Reply {
    let choice =
        json!({ "index": 0, "message": { "role": "assistant", "content": "" }, "finish_reason": "length" });
    Reply::json(200, &json!({ "id": "c", "object": "chat.completion", "choices": [choice] }))
}

pub(super) fn messages_answer() -> Reply {
    Reply::json(200, &json!({ "id": "m", "type": "message", "role": "assistant", "content": [] }))
}

pub(super) fn responses_answer() -> Reply {
    Reply::json(200, &json!({ "id": "r", "object": "response", "status": "incomplete", "output": [] }))
}

/// Chat, or why not; `models` are those that it has.
pub(super) fn chat(seen: &Seen, models: &[&str]) -> Reply {
    if seen.lacks("messages") {
        return Reply::openai_error(400, None, "Missing required parameter: 'messages'.");
    }
    if !models.contains(&seen.model()) {
        let message = format!("The model `{}` does not exist or you do not have access to it.", seen.model());
        return Reply::openai_error(404, Some("model_not_found"), &message);
    }
    chat_answer()
}

pub(super) fn responses(seen: &Seen, models: &[&str]) -> Reply {
    if seen.lacks("input") {
        return Reply::openai_error(400, None, "Missing required parameter: 'input'.");
    }
    if !models.contains(&seen.model()) {
        let message = format!("The requested model '{}' does not exist.", seen.model());
        return Reply::openai_error(400, Some("model_not_found"), &message);
    }
    responses_answer()
}

pub(super) fn messages(seen: &Seen, models: &[&str]) -> Reply {
    if seen.header("anthropic-version").is_empty() {
        return Reply::anthropic_error(400, "invalid_request_error", "anthropic-version: header is required");
    }
    for field in ["max_tokens", "messages"] {
        if seen.lacks(field) {
            let message = format!("{field}: Field required");
            return Reply::anthropic_error(400, "invalid_request_error", &message);
        }
    }
    if !models.contains(&seen.model()) {
        let message = format!("model: {}", seen.model());
        return Reply::anthropic_error(404, "not_found_error", &message);
    }
    messages_answer()
}

/// OpenAI with these models: bearer only, both of its formats, JSON for unknown paths.
pub(super) fn openai(seen: &Seen, models: &[&str]) -> Reply {
    if !seen.has_bearer() {
        return bad_key();
    }
    match (seen.method.as_str(), seen.path.as_str()) {
        ("GET", "/v1/models") => openai_list(models),
        ("POST", "/v1/chat/completions") => chat(seen, models),
        ("POST", "/v1/responses") => responses(seen, models),
        _ => unknown_url(seen),
    }
}

/// Anthropic with these models: `x-api-key` only, a list in pages of two.
pub(super) fn anthropic(seen: &Seen, models: &[&str]) -> Reply {
    if !seen.has_api_key() {
        return Reply::anthropic_error(401, "authentication_error", "invalid x-api-key");
    }
    match (seen.method.as_str(), seen.path.as_str()) {
        ("GET", "/v1/models") => anthropic_page(seen, models),
        ("POST", "/v1/messages") => messages(seen, models),
        _ => Reply::anthropic_error(404, "not_found_error", "Not Found"),
    }
}

fn anthropic_page(seen: &Seen, models: &[&str]) -> Reply {
    let query: BTreeMap<String, String> =
        url::form_urlencoded::parse(seen.query.as_bytes()).into_owned().collect();
    let after = query.get("after_id").and_then(|after| models.iter().position(|id| id == after));
    let rest = &models[after.map_or(0, |at| at + 1)..];
    let page = &rest[..rest.len().min(2)];
    let data: Vec<Value> =
        page.iter().map(|id| json!({ "type": "model", "id": id, "display_name": id })).collect();
    Reply::json(
        200,
        &json!({ "data": data, "has_more": rest.len() > 2, "first_id": page.first(), "last_id": page.last() }),
    )
}
